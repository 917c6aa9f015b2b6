"""Judge one rule by a separate query, on the connection of a Great Expectations batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from psycopg.rows import tuple_row

from order_audit.audit import mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.dsn import OneStatement
from order_audit.audit.database.quoting import quoted
from order_audit.audit.gx.stored_rule import stored_rule
from order_audit.audit.scans.batch_execution import loads
from order_audit.audit.scans.batch_statement import unique_names
from order_audit.audit.secret_numbers import unnumbered
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
    if execute("select current_setting('transaction_read_only')").fetchone()[0] != "on":
        return {"error": "the batch's connection is in AUTOCOMMIT mode, in which a rule could write"}
    names = [column[0] for column in execute(f"select * from (\n{kwargs['sql']}\n) as v limit 0").description]
    if missing := [name for name in kwargs["key"] if name not in names]:
        return {"error": f"the statement gives no column '{missing[0]}', which the header names as key"}
    violations, rows = execute(_statement(names, kwargs)).fetchone()
    examples = [
        {name: _masked(value, name, kwargs["personal"], kwargs["unknown"]) for name, value in row.items()}
        for row in loads(rows or "[]")
    ]
    return {"violations": violations, "checked": None, "examples": examples}


def _statement(names: list[str], kwargs: dict[str, Any]) -> str:
    """A rule's own query, its columns renamed by place: a name may come twice, and the first one of it is the key."""
    places = ", ".join(f"e{place}" for place in range(len(names)))
    key = ", ".join(f"v.e{names.index(name)}" for name in kwargs["key"])
    null = " or ".join(f"v.e{names.index(name)} is null" for name in kwargs["key"])
    shown = ", ".join(f"v.e{place} as {quoted(name)}" for place, name in enumerate(unique_names(names)))
    return (
        f"with v ({places}) as materialized (\n{kwargs['sql']}\n)\n"
        f"select (select count(*) from (\n"
        f"    select distinct {key}, case when {null} then row_number() over () end from v\n"
        f"  ) as k),\n"
        f"  (select json_agg(row_to_json(x.*))::text\n"
        f"   from (select {shown} from v order by {key} limit {int(kwargs['evidence'])}) as x)"
    )


def _masked(value: Any, name: str, personal: list[str], unknown: list[str] | None) -> Any:
    if isinstance(value, dict | list):
        return unnumbered(mask.value(json.dumps(value), mask.JSON, {name} if mask.is_secret({name}) else None))
    # numbers of a column with unknown lineage are shown under a neutral name, as in an audit
    hidden = name in personal or (isinstance(value, str) and (unknown is None or name in unknown))
    return unnumbered(mask.value(value, mask.TEXT, None if hidden and not mask.is_secret({name}) else {name}))
