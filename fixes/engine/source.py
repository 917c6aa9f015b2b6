"""The query of a change, with what it may read, and the places of its errors in the files."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import psycopg

from order_audit.expectations.fragments import Line
from order_audit.fixes.fix import Change, Fix, FixError
from order_audit.foreign_code import whole_path
from order_audit.server_message import server_message

#: A whole comment, literal or quoted name, or the end of a line.
_LITERAL: Final = re.compile(
    r"""--[^\n]*|/\*.*?\*/|\be'(?:[^'\\]|\\.|'')*'|'[^']*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|\n+""",
    re.DOTALL | re.IGNORECASE,
)
#: Before the query of a change where it is described.
_BEGIN: Final = "select * from "


def source(fix: Fix, change: Change) -> str:
    """Return the query of a change as an item of a FROM list, called `f`, with `violation` and what is given."""
    given = [f"{name} as (\n{indented(text)}\n)" for name, text in change.given]
    if _reads_violation(change):
        given.insert(0, f"violation as materialized (\n{indented(fix.rule.sql)}\n)")
    query = f"with {', '.join(given)}\n{_as_query(change.sql)[0]}" if given else change.sql
    return f"(\n{indented(query)}\n) as f"


def columns_of(connection: psycopg.Connection, fix: Fix, change: Change, as_text: str) -> list[str]:
    """Return the columns of a change's query; `as_text` is its source as it is sent.

    Raises FixError with file and line if the server cannot run it.
    """
    try:
        with connection.transaction(), whole_path(connection), connection.cursor() as cursor:
            cursor.execute(f"{_BEGIN}{as_text} limit 0".encode())
            return [column.name for column in cursor.description or ()]
    except psycopg.errors.InsufficientPrivilege:
        raise
    except psycopg.ProgrammingError as error:
        raise FixError(f"{_place(fix, change, error)}: {_said(error)}") from error


def _said(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.UndefinedTable) and (name := re.search('"(.*)"', str(error).split("\n")[0])):
        return f'there is no table "{name[1]}"'
    return server_message(error)


def _place(fix: Fix, change: Change, error: psycopg.Error) -> str:
    """Return file and line of an error, those of the change if the server names no position."""
    position = error.diag.statement_position
    if position is None:
        return change.where or fix.path
    text = f"{_BEGIN}{source(fix, change)}"
    number = text[: int(position) - 1].count("\n")
    lines = _lines(fix, change)
    line = lines[number] if number < len(lines) else None
    return f"{line.path}:{line.number}" if line else change.where or fix.path


def _lines(fix: Fix, change: Change) -> list[Line | None]:
    """Return the origin of each line of the text that is sent, None where there is none."""
    lines: list[Line | None] = [None]
    blocks = list(change.given_lines)
    if _reads_violation(change):
        blocks.insert(0, fix.rule.lines)
    counts = [text.count("\n") + 1 for _, text in change.given]
    if _reads_violation(change):
        counts.insert(0, fix.rule.sql.count("\n") + 1)
    for block, count in zip(blocks, counts, strict=False):
        lines += [None, *_first(block, count)]
    skipped, wrapped = 0, False
    if blocks:
        lines.append(None)
        _, skipped, wrapped = _as_query(change.sql)
    own = _first(change.lines, change.sql.count("\n") + 1)[skipped:]
    return [*lines, *([None, None] if wrapped else []), *own]


def _first(lines: tuple[Line, ...], count: int) -> list[Line | None]:
    return [*lines[:count], *([None] * (count - len(lines)))]


def _reads_violation(change: Change) -> bool:
    return any("violation" in text for text in (change.sql, *(text for _, text in change.given)))


def _as_query(text: str) -> tuple[str, int, bool]:
    """Return a query that can follow a WITH list, the number of lines left out, and whether it is wrapped."""
    lines = 0
    first = text.lstrip().split(None, 1)[0].lower() if text.strip() else ""
    while first.startswith("--"):
        text = text.lstrip().split("\n", 1)[1]
        lines += 1
        first = text.lstrip().split(None, 1)[0].lower()
    wrapped = first == "with"
    return (f"select *\nfrom (\n{indented(text)}\n) as q" if wrapped else text), lines, wrapped


@lru_cache(maxsize=1024)
def indented(text: str) -> str:
    """Indent SQL by two columns, except inside literals.

    Remembered: the same rules and queries are written into several statements of each pass.
    """
    return "  " + _LITERAL.sub(lambda found: found[0] + "  " * (found[0][0] == "\n"), text)
