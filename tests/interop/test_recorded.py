"""The rules imported from each tool's files give its verdicts and its numbers, as `make interop` recorded them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from order_audit.audit.database.server import Server
from tests.interop.ours import FILES, agrees, imported, prepared
from tests.interop.tools import HOME, Figures
from tests.support import servers


@pytest.fixture(scope="module")
def database(servers_by_major: dict[int, Server]) -> Iterator[str]:
    """The tables that the tools checked."""
    dsn = servers.new_database(servers_by_major[18])
    prepared(dsn)
    yield dsn
    servers.drop_database(servers_by_major[18], dsn)


def _recorded(tool: str) -> Figures:
    figures: Figures = json.loads((HOME / f"{tool}.json").read_text(encoding="utf-8"))["checks"]
    return figures


@pytest.mark.parametrize("tool", FILES)
def test_verdicts_and_numbers_are_those_of_the_tool(tool: str, database: str, tmp_path: Path) -> None:
    theirs, ours = _recorded(tool), imported(tool, database, tmp_path / "rules")
    different = {name: (figure, theirs.get(name)) for name, figure in ours.items()
                 if not agrees(figure, theirs.get(name), name)}  # fmt: skip
    assert not different
    # nothing is lost: what is no rule is listed
    listed = tmp_path / "rules" / "not-imported.txt"
    left_out = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    assert len(theirs) - len(ours) <= len(left_out)


def test_both_verdicts_occur() -> None:
    """A comparison of checks that all pass would show nothing."""
    for tool in FILES:
        verdicts = {it["verdict"] for it in _recorded(tool).values()}
        assert {"passed", "failed"} <= verdicts, tool
