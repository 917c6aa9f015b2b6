"""The balances of violating customers, and what their live orders come to, to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import psycopg

from order_audit.audit.database.quoting import quoted
from order_audit.audit.results.look_up import ORDER, finds, listed, look, named, reachable, relation
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.expectations.orders import LIVE
from order_audit.reports.document import Balance, JsonObject, NoDiagram

#: The customers that are drawn of one rule at most.
_CUSTOMERS: Final = 5
_CUSTOMER: Final = ("customer_id", "customer_balance")


def balances(
    connection: psycopg.Connection, schema: str, prepared_rules: list[PreparedRule], outcomes: Mapping[str, Outcome]
) -> dict[str, tuple[Balance, ...] | NoDiagram]:
    customers = reachable(connection, schema, "customers", _CUSTOMER)
    if isinstance(customers, NoDiagram):
        return {prepared.rule.id: customers for prepared in prepared_rules}
    wanted: dict[str, dict[str, JsonObject]] = {}
    for prepared in prepared_rules:
        chosen = wanted[prepared.rule.id] = {}
        for row in outcomes[prepared.rule.id].examples:
            if (keys := named(prepared, row)) and len(chosen) < _CUSTOMERS:
                chosen.setdefault(str(keys[0]), row)
    keys = list(dict.fromkeys(key for chosen in wanted.values() for key in chosen))
    rows = look(
        connection,
        "select row_to_json(x.*) from (select t.customer_id, t.customer_balance"
        f" from {quoted(customers)} as t where t.customer_id in ({listed(keys)})) as x",
    )
    by_customer = {str(row["customer_id"]): row for row in rows}
    orders = relation(connection, schema, "orders", ORDER)
    live: dict[str, JsonObject] | None = None
    if orders is not None and finds(connection, orders, "customer_id", unique=False):
        rows = look(
            connection,
            "select row_to_json(x.*) from (select o.customer_id, count(*) as orders, coalesce(sum(o.order_amount), 0)"
            f" as amount from {quoted(orders)} as o where {LIVE} and o.customer_id in ({listed(keys)})"
            " group by o.customer_id) as x",
        )
        live = {str(row["customer_id"]): row for row in rows}
    return {
        rule: tuple(_balance(by_customer[key], row, live) for key, row in chosen.items() if key in by_customer)
        for rule, chosen in wanted.items()
    }


def _balance(customer: JsonObject, example: JsonObject, live: dict[str, JsonObject] | None) -> Balance:
    """A customer's balance, the order of the example if it is one, and all live orders where these are known."""
    found = Balance(customer["customer_id"], customer["customer_balance"])
    if "order_id" in example and example.get("order_amount") is not None:
        found = replace(found, order_id=example["order_id"], order_amount=example["order_amount"])
    if live is not None:
        theirs = live.get(str(customer["customer_id"]), {"orders": 0, "amount": 0})
        return replace(found, live_orders=theirs["orders"], live_amount=theirs["amount"])
    if "live_orders" in example and "live_amount" in example:
        return replace(found, live_orders=example["live_orders"], live_amount=example["live_amount"])
    return found
