"""Rows that the new tables reject: their number and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import psycopg

from order_audit import session
from order_audit.progress import ProgressCallback
from order_audit.scenario.migrate.backfill import COMPRESSION
from order_audit.scenario.migrate.capacity import Capacity, log_position, measure
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.steps import COPYING, FIRST, Step, execute, without_transaction
from order_audit.scenario.migrate.throttle import MigrationThrottle


@dataclass(frozen=True)
class Quarantined:
    """The rows of a table that are in quarantine for a reason: a rule of the audit, or words.

    `money` is the sum of their balances or amounts, in dollars, without balances that are no numbers; `keys` has the
    first keys.
    """

    table: str
    reason: str
    rows: int
    money: Decimal
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Quarantine:
    """All rows in quarantine: their number and money by table, and by reason.

    A row with several reasons counts for each of them, and once in the numbers by table. `balances` leaves out those of
    `without_balance` customers, which are no numbers.
    """

    customers: int = 0
    balances: Decimal = Decimal(0)
    without_balance: int = 0
    orders: int = 0
    amounts: Decimal = Decimal(0)
    reasons: tuple[Quarantined, ...] = ()

    @property
    def rows(self) -> int:
        """The number that `--accept-quarantine` limits: customers and orders."""
        return self.customers + self.orders


#: Balances as numbers: without null, NaN and infinities.
_BALANCE: Final = "case when abs(q.old_balance) < 'Infinity' then q.old_balance::text::numeric end"

_SIZE: Final = f"""
select c.*, o.*
from (
  select count(*), coalesce(sum({_BALANCE}), 0), count(*) - count({_BALANCE}) from migration.quarantined_customer as q
) as c
cross join (select count(*), coalesce(sum(q.amount), 0) from migration.quarantined_order as q) as o
"""

_REASONS: Final = f"""
select q.tab, r.reason, count(*)::integer, coalesce(sum(q.money), 0), (array_agg(q.id order by q.id))[1:5]
from (
  select 'customers' as tab, q.customer_id as id, {_BALANCE} as money, q.reasons
  from migration.quarantined_customer as q
  union all
  select 'orders', q.order_id, q.amount, q.reasons from migration.quarantined_order as q
) as q
cross join lateral (
  -- one kind for all that wait for another row
  select distinct regexp_replace(w.words, '(customer|first ancestor) -?\\d+', '\\1') as reason
  from unnest(q.reasons) as w (words)
) as r
group by q.tab, r.reason
order by q.tab, count(*) desc, r.reason
"""


def quarantine(connection: psycopg.Connection) -> Quarantine:
    """Return the rows in quarantine by table and by reason."""
    customers, balances, without_balance, orders, amounts = session.row(connection, _SIZE)
    reasons = tuple(
        Quarantined(table, reason, rows, money, tuple(keys))
        for table, reason, rows, money, keys in connection.execute(_REASONS.encode())
    )
    return Quarantine(customers, balances, without_balance, orders, amounts, reasons)


def new_columns(connection: psycopg.Connection) -> list[str]:
    """Return columns of the old tables that are not migrated or have another type, as `orders.note (text)`."""
    return [
        f"{tab}.{name} ({kind}{f', before {before}' if before else ''})"
        for tab, name, kind, before in connection.execute(
            "select tab, name, type, type_before from migration.new_columns order by 1, 2"
        )
    ]


def dry_run(
    connection: psycopg.Connection, all_steps: Sequence[Step], on_progress: ProgressCallback
) -> tuple[Quarantine, list[str], Capacity]:
    """Return the future quarantine, the columns that are not migrated, and what the migration takes.

    By a dry run that is rolled back. Locks no row of the current tables. Takes as long as a backfill without pauses;
    meanwhile VACUUM cannot remove newly dead rows. Raises RefusalError if a check of the steps fails.
    """
    capacity = Capacity()
    with connection.transaction(force_rollback=True):
        began_at = log_position(connection)
        session.configure(connection, COPYING, local=True)
        if compression := session.scalar(connection, COMPRESSION):  # as the backfill
            session.configure(connection, [("wal_compression", compression)], local=True)
        session.set_timeouts(connection, lock=2_000)
        for step in all_steps:
            if step.name in ("expand", "prepare"):
                on_progress(0, 0, step.name)
                execute(connection, without_transaction(step.deploy))
        for table, key in (("customers", "customer_id"), ("orders", "order_id")):
            of, done, position = (
                int(session.scalar(connection, f"select count(*) from migration.old_{table}")),
                0,
                FIRST,
            )
            while True:
                with capacity.timed("backfill"):
                    keys = session.scalar(
                        connection,
                        f"""
                        select array_agg(n.{key}::bigint order by n.{key})
                        from (select {key} from migration.old_{table} where {key} > %s order by {key} limit 5000) as n
                        """,
                        [position],
                    )
                    if keys is None:
                        break
                    connection.execute("select migration.copy_to_new(%s, %s::bigint[])", [table, keys])
                position, done = keys[-1], done + len(keys)
                on_progress(done, of, table)
            capacity.copied += done
        with capacity.timed("backfill"):
            copy_left_over(connection, MigrationThrottle(batch_size=5000, max_lock_wait_ms=10_000))
            session.set_timeouts(connection, lock=2_000, statement=0)
        on_progress(0, 0, "indexes and verify")
        measure(connection, capacity, began_at)
        return quarantine(connection), new_columns(connection), capacity
