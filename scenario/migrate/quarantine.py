"""Rows that the new tables reject: their number and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from order_audit import session
from order_audit.progress import ProgressCallback
from order_audit.scenario.migrate.steps import COPYING, FIRST, Step, execute, without_transaction


@dataclass(frozen=True)
class Quarantined:
    """How many rows of a table are in quarantine for a reason: a rule of the audit, or words; some keys of them."""

    table: str
    reason: str
    rows: int
    keys: tuple[int, ...]


_READ = """
select q.what, r.reason, count(*)::integer, (array_agg(q.id order by q.id))[1:5]
from (
  select 'customers' as what, customer_id as id, reasons from migration.quarantined_customer
  union all
  select 'orders', order_id, reasons from migration.quarantined_order
) as q
cross join lateral (
  -- one kind for all that wait for another row
  select distinct regexp_replace(w.words, '(customer|first ancestor) -?\\d+', '\\1') as reason
  from unnest(q.reasons) as w (words)
) as r
group by q.what, r.reason
order by q.what, count(*) desc, r.reason
"""


def quarantine(connection: psycopg.Connection) -> list[Quarantined]:
    """Return the rows in quarantine by reason; a row with several reasons counts for each."""
    return [Quarantined(row[0], row[1], row[2], tuple(row[3])) for row in connection.execute(_READ)]


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
) -> tuple[list[Quarantined], list[str]]:
    """Return the future quarantine and the columns that are not migrated, by a dry run that is rolled back.

    Locks no row of the current tables. Takes as long as a backfill without pauses; meanwhile VACUUM cannot remove newly
    dead rows. Raises RefusalError if a check of the steps fails.
    """
    with connection.transaction(force_rollback=True):
        session.configure(connection, COPYING, local=True)
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
                connection.execute(f"select migration.put_{table}(%s)".encode(), [keys])
                position, done = keys[-1], done + len(keys)
                on_progress(done, of, table)
        connection.execute("select migration.settle_all(1000000)")
        return quarantine(connection), new_columns(connection)
