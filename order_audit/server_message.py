"""Messages of the server, masked: they may quote values of rows. Names of tables, columns and files are shown."""

from __future__ import annotations

import re
from typing import Final

import psycopg

#: Errors whose messages concern the server and never contain a value: connections, transactions, resources, operators.
_SAFE_CLASSES: Final = ("08", "25", "28", "40", "53", "54", "57", "58")
#: A denied table, a locked one.
_SAFE_STATES: Final = ("42501", "55P03")
#: Errors whose messages name the constraint that a row violates.
_CONSTRAINTS: Final = "23"
#: Errors on names that do not exist, are ambiguous, or exist already. At a position in the statement, the name stands
#: there; elsewhere it may be a value: of a cast to regclass, of current_setting, of a statement in a function.
_NAMING_STATES: Final = (
    "42P01", "42703", "42702", "42P09", "42704", "42883", "42725", "42P07", "42701", "42710", "42723", "3F000", "42809",
    "42804", "42803",
)  # fmt: skip
#: Quoted parts of a message, in the quotation marks of the server's languages.
_QUOTED: Final = re.compile(r"[\"'`´‘’‚“”„«»‹›「」『』].*[\"'`´‘’‚“”„«»‹›「」『』]")


def server_message(failure: psycopg.Error, *, unmask: bool = False) -> str:
    """Return a server's message in one line, masked, because it may quote rows."""
    said = failure.diag.message_primary or str(failure) or type(failure).__name__
    if unmask:
        return " ".join(said.split())
    raised = failure.diag.source_function == "exec_stmt_raise"
    return masked(
        said,
        failure.sqlstate or "",
        raised=raised,
        nested=bool(failure.diag.context),
        is_at_name=failure.diag.statement_position is not None,
    )


def masked(said: str, sqlstate: str, *, raised: bool = False, nested: bool = True, is_at_name: bool = False) -> str:
    """Return a server's message in one line, masked.

    Messages on the server itself are shown, and those on constraints and on names of the statement itself: not `nested`
    in a function, and with the position of the name. Others lose quoted parts. A message `raised` by a function is
    replaced, because it may contain any value.
    """
    said = " ".join(said.split())
    if raised or sqlstate[:2] in ("P0", "38", "39", "XX"):
        return f"a function raised an error ({sqlstate}); its message may quote data: --unmask shows it"
    if not sqlstate or sqlstate[:2] in _SAFE_CLASSES or sqlstate in _SAFE_STATES:
        return said
    if not nested and (sqlstate[:2] == _CONSTRAINTS or (is_at_name and sqlstate in _NAMING_STATES)):
        return said
    return _QUOTED.sub('"…"', said)
