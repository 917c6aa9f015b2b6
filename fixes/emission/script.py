"""The files of a change as text: what is at their head, what they set, what they call."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from psycopg import sql

from order_audit import session
from order_audit.fixes.emission.sqitch import Change
from order_audit.fixes.engine.work_list import indented
from order_audit.fixes.fix import AUTOMATIC, Fix, journal
from order_audit.fixes.guarding.guard import Guard, verification
from order_audit.fixes.guarding.objects import GuardObject, GuardStatement, Index, Trigger

#: The change that all others need.
JOURNAL: Final = "journal"
#: What the names of guards' changes begin with.
GUARD: Final = "guard."
_WIDTH: Final = 116


def journal_change(schema: str) -> Change:
    """The change that makes list and journal."""
    return Change(
        name=JOURNAL,
        requires=(),
        note="What all fixes need: a list of what is to be changed, and a journal of what was",
        deploy=_script(
            [], schema, f"set client_min_messages = warning; -- no notice of what is there already\n\n{journal()}"
        ),
        revert=_script(
            [
                "Drops the schema order_audit: the journal, and the secrets that were taken out of rows. Fails, and"
                " drops nothing, where something is applied that was not put back.",
                "",
                "Locks: none on any table but its own.",
            ],
            schema,
            _DROP,
        ),
        verify=_script(["Fails where the journal is not there. Changes nothing."], schema, _THERE),
    )


def fix_change(
    fix: Fix,
    listings: Mapping[str, str],
    does: Mapping[str, Sequence[str]],
    counted: str,
    schema: str,
    before: Collection[str],
) -> Change:
    """The change that applies options of a fix: for each the SQL that lists its rows, and what it does in words.

    `counted` says in what its rows were counted, `schema` is the search path that finds the tables, `before`
    are the changes that come before it.
    """
    rule = fix.rule.id
    after = {other: why for other, why in fix.after.items() if other in before}
    options = [option for option in map(fix.option, listings) if option is not None]
    tables = dict.fromkeys(change.table for option in options for change in option.changes if change.op != "insert")
    vacuum = "\n".join([_VACUUM, *(f"vacuum (skip_locked, truncate off) {table};" for table in tables)])
    head = [f"{rule}: {fix.rule.title}"]
    for option in options:
        chosen = "" if option.name == AUTOMATIC else " (chosen)"
        head += ["", f"{option.name}{chosen}: {option.does}", *(f"  {line}" for line in does[option.name])]
    head += ["", f"Counted {counted}."]
    if fix.assumes:
        head += ["", f"Assumes: {fix.assumes}"]
    head += ["", *(f"Comes after {other}: {why}" for other, why in after.items())] if after else []
    head += [
        "",
        f"Locks: ROW EXCLUSIVE on {', '.join(tables)}, as any change of rows takes it; and the rows of a batch, until"
        " it is committed. Rows that others hold are passed over and tried again, and a lock is waited for no longer"
        " than 100 ms. A batch is made smaller where it takes longer than an eighth of a second; but no timeout of the"
        " server holds for one batch of a CALL, and rows that change together are one batch, however many they are:"
        " 'order-audit fixes apply' ends each after --max-lock-wait. VACUUM takes SHARE UPDATE EXCLUSIVE at the end,"
        " for which nobody who reads or writes waits.",
        "",
        "Each value is journaled in order_audit.journal with what it was before; the revert file puts it back. May be"
        " stopped at any moment and run again; not to be wrapped in a transaction.",
    ]
    return Change(
        name=rule,
        requires=(JOURNAL, *after),
        note=fix.rule.title,
        deploy=_script(
            head, schema, "\n\n".join([*(_call("apply", rule, *listing) for listing in listings.items()), vacuum])
        ),
        revert=_script(
            [
                f"Puts back what {rule} changed, the last first. A row that somebody changed since is left alone, with"
                " those that were changed together with it; a notice names it.",
                "",
                "The changes after this one are to be reverted before it. Locks as when deployed. May be stopped at any"
                " moment and run again; not to be wrapped in a transaction.",
            ],
            schema,
            _where_there(f"call order_audit.revert({literal(rule)});", "raise notice 'nothing is applied';")
            + f"\n\n{vacuum}",
        ),
        verify=_script(
            [f"Fails where {rule} has something left to change. Changes nothing."],
            schema,
            "\n\n".join(
                ["begin;", *(_call("verify", rule, *listing) for listing in listings.items()), "rollback;"],
            ),
        ),
    )


def guard_change(guard: Guard, counted: str, schema: str, before: Collection[str]) -> Change:
    """The change that installs a guard."""
    protects = [rule.id for rule in guard.protects]
    judge = _patiently(_judge(guard), ";\n\n".join(filter(None, map(_undo, reversed(guard.objects)))))
    there = "\nand ".join(guard_object.exists_sql() for guard_object in guard.objects)
    body = [_IS_NEW.format(there=indented(indented(there))), judge]
    body += [
        _patiently(statement, _undo(guard_object) if statement.how == "long" else "")
        for guard_object in guard.objects
        for statement in guard_object.create_sql()
    ]
    if any(isinstance(guard_object, Trigger) for guard_object in guard.objects):
        body += ["-- a trigger does not look at the rows that came in before it", judge]
    head = [
        f"{guard.name}: {guard.title}",
        "",
        f"Protects {', '.join(protects)}. Fails, and leaves nothing behind, where a row is left that it would refuse;"
        f" there was none {counted}.",
    ]
    if guard.assumes:
        head += ["", f"Assumes: {guard.assumes}"]
    if guard.locks:
        head += ["", *(f"Locks on {line}." for line in guard.locks)]
    head += [
        "",
        "A statement that others may have to wait for gives up its wait for a lock soon, and is tried again. May be"
        " stopped at any moment and run again: what is half made is finished, or taken away. Not to be wrapped in a"
        " transaction.",
    ]
    return Change(
        name=GUARD + guard.name,
        requires=(
            JOURNAL,
            *(rule for rule in protects if rule in before),
            *(GUARD + name for name in guard.after if GUARD + name in before),
        ),
        note=guard.title,
        deploy=_script(head, schema, "\n\n".join(body)),
        revert=_script(
            [
                f"Removes the guard {guard.name}. Locks as when deployed.",
                "",
                "May be stopped at any moment and run again.",
            ],
            schema,
            "\n\n".join(
                _patiently(statement)
                if statement.how == "outside"
                else _where_there(_patiently(statement), f"{statement.text};")
                for guard_object in reversed(guard.objects)
                for statement in guard_object.drop_sql()
            ),
        ),
        verify=_script(
            [f"Fails where the guard {guard.name} is not there, or not valid. Changes nothing."],
            schema,
            f"{verification(guard)};",
        ),
    )


def _judge(guard: Guard) -> GuardStatement:
    """Fails where the guard, which was not there, would refuse a row."""
    rules = ", ".join(rule.id for rule in guard.protects)
    queries = {rules: guard.refuses} if guard.refuses else {rule.id: rule.sql for rule in guard.protects}
    tests = "".join(
        f"""
  if exists (
    select
    from (
      {indented(indented(indented(query))).lstrip()}
    ) as violation
  ) then
    raise exception 'guard {guard.name} is not installed: {found} still finds what it would refuse'
      using errcode = 'check_violation';
  end if;"""
        for found, query in queries.items()
    )
    text = f"""do $do$
begin
  if not current_setting('order_audit.is_new')::boolean then
    return;
  end if;{tests}
end
$do$"""
    return GuardStatement(text, "long")


def _undo(guard_object: GuardObject) -> str:
    """What takes away a part that is half made."""
    return (
        guard_object.create_sql()[0].text
        if isinstance(guard_object, Index)
        else ";\n\n".join(made.text for made in guard_object.drop_sql())
    )


def _patiently(statement: GuardStatement, otherwise: str = "") -> str:
    if statement.how == "outside":
        return (
            "set lock_timeout = '10min'; -- it waits for those who are at work, who do not wait for it\n"
            f"{statement.text};\n"
            "set lock_timeout = '100ms';"
        )
    words = _dollars("sql", statement.text)
    return f"call order_audit.patiently({words}{', ' + _dollars('otherwise', otherwise) if otherwise else ''});"


def _where_there(call: str, otherwise: str) -> str:
    """A call of the journal's, and what is done where the journal is gone: what reverts runs once more at any time."""
    body = f"""begin
  if to_regnamespace('order_audit') is not null then
{indented(indented(call))}
  else
{indented(indented(otherwise))}
  end if;
end"""
    return f"do {_dollars('do', body)};"


def _dollars(tag: str, text: str) -> str:
    """A text of several lines as SQL."""
    while f"${tag}$" in text:
        tag += "_"
    return f"${tag}$\n{text}\n${tag}$"


def literal(text: str) -> str:
    """Text as SQL."""
    return sql.Literal(text).as_string()


def _script(head: Sequence[str], schema: str, body: str) -> str:
    """A file: why, what it sets before anything else, what it does."""
    lines = [
        "set client_encoding = 'UTF8';",
        f"set search_path = {schema};",
        "set lock_timeout = '100ms';",
        "set statement_timeout = '4h'; -- a call is one statement, however many batches it commits",
        *(f"{statement};" for statement in session.set_statements()),
    ]
    return "\n\n".join([*([comment(head)] if head else []), "\n".join(lines), body])


def comment(lines: Sequence[str]) -> str:
    """Lines of text as a comment, wrapped, whatever is in a name."""
    made: list[str] = []
    for line in lines:
        safe = "".join(letter if letter.isprintable() else "?" for letter in line)
        further = "--   " if line.startswith(" ") else "-- "
        made += textwrap.wrap(safe, _WIDTH, initial_indent="-- ", subsequent_indent=further) or ["--"]
    return "\n".join(made)


def _call(procedure: str, rule: str, option: str, listing: str) -> str:
    return f"call order_audit.{procedure}({literal(rule)}, {literal(option)}, {_dollars('list', listing)});"


_VACUUM: Final = """-- makes room of the rows as they were before; passes over a table that autovacuum is at, and,
-- with a warning, over one of another role"""
_IS_NEW: Final = """-- whether it is made now, or was there before
do $do$
begin
  perform set_config('order_audit.is_new', (
    not (
    {there}
    )
  )::text, false);
end
$do$;"""
_DROP: Final = f"""begin;

do $$
declare
  items bigint;
  part record;
begin
  if not pg_try_advisory_xact_lock(x'{session.LOCK:X}'::bigint) then
    raise exception 'a run of fixes is at work on this database' using hint = 'Wait until it has ended.';
  end if;
  if to_regclass('order_audit.journal') is not null then
    lock table order_audit.journal in share mode;
    select count(*) into items from order_audit.journal as j where j.reverted_at is null;
    if items > 0 then
      raise exception '% changes are journaled that were not put back', items
        using hint = 'What stood there before stands in order_audit.journal alone. Revert the other changes first;'
          ' or keep the journal; or, if nobody will ever need it, drop schema order_audit cascade.';
    end if;
    -- rows that somebody made meanwhile, of rows in which a reference stood in the place of a secret
    for part in
      select distinct j.tab, k.col
      from order_audit.journal as j
      cross join lateral jsonb_each_text(j.after) as k (col, value)
      where k.value ~ 'secret-ref:order-audit/' and to_regclass(j.tab) is not null
    loop
      execute format(
        $count$ select count(*) from %s where %I::text ~ 'secret-ref:order-audit\\\\?/[0-9]' $count$, part.tab, part.col
      )
      into items;
      if items > 0 then
        raise exception '% rows of % refer to secrets that order_audit.secret keeps', items, part.tab
          using hint = 'Put the secrets, or references to another place, into these rows first.';
      end if;
    end loop;
  end if;
  if exists (
    select
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_proc as p on p.oid = d.refobjid
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where d.refclassid = 'pg_proc'::regclass and n.nspname = 'order_audit'
      and d.classid in ('pg_constraint'::regclass, 'pg_trigger'::regclass)
  ) then
    raise exception 'guards are installed that need the schema order_audit'
      using hint = 'Revert them first, or keep it.';
  end if;
end
$$;

-- without a notice for each object
set local client_min_messages = warning;
-- the schema is ours alone, and holds nothing that is still needed
-- squawk-ignore ban-drop-schema
drop schema if exists order_audit cascade;

commit;"""
_THERE: Final = """select
  'order_audit.todo'::regclass,
  'order_audit.journal'::regclass,
  'order_audit.secret'::regclass,
  'order_audit.apply(text, text, text, integer, integer, integer)'::regprocedure,
  'order_audit.revert(text, integer, integer, integer)'::regprocedure,
  'order_audit.verify(text, text, text)'::regprocedure;"""
