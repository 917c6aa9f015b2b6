"""Write fixes as a readable Sqitch project that runs without this program. Only reads the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import psycopg

from order_audit import session
from order_audit.canceled import refuse_canceled
from order_audit.fixes.emission import sqitch
from order_audit.fixes.emission.fix_change import fix_change
from order_audit.fixes.emission.guard_change import GUARD, guard_change
from order_audit.fixes.emission.journal_change import journal_change
from order_audit.fixes.emission.sqitch import EmitError
from order_audit.fixes.engine.batches import apply
from order_audit.fixes.engine.rejected import rejected
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, work_list_sql
from order_audit.fixes.fix import Fix, FixError, Option
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_state import refuses, state
from order_audit.fixes.guarding.prerequisites import missing_prerequisite
from order_audit.fixes.names import row_count
from order_audit.fixes.planning import dry_run
from order_audit.fixes.planning.decisions import chosen
from order_audit.fixes.planning.fixpoint import run_to_fixpoint
from order_audit.fixes.planning.guards import guards_of, on_copies_of
from order_audit.fixes.planning.tables import none_there, qualified, refuse_unnamed, tables
from order_audit.progress import ProgressCallback, ignore_progress
from order_audit.server_message import server_message

_Made = TypeVar("_Made")

#: For temporary copies, which no other session uses.
_ALONE: Final = Throttle(batch_size=1_000_000, max_lock_wait_ms=0, vacuum_after=0)


@dataclass(frozen=True)
class Emitted:
    """The names of the changes in order, their rows by rule, and skipped items with reasons.

    A key of `left_out` is a rule with an option, a rule without any option left, or a guard.

    `run_again` has the rules whose files must run a second time after all others, in order, with their rows: later
    files made new violations. `not_converging` has the rules with rows even after that, because fixes undo each other.
    """

    changes: tuple[str, ...]
    rows: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    run_again: tuple[tuple[str, int], ...] = ()
    not_converging: tuple[str, ...] = ()


def emit(
    connection: psycopg.Connection,
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    out: Path,
    *,
    rules: Collection[str] = (),
    guards: bool = True,
    own_guards: Iterable[Guard] = (),
    on_progress: ProgressCallback = ignore_progress,
) -> Emitted:
    """Write automatic and chosen options of `rules` (default: all) as a project.

    The connection is in autocommit mode, and its search path finds the tables. A dry run on temporary copies counts the
    rows. An option that fails there is skipped, and so is a guard that would reject a row.

    Raises EmitError if `out` is unusable or no table exists, RefusalError if a table's key does not identify rows.
    """
    options: dict[str, list[Option]] = {}
    wanted_steps = list(chosen({id: fix for id, fix in fixes.items() if not rules or id in rules}, choices))
    for fix, option in wanted_steps:
        options.setdefault(fix.rule.id, []).append(option)
    keys = tables(connection, {id: fixes[id] for id in options})
    if options and not keys:
        raise EmitError(none_there(connection, {id: fixes[id] for id in options}))
    refuse_unnamed(connection, wanted_steps)
    own = qualified(connection, {change.table for _, option in wanted_steps for change in option.changes})
    schema, counted = _place(connection)
    changes = [journal_change(schema)]
    rows: dict[str, int] = {}
    left_out: dict[str, str] = {}
    wanted_guards = guards_of([fix.rule for fix in fixes.values()], own_guards) if guards else []
    candidates = _candidates(connection, wanted_guards, rules, left_out)
    with dry_run.dry_run(connection, {}):
        listings: dict[str, dict[str, str]] = {}
        for id, wanted in options.items():
            failed: dict[str, str] = {}
            listings[id] = dict(_each(connection, wanted, partial(_listing, connection, fixes[id]), failed))
            left_out |= _without(id, listings[id], failed)
        for table, key in keys.items():
            dry_run.copy(connection, table, key)

        def emit_fix(fix: Fix, _number: int) -> list[Option]:
            id = fix.rule.id
            on_progress(len(rows), len(listings), id)
            failed: dict[str, str] = {}
            wanted = [option for option in options[id] if option.name in listings[id]]
            does = dict(_each(connection, wanted, partial(_try, connection, fix), failed))
            left_out.update(_without(id, does, failed))
            if not does:
                return []
            rows[id] = sum(count for done in does.values() for (op, _, _), count in done.items() if op != "insert")
            words = {name: [_words(*done) for done in counts.items()] or ["no row"] for name, counts in does.items()}
            for it in rejected(connection, STAGING, id):
                words[it.option].append(f"rejected: {row_count(it.rows)} of {it.table}: {it.reason}")
            before = [change.name for change in changes]
            emitted[id] = [option for option in wanted if option.name in does]
            listed = {option.name: listings[id][option.name] for option in emitted[id]}
            changes.append(fix_change(fix, listed, words, counted, schema, before, _own(fix, own)))
            return [option for option in emitted[id] if does[option.name]]

        emitted: dict[str, list[Option]] = {}
        due = run_to_fixpoint(
            connection, {id: fixes[id] for id in listings if listings[id]}, STAGING, emit_fix, passes=1
        )
        for guard, is_there in candidates.values():
            name = GUARD + guard.name
            on_progress(len(listings), len(listings), name)
            if reason := _refused(connection, guard, left_out):
                left_out[name] = reason
            elif not is_there:
                changes.append(guard_change(guard, counted, schema, [change.name for change in changes]))
        run_again: list[tuple[str, int]] = []

        def repeat(fix: Fix, _number: int) -> list[Option]:
            done = {
                option.name: apply(connection, fix, option, STAGING, _ALONE).changed for option in emitted[fix.rule.id]
            }
            if more := sum(done.values()):
                run_again.append((fix.rule.id, more))
            return [option for option in emitted[fix.rule.id] if done[option.name]]

        tried = {id: fixes[id] for id in emitted}
        not_converging = run_to_fixpoint(connection, tried, STAGING, repeat, due=[id for id in due if id in tried])
    sqitch.write(out, changes, schema)
    return Emitted(tuple(change.name for change in changes), rows, left_out, tuple(run_again), not_converging)


def _own(fix: Fix, qualified_names: Mapping[str, str]) -> set[str]:
    """Return the qualified names of the tables that a fix changes."""
    options = [*([fix.automatic] if fix.automatic else []), *fix.options]
    changed = {change.table for option in options for change in option.changes if change.op != "insert"}
    return {qualified_names[table] for table in changed & qualified_names.keys()}


def _each(
    connection: psycopg.Connection, options: Iterable[Option], make: Callable[[Option], _Made], failed: dict[str, str]
) -> Iterator[tuple[str, _Made]]:
    """Yield each option's name with the result of `make`; errors are added to `failed` by option."""
    for option in options:
        try:
            with connection.transaction():
                emitted = make(option)
        except (FixError, psycopg.Error) as error:
            refuse_canceled(connection, error)
            failed[option.name] = str(error) if isinstance(error, FixError) else server_message(error)
        else:
            yield option.name, emitted


def _without(id: str, left: Collection[str], failed: Mapping[str, str]) -> dict[str, str]:
    """Return the skipped options of a rule with reasons; the rule itself if no option is left."""
    return {f"{id} {name}" if left else id: why for name, why in failed.items()}


def _place(connection: psycopg.Connection) -> tuple[str, str]:
    """Return the search path of the tables, and a phrase that says where and when rows were counted."""
    path, database, server = session.row(
        connection,
        "select (select string_agg(quote_ident(s.name), ', ' order by s.number)"
        " from unnest(current_schemas(false)) with ordinality as s (name, number)),"
        " quote_ident(current_database()), current_setting('server_version')",
    )
    schema, version = path or "''", server.split()[0]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        schema,
        f"in database {database}, schema {schema}, PostgreSQL {version}, on {now}, with the changes before it made",
    )


def _candidates(
    connection: psycopg.Connection, guards: Iterable[Guard], rules: Collection[str], left_out: dict[str, str]
) -> dict[str, tuple[Guard, bool]]:
    """Return the guards of the wanted rules that fit this database, each with whether an equivalent object exists."""
    fitting: dict[str, tuple[Guard, bool]] = {}
    for guard in guards:
        name = guard.name
        if rules and not any(rule.id in rules for rule in guard.protects):
            continue
        if lack := missing_prerequisite(connection, guard, fitting):
            left_out[GUARD + name] = lack
            continue
        now = state(connection, guard)
        if now == "different":
            left_out[GUARD + name] = "another object has its name"
            continue
        ours = session.scalar(
            connection, f"select {' and '.join(guard_object.exists_sql() for guard_object in guard.objects)}"
        )
        fitting[name] = guard, now == "valid" and not ours
    return fitting


def _refused(connection: psycopg.Connection, guard: Guard, left_out: Collection[str]) -> str:
    """Return why a guard could not be installed after the changes; empty if it could."""
    if needed := [GUARD + name for name in guard.after if GUARD + name in left_out]:
        return f"it builds on {needed[0]}"
    try:
        rows = refuses(connection, on_copies_of(connection, guard))
    except psycopg.Error as error:
        refuse_canceled(connection, error)
        return server_message(error)
    return f"it would reject {row_count(rows)}" if rows else ""


def _listing(connection: psycopg.Connection, fix: Fix, option: Option) -> str:
    return ";\n\n".join(work_list_sql(connection, fix, option, STAGING)) + ";"


def _try(connection: psycopg.Connection, fix: Fix, option: Option) -> dict[tuple[str, str, str], int]:
    """Apply an option to the copies; return the number of rows by operation, table and columns."""
    added = {change.table: -_count(connection, change.table) for change in option.changes if change.op == "insert"}
    apply(connection, fix, option, STAGING, _ALONE)
    done: dict[tuple[str, str, str], int] = {}
    for step, op, columns, count in connection.execute(
        STAGING.text(
            """
            select j.step, j.op, coalesce(s.columns, ''), count(*)
            from order_audit.journal as j
            cross join lateral (
              select string_agg(k.name, ', ' order by k.name) as columns
              from jsonb_object_keys(case when j.op = 'update' then j.after end) as k (name)
            ) as s
            where j.rule = %s and j.option = %s and j.op in ('update', 'delete')
            group by j.step, j.op, s.columns
            order by j.step, j.op, s.columns
            """
        ).encode(),
        [fix.rule.id, option.name],
    ):
        effect = (op, option.changes[step - 1].table, columns)
        done[effect] = done.get(effect, 0) + count
    for table, before in added.items():
        done["insert", table, ""] = before + _count(connection, table)
    return done


def _count(connection: psycopg.Connection, table: str) -> int:
    return int(session.scalar(connection, STAGING.text(f"select count(*) from {table}")))


def _words(effect: tuple[str, str, str], count: int) -> str:
    op, table, columns = effect
    rows = row_count(count)
    if op == "update":
        return f"sets {columns} in {rows} of {table}"
    return f"deletes {rows} of {table}" if op == "delete" else f"adds {rows} to {table}"
