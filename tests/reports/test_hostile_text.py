"""Texts of the database in formats that people read: none runs, hides or turns what stands around it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from order_audit.reports import junit, messages, notebook
from order_audit.reports.ci import azure, github, gitlab, sarif, tap
from order_audit.reports.document import Document
from order_audit.reports.terminal import summary
from tests.reports.documents import everything
from tests.reports.histories import add, audit
from tests.support.program import order_audit
from tests.support.results import typed

#: An escape sequence, a mark of text direction, a character that ends a line for some readers, and commands.
HOSTILE = "a\x1b[31mb\u202ec\x85d\u2028e\x00f ##vso[task.complete result=Failed]g ##[error]h ::error::i %0A]]>'\"\n::j"


@pytest.fixture(scope="module")
def document() -> Document:
    """A result with this text wherever one can stand."""
    schema = {
        "rule": "schema.r", "title": HOSTILE, "severity": "warning", "object": HOSTILE, "message": HOSTILE,
        "evidence": {}, "suggestion": HOSTILE, "remedy": "statement",
    }  # fmt: skip
    return typed(everything(HOSTILE) | {"schema_findings": [schema]})


def texts(made: Any) -> Iterator[str]:
    """Each text of a JSON document, but for identifiers, which programs compare."""
    if isinstance(made, str):
        yield made
    elif isinstance(made, list):
        for it in made:
            yield from texts(it)
    elif isinstance(made, dict):
        for name, it in made.items():
            if name in ("text", "description", "message") or not isinstance(it, str):
                yield from texts(it)


def unsafe(text: str) -> set[str]:
    """Its characters that a reader runs or does not see."""
    return {it for it in text if unicodedata.category(it) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n", "\u200b"}


def test_formats_have_no_control_characters(document: Document) -> None:
    """They are spelled out, as in the terminal."""
    shown = {
        "github": github.commands(document),
        "azure": azure.commands(document),
        "tap": [tap.tap(document)],
        "junit": [junit.junit(document)],
        "notebook": [notebook.notebook(document)],
        "gitlab": list(texts(json.loads(gitlab.code_quality(document)))),
    }
    assert {name: set().union(*map(unsafe, of)) for name, of in shown.items()} == {name: set() for name in shown}
    results = json.loads(sarif.sarif(document))["runs"][0]["results"]
    assert not [it for it in results if unsafe(it["message"]["text"])]
    found = json.loads(messages.message(document, "json"))["findings"]
    assert not [it for it in found if unsafe(it["message"]) or unsafe(it["title"])]


def test_a_command_of_the_log_has_no_other_in_it(document: Document) -> None:
    """Two systems may read one log: each looks for its own commands, anywhere in a line."""
    for line in github.commands(document):
        assert "##[" not in line
        assert "##vso[" not in line
    for line in azure.commands(document):
        assert "##[" not in line
        assert line.count("##vso[") == 1
        assert line.startswith("##vso[task.logissue ")


def test_a_first_run_has_nothing_new_since_another(tmp_path: Path) -> None:
    """`trend` neither says so, nor counts a rule among the clean ones that was never judged."""
    made = audit("2026-01-01", {"a": ["1"]})
    broken = audit("2026-01-01", {"a": ["1"]}, *everything("x")["results"][2:3])
    add(tmp_path / "h", broken)
    text = order_audit("trend", "--history", str(tmp_path / "h"), "a", "c.x", COLUMNS="80").stdout
    assert "1 rule could not be judged in any run" in text
    assert "no violation" not in text
    assert "last run:" not in text
    add(tmp_path / "h", audit("2026-01-02", made.keys))
    assert "last run: 0 new, 0 gone" in order_audit("trend", "--history", str(tmp_path / "h"), "a").stdout


def test_a_table_s_name_stays_on_its_line(document: Document, tmp_path: Path) -> None:
    """In the number of rows that the verdict has."""
    line = next(it for it in summary.verdict_text(document, tmp_path).splitlines() if "skipped (" in it)
    assert "]]>'\"\\n::j" in line
