"""Every number is a link to its source, unless that is next to it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

from order_audit.audit.database.server import Server
from order_audit.reports import compare, html, results_file
from order_audit.reports.html import reproduce
from tests.reports.documents import document, found
from tests.support import servers
from tests.support.results import report_page

#: A separate number: no part of a name, a version or a share, and not 0.
_NUMBER: Final = re.compile(r"(?<![\w.,:⟨+])(?<!SHA-)(?!0(?![\d.,]))\d+(?:[.,]\d+)*(?![\w.:⟩]|\.\d| ?%)")
_VOID: Final = {"meta", "br", "wbr", "input"}
#: Numbers that need no link: the counted items follow, it belongs to the displayed row, or it is no count.
_LEAVES: Final = {
    "a": "linked",
    "script": "no text",
    "style": "no text",
    "title": "no text",
    "h1": "the findings of the list below",
    ".plan": "sums of the list of all findings",
    "h2": "what follows is what it counts",
    "h3": "likewise, but for links in it",
    "h4": "a rule's words",
    "caption": "its table follows",
    "summary": "its list follows",
    "figcaption": "its picture follows",
    "svg": "a label",
    "code": "a statement",
    "time": "a time",
    "bdi": "a value of the database",
    ".id": "a name",
    ".esc": "a sign that is explained",
    ".evidence": "the rows themselves",
    ".why": "a rule's words",
    ".error": "the server's words",
    ".repair": "a fix's words",
    ".met": "a requirement's rules, beside the findings among them",
    ".remark": "a finding's words",
    ".entries": "a rule's words, but for its margin",
    ".objects": "a finding's words and evidence",
    ".questions": "a question, but for its margin",
    ".alerts": "a column in words, above its figures",
    ".values": "a column in words and pictures",
    ".crosstab": "a drawn table: each cell is its own label",
    ".storage": "as the catalogs have it",
    "footer": "the format's version",
    "#times": "measured, not counted",
    "#fixes": "as the journal has it",
    "#audits": "two audits, side by side",
    "dt:Server": "a version",
    "dt:Versions": "versions",
    "dt:Database": "a name",
    "dt:Rows": "with the statement that counts them",
    "dt:Affected": "with the findings that it is made of",
    "tfoot": "a sum below its parts",
}
#: Places inside of those that are none: what they count is elsewhere.
_DUE: Final = (".margin", ".figure", "#facts")
#: Sums beside their parts.
_BESIDE: Final = (
    re.compile(r"^[\d,]+ (resolved|remaining|new) \($"),  # and their keys
)


class Numbers(HTMLParser):
    """The numbers that have no link, each with where it is; and how many have one."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.loose: list[str] = []
        self.linked = 0
        self._open: list[tuple[str, set[str]]] = []
        self._term = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go in."""
        told = dict(attrs)
        names = {tag, *(f".{name}" for name in (told.get("class") or "").split())}
        if told.get("id"):
            names.add(f"#{told['id']}")
        if tag == "dt":
            self._term = ""
        if tag == "dd":
            names.add(f"dt:{self._term}")
        if tag not in _VOID:
            self._open.append((tag, names))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Part of a drawing."""

    def handle_endtag(self, tag: str) -> None:
        """Go out."""
        while self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Look at a text."""
        if self._open and self._open[-1][0] == "dt":
            self._term += data.strip()
        numbers = _NUMBER.findall(data)
        if not numbers or any(beside.search(data) for beside in _BESIDE):
            return
        names = [names for _, names in self._open]
        if any("a" in of for of in names):
            self.linked += len(numbers)
            return
        innermost = next((of for of in reversed(names) if of & {*_LEAVES, *_DUE}), set())
        if innermost & {*_DUE} or not innermost & {*_LEAVES}:
            self.loose += [f"{number} in line {self.getpos()[0]}: {data.strip()[:80]}" for number in numbers]


@pytest.fixture(scope="module", params=["sample", "issues", "comparison", "back"])
def page(request: pytest.FixtureRequest, audits: dict[str, Path]) -> str:
    """The report on each audit, and their comparison both ways."""
    if request.param in audits:
        return html.report(results_file.read(audits[request.param] / "results.json").document)
    sides = [results_file.read(audits[name] / "results.json") for name in ("sample", "issues")]
    return html.comparison(compare.compare(*(sides if request.param == "comparison" else sides[::-1])))


def test_every_number_leads_to_what_it_is_made_of(page: str) -> None:
    """Or stands where that is."""
    numbers = Numbers(page)
    assert numbers.loose == []
    assert numbers.linked > 50


def test_numbers_without_links_are_found(page: str) -> None:
    """The test above would fail for nearly each of its links, were it missing: all but those in headings and lists."""
    links = re.compile(r'<a href="[^"]*">([1-9][\d,]*)</a>')
    bare = Numbers(links.sub(r"\1", page))
    assert len(bare.loose) > 0.8 * len(links.findall(page)) > 3


@pytest.mark.parametrize("issues", [False, True])
def test_statements_give_the_numbers_again(server_18: Server, audits: dict[str, Path], issues: bool) -> None:
    """The impact, and the profile's rows, nulls, distinct and most common values."""
    audit = json.loads((audits["issues" if issues else "sample"] / "results.json").read_text(encoding="utf-8"))
    made = servers.new_database(server_18, "issues" if issues else "sample")
    with psycopg.connect(made, autocommit=True) as connection:
        for it in audit["results"]:
            if it["status"] != "failed":
                continue
            cursor = connection.execute(it["impact_sql"].encode())
            names = [column.name for column in cursor.description or ()]
            assert cursor.fetchall() == [tuple(it["impact"].values())], it["rule"]
            assert names == [*it["impact"]]
        for table, told in audit["profile"].items():
            got = [
                connection.execute(line.encode()).fetchall()
                for line in reproduce.figures(table, told, "public").splitlines()
            ]
            assert got.pop(0) == [(told["rows"],)]
            for column in told["columns"].values():
                assert got.pop(0) == [(column["nulls"], column["distinct"])]
                if column["top"]:
                    counts = [count for value, count in got.pop(0) if value is not None]
                    told_of = [it["count"] for it in column["top"]][: len(counts)]
                    assert counts[: len(told_of)] == told_of
            assert not got
    servers.drop_database(server_18, made)


def test_statements_bear_any_name(server_18: Server) -> None:
    """SQL's own words as names of a schema, of tables and of columns."""
    made = servers.new_database(server_18)
    with psycopg.connect(made, autocommit=True) as connection:
        words = [word for (word,) in connection.execute("select word from pg_get_keywords()")]
        assert {"select", "user", "between"} <= {*words}
        connection.execute('create schema "user"')
        columns = sql.SQL(", ").join(sql.SQL("{} int").format(sql.Identifier(word)) for word in words)
        connection.execute(sql.SQL('create table "user"."order" ({})').format(columns))
        told = {word: {"type": "integer", "distinct": 0, "top": ["1"]} for word in words}
        for line in reproduce.figures("order", {"columns": told}, "user").splitlines():
            connection.execute(line.encode())
    servers.drop_database(server_18, made)


def test_what_cannot_be_given_again_leads_to_the_rows() -> None:
    """Rules without an impact; columns of a type without equality, and such without figures."""
    report_page(document(found("p.a", table="parts", impact=None), found("c.a", table="customers", impact_sql="")))
    columns = {"order": {"type": "json", "by_text": True, "distinct": 1, "top": [1]}, "b": {"error": "no"}}
    said = reproduce.figures("t", {"columns": columns}, "s")
    assert 'count(distinct t.order::text) as distinct from "s".t as t;' in said
    assert len(said.splitlines()) == 3
