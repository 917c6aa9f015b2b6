"""Planted faults: clean data, and for each kind of fault the rules that must turn red, no more and no less.

`CLEAN` keeps every constraint of the current schema and violates no rule. `LOOSEN` then takes the constraints
away, as in a database that never had them. Each of `MUTATIONS` starts from there. Those of a rule stand with it, in the
module of its area; here are those that turn none red.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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


def mutation(name: str, sql: str, *expected: str) -> Mutation:
    return Mutation(name, sql, frozenset(expected))


def change_order(order_id: int, changes: str) -> str:
    return f"update orders set {changes} where order_id = {order_id}"


def change_args(order_id: int, json: str) -> str:
    """Change the arguments of an order. Of those in `CLEAN`, 404 is a bulk delivery, which asks for none."""
    return change_order(order_id, f"delivery_script_args = '{json}'")


def change_schedule(turn: str) -> str:
    """Give order 102, which is pending, a schedule that repeats one turn."""
    return change_order(102, f"order_schedule = left(repeat('{turn}', 336), 336)::bit(336)")


def change_customer(customer_id: int, changes: str) -> str:
    """Change a customer. Of those in `CLEAN`, 6 has no order and 1 has only live roots."""
    return f"update customers set {changes} where customer_id = {customer_id}"


def insert(*orders: str) -> str:
    """Insert orders of customer 5 that are closed and cost nothing: (order_id, order_ref)."""
    return f"""
        insert into orders (order_id, order_ref, customer_id, order_status)
        select id, ref, 5, 'cancelled'
        from (values {", ".join(orders)}) as planted (id, ref)
        """


def copy_order(order_id: int, changes: str) -> str:
    """Insert a copy of an order with the columns of `changes`, a JSON object, changed."""
    return f"""
        insert into orders
        select (jsonb_populate_record(orders, '{changes}')).*
        from orders
        where order_id = {order_id}
        """


def copy_customer(customer_id: int, changes: str) -> str:
    """Insert a copy of a customer with the columns of `changes`, a JSON object, changed."""
    return f"""
        insert into customers
        select (jsonb_populate_record(customers, '{changes}')).*
        from customers
        where customer_id = {customer_id}
        """


NUMERIC_MONEY: Final = """
    alter table customers alter column customer_balance type numeric;
    alter table orders alter column order_amount type numeric(12, 3);
    """

JSONB: Final = "alter table orders alter column delivery_script_args type jsonb;"

#: Those of all rules, once their modules are imported.
MUTATIONS: list[Mutation] = [
    mutation("no change at all", "select 1"),
    mutation("no rows at all", "delete from orders; delete from customers"),
    mutation("no orders", "delete from orders"),
    mutation("numeric balances and amounts", NUMERIC_MONEY),
    mutation(
        "balances in numeric with four digits",
        "alter table customers alter column customer_balance type numeric(18, 4)",
    ),
    mutation("arguments in jsonb", JSONB),
    mutation(
        "keys in bigint and smallint",
        """
        alter table customers alter column customer_id type bigint;
        alter table orders alter column order_id type bigint;
        alter table orders alter column order_ref type smallint;
        alter table orders alter column customer_id type smallint;
        alter table orders alter column order_amount type bigint
        """,
    ),
    mutation(
        "keys in numeric",
        """
        alter table customers alter column customer_id type numeric;
        alter table orders alter column order_id type numeric;
        alter table orders alter column order_ref type numeric
        """,
    ),
    mutation(
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
]
