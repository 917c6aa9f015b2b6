"""Collect all parts of an audit of files: what needs a database is left out, and the result says so."""

from __future__ import annotations

import importlib.util
import re
import shutil
import uuid
from dataclasses import replace
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Final

from order_audit.audit import digest_key
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results.audited_database import audited_database
from order_audit.audit.results.clock import now
from order_audit.audit.results.collect import Check, Collected
from order_audit.audit.results.consequences import Consequences
from order_audit.audit.results.context import context_without_queries
from order_audit.audit.results.counter import Counter
from order_audit.audit.results.coverage import coverage
from order_audit.audit.results.impact_facts import ImpactFacts
from order_audit.audit.results.interruption import interruptible
from order_audit.audit.results.options import Options
from order_audit.audit.results.overlap import overlaps
from order_audit.audit.results.own_folder import rows_folder
from order_audit.audit.results.selection import Selection, with_instances
from order_audit.audit.results.suppressed import refuse_old_digests
from order_audit.audit.scans.engine import ScanOptions
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.errors import UsageError
from order_audit.reports.document import Cause, ChangedTable, Database, Ddl, LakeTable, Run, Table
from order_audit.reports.writers import WRITERS

if TYPE_CHECKING:
    from order_audit.audit.lake.lake import Lake

_SIZE: Final = re.compile(r"\d+(\.\d+)? ?([KMGT]i?)?B", re.IGNORECASE)
_NO_DATABASE: Final = "the audit was of files, and the definitions of tables are the database's"
_NO_DIAGRAM: Final = "the audit was of files, in which rows around a violation are not looked up"
#: What an audit of files does not have, for the note of the result.
_LEFT_OUT: Final = "the schema lint, the profile, impact and diagrams are PostgreSQL's: an audit of files has none"


def collect_lake(dsn: str, folder: Path, selection: Selection, options: Options, check: Check) -> Collected:
    """Audit files, or without any the tables of a database, copied from one snapshot; write the violations file into
    `folder`. `check` is as for `collect`.

    Raises UsageError without the extra, RunError for files that cannot be read.
    """
    _needed()
    from order_audit.audit.lake.duckdb_engine import DuckEngine
    from order_audit.audit.lake.duckdb_engine import version as engine_version
    from order_audit.audit.lake.lake import of_export, opened

    started, run = now(), str(uuid.uuid4())
    spooled, loaded, copied = folder / "spool", folder / "tables", folder / "copied"
    unmade = {
        rule.id: Outcome(
            "not_checkable", cause=Cause("engine", engine=options.engine, lacks=("no for_each without a database",))
        )
        for rule in selection.pending
    }
    if options.lake:
        lake = opened(options.lake)
        names = None
        database = _database(lake, engine_version())
    else:
        database, selection, unmade, meant = _copied(dsn, copied, selection, options)
        lake = of_export(copied)
        qualified = lake.names()
        names = {it: qualified[of] for it, of in meant.items() if of in qualified}
        lake = replace(lake, closed=frozenset(meant.keys() - names.keys()))
    spooled.mkdir()
    secret = digest_key.of(options.key_file)
    store = ViolationStore(spooled, rows_folder(folder, options.rows), secret)
    engine = DuckEngine(lake, loaded, options.memory, options.jobs, names)
    try:
        prepared_rules, outcomes = engine.prepare(selection.wanted)
        outcomes |= unmade | {rule.id: Outcome("not_selected") for rule in selection.left_out}
        refuse_old_digests(options.suppressions, [it.rule.id for it in prepared_rules if it.key_is_personal])
        check(database, {it.table.name for it in prepared_rules if it.table is not None})
        read = engine.relations(prepared_rules)
        on_outcome = Counter(len(prepared_rules), options.on_progress)
        scan_options = ScanOptions(options.jobs, options.examples, options.unmask)
        scans = engine.start(prepared_rules, store, scan_options, on_outcome)
        with interruptible(scans):
            try:
                outcomes |= {it.rule.id: scans.outcome(it.rule.id) for it in prepared_rules}
            except BaseException:
                scans.interrupt()
                raise
            finally:
                scans.finish()
    finally:
        engine.database.close()
        shutil.rmtree(loaded, ignore_errors=True)
        shutil.rmtree(copied, ignore_errors=True)
    used = {it.name for it in read}
    given = {name: it for name, it in lake.tables.items() if name in used and options.lake}
    moved = [ChangedTable(name, change) for name, it in given.items() if (change := it.change())]
    rules = list(selection.suite.rules)
    failed = [rule for rule, outcome in outcomes.items() if outcome.violations and outcome.status != "errored"]
    violations = store.write(folder / WRITERS["violations"].file, failed) if options.needs_violations else None
    nothing = Consequences({}, {})
    return Collected(
        run=Run(
            id=run,
            started_at=started,
            finished_at=now(),
            complete=not scans.interrupted,
            changed_tables=tuple(moved),
            database=database,
            tables={name: Table(rows) for name, rows in scans.rows().items()},
            suites=options.suites,
            suite_hashes=selection.suite.hashes,
            versions={"order-audit": version_of("order-audit"), options.engine: engine_version()},
            scans=scans.statements,
            database_ms=scans.milliseconds,
            masked=not options.unmask,
            notes=(_LEFT_OUT,),
            engine="duckdb",
            lake=tuple(
                LakeTable(it.name, it.given, len(it.files), it.rows, sum(file.bytes for file in it.files), it.version)
                for _, it in sorted(given.items())
            ),
        ),
        suite=selection.suite,
        schema=database.schema,
        rules=rules,
        outcomes=outcomes,
        contexts=context_without_queries(prepared_rules, outcomes, _NO_DIAGRAM),
        overlaps=overlaps(rules, outcomes, store, nothing),
        violations=violations,
        linted=[],
        unused=[],
        profile={},
        ddl=Ddl((), _NO_DATABASE),
        fixes=None,
        impacts=ImpactFacts({}, ()),
        fix_plan=None,
        coverage=coverage(prepared_rules, read, ""),
        key_digests=secret.mark,
        sql=lambda rule: rule.sql,
    )


def _copied(
    dsn: str, folder: Path, selection: Selection, options: Options
) -> tuple[Database, Selection, dict[str, Outcome], dict[RelationName, RelationName]]:
    """Copy the tables that rules read out of one snapshot into a folder, so that the server reads each of them once.

    The last of what is returned has the table with its schema by each name that rules give it.
    """
    from order_audit.audit.lake.export import Wanted, export

    with Snapshot(dsn, options.schema, options.timeout) as snapshot:
        database = audited_database(snapshot, options.schema)
        selection, unmade = with_instances(snapshot.connection, selection, options)
        names = {name for _, parsed in selection.wanted for name in parsed.relations}
        there = catalog.relations(snapshot.connection, names)
        wanted = sorted((name for name, relation in there.items() if relation.readable), key=str)
        if not wanted:
            raise UsageError("no rule can be judged: none of the tables that rules read is there and readable")
        copying = options.start_progress("copying tables")
        export(snapshot, folder, Wanted(wanted), copying)
    meant = {name: RelationName(relation.schema, relation.name) for name, relation in there.items()}
    return database, selection, unmade, meant


def refuse_options(options: Options) -> None:
    """Raise UsageError for an option that another engine than PostgreSQL does not have."""
    if options.engine == "postgresql":
        if options.lake:
            raise UsageError("--lake needs --engine duckdb, which reads files")
        if options.memory:
            raise UsageError("--memory belongs to --engine duckdb")
        return
    wrong = {
        "--since": options.since,
        "--state": options.state,
        "--plan-fixes": options.plan_fixes,
        "--sample": options.sample,
        "--exact": options.exact,
        "--gentle": options.gentle,
        "--schema": options.lake and options.schema,
        "--statement-timeout": options.lake and options.timeout,
        "--allow": options.allow,
        "--ddl": options.ddl,
        "--fail-on-schema": options.fail_on_schema != "never",
    }
    if options.memory and not _SIZE.fullmatch(options.memory):
        raise UsageError(f"--memory {options.memory}: write a size as 500MB or 4GB")
    if given := [name for name, value in wrong.items() if value]:
        raise UsageError(f"{given[0]} is for PostgreSQL: leave it out with --engine {options.engine}")


def _database(lake: Lake, version: str) -> Database:
    exported = lake.exported
    return Database(
        server_version=f"DuckDB {version}",
        name=exported.database if exported else "lake",
        host="",
        schema=exported.schema if exported else "",
        user="",
        encoding=lake.facts.encoding if lake.facts else "UTF8",
        snapshot=exported.snapshot if exported else "",
        cluster="",
    )


def _needed() -> None:
    """Raise UsageError without the libraries of the extra."""
    for name in ("duckdb", "pyarrow"):
        if importlib.util.find_spec(name) is None:
            raise UsageError(f"--engine duckdb needs {name}: install order-audit[duckdb]")
