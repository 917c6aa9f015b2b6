"""The audit itself: suites and a database in, a folder of results out."""

from __future__ import annotations

import contextlib
import signal
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.analysis.parsed_query import Name, Shape
from order_audit.audit.database import catalog
from order_audit.audit.database.changed_tables import changed, hold, states
from order_audit.audit.database.dsn import described
from order_audit.audit.database.quoting import quoted
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results import gx_folder
from order_audit.audit.results.context import around, unlooked
from order_audit.audit.results.document import Database, Run, result
from order_audit.audit.results.overlap import affected
from order_audit.audit.scans import impact, prepared_rule
from order_audit.audit.scans.batch import bundle
from order_audit.audit.scans.cost import dearest_first
from order_audit.audit.scans.executor import Evaluation
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.planner import plan
from order_audit.audit.scans.violation_store import Spool
from order_audit.audit.schema import ddl, lint, suppression
from order_audit.errors import RunError, UsageError
from order_audit.expectations import Rule, Suite, SuiteError, load, matching, schema_rules
from order_audit.fixes.engine.status import status
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.guard import SUITE, guards
from order_audit.progress import Begin, Tell, silent, unseen
from order_audit.reports import gate
from order_audit.reports.schema_findings import FailOn

Format = Literal["html", "json", "junit", "markdown", "violations", "gx"]
_FILES: Final[dict[Format, str]] = {
    "html": "report.html",
    "json": "results.json",
    "junit": "junit.xml",
    "markdown": "summary.md",
    "violations": "violations.csv",
}
FORMATS: Final[tuple[Format, ...]] = tuple(_FILES)
#: Formats that are written only where they are asked for.
ON_REQUEST: Final[tuple[Format, ...]] = ("gx",)
#: Server error class 42501: the role may not read a table.
_DENIED: Final = "42501"


@dataclass
class Options:
    """What `order-audit run` can be told.

    `timeout` is in seconds; `gentle` has one job, whatever `jobs` says; `sample` is the percentage of each table's
    pages that the profile reads. A baseline that is of another database or suite has to be said to be `different`.
    `tell` is told how far the rules are, what `begin` gives how far lint and profile are.
    """

    suites: tuple[str, ...] = ("current",)
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schema: str = ""
    formats: tuple[Format, ...] = FORMATS
    fail_on: FailOn = "critical"
    min_pass_rate: Fraction | None = None
    baseline: Path | None = None
    different: bool = False
    allow_skipped: bool = False
    examples: int = 20
    jobs: int = 2
    gentle: bool = False
    lint: bool = True
    profile: bool = True
    sample: float | None = None
    allow: Path | None = None
    fail_on_schema: FailOn = "never"
    timeout: float | None = None
    unmask: bool = False
    tell: Tell = silent
    begin: Begin = unseen


def run(dsn: str, out: Path, options: Options) -> dict[str, Any]:
    """Audit a database and write the files; gives the result document.

    Raises SuiteError and UsageError for wrong use, RunError where nothing could be judged.
    """
    from order_audit.reports import atomic_files, compare

    if options.fail_on_schema != "never" and not options.lint:
        raise UsageError("--fail-on-schema asks for the schema lint, which --no-lint leaves out: drop one of the two")
    suite = load(*options.suites)
    wanted, left_out = _rules(suite, options)
    if "gx" in options.formats:
        gx_folder.check(out)
    suppressions = suppression.read(options.allow, (rule.id for rule in schema_rules())) if options.allow else []
    baseline = compare.baseline(options.baseline) if options.baseline else None
    same = _same(options, baseline.document["run"]) if baseline and not options.different else None
    try:
        drafts = atomic_files.draft(out)
        with drafts as folder:
            try:
                document = _audit(dsn, folder, suite, wanted, left_out, options, suppressions, same)
            except psycopg.Error as error:
                raise RunError(f"the connection was lost: {mask.error(error)}") from None
            new = None
            if baseline is not None and options.baseline is not None:
                with compare.sound(options.baseline):
                    new = compare.new_violations(baseline, compare.Audit(document, folder))
            document["summary"]["gate"] = gate.decide(
                document,
                fail_on=options.fail_on,
                min_pass_rate=options.min_pass_rate,
                new=new,
                fail_on_schema=options.fail_on_schema,
                allow_skipped=options.allow_skipped,
            )
            _write(document, folder, options.formats)
            if "gx" in options.formats:
                _write_gx(document, folder, out, suite, options)
        # what an earlier run left in the folder would pass for this one's
        for name, path in _FILES.items():
            if name not in options.formats:
                (out / path).unlink(missing_ok=True)
        if "gx" not in options.formats:
            gx_folder.remove(out)
    except OSError as error:
        raise UsageError(f"cannot write to {error.filename or out}: {error.strerror}") from None
    return document


def _same(options: Options, baseline: dict[str, Any]) -> Callable[[Database, Iterable[str]], None]:
    """Gives a check that raises UsageError where the baseline's run was on another database or by another suite."""
    from order_audit.reports import compare

    def check(database: Database, tables: Iterable[str]) -> None:
        now = {"database": asdict(database), "suites": options.suites, "tables": sorted(tables)}
        with compare.sound(*filter(None, [options.baseline])):
            why = compare.differ_runs(baseline, now)
        if why:
            raise UsageError(
                f"--baseline {options.baseline} cannot be compared: {why}; --different compares them all the same"
            )

    return check


def _rules(suite: Suite, options: Options) -> tuple[list[tuple[Rule, Shape]], dict[str, Rule]]:
    """The rules that were asked for, with what they read, and those of the suites that were not."""
    asked = matching(suite.rules, options.rules) if options.rules else {rule.id for rule in suite.rules}
    asked -= matching(suite.rules, options.exclude)
    if not asked:
        raise UsageError("--rule and --exclude leave no rule to judge")
    wanted = [(rule, parsed_query.read(rule)) for rule in suite.rules if rule.id in asked]
    return wanted, {rule.id: rule for rule in suite.rules if rule.id not in asked}


def _audit(
    dsn: str,
    folder: Path,
    suite: Suite,
    wanted: list[tuple[Rule, Shape]],
    left_out: dict[str, Rule],
    options: Options,
    suppressions: list[suppression.Suppression],
    same: Callable[[Database, Iterable[str]], None] | None,
) -> dict[str, Any]:
    started = datetime.now(UTC)
    spooled = folder / "spool"
    spooled.mkdir()
    spool = Spool(spooled)
    with Snapshot(dsn, options.schema, options.timeout, gentle=options.gentle) as snapshot:
        database = _database(snapshot)
        if options.schema and not _has_schema(snapshot, options.schema):
            raise RunError(f"there is no schema '{options.schema}' in database {database.name}")
        schema_name = _as_written(snapshot, database.schema)
        applied = _applied(snapshot)
        tasks, outcomes = prepared_rule.prepare(snapshot.connection, wanted)
        outcomes |= {id: Outcome("not_selected") for id in left_out}
        if same:
            same(database, {found.table.shown(database.schema) for found in tasks if found.table is not None})
        judgeable = len(tasks)
        read = _relations(snapshot, tasks)
        hold(snapshot.connection, read)
        as_seen = states(snapshot.connection, read)
        counter = _Counter(judgeable, options.tell)
        orders = _orders(snapshot, tasks)
        bundles = bundle(snapshot.connection, plan(snapshot.connection, tasks), orders)
        evaluation = Evaluation(
            snapshot, dearest_first(snapshot.connection, bundles, orders), orders, spool,
            jobs=1 if options.gentle else options.jobs, examples=options.examples, unmask=options.unmask,
            schema=database.schema, gentle=options.gentle, tell=counter,
        )  # fmt: skip
        profile: dict[str, Any] = {}
        definitions: dict[str, Any] = {"tables": [], "reason": "the audit was interrupted before"}
        surroundings: dict[str, dict[str, Any]] = {}
        with _interruptible(evaluation), ThreadPoolExecutor(1, "lint") as beside:
            try:
                linting = beside.submit(_lint, snapshot, evaluation, suppressions, options)
                linted, unused = linting.result()
                outcomes |= {found.rule.id: evaluation.outcome(found.rule.id) for found in tasks}
                tables = evaluation.rows()
                if evaluation.interrupted:
                    surroundings = unlooked(tasks, outcomes, "the audit was interrupted before")
                else:
                    surroundings = around(snapshot.connection, tasks, outcomes, unmask=options.unmask)
                    definitions = _definitions(snapshot, read, linted)
                    if options.profile:
                        profile = _profile(snapshot, read, options)
            except BaseException:
                evaluation.interrupt()  # nobody will read what the other scans find
                raise
            finally:
                evaluation.finish()
        complete = not evaluation.interrupted
        # all is read: what follows looks at the catalogs as they are now
        moved = changed(as_seen, states(snapshot.renewed(), read), read) if complete else []
    if complete:
        _refuse_nothing(outcomes, database)
    failed = [rule for rule, outcome in outcomes.items() if outcome.status == "failed"]
    violations = (
        spool.assemble(folder / _FILES["violations"], failed)
        if "violations" in options.formats or options.baseline
        else None
    )
    run = Run(
        id=str(uuid.uuid4()),
        started_at=started,
        finished_at=datetime.now(UTC),
        complete=complete,
        database=database,
        tables=tables,
        suites=list(options.suites),
        suite_hashes=suite.hashes,
        versions={"order-audit": version("order-audit")},
        statements=evaluation.statements,
        milliseconds=evaluation.milliseconds,
        masked=not options.unmask,
        changed_tables=moved,
    )
    more = lint.document(linted) | {
        "unused_suppressions": [asdict(it) for it in unused],
        "profile": profile,
        "ddl": definitions,
        "requirements": [it.document() for it in suite.requirements],
        "questions": [it.document() for it in suite.questions],
        "fixes": applied,
    }
    rules = sorted([rule for rule, _ in wanted] + list(left_out.values()), key=lambda rule: rule.id)
    repairs = {id: fix.document() for id, fix in fixes(rules).items()}
    about = {
        rule.id: surroundings.get(rule.id, {}) | _causes(rule, linted) | _guard(rule, schema_name) for rule in rules
    }
    schema = quoted(options.schema) if options.schema else ""
    query = (lambda rule: parsed_query.qualified(rule, schema)) if schema else (lambda rule: rule.sql)
    document = result(run, rules, outcomes, violations, repairs, about, query) | more
    document["summary"]["rows_affected"] = affected(document["results"], spool)
    return document


def _causes(rule: Rule, linted: Iterable[lint.Verdict]) -> dict[str, Any]:
    """The findings on the schema that let a rule's violations in."""
    found = {(finding.rule, finding.object) for verdict in linted for finding in verdict.findings}
    return {"schema_causes": [asdict(it) for it in rule.schema_causes if (it.rule, it.object) in found]}


def _guard(rule: Rule, schema: str) -> dict[str, Any]:
    """The guard that makes a rule's violations impossible, or why there is none."""
    if rule.unguarded:
        return {"unguarded": rule.unguarded}
    if rule.suite != SUITE:
        return {}
    guard = next((guard for guard in guards().values() if rule.id in {it.id for it in guard.protects}), None)
    return {"guard": guard.document(schema)} if guard else {}


def _lint(
    snapshot: Snapshot, evaluation: Evaluation, suppressions: list[suppression.Suppression], options: Options
) -> tuple[list[lint.Verdict], list[suppression.Suppression]]:
    """Judge the schema, if that is wanted; gives the suppressions that no finding needs, too."""
    if not options.lint:
        return [], []
    rules = schema_rules()
    tell = options.begin("judging the schema")
    linted = lint.lint(snapshot.connection, rules, tell, lambda: evaluation.interrupted)
    return suppression.accept(linted, suppressions, (rule.id for rule in rules))


def _orders(snapshot: Snapshot, tasks: Iterable[prepared_rule.Task]) -> impact.Orders:
    schemas = {found.table.schema for found in tasks if found.table is not None}
    return impact.orders_by_schema(
        catalog.relations(snapshot.connection, [Name(schema, "orders") for schema in schemas]).values()
    )


def _relations(snapshot: Snapshot, tasks: Iterable[prepared_rule.Task]) -> list[catalog.Relation]:
    """The tables that the rules read, by name."""
    names = {name for found in tasks for name in found.shape.relations}
    there = catalog.relations(snapshot.connection, names).values()
    relations = {
        relation.oid: relation for relation in there if relation.schema not in ("pg_catalog", "information_schema")
    }
    return sorted(relations.values(), key=lambda relation: (relation.name, relation.schema))


def _profile(snapshot: Snapshot, relations: list[catalog.Relation], options: Options) -> dict[str, Any]:
    """What is in the tables that the rules read."""
    from order_audit.audit.profiling.profile import profile

    tell = options.begin("profiling tables")
    return profile(snapshot.connection, relations, sample=options.sample, unmask=options.unmask, tell=tell)


def _definitions(
    snapshot: Snapshot, relations: list[catalog.Relation], linted: Iterable[lint.Verdict]
) -> dict[str, Any]:
    """The DDL of the tables that the rules read, and of those that lint finds fault with."""
    findings = lint.document(linted)["schema_findings"]
    return ddl.document(
        snapshot.connection, [relation.oid for relation in relations], [found["object"] for found in findings]
    )


def _applied(snapshot: Snapshot) -> dict[str, Any] | None:
    """What fixes were applied here; None where none were, or where their journal is not ours to read."""
    try:
        with snapshot.connection.transaction():
            found = status(snapshot.connection)
    except psycopg.Error:
        return None
    return found.document() if found else None


def _as_written(snapshot: Snapshot, name: str) -> str:
    """A name as an identifier, in quotes where it needs them."""
    row = snapshot.connection.execute("select quote_ident(%s)", [name]).fetchone()
    return str(row[0]) if row else name


def _cluster(snapshot: Snapshot) -> str:
    try:
        with snapshot.connection.transaction():
            row = snapshot.connection.execute("select system_identifier::text from pg_control_system()").fetchone()
    except psycopg.Error:
        return ""
    return str(row[0]) if row else ""


def _refuse_nothing(outcomes: dict[str, Outcome], database: Database) -> None:
    """Raise where no wanted rule's table is there or readable, so that nothing was judged."""
    wanted = [found for found in outcomes.values() if found.status not in ("not_selected", "not_checkable")]
    denied = [found for found in wanted if found.trouble is not None and found.trouble.sqlstate == _DENIED]
    missing = [found for found in wanted if found.status == "skipped"]
    if len(denied) + len(missing) < len(wanted) or not wanted:
        return
    why = denied[0].trouble.message if denied and denied[0].trouble else missing[0].reason
    where = f"database {database.name}" + (f", schema {database.schema}" if database.schema else "")
    hint = "" if denied else "; --schema names the schema that holds the tables"
    raise RunError(f"nothing to judge in {where}: {why}{hint}")


def _database(snapshot: Snapshot) -> Database:
    connection = snapshot.connection
    row = connection.execute(
        "select current_setting('server_version'), coalesce(current_schema(), ''), current_user"
    ).fetchone()
    assert row is not None  # noqa: S101 - one row by construction
    name, host = described(connection)
    return Database(row[0], name, host, snapshot.schema or row[1], row[2], catalog.encoding(connection),
                    snapshot.id, _cluster(snapshot))  # fmt: skip


def _has_schema(snapshot: Snapshot, schema: str) -> bool:
    return snapshot.connection.execute("select from pg_namespace where nspname = %s", [schema]).rowcount > 0


def _write(document: dict[str, Any], folder: Path, formats: Iterable[Format]) -> None:
    from order_audit.reports import atomic_files, junit, markdown

    if "violations" not in formats:
        document["violations"] = None
        (folder / _FILES["violations"]).unlink(missing_ok=True)
    if "json" in formats:
        atomic_files.write_json(folder / _FILES["json"], document)
    if "junit" in formats:
        (folder / _FILES["junit"]).write_text(junit.junit(document), encoding="utf-8", newline="\n")
    if "markdown" in formats:
        (folder / _FILES["markdown"]).write_text(markdown.markdown(document), encoding="utf-8", newline="\n")
    if "html" in formats:
        from order_audit.reports import html

        (folder / _FILES["html"]).write_text(html.report(document), encoding="utf-8", newline="\n")


def _write_gx(document: dict[str, Any], folder: Path, out: Path, suite: Suite, options: Options) -> None:
    from order_audit.audit.gx.result import write

    write(folder, document, suite.rules, evidence=options.examples, schema=options.schema)
    gx_folder.place(folder / gx_folder.FOLDER, out)


class _Counter:
    """Counts rules as they are judged, and tells."""

    def __init__(self, total: int, tell: Tell) -> None:
        self._total = total
        self._tell = tell
        self._done = 0
        self._lock = threading.Lock()
        tell(0, total, "")

    def __call__(self, rule: str, outcome: Outcome) -> None:
        with self._lock:
            self._done += 1
            self._tell(self._done, self._total, f"{rule}: {outcome.status}")


@contextmanager
def _interruptible(evaluation: Evaluation) -> Iterator[None]:
    """While it lasts, the first Ctrl-C (or SIGTERM) ends the audit in good order, the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in before:  # a second signal must not find the first one's handler halfway
            signal.signal(number, signal.SIG_IGN)
        evaluation.interrupt()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(ValueError):
                signal.signal(number, handler)


__all__ = ["FORMATS", "ON_REQUEST", "Format", "Options", "SuiteError", "run"]
