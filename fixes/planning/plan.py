"""A plan: its steps, remaining violations and new violations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from order_audit.expectations import shipped
from order_audit.fixes.engine.rejected import Rejected
from order_audit.fixes.fix import LEAVE, Fix, Option
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.planning.decisions import Reviewed


@dataclass(frozen=True)
class OptionPreview:
    """An option in its pass: how many rows it would change, and the keys of some of them; or why it cannot."""

    option: Option
    rows: int = 0
    keys: tuple[str, ...] = ()
    obstacle: str = ""


@dataclass
class Step:
    """A fix in its pass.

    `found` has the rule's violations before any change, `automatic` the rows of the automatic option, `offers` the rows
    of each other option. `choice` is the chosen option and `changed` its rows. `left` has the rule's violations after
    all steps, `rejected` the rows that a constraint would reject.
    """

    fix: Fix
    found: int
    automatic: int = 0
    offers: tuple[OptionPreview, ...] = ()
    choice: str = LEAVE
    changed: int = 0
    left: int = 0
    problem: str = ""
    rejected: tuple[Rejected, ...] = ()

    @property
    def undecided(self) -> int:
        """Rows that an option would change, of which none was chosen."""
        return max((offer.rows for offer in self.offers), default=0) if self.choice == LEAVE else 0


@dataclass(frozen=True)
class GuardPreview:
    """A guard, and how many rows it would refuse now and after all steps; None where the tables are not such."""

    guard: Guard
    refuses: int | None
    refuses_then: int | None


@dataclass(frozen=True)
class TriedChange:
    """One change of the dry run: values as text, `after` None for a deleted row."""

    rule: str
    table: str
    key: dict[str, str]
    before: dict[str, str | None]
    after: dict[str, str | None] | None


@dataclass(frozen=True)
class Tried:
    """The changes of the dry run: the first of each rule; the number of all, of different rows, of deleted rows."""

    first: tuple[TriedChange, ...] = ()
    changes: int = 0
    rows: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Plan:
    """All steps in order; violations before and after by rule (None: cannot be judged here); keys that come to light.

    `identity` says which database, tables and fix files it was made for, `reviewed` what each rule found.
    """

    identity: dict[str, str]
    steps: tuple[Step, ...]
    before: dict[str, int | None]
    after: dict[str, int | None]
    new: dict[str, tuple[str, ...]]
    new_counts: dict[str, int]
    reviewed: dict[str, Reviewed] = field(default_factory=dict)
    guards: tuple[GuardPreview, ...] = ()
    tried: Tried = Tried()

    @property
    def guards_ready(self) -> tuple[str, ...]:
        """The guards that reject no row now, and build on none that does."""
        return _ready((it.guard, it.refuses) for it in self.guards)

    @property
    def guards_ready_then(self) -> tuple[str, ...]:
        """The same after all steps."""
        return _ready((it.guard, it.refuses_then) for it in self.guards)

    @property
    def errored(self) -> tuple[str, ...]:
        """The rules whose own fix cannot be applied, though they can be judged: its file is wrong, or never ends."""
        return tuple(
            step.fix.rule.id
            for step in self.steps
            if step.problem and step.fix.rule.suite not in shipped() and self.before[step.fix.rule.id] is not None
        )


def _ready(guards: Iterable[tuple[Guard, int | None]]) -> tuple[str, ...]:
    """The names of guards that reject no row, in the order of installation."""
    ready: list[str] = []
    for guard, rejected in guards:
        if rejected == 0 and {*guard.after} <= {*ready}:
            ready.append(guard.name)
    return tuple(ready)
