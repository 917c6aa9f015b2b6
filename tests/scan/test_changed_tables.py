"""Changes to tables that no snapshot keeps out."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.changed_tables import changed, hold, states
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.run import Options
from tests.support.results import run

TABLES = """
create table parcels (id int, weight int) partition by range (id);
create table parcels_1 partition of parcels for values from (0) to (100);
create table parcels_2 (id int, weight int);
create table boxes (id int, weight int);
create table small_boxes () inherits (boxes);
create view heavy as select b.id from boxes as b where b.weight > 10;
insert into parcels values (1, 1);
insert into parcels_2 values (101, -1);
insert into boxes values (1, 1)
"""


@pytest.fixture
def tables(dsn: str) -> str:
    """A partitioned table, an inherited one, and a view."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES)
    return dsn


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "alter table parcels attach partition parcels_2 for values from (100) to (200)",
            [("parcels", "public.parcels_2 was attached")],
        ),
        ("alter table parcels detach partition parcels_1", [("parcels", "public.parcels_1 was detached or dropped")]),
        ("truncate parcels", [("parcels", "public.parcels_1 was rewritten or emptied")]),
        (
            "alter table boxes add column colour text",
            [("boxes", "column colour was added"), ("heavy", "public.boxes column colour was added")],
        ),
        (
            "alter table boxes drop column weight cascade; alter table boxes alter column id type bigint",
            [
                ("boxes", "was rewritten or emptied"),
                ("boxes", "column id became bigint"),
                ("boxes", "column weight was dropped"),
                ("boxes", "public.small_boxes was rewritten or emptied"),
                ("heavy", "was dropped"),
            ],
        ),
        (
            "drop table small_boxes",
            [
                ("boxes", "public.small_boxes was detached or dropped"),
                ("heavy", "public.small_boxes was detached or dropped"),
            ],
        ),
        ("drop view heavy", [("heavy", "was dropped")]),
        ("update boxes set weight = 12; insert into boxes values (2, 2); vacuum boxes; create index on boxes (id)", []),
    ],
)
@pytest.mark.both_versions
def test_changes_are_named(tables: str, statement: str, expected: list[tuple[str, str]]) -> None:
    """With the tables that rules name, however these come by their rows; new rows are none."""
    with Snapshot(tables) as snapshot, psycopg.connect(tables, autocommit=True) as other:
        names = [RelationName("", name) for name in ("parcels", "boxes", "heavy")]
        relations = list(catalog.relations(snapshot.connection, names).values())
        read = {it.oid: it.name for it in relations}
        before = states(snapshot.connection, read)
        for each in statement.split("; "):
            other.execute(each.encode())
        after = states(snapshot.renewed(), read)
    found = [(it.table, it.change) for it in changed(before, after, read)]
    # a column that a table gets, its children get too
    assert [it for it in found if not it[1].startswith("public.small_boxes column")] == expected


def test_tables_that_are_read_cannot_be_emptied(tables: str) -> None:
    """Nor can their partitions and children, which no statement has read yet."""
    with Snapshot(tables) as snapshot, psycopg.connect(tables, autocommit=True) as other:
        names = [RelationName("", name) for name in ("parcels", "boxes")]
        hold(snapshot.connection, catalog.relations(snapshot.connection, names).values())
        other.execute("set lock_timeout = '20ms'")
        for table in ("parcels_1", "small_boxes"):
            with pytest.raises(errors.LockNotAvailable):
                other.execute(f"truncate {table}".encode())
        other.execute("insert into parcels values (2, 2)")


def test_an_audit_that_a_partition_joined_does_not_pass(tables: str, tmp_path: Path) -> None:
    """It says which, and to run it again."""
    suite = tmp_path / "suite"
    suite.mkdir()
    head = "-- title: A rule\n-- severity: critical\n-- key: id\n"
    (suite / "light.sql").write_text(f"{head}select p.id from parcels as p where p.weight < -5")
    with psycopg.connect(tables, autocommit=True) as other:

        def attach(done: int, _of: int, _note: str) -> None:
            if done == 1:
                other.execute("alter table parcels attach partition parcels_2 for values from (100) to (200)")

        options = Options(suites=(str(suite),), lint=False, profile=False, on_progress=attach)
        document = run(tables, tmp_path / "out", options)
    assert document["results"][0]["status"] == "passed"
    assert document["run"]["changed_tables"] == [{"table": "parcels", "change": "public.parcels_2 was attached"}]
    (reason,) = document["summary"]["gate"]["reasons"]
    assert "parcels (public.parcels_2 was attached); run it again" in reason
