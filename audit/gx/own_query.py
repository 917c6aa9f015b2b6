"""Judge one rule by a separate query, on the connection of a Great Expectations batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from psycopg.rows import tuple_row

from order_audit import session
from order_audit.audit import digest_key, mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.catalog import Column
from order_audit.audit.database.dsn import OneStatement
from order_audit.audit.database.quoting import quoted, unique_names
from order_audit.audit.gx.stored_rule import stored_rule
from order_audit.audit.scans.batch_statement import groups_of, key_of_hit
from order_audit.audit.scans.limits_check import misfit
from order_audit.audit.scans.measured_sql import value_lines
from order_audit.audit.scans.measured_values import Values
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.rule_reader import loads
from order_audit.audit.secret_numbers import unnumbered
from order_audit.errors import RunError, UsageError
from order_audit.expectations import SuiteError


def judge(execution_engine: SqlAlchemyExecutionEngine, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Judge one rule in a read-only transaction that is rolled back; gives its violations, or an `error`.

    psycopg 3 sends the rule's text as one statement, and the server refuses a second one in it. Other drivers would
    send both: they get no text that the parser does not know to be one.
    """
    try:
        parsed = parsed_query.parse(stored_rule(kwargs["rule"], kwargs))
    except SuiteError as error:
        return {"error": str(error)}
    with execution_engine.get_connection() as connection:
        driver = connection.connection.driver_connection
        try:
            if isinstance(driver, psycopg.Connection):
                with driver.transaction(force_rollback=True):
                    cursor = OneStatement(driver, row_factory=tuple_row)
                    return _judge(lambda text: cursor.execute(text.encode()), kwargs)
            if parsed.calls is None:
                return {"error": "the rule's text cannot be read: only postgresql+psycopg:// can send it"}
            begin = connection.begin_nested if connection.in_transaction() else connection.begin
            with begin() as transaction:
                plain = connection.execution_options(no_parameters=True)
                outcome = _judge(lambda text: plain.exec_driver_sql(text).cursor, kwargs)
                transaction.rollback()
            return outcome
        except psycopg.Error as error:
            return {"error": mask.error(error)}
        except sqlalchemy.exc.DBAPIError as error:
            # the driver's message may quote data
            state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or ""
            return {"error": mask.message(str(error.orig).splitlines()[0], str(state))}


def _judge(execute: Callable[[str], Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    execute("set transaction read only")
    # in autocommit mode, the setting above ends with its statement
    if execute("select pg_catalog.current_setting('transaction_read_only')").fetchone()[0] != "on":
        return {"error": "the batch's connection is in AUTOCOMMIT mode, in which a rule could write"}
    names = [column[0] for column in execute(f"select * from (\n{kwargs['sql']}\n) as v limit 0").description]
    if missing := [name for name in kwargs["key"] if name not in names]:
        return {"error": f"the statement gives no column '{missing[0]}', which the header names as key"}
    values: list[dict[str, Any]] | None = None
    if kwargs.get("measure"):
        for name, value in session.TEXTS:
            execute(f"set local {name} to '{value}'")
        try:
            kwargs, values = _measured(execute, kwargs)
        except (RunError, UsageError) as error:
            return {"error": str(error)}
    violations, rows = execute(_statement(names, kwargs)).fetchone()
    examples = [{name: _masked(value, name, kwargs) for name, value in row.items()} for row in loads(rows or "[]")]
    tolerated = [level.above for level in stored_rule(kwargs["rule"], kwargs).levels]
    if violations and any(amount.is_percent for amount in tolerated):
        return {"error": "a share of the checked rows is unknown to a separate query"}
    return {
        "violations": violations,
        "is_tolerated": any(amount.includes(violations, None) for amount in tolerated),
        "checked": None,
        "examples": examples,
        **({"values": values} if values else {}),
    }


def _measured(execute: Callable[[str], Any], kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the arguments with the query of the groups that break a bound, and all values.

    Raises RunError if the query does not give a value for each group, UsageError for a wrong key file.
    """
    rule = stored_rule(kwargs["rule"], kwargs)
    described = execute(f"select * from (\n{kwargs['sql']}\n) as v limit 0").description
    columns = tuple(Column(column[0], column[1]) for column in described)
    if rule.measure is None or misfit(None, rule, columns):
        raise RunError(misfit(None, rule, columns))
    prepared = PreparedRule(rule, parsed_query.parse(rule), columns, None)
    groups = groups_of(prepared)
    taken = Values(digest_key.of_environment())
    for text in value_lines(f"(\n{groups}\n)", prepared, key_of_hit(prepared), 0):
        for kind, _, _, line in execute(text).fetchall():
            if kind == "g":
                taken.count(line)
            else:
                taken.add(line, prepared, unmask=False)
    if fault := taken.fault(prepared):
        raise RunError(fault)
    names = unique_names([column.name for column in columns])
    shown = ", ".join(f"h.e{place} as {quoted(name)}" for place, name in enumerate(names))
    sql = f"select {shown} from (\n{groups}\n) as h where h.broken is not null"
    values = [{"group": it.group, "value": it.value, "severity": it.severity} for it in taken.worst]
    return kwargs | {"sql": sql}, values


def _statement(names: list[str], kwargs: dict[str, Any]) -> str:
    """A rule's own query, its columns renamed by place: a name may come twice, and the first one of it is the key."""
    places = ", ".join(f"e{place}" for place in range(len(names)))
    key = ", ".join(f"v.e{names.index(name)}" for name in kwargs["key"]) or "true"
    order = key if kwargs["key"] else "1"
    null = " or ".join(f"v.e{names.index(name)} is null" for name in kwargs["key"]) or "false"
    shown = ", ".join(f"v.e{place} as {quoted(name)}" for place, name in enumerate(unique_names(names)))
    return (
        f"with v ({places}) as materialized (\n{kwargs['sql']}\n)\n"
        f"select (select count(*) from (\n"
        f"    select distinct {key}, case when {null} then row_number() over () end from v\n"
        f"  ) as k),\n"
        f"  (select pg_catalog.json_agg(pg_catalog.row_to_json(x.*))::text\n"
        f"   from (select {shown} from v order by {order} limit {int(kwargs['evidence'])}) as x)"
    )


def _masked(value: Any, name: str, kwargs: dict[str, Any]) -> Any:
    is_document = isinstance(value, dict | list)
    names: frozenset[str] | None = frozenset((name,))
    if name in (kwargs.get("harmless") or ()):
        names = frozenset()
    elif not mask.is_secret(names):
        # numbers of a column with unknown lineage are shown under a neutral name, as in an audit
        unknown = kwargs["unknown"]
        hidden = name in kwargs["personal"] or (isinstance(value, str) and (unknown is None or name in unknown))
        names = None if is_document or hidden else names
    if is_document:
        return unnumbered(mask.value(json.dumps(value), mask.JSON, names))
    return unnumbered(mask.value(value, mask.TEXT, names))
