"""Instances of rules that are repeated for the rows of a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import psycopg

from order_audit import session
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database import catalog
from order_audit.audit.scans.outcome import Failure, Outcome
from order_audit.audit.scans.prepared_rule import failure
from order_audit.expectations import Rule, Suite, SuiteError, instances, variable_use
from order_audit.expectations.variables import NAME
from order_audit.foreign_code import whole_path
from order_audit.reports.document import Cause


def made_instances(
    connection: psycopg.Connection, suite: Suite, pending: Iterable[Rule]
) -> tuple[Suite, dict[str, Outcome]]:
    """Run the queries of rules that are repeated; return the suite with their instances in their places.

    A rule without an instance stays as it is, with an outcome. Raises SuiteError for a variable that its query does not
    return.
    """
    made: dict[str, Sequence[Rule]] = {}
    outcomes: dict[str, Outcome] = {}
    for rule in pending:
        found = _instances(connection, rule)
        if isinstance(found, Outcome):
            outcomes[rule.id] = found
        else:
            made[rule.id] = found
    return instances.expanded(suite, made), outcomes


def _instances(connection: psycopg.Connection, rule: Rule) -> list[Rule] | Outcome:
    query = _query(rule)
    body = parsed_query.parse(query).body
    before = ""
    try:
        with session.undone(connection, may_lock=True):
            columns = [column.name for column in catalog.describe(connection, body)]
            if message := _unfit(rule, columns):
                return Outcome("errored", failure=Failure(message))
            places = [f"v{place}" for place in range(len(columns))]
            values = ", ".join(f"v.{name}::text" for name in places)
            before = f"select {values} from (\n"
            text = f"{before}{body}\n) as v ({', '.join(places)}) limit {instances.MOST + 1}"
            with whole_path(connection):
                rows = connection.execute(text.encode()).fetchall()
    except psycopg.Error as error:
        if connection.closed:
            raise
        return Outcome("errored", failure=failure(connection, query, error, offset=len(before), unmask=not before))
    if not rows:
        return Outcome("not_checkable", cause=Cause("no_instances"))
    if len(rows) > instances.MOST:
        message = f"for_each gives more than {instances.MOST:,} rows: select fewer"
        return Outcome("errored", failure=Failure(message))
    empty = next((name for row in rows for name, value in zip(columns, row, strict=True) if not value), None)
    if empty is not None:
        return Outcome("errored", failure=Failure(f"for_each gives a row without a value in column '{empty}'"))
    variable_use.check_body(rule, {*dict(rule.values), *columns})
    try:
        return instances.instances(rule, columns, rows)
    except SuiteError as error:
        return Outcome("errored", failure=Failure(str(error)))


def _query(rule: Rule) -> Rule:
    """Return the query of `for_each` as a rule, with the values of its variables and its places in the file."""
    assert rule.for_each is not None  # noqa: S101 - it is pending
    query = replace(
        rule, sql=rule.for_each.query, lines=rule.for_each.lines, for_each=None, prefilter=None, highlight=None
    )
    return instances.bound(query, dict(rule.values))


def _unfit(rule: Rule, columns: list[str]) -> str:
    """Return an error for columns that no variable can be called; else an empty text."""
    for name in columns:
        if not NAME.fullmatch(name):
            return f"for_each gives a column '{name}', which no variable can be called: write 'as name', in lower case"
        if columns.count(name) > 1:
            return f"for_each gives the column '{name}' twice"
        if name in dict(rule.values):
            return f"for_each gives a column '{name}', which 'variables' declares too"
    return "" if columns else "for_each gives no column"
