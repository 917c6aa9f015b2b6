"""The expected state after the workload: each row equals the ledger, and both sides agree."""

from __future__ import annotations

import itertools
from collections import Counter
from decimal import Decimal
from typing import Any, Final

import psycopg

from tests.support.workload.scene import Ledger, Scene

_CHANGED: Final = {
    "customers": """
select coalesce(b.customer_id, n.customer_id), row_to_json(b), row_to_json(n)
from workload.customers as b
full join {there}.customers as n on n.customer_id = b.customer_id
where b::text is distinct from row(
  n.customer_id, n.customer_name, n.customer_email, n.customer_contact_name, n.customer_phone, n.address,
  n.address_state, n.customer_balance
)::text
""",
    "orders": """
select coalesce(b.order_id, n.order_id), row_to_json(b), row_to_json(n)
from workload.orders as b
full join {there}.orders as n on n.order_id = b.order_id
where b::text is distinct from row(
  n.order_id, n.order_ref, n.customer_id, n.order_schedule, n.delivery_script_name, n.delivery_script_args,
  n.order_amount, n.order_status
)::text
""",
}

#: Rows that are not on both sides alike, told without what the migration itself compares by. After `contract` the old
#: side is the views.
_UNLIKE: Final = {
    "customers": """
with old as (
  select customer_id::bigint as id, customer_name, customer_email, customer_contact_name::text, customer_phone::text,
    address, address_state, customer_balance::text::numeric as balance
  from {there}.customers
), new as (
  select c.customer_id, c.name, k.email, k.name, k.phone, a.street, a.state_code, trim_scale(c.balance)
  from sales.customers as c
  left join sales.contacts as k on k.customer_id = c.customer_id and k.is_main
  left join sales.addresses as a on a.customer_id = c.customer_id and a.is_main
)
(select 'old', * from old except all select 'old', * from new)
union all (select 'new', * from new except all select 'new', * from old)
""",
    "orders": """
with schedule as materialized (
  select schedule_id, sales.bits(half_hours)::text as bits from sales.schedules
), old as (
  select order_id::bigint as id, order_ref::bigint, customer_id::bigint, order_schedule::text, delivery_script_name,
    delivery_script_args::text as args, order_amount::numeric, order_status
  from {there}.orders
), new as (
  select o.order_id, o.first_ancestor_id, o.customer_id, coalesce(s.bits, repeat('0', 336)), d.script_name, t.args_text,
    trunc(o.amount), o.order_status
  from sales.orders as o
  left join schedule as s on s.schedule_id = o.schedule_id
  left join sales.deliveries as d on d.delivery_id = o.delivery_id
  left join sales_old.delivery_texts as t on t.delivery_id = o.delivery_id
)
(select 'old', * from old except all select 'old', * from new)
union all (select 'new', * from new except all select 'new', * from old)
""",
}


def wrong(scene: Scene, *, there: str = "public", new: bool = False) -> list[str]:
    """What differs from the ledger, and with `new` between both sides, while nobody writes.

    `there` is the schema in which the old tables, or their views, are looked at.
    """
    with psycopg.connect(scene.dsn) as connection:
        connection.execute("set extra_float_digits = 1; set jit = off; set work_mem = '256MB'")
        found = _not_as_written(scene.ledger, connection, there)
        if new:
            for table, query in _UNLIKE.items():
                found += (
                    f"{table}, not on both sides: {row}"
                    for row in connection.execute(query.format(there=there).encode())
                )
            found += _entries(scene.ledger, connection)
    return found


def _not_as_written(ledger: Ledger, connection: psycopg.Connection, there: str) -> list[str]:
    changed: dict[str, dict[int, tuple[Any, Any]]] = {
        table: {row[0]: (row[1], row[2]) for row in connection.execute(query.format(there=there).encode())}
        for table, query in _CHANGED.items()
    }
    found = _customers(ledger, changed["customers"]) + _orders(ledger, connection, changed["orders"])
    twice = [order for order, times in Counter(order for order, _ in ledger.recreated).items() if times > 1]
    found += (f"order {order} was recreated twice" for order in twice)
    return found


def _customers(ledger: Ledger, changed: dict[int, tuple[Any, Any]]) -> list[str]:
    found: list[str] = []
    wanted = {key for name, key in itertools.chain(ledger.added, ledger.last) if name in ("balance", "phone")}
    for key in sorted(wanted | set(changed)):
        was, now = changed.get(key) or (None, None)
        if was is None or now is None:
            # as before, despite a write
            if (
                was is None
                and now is None
                and not ledger.added.get(("balance", key))
                and ("phone", key) not in ledger.last
            ):
                continue
            found.append(f"customer {key}: {was} became {now}")
            continue
        right = dict(was)
        if added := ledger.added.get(("balance", key)):
            right["customer_balance"] = float(Decimal(str(was["customer_balance"])) + added)
        if last := ledger.last.get(("phone", key)):
            right["customer_phone"] = last[1]
        found += _unlike(f"customer {key}", right, now)
    return found


def _orders(ledger: Ledger, connection: psycopg.Connection, changed: dict[int, tuple[Any, Any]]) -> list[str]:
    found: list[str] = []
    wanted = {key for name, key in itertools.chain(ledger.added, ledger.last) if name in ("amount", "status")}
    for key in sorted(wanted | set(ledger.made) | set(changed)):
        was, now = changed.get(key) or (None, None)
        last_status = ledger.last.get(("status", key))
        if key in ledger.deleted:
            if now is not None:
                found.append(f"order {key} was deleted and is there")
            continue
        if key not in changed:
            row = connection.execute(
                "select row_to_json(o) from workload.orders as o where order_id = %s", [key]
            ).fetchone()
            was = now = row[0] if row else None
        if key in ledger.made:
            right = dict(ledger.made[key])
            if was is not None:
                found.append(f"order {key} was there before it was made")
        elif was is None:
            found.append(f"order {key}: nobody made it")
            continue
        else:
            right = dict(was)
        if now is None:
            found.append(f"order {key} is lost")
            continue
        right["order_amount"] += int(ledger.added.get(("amount", key), 0))
        if last_status:
            right["order_status"] = last_status[1]
        found += _unlike(f"order {key}", right, now)
    return found


def _entries(ledger: Ledger, connection: psycopg.Connection) -> list[str]:
    """Entries of new applications, each just once, and histories without gaps."""
    there = Counter(
        row[0] for row in connection.execute("select reason from sales.ledger_entries where reason like 'entry %'")
    )
    wanted = Counter(ledger.entries)
    found = [
        f"{reason}: wanted {wanted[reason]} times, there {there[reason]} times"
        for reason in (there - wanted) + (wanted - there)
    ]
    found += (
        f"order {row[0]}: its history has gaps, or does not end as it stands"
        for row in connection.execute(
            "select h.order_id from sales.order_status_changes as h join sales.orders as o using (order_id)"
            " group by h.order_id, o.order_status"
            " having max(h.change_number) <> count(*)"
            " or (array_agg(h.status_after order by h.change_number desc))[1] <> o.order_status"
        )
    )
    return found


def _unlike(what: str, right: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [
        f"{what}: {name} should be {value!r}, is {now[name]!r}" for name, value in right.items() if now[name] != value
    ]
