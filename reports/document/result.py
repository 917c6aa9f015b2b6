"""The result of one rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from order_audit.domain import NoDiagram
from order_audit.expectations import Severity
from order_audit.reports.document.codec import JsonObject, note
from order_audit.reports.document.history import Standing
from order_audit.reports.document.measured import CountPoint, Measured

#: `not_selected` are rules that --rule, --tag and --exclude leave out.
Status: TypeAlias = Literal["passed", "failed", "errored", "skipped", "not_checkable", "not_selected"]
KeyOrder: TypeAlias = Literal["number", "bytes"]


@dataclass(frozen=True)
class Cause:
    """Why a rule was skipped or is not checkable."""

    kind: Literal["missing_tables", "missing_column", "encoding", "interrupted", "no_instances", "engine"]
    tables: Annotated[tuple[str, ...], note("The tables that do not exist; or the table that lacks the column.")] = ()
    column: Annotated[str, note("The column that the table lacks.")] = ""
    encoding: Annotated[str, note("The database's encoding.")] = ""
    engine: Annotated[str, note("The engine that cannot judge the rule as PostgreSQL does.")] = ""
    lacks: Annotated[
        tuple[str, ...], note("Why it cannot: what it has no equal of, or the column that cannot be read.")
    ] = ()


@dataclass(frozen=True)
class Option:
    """One way to fix violations, for a person to choose."""

    name: str
    does: str
    recommended: bool


@dataclass(frozen=True)
class Fix:
    """The fix of a rule's violations."""

    automatic: Annotated[str | None, note("The automatic change, where data determine the right value.")]
    options: tuple[Option, ...]
    leave: str
    assumes: str
    after: dict[str, str]


@dataclass(frozen=True)
class Guard:
    """The guard that prevents violations of a rule."""

    name: str
    title: Annotated[str, note("The violation that it prevents.")]
    requires: tuple[str, ...]
    assumes: str
    sql: Annotated[str, note("Statements that create it.")]


@dataclass(frozen=True)
class SchemaCause:
    """A schema finding that allows a rule's violations, or hides them."""

    rule: str
    object: str
    allows: Annotated[bool, note("Whether the schema rejects violations once this is fixed; else it only hides them.")]
    which: Annotated[str, note("The violations that it rejects, if not all.")]


@dataclass(frozen=True)
class Overlap:
    """Another failed rule with some of the same keys."""

    rule: str
    rows: Annotated[int, note(minimum=1)]


@dataclass(frozen=True)
class Consequence:
    """Violations that follow from violations of another failed rule."""

    rule: Annotated[str, note("The rule that is the cause.")]
    rows: Annotated[int, note(minimum=1)]


@dataclass(frozen=True)
class ChangedVariable:
    """A variable of a rule with another value than in the earlier audit; null for none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class BaselineChange:
    """The violations of a judged rule against those of the baseline."""

    new: Annotated[int, note("All, where the keys of the two cannot be compared.", minimum=0)]
    known: Annotated[int, note("Violations that the baseline had, too.", minimum=0)]
    resolved: Annotated[
        int | None,
        note("Violations of the baseline that are gone; null where the keys cannot be compared.", minimum=0),
    ]
    variables: Annotated[tuple[ChangedVariable, ...], note("Those with another value than in the baseline.")] = ()
    counts_only: Annotated[
        str, note("Why the numbers are from counts alone, as of digests under different keys; else empty.")
    ] = ""


@dataclass(frozen=True)
class DiagramFacts:
    """What the diagrams of a rule's examples are drawn from."""

    kind: Annotated[str, note("The diagram kind of an installed domain.")]
    facts: Annotated[tuple[JsonObject, ...], note("An object per diagram, as the domain defines it.")]


@dataclass(frozen=True)
class ErrorPlace:
    """The server's error class, and the place in a file."""

    sqlstate: str
    file: Annotated[str | None, note("The rule's, or that of a fragment it includes.")]
    line: int | None
    column: int | None


@dataclass(frozen=True)
class Level:
    """A number of violations above which a rule fails, and its severity then."""

    severity: Severity
    above: Annotated[str, note("An amount: '20 rows', or '0.1 %' of the checked rows.")]


@dataclass(frozen=True)
class Result:
    """The outcome of a rule, with evidence."""

    rule: Annotated[str, note(minLength=1)]
    suite: str
    title: Annotated[str, note(minLength=1)]
    severity: Annotated[
        Severity, note("Of a failed rule with several limits, that of the worst one broken; else the rule's worst.")
    ]
    status: Status
    key: Annotated[str, note("The key's columns, by commas.")]
    key_order: Annotated[KeyOrder, note("How violations.csv sorts the rule's keys.")]
    table: Annotated[str | None, note("The table that the key belongs to.")]
    checked: Annotated[int | None, note("Rows of that table.", minimum=0)]
    violations: Annotated[
        int, note("Distinct violating keys; a row with a NULL in its key counts by itself.", minimum=0)
    ]
    examples: Annotated[tuple[JsonObject, ...], note("The first violating rows by key.")]
    impact: Annotated[
        dict[str, int | float] | None,
        note("What a failed rule touches, by the names in `impact_measures`; null where no installed domain knows it."),
    ]
    why: str
    limitations: Annotated[str, note("The limits of the evidence.")]
    fix: Annotated[Fix | None, note("How its violations are put right; null where no fix is shipped.")]
    guard: Annotated[
        Guard | None,
        note("What makes its violations impossible once it passes; null where nothing is shipped that does."),
    ]
    requires: tuple[str, ...]
    sql: Annotated[str, note("A query that gives the violating rows.")]
    file: str
    duration_ms: Annotated[float, note("The rule's share of its scan.", minimum=0)]
    rows: Annotated[int, note("Violating rows: more than the keys where a key is not unique.", minimum=0)] = 0
    unguarded: Annotated[str, note("Why no guard can protect it.")] = ""
    do_now: Annotated[str, note("What a person has to do at once about its violations.")] = ""
    reason: Annotated[str, note("Why it was skipped or is not checkable, in words.")] = ""
    cause: Annotated[Cause | None, note("The same as values.")] = None
    missing_tables: Annotated[
        tuple[str, ...],
        note(
            "Of a skipped rule, the tables that do not exist and that `requires` does not name: the gate fails on them."
        ),
    ] = ()
    error: Annotated[str, note("Why it could not be judged: the server's message, masked.")] = ""
    error_at: ErrorPlace | None = None
    highlight: Annotated[
        tuple[str, ...] | None,
        note("The columns of the examples whose values are what is wrong; empty where that cannot be told."),
    ] = None
    highlight_in: Annotated[
        tuple[tuple[str, ...], ...] | None,
        note("Per example, which of these columns they are, where it need not be all of them."),
    ] = None
    schema_causes: Annotated[
        tuple[SchemaCause, ...],
        note("The schema findings that allow its violations, or keep them from being seen or proven."),
    ] = ()
    overlaps: Annotated[
        tuple[Overlap, ...] | None,
        note("The failed rules on the same table and key that have some of its keys, and how many; the most first."),
    ] = None
    follows_from: Annotated[
        tuple[Consequence, ...],
        note("The failed rules whose violations explain violations of this one, and how many."),
    ] = ()
    no_diagram_reason: NoDiagram | None = None
    diagram: Annotated[DiagramFacts | None, note("Of the first examples.")] = None
    impact_sql: Annotated[str, note("A separate statement for the impact.")] = ""
    variables: Annotated[dict[str, str] | None, note("The values of variables in `sql`, as texts.")] = None
    instance_of: Annotated[str, note("The id of the rule that for_each repeats; empty for all others.")] = ""
    baseline: Annotated[BaselineChange | None, note("Null without a baseline, and where the rule was not judged.")] = (
        None
    )
    suppressed: Annotated[int, note("Violations that the configuration accepts: they fail no gate.", minimum=0)] = 0
    owner: Annotated[str, note("The person or team that is responsible for the rule.")] = ""
    tags: tuple[str, ...] = ()
    links: Annotated[tuple[str, ...], note("Web addresses about the rule.")] = ()

    tolerate: Annotated[
        tuple[Level, ...],
        note(
            "How many violations fail it at which severity, the worst first; empty where any violation does."
            " With fewer it has passed, and `violations` still counts them."
        ),
    ] = ()

    measure: Annotated[Measured | None, note("The values of a measured rule; null of other rules.")] = None

    history: Annotated[tuple[CountPoint, ...], note("Of up to 30 earlier runs, by time.")] = ()

    since: Annotated[
        Standing | None, note("With --history: since when it fails; null without violations, and without a history.")
    ] = None

    key_is_digest: Annotated[
        bool, note("Whether violations.csv has digests in place of the keys, which are personal.")
    ] = False

    line: Annotated[
        int | None, note("The line of `file` where its query begins; null of the included suites.", minimum=1)
    ] = None

    @property
    def open(self) -> int:
        """The violations that are not suppressed."""
        return self.violations - self.suppressed

    @property
    def is_tolerated(self) -> bool:
        """Whether it has passed with violations."""
        return self.status == "passed" and self.violations > 0

    CONDITIONS: ClassVar[list[JsonObject]] = [
        {
            "if": {"properties": {"status": {"enum": ["skipped", "not_checkable"]}}},
            "then": {"required": ["reason", "cause"]},
        },
        {"if": {"properties": {"status": {"const": "errored"}}}, "then": {"required": ["error"]}},
        {"if": {"properties": {"status": {"const": "failed"}}}, "then": {"properties": {"violations": {"minimum": 1}}}},
    ]
