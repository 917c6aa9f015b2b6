"""An application that writes `orders` concurrently, with a ledger of its writes to check afterwards."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

#: The statuses that the application writes: valid and invalid ones.
STATUSES = ("active", "Active ", " PAUSED", "pending", "expired", "Cancelled")


@dataclass
class Application:
    """Writers on their own connections. `ledger` has each order's status as last committed, None where deleted."""

    dsn: str
    writers: int = 3
    lock_timeout: int = 2_000
    ledger: dict[int, str | None] = field(default_factory=dict)
    transactions: int = 0
    longest: float = 0.0
    troubles: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def at_work(self) -> Iterator[Application]:
        """While it lasts, the writers write."""
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(self.writers)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _work(self, number: int) -> None:
        chance = random.Random(number)
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(f"set lock_timeout = {self.lock_timeout}".encode())
            row = connection.execute("select array_agg(order_id) from orders").fetchone()
            # each writer has separate orders, so that its ledger needs no order among writers
            mine = [id for id in (row[0] if row else []) if id % self.writers == number]
            fresh = 1_000_000 + number
            while not self._stop.is_set():
                fresh += self.writers
                self._transaction(connection, chance, mine, fresh)
                time.sleep(0.01)

    def _transaction(self, connection: psycopg.Connection, chance: random.Random, mine: list[int], fresh: int) -> None:
        # in any order of keys, as applications do: who takes locks in another order meets them in a deadlock
        picked = chance.sample(mine, 3)
        wrote: dict[int, str | None] = {}
        began = time.perf_counter()
        try:
            with connection.transaction():
                for id in picked:
                    status = chance.choice(STATUSES)
                    changed = connection.execute(
                        "update orders set order_status = %s where order_id = %s", [status, id]
                    ).rowcount
                    if changed:
                        wrote[id] = status
                if chance.random() < 0.2:
                    connection.execute("delete from orders where order_id = %s", [picked[0]])
                    wrote[picked[0]] = None
                if chance.random() < 0.3:
                    connection.execute(
                        "insert into orders (order_id, order_ref, customer_id, order_status) values (%s, %s, 1, %s)",
                        [fresh, fresh, "Active "],
                    )
                    wrote[fresh] = "Active "
        except psycopg.Error as error:
            self.troubles.append(f"{type(error).__name__}: {error}")
            return
        with self._lock:
            self.transactions += 1
            self.longest = max(self.longest, time.perf_counter() - began)
            self.ledger.update(wrote)
        mine.extend(id for id in wrote if id == fresh)

    def lost(self, connection: psycopg.Connection) -> list[str]:
        """Writes that are neither there nor, by the journal, were changed from just that value to what is there."""
        there: dict[int, str] = dict(connection.execute("select order_id, order_status from orders").fetchall())
        ours = {
            (int(row[0]), row[1], row[2])
            for row in connection.execute(
                "select key ->> 'order_id', before ->> 'order_status', after ->> 'order_status'"
                " from order_audit.journal where op = 'update'"
            )
        }
        found = []
        for id, status in self.ledger.items():
            now = there.get(id)
            if status is None:
                if id in there:
                    found.append(f"order {id} was deleted and is there")
            elif now != status and (id, status, now) not in ours:
                found.append(f"order {id}: wrote {status!r}, there is {now!r}")
        return found


@dataclass
class Waiting:
    """An application that locks each order in turn, and waits `most` milliseconds for a locked one.

    `waits` counts the rows that it had to wait for, `troubles` has what it waited for in vain.
    """

    dsn: str
    most: int
    waits: int = 0
    troubles: list[str] = field(default_factory=list)

    @contextmanager
    def at_work(self) -> Iterator[Waiting]:
        """While it lasts, it is at it."""
        stop = threading.Event()
        thread = threading.Thread(target=self._work, args=(stop,))
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()

    def _work(self, stop: threading.Event) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(f"set lock_timeout = {self.most}".encode())
            ids = [id for (id,) in connection.execute("select order_id from orders order by 1").fetchall()]
            while not stop.is_set():
                for id in ids:
                    try:
                        connection.execute("select from orders where order_id = %s for update nowait", [id])
                        continue
                    except psycopg.errors.LockNotAvailable:
                        self.waits += 1
                    try:
                        connection.execute("select from orders where order_id = %s for update", [id])
                    except psycopg.Error as error:
                        self.troubles.append(f"order {id}: {type(error).__name__}: {error}")
                time.sleep(0.01)
