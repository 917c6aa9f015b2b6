"""The migration while applications of both sides work: nothing fails, nothing is lost, both sides are equal."""

from __future__ import annotations

import time
from collections import Counter

import psycopg
import pytest

from benchmarks.targets import LONGEST_S
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import verify
from tests.migrate.migrating import fix, guards
from tests.migrate.steps import back, nothing, one, take
from tests.support import soak
from tests.support.workload import Workload

#: How many orders are carried over while everybody works.
ORDERS = 20_000 if soak.SOAKING else 3_000


def equal(work: Workload, connection: psycopg.Connection, there: str = "public") -> None:
    """Both sides are, while writes go on and by what the workload wrote down."""
    assert verify(connection, nothing).equal
    with work.halted():
        copy_left_over(connection, MigrationThrottle())
        assert work.wrong(there=there, new=True) == []
        assert verify(connection, nothing).equal
        assert copy_left_over(connection, MigrationThrottle()) == 0


def nothing_failed(work: Workload) -> None:
    """But for two that may be asked to try again.

    Through views, a server looks at no condition again once it has waited: it asks that, where two write the same value
    of one row at the same moment.
    """
    again = [error for error in work.errors if error[3] == "40001" and error[1] == "old"]
    assert Counter(error[:4] for error in work.errors if error not in again) == Counter()
    assert len(again) <= 2


def test_the_bound_of_these_tests_is_the_one_that_is_promised() -> None:
    for document in ("decision.md", "design.md"):
        assert f"at most {LONGEST_S} s" in (PROPOSED / document).read_text(encoding="utf-8")


@pytest.mark.parametrize("end", ["rollback", "contract"])
def test_nobody_notices_the_migration(dsn: str, end: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=ORDERS, customers=ORDERS // 10, seed=7, defects=0)
        all_steps = steps(PROPOSED)
        work = Workload(dsn)
        work.prepare()
        with work.at_work():
            time.sleep(0.3)
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
        nothing_failed(work)
        assert work.wrong(new=end == "contract") == []
        assert max(it.seconds for it in work.times) < LONGEST_S
        assert {it.side for it in work.times} == {"old", "new"}


@pytest.mark.parametrize("guarded", [False, True], ids=["dirty", "guarded"])
def test_nobody_notices_it_with_data_as_it_is(dsn: str, guarded: bool) -> None:
    """Rows that the new tables cannot take, or the guards that fixes leave: applications of both sides go on."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=2_500, customers=250, seed=11, defects=0.1)
        if guarded:
            fix(dsn)
            assert guards(dsn) > 5
        all_steps = steps(PROPOSED)
        work = Workload(dsn)
        work.prepare()

        def equal_by_verify() -> None:
            """Rows in quarantine are on one side only; the workload's comparison does not know that."""
            assert verify(connection, nothing).equal
            with work.halted():
                copy_left_over(connection, MigrationThrottle())
                assert verify(connection, nothing).equal

        with work.at_work():
            take(connection, all_steps, "synchronise")
            work.new.set()
            with work.during("backfill"):
                take(connection, all_steps, "backfill")
            equal_by_verify()
            aside = one(dsn, "select count(*) from migration.quarantined_order")
            assert guarded or aside > 25
            with work.during("switch", after=2):
                take(connection, all_steps, "switch", accept_quarantine=9_999)
            equal_by_verify()
            work.new.clear()
            with work.halted():
                pass
            with work.during("back"):
                back(connection, all_steps, "")
        nothing_failed(work)
        assert work.wrong() == []
