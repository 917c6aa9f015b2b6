"""The steps of the migration, taken and taken back."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg

from order_audit.progress import start_ignored
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.run import rollback, run
from order_audit.scenario.migrate.steps import Step, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from tests.support.clients import psql


def nothing(*_: object) -> None:
    """Ignore progress and notes."""


def take(connection: psycopg.Connection, all_steps: list[Step], to: str, accept_quarantine: int = 0) -> None:
    """Take all steps up to one."""
    run(connection, all_steps, to, MigrationThrottle(), start_ignored, accept_quarantine=accept_quarantine)


def back(connection: psycopg.Connection, all_steps: list[Step], to: str) -> None:
    """Take all steps back down to one."""
    rollback(connection, all_steps, to, MigrationThrottle(), start_ignored)


def compare_again(dsn: str) -> None:
    """Compare both sides by psql, as `contract` requires it since the switch."""
    said = psql(dsn, PROPOSED / "deploy" / "verify.sql")
    assert said.returncode == 0, said.stderr


def one(dsn: str, query: str, *values: object) -> Any:
    """Return the first value of a query's first row."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return row[0]


def synchronised(dsn: str) -> None:
    """The sample's customers and orders on both sides, synchronised and copied."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=300, customers=30, seed=7, defects=0)
        connection.execute("update customers set customer_balance = 1000000")
        take(connection, steps(PROPOSED), "backfill")


class Later(threading.Thread):
    """A statement of another session, which may have to wait; `said` is its error."""

    def __init__(self, connection: psycopg.Connection, query: str, *values: object) -> None:
        super().__init__()
        self._connection, self._query, self._values = connection, query, values
        self.said: psycopg.Error | None = None
        self.start()
        time.sleep(0.3)

    def run(self) -> None:
        """Until it is done."""
        try:
            self._connection.execute(self._query.encode(), self._values)
        except psycopg.Error as error:
            self.said = error

    def end(self) -> None:
        """Wait for it, and commit."""
        self.join()
        if self.said:
            self._connection.rollback()
        else:
            self._connection.commit()
