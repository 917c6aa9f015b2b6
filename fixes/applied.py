"""The outcome of applied fixes."""

from __future__ import annotations

from dataclasses import dataclass, field

from order_audit.fixes.engine.bloat import Bloat
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.rejected import Rejected
from order_audit.fixes.engine.status import NOTHING, Totals
from order_audit.fixes.engine.verification import Verification
from order_audit.fixes.guarding.guard_error import GuardError


@dataclass(frozen=True)
class Applied:
    """The outcomes by rule and option, in order; `after` has the counted violations.

    `rejected` is what the database refused to change, `not_converging` the rules that may have more to do after the
    last pass, for other fixes undo what theirs do. `verification` is None in a rehearsal, `bloat` is by table that was
    changed. `installed` names the guards that were, `guard_errors` says by guard why it was not. In a rehearsal,
    `installed` are those that could be. `unable` has the reason of skipped fixes by rule: these tables lack the columns
    that it reads or sets, or its query failed. `errored` are those of them whose rule can be judged: their files are
    wrong.
    """

    done: tuple[tuple[str, str, OptionOutcome], ...]
    verification: Verification | None = None
    bloat: dict[str, Bloat] = field(default_factory=dict)
    before: dict[str, int | None] = field(default_factory=dict)
    after: dict[str, int | None] = field(default_factory=dict)
    installed: tuple[str, ...] = ()
    guard_errors: dict[str, GuardError] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    not_converging: tuple[str, ...] = ()
    unable: dict[str, str] = field(default_factory=dict)
    totals: Totals = NOTHING
    errored: frozenset[str] = frozenset()

    @property
    def changed(self) -> int:
        """Changes; a row may have several."""
        return sum(done.changed for _, _, done in self.done)

    @property
    def left(self) -> int:
        """Rows that others held or changed to the last."""
        return sum(done.locked + done.changed_concurrently for _, _, done in self.done)
