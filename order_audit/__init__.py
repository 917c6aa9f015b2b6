"""Audit a PostgreSQL database: rules as SQL, one read-only snapshot, exact evidence, a verdict for CI.

This module is the public interface; the modules below it may change without notice.

>>> import order_audit
>>> result = order_audit.run(dsn, rules=["lineage.*"], fail_on="warning", lint=False, profile=False)
>>> result.passed
False
>>> result.violations
{'lineage.one_live_order': 2}
>>> verdicts = order_audit.lint(dsn, rules=["schema.money_is_exact"])
>>> [finding.object for verdict in verdicts for finding in verdict.findings]
['customers.customer_balance']

`dsn` is a URL or a libpq string; None reads the environment variable DATABASE_URL. Functions raise UsageError or
SuiteError for wrong use, DocumentError for a file without a result, and RunError for a database error. All derive from
OrderAuditError; its `exit_code` is that of the command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from order_audit.errors import DocumentError, OrderAuditError, RunError, UsageError
from order_audit.standby import retried

if TYPE_CHECKING:
    import pandas

    from order_audit.audit.schema.lint import Verdict
    from order_audit.expectations import Rule, Suite, SuiteError
    from order_audit.reports.document import Document
    from order_audit.reports.document import SchemaFinding as Finding

__all__ = [
    "DocumentError",
    "FailOn",
    "Finding",
    "Format",
    "OrderAuditError",
    "Result",
    "Rule",
    "RunError",
    "Suite",
    "SuiteError",
    "UsageError",
    "Verdict",
    "compare",
    "lint",
    "load_suite",
    "profile",
    "run",
]

FailOn = Literal["critical", "warning", "info", "never"]
#: A format's name, as `order-audit run --format` takes it.
Format = str

#: Names that are looked up when they are first asked for, so that importing this module stays cheap.
_HOMES = {
    "Finding": "order_audit.reports.document",
    "Rule": "order_audit.expectations",
    "Suite": "order_audit.expectations",
    "SuiteError": "order_audit.expectations",
    "Verdict": "order_audit.audit.schema.lint",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), "SchemaFinding" if name == "Finding" else name)


@dataclass(frozen=True)
class Result:
    """The result of an audit: its document (see `order-audit run --json-schema`), and the folder of its files.

    `folder` is None where no files were kept.
    """

    document: dict[str, Any]
    folder: Path | None = None

    @classmethod
    def read(cls, path: str | Path) -> Result:
        """Read a results.json. Raises DocumentError where it is none."""
        from order_audit.reports import results_file

        audit = results_file.read(Path(path))
        return _result(audit.document, audit.folder)

    @property
    def passed(self) -> bool:
        """Whether the gate passed."""
        return bool(self.document["summary"]["gate"]["passed"])

    @property
    def reasons(self) -> list[str]:
        """Why the gate failed, a sentence each; empty where it passed."""
        return list(self.document["summary"]["gate"]["reasons"])

    @property
    def violations(self) -> dict[str, int]:
        """Violations of each failed rule, by the rule's id."""
        return {it["rule"]: it["violations"] for it in self.document["results"] if it["status"] == "failed"}

    @property
    def errors(self) -> dict[str, str]:
        """Why rules could not be judged, by the rule's id."""
        return {it["rule"]: it["error"] for it in self.document["results"] if it["status"] == "errored"}

    def frame(self) -> pandas.DataFrame:
        """Return the results as a pandas DataFrame: a row per rule, by its id, with a column per impact measure."""
        import pandas

        columns = ["severity", "status", "table", "checked", "violations", "duration_ms"]
        rows = [
            {"rule": it["rule"]} | {name: it[name] for name in columns} | (it["impact"] or {})
            for it in self.document["results"]
        ]
        return pandas.DataFrame(
            rows, columns=[*dict.fromkeys(["rule", *columns, *(key for row in rows for key in row)])]
        ).set_index("rule")

    def keys(self) -> pandas.DataFrame:
        """Return every violating key as a pandas DataFrame with the columns rule and key.

        Reads violations.csv. Raises DocumentError where the result has none.
        """
        import pandas

        if self.folder is None or not self.document["violations"]:
            raise DocumentError("the result has no violations.csv: run with `out` and the format 'violations'")
        # keys are texts: 007 is not 7, and NA is no missing value
        return pandas.read_csv(self.folder / self.document["violations"]["file"], dtype=str, keep_default_na=False)


def load_suite(*sources: str | Path) -> Suite:
    """Load suites by shipped name ("current", "proposed") or by path, as one suite. Raises SuiteError.

    Their SQL has variables as they are written, and a rule with `for_each` is one rule.
    """
    from order_audit.expectations import load

    return load(*sources)


def run(
    dsn: str | None = None,
    *,
    suites: Iterable[str | Path] = ("current",),
    rules: Iterable[str] = (),
    exclude: Iterable[str] = (),
    tags: Iterable[str] = (),
    variables: Mapping[str, str] | None = None,
    schema: str = "",
    out: str | Path | None = None,
    formats: Iterable[Format] | None = None,
    fail_on: FailOn = "critical",
    fail_on_schema: FailOn = "never",
    baseline: str | Path | None = None,
    key_file: str | Path | None = None,
    examples: int = 20,
    jobs: int = 2,
    lint: bool = True,
    profile: bool = True,
    timeout: float | None = None,
    unmask: bool = False,
) -> Result:
    """Audit a database, and write the files of `formats` into the folder `out`, if one is given.

    The default of `formats` is that of `order-audit run`. `rules` and `exclude` are patterns of rule ids, `tags` of
    their tags, `variables` are values of their variables. `examples` is the number of evidence rows per rule, `jobs`
    the number of connections, `timeout` the limit of each statement in seconds. A comparison by keys needs an `out`
    with violations.csv, and of personal keys the same `key_file`, which is created if it is missing. Raises
    SuiteError, UsageError, RunError.
    """
    from order_audit.audit import run as audit
    from order_audit.audit.database.dsn import resolve
    from order_audit.reports.atomic_files import temporary
    from order_audit.reports.writers import DEFAULT

    options = audit.Options(
        suites=tuple(map(str, suites)),
        rules=tuple(rules),
        exclude=tuple(exclude),
        tags=tuple(tags),
        variables=variables or {},
        schema=schema,
        formats=("json",) if out is None else DEFAULT if formats is None else tuple(formats),
        fail_on=fail_on,
        fail_on_schema=fail_on_schema,
        baseline=Path(baseline) if baseline is not None else None,
        key_file=Path(key_file) if key_file is not None else None,
        examples=examples,
        jobs=jobs,
        lint=lint,
        profile=profile,
        timeout=timeout,
        unmask=unmask,
    )
    if out is not None:
        return _result(audit.run(resolve(dsn), Path(out), options), Path(out))
    with temporary() as folder:
        return _result(audit.run(resolve(dsn), folder, options), None)


def _result(document: Document, folder: Path | None) -> Result:
    from order_audit.reports.document import encode

    return Result(encode(document), folder)


@retried
def lint(
    dsn: str | None = None,
    *,
    rules: Iterable[str] = (),
    exclude: Iterable[str] = (),
    schema: str = "",
    timeout: float | None = None,
    unmask: bool = False,
) -> list[Verdict]:
    """Judge the schema: a verdict for each schema rule, with its findings, or with the reason why there are none.

    `rules` and `exclude` are patterns of rule ids; `timeout` bounds each statement, in seconds. Values in definitions
    are masked unless `unmask`. Raises SuiteError, UsageError, RunError.
    """
    from order_audit.audit.database.dsn import resolve
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.schema.lint import lint as judge
    from order_audit.audit.schema.lint import shown
    from order_audit.expectations import matching, schema_rules

    known = schema_rules()
    patterns = list(rules)
    wanted = matching(known, patterns) if patterns else {rule.id for rule in known}
    wanted -= matching(known, exclude)
    with Snapshot(resolve(dsn), schema, timeout) as snapshot:
        return shown(judge(snapshot.connection, [rule for rule in known if rule.id in wanted]), unmask=unmask)


@retried
def profile(
    dsn: str | None = None,
    *,
    tables: Iterable[str] = (),
    schema: str = "",
    sample: float | None = None,
    exact: bool = False,
    timeout: float | None = None,
    unmask: bool = False,
) -> dict[str, Any]:
    """Profile tables (default: all): figures by table and column, as under `profile` in results.json.

    `sample` is the percentage of each table's pages to read. Without it, the figures of large tables are of a sample of
    their rows, unless `exact`. `timeout` is the limit of each statement in seconds.
    Raises UsageError for a table that does not exist, RunError.
    """
    from order_audit import search_path
    from order_audit.audit.analysis.relation_name import RelationName
    from order_audit.audit.database import catalog
    from order_audit.audit.database.dsn import resolve
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.profiling.profile import profile as describe
    from order_audit.audit.profiling.sample import LARGE

    with Snapshot(resolve(dsn), schema, timeout) as snapshot:
        names = [RelationName("", table) for table in tables]
        names = names or catalog.tables(snapshot.connection, search_path.names(schema))
        known = catalog.relations(snapshot.connection, names)
        if missing := [str(name) for name in names if name not in known]:
            raise UsageError(f"there is no table '{missing[0]}'")
        home = search_path.home(schema)
        wanted = [known[name] for name in names]
        return describe(
            snapshot.connection, wanted, sample=sample, large=None if exact else LARGE, unmask=unmask, home=home
        )


def compare(before: Result | str | Path, after: Result | str | Path) -> dict[str, Any]:
    """Compare two audits: violations resolved, remaining and new, by rule, and by key where both have violations.csv.

    Each is a Result or the path of a results.json. Raises DocumentError where a file is no result.
    """
    from order_audit.reports import compare as comparing
    from order_audit.reports import results_file
    from order_audit.reports.document import Document, decode, encode

    def audit(given: Result | str | Path) -> results_file.Audit:
        if not isinstance(given, Result):
            return results_file.read(Path(given))
        document = given.document if given.folder is not None else given.document | {"violations": None}
        return results_file.Audit(decode(Document, document), given.folder or Path())

    comparison: dict[str, Any] = encode(comparing.compare(audit(before), audit(after)))
    return comparison
