"""The interface between prepared rules and their outcomes. It hides how rules are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from order_audit.audit.analysis.query_facts import ParsedQuery
from order_audit.audit.scans.beside import Beside
from order_audit.audit.scans.impact import RelatedRows
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.restriction import Restriction
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.domain import Impact
from order_audit.expectations import Rule

#: Receives a rule's id and outcome when it is known, from any thread.
OnOutcome: TypeAlias = Callable[[str, Outcome], None]


#: All rows and keys are judged, no table has been counted, and nothing else is wanted.
NO_RESTRICTIONS: Final[Mapping[str, Restriction]] = {}
NO_COUNTS: Final[Mapping[int, int]] = {}
NOTHING_BESIDE: Final[Mapping[str, Beside]] = {}


def ignore_outcome(_rule: str, _outcome: Outcome) -> None:
    """Do nothing with an outcome."""


@dataclass(frozen=True)
class ScanOptions:
    """How rules are judged: connections at once, evidence rows per rule, whether they are masked.

    Tables outside of `schema` are named with their schema. `low_impact` pauses after each scan.
    """

    jobs: int = 2
    examples: int = 20
    unmask: bool = False
    schema: str = ""
    low_impact: bool = False


class Scans(Protocol):
    """Running scans."""

    @property
    def interrupted(self) -> bool:
        """Whether `interrupt` was called."""
        ...

    @property
    def milliseconds(self) -> float:
        """The time from the first scan's begin to the last one's end."""
        ...

    @property
    def statements(self) -> int:
        """How many statements read tables."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is otherwise than asked, as sentences."""
        ...

    def outcome(self, rule: str) -> Outcome:
        """Wait for the outcome of a rule. Raises RunError where the scan lost its connection."""
        ...

    def rows(self) -> dict[str, int]:
        """Return the number of rows of each judged table."""
        ...

    def interrupt(self) -> None:
        """Cancel what runs and begin nothing new. Rules without an outcome are then skipped as interrupted."""
        ...

    def finish(self) -> None:
        """Wait for everything and free what the scans hold."""
        ...


class Engine(Protocol):
    """Judges rules on one version of the data."""

    def prepare(
        self, parsed_rules: Iterable[tuple[Rule, ParsedQuery]]
    ) -> tuple[list[PreparedRule], dict[str, Outcome]]:
        """Check rules against the tables: return those that can be judged, and the outcomes of the others."""
        ...

    def impact(self, prepared: PreparedRule) -> Impact | None:
        """Return the impact that the outcome of a prepared rule will have numbers for."""
        ...

    def related(self, prepared: PreparedRule) -> RelatedRows | None:
        """Return the rows of another table that the impact of a rule adds up."""
        ...

    def impact_sql(self, prepared: PreparedRule, sql: str) -> str:
        """Return a separate statement for a rule's impact, or an empty text; `sql` is the query of the violations."""
        ...

    def start(
        self,
        prepared_rules: list[PreparedRule],
        store: ViolationStore,
        options: ScanOptions,
        on_outcome: OnOutcome = ignore_outcome,
        restrictions: Mapping[str, Restriction] = NO_RESTRICTIONS,
        counts: Mapping[int, int] = NO_COUNTS,
        beside: Mapping[str, Beside] = NOTHING_BESIDE,
    ) -> Scans:
        """Begin to judge rules and return at once; violating keys are written to the store.

        `restrictions` has by rule what is judged at all, `counts` the rows of tables that are known, by oid. Statements
        of rules give what is wanted `beside`, where that is possible.
        """
        ...
