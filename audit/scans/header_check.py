"""Check SQL in a rule's header: one condition, or one query."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import errors

from order_audit.audit import mask
from order_audit.audit.database import catalog
from order_audit.expectations import Rule

#: PostgreSQL parses a text as a whole before it looks up any name, so that these are errors of the text alone.
_SYNTAX = (errors.SyntaxError, errors.InvalidTextRepresentation)


def misplaced(connection: psycopg.Connection, rule: Rule) -> str:
    """Return an error for invalid SQL in a rule's header; empty if it is valid.

    The server parses each text and runs none of them.
    """
    for what, text, names_are_known in _texts(rule):
        try:
            with connection.transaction():
                catalog.describe(connection, text)
        except _SYNTAX as error:
            return f"{what}: {mask.error(error, unmask=True)}"
        except psycopg.Error as error:
            if names_are_known:
                return f"{what}: {mask.error(error, unmask=True)}"
    return ""


def _texts(rule: Rule) -> Iterator[tuple[str, str, bool]]:
    """An error message, a statement with the text, and whether all names in it must exist."""
    if rule.highlight is not None and rule.highlight.test:
        message = "the header's 'highlight … where …' is not one condition on 'value'"
        value = "from (select null::text as value) as v"
        # what could close the bracket of the one cannot stand in the other
        yield message, f"select 1 {value} where (\n{rule.highlight.test}\n)", True
        yield message, f"select case when\n{rule.highlight.test}\nthen 1 end {value}", True
    if rule.prefilter is not None:
        # its row has no name here
        yield "the header's 'prefilter' is not one query", rule.prefilter.query, False
