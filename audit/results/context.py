"""What stands around the examples of violations, looked up in the snapshot by key once the rules are judged: which of
several columns is the wrong one, the ancestors of an order, what a customer's live orders come to.

It explains a few rows and decides nothing. A look-up is left out where a large table has no index for it, and one that
fails (for want of a right, or of time) costs nothing but its diagram; the result then says why, and what would help.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from order_audit.audit import mask
from order_audit.audit.analysis.highlight import highlight
from order_audit.audit.analysis.parsed_query import Name
from order_audit.audit.database import catalog, sampling
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.batch_execution import loads
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import Task
from order_audit.expectations.orders import LIVE

#: What is drawn of one rule at most: lineages, orders of each, customers.
_LINEAGES: Final = 3
_STEPS: Final = 8
_CUSTOMERS: Final = 5
_ORDER: Final = ("order_id", "order_ref", "customer_id", "order_status", "order_amount")
_CUSTOMER: Final = ("customer_id", "customer_balance")

_FAILED: Final = {"reason": "looking its rows up failed, for want of a right or of time", "help": ""}

#: Orders by their id, as text.
_Orders = dict[str, dict[str, Any]]


def around(
    connection: psycopg.Connection, tasks: Iterable[Task], outcomes: Mapping[str, Outcome], *, unmask: bool
) -> dict[str, dict[str, Any]]:
    """By failed rule, what there is to add to its result."""
    failed = [task for task in tasks if outcomes[task.rule.id].status == "failed"]
    found: dict[str, dict[str, Any]] = {}
    for task in failed:
        examples = outcomes[task.rule.id].examples
        more: dict[str, Any] = {"highlight": list(highlight(task.rule))}
        if task.rule.highlight is not None and task.rule.highlight.test:
            more["highlight_in"] = _offending(connection, task, examples)
        found[task.rule.id] = more
    for kind, draw in (("lineage", _lineages), ("balance", _balances)):
        drawn = [task for task in failed if task.rule.diagram is not None and task.rule.diagram.kind == kind]
        by_schema: dict[str, list[Task]] = {}
        for task in drawn:
            if task.table is not None:
                by_schema.setdefault(task.table.schema, []).append(task)
        for schema, some in by_schema.items():
            for rule, more in draw(connection, schema, some, outcomes, unmask).items():
                found[rule] |= more
    return found


def unlooked(tasks: Iterable[Task], outcomes: Mapping[str, Outcome], reason: str) -> dict[str, dict[str, Any]]:
    """The same as far as it is known without a look at the database, and why there is no more."""
    found: dict[str, dict[str, Any]] = {}
    for rule in (task.rule for task in tasks if outcomes[task.rule.id].status == "failed"):
        # which of several columns is wrong in which row takes a look
        known = rule.highlight is None or not rule.highlight.test
        found[rule.id] = {"highlight": list(highlight(rule)) if known else []}
        if rule.diagram is not None:
            found[rule.id]["no_diagram_reason"] = {"reason": reason, "help": ""}
    return found


# -- which column ------------------------------------------------------------------------------------------------


def _offending(connection: psycopg.Connection, task: Task, examples: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Per example, the columns for whose value the rule's test holds; none where that is not known."""
    table, wrong = task.table, task.rule.highlight
    unknown: list[list[str]] = [[] for _ in examples]
    if table is None or wrong is None or len(task.key) > 1 or task.key_is_personal:
        return unknown
    sources = {column.name: column.source for column in task.columns if column.relation == table.oid and column.source}
    key = sources.get(task.rule.key[0])
    named = [(name, sources[name]) for name in wrong.columns if name in sources]
    if key is None or not named or not _finds(connection, table, key):
        return unknown
    values = ", ".join(f"({place}, t.{quoted(source)}::text)" for place, (_, source) in enumerate(named))
    keys = [row[task.rule.key[0]] for row in examples]
    rows = _look(
        connection,
        f"select json_build_array(t.{quoted(key)}::text, array(\n"
        f"  select v.place from (values {values}) as v (place, value) where ({wrong.test}\n) order by v.place\n"
        f")) from {quoted(table)} as t where t.{quoted(key)} in ({_listed(keys)})",
    )
    by_key = {key: [named[place][0] for place in places] for key, places in rows}
    return [by_key.get(str(key), []) for key in keys]


# -- lineages ----------------------------------------------------------------------------------------------------


def _lineages(
    connection: psycopg.Connection, schema: str, tasks: list[Task], outcomes: Mapping[str, Outcome], unmask: bool
) -> dict[str, dict[str, Any]]:
    table, lacking = _reachable(connection, schema, "orders", _ORDER)
    if table is None:
        return {task.rule.id: {"no_diagram_reason": lacking} for task in tasks}
    starts = {task.rule.id: [_named(task, row) for row in outcomes[task.rule.id].examples] for task in tasks}
    orders = _ancestors(connection, table, [key for rows in starts.values() for keys in rows for key in keys], unmask)
    if not orders and any(keys for rows in starts.values() for keys in rows):
        return {rule: {"no_diagram_reason": _FAILED} for rule in starts}
    return {rule: {"lineages": _drawn(orders, rows)} for rule, rows in starts.items()}


def _drawn(orders: _Orders, rows: Iterable[list[Any]]) -> list[dict[str, Any]]:
    """What the examples lead to, those together that meet: a chain, a circle, orders with one missing ancestor."""
    drawn: list[dict[str, Any]] = []
    for keys in rows:
        if not keys or str(keys[0]) not in orders:
            continue
        shown, missing = _walked(orders, keys)
        ids = {*shown, *map(str, missing)}
        same = next((it for it in drawn if ids & {*it["orders"], *map(str, it["missing"])}), None)
        if same is None and len(drawn) < _LINEAGES:
            same = {"keys": [], "orders": {}, "missing": []}
            drawn.append(same)
        # as a whole or not at all: an order without its ancestor would look like an orphan
        if same is not None and len({*same["orders"], *shown}) <= _STEPS:
            same["keys"].append(orders[str(keys[0])]["order_id"])
            same["orders"] |= shown
            same["missing"] = list(dict.fromkeys([*same["missing"], *missing]))
    return [
        it | {"orders": [{name: order[name] for name in _ORDER} for order in it["orders"].values()]} for it in drawn
    ]


def _named(task: Task, row: dict[str, Any]) -> list[Any]:
    """The keys in an example of which something is drawn."""
    columns = task.rule.diagram.keys if task.rule.diagram is not None else ()
    return [row[column] for column in columns if row.get(column) is not None]


def _ancestors(connection: psycopg.Connection, table: Relation, keys: list[Any], unmask: bool) -> _Orders:
    """Orders and what they lead to, some steps far."""
    columns = ", ".join(f"o.{column}" for column in _ORDER)
    rows = _look(
        connection,
        f"""with recursive walk as (
  select {columns}, 1 as step from {quoted(table)} as o where o.order_id in ({_listed(keys)})
  union
  select {columns}, w.step + 1
  from walk as w
  join {quoted(table)} as o on o.order_id = w.order_ref
  where w.step < {_STEPS} and w.order_ref <> w.order_id
)
select row_to_json(x.*)
from (
  select distinct on (order_id) {", ".join(_ORDER)}, min(step) over (partition by order_id) as step
  from walk
  order by order_id, order_ref, customer_id
) as x""",
    )
    for row in rows:
        if isinstance(row["order_status"], str) and not unmask:
            row["order_status"] = mask.value(row["order_status"], mask.TEXT, {"order_status"})
    return {str(row["order_id"]): row for row in rows}


def _walked(orders: _Orders, keys: list[Any]) -> tuple[_Orders, list[Any]]:
    """The orders that some lead to, and the ids that no order has; what lies further is in neither."""
    walked: _Orders = {}
    missing: list[Any] = []
    for key in map(str, keys):
        at = key
        while at in orders and at not in walked:
            order = walked[at] = orders[at]
            ref = order["order_ref"]
            at = str(ref)
            # an order that was found at the last step was not followed
            if ref is not None and at not in orders and order["step"] < _STEPS and ref not in missing:
                missing.append(ref)
    return walked, missing


# -- balances ----------------------------------------------------------------------------------------------------


def _balances(
    connection: psycopg.Connection,
    schema: str,
    tasks: list[Task],
    outcomes: Mapping[str, Outcome],
    unmask: bool,  # noqa: ARG001 - there are numbers only
) -> dict[str, dict[str, Any]]:
    customers, lacking = _reachable(connection, schema, "customers", _CUSTOMER)
    if customers is None:
        return {task.rule.id: {"no_diagram_reason": lacking} for task in tasks}
    wanted: dict[str, dict[str, dict[str, Any]]] = {}
    for task in tasks:
        chosen = wanted[task.rule.id] = {}
        for row in outcomes[task.rule.id].examples:
            if (keys := _named(task, row)) and len(chosen) < _CUSTOMERS:
                chosen.setdefault(str(keys[0]), row)
    keys = list(dict.fromkeys(key for chosen in wanted.values() for key in chosen))
    rows = _look(
        connection,
        "select row_to_json(x.*) from (select t.customer_id, t.customer_balance"
        f" from {quoted(customers)} as t where t.customer_id in ({_listed(keys)})) as x",
    )
    balances = {str(row["customer_id"]): row for row in rows}
    orders = _relation(connection, schema, "orders", _ORDER)
    live: dict[str, dict[str, Any]] | None = None
    if orders is not None and _finds(connection, orders, "customer_id", unique=False):
        rows = _look(
            connection,
            "select row_to_json(x.*) from (select o.customer_id, count(*) as orders, coalesce(sum(o.order_amount), 0)"
            f" as amount from {quoted(orders)} as o where {LIVE} and o.customer_id in ({_listed(keys)})"
            " group by o.customer_id) as x",
        )
        live = {str(row["customer_id"]): row for row in rows}
    return {
        rule: {"balances": [_balance(balances[key], row, live) for key, row in chosen.items() if key in balances]}
        for rule, chosen in wanted.items()
    }


def _balance(customer: dict[str, Any], example: dict[str, Any], live: dict[str, Any] | None) -> dict[str, Any]:
    """A customer's balance, the order of the example if it is one, and all live orders where these are known."""
    found = {"customer_id": customer["customer_id"], "balance": customer["customer_balance"]}
    if "order_id" in example and example.get("order_amount") is not None:
        found |= {"order_id": example["order_id"], "order_amount": example["order_amount"]}
    if live is not None:
        theirs = live.get(str(customer["customer_id"]), {"orders": 0, "amount": 0})
        found |= {"live_orders": theirs["orders"], "live_amount": theirs["amount"]}
    elif "live_orders" in example and "live_amount" in example:
        found |= {"live_orders": example["live_orders"], "live_amount": example["live_amount"]}
    return found


# -- looking -----------------------------------------------------------------------------------------------------


def _relation(connection: psycopg.Connection, schema: str, name: str, columns: Sequence[str]) -> Relation | None:
    """A table of a schema, where it has these columns and this role may read them."""
    there = catalog.relations(connection, [Name(schema, name)]).values()
    return next((relation for relation in there if relation.readable >= set(columns)), None)


def _reachable(
    connection: psycopg.Connection, schema: str, name: str, columns: Sequence[str]
) -> tuple[Relation | None, dict[str, str]]:
    """A table whose rows can be looked up by the first of some columns; else why not, and what would help."""
    table = _relation(connection, schema, name, columns)
    if table is None:
        return None, {"reason": f"{name} lacks {_either(columns)}, or this role may not read it", "help": ""}
    if _finds(connection, table, columns[0]):
        return table, {}
    if table.is_view:
        return None, {"reason": f"{name} is a view, in which rows cannot be looked up by an index", "help": ""}
    return None, {
        "reason": f"{name} is large and has no unique index on {columns[0]} alone: all of it would have to be read",
        "help": f"create unique index concurrently on {quoted(table)} ({columns[0]})",
    }


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _finds(connection: psycopg.Connection, table: Relation, column: str, *, unique: bool = True) -> bool:
    """Whether few rows of a table can be looked up by a column in no time."""
    if not table.is_view and sampling.is_small(connection, table):
        return True
    indexed = catalog.unique(connection, table) if unique else catalog.indexed(connection, table)
    return column in indexed


def _look(connection: psycopg.Connection, query: str) -> list[Any]:
    """The JSON values of a query; none where it fails."""
    try:
        # rolled back, so that no lock stays
        with connection.transaction(force_rollback=True):
            rows = connection.execute(f"select f.found::text from (\n{query}\n) as f (found)".encode()).fetchall()
    except psycopg.Error:
        if connection.closed:
            raise
        return []
    texts = (row[0].decode("utf-8", "replace") if isinstance(row[0], bytes) else row[0] for row in rows)
    return [loads(text) for text in texts]


def _listed(keys: Iterable[Any]) -> str:
    """Keys as literals, which the server takes for the type of the column that they are compared with."""
    return ", ".join(sql.Literal(str(key)).as_string() for key in keys) or "null"
