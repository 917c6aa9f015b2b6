"""The outline of the pages: sections, headings, tables, folds; not their style."""

from __future__ import annotations

import difflib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from order_audit.reports import compare, html, results_file

GOLDEN = Path(__file__).parents[1] / "outlines"
_PARTS = {"header", "nav", "main", "section", "article", "footer", "search"}
_TEXTS = {"h1", "h2", "h3", "h4", "caption", "dt", "summary", "figcaption", "label"}
#: A longer text is not part of the page but of an entry.
_TERM = 14


class Outline(HTMLParser):
    """A page's parts, a line each; of articles, table rows and entries beside each other the first alone."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._depth = 0
        self._open: list[tuple[str, bool]] = []
        self._seen: list[set[str]] = [set()]
        self._hidden = 0
        self._of_data = False  # whether a table's columns are the data's
        self._text: list[str] | None = None
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a part, or begin to take in a text."""
        if tag in {"meta", "br", "wbr", "input"}:
            return
        told = dict(attrs)
        again = tag in {"article", "tr", "li", "option"} and tag in self._seen[-1]
        self._seen[-1].add(tag)
        self._seen.append(set())
        self._open.append((tag, again))
        self._hidden += again
        if self._hidden or tag in {"script", "style"}:
            return
        if tag in _PARTS:
            name = "" if (told.get("id") or "").startswith("rule-") else told.get("id")
            self._say(tag + (f"#{name}" if name else ""))
            self._depth += 1
        elif tag == "table":
            self._of_data = "evidence" in (told.get("class") or "")
        elif tag in _TEXTS or (tag == "th" and told.get("scope") == "col" and not self._of_data):
            self._text = []

    def handle_endtag(self, tag: str) -> None:
        """Note a text that ends."""
        _, again = self._open.pop()
        self._seen.pop()
        if not self._hidden and tag in _PARTS:
            self._depth -= 1
        elif not self._hidden and self._text is not None and (tag in _TEXTS or tag == "th"):
            said = re.sub(r"\d[\d,.]*", "#", " ".join("".join(self._text).split()))
            if tag != "dt" or len(said) <= _TERM:
                self._say(f"{tag}: {said}")
            self._text = None
        self._hidden -= again

    def handle_data(self, data: str) -> None:
        """Take in a text."""
        if self._text is not None:
            self._text.append(data)

    def _say(self, line: str) -> None:
        self.lines.append("  " * self._depth + line)


@pytest.mark.parametrize("kind", ["report", "comparison"])
def test_the_outline_is_as_reviewed(audits: dict[str, Path], kind: str, tmp_path: Path) -> None:
    """The order of reading is kept; a change of it is looked at, and the new outline put in the place of the old."""
    sample, issues = (results_file.read(audits[name] / "results.json") for name in ("sample", "issues"))
    source = html.report(issues.document) if kind == "report" else html.comparison(compare.compare(sample, issues))
    lines = Outline(source).lines
    golden = GOLDEN / f"{kind}.txt"
    (tmp_path / golden.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = golden.read_text(encoding="utf-8").splitlines()
    difference = "\n".join(difflib.unified_diff(before, lines, "reviewed", "now", lineterm=""))
    assert not difference, f"{difference}\n\nif that is meant: cp {tmp_path / golden.name} {golden}"
