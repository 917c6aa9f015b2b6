"""What the fixes would do, found out on copies: every step, what is left, and what comes to light by it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from order_audit import session
from order_audit.expectations import Rule, shipped
from order_audit.fixes.engine.batches import Throttle, apply, list_rows
from order_audit.fixes.engine.rejected import Rejected, rejected
from order_audit.fixes.engine.work_list import STAGING, obstacle
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix, FixError, Option, journal
from order_audit.fixes.guarding.guard import SUITE, Guard, guards, missing_table, refuses
from order_audit.fixes.planning import dry_run
from order_audit.fixes.planning.decisions import Reviewed
from order_audit.fixes.planning.fingerprint import NAMED, Review
from order_audit.fixes.planning.fixpoint import MAX_PASSES, run_to_fixpoint
from order_audit.progress import NoteCallback, ProgressCallback, ignore_note, ignore_progress


@dataclass(frozen=True)
class OptionPreview:
    """An option at its turn: how many rows it would change, and the keys of some of them; or why it cannot."""

    option: Option
    rows: int = 0
    keys: tuple[str, ...] = ()
    obstacle: str = ""


@dataclass
class Step:
    """A fix at its turn.

    `found` are its rule's violations before anything is changed, `automatic` the rows changed because there is one
    right answer, `offers` what each option would change of what is left, `choice` the option that is taken and
    `changed` its rows; `left` are the rule's violations after all steps. `rejected` is what a constraint of the tables
    would refuse.
    """

    fix: Fix
    found: int
    automatic: int = 0
    offers: tuple[OptionPreview, ...] = ()
    choice: str = LEAVE
    changed: int = 0
    left: int = 0
    problem: str = ""
    rejected: tuple[Rejected, ...] = ()

    @property
    def undecided(self) -> int:
        """Rows that an option would change, of which none was chosen."""
        return max((offer.rows for offer in self.offers), default=0) if self.choice == LEAVE else 0


@dataclass(frozen=True)
class GuardPreview:
    """A guard, and how many rows it would refuse now and after all steps; None where the tables are not such."""

    guard: Guard
    refuses: int | None
    refuses_then: int | None


@dataclass(frozen=True)
class Plan:
    """All steps in order; violations before and after by rule (None: cannot be judged here); keys that come to light.

    `identity` says which database, tables and fix files it was made for, `reviewed` what each rule found.
    """

    identity: dict[str, str]
    steps: tuple[Step, ...]
    before: dict[str, int | None]
    after: dict[str, int | None]
    new: dict[str, tuple[str, ...]]
    new_counts: dict[str, int]
    reviewed: dict[str, Reviewed] = field(default_factory=dict)
    guards: tuple[GuardPreview, ...] = ()


def plan(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    *,
    on_progress: ProgressCallback = ignore_progress,
) -> Plan:
    """Try the fixes, with these choices, on temporary copies of the tables; nothing of the database is changed."""
    total = len(fixes) + 2 * len(rules)
    done = 0

    def step_done(note: str) -> None:
        nonlocal done
        done += 1
        on_progress(done, total, note)

    who = identity(connection, fixes)
    with dry_run.dry_run(connection, tables(connection, fixes)):
        before = dry_run.judge(connection, rules, "before", on_rule=step_done)
        guarding = guards_of(rules)
        refused = {guard.name: _refused(connection, guard, "before", before) for guard in guarding}
        steps, seen = _steps(connection, fixes, before, choices, step_done)
        touched = any(step.automatic or step.changed for step in steps)
        after = dry_run.judge(connection, rules, "after", on_rule=step_done) if touched else dict(before)
        new_counts, new = _new(connection) if touched else ({}, {})
        guarded = tuple(
            GuardPreview(
                guard,
                refused[guard.name],
                _refused(connection, guard, "after", after) if touched else refused[guard.name],
            )
            for guard in guarding
        )
    for step in steps:
        step.left = after[step.fix.rule.id] or 0
    return Plan(who, tuple(steps), before, after, new, new_counts, seen, guarded)


def review(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    then: Mapping[str, Reviewed],
    choices: Mapping[str, str],
) -> dict[str, Reviewed]:
    """What the rules that were reviewed find now, and what would become of it by the choices of then.

    Of the other options, only those are listed that are chosen now.
    """
    with dry_run.dry_run(connection, tables(connection, fixes)):
        before = dry_run.judge(connection, [rule for rule in rules if rule.id in then], "before")
        wanted = {id: fix for id, fix in fixes.items() if id in before}
        _, seen = _steps(connection, wanted, before, {id: one.choice for id, one in then.items()}, only=choices)
    return seen


def _steps(
    connection: psycopg.Connection,
    fixes: Mapping[str, Fix],
    before: Mapping[str, int | None],
    choices: Mapping[str, str],
    on_rule: NoteCallback = ignore_note,
    only: Mapping[str, str] | None = None,
) -> tuple[list[Step], dict[str, Reviewed]]:
    """Try the fixes in a trial in which the rules were judged; gives also what is to be reviewed.

    Of the options that are not taken all are listed, or `only` these.
    """
    reviews = {id: Review(fix) for id, fix in fixes.items()}
    for id, review in reviews.items():
        if before[id]:
            review.found(connection)
    steps = {id: Step(fix, before[id] or 0) for id, fix in fixes.items()}

    def take(fix: Fix, number: int) -> list[Option]:
        id = fix.rule.id
        choice = choices.get(id, LEAVE)
        changed: list[Option] = []
        if before[id] is None and (fix.automatic or fix.options):
            steps[id].problem = "its rule cannot be judged: these tables have not all that it reads"
        # what found nothing, and had nothing changed before it, has nothing to do
        touched = number > 1 or any(step.automatic or step.changed for step in steps.values())
        if before[id] is not None and (steps[id].found or touched):
            offered = {option.name for option in fix.options}
            if only is not None:
                offered &= {only.get(id, LEAVE)} if number == 1 else set()
            changed = _try(connection, steps[id], choice, reviews[id], offered, again=number > 1)
        if number == 1:
            on_rule(id)
        return changed

    restless = run_to_fixpoint(connection, fixes, STAGING, take)
    for id in restless:
        steps[id].problem = f"has more to do after {MAX_PASSES} passes: other fixes undo it, choose otherwise"
    return list(steps.values()), {id: review.reviewed(choices.get(id, LEAVE)) for id, review in reviews.items()}


def _try(
    connection: psycopg.Connection, step: Step, choice: str, review: Review, offered: Collection[str], *, again: bool
) -> list[Option]:
    """Try a fix at its turn, or once more; gives the options by which it changed something.

    What an option offers is what it would change at its first turn, or, where none was chosen, at its last.
    """
    fix, throttle = step.fix, Throttle(batch_size=1_000_000, max_lock_wait_ms=0, vacuum_after=0)
    chosen = fix.option(choice)
    done: dict[str, int] = {}
    offers: dict[str, OptionPreview] = {}

    def listed(option: Option, rows: int) -> None:
        """What it would change stands on the list; that of its first round is what it offers."""
        offers.setdefault(option.name, OptionPreview(option, rows, _keys(connection, fix)))
        if not again or option is chosen:
            review.listed(connection, option)

    try:
        with connection.transaction():
            if (automatic := fix.automatic) is not None:
                done[AUTOMATIC] = apply(
                    connection,
                    fix,
                    automatic,
                    STAGING,
                    throttle,
                    listed=lambda _rows: review.listed(connection, automatic),
                ).changed
            for option in fix.options:
                if why := obstacle(connection, option):
                    offers[option.name] = OptionPreview(option, obstacle=why)
                elif option is not chosen and option.name in offered and (not again or chosen is None):
                    with connection.transaction(force_rollback=True):
                        listed(option, list_rows(connection, fix, option, STAGING))
            if chosen is not None and choice in offers:
                step.problem = offers[choice].obstacle
            elif chosen is not None:
                step.choice = choice
                done[choice] = apply(
                    connection, fix, chosen, STAGING, throttle, listed=lambda rows: listed(chosen, rows)
                ).changed
            step.rejected = rejected(connection, STAGING, fix.rule.id)
    except (FixError, psycopg.Error) as error:
        step.problem = str(error).splitlines()[0]
        done = {}
    if not again or chosen is None:
        step.offers = tuple(offers.get(option.name, OptionPreview(option)) for option in fix.options)
    for name, rows in done.items():
        if name == AUTOMATIC:
            step.automatic += rows
        else:
            step.changed += rows
    return [made for name, rows in done.items() if rows and (made := fix.option(name))]


def _keys(connection: psycopg.Connection, fix: Fix) -> tuple[str, ...]:
    rows = connection.execute(
        STAGING.text(
            "select (select string_agg(k.value, ', ' order by k.key) from jsonb_each_text(t.key) as k)"
            " from order_audit.todo as t where t.rule = %s order by t.place, t.step limit 10"
        ).encode(),
        [fix.rule.id],
    ).fetchall()
    return tuple(dict.fromkeys(row[0] for row in rows))


def guards_of(rules: Iterable[Rule]) -> list[Guard]:
    """The guards of these rules that are shipped, in the order in which they are installed."""
    ours = {rule.id for rule in rules if rule.suite == SUITE}
    return [
        guard
        for guard in guards().values()
        if ours and all(rule.id in ours or rule.suite not in shipped() for rule in guard.protects)
    ]


def _refused(connection: psycopg.Connection, guard: Guard, phase: str, counts: Mapping[str, int | None]) -> int | None:
    """How many rows a guard would refuse in a phase of the trial, as the verdicts on its rules say."""
    if missing_table(connection, guard):
        return None
    if not guard.refuses and any(counts.get(rule.id, 0) is None for rule in guard.protects):
        return None
    try:
        with connection.transaction():
            if guard.refuses:
                return refuses(connection, guard)
            row = connection.execute(
                "select count(distinct v.key) from pg_temp.order_audit_verdict as v"
                " where v.phase = %s and v.rule = any(%s)",
                [phase, [rule.id for rule in guard.protects]],
            ).fetchone()
            return int(row[0]) if row else 0
    except psycopg.ProgrammingError:
        return None


def _new(connection: psycopg.Connection) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
    """Violations that were not there before, by rule: how many, and the first keys."""
    rows = connection.execute(
        """
        select n.rule, count(*), (array_agg(n.key order by length(n.key), n.key collate "C"))[1:%s]
        from (
          select v.rule, v.key from pg_temp.order_audit_verdict as v where v.phase = 'after'
          except
          select v.rule, v.key from pg_temp.order_audit_verdict as v where v.phase = 'before'
        ) as n
        group by n.rule
        order by n.rule
        """,
        [NAMED],
    ).fetchall()
    return {row[0]: row[1] for row in rows}, {row[0]: tuple(row[2]) for row in rows}


def tables(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> dict[str, tuple[str, ...]]:
    """The tables that fixes change, each with its key, as far as they are there. Our own are not among them.

    A table without the columns of a key is another one that happens to have the name.
    """
    query = (
        "select from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attname = any(%s) and a.attnum > 0 and not a.attisdropped"
    )
    keys = {
        table: key
        for table, key in _keys_of(fixes)
        if connection.execute(query, [table, list(key)]).rowcount == len(set(key))
    }
    return dict(sorted(keys.items()))


def _keys_of(fixes: Mapping[str, Fix]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for fix in fixes.values():
        for option in [*([fix.automatic] if fix.automatic else []), *fix.options]:
            yield from ((change.table, change.key) for change in option.changes if change.op != "insert")


def none_there(fixes: Mapping[str, Fix]) -> str:
    """What is said where none of the tables is there, each with its key."""
    names = ", ".join(sorted({f"{table} ({', '.join(key)})" for table, key in _keys_of(fixes)}))
    return (
        f"the tables that fixes change are not here: {names}. --schema names the schema that holds them, --suite and"
        " --fixes rules and fixes of your own"
    )


def identity(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> dict[str, str]:
    """What a plan is made for: the database and its cluster, the columns of the tables, the files of the fixes."""
    database, schema = session.row(connection, "select current_database(), coalesce(current_schema(), '')")
    return {
        "database": database,
        "schema": schema,
        "cluster": session.system_identifier(connection),
        "tables": _digest(_shapes(connection, tables(connection, fixes))),
        "files": _digest([journal(), *(f"{id} {fix.rule.sql} {fix.text}" for id, fix in sorted(fixes.items()))]),
    }


def _shapes(connection: psycopg.Connection, names: Iterable[str]) -> list[str]:
    rows = connection.execute(
        """
        select format('%%s %%s %%s %%s', n.name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
        from unnest(%s::text[]) as n (name)
        join pg_attribute as a on a.attrelid = to_regclass(n.name)
        where a.attnum > 0 and not a.attisdropped
        order by n.name, a.attnum
        """,
        [sorted(names)],
    ).fetchall()
    return [row[0] for row in rows]


def _digest(parts: Iterable[str]) -> str:
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
