"""Rules that are slow, locked out or wrong: each is an error with its line, and costs no other rule its result."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from order_audit import session
from order_audit.audit import mask
from tests.scan.edges import audit, counts, errors, keys, results, rule, suite


def test_a_slow_rule_costs_no_other_its_result(data: str, tmp_path: Path) -> None:
    """The statement timeout ends it; rules that shared its scan are judged without it."""
    mine = suite(
        tmp_path / "mine",
        {
            "slow": rule("select o.order_id from orders as o where pg_sleep(60) is null"),
            "quick": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "other": rule("select c.customer_id from customers as c", "customer_id"),
        },
    )
    began = time.monotonic()
    document = audit(data, tmp_path / "out", mine, timeout=3)
    assert time.monotonic() - began < 50  # and not the 60 s that it would take
    assert list(errors(document)) == ["slow"]
    assert errors(document)["slow"].endswith(
        "statement timeout; statement_timeout is 3s: --statement-timeout SECONDS sets another"
    )
    assert results(document)["slow"]["error_at"]["sqlstate"] == "57014"
    assert counts(document) == {"quick": 5, "other": 5}
    assert {found["checked"] for found in document["results"]} == {10, 5}


def test_a_locked_table_is_an_error_and_no_hang(data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rules wait for as long as a lock may take, and then say so; other tables' rules are judged."""
    monkeypatch.setattr(session, "READER", (("lock_timeout", "200ms"),))
    mine = suite(
        tmp_path / "mine",
        {
            "locked": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "free": rule("select c.customer_id from customers as c", "customer_id"),
        },
    )
    with psycopg.connect(data) as connection:
        connection.execute("lock table orders in access exclusive mode")
        began = time.monotonic()
        document = audit(data, tmp_path / "out", mine)
        took = time.monotonic() - began
        connection.rollback()
    assert took < 60
    assert "lock timeout" in errors(document)["locked"]
    assert counts(document) == {"free": 5}
    assert results(document)["free"]["impact"] is None


#: Statements that the server refuses, and what stands where it sees the mistake (ä and 😀 are one character each).
MISTAKES = {
    "syntax": ("select o.order_id\nfrom orders as o\nwhere o.order_id = = 1\n", "= 1\n"),
    "unknown_column": ("select o.order_id\nfrom orders as o\nwhere 'ä😀' <> 'x' and o.nothing = 1", "o.nothing"),
    "unknown_function": ("\n\n-- a remark\nselect nothing(o.order_id) as order_id\nfrom orders as o", "nothing("),
    "unknown_type": ("select o.order_id,\n\to.order_id::nothing as x from orders as o", "nothing as"),
    "ordered_by_nothing": ("select o.order_id from orders as o\norder by\n  o.nothing limit 1", "o.nothing"),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_mistakes_are_shown_where_they_stand_in_the_file(data: str, tmp_path: Path, end: str) -> None:
    """Line and column in the author's own file, in characters."""
    files = {id: rule(body, more="-- requires: orders.order_id\n") for id, (body, _) in MISTAKES.items()}
    mine = suite(tmp_path / "mine", {id: text.replace("\n", end) for id, text in files.items()})
    document = audit(data, tmp_path / "out", mine)
    assert errors(document).keys() == MISTAKES.keys()
    for id, text in files.items():
        before = text[: text.rindex(MISTAKES[id][1])]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        found = results(document)[id]
        assert (found["error_at"]["line"], found["error_at"]["column"]) == (line, column), found["error"]
        assert f"{mine / id}.sql:{line}:{column}" in found["error"]
        assert "\n" not in found["error"]


def test_a_rule_that_fails_midway_harms_no_other(data: str, tmp_path: Path) -> None:
    """Rules that share its scan have exact results, written once."""
    mine = suite(
        tmp_path / "mine",
        {
            "a_before": rule("select o.order_id, o.order_amount from orders as o where o.order_amount > 100"),
            "b_broken": rule("select o.order_id from orders as o where 1 / (o.order_amount - 75) > 5"),
            "c_evidence": rule(
                "select o.order_id, 1 / (o.order_amount - 100) as ratio from orders as o where o.order_id = 1001"
            ),
            "d_after": rule("select o.order_id from orders as o where o.order_ref <> o.order_id"),
            "e_alone": rule("select max(o.order_id) as order_id from orders as o having 1 / (count(*) - 10) > 0"),
        },
    )
    document = audit(data, tmp_path / "out", mine)
    assert errors(document).keys() == {"b_broken", "e_alone"}
    assert {found["error"] for found in document["results"] if found["status"] == "errored"} == {"division by zero"}
    assert counts(document) == {"a_before": 5, "c_evidence": 1, "d_after": 2}
    assert keys(tmp_path / "out", "a_before") == ["1001", "1002", "1004", "1007", "1009"]
    assert keys(tmp_path / "out", "d_after") == ["1005", "1006"]
    assert document["violations"]["rows"] == 8
    assert len(results(document)["a_before"]["examples"]) == 5


def test_a_key_that_the_statement_does_not_give_is_an_error(data: str, tmp_path: Path) -> None:
    """By its name."""
    mine = suite(
        tmp_path / "mine",
        {
            "a": rule("select o.order_id as id from orders as o"),
            "b": rule("select from orders as o where o.order_id = 1001"),
            "c": rule("select o.order_id from orders as o", "order_id, nothing"),
            "d": rule("select o.order_id from orders as o where o.order_id = 1001"),
        },
    )
    document = audit(data, tmp_path / "out", mine)
    assert errors(document).keys() == {"a", "b", "c"}
    assert "order_id" in errors(document)["a"]
    assert "nothing" in errors(document)["c"]
    assert counts(document) == {"d": 1}


@pytest.mark.parametrize(
    "said",
    [
        'invalid input syntax for type integer: "Geheim"',
        "ungültige Eingabesyntax für Typ integer: „Geheim“",
        "syntaxe en entrée invalide pour le type integer : « Geheim »",
        'неверный синтаксис для типа integer: "Geheim"',
        "integer型の入力構文が不正です: 「Geheim」",
    ],
    ids=["en", "de", "fr", "ru", "ja"],
)
def test_messages_in_any_language_are_masked(said: str) -> None:
    """A server speaks the language of its lc_messages, and quotes as that does."""
    assert "Geheim" not in mask.message(said, "22P02")
