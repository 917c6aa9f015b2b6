"""The files of a change as text: what is at their head, what they set, what they call."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from psycopg import sql

from fixes.fill import SETTINGS
from fixes.fix import AUTOMATIC, Fix, journal
from fixes.sqitch import Change

#: The change that all others need.
JOURNAL: Final = "journal"
_WIDTH: Final = 116


def journal_change(schema: str) -> Change:
    """The change that makes list and journal."""
    return Change(
        name=JOURNAL,
        requires=(),
        note="What all fixes need: a list of what is to be changed, and a journal of what was",
        deploy=_script([], schema, journal()),
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

    `counted` says where and when its rows were counted, `schema` is the search path that finds the tables, `before`
    are the changes that come before it.
    """
    rule = fix.rule.id
    after = {other: why for other, why in fix.after.items() if other in before}
    options = [option for option in map(fix.option, listings) if option is not None]
    tables = dict.fromkeys(change.table for option in options for change in option.changes if change.op != "insert")
    head = [f"{rule}: {fix.rule.title}"]
    for option in options:
        chosen = "" if option.name == AUTOMATIC else " (chosen)"
        head += ["", f"{option.name}{chosen}: {option.does}", *(f"  {line}" for line in does[option.name])]
    head += ["", counted]
    if fix.assumes:
        head += ["", f"Assumes: {fix.assumes}"]
    head += ["", *(f"Comes after {other}: {why}" for other, why in after.items())] if after else []
    head += [
        "",
        f"Locks: ROW EXCLUSIVE on {', '.join(tables)}, as any change of rows takes it; and the rows of a batch, until"
        " it is committed, within half a second. Rows that others hold are passed over and tried again.",
        "",
        "Each value is journaled in order_audit.journal with what it was before; the revert file puts it back. May be"
        " stopped at any moment and run again; not to be wrapped in a transaction.",
    ]
    return Change(
        name=rule,
        requires=(JOURNAL, *after),
        note=fix.rule.title,
        deploy=_script(head, schema, "\n\n".join(_call("apply", rule, *listing) for listing in listings.items())),
        revert=_script(
            [
                f"Puts back what {rule} changed, the last first. A row that somebody changed since is left alone, with"
                " those that were changed together with it; a notice names it.",
                "",
                "The changes after this one are to be reverted before it. Locks as when deployed. May be stopped at any"
                " moment and run again; not to be wrapped in a transaction.",
            ],
            schema,
            f"call order_audit.revert({literal(rule)});",
        ),
        verify=_script(
            [f"Fails where {rule} has something left to change. Changes nothing."],
            schema,
            "\n\n".join(
                ["begin;", *(_call("verify", rule, *listing) for listing in listings.items()), "rollback;"],
            ),
        ),
    )


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
        *(f"{setting};" for setting in SETTINGS),
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
    tag = "$list$"
    while tag in listing:
        tag = f"{tag[:-1]}_$"
    return f"call order_audit.{procedure}({literal(rule)}, {literal(option)}, {tag}\n{listing}\n{tag});"


_DROP: Final = """begin;

do $$
declare
  items bigint;
begin
  if not pg_try_advisory_xact_lock(x'6F72646572'::bigint) then
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
