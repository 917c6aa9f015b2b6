"""A result in a notebook: its HTML, its data frames, and the page that shows them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import order_audit
from order_audit.audit.database.server import Server
from order_audit.reports.findings import findings
from order_audit.reports.notebook import notebook as html
from tests.reports.documents import HOSTILE
from tests.support import notebook, servers
from tests.support.results import typed


@pytest.fixture(scope="module")
def issues(audits: dict[str, Path]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8"))
    return made


def test_the_page_shows_what_a_kernel_shows(server_18: Server) -> None:
    """docs/notebook.ipynb: each output but the first text, which no notebook shows beside its HTML."""
    with servers.database(server_18, "issues") as dsn:
        ran = notebook.run(dsn)
    assert list(notebook.outputs(ran)) == list(notebook.outputs(notebook.page()))


def test_the_page_is_small() -> None:
    """Beside its HTML, a notebook keeps the text of a result, which names it and has not all of it."""
    assert notebook.PAGE.stat().st_size < 50_000
    texts = [
        it["data"]["text/plain"] for cell in notebook.page().cells for it in cell.get("outputs", []) if "data" in it
    ]
    assert texts[0] == "<Result of 'shop', schema 'public': failed, folder audit>"


def test_frames_have_every_finding_and_key(audits: dict[str, Path]) -> None:
    result = order_audit.Result.read(audits["issues"])
    found = result.findings()
    assert list(found.rule) == [it.rule for it in findings(typed(result.document))]
    assert str(found.line.dtype) == "Int64"
    keys = result.violations()
    assert keys.groupby("rule").size().to_dict() == result.violations
    assert list(keys.columns) == ["rule", "key", "severity", "table", "title"]
    assert not keys.isna().to_numpy().any()


def test_a_text_is_no_markup(issues: dict[str, Any]) -> None:
    """Whatever things are called; what is left out is counted."""
    made = copy.deepcopy(issues)
    made["run"]["database"]["name"] = HOSTILE
    made["run"]["complete"] = False
    for it in made["results"]:
        it["title"] = HOSTILE
    text = html(typed(made))
    page = ElementTree.fromstring(f"<div>{text}</div>")
    tags = "div p strong ul li table thead tbody tr th td code"
    assert {it.tag for it in page.iter()} == {*tags.split()}
    assert len(list(page.iter("tr"))) == 21
    assert [len(row) for row in page.iter("tr")] == [3] * 21  # no states without a baseline
    rest = sum(it.is_open for it in findings(typed(made))) - 20
    assert f"and {rest} more findings" in text
    assert "Interrupted" in text
