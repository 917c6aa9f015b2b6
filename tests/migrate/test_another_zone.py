"""Another time zone of the business, as the design record describes it: earlier recreations keep their day."""

from __future__ import annotations

import re
import subprocess

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import steps
from tests.migrate.steps import take
from tests.support import servers

ZONE = "America/Los_Angeles"
#: An hour after midnight in New York, of the day that begins then.
EARLIER = """
begin;
set local sales.correcting = 'on';
update sales.recreations set created_at = '2026-11-30 01:00 America/New_York', business_day = '2026-11-30';
commit
"""
DAYS = "select order_id, business_day from sales.recreations order by order_id"


@pytest.mark.both_versions
def test_another_zone_leaves_earlier_days_and_a_dump_can_be_restored(server: Server, sample: str) -> None:
    (constraint,) = re.findall(r"```sql\n(.*?)```", (PROPOSED / "design.md").read_text(encoding="utf-8"), re.DOTALL)
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "expand")
        connection.execute("insert into sales.customers (name) values ('N')")
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (1, 100)")
        connection.execute("insert into sales.orders (customer_id, amount) values (1, 5)")
        connection.execute("call sales.recreate_due()")
        connection.execute(EARLIER)
        days = connection.execute(DAYS).fetchall()
        assert len(days) == 1
        (text,) = connection.execute("select pg_get_functiondef('sales.business_day'::regproc)").fetchone() or ("",)
        assert "America/New_York" in text
        with connection.transaction():
            connection.execute(text.replace("America/New_York", ZONE).encode())
            connection.execute(constraint.encode())
        with pytest.raises(errors.CheckViolation):
            connection.execute("alter table sales.recreations validate constraint recreations_day")
    dump = subprocess.run([server.bin / "pg_dump", sample], capture_output=True, check=True).stdout
    restored = servers.new_database(server)
    subprocess.run(
        [server.bin / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", restored], input=dump, capture_output=True, check=True
    )
    with psycopg.connect(restored) as connection:
        assert connection.execute(DAYS).fetchall() == days
        # for later recreations, the constraint holds
        with pytest.raises(errors.CheckViolation, match="recreations_day"):
            connection.execute("select sales.recreate((select max(order_id) from sales.orders), '2099-01-01')")
