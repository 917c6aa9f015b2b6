"""The functions of the public interface; `order_audit` has them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from order_audit.errors import UsageError
from order_audit.result import Result, result
from order_audit.standby import retried

if TYPE_CHECKING:
    from order_audit.audit.schema.lint import Verdict
    from order_audit.expectations import Suite

FailOn = Literal["critical", "warning", "info", "never"]
#: A format's name, as `order-audit run --format` takes it.
Format = str


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
    fixes: str | Path | None = None,
    guards: str | Path | None = None,
    rules: Iterable[str] = (),
    exclude: Iterable[str] = (),
    tags: Iterable[str] = (),
    variables: Mapping[str, str] | None = None,
    schema: str = "",
    engine: Literal["postgresql", "duckdb"] = "postgresql",
    lake: Iterable[str | Path] = (),
    memory: str = "",
    out: str | Path | None = None,
    formats: Iterable[Format] | None = None,
    fail_on: FailOn = "critical",
    fail_on_schema: FailOn = "never",
    fail_on_anomaly: FailOn = "never",
    min_pass_rate: float | str | None = None,
    allow_skipped: bool = False,
    allow: str | Path | None = None,
    ddl: Iterable[str | Path] = (),
    baseline: str | Path | None = None,
    different: bool = False,
    history: str | Path | None = None,
    key_file: str | Path | None = None,
    since: str | Path | None = None,
    state: bool = False,
    full: bool = False,
    verify_since: float | None = None,
    examples: int = 20,
    rows: int = 0,
    jobs: int = 2,
    gentle: bool = False,
    lint: bool = True,
    profile: bool = True,
    sample: float | None = None,
    exact: bool = False,
    plan_fixes: bool = False,
    timeout: float | None = None,
    unmask: bool = False,
) -> Result:
    """Audit a database, and write the files of `formats` into the folder `out`, if one is given.

    The parameters are the options of `order-audit run`, whose defaults they have. `rules` and `exclude` are patterns of
    rule ids, `tags` of their tags, `variables` are values of their variables. `lake` has folders of exported tables, or
    texts `NAME=PATH`, for the `engine` duckdb, which needs no `dsn` then. `min_pass_rate`, `sample` and
    `verify_since` are percentages. `examples` is the number of evidence rows per rule, `jobs` the number of
    connections, `timeout` the limit of each statement in seconds; `exact` profiles all rows of large tables. A
    comparison by keys needs an `out` with violations.csv, and of personal keys the same `key_file`, which is created if
    it is missing; `rows`, `state` and `since` need an `out`. Warns if the `history` could not be
    kept. Raises SuiteError, UsageError, RunError.
    """
    from order_audit.audit import run as audit
    from order_audit.audit.database.dsn import resolve
    from order_audit.audit.formats import asked_formats
    from order_audit.audit.results.option_checks import check_options, percentage
    from order_audit.reports.atomic_files import temporary
    from order_audit.reports.writers import DEFAULT

    def path(given: str | Path | None) -> Path | None:
        return Path(given) if given is not None else None

    check_options(sample, timeout, verify_since, exact=exact)
    options = audit.Options(
        suites=tuple(map(str, suites)),
        fixes=path(fixes),
        guards=path(guards),
        rules=tuple(rules),
        exclude=tuple(exclude),
        tags=tuple(tags),
        variables=variables or {},
        schema=schema,
        engine=engine,
        lake=tuple(map(str, lake)),
        memory=memory,
        formats=("json",) if out is None else DEFAULT if formats is None else asked_formats(",".join(formats)),
        fail_on=fail_on,
        fail_on_schema=fail_on_schema,
        fail_on_anomaly=fail_on_anomaly,
        min_pass_rate=percentage(None if min_pass_rate is None else str(min_pass_rate)),
        allow_skipped=allow_skipped,
        allow=path(allow),
        ddl=tuple(map(Path, ddl)),
        baseline=path(baseline),
        different=different,
        history=path(history),
        key_file=path(key_file),
        since=path(since),
        state=state or since is not None,
        full=full,
        verify_since=verify_since,
        examples=examples,
        rows=rows,
        jobs=jobs,
        gentle=gentle,
        lint=lint,
        profile=profile,
        sample=sample,
        exact=exact,
        plan_fixes=plan_fixes,
        timeout=timeout,
        unmask=unmask,
        on_warning=lambda text: warnings.warn(text, RuntimeWarning, stacklevel=2),
    )
    place = "" if options.lake else resolve(dsn)
    if out is not None:
        return result(audit.run(place, Path(out), options), Path(out))
    if rows or options.state:
        raise UsageError(f"{'rows' if rows else 'state and since'} need files: name a folder with out")
    with temporary() as folder:
        return result(audit.run(place, folder, options), None)


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
    from order_audit.audit.results.option_checks import check_options
    from order_audit.audit.schema.lint import lint as judge
    from order_audit.audit.schema.lint import shown
    from order_audit.expectations import matching, schema_rules

    check_options(None, timeout)
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
    from order_audit.audit.results.option_checks import check_options

    check_options(sample, timeout, exact=exact)
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
