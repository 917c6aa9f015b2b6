"""The whole result of an audit, as results.json holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal

from order_audit.reports.document.applied import Fixes
from order_audit.reports.document.codec import Count, JsonObject, note
from order_audit.reports.document.coverage import Coverage
from order_audit.reports.document.fix_plan import FixPlan
from order_audit.reports.document.gate import Gate
from order_audit.reports.document.given import GivenOptions
from order_audit.reports.document.history import HistoryUse
from order_audit.reports.document.result import Result
from order_audit.reports.document.schema import Ddl, SchemaFinding, SchemaRule, Suppression

FORMAT: Final = "order-audit/2"


@dataclass(frozen=True)
class Database:
    """Which database was read, and in which snapshot. No address but the host's name, and no password."""

    server_version: str
    name: str
    host: str
    schema: str
    user: str
    encoding: str
    snapshot: Annotated[str, note("The exported snapshot that everything was read in.")]
    cluster: Annotated[str, note("The server's system identifier, empty where the role may not read it.")]
    further_schemas: Annotated[
        tuple[str, ...], note("Schemas that --schema names after the first, `schema`; names in them have their schema.")
    ] = ()
    beyond_reading: Annotated[
        tuple[str, ...], note("What the role may do besides reading the tables, in words; empty for a reader.")
    ] = ()

    foreign_code: Annotated[
        tuple[str, ...],
        note("Schemas in which roles besides the owner's may create functions, or have created some, as sentences."),
    ] = ()

    @property
    def schemas(self) -> tuple[str, ...]:
        """The audited schemas, in the order of the search path."""
        return (self.schema, *self.further_schemas) if self.schema else ()


@dataclass(frozen=True)
class ChangedTable:
    """A change that no snapshot keeps out, made while the audit was reading."""

    table: str
    change: str


@dataclass(frozen=True)
class Table:
    """A table that rules judge."""

    rows: Count


@dataclass(frozen=True)
class Changed:
    """The rows of a table that have changed since an earlier audit."""

    inserted: Count
    updated: Annotated[int, note("Written again, whether or not with other values.", minimum=0)]
    deleted: Count


@dataclass(frozen=True)
class Since:
    """What an audit took over from an earlier one."""

    run: Annotated[str, note("The id of the earlier audit.", format="uuid")]
    started_at: datetime
    whole: Annotated[str | None, note("Why all rows were judged all the same; null where they were not.")]
    changed: Annotated[dict[str, Changed], note("By table.")]
    in_full: Annotated[dict[str, str], note("Rules that judged all rows, each with the reason.")]
    verified: Annotated[int, note("With --verify-since: verdicts on unchanged keys that were tested.", minimum=0)] = 0


@dataclass(frozen=True)
class LakeTable:
    """A table that was read from files in place of a database."""

    table: str
    path: Annotated[str, note("What --lake names: a folder, a file or a pattern.")]
    files: Annotated[int, note(minimum=1)]
    rows: Annotated[int, note(minimum=0)]
    bytes: Annotated[int, note(minimum=0)]
    version: Annotated[str, note("SHA-256 of the files' names, sizes and times of their last changes.")]


@dataclass(frozen=True)
class Run:
    """One audit."""

    id: Annotated[str, note(format="uuid")]
    started_at: datetime
    finished_at: datetime
    complete: Annotated[bool, note("False where the audit was interrupted.")]
    changed_tables: Annotated[tuple[ChangedTable, ...], note("With these, the numbers may not agree.")]
    database: Database
    tables: Annotated[dict[str, Table], note("The tables that rules judge, with their rows in the snapshot.")]
    suites: tuple[str, ...]
    suite_hashes: Annotated[
        dict[str, Annotated[str, note(pattern="^[0-9a-f]{64}$")]],
        note("By suite, the SHA-256 of what sha256sum prints for its files, by their paths below its folder."),
    ]
    versions: dict[str, str]
    scans: Annotated[int, note("Statements that read the tables.", minimum=0)]
    database_ms: Annotated[float, note("Milliseconds from the first scan's begin to the last one's end.", minimum=0)]
    masked: Annotated[bool, note("Whether secrets and personal data in the evidence are masked.")]
    notes: Annotated[
        tuple[str, ...],
        note("What was otherwise than asked: fewer connections, a second snapshot of a standby, no state."),
    ] = field(default=(), kw_only=True)
    since: Annotated[
        Since | None, note("With --since: what an earlier audit has spared; null for an audit on its own.")
    ] = field(default=None, kw_only=True)
    engine: Annotated[
        Literal["postgresql", "duckdb"], note("What has judged the rules; lint, fixes and impact are PostgreSQL's.")
    ] = field(default="postgresql", kw_only=True)
    lake: Annotated[tuple[LakeTable, ...], note("The files that were read, if any.")] = field(default=(), kw_only=True)
    data_docs: Annotated[
        tuple[str, ...],
        note(
            "Great Expectations' pages on the checkpoint that asked for this audit: web addresses, or paths of files"
            " from this file's folder, percent-encoded."
        ),
    ] = field(default=(), kw_only=True)

    @property
    def judged_by(self) -> str:
        """The program that has judged the rules, with its version and what it has read."""
        server = f"PostgreSQL {self.database.server_version}"
        if self.engine == "postgresql":
            return server
        duckdb = f"DuckDB {self.versions.get('duckdb', '')}"
        return f"{duckdb}, on files" if self.lake else f"{duckdb}, on a copy of the tables; {server}"


@dataclass(frozen=True)
class RowsAffected:
    """Different keys among all violations of a table's rules that go by the same key."""

    table: str
    key: str
    rows: Annotated[int, note(minimum=1)]
    causes: Annotated[
        int | None,
        note("Of these, the rows with a violation that follows from no other row; null in earlier results.", minimum=0),
    ] = None


@dataclass(frozen=True)
class Summary:
    """Expectations by what became of them, and the gate."""

    expectations: Count
    passed: Count
    failed: Count
    errored: Count
    skipped: Count
    not_checkable: Count
    not_selected: Annotated[int, note("Rules that --rule, --tag and --exclude leave out.", minimum=0)]
    pass_rate: Annotated[
        float | None,
        note(
            "Passed over passed, failed and errored, in percent, to two digits; null where nothing was judged.",
            minimum=0,
            maximum=100,
        ),
    ]
    rows_affected: tuple[RowsAffected, ...]
    gate: Gate

    @property
    def judged(self) -> int:
        """How many expectations were judged."""
        return self.passed + self.failed + self.errored


@dataclass(frozen=True)
class Violations:
    """The file that holds every violating key."""

    file: Annotated[str, note("Its name beside the results.")]
    sha256: Annotated[str, note(pattern="^[0-9a-f]{64}$")]
    rows: Count


@dataclass(frozen=True)
class KeyDigests:
    """The secret key under which personal keys are digests: HMAC-SHA-256 of the SHA-256 of their text."""

    kind: Annotated[
        Literal["key_file", "one_run"], note("From the file of --key-file, or random and forgotten after the run.")
    ]
    key_id: Annotated[
        str,
        note(
            "Digests of two results can be compared if it is equal. It says nothing of the key.",
            pattern="^[0-9a-f]{16}$",
        ),
    ]


@dataclass(frozen=True)
class Requirement:
    """A business requirement, its source, and the rules that check it."""

    says: str
    source: str
    rules: Annotated[tuple[str, ...], note(minItems=1)]


@dataclass(frozen=True)
class Question:
    """An open question, the answer that rules assume, and the effect of another answer."""

    asks: str
    because: str
    assumed: str
    otherwise: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class ImpactMeasure:
    """One number of the impact of rules on a table."""

    name: Annotated[str, note("As in `impact`.")]
    label: Annotated[str, note("The counted noun in the singular; for a sum, the summed quantity and its unit.")]
    is_sum: bool = False
    about: Annotated[
        tuple[str, ...], note("The report shows it only for rules that highlight one of these columns.")
    ] = ()


@dataclass(frozen=True)
class TableImpact:
    """The measures of the impact of rules on a table."""

    table: str
    measures: tuple[ImpactMeasure, ...]


@dataclass(frozen=True)
class Document:
    """Everything one audit found. Parts may be added; none changes its meaning under format order-audit/2."""

    format: Literal["order-audit/2"]
    run: Run
    summary: Summary
    results: tuple[Result, ...]
    violations: Annotated[Violations | None, note("Null where it was not written.")]
    schema_findings: tuple[SchemaFinding, ...]
    schema_rules: tuple[SchemaRule, ...]
    unused_suppressions: Annotated[tuple[Suppression, ...], note("Suppressions without a finding.")]
    profile: Annotated[JsonObject, note("Figures by table and column; empty where no profile was asked for.")]
    ddl: Ddl
    requirements: Annotated[tuple[Requirement, ...], note("From the suites' requirements.toml.")]
    questions: Annotated[tuple[Question, ...], note("Likewise.")]
    fixes: Annotated[Fixes | None, note("Null where no fix was applied, or the journal may not be read.")]
    fix_plan: Annotated[FixPlan | None, note("Null without --plan-fixes.")] = None
    impact_measures: Annotated[tuple[TableImpact, ...], note("What `impact` adds up.")] = ()
    coverage: Annotated[Coverage | None, note("Null in results of earlier versions.")] = None
    suppressions: Annotated[
        tuple[Suppression, ...], note("Those of the configuration that concern judged rules, with what became of them.")
    ] = ()
    configuration: Annotated[str, note("The configuration file, with its environment; empty without one.")] = ""
    key_digests: Annotated[
        KeyDigests | None, note("Null in earlier results, where digests of personal keys have no secret key.")
    ] = None
    given: Annotated[GivenOptions | None, note("Options that further commands repeat; null in earlier results.")] = None
    resolved_schema_findings: Annotated[
        tuple[SchemaFinding, ...], note("Schema findings of the baseline that are gone, where their rule was checked.")
    ] = ()
    history: Annotated[HistoryUse | None, note("Null without --history, and where it could not be read.")] = None
