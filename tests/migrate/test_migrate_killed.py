"""The migration is killed at any moment, and its server dies: nothing is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import done, execute, steps, without_transaction
from tests.migrate.migrating import migrate, rows, shape
from tests.migrate.steps import take
from tests.support import servers, soak

STEPS = steps(PROPOSED)[:-1]  # up to the contract
NAMES = [step.name for step in STEPS]
_ANY = ["--accept-quarantine", "9999"]


def until_written(dsn: str, process: subprocess.Popen[bytes], count: int) -> None:
    """Wait until so many transactions have written, or the process has ended: however fast the machine is."""

    def number() -> int:
        row = connection.execute("select pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row is not None
        return int(row[0])

    with psycopg.connect(dsn, autocommit=True) as connection:
        first = number()
        while process.poll() is None and number() < first + count:
            time.sleep(0.002)


def test_it_may_be_killed_at_any_moment(server: Server, issues: str) -> None:
    """The program is killed again and again, on its way there and on its way back."""
    before, cents, dumped = rows(issues), rows(issues, drift=False), shape(server, issues)
    random.seed(7)
    half_way = 0
    # the way there takes some 400 transactions, the way back 7
    for words, end, most in ((["run", "--batch-size", "1", *_ANY], NAMES[:-1], 90), (["rollback"], [], 3)):
        for _ in range(soak.times(8)):
            process = subprocess.Popen(
                [sys.executable, "-m", "order_audit", "migrate", *words, "--dsn", issues, "--quiet"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            until_written(issues, process, random.randint(1, most))
            time.sleep(random.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert rows(issues, drift=False) == cents
            with psycopg.connect(issues, autocommit=True) as connection:
                there = done(connection, STEPS)
            half_way += [] < there < NAMES[:-1]
            if there == end:  # from the beginning again
                migrate(issues, *(["rollback"] if end else ["run", *_ANY]), "--quiet")
        migrate(issues, *words, "--quiet")
        with psycopg.connect(issues, autocommit=True) as connection:
            assert done(connection, STEPS) == end
    assert half_way > 0
    assert rows(issues) == before
    assert shape(server, issues) == dumped


@pytest.mark.server
def test_a_server_that_dies_loses_nothing(major: int) -> None:
    """Immediate shutdowns in the midst of the backfill, and of the way back."""
    with servers.running(major) as server:
        dsn = servers.new_database(server)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("alter system set fsync = on")
            scenario.generate(connection, orders=3000, customers=300, seed=1, defects=0.01)
        before, cents, dumped = rows(dsn), rows(dsn, drift=False), shape(server, dsn)
        for words, counts in ((["run", "--batch-size", "50", *_ANY], (60, 200, 120)), (["rollback"], (1, 2, 1))):
            for count in counts:
                process = subprocess.Popen(
                    [sys.executable, "-m", "order_audit", "migrate", *words, "--dsn", dsn, "--quiet"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                until_written(dsn, process, count)
                server.stop("immediate")
                assert process.wait(60) in (0, 3)
                server.start()
                assert rows(dsn, drift=False) == cents
            migrate(dsn, *words, "--quiet")
            assert rows(dsn, drift=False) == cents
            if words[0] == "run":
                assert "both sides are equal" in migrate(dsn, "verify", "--quiet")
        assert rows(dsn) == before
        assert shape(server, dsn) == dumped


def test_the_steps_are_asked_for_while_another_session_reverts_one(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as asks, psycopg.connect(sample) as reverts:
        take(asks, STEPS, "prepare")
        found: list[list[str]] = []
        execute(reverts, without_transaction(STEPS[1].revert))
        asking = threading.Thread(target=lambda: found.append(done(asks, STEPS)))
        asking.start()
        asking.join(0.3)
        assert asking.is_alive()
        reverts.commit()
        asking.join()
    assert found == [["expand"]]
