"""Fixtures: real servers, fresh databases. `tests/__init__.py` says which to choose."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options, run
from tests.support import servers

# How long a test takes says something of the machine, and nothing of the program.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# A shell that starts the tests in the background has Ctrl-C ignored, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# as nohup has the end of a terminal
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of this run's servers, which the processes that it starts inherit."""
    if not hasattr(config, "workerinput"):
        os.environ[servers.HOME] = str(servers.folder("oa-"))
        # a signal such as that of `timeout` lets the tests end their servers
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no server behind, however its process ended."""
    if not hasattr(config, "workerinput"):
        servers.sweep(Path(os.environ.pop(servers.HOME)))


# Which tests --------------------------------------------------------------------------------------

#: The modules that take longest, in that order: the last to begin should not be the last to end.
LONGEST: Final = (
    "fixes/test_random_left_open.py",
    "fixes/test_rejected.py",
    "fixes/test_own.py",
    "fixes/test_live.py",
    "guards/test_break_two.py",
    "fixes/test_emit_deployed.py",
    "scan/test_shipped_rules.py",
    "migrate/test_live.py",
    "migrate/test_migrate_killed.py",
    "reports/test_browser_layout.py",
    "scan/test_planner.py",
    "migrate/test_random.py",
    "fixes/test_random.py",
)
_FOLDER: Final = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that asks for more than the usual tests."""
    parser.addoption("--both-versions", action="store_true", help="run all tests on PostgreSQL 15 as well as on 18")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give tests that use a server, by `major`, PostgreSQL 15 and 18."""
    own = [name for mark in metafunc.definition.iter_markers("parametrize") for name in mark.args[0]]
    if "major" in metafunc.fixturenames and "major" not in own:
        metafunc.parametrize("major", (15, 18), ids=lambda major: f"pg{major}", scope="module")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out 15 where it is not asked for, mark the tests that start a server, and begin with what takes longest."""
    if not config.getoption("both_versions"):
        config.hook.pytest_deselected(items=[item for item in items if _is_repetition(item)])
        items[:] = [item for item in items if not _is_repetition(item)]
    for item in items:
        if {"server_15", "server_18", "major", "standby"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)
    order = {_FOLDER / name: number for number, name in enumerate(LONGEST)}
    if gone := [path.name for path in order if not path.is_file()]:
        raise pytest.UsageError(f"conftest.LONGEST names modules that do not exist: {', '.join(gone)}")
    items.sort(key=lambda item: order.get(item.path, len(LONGEST)))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the tests and all modules, which stay until the end."""
    gc.collect()
    gc.freeze()


def _is_repetition(item: pytest.Item) -> bool:
    """Whether a test runs on 15 although it would do on 18."""
    call = getattr(item, "callspec", None)
    own = [name for mark in item.iter_markers("parametrize") for name in mark.args[0]]
    return (
        call is not None
        and call.params.get("major") == 15
        and "major" not in own
        and item.get_closest_marker("both_versions") is None
    )


def pytest_report_header() -> str:
    """Say which servers the tests will run on."""
    return "PostgreSQL: " + ", ".join(f"{major} in {servers.binaries(major)}" for major in (15, 18))


# Servers ------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let output be for no terminal: pytest-xdist tells its processes the width of its own."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def server_15() -> Iterator[Server]:
    """PostgreSQL 15."""
    with servers.running(15) as server:
        yield server


@pytest.fixture(scope="session")
def server_18() -> Iterator[Server]:
    """PostgreSQL 18."""
    with servers.running(18) as server:
        yield server


@pytest.fixture(scope="session")
def servers_by_major(server_15: Server, server_18: Server) -> dict[int, Server]:
    """Both, by their major version."""
    return {15: server_15, 18: server_18}


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, major: int) -> Server:
    """PostgreSQL 18, and 15 in turn where the test is marked `both_versions`."""
    found: Server = request.getfixturevalue(f"server_{major}")
    return found


@pytest.fixture
def standby() -> Iterator[tuple[str, Server]]:
    """A primary's database with the sample data, and a hot standby of that primary; both servers are their own."""
    with servers.running(15) as primary:
        dsn = servers.new_database(primary, "sample")
        folder = primary.data.parent / "standby"
        folder.mkdir()
        folder.chmod(0o755)
        second = Server(primary.bin, folder / "data")
        second._own(second.data)
        second.data.chmod(0o700)
        words = ["-h", str(primary.socket), "-p", "5432", "-U", "postgres", "-R", "-c", "fast", "-X", "stream"]
        primary._run("pg_basebackup", "-D", str(second.data), *words)
        (second.data / ".s.PGSQL.5432.lock").unlink()  # the primary's; its socket is in its data folder
        try:
            second.start("hot_standby=on")
            yield dsn, second
        finally:
            second.stop("immediate")


# Databases ----------------------------------------------------------------------------------------


@pytest.fixture
def dsn(server: Server) -> Iterator[str]:
    """A fresh, empty database."""
    with servers.database(server) as made:
        yield made


@pytest.fixture
def schema(server: Server) -> Iterator[str]:
    """A fresh database with the current schema and no rows."""
    with servers.database(server, "schema") as made:
        yield made


@pytest.fixture
def sample(server: Server) -> Iterator[str]:
    """A fresh database with the current schema and its sample data."""
    with servers.database(server, "sample") as made:
        yield made


@pytest.fixture
def issues(server: Server) -> Iterator[str]:
    """A fresh database with the sample data and the labelled issues."""
    with servers.database(server, "issues") as made:
        yield made


@pytest.fixture(scope="session")
def audits(server_18: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of two audits: of the sample data, and of the same with the labelled issues."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("sample", "issues")}
    for name, folder in folders.items():
        with servers.database(server_18, name) as dsn:
            run(dsn, folder, Options())
    return folders
