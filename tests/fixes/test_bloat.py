"""How large the changed tables became, in the summary, in the journal and in reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import psycopg
import pytest

from order_audit.audit.cli.fixes_text import bloat_lines
from order_audit.expectations import load
from order_audit.fixes.apply import apply
from order_audit.fixes.engine.batches import revert as put_back
from order_audit.fixes.engine.bloat import bloat, sizes
from order_audit.fixes.engine.status import status
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.vacuum import vacuum
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import fixes
from order_audit.scenario.generate import generate
from tests.support import program

ROOT = Path(__file__).parents[2]
RULES = load("current").rules
RULE = "orders.status_is_known"
FIX = {RULE: fixes(RULES)[RULE]}


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    """One to a shop of which one order in five has a status with a space in front of it."""
    with psycopg.connect(dsn, autocommit=True) as made:
        generate(made, orders=3000, customers=300, seed=3, defects=0)
        made.execute("alter table orders drop constraint chk_status")
        made.execute("alter table orders set (autovacuum_enabled = off)")
        made.execute("update orders set order_status = ' ' || order_status where order_id % 5 = 0")
        made.execute("vacuum full orders")
        vacuum(made, {"orders"})  # which sets the count of dead rows back
        yield made


def bytes_of(connection: psycopg.Connection, table: str) -> tuple[int, int]:
    row = connection.execute(f"select pg_table_size('{table}'), pg_indexes_size('{table}')".encode()).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.both_versions
def test_tables_that_were_changed_are_told_with_their_dead_rows(connection: psycopg.Connection) -> None:
    before = bytes_of(connection, "orders")
    done = apply(connection, RULES, FIX, {}, None, Throttle())
    assert done.changed == 600
    assert list(done.bloat) == ["orders"]
    found = done.bloat["orders"]
    assert (found.heap_before, found.indexes_before) == before
    assert (found.heap_after, found.indexes_after) == bytes_of(connection, "orders")
    assert found.heap_after > found.heap_before
    assert 0 < found.dead_rows <= 600  # the next reader may clean up a full page
    assert found.may_vacuum
    told = status(connection)
    assert told is not None
    assert told.bloat == done.bloat
    # a run that changes nothing takes nothing of it away
    assert apply(connection, RULES, FIX, {}, None, Throttle()).bloat == {}
    again = status(connection)
    assert again is not None
    assert again.bloat == done.bloat


def test_many_small_fixes_are_vacuumed_as_a_large_one(connection: psycopg.Connection) -> None:
    """Two fixes, where a VACUUM is due after as many rows as both change together."""
    both = {id: fix for id, fix in fixes(RULES).items() if id in (RULE, "orders.script_name_is_identifier")}
    for spare in (1, 0):
        connection.execute("update orders set order_status = ' ' || order_status where order_id % 5 = 0")
        connection.execute("update orders set delivery_script_name = upper(delivery_script_name) || ' '"
                           " where order_id % 10 = 5 and delivery_script_name is not null")  # fmt: skip
        vacuum(connection, {"orders"})
        before = vacuums(connection)
        counted = connection.execute("select count(*) from orders where delivery_script_name like '% '").fetchone()
        assert counted is not None
        done = apply(connection, RULES, both, {}, None, Throttle(vacuum_after=600 + counted[0] + spare))
        assert done.changed == 600 + counted[0] > 600
        assert vacuums(connection) == before + 1 - spare
        assert (done.bloat["orders"].dead_rows > 0) == bool(spare)


def test_a_table_that_is_changed_all_over_stays_small(connection: psycopg.Connection) -> None:
    """A vacuum follows the change of a tenth of its rows, or of some thousands."""
    connection.execute("create sequence more start 1000000")
    connection.execute(
        "insert into orders (order_id, order_ref, customer_id, order_amount, order_status)"
        " select nextval('more'), currval('more'), o.customer_id, o.order_amount, 'expired'"
        " from orders as o cross join generate_series(1, 7)"
    )
    connection.execute("update orders set order_status = ' ' || btrim(order_status)")
    connection.execute("vacuum (full, analyze) orders")
    before = vacuums(connection)
    done = apply(connection, RULES, FIX, {}, None, Throttle())
    assert done.changed == 24_000
    assert vacuums(connection) >= before + 2
    found = done.bloat["orders"]
    assert found.heap_after < found.heap_before * 1.6
    # and so do reverted rows
    assert put_back(connection, RULE, TARGET, Throttle()).changed == 24_000
    assert vacuums(connection) >= before + 4
    assert bytes_of(connection, "orders")[0] < found.heap_before * 1.6


def vacuums(connection: psycopg.Connection) -> int:
    """How often VACUUM was run on orders."""
    connection.execute("select pg_stat_force_next_flush()")
    row = connection.execute("select vacuum_count from pg_stat_user_tables where relname = 'orders'").fetchone()
    assert row is not None
    return int(row[0])


def test_a_role_that_may_not_vacuum_is_told(connection: psycopg.Connection) -> None:
    connection.execute("create role fxsize_mender")
    try:
        connection.execute("grant select, update on orders to fxsize_mender")
        before = sizes(connection, ["orders"])
        connection.execute("set role fxsize_mender")
        connection.execute("update orders set order_status = btrim(order_status) where order_status like ' %'")
        found = bloat(connection, before, ["orders"])
        assert not found["orders"].may_vacuum
        assert "VACUUM needs the table's owner" in " ".join(" ".join(bloat_lines(found)).split())
        connection.execute("reset role")
        assert bloat(connection, before, ["orders"])["orders"].may_vacuum
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by fxsize_mender")
        connection.execute("drop role fxsize_mender")


def test_partitions_count_with_their_table(connection: psycopg.Connection) -> None:
    connection.execute("create table parted (id int) partition by range (id)")
    connection.execute("create table parted_1 partition of parted for values from (0) to (10000)")
    connection.execute("insert into parted select generate_series(1, 5000)")
    assert sizes(connection, ["parted"]) == {"parted": bytes_of(connection, "parted_1")}


def test_it_is_in_results_and_in_the_comparison(dsn: str, connection: psycopg.Connection, tmp_path: Path) -> None:
    def order_audit(*words: str) -> str:
        done = program.order_audit(*words, DATABASE_URL=dsn)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    run = ("run", "--rule", RULE, "--no-lint", "--no-profile", "--quiet", "--out")
    order_audit(*run, str(tmp_path / "before"))
    said = order_audit("fixes", "apply", "--no-guards", "--quiet")
    assert "size      orders: " in said
    assert "size      orders: " in order_audit("fixes", "status")
    order_audit(*run, str(tmp_path / "after"))
    document = json.loads((tmp_path / "after" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(
        document, json.loads((ROOT / "order_audit" / "reports" / "results.schema.json").read_text(encoding="utf-8"))
    )
    heap, indexes = bytes_of(connection, "orders")
    found = document["fixes"]["sizes"]["orders"]
    assert (found["heap_after"], found["indexes_after"]) == (heap, indexes)
    order_audit("compare", *(str(tmp_path / side / "results.json") for side in ("before", "after")),
                "--out", str(tmp_path / "both"))  # fmt: skip
    page = (tmp_path / "both" / "compare.html").read_text(encoding="utf-8")
    assert f"about {found['dead_rows']:,} dead rows for VACUUM to remove" in page
