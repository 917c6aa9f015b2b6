"""What the fixes would do, found out on copies: every step, what is left, and what comes to light by it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import sql

from expectations import Rule, shipped
from fixes import trial
from fixes.decisions import Decisions, Reviewed
from fixes.fill import TRIAL
from fixes.fix import LEAVE, Fix, FixError, Option, journal
from fixes.guard import Guard, guards, refuses
from fixes.work import Pace, apply, list_rows

#: Keys that a plan names one by one.
NAMED: Final = 100
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Offer:
    """An option at its turn: how many rows it would change, and the keys of some of them."""

    option: Option
    rows: int
    keys: tuple[str, ...]


@dataclass
class Step:
    """A fix at its turn.

    `found` are its rule's violations before anything is changed, `automatic` the rows changed because there is one
    right answer, `offers` what each option would change of what is left, `choice` the option that is taken and
    `changed` its rows; `left` are the rule's violations after all steps.
    """

    fix: Fix
    found: int
    automatic: int = 0
    offers: tuple[Offer, ...] = ()
    choice: str = LEAVE
    changed: int = 0
    left: int = 0
    trouble: str = ""

    @property
    def undecided(self) -> int:
        """Rows that an option would change, of which none was chosen."""
        return max((offer.rows for offer in self.offers), default=0) if self.choice == LEAVE else 0


@dataclass(frozen=True)
class Guarded:
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
    guards: tuple[Guarded, ...] = ()


def plan(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    *,
    tell: Tell = lambda _done, _of, _note: None,
) -> Plan:
    """Try the fixes, with these choices, on temporary copies of the tables; nothing of the database is changed."""
    total = len(fixes) + 2 * len(rules)
    done = 0

    def step_told(note: str) -> None:
        nonlocal done
        done += 1
        tell(done, total, note)

    who = identity(connection, fixes)
    steps: list[Step] = []
    with trial.trial(connection, tables(connection, fixes)):
        before = trial.judge(connection, rules, "before", tell=lambda rule: step_told(rule))
        seen = {id: reviewed(connection, fix, before[id]) for id, fix in fixes.items()}
        guarding = guards_of(rules)
        refused = {guard.name: _refused(connection, guard, "before") for guard in guarding}
        touched = False
        for id, fix in fixes.items():
            step = Step(fix, before[id] or 0)
            steps.append(step)
            # what found nothing, and had nothing changed before it, has nothing to do
            if before[id] is not None and (step.found or touched):
                _try(connection, step, choices.get(id, LEAVE))
                touched = touched or bool(step.automatic or step.changed)
            step_told(id)
        after = trial.judge(connection, rules, "after", tell=lambda rule: step_told(rule)) if touched else dict(before)
        new_counts, new = _new(connection) if touched else ({}, {})
        guarded = tuple(
            Guarded(
                guard,
                refused[guard.name],
                _refused(connection, guard, "after") if touched else refused[guard.name],
            )
            for guard in guarding
        )
    for step in steps:
        step.left = after[step.fix.rule.id] or 0
    return Plan(who, tuple(steps), before, after, new, new_counts, seen, guarded)


def review(
    connection: psycopg.Connection, rules: Sequence[Rule], fixes: Mapping[str, Fix], wanted: Iterable[str]
) -> dict[str, Reviewed]:
    """What the wanted rules find now, as a plan would say."""
    wanted = set(wanted)
    with trial.trial(connection, tables(connection, fixes)):
        before = trial.judge(connection, [rule for rule in rules if rule.id in wanted], "before")
        return {id: reviewed(connection, fix, before[id]) for id, fix in fixes.items() if id in before}


def _try(connection: psycopg.Connection, step: Step, choice: str) -> None:
    fix, pace = step.fix, Pace(batch=1_000_000, wait=0, vacuum=0)
    try:
        with connection.transaction():
            if fix.automatic:
                step.automatic = apply(connection, fix, fix.automatic, TRIAL, pace).changed
            offers = []
            for option in fix.options:
                with connection.transaction(force_rollback=True):
                    rows = list_rows(connection, fix, option, TRIAL)
                    offers.append(Offer(option, rows, _keys(connection, fix)))
            step.offers = tuple(offers)
            if (chosen := fix.option(choice)) is not None:
                step.choice = choice
                step.changed = apply(connection, fix, chosen, TRIAL, pace).changed
    except (FixError, psycopg.Error) as error:
        step.automatic = step.changed = 0
        step.trouble = str(error).splitlines()[0]


def _keys(connection: psycopg.Connection, fix: Fix) -> tuple[str, ...]:
    rows = connection.execute(
        TRIAL.text(
            "select (select string_agg(k.value, ', ' order by k.key) from jsonb_each_text(t.key) as k)"
            " from order_audit.todo as t where t.rule = %s order by t.place, t.step limit 10"
        ).encode(),
        [fix.rule.id],
    ).fetchall()
    return tuple(dict.fromkeys(row[0] for row in rows))


def guards_of(rules: Iterable[Rule]) -> list[Guard]:
    """The guards of these rules that are shipped, in the order in which they are installed."""
    ours = {rule.id for rule in rules if rule.suite in shipped()}
    return [
        guard
        for guard in guards().values()
        if ours and all(rule.id in ours or rule.suite not in shipped() for rule in guard.protects)
    ]


def _refused(connection: psycopg.Connection, guard: Guard, phase: str) -> int | None:
    """How many rows a guard would refuse in a phase of the trial, as the verdicts on its rules say."""
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
    """The tables that fixes change, each with its key, as far as they are there. Our own are not among them."""
    keys: dict[str, tuple[str, ...]] = {}
    for fix in fixes.values():
        for option in [*([fix.automatic] if fix.automatic else []), *fix.options]:
            keys.update({change.table: change.key for change in option.changes if change.op != "insert"})
    there = connection.execute(
        "select t.name from unnest(%s::text[]) as t (name) where to_regclass(t.name) is not null", [sorted(keys)]
    ).fetchall()
    return {name: keys[name] for (name,) in there}


def identity(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> dict[str, str]:
    """What a plan is made for: the database and its cluster, the columns of the tables, the files of the fixes."""
    row = connection.execute("select current_database(), coalesce(current_schema(), '')").fetchone()
    assert row is not None  # noqa: S101 - one row by construction
    try:
        with connection.transaction():
            cluster = connection.execute("select system_identifier::text from pg_control_system()").fetchone()
    except psycopg.Error:  # not ours to read
        cluster = None
    return {
        "database": row[0],
        "schema": row[1],
        "cluster": cluster[0] if cluster else "",
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


def reviewed(connection: psycopg.Connection, fix: Fix, found: int | None) -> Reviewed:
    """What a rule found, of which the keys stand in the trial's verdict: the rows with their keys, and a fingerprint.

    The fingerprint is a sum over the rows, each as the first eight bytes of its text's SHA-256.
    """
    table = next((change.table for option in [fix.automatic, *fix.options] if option for change in option.changes
                  if change.key == fix.rule.key and change.op != "insert"), None)  # fmt: skip
    if not found:
        return Reviewed(0, "0")
    if table is None:
        total = "sum(('x' || left(encode(sha256(convert_to(v.key, 'UTF8')), 'hex'), 16))::bit(64)::bigint::numeric)"
        join: sql.Composable = sql.SQL("")
    else:
        total = (
            "sum(('x' || left(encode(sha256(convert_to(the_row::text, getdatabaseencoding())), 'hex'), 16))"
            "::bit(64)::bigint::numeric)"
        )
        join = sql.SQL("left join pg_temp.{} as the_row on the_row.{}::text = v.key").format(
            sql.Identifier(table), sql.Identifier(fix.rule.key[0])
        )
    row = connection.execute(
        sql.SQL(
            "select count(*), coalesce({}, 0)::text, "
            '(array_agg(v.key order by length(v.key), v.key collate "C"))[1:{}]'
            " from pg_temp.order_audit_verdict as v {} where v.phase = 'before' and v.rule = {}"
        ).format(sql.SQL(total), NAMED, join, fix.rule.id)
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return Reviewed(row[0], row[1], tuple(row[2]) if row[0] <= NAMED else ())


def differences(decisions: Decisions, now: Mapping[str, Reviewed], who: Mapping[str, str]) -> list[str]:
    """Where what is there now is not what was reviewed; a line each, none for a policy."""
    if not decisions.plan:
        return []
    lines = []
    for name, what in {
        "database": "database",
        "cluster": "database server",
        "schema": "schema",
        "tables": "columns of the tables",
        "files": "fix files or rules",
    }.items():
        if decisions.plan.get(name) != who[name]:
            shown = f": '{decisions.plan.get(name)}' then, '{who[name]}' now" if name in ("database", "schema") else ""
            lines.append(f"another {what}{shown}" if name in ("database", "cluster", "schema") else f"other {what}")
    for rule, then in sorted(decisions.reviewed.items()):
        here = now.get(rule)
        if here is None or (here.rows, here.fingerprint) == (then.rows, then.fingerprint):
            continue
        lines.append(f"{rule}: {_difference(then, here)}")
    return lines


def _difference(then: Reviewed, now: Reviewed) -> str:
    if (then.rows and not then.keys) or (now.rows and not now.keys):
        return f"{then.rows} rows then, {now.rows} now" if then.rows != now.rows else f"{now.rows} rows, not the same"
    gone = [key for key in then.keys if key not in now.keys]
    come = [key for key in now.keys if key not in then.keys]
    said = [f"{' '.join(come[:10])} new"] if come else []
    said += [f"{' '.join(gone[:10])} gone"] if gone else []
    return "; ".join(said) or f"the same {now.rows} keys, with other values"
