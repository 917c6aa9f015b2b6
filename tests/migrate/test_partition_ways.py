"""Orders in partitions: owners, interruptions, and applications at work meanwhile."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from itertools import product

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import RETIRE, steps
from tests.migrate.steps import one, take
from tests.migrate.test_partition import DEPLOY, OPTIONS, REVERT, VERIFY, run_file, succeed
from tests.support import servers

pytestmark = pytest.mark.both_versions

#: Statements that give the new schema to another owner.
OWN = """
select format('alter table %s owner to order_owner', c.oid::regclass) from pg_class as c
where c.relnamespace in ('sales'::regnamespace, 'sales_private'::regnamespace) and c.relkind in ('r', 'v')
union all
select format('alter routine %s owner to order_owner', p.oid::regprocedure) from pg_proc as p
where p.pronamespace in ('sales'::regnamespace, 'sales_private'::regnamespace)
union all
select format('alter schema %s owner to order_owner', s.name) from (values ('sales'), ('sales_private')) as s (name)
"""


@pytest.fixture(scope="module")
def retired(server: Server) -> Iterator[str]:
    """The sample at the end of the migration; each test leaves the table plain."""
    with servers.database(server, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take(connection, steps(PROPOSED), RETIRE)
        yield dsn


@pytest.mark.parametrize("by_owner", [True, False])
def test_the_owner_of_the_table_owns_the_partitions(retired: str, by_owner: bool) -> None:
    """Whether the owner runs the step, or a superuser."""
    owned = (
        "select count(*) filter (where c.relowner = 'order_owner'::regrole), count(*) from pg_class as c"
        " where c.relname = 'order_partitions'"
        " or (c.relname ~ '^orders(_[1-9b]|$)' and c.relnamespace = 'sales'::regnamespace)"
    )
    files = [DEPLOY, VERIFY]
    with psycopg.connect(retired, autocommit=True) as connection:
        connection.execute("create role order_owner login")
        try:
            connection.execute(f"grant create, temporary on database {connection.info.dbname} to order_owner".encode())
            for (statement,) in connection.execute(OWN).fetchall():
                connection.execute(statement.encode())
            role = "-c role=order_owner " if by_owner else ""
            for file in files:
                said = run_file(retired, file, role + OPTIONS)
                assert said.returncode == 0, said.stderr
            counts = connection.execute(owned.encode()).fetchone()
            assert counts
            assert counts[0] == counts[1] >= 10
            connection.execute("set role order_owner")
            connection.execute("select setval('sales.orders_order_id_seq', 3999)")
            assert connection.execute("select sales_private.add_partition()").fetchone() == ("orders_3",)
            assert connection.execute(owned.encode()).fetchone() == (counts[1] + 6, counts[1] + 6)
            connection.execute("insert into sales.orders (customer_id, amount) values (1, 1)")
            connection.execute("select sales_private.erase_orders(array[4000])")
            connection.execute("reset role; select setval('sales.orders_order_id_seq', 1100)")
            said = run_file(retired, REVERT, role)
            assert said.returncode == 0, said.stderr
        finally:
            connection.execute("reset role")
            servers.await_others(connection)
            connection.execute(
                "reassign owned by order_owner to current_user; drop owned by order_owner; drop role order_owner"
            )


def _statements() -> list[str]:
    """The step's statements as psql sends them, with its parts in their places."""
    text = DEPLOY.read_text()
    text = re.sub(r"^\\ir (\S+)$", lambda it: (DEPLOY.parent / it[1]).read_text(), text, flags=re.MULTILINE)
    return [it.strip() for it in re.findall(r"(?:\$\$.*?\$\$|--[^\n]*|'[^']*'|[^;])+;", text, re.DOTALL)]


def test_interrupted_anywhere_it_is_a_plain_or_a_partitioned_table(retired: str) -> None:
    all_statements = _statements()
    commit = all_statements.index("commit;")
    cuts = [n for n, it in enumerate(all_statements) if n == commit or "do $$" in it]
    assert len(cuts) == 9
    # run again, or taken back
    for cut, again in product(cuts, (True, False)):
        killed = psycopg.connect(retired, autocommit=True)
        for statement in ("set sales.partition_numbers = 2000", *all_statements[: cut + 1]):
            killed.execute(statement.encode())
        killed.close()  # without a commit
        with psycopg.connect(retired, autocommit=True) as connection:
            kind = connection.execute("select relkind from pg_class where oid = 'sales.orders'::regclass").fetchone()
            assert kind == ("p" if cut >= commit else "r",)
            # applications and the job work
            wrong = "insert into sales.orders (customer_id, first_ancestor_id, amount) values (1, 1, 1)"
            with pytest.raises(errors.ForeignKeyViolation):
                connection.execute(f"set sales.correcting = on; {wrong}".encode())
            connection.execute(
                "insert into sales.ledger_entries (customer_id, amount, reason) values (1, 1, 'deposit')"
            )
            connection.execute("insert into sales.orders (customer_id, amount) values (1, 1)")
            connection.execute("update sales.orders set order_status = 'paused' where order_status = 'active'")
            connection.execute("update sales.orders set order_status = 'active' where order_status = 'paused'")
        if again and cut < cuts[-1]:
            succeed(retired, DEPLOY)
            succeed(retired, VERIFY)
        succeed(retired, REVERT)
        unsound = "select count(*) from pg_constraint where not convalidated or conname = 'orders_in_first_partition'"
        assert one(retired, unsound) == 0


def test_readers_and_writers_lose_nothing(retired: str) -> None:
    """Neither meanwhile nor on the way back; numbers have no gap."""
    numbers: list[int] = []
    seen: list[int] = []
    ended = threading.Event()

    def write() -> None:
        with psycopg.connect(retired, autocommit=True) as connection:
            while not ended.is_set():
                row = connection.execute(
                    "insert into sales.orders (customer_id, amount) values (1, 1) returning order_id"
                ).fetchone()
                assert row
                numbers.append(row[0])

    def read() -> None:
        with psycopg.connect(retired, autocommit=True) as connection:
            while not ended.is_set():
                known = len(numbers)
                row = connection.execute("select count(*) from sales.orders").fetchone()
                assert row
                seen.append(row[0] - known)

    threads = [threading.Thread(target=write), threading.Thread(target=read)]
    before = one(retired, "select count(*) from sales.orders")
    for thread in threads:
        thread.start()
    try:
        for file in (DEPLOY, VERIFY, REVERT):
            while (said := run_file(retired, file, "-c sales.partition_numbers=100000")).returncode:
                assert "lock timeout" in said.stderr, said.stderr
                assert all(thread.is_alive() for thread in threads)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert len(numbers) > 50
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert seen
    assert min(seen) >= before
    assert one(retired, "select count(*) from sales.orders") == before + len(numbers)
    with psycopg.connect(retired) as holding:
        holding.execute("select from sales.orders limit 1")
        assert "lock timeout" in run_file(retired, DEPLOY, "").stderr
