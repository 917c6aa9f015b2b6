"""Suites of files, folders and several places, those that cannot be used, and rules with requirements."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from order_audit.expectations import SuiteError
from tests.scan.edges import PHONE, audit, counts, fetch, keys, results, rule, statuses, suite


def test_a_single_file_is_a_suite(data: str, tmp_path: Path) -> None:
    """Its id is its stem."""
    mine = suite(
        tmp_path / "mine", {"deep.big_orders": rule("select o.order_id from orders as o where o.order_amount > 400")}
    )
    document = audit(data, tmp_path / "out", mine / "deep" / "big_orders.sql")
    assert counts(document) == {"big_orders": 2}


def test_folders_of_folders_and_several_suites(data: str, tmp_path: Path) -> None:
    """Ids are paths; hidden files and other files are none of it; suites add up."""
    one = suite(
        tmp_path / "one",
        {
            "top": rule("select o.order_id from orders as o where o.order_amount > 400"),
            "a.b.c": rule("select o.order_id from orders as o where o.order_amount > 500"),
        },
    )
    (one / ".hidden.sql").write_text("nonsense")
    (one / "README.md").write_text("nonsense")
    (one / "a,b \"c\" 'd'.sql").write_text(rule("select o.order_id from orders as o where o.order_id = 1001"))
    two = suite(tmp_path / "two", {"top_two": rule("select o.order_id from orders as o where o.order_amount > 300")})
    document = audit(data, tmp_path / "out", "current", one, two, rules=("top*", "a*", PHONE))
    assert counts(document) == {"top": 2, "a,b \"c\" 'd'": 1, "top_two": 2, PHONE: 5}
    assert statuses(document)["a.b.c"] == "passed"
    assert document["summary"]["expectations"] == 49
    assert [found["rule"] for found in document["results"]] == sorted(statuses(document))
    assert keys(tmp_path / "out", "a,b \"c\" 'd'") == ["1001"]


BAD_SUITES: dict[str, tuple[dict[str, bytes], str]] = {
    "nothing": ({}, "no rule"),
    "no sql": ({"a.txt": b"x"}, "no rule"),
    "not UTF-8": ({"a.sql": rule("select 'é' as order_id").encode("latin-1")}, r"a\.sql.*UTF-8"),
    "no title": ({"a.sql": b"-- severity: info\n-- key: id\nselect 1 as id"}, r"a\.sql.*title"),
    "empty title": ({"a.sql": b"-- title:\n-- severity: info\n-- key: id\nselect 1 as id"}, r"a\.sql.*title"),
    "no key": ({"a.sql": b"-- title: x\n-- severity: info\nselect 1 as id"}, r"a\.sql.*key"),
    "no header": ({"a.sql": b"select 1 as id"}, r"a\.sql.*title"),
    "no statement": ({"a.sql": b"-- title: x\n-- severity: info\n-- key: id\n"}, r"a\.sql.*no statement"),
    "no file": ({"a.sql": b""}, r"a\.sql"),
    "severity": ({"a.sql": rule("select 1 as order_id", severity="fatal").encode()}, r"a\.sql.*fatal"),
    "header": ({"a.sql": rule("select 1 as order_id", more="-- sverity: info\n").encode()}, r"a\.sql:5.*sverity"),
    "header twice": ({"a.sql": rule("select 1 as order_id", more="-- key: id\n").encode()}, r"a\.sql:5.*key"),
    "key twice": ({"a.sql": rule("select 1 as id", "id, ID").encode()}, r"a\.sql.*id, ID"),
    "needs": ({"a.sql": rule("select 1 as order_id", more="-- requires: order_ref\n").encode()}, r"a\.sql.*order_ref"),
    "highlight twice": (
        {"a.sql": rule("select 1 as order_id", more="-- highlight: a, A\n").encode()},
        r"a\.sql.*highlight",
    ),
    "weakness": ({"a.sql": rule("select 1 as order_id", more="-- allowed_by: schema.a\n").encode()}, r"a\.sql.*OBJECT"),
    "picture": ({"a.sql": rule("select 1 as order_id", more="-- diagram: of a\n").encode()}, r"a\.sql.*lineage"),
    "comment alone": ({"a.sql": rule("-- nothing\n/* here */").encode()}, r"a\.sql"),
    "two files, one bad": ({"a.sql": rule("select 1 as order_id").encode(), "b.sql": b"x"}, r"b\.sql"),
    "a name that is no text": ({os.fsdecode(b"\xff.sql"): rule("select 1 as order_id").encode()}, "name"),
}


@pytest.mark.parametrize("name", BAD_SUITES)
def test_a_suite_that_cannot_be_used_is_wrong_use(tmp_path: Path, name: str) -> None:
    """One line that names the file, before any connection is made."""
    files, message = BAD_SUITES[name]
    (tmp_path / "mine").mkdir()
    for file, content in files.items():
        (tmp_path / "mine" / file).write_bytes(content)
    with pytest.raises(SuiteError, match=message) as raised:
        audit("host=/nowhere", tmp_path / "out", tmp_path / "mine")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_one_id_twice_is_wrong_use(tmp_path: Path) -> None:
    """Both places are named."""
    one = suite(tmp_path / "one", {"a.b": rule("select 1 as order_id")})
    two = suite(tmp_path / "two", {"a.b": rule("select 2 as order_id")})
    with pytest.raises(SuiteError, match=r"a\.b.*one.*two"):
        audit("host=/nowhere", tmp_path / "out", one, two)
    with pytest.raises(SuiteError, match="twice"):
        audit("host=/nowhere", tmp_path / "out", "current", "current")
    with pytest.raises(SuiteError, match="no suite"):
        audit("host=/nowhere", tmp_path / "out", tmp_path / "three")


def test_needs_that_are_not_met(data: str, tmp_path: Path) -> None:
    """A missing column or another encoding makes a rule not checkable, a missing table skipped."""
    body = "select o.order_id from orders as o where o.order_id = 1001"
    needs = {
        "met": "orders.order_ref, customers.customer_id, encoding UTF8, encoding utf-8",
        "column": "orders.order_ref, orders.created_at",
        "encoding": "encoding latin1",
        "table": "invoices.id",
        "schema": f"{fetch(data, 'select current_schema()')[0]}.orders.created_at",
        "quoted": '"orders"."Order_Ref"',
    }
    files = {id: rule(body, more=f"-- requires: {text}\n") for id, text in needs.items()}
    document = audit(data, tmp_path / "out", suite(tmp_path / "mine", files))
    assert statuses(document) == {
        "met": "failed",
        "column": "not_checkable",
        "encoding": "not_checkable",
        "table": "skipped",
        "schema": "not_checkable",
        "quoted": "not_checkable",
    }
    found = results(document)
    assert "created_at" in found["column"]["reason"]
    assert "utf8" in found["encoding"]["reason"]
    assert "latin1" in found["encoding"]["reason"]
    assert "invoices" in found["table"]["reason"]
    assert document["summary"]["pass_rate"] == 0
