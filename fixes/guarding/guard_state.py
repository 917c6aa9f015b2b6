"""Whether a guard exists, and how many rows it would reject."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import psycopg
from psycopg import sql

from order_audit import session
from order_audit.expectations import Rule
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_object import State


def state(connection: psycopg.Connection, guard: Guard) -> State:
    """Whether a guard is there. Valid too where others have made something of the same effect.

    `missing`: not complete; `invalid`: not validated, unfinished or disabled;
    `different` is where something else has a name that it needs. It takes the right to make temporary tables; in a
    transaction that may only read, definitions are not compared.
    """
    try:
        with connection.transaction():
            return worst_state([guard_object.state(connection) for guard_object in guard.objects])
    except psycopg.ProgrammingError:  # no such table or column
        return "missing"


def worst_state(states: list[State]) -> State:
    worst: tuple[State, ...] = ("different", "invalid", "missing")
    return next((state for state in worst if state in states), "valid")


def refuses(connection: psycopg.Connection, guard: Guard, counts: Mapping[str, int] = MappingProxyType({})) -> int:
    """How many rows a guard would refuse today; `counts` are the violations of rules, as far as they are known."""
    known = [counts.get(rule.id, -1) for rule in guard.protects]
    if not guard.refuses and ((len(known) == 1 and known[0] >= 0) or not any(known)):
        return sum(known)
    with connection.transaction():
        session.configure(connection, local=True)
        return int(session.scalar(connection, rejected_rows_sql(connection, guard)))


def rejected_rows_sql(connection: psycopg.Connection, guard: Guard) -> str:
    query = guard.refuses or "\nunion\n".join(
        f"select distinct {_key(connection, rule)} from (\n{rule.sql}\n) as v" for rule in guard.protects
    )
    return f"select count(*) from (\n{query}\n) as refused"


def _key(connection: psycopg.Connection, rule: Rule) -> str:
    return "row(" + ", ".join(f"v.{sql.Identifier(column).as_string(connection)}" for column in rule.key) + ")::text"


def error_line(error: psycopg.Error) -> str:
    """Return the server's message, without the values in its detail."""
    return str(error).split("\n", 1)[0]
