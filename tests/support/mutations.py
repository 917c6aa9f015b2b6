"""Planted faults: clean data, and for each kind of fault the rules that must turn red, no more and no less.

`CLEAN` keeps every constraint of the current schema and violates no rule. `LOOSEN` then takes the constraints
away, as in a database that never had them. Each of `MUTATIONS` starts from there.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: What the current schema has no columns for.
NOT_CHECKABLE: Final = frozenset(
    {
        "recreation.happens_daily",
        "recreation.was_covered_at_the_time",
        "recreation.follows_latest_state",
    }
)

#: Lineages of one to four orders, every status, every delivery script, awkward but proper texts and balances.
CLEAN: Final = r"""
insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address,
     address_state, customer_balance)
values
    (1, 'Acme Leads', 'ann@acme.example', 'Ann Archer', '+1 555 010 0001', '1 Main Street', 'CA', 1000),
    (2, 'Birch & Sons', 'bob@birch.example', 'Bob Birch', '(555) 010-0002', '22 Oak  Avenue', 'NY', 2500.5),
    (3, 'Cedar Homes', 'carol+leads@mail.cedar.example', 'Carol', null, '3 Pine Road', 'TX', 500),
    (4, e'Dor\u00e9 Solar', 'dan@dore.example', 'Dan O''Neil', '555.010.0004', '4 Elm Court', 'PR', 3000.29),
    (5, 'Elm Loans', 'eve@elm.example', 'Eve', '15550100005', '5 Lake View', 'DC', 0),
    (6, 'Fir Windows', 'frank@fir.example', 'Frank', '555 010 0006', '6 Hill Lane', 'AE', 99.99);

with schedule (never, always, office) as (
    select
        repeat('0', 336)::bit(336),
        repeat('1', 336)::bit(336),
        (repeat(repeat('0', 18) || repeat('1', 16) || repeat('0', 14), 5) || repeat('0', 96))::bit(336)
)
insert into orders
    (order_id, order_ref, customer_id, order_amount, order_status, order_schedule, delivery_script_name,
     delivery_script_args)
select id, ref, customer, amount, status, case hours when 'a' then always when 'o' then office else never end,
    script, args::json
from schedule, (
    values
        (101, 101, 1, 150, 'active', 'o', 'email_delivery', '{"email_address": "leads@acme.example"}'),
        (102, 102, 2, 50, 'pending', 'n', null, null),
        (103, 103, 1, 200, 'paused', 'o', 'custom_crm', '{"API_KEY": "secret-ref:crm/acme"}'),
        (201, 201, 2, 300, 'recreated', 'a', 'custom_crm', '{"api-key": "secret-ref:crm/birch", "tags": []}'),
        (202, 201, 2, 310, 'active', 'a', 'custom_crm', '{"api-key": "secret-ref:crm/birch", "tags": []}'),
        (301, 301, 3, 100, 'recreated', 'a', 'bulk_delivery', null),
        (302, 301, 3, 110, 'recreated', 'a', 'bulk_delivery', null),
        (303, 301, 3, 120, 'paused', 'a', 'bulk_delivery', null),
        (401, 401, 4, 500, 'recreated', 'o', 'bulk_delivery', '{"batch": 50, "to": {"tags": [1, {}]}}'),
        (402, 401, 4, 500, 'recreated', 'o', 'bulk_delivery', '{"batch": 50, "to": {"tags": [1, {}]}}'),
        (403, 401, 4, 500, 'recreated', 'o', 'bulk_delivery', '{"batch": 50, "to": {"tags": [1, {}]}}'),
        (404, 401, 4, 500, 'active', 'o', 'bulk_delivery', '{"batch": 50, "to": {"tags": [1, {}]}}'),
        (501, 501, 5, 0, 'cancelled', 'n', 'custom_crm', '{"api-key": "secret-ref:crm/elm"}'),
        (601, 601, 4, 400, 'recreated', 'o', 'email_delivery', '{"email_address": "dan@dore.example"}'),
        (602, 601, 4, 400, 'expired', 'o', 'email_delivery', '{"email_address": "dan@dore.example"}'),
        (701, 701, 2, 80, 'recreated', 'n', null, null),
        (702, 701, 2, 80, 'cancelled', 'n', null, null),
        (801, 801, 4, 75, 'expired', 'n', null, 'null'),
        (802, 801, 4, 75, 'cancelled', 'n', null, null),
        (901, 901, 5, 75, 'expired', 'a', 'email_delivery', '{"email_address": "eve@elm.example"}')
) as clean (id, ref, customer, amount, status, hours, script, args);
"""

#: As in a database that never had the constraints.
LOOSEN: Final = """
alter table orders drop constraint orders_customer_id_fkey;
alter table orders drop constraint chk_status;
alter table orders
    alter column order_ref drop not null,
    alter column customer_id drop not null,
    alter column order_schedule drop not null,
    alter column order_amount drop not null,
    alter column order_status drop not null;
alter table customers
    alter column customer_name drop not null,
    alter column customer_email drop not null,
    alter column customer_contact_name drop not null,
    alter column address drop not null,
    alter column address_state drop not null,
    alter column customer_balance drop not null;
"""


class Mutation(NamedTuple):
    """One planted fault, or a change that is none."""

    name: str
    sql: str
    expected: frozenset[str]


def _mutation(name: str, sql: str, *expected: str) -> Mutation:
    return Mutation(name, sql, frozenset(expected))


def _order(order_id: int, changes: str) -> str:
    return f"update orders set {changes} where order_id = {order_id}"


def _args(order_id: int, json: str) -> str:
    """Change the arguments of an order. Of those in `CLEAN`, 404 is a bulk delivery, which asks for none."""
    return _order(order_id, f"delivery_script_args = '{json}'")


def _schedule(turn: str) -> str:
    """Give order 102, which is pending, a schedule that repeats one turn."""
    return _order(102, f"order_schedule = left(repeat('{turn}', 336), 336)::bit(336)")


def _customer(customer_id: int, changes: str) -> str:
    """Change a customer. Of those in `CLEAN`, 6 has no order and 1 has only live roots."""
    return f"update customers set {changes} where customer_id = {customer_id}"


def _insert(*orders: str) -> str:
    """Insert orders of customer 5 that are closed and cost nothing: (order_id, order_ref)."""
    return f"""
        insert into orders (order_id, order_ref, customer_id, order_status)
        select id, ref, 5, 'cancelled'
        from (values {", ".join(orders)}) as planted (id, ref)
        """


def _copy_order(order_id: int, changes: str) -> str:
    """Insert a copy of an order with the columns of `changes`, a JSON object, changed."""
    return f"""
        insert into orders
        select (jsonb_populate_record(orders, '{changes}')).*
        from orders
        where order_id = {order_id}
        """


def _copy_customer(customer_id: int, changes: str) -> str:
    """Insert a copy of a customer with the columns of `changes`, a JSON object, changed."""
    return f"""
        insert into customers
        select (jsonb_populate_record(customers, '{changes}')).*
        from customers
        where customer_id = {customer_id}
        """


_LINEAGE: Final = [
    _mutation(
        "an order refers to an order that does not exist",
        _order(101, "order_ref = 999"),
        "lineage.order_ref_exists",
    ),
    _mutation(
        "an order refers to nothing",
        _order(101, "order_ref = null"),
        "lineage.order_ref_exists",
    ),
    _mutation(
        "a root is deleted under one recreation",
        "delete from orders where order_id = 201",
        "lineage.order_ref_exists",
    ),
    _mutation(
        "a root is deleted under three recreations",
        "delete from orders where order_id = 401",
        "lineage.order_ref_exists",
    ),
    _mutation(
        "a closed order refers to its parent instead of its first ancestor",
        _insert("(911, 911)", "(912, 911)", "(913, 912)"),
        "lineage.order_ref_is_first_ancestor",
    ),
    # Orders that refer to their parents share no order_ref, so a recreated one has no successor.
    _mutation(
        "a whole lineage refers to parents",
        "update orders set order_ref = order_id - 1 where order_id between 402 and 404",
        "lineage.order_ref_is_first_ancestor",
        "lineage.recreated_order_has_successor",
    ),
    # A root that refers to nothing is no root any more.
    _mutation(
        "a root with a recreation refers to nothing",
        _order(801, "order_ref = null"),
        "lineage.order_ref_exists",
        "lineage.order_ref_is_first_ancestor",
    ),
    # Nor is a root that refers to an order that does not exist.
    _mutation(
        "a root with a recreation becomes an orphan",
        _order(801, "order_ref = 999"),
        "lineage.order_ref_exists",
        "lineage.order_ref_is_first_ancestor",
    ),
    # Somewhere on every cycle an order refers to a younger one.
    _mutation(
        "a cycle of two",
        _insert("(911, 912)", "(912, 911)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    _mutation(
        "a cycle of three",
        _insert("(911, 913)", "(912, 911)", "(913, 912)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    _mutation(
        "a cycle of three the other way round",
        _insert("(911, 912)", "(912, 913)", "(913, 911)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    _mutation(
        "a cycle of a thousand",
        """
        insert into orders (order_id, order_ref, customer_id, order_status)
        select id, case id when 1001 then 2000 else id - 1 end, 5, 'cancelled'
        from generate_series(1001, 2000) as planted (id)
        """,
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    # What leads into a cycle is not on it, but its ancestor is no root.
    _mutation(
        "a cycle of two and an order that leads into it",
        _insert("(911, 912)", "(912, 911)", "(913, 911)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
        "lineage.order_ref_is_first_ancestor",
    ),
    _mutation(
        "a chain of a thousand parents",
        """
        insert into orders (order_id, order_ref, customer_id, order_status)
        select id, id - 1, 5, 'cancelled'
        from generate_series(902, 1901) as planted (id)
        """,
        "lineage.order_ref_is_first_ancestor",
    ),
    _mutation(
        "a closed recreation changes hands",
        _order(802, "customer_id = 2"),
        "lineage.keeps_customer",
    ),
    _mutation(
        "a live recreation changes hands",
        _order(404, "customer_id = 2"),
        "lineage.keeps_customer",
    ),
    _mutation(
        "a root changes hands",
        _order(301, "customer_id = 4"),
        "lineage.keeps_customer",
    ),
    _mutation(
        "a recreation is older than its root",
        _insert("(911, 912)", "(912, 912)"),
        "lineage.ancestor_is_older",
    ),
    _mutation(
        "the successor of a recreated order is deleted",
        "delete from orders where order_id = 202",
        "lineage.recreated_order_has_successor",
    ),
    _mutation(
        "the latest order of a lineage is said to be recreated",
        _order(303, "order_status = 'recreated'"),
        "lineage.recreated_order_has_successor",
    ),
    _mutation(
        "a root alone in its lineage is said to be recreated",
        _order(102, "order_status = 'recreated'"),
        "lineage.recreated_order_has_successor",
    ),
    _mutation(
        "the successor of a recreated order is moved to a lineage of its own",
        _order(702, "order_ref = 702"),
        "lineage.recreated_order_has_successor",
    ),
    _mutation(
        "a recreated root is still active",
        _order(401, "order_status = 'active'"),
        "lineage.one_live_order",
    ),
    _mutation(
        "a recreated recreation is still pending",
        _order(302, "order_status = 'pending'"),
        "lineage.one_live_order",
    ),
    _mutation(
        "a recreated recreation is paused",
        _order(402, "order_status = 'paused'"),
        "lineage.one_live_order",
    ),
    _mutation(
        "two live orphans of one lineage",
        """
        delete from orders where order_id = 401;
        update orders set order_status = 'paused' where order_id = 403
        """,
        "lineage.order_ref_exists",
        "lineage.one_live_order",
    ),
    _mutation(
        "the root of a live order is cancelled",
        _order(201, "order_status = 'cancelled'"),
        "lineage.root_is_not_closed",
    ),
    _mutation(
        "the root of a live order is expired",
        _order(301, "order_status = 'expired'"),
        "lineage.root_is_not_closed",
    ),
    _mutation(
        "a cancelled recreation of an expired root is revived",
        _order(802, "order_status = 'pending'"),
        "lineage.root_is_not_closed",
    ),
]

_RECREATION: Final = [
    # 120 is the amount of the live recreation; the closed orders before it cost less.
    _mutation(
        "a balance is equal to the amount of a live recreation",
        _customer(3, "customer_balance = 120"),
        "recreation.is_covered_by_balance",
    ),
    # What is more than the balance by itself is so in the sum.
    _mutation(
        "a balance is less than the amount of a live recreation",
        _customer(3, "customer_balance = 119.5"),
        "recreation.is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "a closed recreation costs as much as the balance",
        _order(302, "order_amount = 500"),
        "recreation.closed_is_covered_by_balance",
    ),
    _mutation(
        "a recreated root costs more than the balance",
        _order(301, "order_amount = 501"),
        "recreation.closed_is_covered_by_balance",
    ),
    _mutation(
        "an expired recreation costs more than the balance",
        _order(602, "order_amount = 3001"),
        "recreation.closed_is_covered_by_balance",
    ),
    _mutation(
        "a cancelled recreation costs more than the balance",
        _order(702, "order_amount = 100000"),
    ),
    _mutation(
        "an expired root costs more than the balance",
        _order(901, "order_amount = 100000"),
    ),
    _mutation(
        "one live root costs more than the balance",
        _order(101, "order_amount = 1001"),
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "two live roots cost more than the balance together",
        _order(101, "order_amount = 801"),
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "two live roots cost exactly the balance together",
        _order(101, "order_amount = 800"),
    ),
    # A balance that float drift has moved is not in whole cents.
    _mutation(
        "float drift decides about a live root",
        _order(103, "order_status = 'cancelled'")
        + ";"
        + _order(101, "order_amount = 343")
        + ";"
        + _customer(1, "customer_balance = 343.00000000000006"),
        "recreation.decision_survives_rounding",
        "customers.balance_is_whole_cents",
    ),
    _mutation(
        "float drift decides about a live recreation",
        _customer(3, "customer_balance = 120.00000000000001"),
        "recreation.decision_survives_rounding",
        "customers.balance_is_whole_cents",
    ),
    # NaN is no number, so it covers nothing that is recreated and nothing that is live.
    _mutation(
        "the balance behind a lineage is NaN",
        _customer(3, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "the balance behind a lineage is missing",
        _customer(3, "customer_balance = null"),
        "customers.balance_is_finite",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "the balance behind a lineage is minus infinity",
        _customer(3, "customer_balance = '-infinity'"),
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    # Infinity covers everything, but is no balance.
    _mutation(
        "the balance behind a lineage is infinity",
        _customer(3, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    # A live root is no recreation, but the customer is overcommitted.
    _mutation(
        "the balance behind live roots is NaN",
        _customer(1, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "the balance behind live roots is missing",
        _customer(1, "customer_balance = null"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "the amount of a live recreation is missing",
        _order(303, "order_amount = null"),
    ),
]

_ORDERS: Final = [
    _mutation(
        "a status in capital letters",
        _order(102, "order_status = 'Pending'"),
        "orders.status_is_known",
    ),
    _mutation(
        "a status that nobody knows",
        _order(501, "order_status = 'archived'"),
        "orders.status_is_known",
    ),
    _mutation(
        "no status",
        _order(102, "order_status = null"),
        "orders.status_is_known",
    ),
    _mutation(
        "a closed order with a negative amount",
        _order(501, "order_amount = -1"),
        "orders.amount_is_not_negative",
    ),
    _mutation(
        "a live order with a negative amount",
        _order(303, "order_amount = -1"),
        "orders.amount_is_not_negative",
    ),
    _mutation(
        "a pending order that buys nothing",
        _order(102, "order_amount = 0"),
        "orders.live_order_has_amount",
    ),
    _mutation(
        "an active recreation that buys nothing",
        _order(404, "order_amount = 0"),
        "orders.live_order_has_amount",
    ),
    _mutation(
        "an active order that never runs",
        _order(404, "order_schedule = repeat('0', 336)::bit(336)"),
        "orders.active_order_has_schedule",
    ),
    _mutation(
        "an active order that runs for half an hour a week",
        _order(404, "order_schedule = (repeat('0', 335) || '1')::bit(336)"),
    ),
    _mutation(
        "an active order without a script",
        _order(404, "delivery_script_name = null, delivery_script_args = null"),
        "orders.active_order_has_delivery",
    ),
    # A blank name is no identifier.
    _mutation(
        "an active order with a blank script",
        _order(404, r"delivery_script_name = e' \x0b', delivery_script_args = 'null'"),
        "orders.active_order_has_delivery",
        "orders.script_name_is_identifier",
    ),
    _mutation(
        "a schedule with turns of 54 half-hours",
        _schedule("0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8),
        "orders.schedule_repeats_by_day",
    ),
    _mutation("a schedule with turns of 47 half-hours", _schedule("1" + "0" * 46), "orders.schedule_repeats_by_day"),
    _mutation("a schedule with turns of 7 half-hours", _schedule("1100000"), "orders.schedule_repeats_by_day"),
    _mutation(
        "a schedule with turns of 167 half-hours",
        _schedule("1" + "0" * 166),
        "orders.schedule_repeats_by_day",
    ),
    _mutation("a schedule with turns of 168 half-hours", _schedule("1" + "0" * 167)),
    _mutation("a schedule with turns of a day", _schedule("0" * 18 + "1" * 16 + "0" * 14)),
    _mutation("a schedule with turns of two days", _schedule("0" * 48 + "1" * 48)),
    _mutation("a schedule with turns of three days", _schedule("0" * 48 + "1" * 96)),
    _mutation("a schedule with turns of one hour", _schedule("10")),
    _mutation(
        "a schedule is missing",
        _order(404, "order_schedule = null"),
    ),
    _mutation(
        "arguments without a script",
        _args(102, "{}"),
        "orders.delivery_args_need_script",
    ),
    # A blank name is no identifier.
    _mutation(
        "arguments with an empty script",
        _order(501, "delivery_script_name = ''"),
        "orders.delivery_args_need_script",
        "orders.script_name_is_identifier",
    ),
    _mutation("arguments that are JSON null, without a script", _args(102, " null ")),
    _mutation("arguments that are an array", _args(404, "[{}]"), "orders.delivery_args_are_object"),
    _mutation("arguments that are a string", _args(404, '"{}"'), "orders.delivery_args_are_object"),
    _mutation("arguments that are a number", _args(404, "50"), "orders.delivery_args_are_object"),
    _mutation("arguments that are a boolean", _args(404, "false"), "orders.delivery_args_are_object"),
    _mutation("arguments that are JSON null", _args(404, "null")),
    _mutation("arguments that are SQL NULL", _order(404, "delivery_script_args = null")),
    _mutation(
        "a key twice",
        _args(404, '{"batch": 50, "size": 1, "batch": 60}'),
        "orders.delivery_args_keys_are_unique",
    ),
    _mutation(
        "a key twice, once with an escape",
        _args(404, r'{"batch": 50, "b\u0061tch": 60}'),
        "orders.delivery_args_keys_are_unique",
    ),
    _mutation("a key twice, but nested", _args(404, '{"inner": {"batch": 50, "batch": 60}}')),
    _mutation("the character zero", _args(404, r'{"name": "\u0000"}'), "orders.delivery_args_convert_to_jsonb"),
    _mutation(
        "the character zero after an escaped backslash",
        _args(404, r'{"name": "\\\u0000"}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    _mutation("a high surrogate", _args(404, r'{"name": "\ud83d!"}'), "orders.delivery_args_convert_to_jsonb"),
    _mutation("a low surrogate", _args(404, r'{"name": ["\uDE00"]}'), "orders.delivery_args_convert_to_jsonb"),
    _mutation("a surrogate in a key", _args(404, r'{"\ude00\ud83d": 1}'), "orders.delivery_args_convert_to_jsonb"),
    # The rules about the arguments still read them.
    _mutation(
        "bad escapes beside a good address",
        _args(101, r'{"\u0000": "\ud800", "email_address": "leads@acme.example"}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    _mutation(
        "bad escapes beside a good reference",
        _args(202, r'{"a": "\u0000", "api-key": "secret-ref:crm/birch", "b": ["\udc00"]}'),
        "orders.delivery_args_convert_to_jsonb",
    ),
    # Both keys are read as the same character.
    _mutation(
        "two bad escapes as keys",
        _args(404, r'{"\ud800": 1, "\u0000": 2}'),
        "orders.delivery_args_convert_to_jsonb",
        "orders.delivery_args_keys_are_unique",
    ),
    _mutation(
        "bad escapes beside a secret",
        _args(404, r'{"a": "\u0000", "inner": [{"password": "k-123"}]}'),
        "orders.delivery_args_convert_to_jsonb",
        "orders.delivery_args_hold_no_secret",
    ),
    _mutation("a whole surrogate pair", _args(404, r'{"name": "\ud83d\uDE00"}')),
    _mutation("what looks like bad escapes", _args(404, r'{"name": "C:\\u0000\\ud800\\\\udc00"}')),
    _mutation("a number out of range", _args(404, '{"batch": 1e400000}')),
    _mutation("an API key in the clear", _args(501, '{"api-key": "k-123"}'), "orders.delivery_args_hold_no_secret"),
    _mutation(
        "a secret in the clear beside other things",
        _args(101, '{"email_address": "leads@acme.example", "SMTP_Password": "k-123"}'),
        "orders.delivery_args_hold_no_secret",
    ),
    _mutation(
        "a secret in the clear far down",
        _order(
            404,
            """delivery_script_args =
                (repeat('{"a": [', 50) || '{"clientSecret": "k-123"}' || repeat(']}', 50))::json""",
        ),
        "orders.delivery_args_hold_no_secret",
    ),
    # An array is not an object.
    _mutation(
        "a secret in the clear in an array",
        _args(404, '[1, {"token": "k-123"}]'),
        "orders.delivery_args_hold_no_secret",
        "orders.delivery_args_are_object",
    ),
    # A key that occurs twice holds a secret even if it is lost.
    _mutation(
        "a secret in the clear that is overwritten",
        _args(404, '{"token": "k-123", "token": ""}'),
        "orders.delivery_args_hold_no_secret",
        "orders.delivery_args_keys_are_unique",
    ),
    _mutation(
        "an authorization header",
        _args(404, '{"headers": {"Authorization": "Bearer k-123"}}'),
        "orders.delivery_args_hold_no_secret",
    ),
    _mutation(
        "a reference to a secret with something after it",
        _args(404, '{"token": "secret-ref:crm/birch k-123"}'),
        "orders.delivery_args_hold_no_secret",
    ),
    _mutation(
        "names of secrets without one",
        _args(
            404,
            '{"token": "", "password": null, "pwd": 5, "secret": {"a": "b"}, "a": "token"}',
        ),
    ),
    _mutation(
        "an email delivery without arguments",
        _order(101, "delivery_script_args = null"),
        "orders.email_delivery_has_address",
    ),
    _mutation(
        "an email delivery without an address",
        _args(901, '{"email": "eve@elm.example"}'),
        "orders.email_delivery_has_address",
    ),
    _mutation(
        "an email delivery to an address without a dot",
        _args(101, '{"email_address": "leads@acme"}'),
        "orders.email_delivery_has_address",
    ),
    _mutation(
        "an email delivery to a number",
        _args(101, '{"email_address": 5}'),
        "orders.email_delivery_has_address",
    ),
    # An array is not an object.
    _mutation(
        "an email delivery with an array",
        _args(101, '["leads@acme.example"]'),
        "orders.email_delivery_has_address",
        "orders.delivery_args_are_object",
    ),
    # The last address counts, and is none.
    _mutation(
        "an email delivery with two addresses",
        _args(101, '{"email_address": "leads@acme.example", "email_address": ""}'),
        "orders.email_delivery_has_address",
        "orders.delivery_args_keys_are_unique",
    ),
    # U+FFFD is in no address.
    _mutation(
        "an email delivery to an address with a bad escape",
        _args(101, r'{"email_address": "leads\u0000@acme.example"}'),
        "orders.email_delivery_has_address",
        "orders.delivery_args_convert_to_jsonb",
    ),
    _mutation("a CRM without arguments", _order(103, "delivery_script_args = null"), "orders.custom_crm_has_key"),
    _mutation("a CRM without a key", _args(103, '{"region": "west"}'), "orders.custom_crm_has_key"),
    _mutation("a CRM with an empty key", _args(103, '{"api-key": ""}'), "orders.custom_crm_has_key"),
    _mutation(
        "a CRM with a nested key",
        _args(103, '{"crm": {"api-key": "secret-ref:crm/acme"}}'),
        "orders.custom_crm_has_key",
    ),
    # The last key counts, and is none.
    _mutation(
        "a CRM with two keys",
        _args(103, '{"api-key": "secret-ref:crm/acme", "api-key": 5}'),
        "orders.custom_crm_has_key",
        "orders.delivery_args_keys_are_unique",
    ),
    _mutation("a CRM with a key spelled otherwise", _args(103, r'{"Api\u005fKey": "secret-ref:crm/acme"}')),
    _mutation(
        "two customers share a reference to a secret",
        _args(501, '{"api-key": "secret-ref:crm/acme"}'),
        "orders.api_key_belongs_to_one_customer",
    ),
    _mutation(
        "two customers share a reference to a secret, whatever the script",
        _args(404, r'{"apikey": "secret-ref:crm\/acme"}'),
        "orders.api_key_belongs_to_one_customer",
    ),
    # A shared key is in the clear as well.
    _mutation(
        "two customers share a key",
        'update orders set delivery_script_args = \'{"api-key": "k-123"}\' where order_id in (103, 501)',
        "orders.api_key_belongs_to_one_customer",
        "orders.delivery_args_hold_no_secret",
    ),
    _mutation(
        "a script by a human name",
        _order(404, "delivery_script_name = 'Bulk Delivery'"),
        "orders.script_name_is_identifier",
    ),
    _mutation(
        "a script with a line feed",
        _order(303, r"delivery_script_name = e'bulk_delivery\n'"),
        "orders.script_name_is_identifier",
    ),
    _mutation(
        "an active order is entered twice",
        _copy_order(101, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
    _mutation(
        "a pending order without script and arguments is entered twice",
        _copy_order(102, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
    _mutation(
        "an order is entered twice, paused",
        _copy_order(404, '{"order_id": 911, "order_ref": 911, "order_status": "paused"}'),
        "orders.no_duplicate_live_order",
    ),
    # The copy refers to nothing, which is another lineage than any.
    _mutation(
        "an order is entered twice, without an order_ref",
        _copy_order(102, '{"order_id": 911, "order_ref": null}'),
        "orders.no_duplicate_live_order",
        "lineage.order_ref_exists",
    ),
    _mutation(
        "an order is entered twice, cancelled",
        _copy_order(101, '{"order_id": 911, "order_ref": 911, "order_status": "cancelled"}'),
    ),
    _mutation(
        "an order is entered twice, but for its amount",
        _copy_order(101, '{"order_id": 911, "order_ref": 911, "order_amount": 151}'),
    ),
    _mutation(
        "an order is entered twice, but for its schedule",
        _copy_order(102, '{"order_id": 911, "order_ref": 911, "order_schedule": "' + "1" * 336 + '"}'),
    ),
    # In one lineage that is another fault.
    _mutation(
        "an order is entered twice in its lineage",
        _copy_order(102, '{"order_id": 911}'),
        "lineage.one_live_order",
    ),
    _mutation(
        "a customer is deleted under closed and live orders",
        "delete from customers where customer_id = 3",
        "orders.customer_exists",
    ),
    _mutation(
        "a closed order of no customer",
        _order(501, "customer_id = null"),
        "orders.customer_exists",
    ),
    _mutation(
        "a recreation of no customer",
        _order(303, "customer_id = null"),
        "orders.customer_exists",
    ),
    # A recreation of a customer that does not exist has not the customer of its ancestor either.
    _mutation(
        "a recreation of a customer that does not exist",
        _order(303, "customer_id = 99"),
        "orders.customer_exists",
        "lineage.keeps_customer",
    ),
]

_CUSTOMERS: Final = [
    _mutation(
        "a negative balance without orders",
        _customer(6, "customer_balance = -0.01"),
        "customers.balance_is_not_negative",
    ),
    _mutation("a balance of minus zero", _customer(6, "customer_balance = '-0'")),
    _mutation(
        "a balance of NaN without orders",
        _customer(6, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
    ),
    _mutation("no balance and no orders", _customer(6, "customer_balance = null"), "customers.balance_is_finite"),
    _mutation(
        "an infinite balance without orders",
        _customer(6, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    # Minus infinity is negative.
    _mutation(
        "a balance of minus infinity without orders",
        _customer(6, "customer_balance = '-infinity'"),
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
    ),
    _mutation(
        "a balance with float drift",
        _customer(6, "customer_balance = 0.1::float8 + 0.2::float8"),
        "customers.balance_is_whole_cents",
    ),
    _mutation(
        "a balance with half a cent, far from any amount",
        _customer(4, "customer_balance = 3000.295"),
        "customers.balance_is_whole_cents",
    ),
    _mutation("a great balance in whole cents", _customer(6, "customer_balance = 12345678901234.56")),
    _mutation("a balance beyond all cents", _customer(6, "customer_balance = 1e300")),
    _mutation("an e-mail without a dot", _customer(6, "customer_email = 'frank@fir'"), "customers.email_is_valid"),
    _mutation(
        "an e-mail without an @",
        _customer(6, "customer_email = 'frank.fir.example'"),
        "customers.email_is_valid",
    ),
    # The line feed is white space and a control character as well; only spaces are trimmed from an e-mail.
    _mutation(
        "an e-mail with a line feed",
        _customer(6, r"customer_email = e'frank@fir.example\n'"),
        "customers.email_is_valid",
        "customers.text_is_clean",
    ),
    # The spaces are what all three look at.
    _mutation(
        "an e-mail with spaces",
        _customer(6, "customer_email = ' frank@fir.example '"),
        "customers.email_is_valid",
        "customers.email_is_canonical",
        "customers.text_is_clean",
    ),
    _mutation("an e-mail twice", _customer(6, "customer_email = 'ann@acme.example'"), "customers.email_is_unique"),
    # The second spelling has capital letters.
    _mutation(
        "an e-mail twice, once in capital letters",
        _customer(6, "customer_email = 'ANN@acme.example'"),
        "customers.email_is_unique",
        "customers.email_is_canonical",
    ),
    # Blank e-mails are not the same e-mail, but they are missing and not valid.
    _mutation(
        "two blank e-mails",
        "update customers set customer_email = '' where customer_id in (5, 6)",
        "customers.required_text_is_present",
        "customers.email_is_valid",
    ),
    _mutation(
        "an e-mail with a capital letter",
        _customer(6, "customer_email = 'Frank@fir.example'"),
        "customers.email_is_canonical",
    ),
    _mutation("a state in lower case", _customer(6, "address_state = 'ca'"), "customers.state_is_usps_code"),
    _mutation("a state by its name", _customer(6, "address_state = 'Texas'"), "customers.state_is_usps_code"),
    _mutation(
        "a state of two letters that is none",
        _customer(6, "address_state = 'ZZ'"),
        "customers.state_is_usps_code",
    ),
    # The space is at the end of a text.
    _mutation(
        "a state with a space",
        _customer(6, "address_state = 'CA '"),
        "customers.state_is_usps_code",
        "customers.text_is_clean",
    ),
    _mutation(
        "a phone number of seven digits",
        _customer(6, "customer_phone = '555-1234'"),
        "customers.phone_is_dialable",
    ),
    _mutation(
        "a phone number with an extension",
        _customer(6, "customer_phone = '555 010 0006 x7'"),
        "customers.phone_is_dialable",
    ),
    _mutation("an empty phone number", _customer(6, "customer_phone = ''"), "customers.phone_is_dialable"),
    # The same no-break spaces that a phone cannot dial cannot be seen.
    _mutation(
        "a phone number with no-break spaces",
        _customer(6, r"customer_phone = e'555\u00a0010\u00a00006'"),
        "customers.phone_is_dialable",
        "customers.text_is_clean",
    ),
    _mutation("no phone number", _customer(6, "customer_phone = null")),
    _mutation("an empty name", _customer(6, "customer_name = ''"), "customers.required_text_is_present"),
    _mutation("no name", _customer(6, "customer_name = null"), "customers.required_text_is_present"),
    _mutation("no e-mail", _customer(6, "customer_email = null"), "customers.required_text_is_present"),
    _mutation("no contact", _customer(6, "customer_contact_name = null"), "customers.required_text_is_present"),
    _mutation("no address", _customer(6, "address = null"), "customers.required_text_is_present"),
    _mutation("no state", _customer(6, "address_state = null"), "customers.required_text_is_present"),
    # A state that is empty is not one of the states.
    _mutation(
        "an empty state",
        _customer(6, "address_state = ''"),
        "customers.required_text_is_present",
        "customers.state_is_usps_code",
    ),
    # White space alone is blank, and it starts and ends with white space.
    _mutation(
        "an address of white space",
        _customer(6, r"address = e' \t\n\r\f\x0b'"),
        "customers.required_text_is_present",
        "customers.text_is_clean",
    ),
    _mutation("a name with a space at the end", _customer(6, "customer_name = 'Fir '"), "customers.text_is_clean"),
    _mutation(
        "a contact with a tab within",
        _customer(6, r"customer_contact_name = e'Fr\tank'"),
        "customers.text_is_clean",
    ),
    _mutation(
        "an address with a zero width space",
        _customer(6, r"address = e'6 Hill\u200b'"),
        "customers.text_is_clean",
    ),
    _mutation(
        "a name that reads from right to left",
        _customer(6, r"customer_name = e'\u202eFir'"),
        "customers.text_is_clean",
    ),
    _mutation(
        "an address with a lost character",
        _customer(6, r"address = e'6 H\ufffdll'"),
        "customers.text_is_clean",
    ),
    _mutation("a name with two spaces within", _customer(6, "customer_name = 'Fir  Windows'")),
    _mutation(
        "a name with a combining accent",
        _customer(6, r"customer_name = e'Fi\u0301r'"),
        "customers.text_is_normalised",
    ),
    _mutation(
        "an address with a combining accent",
        _customer(6, r"address = e'6 Hi\u0308ll'"),
        "customers.text_is_normalised",
    ),
    _mutation(
        "a contact that is a placeholder",
        _customer(6, "customer_contact_name = 'N/A'"),
        "customers.text_is_not_placeholder",
    ),
    _mutation(
        "a name that is a placeholder",
        _customer(6, "customer_name = 'Test'"),
        "customers.text_is_not_placeholder",
    ),
    # A placeholder is no e-mail.
    _mutation(
        "an e-mail that is a placeholder",
        _customer(6, "customer_email = 'none'"),
        "customers.text_is_not_placeholder",
        "customers.email_is_valid",
    ),
    # Nor is it a state.
    _mutation(
        "a state that is a placeholder",
        _customer(6, "address_state = '-'"),
        "customers.text_is_not_placeholder",
        "customers.state_is_usps_code",
    ),
    _mutation("a name with a placeholder in it", _customer(6, "customer_name = 'Test Windows'")),
    _mutation(
        "a customer twice",
        _copy_customer(1, '{"customer_id": 7, "customer_email": "ann2@acme.example"}'),
        "customers.no_duplicate",
    ),
    _mutation(
        "a customer twice, with other spaces and capital letters",
        _copy_customer(
            2, '{"customer_id": 7, "customer_email": "b2@birch.example", "customer_name": "BIRCH  &  sons"}'
        ),
        "customers.no_duplicate",
    ),
    # A copy has the same e-mail too.
    _mutation(
        "a customer twice, e-mail and all",
        _copy_customer(6, '{"customer_id": 7}'),
        "customers.no_duplicate",
        "customers.email_is_unique",
    ),
    _mutation(
        "a customer twice, but for the address",
        _copy_customer(1, '{"customer_id": 7, "customer_email": "ann2@acme.example", "address": "1 Main St"}'),
    ),
]

_NUMERIC_MONEY: Final = """
    alter table customers alter column customer_balance type numeric;
    alter table orders alter column order_amount type numeric(12, 3);
    """

_JSONB: Final = "alter table orders alter column delivery_script_args type jsonb;"

_TYPES: Final = [
    _mutation("no change at all", "select 1"),
    _mutation("no rows at all", "delete from orders; delete from customers"),
    _mutation("no orders", "delete from orders"),
    _mutation("numeric balances and amounts", _NUMERIC_MONEY),
    _mutation(
        "balances in numeric with four digits",
        "alter table customers alter column customer_balance type numeric(18, 4)",
    ),
    _mutation("arguments in jsonb", _JSONB),
    _mutation(
        "keys in bigint and smallint",
        """
        alter table customers alter column customer_id type bigint;
        alter table orders alter column order_id type bigint;
        alter table orders alter column order_ref type smallint;
        alter table orders alter column customer_id type smallint;
        alter table orders alter column order_amount type bigint
        """,
    ),
    _mutation(
        "keys in numeric",
        """
        alter table customers alter column customer_id type numeric;
        alter table orders alter column order_id type numeric;
        alter table orders alter column order_ref type numeric
        """,
    ),
    _mutation(
        "texts of other types",
        """
        create domain short_text as varchar(60);
        alter table customers alter column customer_name type varchar(200);
        alter table customers alter column customer_email type short_text;
        alter table customers alter column customer_contact_name type char(40);
        alter table customers alter column customer_phone type text;
        alter table customers alter column address type varchar;
        alter table customers alter column address_state type char(2);
        alter table orders alter column delivery_script_name type char(40);
        alter table orders alter column order_status type varchar(10)
        """,
    ),
    _mutation(
        "a numeric balance equal to the amount",
        _NUMERIC_MONEY + _customer(3, "customer_balance = 120.00"),
        "recreation.is_covered_by_balance",
    ),
    # A tenth of a cent is more than the amount, but not in whole cents.
    _mutation(
        "a numeric balance a tenth of a cent above the amount",
        _NUMERIC_MONEY + _customer(3, "customer_balance = 120.001"),
        "recreation.decision_survives_rounding",
        "customers.balance_is_whole_cents",
    ),
    # Rounded up, the balance covers what it does not cover as it is.
    _mutation(
        "a numeric balance that rounding lifts above the amount",
        _NUMERIC_MONEY + _customer(3, "customer_balance = 120.006") + ";" + _order(303, "order_amount = 120.008"),
        "recreation.decision_survives_rounding",
        "recreation.is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
        "customers.balance_is_whole_cents",
    ),
    # Numeric knows NaN and infinity as well.
    _mutation(
        "a numeric balance of NaN",
        _NUMERIC_MONEY + _customer(1, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    _mutation(
        "a numeric balance of infinity",
        _NUMERIC_MONEY + _customer(3, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    _mutation(
        "a numeric balance in whole cents with zeros",
        _NUMERIC_MONEY + _customer(6, "customer_balance = 9.9000"),
    ),
    _mutation(
        "a secret in jsonb",
        _JSONB + _args(404, '{"a": [{"password": "k-123"}]}'),
        "orders.delivery_args_hold_no_secret",
    ),
    _mutation("an array in jsonb", _JSONB + _args(404, "[]"), "orders.delivery_args_are_object"),
    _mutation("a key twice in jsonb, which keeps the last", _JSONB + _args(404, '{"batch": 50, "batch": 60}')),
    _mutation(
        "an email delivery without an address in jsonb",
        _JSONB + _args(101, '{"email_address": null}'),
        "orders.email_delivery_has_address",
    ),
    _mutation(
        "a shared reference in jsonb",
        _JSONB + _args(501, '{"api-key": "secret-ref:crm/acme"}'),
        "orders.api_key_belongs_to_one_customer",
    ),
    _mutation(
        "an order entered twice in jsonb",
        _JSONB + _copy_order(101, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
    # A chain and a cycle among keys that are not integers.
    _mutation(
        "a cycle of numeric keys",
        """
        alter table orders alter column order_id type numeric;
        alter table orders alter column order_ref type numeric;
        """
        + _insert("(911.5, 912.5)", "(912.5, 911.5)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    _mutation(
        "a blank state in char(2)",
        "alter table customers alter column address_state type char(2);" + _customer(6, "address_state = ''"),
        "customers.required_text_is_present",
        "customers.state_is_usps_code",
    ),
]

MUTATIONS: Final = [*_LINEAGE, *_RECREATION, *_ORDERS, *_CUSTOMERS, *_TYPES]
