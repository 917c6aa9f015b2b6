"""Apply fixes to a database that is in use, in their order, and prove what changed."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from order_audit import session
from order_audit.errors import OrderAuditError, RefusalError
from order_audit.expectations import Rule
from order_audit.fixes.engine import batches
from order_audit.fixes.engine.batches import OptionOutcome, Throttle, install
from order_audit.fixes.engine.bloat import Bloat, bloat, sizes
from order_audit.fixes.engine.checksums import Verification, checksums, verify
from order_audit.fixes.engine.eta import Eta
from order_audit.fixes.engine.rejected import Rejected, rejected
from order_audit.fixes.engine.work_list import TARGET, obstacle, work_list_sql
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix, FixError, Option
from order_audit.fixes.guarding.install import Count, GuardError, install_all, preview
from order_audit.fixes.planning import dry_run
from order_audit.fixes.planning.decisions import Decisions
from order_audit.fixes.planning.fingerprint import differences
from order_audit.fixes.planning.fixpoint import run_to_fixpoint
from order_audit.fixes.planning.planner import guards_of, identity, none_there, review, tables
from order_audit.progress import ProgressCallback, ignore_progress


class ReviewError(OrderAuditError):
    """What is there is not what was reviewed; nothing was changed."""

    exit_code = 2


@dataclass(frozen=True)
class Applied:
    """What was done, by rule and option in order; `after` are the violations where they were counted.

    `rejected` is what the database refused to change, `not_converging` the rules that may have more to do after the
    last pass, for other fixes undo what theirs do. `verification` is None in a rehearsal, `bloat` is by table that was
    changed. `installed` names the guards that were, `guard_errors` says by guard why it was not. In a rehearsal,
    `installed` are those that could be. `unable` says by rule why its fix was left out: these tables lack what it reads
    or sets.
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

    @property
    def changed(self) -> int:
        """Rows changed."""
        return sum(done.changed for _, _, done in self.done)

    @property
    def left(self) -> int:
        """Rows that others held or changed to the last."""
        return sum(done.locked + done.changed_concurrently for _, _, done in self.done)


def chosen(fixes: Mapping[str, Fix], choices: Mapping[str, str]) -> Iterator[tuple[Fix, Option]]:
    """What is to be applied, in order: of each fix what is automatic, then the option that was chosen."""
    for id, fix in fixes.items():
        if fix.automatic:
            yield fix, fix.automatic
        if (option := fix.option(choices.get(id, LEAVE))) is not None and option.name != AUTOMATIC:
            yield fix, option


def apply(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    decisions: Decisions | None,
    throttle: Throttle,
    *,
    guarding: bool = False,
    count: Count = lambda _connection, _rules: {},
    on_progress: ProgressCallback = ignore_progress,
    on_guard_progress: ProgressCallback = ignore_progress,
) -> Applied:
    """Apply what is automatic and what was chosen; then, with `guarding`, install the guards of rules that pass.

    The connection commits by itself. `count` counts the violations of rules. `on_progress` is called with the rows
    changed, of those to change, and what is being done, `on_guard_progress` with the guards done, of all.

    It may be killed at any moment and run again. Raises RefusalError or ReviewError before the first change.
    """
    with session.advisory_lock(connection):
        refuse(connection, fixes, choices)
        id = _plan_id(choices, decisions)
        if decisions is not None and decisions.plan and not _begun(connection, id):
            now = review(connection, rules, fixes, decisions.reviewed, choices)
            found = differences(decisions, now, identity(connection, fixes), choices)
            if found:
                raise ReviewError(
                    f"{decisions.path}: this is not what was reviewed: {'; '.join(found)}. Nothing was changed:"
                    " write the file anew with fixes plan --out, and look at it again"
                )
        install(connection, TARGET)
        # checksums and counts take as long as they take: applications need the other processors
        connection.execute("set max_parallel_workers_per_gather = 0")
        steps, unable = _possible(connection, chosen(fixes, choices))
        names = tables(connection, fixes)
        on_progress(0, 0, "adding up the tables")
        began = time.monotonic()
        before, room = checksums(connection, names), sizes(connection, names)
        took = time.monotonic() - began
        since, run = _begin(connection, id, choices)
        on_progress(0, 0, "counting what is to be changed")
        eta = Eta(_expected(connection, steps, decisions, count), on_progress, closing=took)
        dead: Counter[str] = Counter()

        def change(fix: Fix, option: Option) -> OptionOutcome:
            eta.start_step(fix.rule.id)
            became = batches.apply(connection, fix, option, TARGET, throttle, eta.rows)
            for table in batches.changes(option):
                dead[table] += became.changed
                # many fixes leave as much behind as a large one
                if became.changed and 0 < batches.dead_rows(connection, {table}, throttle) <= dead[table]:
                    batches.vacuum(connection, {table})
                    dead[table] = 0
            return became

        done, restless = _take_turns(connection, steps, change)
        eta.end("adding up again")
        proven = verify(before, checksums(connection, names, since))
        seconds = {f"{rule} {option}": found.seconds for rule, option, found in done if found.changed}
        changed = {table for (_, option), (_, _, found) in zip(steps, done, strict=True) if found.changed
                   for table in batches.changes(option)}  # fmt: skip
        grown = bloat(connection, room, changed)
        sized = {"sizes": {table: found.document() for table, found in grown.items()}} if grown else {}
        _end(connection, run, {"proof": proven.document(), "seconds": seconds, **sized})
        eta.end("")
        wanted = guards_of(rules) if guarding else []
        installed, lacking = install_all(connection, wanted, throttle, count, on_guard_progress)
        return Applied(done, proven, grown, {}, {}, tuple(installed), lacking, rejected(connection), restless, unable)


def rehearse(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    throttle: Throttle,
    *,
    guarding: bool = False,
    on_progress: ProgressCallback = ignore_progress,
) -> Applied:
    """Do the same in one transaction that is rolled back, and count the violations before and after.

    The rows that change are locked until it ends. Guards are not made, with `guarding` either: in one transaction, none
    could be made without keeping everybody from the tables until it ends, and no index concurrently. It is told what
    they would refuse, and what they lack.
    """
    total = len(list(chosen(fixes, choices))) + 2 * len(rules)
    counted = 0

    def count(note: str) -> None:
        nonlocal counted
        counted += 1
        on_progress(counted, total, note)

    with session.advisory_lock(connection), connection.transaction(force_rollback=True):
        refuse(connection, fixes, choices)
        session.set_timeouts(connection, lock=max(1, throttle.max_lock_wait_ms))
        install(connection, TARGET)
        connection.execute("delete from order_audit.refused")
        steps, unable = _possible(connection, chosen(fixes, choices))
        before = dry_run.judge(connection, rules, "before", count)
        patient = Throttle(batch_size=throttle.batch_size, max_lock_wait_ms=0, vacuum_after=0, max_rounds=3)

        def change(fix: Fix, option: Option) -> OptionOutcome:
            on_progress(counted, total, fix.rule.id)
            return batches.apply(connection, fix, option, TARGET, patient)

        done, restless = _take_turns(connection, steps, change)
        counted += len(steps)
        after = dry_run.judge(connection, rules, "after", count)
        installed, lacking = preview(connection, guards_of(rules), after) if guarding else ([], {})
        passed_over = rejected(connection)
    return Applied(done, None, {}, before, after, tuple(installed), lacking, passed_over, restless, unable)


def _possible(
    connection: psycopg.Connection, wanted: Iterable[tuple[Fix, Option]]
) -> tuple[list[tuple[Fix, Option]], dict[str, str]]:
    """What can be applied to these tables; and by rule why the rest cannot, which would else fail half-way."""
    steps: list[tuple[Fix, Option]] = []
    unable: dict[str, str] = {}
    for fix, option in wanted:
        try:
            with connection.transaction():
                work_list_sql(connection, fix, option, TARGET)
        except psycopg.errors.InsufficientPrivilege:
            raise
        except (FixError, psycopg.ProgrammingError) as error:
            unable[fix.rule.id] = str(error).splitlines()[0]
        else:
            steps.append((fix, option))
    return steps, unable


def _take_turns(
    connection: psycopg.Connection, steps: Sequence[tuple[Fix, Option]], change: Callable[[Fix, Option], OptionOutcome]
) -> tuple[tuple[tuple[str, str, OptionOutcome], ...], tuple[str, ...]]:
    """Let the steps take their turns; gives what became of each, and the rules that had more to do to the last."""
    done = {(fix.rule.id, option.name): OptionOutcome() for fix, option in steps}

    def take(fix: Fix, _number: int) -> Iterator[Option]:
        for mine, option in steps:
            if mine is fix:
                became = change(fix, option)
                done[fix.rule.id, option.name].again(became)
                if became.changed:
                    yield option

    restless = run_to_fixpoint(connection, {fix.rule.id: fix for fix, _ in steps}, TARGET, take)
    return tuple((rule, option, became) for (rule, option), became in done.items()), restless


def refuse_read_only(connection: psycopg.Connection) -> None:
    """Raise RefusalError where the connection cannot write at all."""
    is_standby, is_read_only = session.row(
        connection, "select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"
    )
    if is_standby:
        raise RefusalError("this server is a standby: give the DSN of the primary")
    if is_read_only:
        raise RefusalError("this connection may only read (default_transaction_read_only): give one that may write")


def refuse(connection: psycopg.Connection, fixes: Mapping[str, Fix], choices: Mapping[str, str]) -> None:
    """Raise RefusalError where the fixes cannot be applied here at all."""
    refuse_read_only(connection)
    role = session.scalar(connection, "select current_user")
    names = tables(connection, fixes)
    if not names:
        raise RefusalError(none_there(fixes))
    wanted: dict[str, set[str]] = {}
    for fix, option in chosen(fixes, choices):
        if why := obstacle(connection, option):
            raise RefusalError(f"{fix.rule.id}: {why}")
        for change in option.changes:
            if change.table in names:
                wanted.setdefault(change.table, {"SELECT"}).add(change.op.upper())
    for table, rights in sorted(wanted.items()):
        for right in sorted(rights):
            if not _may(connection, "select has_table_privilege(%s, %s)", f'"{table}"', right):
                raise RefusalError(
                    f"role {role} may not {right.lower()} {table}: grant {right.lower()} on {table} to {role}"
                )
        refuse_unnamed(connection, table, names[table][0])
        if _may(connection, "select row_security_active(%s)", f'"{table}"'):
            raise RefusalError(
                f"{table} has row-level security, and role {role} may not see all of it: run as a role that may pass it"
                " (the owner, unless it is forced; one with bypassrls)"
            )
    there = _may(connection, "select exists (select from pg_namespace where nspname = %s)", "order_audit")
    if not there and not _may(connection, "select has_database_privilege(current_database(), %s)", "CREATE"):
        raise RefusalError(
            f"role {role} may not create the schema order_audit for the journal: grant it create on the database"
        )
    owner = "select pg_has_role((select nspowner from pg_namespace where nspname = %s), 'usage')"
    if there and not _may(connection, owner, "order_audit"):
        raise RefusalError(f"schema order_audit belongs to another role than {role}: run as its owner")


def refuse_unnamed(connection: psycopg.Connection, table: str, key: str) -> None:
    """Raise RefusalError where a table's key does not name one row, which fixes could then not change by itself."""
    if not _may(
        connection,
        """
        select exists (
          select from pg_index as i
          join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
          where i.indrelid = %s::regclass and i.indisunique and i.indisvalid and i.indpred is null
            and i.indnkeyatts = 1 and a.attname = %s
        )
        """,
        f'"{table}"',
        key,
    ):
        raise RefusalError(f"{table}.{key} has no unique index, so that no row can be named: make it the primary key")


def _may(connection: psycopg.Connection, question: str, *parts: str) -> bool:
    return bool(session.scalar(connection, question, parts))


def _plan_id(choices: Mapping[str, str], decisions: Decisions | None) -> str:
    """What makes two applications the same: the choices, and what they were made for."""
    parts: list[Any] = [dict(choices)]
    if decisions is not None:
        parts += [decisions.plan, {rule: asdict(seen) for rule, seen in decisions.reviewed.items()}]
    return "sha256:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _expected(
    connection: psycopg.Connection, steps: Sequence[tuple[Fix, Option]], decisions: Decisions | None, count: Count
) -> list[int]:
    """How many rows each step may have to change: what its rule found when it was reviewed, or finds now."""
    counts = {rule: seen.found.rows for rule, seen in decisions.reviewed.items()} if decisions is not None else {}
    rules = {fix.rule.id: fix.rule for fix, _ in steps if fix.rule.id not in counts}
    counts |= count(connection, list(rules.values()))
    # the second of a rule's two steps has what the first leaves: it is counted when it is listed
    return [counts.pop(fix.rule.id, 0) for fix, _ in steps]


def _begun(connection: psycopg.Connection, plan: str) -> bool:
    """Whether this very plan was begun here: then rows differ from what was reviewed because we changed them."""
    if not _may(connection, "select to_regclass(%s) is not null", "order_audit.run"):
        return False
    return _may(connection, "select exists (select from order_audit.run where plan = %s)", plan)


def _begin(connection: psycopg.Connection, plan: str, choices: Mapping[str, str]) -> tuple[int, int]:
    connection.execute("delete from order_audit.refused")
    since, run = session.row(
        connection,
        "insert into order_audit.run (plan, detail) values (%s, jsonb_build_object('choices', %s::jsonb))"
        " returning (select coalesce(max(id), 0) from order_audit.journal), id",
        [plan, json.dumps(dict(choices))],
    )
    return int(since), int(run)


def _end(connection: psycopg.Connection, run: int, detail: dict[str, Any]) -> None:
    connection.execute(
        "update order_audit.run set ended_at = clock_timestamp(), detail = detail || %s::jsonb where id = %s",
        [json.dumps(detail), run],
    )
