"""PgBouncer before a server: a database of its own for each pool mode, and a small pool in session mode."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import conninfo

from order_audit.audit.database.server import service_user
from tests.support import servers

MODES = ("session", "transaction", "statement")


class Bouncer:
    """Its folder, and the DSN of the server behind it."""

    def __init__(self, folder: Path, direct: str, port: int) -> None:
        self._folder = folder
        self.direct = direct
        self.port = port

    def dsn(self, pool: str) -> str:
        """The DSN of a pool: one of MODES, or `full`, in session mode with one session."""
        return conninfo.make_conninfo(host=str(self._folder), port=self.port, user="postgres", dbname=pool)


@contextmanager
def running(dsn: str, port: int = 6432) -> Iterator[Bouncer]:
    """Run PgBouncer before the server of a DSN, on a socket. A missing PgBouncer is an error."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise RuntimeError("PgBouncer is not installed: apt-get install pgbouncer")
    folder = servers.folder("pgb-")
    words = conninfo.conninfo_to_dict(dsn)
    server = f"host={words['host']} port={words['port']} dbname={words['dbname']}"
    pools = [f"{mode} = {server} pool_mode={mode}" for mode in MODES]
    (folder / "users.txt").write_text('"postgres" ""\n', encoding="utf-8")
    (folder / "pgbouncer.ini").write_text(
        "\n".join(
            [
                "[databases]", *pools, f"full = {server} pool_mode=session pool_size=1",
                "[pgbouncer]", f"unix_socket_dir = {folder}", f"listen_port = {port}", "auth_type = trust",
                f"auth_file = {folder}/users.txt", f"logfile = {folder}/log",
                "server_reset_query =",  # of what we leave, nothing is removed
            ]
        ),
        encoding="utf-8",
    )  # fmt: skip
    user = service_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    bouncer = subprocess.Popen(
        [program, "-q", str(folder / "pgbouncer.ini")],
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        stdin=subprocess.DEVNULL,
    )
    try:
        made = Bouncer(folder, dsn, port)
        _wait(made, bouncer)
        yield made
    finally:
        bouncer.terminate()
        bouncer.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(made: Bouncer, bouncer: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            psycopg.connect(made.dsn("statement"), autocommit=True).close()
        except psycopg.OperationalError:
            if bouncer.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PgBouncer does not answer")
