"""The tutorial, docs/tutorial.md: it runs as it stands, and its output knows no domain but its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from order_audit.audit.database.server import Server
from tests.support import docs, servers
from tests.support.pages import Step, run

PAGE: Final = docs.ROOT / "docs" / "tutorial.md"
#: Words of the scenario; `order` also in English and SQL: an order check, in the order of, order by.
FOREIGN: Final = re.compile(
    r"\b(?:customers?|orders|an order|lineages?|marketplace|recreat\w+|scenario)\b(?! check)", re.IGNORECASE
)
STYLE: Final = re.compile("<style>.*?</style>", re.DOTALL)


class Walk(NamedTuple):
    """The steps of the page, and the folder in which they were taken."""

    steps: list[Step]
    folder: Path


@pytest.fixture(scope="module")
def walk(servers_by_major: dict[int, Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("tutorial")
    with servers.database(servers_by_major[18]) as dsn:
        yield Walk([step for _, steps in run(PAGE, dsn, folder) for step in steps], folder / "flights")


def test_it_runs_as_it_stands(walk: Walk) -> None:
    for step in walk.steps:
        assert step.agrees, f"$ {step.command}\n" + "\n".join(step.seen)


def test_its_output_has_no_word_of_another_domain(walk: Walk) -> None:
    texts = {f"$ {step.command}": "\n".join(step.seen) for step in walk.steps}
    texts |= {str(path): path.read_text(encoding="utf-8") for path in walk.folder.rglob("*") if path.is_file()}
    assert len(texts) > 60
    assert {name: found for name, text in texts.items() if (found := {*FOREIGN.findall(STYLE.sub("", text))})} == {}
