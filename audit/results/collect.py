"""Collect all parts of an audit in one snapshot."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeAlias

from order_audit import search_path, session
from order_audit.audit import digest_key
from order_audit.audit.database import catalog
from order_audit.audit.database.changed_tables import changed, hold, states
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results.applied_fixes import applied_fixes
from order_audit.audit.results.audited_database import as_identifier, audited_database
from order_audit.audit.results.clock import now
from order_audit.audit.results.consequences import Consequences, consequences
from order_audit.audit.results.context import Context, context, context_without_queries
from order_audit.audit.results.counter import Counter
from order_audit.audit.results.coverage import coverage
from order_audit.audit.results.impact_facts import ImpactFacts, impact_facts, runnable
from order_audit.audit.results.interruption import interruptible
from order_audit.audit.results.known import Known
from order_audit.audit.results.nothing_judged import first_word, other_schema
from order_audit.audit.results.options import Options
from order_audit.audit.results.overlap import Overlaps, overlaps
from order_audit.audit.results.own_folder import rows_folder
from order_audit.audit.results.profiled import profile_beside, profiled
from order_audit.audit.results.selection import Selection, with_instances
from order_audit.audit.results.suppressed import refuse_old_digests
from order_audit.audit.scans.engine import Engine, ScanOptions, Scans
from order_audit.audit.scans.foreign_calls import foreign_calls
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.postgres_engine import PostgresEngine
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.audit.schema import ddl, lint, suppression
from order_audit.domain import domains
from order_audit.expectations import Rule, Suite, schema_rules
from order_audit.reports.document import (
    Coverage,
    Database,
    Ddl,
    Fixes,
    FixPlan,
    JsonObject,
    KeyDigests,
    Run,
    Suppression,
    Table,
    Violations,
)
from order_audit.reports.results_file import Audit
from order_audit.reports.writers import WRITERS
from order_audit.standby import second_snapshot

#: The reason why an interrupted audit has no DDL and no context.
_INTERRUPTED: Final = "the audit was interrupted before"


#: Checks the database and the tables that rules judge; may raise.
Check: TypeAlias = Callable[[Database, Iterable[str]], None]


@dataclass(frozen=True)
class Collected:
    """The parts of a result: of the run, of each rule by its id, of the schema, of the data.

    `schema` is the audited schema's name as an identifier, `sql` gives a rule's query as psql runs it, `elsewhere` is a
    schema with all tables that rules lack.
    """

    run: Run
    suite: Suite
    schema: str
    rules: list[Rule]
    outcomes: Mapping[str, Outcome]
    contexts: Mapping[str, Context]
    overlaps: Overlaps
    violations: Violations | None
    linted: list[lint.Verdict]
    unused: list[Suppression]
    profile: JsonObject
    ddl: Ddl
    fixes: Fixes | None
    impacts: ImpactFacts
    fix_plan: FixPlan | None
    coverage: Coverage
    key_digests: KeyDigests
    sql: Callable[[Rule], str]
    elsewhere: str = ""


def collect(
    dsn: str, folder: Path, selection: Selection, options: Options, check: Check, last: Audit | None = None
) -> Collected:
    """Audit a database; write the violations file into `folder`. Without a judged rule, it has lint and profile.

    `check` is given the database and the tables that rules judge, and may raise, before anything is read of them.
    What cannot have changed since the `last` audit is taken over from it.
    """
    started, run = now(), str(uuid.uuid4())
    spooled = folder / "spool"
    spooled.mkdir()
    secret = digest_key.of(options.key_file)
    store = ViolationStore(spooled, rows_folder(folder, options.rows), secret)
    settings = (*(session.NO_WORKERS if options.jobs > 1 else ()), *options.settings)
    with Snapshot(dsn, options.schema, options.timeout, options.gentle, settings) as snapshot:
        database = audited_database(snapshot, options.schema)
        schema = as_identifier(snapshot, database.schema)
        applied = applied_fixes(snapshot, options)
        engine: Engine = PostgresEngine(snapshot, [impact for domain in domains() for impact in domain.impacts])
        selection, unmade = with_instances(snapshot.connection, selection, options)
        prepared_rules, outcomes = engine.prepare(selection.wanted)
        foreign = foreign_calls((it.rule for it in prepared_rules), snapshot.foreign)
        database = replace(database, foreign_code=(*database.foreign_code, *foreign))
        outcomes |= unmade | {rule.id: Outcome("not_selected") for rule in selection.left_out}
        refuse_old_digests(options.suppressions, [it.rule.id for it in prepared_rules if it.key_is_personal])
        check(database, {it.table.shown(database.schema) for it in prepared_rules if it.table is not None})
        read = _relations(snapshot, prepared_rules)
        sql = runnable(search_path.names(options.schema), read)
        read = read or _all_relations(snapshot)
        elsewhere = other_schema(snapshot.connection, outcomes.values())
        if (options.lint or options.profile) and not prepared_rules and (why := first_word(outcomes.values())):
            options.on_note(why)
        hold(snapshot.connection, read)
        names = {it.oid: it.name for it in read}
        as_seen = states(snapshot.connection, names)
        known = Known(snapshot, engine, prepared_rules, options, last)
        scans = _start(engine, prepared_rules, store, database.schema, options, known)
        profile: JsonObject = {}
        planned: FixPlan | None = None
        definitions = Ddl((), _INTERRUPTED)
        following = Consequences({}, {})
        with interruptible(scans), ThreadPoolExecutor(1, "lint") as beside:
            try:
                linting = beside.submit(_lint, snapshot, scans, selection.suppressions, options)
                profiling = beside.submit(profile_beside, snapshot, read, scans, options)
                linted, unused = linting.result()
                profile = profiling.result()
                known.write_state(folder, run, scans.outcome)
                outcomes |= {it.rule.id: scans.outcome(it.rule.id) for it in prepared_rules}
                tables = scans.rows()
                scans.finish()
                if not scans.interrupted:
                    known.verify(store)
                if scans.interrupted:
                    contexts = context_without_queries(prepared_rules, outcomes, _INTERRUPTED)
                else:
                    contexts = context(snapshot.connection, prepared_rules, outcomes, unmask=options.unmask)
                    following = consequences(snapshot.connection, prepared_rules, outcomes, store)
                    definitions = _definitions(snapshot, read, linted, options)
                    if options.profile and options.gentle:
                        profile = profiled(snapshot, read, scans, options)
                    if options.plan_fixes:
                        planned = _planned(snapshot, selection, options)
            except BaseException:
                scans.interrupt()  # the results of the other scans are not needed
                raise
            finally:
                scans.finish()
        complete = not scans.interrupted
        failed = [it for it in prepared_rules if outcomes[it.rule.id].status == "failed"]
        facts = impact_facts(engine, failed, database.schema, sql)
        # all rows are read: the following steps read current catalogs
        moved = changed(as_seen, states(snapshot.renewed(), names), names) if complete else []
    rules = list(selection.suite.rules)
    violations = _violations(store, outcomes, folder) if options.needs_violations else None
    shared = overlaps(rules, outcomes, store, following)
    return Collected(
        run=Run(
            id=run,
            started_at=started,
            finished_at=now(),
            complete=complete,
            changed_tables=tuple(moved),
            database=database,
            tables={name: Table(rows) for name, rows in tables.items()},
            suites=options.suites,
            suite_hashes=selection.suite.hashes,
            versions={"order-audit": version("order-audit")},
            scans=scans.statements,
            database_ms=scans.milliseconds,
            masked=not options.unmask,
            notes=tuple(filter(None, (second_snapshot(), *scans.notes, known.note))),
            since=known.document(outcomes, database.schema),
            data_docs=options.data_docs,
        ),
        suite=selection.suite,
        schema=schema,
        rules=rules,
        outcomes=outcomes,
        contexts=contexts,
        overlaps=shared,
        violations=violations,
        linted=linted,
        unused=unused,
        profile=profile,
        ddl=definitions,
        fixes=applied,
        impacts=facts,
        fix_plan=planned,
        coverage=coverage(prepared_rules, read, database.schema),
        key_digests=secret.mark,
        sql=sql,
        elsewhere=elsewhere,
    )


def _start(
    engine: Engine,
    prepared_rules: list[PreparedRule],
    store: ViolationStore,
    schema: str,
    options: Options,
    known: Known,
) -> Scans:
    """Start the rules' scans."""
    scan_options = ScanOptions(
        1 if options.gentle else options.jobs, options.examples, options.unmask, schema, options.gentle
    )
    on_outcome = Counter(len(prepared_rules), options.on_progress)
    return engine.start(prepared_rules, store, scan_options, on_outcome, known.restrictions, known.counts, known.beside)


def _violations(store: ViolationStore, outcomes: Mapping[str, Outcome], folder: Path) -> Violations:
    failed = [rule for rule, outcome in outcomes.items() if outcome.violations and outcome.status != "errored"]
    return store.write(folder / WRITERS["violations"].file, failed)


def _lint(
    snapshot: Snapshot, scans: Scans, suppressions: list[Suppression], options: Options
) -> tuple[list[lint.Verdict], list[Suppression]]:
    """Check the schema, if requested; also return unused suppressions."""
    if not options.lint:
        return [], []
    rules = schema_rules()
    on_progress = options.start_progress("checking the schema")
    linted = lint.lint(snapshot.connection, rules, on_progress, lambda: scans.interrupted)
    linted, unused = suppression.accept(linted, suppressions, (rule.id for rule in rules))
    return (linted if options.unmask else lint.masked(linted)), unused


def _relations(snapshot: Snapshot, prepared_rules: Iterable[PreparedRule]) -> list[catalog.Relation]:
    """Return the tables that the rules read, by name."""
    names = {name for it in prepared_rules for name in it.query.relations}
    there = catalog.relations(snapshot.connection, names).values()
    relations = {
        relation.oid: relation for relation in there if relation.schema not in ("pg_catalog", "information_schema")
    }
    return sorted(relations.values(), key=lambda relation: (relation.name, relation.schema))


def _all_relations(snapshot: Snapshot) -> list[catalog.Relation]:
    """The tables of the audited schema, where no rule reads any."""
    names = catalog.tables(snapshot.connection, search_path.names(snapshot.schema))
    return sorted(catalog.relations(snapshot.connection, names).values(), key=lambda relation: relation.name)


def _planned(snapshot: Snapshot, selection: Selection, options: Options) -> FixPlan:
    """Return what the automatic fixes would do."""
    from order_audit.audit.results.fix_plan import fix_plan  # most of what changes rows is imported only then

    rules = [rule for rule, _ in selection.wanted]
    trying = options.start_progress("trying the fixes")
    return fix_plan(snapshot, rules, selection.suite.rules, options, on_progress=trying)


def _definitions(
    snapshot: Snapshot, relations: list[catalog.Relation], linted: Iterable[lint.Verdict], options: Options
) -> Ddl:
    """Return the DDL of the tables that the rules read, and of those with lint findings."""
    objects = [finding.object for finding in lint.findings(linted)]
    return ddl.document(snapshot.connection, [relation.oid for relation in relations], objects, unmask=options.unmask)
