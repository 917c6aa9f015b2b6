"""The private server: shared, stopped by the last to leave, reachable by its socket alone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.system.embedded import environment, load, new_home, postmasters

pytestmark = pytest.mark.server

ROOT: Final = Path(__file__).parents[2]
#: Uses the server until its standard input ends, and says where the server is.
USE: Final = (
    "import sys\nfrom order_audit.audit.database import embedded\nprint(embedded.use(), flush=True)\nsys.stdin.read()"
)
#: Makes one database four times at once.
AT_ONCE: Final = (
    "import threading\nfrom order_audit.audit.database import embedded\nready = threading.Barrier(4)\n"
    "def use():\n    ready.wait()\n    embedded.use('shared')\n"
    "threads = [threading.Thread(target=use) for _ in range(4)]\n[it.start() for it in threads]\n"
    "[it.join() for it in threads]"
)


@contextmanager
def using(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that uses the server, and the DSN that it was given."""
    with subprocess.Popen(
        [sys.executable, "-c", USE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home),
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        dsn = process.stdout.readline().strip()
        assert dsn, process.communicate(timeout=30)[1]
        yield process, dsn


def leave(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def postmaster(data: Path) -> int:
    """The one server's process, as it says itself and as the operating system says."""
    number = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    assert number in postmasters(data)
    return number


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every user may enter, not there yet."""
    with new_home() as made:
        yield made


def test_a_command_starts_the_server_and_stops_it(home: Path) -> None:
    """Data stay from one command to the next; the server does not."""
    first = load(home)
    assert (first.returncode, first.stderr) == (0, "")
    assert postmasters(home / "data-18") == []
    again = load(home)
    assert again.returncode == 2
    assert "customers and orders" in again.stderr
    assert postmasters(home / "data-18") == []
    assert not (home / "data-18" / "postmaster.pid").exists()
    assert stat.S_IMODE((home / "data-18").stat().st_mode) == 0o700


def test_processes_share_the_server(home: Path) -> None:
    """One server for all of them: it runs until the last one ends."""
    data = home / "data-18"
    with using(home) as (first, dsn), using(home) as (second, same):
        assert dsn == same
        server = postmaster(data)

        # the socket, and nothing on any network
        with psycopg.connect(dsn) as connection:
            settings = connection.execute(
                "select current_setting('listen_addresses'), current_setting('unix_socket_permissions')"
            ).fetchone()
            assert settings == ("", "0700")
            assert connection.info.host.startswith("/")
        _assert_no_network(server)

        made = subprocess.run(
            [sys.executable, "-c", AT_ONCE], env=environment(home), cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert made.stderr == ""

        leave(first)
        assert postmaster(data) == server
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select current_database()").fetchone() == ("order_audit",)
        leave(second)
    assert postmasters(data) == []

    # two at once on a server that is not there yet, one of them killed: the next one finds its server and stops it
    with using(home) as (killed, _), using(home) as (other, _):
        server = postmaster(data)
        killed.kill()
        killed.wait(10)
        leave(other)
    assert postmasters(data) == []
    with using(home) as (killed, _):
        server = postmaster(data)
        killed.kill()
        killed.wait(10)
    time.sleep(0.2)
    assert postmaster(data) == server
    with using(home) as (heir, _):
        assert postmaster(data) == server
        leave(heir)
    assert postmasters(data) == []


def _assert_no_network(process: int) -> None:
    inodes = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = Path(f"/proc/{process}/net/{table}")
        lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
        assert not inodes & {line.split()[9] for line in lines}, table
    assert inodes


def test_a_server_that_crashed_is_started_again(home: Path) -> None:
    """A killed postmaster leaves its lock file, its socket, and for a moment its processes behind."""
    data = home / "data-18"
    with using(home) as (process, _):
        server = postmaster(data)
        os.kill(server, signal.SIGKILL)
        process.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline, "nobody takes the dead server's process away"
        time.sleep(0.05)
    assert (data / "postmaster.pid").exists()
    with using(home) as (process, dsn):
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        leave(process)
    assert postmasters(data) == []


@pytest.mark.parametrize(
    "name",
    [
        "with spaces and it's caf\u00e9",
        'the "shell\'s" $HOME \\ & 100%; `id`',
        "one, two",
        "/".join(["a very long path, longer than a socket's may be"] * 4),
    ],
    ids=["spaces", "letters of the shell", "comma", "long"],
)
def test_the_folder_may_have_any_name(home: Path, name: str) -> None:
    """Spaces, quotes, shell's letters and commas; and paths longer than a socket's."""
    place = home / name
    with using(place) as (process, dsn):
        postmaster(place / "data-18")
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select current_database()").fetchone() == ("order_audit",)
            folder = Path(connection.info.host)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        leave(process)
    assert postmasters(place / "data-18") == []
    assert not (folder / ".s.PGSQL.5432").exists()
    assert folder == place / "data-18" or not folder.exists()
