"""Orders in partitions: the step, its way back, and what stops it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import RETIRE, done, steps
from tests.migrate.migrating import shape
from tests.migrate.steps import take
from tests.support import servers
from tests.support.clients import PSQL, environment

STEPS = steps(PROPOSED)
HOME = PROPOSED / "partition"
DEPLOY, REVERT, VERIFY = (HOME / folder / "partition.sql" for folder in ("deploy", "revert", "verify"))
#: Small partitions, the server's word on what it reads, and defaults of an old database, which change what literals and
#: names mean.
OPTIONS = (
    "-c sales.partition_numbers=2000 -c client_min_messages=debug1"
    " -c standard_conforming_strings=off -c backslash_quote=off -c quote_all_identifiers=on"
)
ROWS = "select to_jsonb(o) from sales.orders as o order by o.order_id"
NEXT = "select last_value + is_called::integer from sales.orders_order_id_seq"

#: Objects of others on sales.orders, as the refusal names them, and the statement that removes each.
BLOCKS = {
    "view big": "drop view big",
    "materialized view live": "drop materialized view live",
    "function price(sales.orders)": "drop function price(sales.orders)",
    "function count_orders()": "drop function count_orders()",
    "column one of table kept": "alter table kept drop one",
    "constraint kept_order_id_fkey on table kept": "alter table kept drop constraint kept_order_id_fkey",
    "trigger counts on table sales.orders": "drop trigger counts on sales.orders",
    "rule loud on table sales.orders": "drop rule loud on sales.orders",
    "policy few on table sales.orders": "drop policy few on sales.orders",
    "row-level security of sales.orders": "alter table sales.orders disable row level security",
    "publication feed": "drop publication feed",
    "publication everything": "drop publication everything",
    "table heir": "drop table heir",
    "index sales.one_each, which is unique or exclusive without order_id": "drop index sales.one_each",
    "constraint later of sales.orders, which is not validated or not inherited": (
        "alter table sales.orders drop constraint later"
    ),
}
CREATE = """
create view big as select order_id from sales.orders where amount > 5;
create materialized view live as select order_id from sales.orders;
create function price(sales.orders) returns numeric language sql as 'select $1.amount';
create function count_orders() returns bigint begin atomic select count(*) from sales.orders; end;
create table kept (one sales.orders, order_id bigint references sales.orders);
create function count_it() returns trigger language plpgsql as 'begin return new; end';
create trigger counts before insert on sales.orders for each row execute function count_it();
create rule loud as on delete to sales.orders do also notify orders;
create policy few on sales.orders using (true); alter table sales.orders enable row level security;
create publication feed for table sales.orders; create publication everything for all tables;
create table heir () inherits (sales.orders);
create unique index one_each on sales.orders (first_ancestor_id, amount) where order_id < 0;
alter table sales.orders add constraint later check (amount < 1e6) not valid;
"""


def run_file(dsn: str, file: Path, options: str = OPTIONS) -> subprocess.CompletedProcess[str]:
    """Run a file by psql, with settings of its session."""
    return subprocess.run(
        [*PSQL, "-At", "-f", str(file)],
        env=environment(dsn, HOME) | {"PGOPTIONS": options},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def succeed(dsn: str, file: Path) -> str:
    """Run a file, which has to succeed; return what it prints."""
    said = run_file(dsn, file)
    assert said.returncode == 0, said.stderr
    return said.stdout + said.stderr


def error(dsn: str, file: Path) -> str:
    """Run a file, which has to fail with one line; return it."""
    said = run_file(dsn, file, "")
    assert said.returncode != 0
    assert said.stderr.count("ERROR") == 1
    return said.stderr


@pytest.fixture(scope="module")
def retired(server: Server) -> Iterator[str]:
    """The sample at the end of the migration; each test leaves the table plain."""
    with servers.database(server, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take(connection, STEPS, "expand")
            assert "the old tables are not migrated" in error(dsn, DEPLOY)
            take(connection, STEPS, "contract")
            assert "retire comes first" in error(dsn, DEPLOY)
            take(connection, STEPS, RETIRE)
        yield dsn


def test_the_schema_comes_first(dsn: str) -> None:
    assert "the schema sales does not exist" in error(dsn, DEPLOY)
    assert run_file(dsn, REVERT, "").stderr == ""


@pytest.mark.both_versions
def test_no_row_is_read_under_the_lock_and_the_way_back_is_exact(retired: str, server: Server) -> None:
    with psycopg.connect(retired, autocommit=True) as connection:
        connection.execute("drop role if exists order_reader")
        connection.execute("create role order_reader")
        connection.execute(
            "grant usage on schema sales to order_reader; grant select, insert on sales.orders to order_reader with"
            " grant option; grant update (amount) on sales.orders to order_reader;"
            " grant usage on sequence sales.orders_order_id_seq to order_reader;"
            " alter default privileges in schema sales grant delete on tables to order_reader;"
            " comment on index sales.orders_live is 'live'; comment on trigger keep_origin on sales.orders is 'origin';"
            " alter table sales.orders set (fillfactor = 90); alter table sales.orders add carried text default 'x';"
            " create index notes on sales.orders (carried) where carried <> 'x'; alter sequence"
            " sales.orders_order_id_seq cache 1"
        )
        before, dumped = connection.execute(ROWS).fetchall(), shape(server, retired)
        (number,) = connection.execute(NEXT).fetchone() or (0,)
        definition = "select part, name, statement from pg_temp.orders_definition order by 1, 2, 3"
        text = (HOME / "deploy" / "parts" / "definition.sql").read_text()
        connection.execute(f"set search_path = pg_catalog; {text}".encode())
        parts = connection.execute(definition).fetchall()
        for _ in range(2):  # deploy and revert, twice
            said = succeed(retired, DEPLOY)
            assert "verifying table" in said
            assert "orders_1" not in re.findall(r'(?:verifying table|building index) "(orders_\d+)', said)
            # the key of the present table is validated after the transaction
            assert re.search(
                r'validate\.sql:\d+: \w+:  validating foreign key .* "orders_first_ancestor_is_root"', said
            )
            assert connection.execute(ROWS).fetchall() == before
            now = [(*row[:2], row[2].replace(" ON ONLY ", " ON ")) for row in connection.execute(definition)]
            assert now == parts
            assert succeed(retired, VERIFY).split() == ["1"] * 5
            assert "sales.orders is partitioned already: nothing to do" in error(retired, DEPLOY)
            assert done(connection, STEPS)[-1] == RETIRE
            with connection.transaction(force_rollback=True):
                connection.execute("set local role order_reader")
                connection.execute("select order_id from sales.orders")
                for statement in (
                    "select from sales.orders_1",
                    "delete from sales.orders",
                    "delete from sales.orders_2",
                ):
                    with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                        connection.execute(statement.encode())
            options = "select reloptions from pg_class where oid = 'sales.orders_2'::regclass"
            assert connection.execute(options).fetchone() == (["fillfactor=90"],)
            insert = "insert into sales.orders (customer_id, amount) values (1, 1) returning order_id"
            assert connection.execute(insert).fetchone() == (number,)
            assert connection.execute("select currval('sales.orders_order_id_seq')").fetchone() == (number,)
            succeed(retired, REVERT)
            assert shape(server, retired) == dumped
            assert succeed(retired, REVERT).count("ERROR") == 0
            number += 1
            assert connection.execute(insert).fetchone() == (number,)
            number += 1
            connection.execute("call sales.recreate_due()")
            before = connection.execute(ROWS).fetchall()
            (number,) = connection.execute(NEXT).fetchone() or (0,)
        connection.execute("alter default privileges in schema sales revoke delete on tables from order_reader")
        servers.await_others(connection)
        connection.execute("drop owned by order_reader; drop role order_reader; drop index sales.notes")
        connection.execute("alter table sales.orders drop carried, reset (fillfactor)")


@pytest.mark.both_versions
def test_what_others_made_is_named_and_not_dropped(retired: str, server: Server) -> None:
    with psycopg.connect(retired, autocommit=True) as connection:
        connection.execute(CREATE)
        dumped, said = shape(server, retired), error(retired, DEPLOY)
        for name in BLOCKS:
            assert name in said
        assert said.split("\n")[0].count(";") == len(BLOCKS) - 1
        assert shape(server, retired) == dumped
        for remove in BLOCKS.values():
            assert "these stop the partitioning of sales.orders" in error(retired, DEPLOY)
            connection.execute(remove.encode())
        connection.execute("drop table kept; drop function count_it()")
        succeed(retired, DEPLOY)
        connection.execute("create view big as select order_id from sales.orders where amount > 5")
        assert "these stop the return to a plain table: view public.big" in error(retired, REVERT)
        connection.execute("drop view big")
        succeed(retired, REVERT)
