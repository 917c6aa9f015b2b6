"""The faults of the harness: what happens to a command, its connections, its server or its database."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

from order_audit.audit.database.server import Server
from tests.support.proxy import Proxy


@dataclass
class Scene:
    """A command at work: its process, its proxy, its database. `chance` decides what is left to chance."""

    server: Server
    dsn: str
    database: str
    proxy: Proxy
    chance: random.Random
    options: tuple[str, ...]
    #: The folder of a small file system in which the database is; None without one.
    small: Path | None = None
    process: int = 0
    gone: bool = False
    later: list[threading.Thread] = field(default_factory=list)

    def execute(self, statement: str, *, inside: bool = False) -> None:
        """Execute statements as an administrator, inside the database or outside of it."""
        with psycopg.connect(self.dsn if inside else self.server.dsn(), autocommit=True) as connection:
            connection.execute("set lock_timeout = '5s'")
            connection.execute(statement.encode())

    def backends(self, call: str) -> None:
        """Call a function with the process ids of the command's backends."""
        self.execute(
            f"select {call}(pid) from pg_stat_activity"
            f" where datname = '{self.database}' and application_name like 'order-audit%'"
        )

    def kill(self, number: int) -> None:
        """Send the command a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, number)


Act = Callable[[Scene], None]


def _nothing(_scene: Scene) -> None:
    pass


@dataclass(frozen=True)
class Fault:
    """A fault: `prepare` comes before the command, `hit` at a moment of it, `mend` after its end."""

    name: str
    hit: Act = _nothing
    prepare: Act = _nothing
    mend: Act = _nothing
    #: What it needs: `silence` (a client with short times), `small` (a small file system).
    needs: str = ""


def _signal(*numbers: int) -> Act:
    def hit(scene: Scene) -> None:
        for number in numbers:
            scene.kill(number)
            time.sleep(scene.chance.uniform(0, 0.05))

    return hit


def _stop_for_a_while(scene: Scene) -> None:
    scene.kill(signal.SIGSTOP)
    time.sleep(scene.chance.uniform(0.1, 0.5))
    scene.kill(signal.SIGCONT)


def _restart(mode: str) -> Act:
    def hit(scene: Scene) -> None:
        scene.server.stop(mode)
        time.sleep(scene.chance.choice((0, 0, 0.5)))
        scene.server.start(*scene.options)

    return hit


def _silence(scene: Scene) -> None:
    scene.proxy.fall_silent()


def _held(statement: str) -> Act:
    """Hold locks for a while."""

    def hold(scene: Scene) -> None:
        seconds = scene.chance.uniform(0.1, 1.5)
        with contextlib.suppress(psycopg.Error), psycopg.connect(scene.dsn) as connection:
            connection.execute("set lock_timeout = '1s'")
            for table in _tables(connection):
                connection.execute(statement.replace("TABLE", table).encode())
            time.sleep(seconds)

    return hold


def _tables(connection: psycopg.Connection) -> list[str]:
    """Return the audited tables, wherever they are now, in random order."""
    found = connection.execute(
        "select c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where relname in ('parcels', 'senders', 'letters', 'customers', 'orders') and relkind = 'r'"
        " order by random()"
    ).fetchall()
    return [table for (table,) in found]


def _rewrite(scene: Scene) -> None:
    """Change the definition of tables, and change it back."""
    with contextlib.suppress(psycopg.Error), psycopg.connect(scene.dsn, autocommit=True) as connection:
        connection.execute("set lock_timeout = '2s'")
        for table in _tables(connection):
            connection.execute(f"vacuum full {table}".encode())
            connection.execute(f"reindex table {table}".encode())
            connection.execute(f"comment on table {table} is 'changed meanwhile'".encode())
            connection.execute(f"comment on table {table} is null".encode())


def _deadlock(scene: Scene) -> None:
    """Update rows, the last first, in one transaction, as a transaction that runs into deadlocks does."""
    with contextlib.suppress(psycopg.Error), psycopg.connect(scene.dsn) as connection:
        connection.execute("set lock_timeout = '3s'")
        for table in _tables(connection):
            key = {"parcels": "parcel_id", "orders": "order_id", "letters": "letter_id", "senders": "sender_id"}
            column = key.get(table.split(".")[-1], "customer_id")
            rows = connection.execute(f"select {column} from {table} order by 1 desc limit 40".encode()).fetchall()
            for (id,) in rows:
                connection.execute(f"select from {table} where {column} = {id} for update".encode())
                time.sleep(0.005)
        connection.rollback()


def _set(*settings: str) -> Act:
    """Set limits of the database, as an administrator sets those of applications."""

    def prepare(scene: Scene) -> None:
        for setting in settings:
            text = setting.replace("RANDOM", str(scene.chance.choice((1, 5, 20, 80))))
            with contextlib.suppress(psycopg.errors.UndefinedObject):  # of a later version
                scene.execute(f"alter database {scene.database} set {text}")

    return prepare


def _reset(scene: Scene) -> None:
    scene.execute(f"alter database {scene.database} reset all")


def _full_at_the_client(scene: Scene) -> None:
    """Let no file of the client's grow any more."""
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(scene.process, resource.RLIMIT_FSIZE, (scene.chance.choice((0, 100, 5000)),) * 2)


def _full_at_the_server(scene: Scene) -> None:
    """Fill the small file system of the database."""
    assert scene.small is not None
    with contextlib.suppress(OSError), (scene.small / "filler").open("ab", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def _room(scene: Scene) -> None:
    assert scene.small is not None
    (scene.small / "filler").unlink(missing_ok=True)


def _drop(scene: Scene) -> None:
    scene.execute(f"drop database {scene.database} with (force)")
    scene.gone = True


FAULTS: Final = (
    Fault("SIGKILL", _signal(signal.SIGKILL)),
    Fault("SIGTERM", _signal(signal.SIGTERM)),
    Fault("SIGINT twice", _signal(signal.SIGINT, signal.SIGINT)),
    Fault("SIGHUP", _signal(signal.SIGHUP)),
    Fault("client stopped for a while", _stop_for_a_while),
    Fault("pg_terminate_backend", lambda scene: scene.backends("pg_terminate_backend")),
    Fault("pg_cancel_backend", lambda scene: scene.backends("pg_cancel_backend")),
    Fault("server restart, fast", _restart("fast")),
    Fault("server restart, immediate", _restart("immediate")),
    Fault("connections reset", lambda scene: scene.proxy.cut()),
    Fault("network silent", _silence, needs="silence"),
    Fault("tables locked by others", _held("lock table TABLE in access exclusive mode")),
    Fault("rows locked by others", _held("select from TABLE for update")),
    Fault("locks in another order", _deadlock),
    Fault("tables rewritten", _rewrite),
    Fault("statement_timeout", prepare=_set("statement_timeout = RANDOM"), mend=_reset),
    Fault("other timeouts", prepare=_set("lock_timeout = RANDOM", "idle_in_transaction_session_timeout = RANDOM",
                                         "transaction_timeout = RANDOM"), mend=_reset),
    Fault("default_transaction_read_only", prepare=_set("default_transaction_read_only = on"), mend=_reset),
    Fault("temp_file_limit", prepare=_set("temp_file_limit = 0", "work_mem = '64kB'"), mend=_reset),
    Fault("disk full at the client", _full_at_the_client),
    Fault("disk full at the server", _full_at_the_server, mend=_room, needs="small"),
    Fault("database dropped", _drop),
)  # fmt: skip


def fault(name: str) -> Fault:
    """Return a fault by its name."""
    return next(one for one in FAULTS if one.name == name)
