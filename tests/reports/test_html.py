"""The HTML pages: what they say, and that nothing from a database can be more than text in them."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from order_audit.reports.document import ImpactMeasure, encode
from order_audit.scenario.domain.impact import IMPACTS
from tests.support.results import GATE, comparison_page, report_page

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }}{% raw %} </title></style>--> &lt; 😀"
UNSEEN = "a\u202eb\u200bc\x00d\ud800e\u2028f\x1b[0m\ufeff"
#: Elements that stand apart from what is before them.
APART = {
    "td",
    "th",
    "dt",
    "dd",
    "li",
    "p",
    "div",
    "tr",
    "caption",
    "h1",
    "h2",
    "h3",
    "h4",
    "text",
    "summary",
    "details",
}
VOID = {"meta", "br", "img", "wbr", "link", "input", "hr"}


class Page(HTMLParser):
    """A page, read strictly: each element is closed where it should be."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.bodies: dict[str, list[str]] = {"script": [], "style": []}
        self._open: list[tuple[str, int]] = []
        self._texts: list[str] = []
        self._marks: list[tuple[str, dict[str, str | None], int, int]] = []
        self.feed(source)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and that it is open."""
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag in APART:
            self._texts.append(" ")
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self._open.append((tag, len(self._texts)))
            self._marks.append((tag, dict(attrs), len(self._texts), -1))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element of the drawings, which alone may be closed at once."""
        assert tag in {"path", "circle", "rect"}, tag
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert self._open, tag
        assert self._open[-1][0] == tag, f"{tag} closes {self._open[-1][0]}"
        _, start = self._open.pop()
        for place in range(len(self._marks) - 1, -1, -1):
            name, attrs, begin, end = self._marks[place]
            if name == tag and end < 0 and begin == start:
                self._marks[place] = (name, attrs, begin, len(self._texts))
                break

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self._open and self._open[-1][0] in self.bodies:
            self.bodies[self._open[-1][0]].append(data)
        else:
            self._texts.append(data)

    def handle_comment(self, data: str) -> None:
        """No page has comments: one could only come from outside."""
        raise AssertionError(data)

    @property
    def text(self) -> str:
        """All that can be read, with white space folded."""
        return " ".join("".join(self._texts).split())

    def all(self, tag: str, **attributes: str) -> list[str]:
        """The texts of the elements of this kind."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            " ".join("".join(self._texts[begin:end]).split())
            for name, attrs, begin, end in self._marks
            if name == tag and wanted.items() <= attrs.items()
        ]


#: A rule on the schema, but for its id.
SCHEMA_RULE: dict[str, Any] = {"title": "Title", "severity": "info", "status": "checked", "findings": 0, "why": "Why"}
#: Why a rule was skipped.
NO_TABLE = {"kind": "missing_tables", "tables": ["t"]}


def found(rule: str = "orders.amount_is_positive", status: str = "failed", **fields: Any) -> dict[str, Any]:
    """One rule's result."""
    result: dict[str, Any] = {
        "rule": rule,
        "suite": "current",
        "title": f"Title of {rule}",
        "severity": "critical",
        "status": status,
        "key": "order_id",
        "key_order": "number",
        "table": "orders",
        "checked": 200,
        "violations": 0,
        "examples": [],
        "impact": None,
        "why": "It costs money.",
        "limitations": "",
        "fix": None,
        "guard": None,
        "requires": [],
        "sql": "select o.order_id\nfrom orders as o",
        "file": f"current/{rule.replace('.', '/')}.sql",
        "duration_ms": 1.25,
    }
    if status == "failed":
        result |= {
            "violations": 1,
            "examples": [{"order_amount": -5, "order_id": 17}],
            "impact": {"customers": 3, "orders": 5, "amount": 1250},
        }
    if status == "errored":
        result |= {
            "error": "column o.x does not exist (a.sql:3:8)",
            "error_at": {"sqlstate": "42703", "file": "a.sql", "line": 3, "column": 8},
        }
    if status in ("skipped", "not_checkable"):
        result |= {"reason": "no table t", "cause": NO_TABLE, "checked": None, "table": None, "duration_ms": 0.0}
    if status == "not_selected":
        result |= {"checked": None, "table": None, "duration_ms": 0.0}
    return result | fields


def document(*results: dict[str, Any], gate: dict[str, Any] | None = None, **run: Any) -> dict[str, Any]:
    """A result document that holds these."""
    statuses = ("passed", "failed", "errored", "skipped", "not_checkable", "not_selected")
    count = {status: sum(result["status"] == status for result in results) for status in statuses}
    judged = count["passed"] + count["failed"] + count["errored"]
    return {
        "format": "order-audit/2",
        "run": {
            "id": "1de7bd0d",
            "started_at": "2026-03-01T08:00:00.000Z",
            "finished_at": "2026-03-01T08:01:05.000Z",
            "complete": True,
            "changed_tables": [],
            "database": {
                "server_version": "18.1",
                "name": "leads",
                "host": "db.internal",
                "schema": "public",
                "user": "auditor",
                "encoding": "utf8",
                "snapshot": "00000002-1",
                "cluster": "",
            },
            "tables": {"customers": {"rows": 50}, "orders": {"rows": 200}},
            "suites": ["current"],
            "suite_hashes": {},
            "versions": {"order-audit": "0.1.0"},
            "scans": 7,
            "database_ms": 1500.5,
            "masked": True,
        }
        | run,
        "summary": {
            "expectations": len(results),
            **count,
            "pass_rate": round(100 * count["passed"] / judged, 2) if judged else None,
            "rows_affected": [],
            "gate": GATE | (gate or {}),
        },
        "results": list(results),
        "impact_measures": [
            {
                "table": impact.table,
                "measures": [encode(ImpactMeasure(it.name, it.label, it.is_sum)) for it in impact.measures],
            }
            for impact in IMPACTS
        ],
        "violations": {"file": "violations.csv", "sha256": "ab" * 32, "rows": 5},
        "schema_findings": [],
        "schema_rules": [],
        "unused_suppressions": [],
        "profile": {},
        "ddl": {"tables": [], "reason": ""},
        "requirements": [],
        "questions": [],
        "fixes": None,
    }


def compared(rule: str = "orders.amount_is_positive", **fields: Any) -> dict[str, Any]:
    """One rule of a comparison."""
    return {
        "rule": rule,
        "title": f"Title of {rule}",
        "severity": "warning",
        "before": {"status": "passed", "violations": 0},
        "after": {"status": "passed", "violations": 0},
        "resolved": 0,
        "remaining": 0,
        "new": 0,
        "by_keys": True,
        "note": "",
        "examples": {"resolved": [], "remaining": [], "new": []},
    } | fields


def comparison(*rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A comparison document that holds these."""
    run = document()["run"]
    kinds = ("resolved", "remaining", "new")
    return {
        "format": "order-audit-comparison/1",
        "before": run | {"pass_rate": 50.0, "gate_passed": False},
        "after": run | {"pass_rate": 97.5, "gate_passed": True, "id": "33a397d9"},
        "by_keys": True,
        "note": "",
        "summary": {kind: sum(rule[kind] or 0 for rule in rules) for kind in kinds}
        | {f"rules_{kind}": sum(bool(rule[kind]) for rule in rules) for kind in kinds},
        "rules": list(rules),
        "fixes": None,
        "requirements": [],
    } | fields


def drawn(made: dict[str, Any]) -> Page:
    """The page of a document, held against all that holds for every page."""
    before = copy.deepcopy(made)
    draw = report_page if made["format"] == "order-audit/2" else comparison_page
    source = draw(made)
    assert made == before, "drawing changes nothing"
    assert draw(made) == source, "the same document gives the same page"
    source.encode()
    page = Page(source)
    _stands_alone(page)
    _leads_somewhere(page)
    _shows_every_character(source)
    _can_be_read_by_all(page)
    return page


def _stands_alone(page: Page) -> None:
    for tag, attrs in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "form", "base", "image", "use"}, tag
        assert not any(name.startswith("on") or name in {"src", "style", "action"} for name in attrs), (tag, attrs)
    assert len(page.bodies["script"]) == len(page.bodies["style"]) == 1
    assert not re.search(r"url\(|@import", page.bodies["style"][0])
    assert "fetch" not in page.bodies["script"][0]
    policy = next(attrs["content"] for tag, attrs in page.elements if "http-equiv" in attrs) or ""
    assert policy.startswith("default-src 'none'")
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.bodies[kind][0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def _leads_somewhere(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids)), "ids are unique"
    for tag, attrs in page.elements:
        if "href" in attrs:
            assert tag == "a"
            assert (attrs["href"] or "").startswith("#"), attrs
            assert (attrs["href"] or "")[1:] in page.ids, attrs
        for name in ("aria-labelledby", "aria-describedby"):
            assert name not in attrs or attrs[name] in page.ids


def _shows_every_character(source: str) -> None:
    assert {letter for letter in source if not letter.isprintable()} <= {"\n", "\t"}
    assert not re.search("[\ufffd\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", source)


def _can_be_read_by_all(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    assert page.elements[0] == ("html", {"lang": "en"})
    assert tags.count("h1") == tags.count("main") == tags.count("header") == tags.count("footer") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), "no level is left out"
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attrs for tag, attrs in page.elements if tag == "th")
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in [
        attrs for tag, attrs in page.elements if tag == "meta"
    ]


def everything(text: str) -> dict[str, Any]:
    """A document with a rule of each status and this text wherever one can stand."""
    fix = {
        "automatic": text,
        "options": [{"name": text, "does": text, "recommended": True}],
        "leave": text,
        "assumes": text,
        "after": {text: text},
    }
    balances = {
        "kind": "balance",
        "facts": [
            {"customer_id": text, "balance": text, "order_id": text, "order_amount": text}
            | {"live_orders": 2, "live_amount": text}
        ],
    }
    fields: dict[str, Any] = {
        "title": text,
        "why": text,
        "sql": f"select {text}",
        "file": text,
        "suite": text,
        "table": text,
        "fix": fix,
        "guard": {"name": text, "title": text, "requires": [text], "assumes": text, "sql": text},
        "limitations": text,
        "highlight": [text],
        "schema_causes": [{"rule": text, "object": text, "allows": True, "which": text}],
        "diagram": {
            "kind": "lineage",
            "facts": [
                {
                    "keys": [text],
                    "orders": [
                        dict.fromkeys(("order_id", "order_ref", "customer_id", "order_status", "order_amount"), text)
                    ],
                    "missing": [f"{text}?"],
                }
            ],
        },
        "no_diagram_reason": {"reason": text, "help": text},
        "overlaps": [{"rule": f"a.{text}", "rows": 1}, {"rule": f"b.{text}", "rows": 1}],
    }
    results = [
        found(f"a.{text}", **fields, key=f"{text}, order_id", examples=[{text: text, "order_id": 1, "other": [text]}]),
        found(f"b.{text}", **fields, requires=[text])
        | {"table": "customers", "guard": None, "unguarded": text, "diagram": balances},
        found(
            f"c.{text}",
            "errored",
            **fields,
            error=text,
            error_at={"sqlstate": text, "file": text, "line": 1, "column": 2},
        ),
        found(f"d.{text}", "skipped", **fields, reason=text),
        found(f"e.{text}", "skipped", **fields),
        found(f"f.{text}", "not_checkable", **fields, reason=text),
        found(f"g.{text}", "passed", **fields),
    ]
    made = document(
        *results,
        gate={
            "passed": False,
            "reasons": [text],
            "failures": [
                {"kind": "failed", "severity": "critical", "rules": [{"rule": f"a.{text}", "count": 1}]},
                {"kind": "errored", "rules": [{"rule": text}] * 5},
                {"kind": "skipped", "rules": [{"rule": text, "missing_tables": [text, text]}]},
                {"kind": "tables_changed"},
            ],
        },
        changed_tables=[{"table": text, "change": text}],
        id=text,
        database=dict.fromkeys(document()["run"]["database"], text),
        tables={text: {"rows": 3}},
        suites=[text],
        versions={text: text},
    )
    made["violations"] = {"file": text, "sha256": text, "rows": 3}
    return made


def every_comparison(text: str) -> dict[str, Any]:
    """A comparison with this text wherever one can stand."""
    keys = {"resolved": [text], "remaining": [text, ""], "new": [text]}
    some = {"resolved": 1, "remaining": 2, "new": 30, "examples": keys, "note": text, "title": text}
    run = everything(text)["run"]
    return comparison(
        compared(f"a.{text}", **some),
        compared(f"b.{text}", **some, severity="critical"),
        compared(f"c.{text}", title=text, note=text, resolved=None, remaining=None, new=None, after=None),
        compared(f"d.{text}", title=text),
        compared(f"e.{text}", title=text, before=None),
        before=run | {"pass_rate": None, "gate_passed": False, "complete": False},
        after=run | {"pass_rate": 1.0, "gate_passed": True, "database": dict.fromkeys(run["database"], text + "!")},
        by_keys=False,
        note=text,
    )


@pytest.mark.parametrize("text", [HOSTILE, UNSEEN, "", " ", "x" * 20_000, "a\n\t\r\nb", "%s %(x)s {0}", "\\"])
@pytest.mark.parametrize("make", [everything, every_comparison])
def test_any_text_is_only_text(make: Any, text: str) -> None:
    """Whatever stands in a database, a rule or a name can neither become markup nor hide."""
    page = drawn(make(text))
    if text == HOSTILE:
        assert page.text.count(" ".join(HOSTILE.split())) > 10
    if text == UNSEEN:
        assert page.text.count("a⟨U+202E⟩b⟨U+200B⟩c⟨U+0000⟩d⟨U+D800⟩e⟨U+2028⟩f⟨U+001B⟩[0m⟨U+FEFF⟩") > 10


def test_the_verdict_comes_first() -> None:
    """Passed or failed and why, how many of how many, in which database, when and how."""
    made = document(
        found("orders.a", violations=1234),
        found("orders.b", severity="info", violations=2),
        found("orders.c", "passed"),
        found("orders.d", "errored"),
        found("orders.e", "not_checkable", reason="no history"),
        found("orders.f", "skipped"),
        gate={
            "passed": False,
            "reasons": ["a", "b"],
            "failures": [
                {"kind": "failed", "severity": "critical", "rules": [{"rule": "orders.a", "count": 1234}]},
                {"kind": "pass_rate", "passed": 1, "judged": 4},
            ],
            "fail_on": "warning",
            "min_pass_rate": 95.0,
            "baseline": True,
        },
    )
    page = drawn(made)
    assert page.all("h1") == ["leads: the gate failed"]
    top = page.all("header")[0]
    for said in (
        "1 of 4 judged expectations passed (25.00 %)",
        "2 failed, with 1,236 violations",
        "1 ended in an error",
        "2 were not checked: 1 not checkable, 1 skipped",
        "1 critical expectation failed: orders.a (1,234 new)",
        "the pass rate is 25.0000 % (1 of 4, counting rules without new violations as passed), below 95 %",
        "critical or warning findings that are new against the baseline, on missing tables, and on errors,",
        "and below a pass rate of 95 %",
        "leads, schema public",
        "PostgreSQL 18.1 on db.internal",
        "auditor, utf8",
        "customers 50, orders 200",
        "2026-03-01 08:00:00 UTC",
        "1 min 05 s, 7 scans",
        "00000002-1",
        "order-audit 0.1.0",
        "masked",
        "Violations 1,234 0 2 1,236",
    ):
        assert said in top, said
    assert "Interrupted" not in page.text
    assert "in clear text" not in page.text


def test_an_interrupted_or_unmasked_audit_says_so_at_the_top() -> None:
    """Nobody takes half an audit for a whole one, or passes personal data on unawares."""
    top = drawn(document(found(), complete=False, masked=False)).all("header")[0]
    assert "Interrupted: this audit is not complete." in top
    assert "Personal data and secrets are shown in clear text." in top
    assert "Values not masked" in top


def test_an_audit_without_findings_says_so_and_what_it_looked_at() -> None:
    """Clean is said in words, with what was checked and what was not."""
    page = drawn(document(found("orders.a", "passed"), found("orders.b", "not_checkable", reason="no times are kept")))
    assert page.all("h1") == ["leads: the gate passed"]
    assert "No expectation found a violation." in page.text
    assert "No finding in the data: the one judged expectation passed." in page.text
    assert "no row" not in page.text
    assert "Expectations that were not checked may have violations." in page.text
    assert "Reason: no times are kept." in page.all("section", id="not-checkable")[0]
    assert "orders, 200 rows Title of orders.a orders.a" in page.all("section", id="passed")[0]


def test_what_passed_stands_by_its_table_or_by_none() -> None:
    """A rule whose key is made up belongs to no table, and stands beside those that belong to one."""
    page = drawn(document(found("orders.a", "passed"), found("both.b", "passed", table=None, checked=None)))
    passed = page.all("section", id="passed")[0]
    assert "Several tables Title of both.b both.b" in passed
    assert "orders, 200 rows Title of orders.a orders.a" in passed


def test_empty_tables_are_no_clean_ones() -> None:
    """What passed for want of rows is told apart from what was looked at."""
    page = drawn(document(found("orders.a", "passed", checked=0), tables={"orders": {"rows": 0}}))
    assert "orders holds no row: an expectation on an empty table passes." in page.all("header")[0]
    assert "Empty: orders." in page.all("section", id="first")[0]
    assert "The table is empty." in page.all("section", id="passed")[0]


def test_impact_has_columns_where_it_is_known() -> None:
    """Findings without an impact need none."""
    known = drawn(document(found())).all("section", id="first")[0]
    unknown = drawn(document(found(impact=None))).all("section", id="first")[0]
    assert "Customers Orders Amount" in known
    assert "then by impact: order amounts, in the table's own unit" in known
    assert "Customers" not in unknown
    assert "then by impact" not in unknown


@pytest.mark.parametrize("results", [[], [found("orders.a", "skipped", reason="no table orders")]])
def test_nothing_judged_is_no_success(results: list[dict[str, Any]]) -> None:
    """An audit that judged nothing does not read as a clean one."""
    page = drawn(document(*results, tables={}))
    assert "Nothing was judged" in page.all("header")[0]
    assert "Nothing was judged. The reason of each expectation is below." in page.all("section", id="first")[0]
    assert "No expectation found a violation" not in page.text
    assert "None passed." in page.text


def test_the_worst_is_first() -> None:
    """By severity, then by the share of rows; a share that is not known is reckoned on the largest table."""
    made = document(
        found("x.info", severity="info", violations=200),
        found("x.few", violations=2, checked=200),
        found("x.unknown", violations=30, checked=None, table=None, impact=None),
        found("x.share", violations=10, checked=20),
        found("x.warning", severity="warning", violations=150),
    )
    rows = drawn(made).all("section", id="first")[0]
    order = re.findall(r"Title of x\.(\w+)", rows)
    assert order == ["share", "unknown", "few", "warning", "info"]
    assert "critical Title of x.share 10 20 50.00 % 3 5 1,250" in rows
    assert "critical Title of x.unknown 30 – – – – –" in rows


def test_a_finding_tells_all_of_itself() -> None:
    """What, how much, why, whom it concerns, which rows, by which SQL, from which file, in what time."""
    made = document(
        found(
            "orders.a",
            violations=1200,
            checked=53_000,
            requires=["orders.x", "encoding utf8"],
            impact={"customers": 1, "orders": 1200, "amount": -12.5},
        )
    )
    page = drawn(made)
    said = page.all("article", id="rule-orders.a")[0]
    for part in (
        "Title of orders.a",
        "critical",
        "1,200 of 53,000 rows of orders (2.26 %)",
        "It costs money.",
        "Impact: 1 customer, 1,200 orders, −12.50 (order amounts, in the table's own unit).",
        "Requires orders.x, encoding utf8",
        "File current/orders/a.sql",
        "Time 1.2 ms",
        "First 1 of 1,200 by order_id; every key is in violations.csv",
        "order_id key order_amount",
        "17 -5",
        "select o.order_id from orders as o",
    ):
        assert part in said, part


def test_many_tables_are_not_all_named_in_a_sentence() -> None:
    """The six with the most rows are, in the verdict; each of the others is where its number leads."""
    results = [found(f"t.r{n}", table=f"t{n}", key="id", impact=None) for n in range(30)]
    given = document(*results)
    given["run"]["tables"] = {f"t{n}": {"rows": 0 if n < 10 else n} for n in range(30)}
    given["summary"]["rows_affected"] = [{"table": f"t{n}", "key": "id", "rows": n} for n in range(30)]
    page = drawn(given)
    verdict = page.all("header")[0]
    assert "They concern 29 of 29 rows of t29, 28 of 28 rows of t28," in verdict
    assert "24 of 24 rows of t24 and rows of 24 more tables, each counted once." in verdict
    assert "t29 29, t28 28, t27 27, t26 26, t25 25, t24 24 and 24 more tables" in verdict
    assert "t0, t1, t2, t3, t4, t5 and 4 more hold no row" in verdict
    assert "t23: 23, by" in page.text


def test_rules_on_the_schema_that_were_not_judged_are_told_by_reason() -> None:
    """One reason is told once; where no rule was judged, none is said to have found nothing."""
    given = document(found("orders.a", "passed"))
    given["schema_rules"] = [
        SCHEMA_RULE | {"rule": f"schema.r{n}", "status": "errored", "reason": "interrupted before it was judged"}
        for n in range(3)
    ]
    said = drawn(given).text
    assert "3 rules ended in an error: interrupted before it was judged" in said
    assert said.count("interrupted before it was judged") == 1
    assert "found a fault" not in said


def test_impact_in_words() -> None:
    """Each number with what it counts; findings without an impact are counted, once for all."""
    of = {
        "customers": found("c.a", table="customers", key="customer_id"),
        "none": found("c.b", table="customers", impact={"customers": 2, "orders": 0, "amount": 0}),
        "unknown": found("c.c", table="parts", impact=None, checked=None),
        "nor this": found("c.d", table="parts", impact=None),
    }
    of["lost"] = found("o.a", impact={"customers": 0, "orders": 2, "amount": 7})
    page = drawn(document(*of.values()))
    unit = "(order amounts, in the table's own unit)."
    assert f"Impact: no customer, 2 orders, 7 {unit}" in page.text
    assert f"Impact: 3 customers, 5 live orders, 1,250 {unit}" in page.text
    assert f"Impact: 2 customers, no live order, 0 {unit}" in page.text
    assert page.text.count("2 findings have no impact: no installed domain defines it") == 1
    assert "1 violation; the number of checked rows is unknown" in page.text


def _values(*values: Any) -> Page:
    return drawn(document(found(examples=[{"order_id": n, "v": value} for n, value in enumerate(values)])))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (" a", "␣a"),
        ("a ", "a␣"),
        ("a  b c", "a␣␣b c"),
        ("   ", "␣␣␣"),
        ("a\tb\n", "a\\tb\\n"),
        ("a\u00a0b", "a⟨U+00A0⟩b"),
        ("a\u200b\u00ad", "a⟨U+200B⟩⟨U+00AD⟩"),
        ("caf\ufffd", "caf⟨U+FFFD⟩"),
        ("\u115f\u2800\u3164", "⟨U+115F⟩⟨U+2800⟩⟨U+3164⟩"),
        ("Cafe\u0301", "Cafe⟨U+0301⟩"),
        ("Café", "Café"),
        ("\u212bngstr\u00f6m", "⟨U+212B⟩ngström"),
        ("👩\u200d💻", "👩⟨U+200D⟩💻"),
        ("\\n", "\\n"),
        (None, "null"),
        ("", "empty"),
        (True, "true"),
        (0.30000000000000004, "0.30000000000000004"),
        (["x", None], '["x", null]'),
        ("01" * 100, None),
    ],
)
def test_a_value_shows_what_is_in_it(value: Any, shown: str | None) -> None:
    """White space, invisible characters and loose accents are seen; nothing is taken for something."""
    cells = _values(value).all("td")
    assert shown is None or shown in cells


def test_a_spelled_out_character_is_told_from_the_same_text() -> None:
    """A tab is marked up where the two characters of its escape are not."""
    source = _values("a\tb", "a\\tb").source
    assert '<bdi>a<b class="esc" title="U+0009" data-code="9">\\t</b>b</bdi>' in source
    assert "<bdi>a\\tb</bdi>" in source


def test_a_long_value_is_folded_and_a_very_long_one_is_cut() -> None:
    """The page stays readable, and of a bearable size."""
    page = _values("x" * 120, "y" * 121 + "END", "z" * 1_000_000 + "LAST")
    assert page.all("details", class_="long")[0].startswith("y" * 80 + "… 124 characters")
    assert page.all("details", class_="long")[0].endswith("END")
    assert page.all("details", class_="long")[1].endswith("… cut here")
    assert "1,000,004 characters" in page.text
    assert "LAST" not in page.text
    assert len(page.source) < 60_000


def test_columns_of_numbers_stand_to_the_right() -> None:
    """As do NaN and infinities, and numbers too exact for a float beside numbers; codes in text do not."""
    row = {"order_id": 1, "a": 1, "b": "007", "c": True, "d": 1.5, "e": None, "f": "-Infinity"}
    other = {"order_id": 2, "a": "NaN", "b": "1", "c": 1, "d": "0.12345678901234567890", "e": None, "f": "NaN"}
    source = drawn(document(found(examples=[row, other]))).source
    numbers = re.findall(r'<th scope="col" class="num">(\w+)(?: <small>key</small>)?</th>', source)
    assert set(numbers) & set("abcdef") == {"a", "d", "f"}


def test_a_week_is_drawn() -> None:
    """A bitmap of half-hours is a picture of seven days, with its sum in words."""
    day = "0" * 18 + "1" * 16 + "0" * 13 + "1"
    page = _values(day * 5 + "0" * 96, "0" * 336, "1" * 335)
    labels = [attrs["aria-label"] for tag, attrs in page.elements if tag == "svg" and "role" in attrs]
    assert labels == ["Week of half-hours, on in 85 of 336 half-hours", "Week of half-hours, never on"]
    assert "0h 12h 24h Day 1 Day 2 Day 3 Day 4 Day 5 Day 6 Day 7" in page.text
    on = [attrs for tag, attrs in page.elements if tag == "rect" and attrs.get("class") == "on"]
    assert [(mark["x"], mark["width"]) for mark in on[:2]] == [("110", "64"), ("226", "4")]
    assert len(on) == 10
    assert "1" * 335 in page.text, "another length is text"
    assert "01" * 3 not in page.text


def test_keys_come_first_and_captions_say_what_is_missing() -> None:
    """A composite key's columns lead in its order; the caption says how many rows there are besides."""
    rows = [{"x": 1, "b": 2, "a": 3}, {"x": 1, "b": 2, "a": 3}]
    made = document(found("t.a", key="a, b", examples=rows, violations=2), found("t.b", examples=[], violations=9))
    page = drawn(made)
    assert "a key b key x" in page.all("tr")
    assert "All 2 by a, b" in page.all("caption")
    assert "No evidence rows were kept; every key is in violations.csv." in page.text
    made["violations"] = None
    page = drawn(made)
    assert "violations.csv" not in page.text
    assert "not written: a later comparison has counts only" in page.text


def test_what_was_not_judged_is_shown_with_its_reason() -> None:
    """Errors with message and place, the unjudged by reason; what was not selected is a list of ids."""
    page = drawn(
        document(
            found("o.a", "errored"),
            found("o.b", "skipped", reason="no table orders"),
            found("o.c", "skipped", reason="no table orders"),
            found("o.d", "not_selected"),
            found("o.e", "not_checkable", reason="no times are kept; it takes orders.at"),
        )
    )
    errored = page.all("section", id="errored")[0]
    assert "column o.x does not exist (a.sql:3:8)" in errored
    assert "SQLSTATE 42703" in errored
    assert "1 expectation ended in an error. Start with the error messages." in page.text
    skipped = page.all("section", id="skipped")[0]
    assert "2 expectations: no table orders critical Title of o.b o.b critical Title of o.c o.c" in skipped
    assert "o.d" not in skipped
    left_out = page.all("section", id="not-selected")[0]
    assert left_out == "Not selected by --rule and --exclude: 1 expectation o.d"
    assert page.all("tr")[6] == "Not selected 1 0 0 1"
    assert "no times are kept; it takes orders.at." in page.all("section", id="not-checkable")[0]


def test_how_to_do_it_again() -> None:
    """The command, safe to paste, with versions, suites, the keys' checksum and the time of each rule."""
    made = document(
        found("o.slow", duration_ms=1500.0),
        found("o.quick", "passed", duration_ms=0.5),
        found("o.left_out", "not_selected"),
        gate={"passed": True, "reasons": [], "fail_on": "never", "min_pass_rate": 90.5, "baseline": True},
        suites=["current", "my rules; rm -rf"],
        masked=False,
    )
    page = drawn(made)
    said = page.all("section", id="reproduce")[0]
    assert (
        "order-audit run --dsn … --schema public --suite current --suite 'my rules; rm -rf' --fail-on never"
        " --min-pass-rate 90.5 --baseline … --unmask --out …"
    ) in said
    assert "1 expectation was not selected: give the same --rule and --exclude." in said
    assert "violations.csv, 5 rows, SHA-256 " + "ab" * 32 in said
    assert "o.slow failed 1,500.0 o.quick passed 0.5" in said
    assert "1,500.5 ms on the server in 7 scans" in said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(1, 3, "33.33 %"), (1, 10_000_000, "< 0.01 %"), (9_999_999, 10_000_000, "> 99.99 %"), (4, 4, "100.00 %")],
)
def test_a_share_never_hides_a_rest(part: int, whole: int, said: str) -> None:
    """One of ten million is not 0 %."""
    assert f"({said})" in drawn(document(found(violations=part, checked=whole))).text


def test_rules_with_like_ids_have_addresses_of_their_own() -> None:
    """Ids that differ in what cannot stand in an address, or look like a part of another's page."""
    ids = ["a b", "a-b", "a  b", "a", "rows-a", "a-rows", "first", "-"]
    drawn(document(*(found(id) for id in ids)))
    some = {"resolved": 1, "remaining": 1, "new": 1}
    drawn(comparison(*(compared(id, **some) for id in ids)))


def test_a_comparison_says_what_changed() -> None:
    """The sums in the headline, the pass rate before and after, the critical new ones at the top."""
    keys = {"resolved": ["1", "2"], "remaining": ["3"], "new": ["4"]}
    made = comparison(
        compared("o.new", severity="info", new=1, examples=keys, after={"status": "failed", "violations": 1}),
        compared("o.gone", resolved=181, before={"status": "failed", "violations": 181}, examples=keys),
        compared(
            "o.worse", severity="critical", resolved=1, remaining=3, new=2, examples=keys,
            before={"status": "failed", "violations": 4}, after={"status": "failed", "violations": 5},
        ),
        compared(
            "o.lost", resolved=None, remaining=None, new=None, note="the rule is errored in the later audit",
            before={"status": "failed", "violations": 7}, after={"status": "errored", "violations": 0},
        ),
        compared("o.same"),
        compared("o.now", before={"status": "not_checkable", "violations": 0}),
    )  # fmt: skip
    page = drawn(made)
    assert page.all("h1") == ["182 violations resolved, 3 remaining, 3 new"]
    top = page.all("header")[0]
    assert "Critical violations are new: Title of o.worse (2)." in top
    assert (
        "The pass rate went from 50.00 % to 97.50 % (2 of 5, then 3 of 6); the gate failed before and passed after."
        in top
    )
    assert "2 rules have new violations, 1 has remaining ones, 2 have resolved ones. 1 could not be compared." in top
    order = re.findall(r"Title of (o\.\w+)", page.all("section", id="changes")[0])
    assert order == ["o.worse", "o.new", "o.gone"]
    assert "4 5 1 resolved, 3 remaining, 2 new" in page.all("section", id="changes")[0]
    assert re.findall(r"Title of (o\.\w+)", page.all("section", id="new")[0]) == ["o.worse", "o.new"]
    assert "2 new (4 before, 5 after): 4 and 1 more" in page.all("section", id="new")[0]
    assert "181 resolved (181 before, 0 after): 1, 2 and 179 more" in page.all("section", id="resolved")[0]
    lost = page.all("section", id="unknown")[0]
    assert "7 before, errored after: the rule is errored in the later audit" in lost
    unchanged = page.all("section", id="unchanged")[0]
    assert "Passed unchanged: 1 rule o.same" in unchanged
    assert "not judged before: 1 rule o.now not checkable before" in unchanged


def test_bars_are_on_one_scale_and_show_the_least() -> None:
    """The longest fills its place, a single violation beside thousands is still seen, and nothing overlaps."""
    page = drawn(comparison(compared("o.a", resolved=10_000, new=1), compared("o.b", remaining=1)))
    bars = [attrs for tag, attrs in page.elements if tag == "rect"]
    assert [bar["class"] for bar in bars] == ["resolved", "new", "remaining"]
    assert float(bars[0]["width"] or 0) > 190
    assert all(float(bar["width"] or 0) >= 2 for bar in bars)
    assert float(bars[1]["x"] or 0) >= float(bars[0]["x"] or 0) + float(bars[0]["width"] or 0)
    assert float(bars[1]["x"] or 0) + float(bars[1]["width"] or 0) <= 212


def test_a_comparison_without_keys_or_of_two_databases_says_so() -> None:
    """Counts are not taken for keys, nor one database for another, nor half an audit for a whole one."""
    made = comparison(by_keys=False, note="the earlier audit: it was written without violations.csv")
    made["after"]["database"] = made["after"]["database"] | {"name": "copy"}
    made["after"]["complete"] = False
    top = drawn(made).all("header")[0]
    assert "Counts only. Violations cannot be matched by key: the earlier audit: it was written" in top
    assert "These are two databases: leads before, copy after." in top
    assert "The later audit was interrupted" in top


def test_a_comparison_of_nothing_is_a_page() -> None:
    """No rule, or none with a violation."""
    empty: Iterable[dict[str, Any]] = [comparison(), comparison(compared())]
    for made in empty:
        page = drawn(made)
        assert page.all("h1") == ["0 violations resolved, 0 remaining, 0 new"]
        for said in ("Nothing is new.", "Nothing remains.", "Nothing was resolved.", "No critical violation is new."):
            assert said in page.text
