"""Old and new applications during a migration, with a ledger of their writes.

Old ones write `customers` and `orders`, new ones the tables of `sales`; both meet on a few rows. What each committed is
written down, in the order in which the rows' locks were had, and compared with all rows of both sides afterwards.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from tests.support.workload import proof
from tests.support.workload.new_side import NEW
from tests.support.workload.old_side import OLD
from tests.support.workload.scene import Draft, Scene


@dataclass(frozen=True)
class Time:
    """A transaction: in which phase, of which side, what it did, and seconds from when it was due."""

    phase: str
    side: str
    what: str
    seconds: float


@dataclass
class Workload(Scene):
    """Clients on connections that stay open. `rate` is transactions a second, of all clients together.

    The last `newer` clients are of the new side while `new` is set, and of the old side before and after.
    """

    clients: int = 6
    newer: int = 2
    rate: float = 150.0
    seed: int = 1
    phase: str = "before"
    times: list[Time] = field(default_factory=list)
    errors: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    new: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _go: threading.Event = field(default_factory=threading.Event)
    _idle: list[threading.Event] = field(default_factory=list)

    @contextmanager
    def at_work(self) -> Iterator[Workload]:
        """While it lasts, clients are at work."""
        self._idle = [threading.Event() for _ in range(self.clients)]
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(self.clients)]
        self._go.set()
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._go.set()
            for thread in threads:
                thread.join()

    @contextmanager
    def during(self, phase: str, after: float = 1.0) -> Iterator[None]:
        """A phase with a name, and some seconds for its delayed effects."""
        self.phase = phase
        yield
        time.sleep(after)

    @contextmanager
    def halted(self) -> Iterator[None]:
        """While it lasts, no transaction is open; connections are."""
        self._go.clear()
        for idle in self._idle if not self._stop.is_set() else ():
            idle.wait()
        try:
            yield
        finally:
            for idle in self._idle:
                idle.clear()
            self._go.set()

    def _work(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)
        gap = self.clients / self.rate
        with psycopg.connect(self.dsn, application_name=f"workload {number}") as connection:
            # prepared at once, and kept
            connection.prepare_threshold = 0
            due = time.perf_counter() + gap * number / self.clients
            while not self._stop.is_set():
                if not self._go.is_set():
                    self._idle[number].set()
                    self._go.wait()
                    due = time.perf_counter() + gap * chance.random()
                    continue
                if (early := due - time.perf_counter()) > 0:
                    time.sleep(min(early, 0.1))
                    continue
                newer = number >= self.clients - self.newer and self.new.is_set()
                self._transaction(connection, chance, due, newer=newer)
                due += gap

    def _transaction(self, connection: psycopg.Connection, chance: random.Random, due: float, *, newer: bool) -> None:
        of = NEW if newer else OLD
        action = chance.choices([it for it, _ in of], [weight for _, weight in of])[0]
        phase, draft = self.phase, Draft()
        side, what = "new" if newer else "old", action.__name__
        try:
            action(self, connection, chance, draft)
            connection.commit()
        except psycopg.Error as error:
            connection.rollback()
            said = f"{error.diag.message_primary or error} {error.diag.context or ''} {error.diag.message_detail or ''}"
            with self.lock:
                self.errors.append((phase, side, what, error.sqlstate or type(error).__name__, said))
            return
        with self.lock:
            self.times.append(Time(phase, side, what, time.perf_counter() - due))
            self.write_down(draft)

    def wrong(self, *, there: str = "public", new: bool = False) -> list[str]:
        """What differs from the ledger, and with `new` between both sides, while nobody writes.

        `there` is the schema in which the old tables, or their views, are looked at.
        """
        return proof.wrong(self, there=there, new=new)
