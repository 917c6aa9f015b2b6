"""Changes of a share of the rows between two audits."""

from __future__ import annotations

from typing import Final

import psycopg

#: The shares of rows that change.
SHARES: Final = (0.001, 0.01)
#: Other states of some orders, new orders, orders that are gone, other balances; `:step` is one in how many, `:turn`
#: another number each time.
_CHANGES: Final = (
    "update orders set order_status = (array['recreated','active','expired','cancelled','paused','pending'])"
    "[1 + (order_id + :turn) % 6] where mod(hashint4(order_id + :turn), :step) = 1",
    "insert into orders (order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args,"
    " order_amount, order_status) select order_id + 100000000 * (1 + :turn), order_ref, customer_id, order_schedule,"
    " delivery_script_name, delivery_script_args, order_amount, order_status from orders"
    " where order_id < 100000000 and mod(order_id, 2 * :step) = :turn",
    "delete from orders where mod(order_id, 10 * :step) = 9 + :turn",
    "update customers set customer_balance = customer_balance - 100"
    " where mod(hashint4(customer_id + :turn), :step) = 5",
)


def change(dsn: str, share: float, turn: int) -> dict[str, int]:
    """Change a share of the rows, other ones each `turn` from 0 to 19; return the numbers of rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        counts = [
            connection.execute(
                text.replace(":step", str(round(1 / share))).replace(":turn", str(turn)).encode()
            ).rowcount
            for text in _CHANGES
        ]
        connection.execute("analyze")
    return dict(zip(("updated", "inserted", "deleted", "customers"), counts, strict=True))


def without_autovacuum(dsn: str) -> None:
    """Keep autovacuum off the tables: its time would be an audit's."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("alter table orders set (autovacuum_enabled = false)")
        connection.execute("alter table customers set (autovacuum_enabled = false)")
