"""The migration under load, and the speed of its backfill."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from typing import Any, Final

import psycopg

from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.compare import say
from benchmarks.load import RATE, loaded, quantiles
from benchmarks.mend import copied
from order_audit.audit.database.server import Server
from tests.support.workload import Workload

#: Seconds of a phase in which nothing but the applications is at work.
_QUIET: Final = 20.0
#: The backfill as one statement for each table, without checks and dependencies.
_PLAIN: Final = """
set migration.direction = 'to_new';
set sales.correcting = 'on';
set jit = off;
begin;
insert into sales.customers (customer_id, name, created_at) select customer_id, customer_name, null from customers;
insert into sales.contacts (customer_id, name, email, phone, created_at)
select customer_id, customer_contact_name, customer_email, customer_phone, null from customers;
insert into sales.addresses (customer_id, street, state_code, created_at)
select customer_id, address, address_state, null from customers;
insert into sales.ledger_entries (customer_id, amount, reason, created_at)
select customer_id, customer_balance::text::numeric, 'opening balance', null from customers where customer_balance <> 0;
insert into sales.schedules (half_hours)
select sales.half_hours(s.bits) from (select distinct order_schedule as bits from orders) as s
where s.bits::text like '%1%';
insert into sales.orders (
  order_id, customer_id, first_ancestor_id, schedule_id, delivery_id, amount, order_status, origin, created_at
)
select o.order_id, o.customer_id, o.order_ref, b.schedule_id,
  case
    when o.delivery_script_name is not null
    then sales_old.delivery(o.customer_id, o.delivery_script_name, o.delivery_script_args, false)
  end,
  o.order_amount, o.order_status, 'migrated', null
from orders as o left join sales_old.schedule_bits as b on b.bits = o.order_schedule::text;
commit;
"""
_LEFT: Final = """
select
  (select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class as c
   where c.relkind = 'r' and c.relnamespace in ('sales'::regnamespace, 'sales_private'::regnamespace)),
  (select coalesce(sum(n_dead_tup), 0)::bigint from pg_stat_user_tables where schemaname in ('sales', 'sales_private')),
  (select coalesce(sum(n_live_tup), 0)::bigint from pg_stat_user_tables where schemaname in ('sales', 'sales_private')),
  pg_total_relation_size('orders') + pg_total_relation_size('customers')
"""


def living(bed: Bed, end: str) -> dict[str, Any]:
    """A migration of a database with both kinds of applications at work, to its `end`: rollback or contract."""
    work = Workload(bed.dsn)
    work.prepare()
    phases: dict[str, float] = {}
    wrong: dict[str, list[str]] = {}

    def phase(name: str, *command: str) -> None:
        say(f"migration of {bed.orders} orders to {end}: {name}")
        began = time.perf_counter()
        with work.during(name, after=1.0 if command else _QUIET):
            if command:
                _migrate(bed.dsn, *command)
        phases[name] = time.perf_counter() - began

    def check(name: str, there: str = "public", *, new: bool = True) -> None:
        say(f"comparing with the recorded writes, {name}")
        with work.halted():
            wrong[name] = work.wrong(there=there, new=new)

    with work.at_work():
        phase("no migration")
        phase("synchronise", "run", "--to", "synchronise")
        work.new.set()
        phase("backfill", "run", "--to", "backfill")
        phase("verify", "run", "--to", "verify")
        check("after verify")
        phase("switch", "run", "--to", "switch")
        phase("switched")
        check("after the switch", "migration")
        if end == "contract":
            phase("contract", "contract", "--drop-old-tables")
            phase("contracted")
        else:
            phase("rollback to verify", "rollback", "--to", "verify")
            check("after rollback to verify")
            phase("switch again", "run", "--to", "switch")
            check("after the second switch", "migration")
            work.new.clear()
            with work.halted():
                pass
            phase("rollback", "rollback")
            phase("rolled back")
    check("at the end", new=end == "contract")
    return {
        "end": end,
        "rate": work.rate,
        "clients": work.clients,
        "phases": {name: {"seconds": seconds} | _sides(work, name) for name, seconds in phases.items()},
        "errors": [[*error, times] for error, times in Counter(it[:4] for it in work.errors).items()],
        "said": sorted({error[4] for error in work.errors})[:20],
        "wrong": {name: [len(found), found[:5]] for name, found in wrong.items()},
        "changed": {
            "balances": sum(1 for name, _ in work.ledger.added if name == "balance"),
            "entries": len(work.ledger.entries),
            "made": len(work.ledger.made),
            "recreated": len(work.ledger.recreated),
            "transactions": len(work.times),
        },
    }


def _sides(work: Workload, phase: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for side in ("old", "new"):
        times = [it.seconds for it in work.times if it.phase == phase and it.side == side]
        found[side] = quantiles(times) if len(times) > 1 else None
    return found


def filling(on: Server, bed: Bed) -> dict[str, Any]:
    """A backfill, and one INSERT … SELECT for each table: under a light load, and what they leave."""
    found = {}
    with psycopg.connect(bed.dsn, autocommit=True) as connection:
        connection.execute("create sequence load start 1000000000")
    for name in ("nothing", "INSERT … SELECT", "order-audit migrate run --to backfill"):
        say(f"backfill of {bed.orders} orders: {name}")
        with copied(on, bed) as made:
            ours = name.startswith("order-audit")
            if name != "nothing":
                _migrate(made.dsn, "run", "--to", "synchronise" if ours else "prepare")
            with loaded(made) as load:
                time.sleep(2)
                begun, began = time.time(), time.perf_counter()
                if ours:
                    _migrate(made.dsn, "run", "--to", "backfill")
                elif name != "nothing":
                    with psycopg.connect(made.dsn, autocommit=True) as connection:
                        connection.execute(_PLAIN.encode())
                else:
                    time.sleep(_QUIET)
                seconds, ended = time.perf_counter() - began, time.time()
            left = (0, 0, 0, 0)
            if name != "nothing":
                with psycopg.connect(made.dsn) as connection:
                    left = connection.execute(_LEFT.encode()).fetchone() or left
        found[name] = {
            "rows": sum(bed.rows) if name != "nothing" else 0,
            "seconds": seconds,
            "bytes": left[0],
            "dead": left[1],
            "live": left[2],
            "old_bytes": left[3],
        } | quantiles([each for when, each in load.times if begun <= when <= ended])
    return {"transactions_per_second": RATE, "contenders": found}


def _migrate(dsn: str, *command: str) -> None:
    subprocess.run([ORDER_AUDIT, "migrate", *command, "--quiet", "--dsn", dsn], check=True, stdout=subprocess.DEVNULL)
