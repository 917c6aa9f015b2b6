"""An autovacuum of a large table takes longer than all tries of a step, so it has to end for one."""

from __future__ import annotations

import time

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from order_audit.errors import RefusalError
from order_audit.progress import ignore_note, ignore_progress
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.waiting import until_locked
from tests.migrate.steps import take
from tests.support import servers

STEPS = steps(PROPOSED)
GRANT = "grant set on parameter {} to shop_owner"
#: Some pages, each of which takes the worker a tenth of a second and more.
SLOWLY = """
alter table orders set (
  autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100,
  autovacuum_vacuum_cost_limit = 1
);
insert into orders (order_id, order_ref, customer_id, order_schedule, order_amount, order_status)
select n, n, 1, repeat('0', 336)::bit(336), 0, 'expired' from generate_series(10001, 13000) as n;
update orders set order_amount = 1 where order_id > 10000;
select pg_stat_force_next_flush()
"""


def test_an_autovacuum_ends_for_a_step_whose_owner_may_shorten_its_wait() -> None:
    with servers.running(18, "autovacuum=on", "autovacuum_naptime=1s") as server:
        dsn = servers.new_database(server, "sample")
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(
                "create role shop_owner login; grant pg_read_all_stats to shop_owner;"
                f" grant create on database {servers.name_of(dsn)} to shop_owner;"
                " grant create on schema public to shop_owner;"
                " alter table customers owner to shop_owner; alter table orders owner to shop_owner".encode()
            )
            admin.execute(GRANT.format("migration.direction, sales.correcting").encode())
            with psycopg.connect(make_conninfo(dsn, user="shop_owner"), autocommit=True) as owner:
                take(owner, STEPS, "prepare")
                (step,) = (step for step in STEPS if step.name == "synchronise")
                for statement in SLOWLY.split(";"):
                    owner.execute(statement.encode())
                while not admin.execute(
                    "select from pg_locks as l join pg_stat_activity as a on a.pid = l.pid"
                    " where a.backend_type = 'autovacuum worker' and l.relation = 'orders'::regclass"
                    " and l.mode = 'ShareUpdateExclusiveLock' and l.granted"
                ).rowcount:
                    time.sleep(0.05)
                tries = MigrationThrottle(max_tries=1)
                with pytest.raises(
                    RefusalError, match=r"autovacuum worker.* Wait until it ends\. A superuser lets"
                ) as no:
                    until_locked(owner, step.deploy, tries, ignore_progress, ignore_note)
                assert GRANT.format("deadlock_timeout") in str(no.value)
                admin.execute(GRANT.format("deadlock_timeout").encode())
                assert until_locked(owner, step.deploy, tries, ignore_progress, ignore_note) == 0
