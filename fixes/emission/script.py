"""SQL scripts as text: header comment, settings, procedure calls."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from psycopg import sql

from order_audit import session
from order_audit.fixes.engine.source import indented
from order_audit.fixes.guarding.guard_object import GuardStatement

_WIDTH: Final = 116


def patiently(statement: GuardStatement, otherwise: str = "") -> str:
    if statement.how == "outside":
        return (
            "set lock_timeout = '10min'; -- waits for running transactions without blocking them\n"
            f"{statement.text};\n"
            "set lock_timeout = '100ms';"
        )
    words = _dollars("sql", statement.text)
    return f"call order_audit.patiently({words}{', ' + _dollars('otherwise', otherwise) if otherwise else ''});"


def where_there(call: str, otherwise: str) -> str:
    """Return a call of the schema order_audit, with an alternative if the schema is gone: reverts can run again."""
    body = f"""begin
  if to_regnamespace('order_audit') is not null then
{indented(indented(call))}
  else
{indented(indented(otherwise))}
  end if;
end"""
    return f"do {_dollars('do', body)};"


def _dollars(tag: str, text: str) -> str:
    """Return text as a dollar-quoted SQL literal."""
    while f"${tag}$" in text:
        tag += "_"
    return f"${tag}$\n{text}\n${tag}$"


def deployed(change: str, schema: str) -> str:
    """Return the statement that records a deployed change of the project for a schema."""
    return (
        f"insert into order_audit.deployed (project, change) values ({literal(schema)}, {literal(change)})"
        " on conflict do nothing;"
    )


def refuse_others(change: str, schema: str) -> str:
    """Return the statement that fails if a change was deployed by the project for another schema, and not by this."""
    body = f"""declare
  other text;
begin
  if to_regclass('order_audit.deployed') is null then
    return;
  end if;
  select min(d.project) into other
  from order_audit.deployed as d
  where d.change = {literal(change)}
  having not bool_or(d.project = {literal(schema)});
  if other is not null then
    raise exception '% was deployed for schema %, and this file is for schema %',
      {literal(change)}, other, {literal(schema)}
      using hint = 'Revert it with the files of the other project.';
  end if;
end"""
    return f"do {_dollars('own', body)};"


def forgotten(change: str, schema: str) -> str:
    """Return the statement that removes the record of a deployed change."""
    body = f"""begin
  if to_regclass('order_audit.deployed') is not null then
    delete from order_audit.deployed as d where d.project = {literal(schema)} and d.change = {literal(change)};
  end if;
end"""
    return f"do {_dollars('own', body)};"


def literal(text: str) -> str:
    """Return text as an SQL literal."""
    return sql.Literal(text).as_string()


def script(head: Sequence[str], schema: str, body: str) -> str:
    """Return the text of a file: header comment, settings, body."""
    lines = [
        "set client_encoding = 'UTF8';",
        f"set search_path = {schema};",
        "set lock_timeout = '100ms';",
        "set statement_timeout = '4h'; -- a call is one statement, however many batches it commits",
        *(f"{statement};" for statement in session.set_statements()),
    ]
    return "\n\n".join([*([comment(head)] if head else []), "\n".join(lines), body])


def comment(lines: Sequence[str]) -> str:
    """Return lines as a wrapped SQL comment; unprintable characters become ?."""
    made: list[str] = []
    for line in lines:
        safe = "".join(letter if letter.isprintable() else "?" for letter in line)
        further = "--   " if line.startswith(" ") else "-- "
        made += textwrap.wrap(
            safe, _WIDTH, initial_indent="-- ", subsequent_indent=further, break_on_hyphens=False,
            break_long_words=False,
        ) or ["--"]  # fmt: skip
    return "\n".join(made)


def call(procedure: str, rule: str, option: str, listing: str) -> str:
    return f"call order_audit.{procedure}({literal(rule)}, {literal(option)}, {_dollars('list', listing)});"
