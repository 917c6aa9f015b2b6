"""The proof by row versions: what other sessions change while fixes run, in every way there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fixes_text import applied_text
from order_audit.audit.database.server import Server
from tests.fixes.proven import AFTER, BEFORE, method, parcels, ranges, run


@pytest.fixture
def dsn(server: Server) -> Iterator[str]:
    with parcels(server) as made:
        yield made


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as made:
        yield made


class KilledError(Exception):
    """In place of a signal."""


@pytest.mark.both_versions
def test_alone(connection: psycopg.Connection, tmp_path: Path) -> None:
    done = run(connection, tmp_path)
    assert (done.changed, ranges(done), method(done)) == (14, [], ("row versions", ""))
    assert "row versions: in 20 key ranges (40 rows) only values in the undo log changed" in applied_text(
        done, rehearsed=False
    )


def test_checksums_on_request(connection: psycopg.Connection, tmp_path: Path) -> None:
    done = run(connection, tmp_path, by_checksums=True)
    assert (done.changed, ranges(done), method(done)) == (14, [], ("checksums", ""))
    assert "checksums: in 20 key ranges (40 rows)" in applied_text(done, rehearsed=False)


#: What another session does, each in a range of its own. Heavy rows are those of 0, 150000, 300000 …
OTHERS = {
    BEFORE: {
        50000: "update parcels set note = 'x' where id = 50000",
        # of a row that is changed afterwards
        150000: "update parcels set note = 'x' where id = 150000",
        -1: "insert into parcels values (-1, 1, 'x')",
        250000: "delete from parcels where id = 250000",
        # which leaves as many rows in all
        450000: "delete from parcels where id = 450000",
        1950001: "insert into parcels values (1950001, 1, 'x')",
        550000: "do $$ begin begin delete from parcels where id = 550000; exception when others then end; end $$",
        650000: "update parcels set note = 'x' where id = 650000; vacuum (freeze) parcels",
    },
    AFTER: {
        # of rows that were changed
        750000: "update parcels set note = 'x' where id = 750000",
        900000: "delete from parcels where id = 900000",
    },
}  # fmt: skip
NOTHING = {
    BEFORE: {
        1: "begin; update parcels set note = 'x' where id = 50000; rollback",
        2: "begin; select from parcels where id = 50000 for update; rollback",
    },
    AFTER: {3: "vacuum (freeze) parcels", 4: "vacuum (full, freeze) parcels"},
}
REPLACED = {AFTER: {1: "create table c as table parcels; truncate parcels; insert into parcels table c"}}


@pytest.mark.parametrize(
    ("cases", "touched"),
    [
        pytest.param(OTHERS, sorted(id // 100000 * 100000 for of in OTHERS.values() for id in of), id="changes"),
        pytest.param(NOTHING, [], id="none"),
        pytest.param(REPLACED, [*range(0, 2_000_000, 100_000)], id="all"),
    ],
)
def test_other_sessions(
    connection: psycopg.Connection, dsn: str, tmp_path: Path, cases: dict[str, dict[int, str]], touched: list[int]
) -> None:
    def meanwhile(note: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as other:
            for text in cases.get(note, {}).values():
                for statement in [text] if "$$" in text else text.split("; "):
                    other.execute(statement.encode())

    done = run(connection, tmp_path, meanwhile)
    assert (ranges(done), method(done)) == (touched, ("row versions", ""))
    assert ("other sessions or triggers changed rows" in applied_text(done, rehearsed=False)) == bool(touched)


@pytest.mark.both_versions
def test_transactions_that_began_before(connection: psycopg.Connection, dsn: str, tmp_path: Path) -> None:
    """One that ends meanwhile counts, with its subtransactions; one that had ended does not, although it is younger."""
    with psycopg.connect(dsn) as old, psycopg.connect(dsn, autocommit=True) as young:
        old.execute("insert into parcels values (50001, 1, 'x')")
        young.execute("update parcels set note = 'y' where id = 1000000")
        with old.transaction():
            old.execute("update parcels set note = 'x' where id = 500000")
        done = run(connection, tmp_path, lambda note: old.commit() if note == BEFORE else None)
    assert (ranges(done), method(done)) == ([0, 500000], ("row versions", ""))


@pytest.mark.both_versions
def test_partitions(connection: psycopg.Connection, dsn: str, tmp_path: Path) -> None:
    """Old rows that come or go with a partition are seen, and counters of partitions add up."""
    connection.execute(
        """
        alter table parcels rename to first;
        create table parcels (id bigint, weight integer, note text, primary key (id)) partition by range (id);
        alter table parcels attach partition first for values from (0) to (2000000);
        create table last (like first including all);
        insert into last values (5000000, 1, 'old');
        create table gone partition of parcels for values from (3000000) to (4000000);
        insert into parcels values (3000000, 1, 'old'), (3000001, 500, 'old');
        create table one partition of parcels for values from (7000000) to (8000000);
        insert into parcels values (7000000, 1, 'old');
        create table another as table one;
        alter table another alter id set not null;
        """
    )

    def meanwhile(note: str) -> None:
        if note == AFTER:
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute("alter table parcels attach partition last for values from (5000000) to (6000000)")
                other.execute("alter table parcels detach partition gone")
                # as many rows, of before, with other values perhaps
                other.execute("alter table parcels detach partition one")
                other.execute("alter table parcels attach partition another for values from (7000000) to (8000000)")

    done = run(connection, tmp_path, meanwhile)
    assert (done.changed, ranges(done), method(done)) == (15, [3000000, 5000000, 7000000], ("row versions", ""))


@pytest.mark.both_versions
def test_deletes_and_a_second_run_after_a_kill(connection: psycopg.Connection, tmp_path: Path) -> None:
    calls = []

    def killed(note: str) -> None:
        calls.append(note)
        # the step begins, its rows are listed, four of them are taken away
        if sum("parcels.is_light" in call for call in calls) == 3:
            raise KilledError

    deletion = "-- automatic: taken away\n-- delete parcels by id:\nselect v.id from violation as v;"
    with pytest.raises(KilledError):
        run(connection, tmp_path / "1", killed, deletion)
    assert connection.execute("select count(*) from parcels where weight > 100").fetchone() == (10,)
    done = run(connection, tmp_path / "2", fix=deletion)
    assert (done.changed, ranges(done), method(done)) == (10, [], ("row versions", ""))
    assert run(connection, tmp_path / "3", fix=deletion).changed == 0


def test_columns_that_change_meanwhile_are_named(connection: psycopg.Connection, dsn: str, tmp_path: Path) -> None:
    def meanwhile(note: str) -> None:
        if note == BEFORE:
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute("alter table parcels add column extra text default 'new', drop column note")

    done = run(connection, tmp_path, meanwhile)
    assert done.verification is not None
    assert (ranges(done), done.verification.altered) == ([], ("parcels.extra was added", "parcels.note was dropped"))
