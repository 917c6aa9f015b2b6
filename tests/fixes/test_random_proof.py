"""The proof by row versions against checksums, with random writers and triggers: it misses no range, and adds none."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.apply import apply
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.checksums import checksums, verify
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.planning.tables import tables
from tests.fixes.own import LIGHTER, own
from tests.fixes.proven import HEAVY, TABLE
from tests.support import servers, soak

DELETION = "-- automatic: taken away\n-- delete parcels by id:\nselect v.id from violation as v;"


class Writers:
    """Other sessions, which write rows of ranges that they note; with `stay`, in a long transaction as well."""

    def __init__(self, dsn: str, rng: random.Random, *, stay: bool) -> None:
        self._rng = rng
        self._stay = stay
        self._one = psycopg.connect(dsn, autocommit=True)
        self._long = psycopg.connect(dsn)
        self.ranges: set[int] = set()
        self._open: set[int] = set()

    def close(self) -> None:
        self._one.close()
        self._long.close()

    def write(self) -> None:
        """Do one thing or another."""
        what = self._rng.choice([self._short, self._short, self._begin, self._end, self._vacuum])
        if what == self._begin and not self._stay:  # a trigger would wait for its rows
            what = self._short
        what()

    def _statement(self) -> tuple[str, int]:
        id = self._rng.randrange(40) * 50000
        return self._rng.choice(
            [
                (f"update parcels set note = note || 'x' where id = {id}", id),
                (f"update parcels set weight = {self._rng.choice([50, 60, 300, 400])} where id = {id}", id),
                (f"delete from parcels where id = {id}", id),
                (f"insert into parcels values ({id + self._rng.randrange(1, 9)}, 300) on conflict do nothing", id),
                (f"do $$ begin begin delete from parcels where id = {id}; exception when others then end; end $$", id),
            ]
        )  # fmt: skip

    def _short(self) -> None:
        statement, id = self._statement()
        self._one.execute("set lock_timeout = '20ms'")
        try:
            self._one.execute(statement.encode())
        except psycopg.errors.LockNotAvailable:
            return
        self.ranges.add(id // 100000 * 100000)

    def _begin(self) -> None:
        statement, id = self._statement()
        self._long.execute("set lock_timeout = '20ms'")
        try:
            with self._long.transaction():
                self._long.execute(statement.encode())
        except psycopg.errors.LockNotAvailable:
            return
        self._open.add(id // 100000 * 100000)

    def _end(self) -> None:
        if self._rng.random() < 0.3:
            self._long.rollback()
        else:
            self._long.commit()
            self.ranges |= self._open
        self._open = set()

    def _vacuum(self) -> None:
        self._one.execute("vacuum (freeze) parcels")


@pytest.mark.parametrize("seed", range(soak.times(4)))
def test_no_change_is_missed(server_18: Server, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLE)
        by_trigger = _trigger(connection, rng)
        install(connection, TARGET)
        rules, fixes = own(tmp_path, HEAVY, rng.choice([LIGHTER, LIGHTER, DELETION]))
        names = tables(connection, fixes)
        with closing(Writers(dsn, rng, stay=not by_trigger)) as writers:
            for _ in range(rng.randrange(4)):
                writers.write()
            writers.ranges.clear()  # what is committed is from before; what is open is not
            before = checksums(connection, names)

            def meanwhile(_done: int, _of: int, note: str) -> None:
                # neither before the first state is read, nor after the last one
                if note not in ("reading the tables", "") and rng.random() < 0.5:
                    writers.write()

            throttle = Throttle(batch_size=rng.randrange(1, 9), max_rounds=2)
            done = apply(connection, rules, fixes, {}, None, throttle, on_progress=meanwhile)
            assert done.verification is not None
            found = set(done.verification.others.get("parcels", []))
            by_sums = set(verify(before, checksums(connection, names, 0, before)).others.get("parcels", []))
            assert by_sums <= found, done.verification
            assert found <= writers.ranges | by_trigger, done.verification
    servers.drop_database(server_18, dsn)


def _trigger(connection: psycopg.Connection, rng: random.Random) -> set[int]:
    """Add a trigger, or none; return the ranges that it may change."""
    id = rng.randrange(40) * 50000
    body = rng.choice(
        [
            "", "", f"update parcels set note = 't' where id = {id}", f"delete from parcels where id = {id}",
            f"insert into parcels values ({id + 9}, 1, 't') on conflict do nothing",
            f"begin delete from parcels where id = {id}; raise 'no'; exception when others then end",
        ]
    )  # fmt: skip
    if not body:
        return set()
    when = rng.choice(["after update", "after delete", "before update"])
    connection.execute(
        f"""
        create function besides() returns trigger language plpgsql as $$ begin
          if pg_trigger_depth() < 2 then {body}; end if; return {"new" if when == "before update" else "null"};
        end $$;
        create trigger besides {when} of weight on parcels for each row
          when (old.id % {rng.choice([150000, 450000])} = 0 and old.id <> {id}) execute function besides();
        """.replace("delete of weight", "delete").encode()
    )
    return {id // 100000 * 100000}
