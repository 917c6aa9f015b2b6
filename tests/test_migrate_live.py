"""The migration while applications of both sides work: nothing fails, nothing is lost, both sides are equal."""

from __future__ import annotations

import time
from collections import Counter

import psycopg
import pytest

from fixes.migrate.brake import Pace
from fixes.migrate.run import rollback, run
from fixes.migrate.step import CONTRACT, Step, steps
from fixes.migrate.verify import verify
from scenario.generate import generate
from scenario.load import PROPOSED
from tests.workload import Workload

#: The longest that any transaction may wait, in seconds; a shared machine is no place to ask for less.
_LONGEST = 2.0


def nothing(*_: object) -> None:
    """Tell nobody."""


def take(connection: psycopg.Connection, all_steps: list[Step], to: str) -> None:
    run(connection, all_steps, to, Pace(), lambda _: nothing)


def back(connection: psycopg.Connection, all_steps: list[Step], to: str) -> None:
    rollback(connection, all_steps, to, Pace(), lambda _: nothing)


def equal(work: Workload, connection: psycopg.Connection, there: str = "public") -> None:
    """Both sides are, while writes go on and by what the workload wrote down."""
    assert verify(connection, nothing).equal
    with work.halted():
        connection.execute("select migration.settle_all()")
        assert work.wrong(there=there, new=True) == []
        assert verify(connection, nothing).equal
        assert connection.execute("select migration.settle_all()").fetchone() == (0,)


@pytest.mark.parametrize("end", ["rollback", "contract"])
def test_nobody_notices_the_migration(dsn: str, end: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=20_000, customers=2_000, seed=7, defects=0)
        all_steps = steps(PROPOSED)
        work = Workload(dsn)
        work.prepare()
        with work.at_work():
            time.sleep(1)
            with work.during("synchronise"):
                take(connection, all_steps, "synchronise")
            work.new.set()
            with work.during("backfill"):
                take(connection, all_steps, "backfill")
            equal(work, connection)
            with work.during("switch"):
                take(connection, all_steps, "switch")
            equal(work, connection, "migration")
            if end == "contract":
                with work.during("contract"):
                    take(connection, all_steps, CONTRACT)
            else:
                with work.during("back to verify"):
                    back(connection, all_steps, "verify")
                equal(work, connection)
                with work.during("switch again"):
                    take(connection, all_steps, "switch")
                equal(work, connection, "migration")
                work.new.clear()
                with work.halted():
                    pass
                with work.during("back"):
                    back(connection, all_steps, "")
        assert Counter(error[:4] for error in work.errors) == Counter()
        assert work.wrong(new=end == "contract") == []
        assert max(it.seconds for it in work.times) < _LONGEST
        assert {it.side for it in work.times} == {"old", "new"}
