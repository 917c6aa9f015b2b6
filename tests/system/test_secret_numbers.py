"""Masked secrets: equal ones have equal numbers in all that an audit writes, and nothing else of them is left."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit import mask
from order_audit.audit.cli import fixes_keys
from order_audit.audit.database.server import Server
from order_audit.audit.results import fix_plan
from order_audit.audit.run import Options
from order_audit.audit.secret_numbers import SecretNumbers, unnumbered
from order_audit.expectations import load
from order_audit.fixes.planning.plan import TriedChange
from tests.support import servers
from tests.support.results import run

#: Two sets of secrets of other lengths, letters and order, that are equal in the same places.
SETS = (
    {"a": "made-up-1", "b": "another, made up", "c": "9" * 40, "pin": 7},
    {"a": "ZZ", "b": "\u00e9 'quoted' \"twice\"\n", "c": "[1, 2]", "pin": 123456},
)
SUITE = {
    "tokens": "select s.id, s.api_token from service as s where s.id > 1 order by s.id",
    "pins": "select s.id, s.pin_secret, s.args, s.args ->> 'password' as password from service as s order by s.id",
}


def numbered(*values: Any) -> list[Any]:
    """Values of one document, as it is written."""
    return SecretNumbers().of([*values])


def test_numbers_are_those_of_first_appearance() -> None:
    """From 1 in each document; equal values have equal numbers, wherever they stand."""
    first, second = (mask.value(text, mask.TEXT, {"api_key"}) for text in ("one", "two"))
    document = {"x": [second, {"y": f"{first} and {second}"}], first: 1}
    for _ in range(2):
        assert SecretNumbers().of(document) == {
            "x": ["[secret 1]", {"y": "[secret 2] and [secret 1]"}],
            "[secret 2]": 1,
        }
    assert unnumbered(document) == {"x": ["[secret]", {"y": "[secret] and [secret]"}], "[secret]": 1}


@pytest.mark.parametrize(
    ("value", "kind", "names", "shown"),
    [
        ("hunter2", mask.TEXT, {"password"}, "[secret 1]"),
        ("none", mask.TEXT, {"password"}, "[secret 1]"),
        (" x ", mask.TEXT, {"x", "access_token"}, "[secret 1]"),
        (1234, 23, {"pin_secret"}, "[secret 1]"),
        ('{"a": 1}', mask.JSON, {"credentials"}, "[secret 1]"),
        ("{a,b}", 1009, {"tokens"}, "[secret 1]"),
        ("", mask.TEXT, {"password"}, ""),
        (" \t", mask.TEXT, {"password"}, " \t"),
        (None, mask.TEXT, {"password"}, None),
        (True, 16, {"password"}, True),
        (1234, 23, {"token_count"}, "••••"),
        ("2026-01-02", 1082, {"password_changed_at"}, "••••-••-••"),
        ("ann@example.com", mask.TEXT, {"customer_email"}, "a••@•••••••.•••"),
    ],
)
def test_a_value_is_masked(value: Any, kind: int, names: set[str], shown: Any) -> None:
    """Whole, whatever its type; blanks are none; other personal data keep their shape."""
    assert numbered(mask.value(value, kind, names)) == [shown]


def test_keys_are_not_numbered() -> None:
    """In messages, which are no part of a document."""
    assert mask.key("made-up-1", {"api_token"}) == "[secret]"


def test_a_change_of_a_secret_is_masked() -> None:
    """In the plan of the fixes: the same secret before and after is the same number."""
    change = TriedChange("r", "t", {"api_key": "a"}, {"api_key": "a", "token": "b"}, {"api_key": " a", "token": "a"})
    row = fix_plan._row(change, unmask=False)
    assert numbered(row.key, row.before, row.after) == [
        {"api_key": "[secret 1]"},
        {"api_key": "[secret 1]", "token": "[secret 2]"},
        {"api_key": "[secret 3]", "token": "[secret 1]"},
    ]


@pytest.fixture(scope="module")
def written(server_18: Server, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files of audits of both sets, of the first one twice."""
    folders = []
    for secrets in (*SETS, SETS[0]):
        out = tmp_path_factory.mktemp("out")
        (out / "mine").mkdir()
        for name, text in SUITE.items():
            header = f"-- title: {name}\n-- severity: critical\n-- key: id\n"
            (out / "mine" / f"{name}.sql").write_text(header + text)
        with servers.database(server_18) as dsn, psycopg.connect(dsn) as connection:
            connection.execute("create table service (id int primary key, api_token text, pin_secret int, args json)")
            for number, name in enumerate(("a", "b", "a", "c", "b", "c"), start=1):
                args = json.dumps({"size": 1, "password": secrets[name]})
                connection.execute(
                    "insert into service values (%s, %s, %s, %s)", [number, secrets[name], secrets["pin"], args]
                )
            connection.commit()
            run(
                dsn, out, Options(suites=(str(out / "mine"),), rows=9, examples=2, formats=("json", "html", "markdown"))
            )
        folders.append(out)
    return folders


def test_only_equality_is_left_of_a_secret(written: list[Path]) -> None:
    """No length and no letter: evidence and rows are the same for other secrets, and so are they a second time."""
    documents = [json.loads((out / "results.json").read_text(encoding="utf-8")) for out in written]
    assert documents[0]["profile"] == documents[2]["profile"]
    for document in documents:
        column = document["profile"]["service"]["columns"]["api_token"]
        assert column["length"] == {"min": None, "mean": None, "max": None, "empty": 0}
        assert "characters" not in column
        pins = document["profile"]["service"]["columns"]["pin_secret"]
        assert (pins["mean"], pins["histogram"], pins["min"] == pins["max"]) == (None, None, True)
        assert all(re.fullmatch(r"\[secret \d\]", it["value"]) for it in column["top"])
        tokens = {it["rule"]: it["examples"] for it in document["results"]}
        assert tokens["pins"] == [
            {"id": 1, "pin_secret": "[secret 1]", "args": json.dumps({"size": 1, "password": "[secret 2]"}),
             "password": "[secret 2]"},
            {"id": 2, "pin_secret": "[secret 1]", "args": json.dumps({"size": 1, "password": "[secret 3]"}),
             "password": "[secret 3]"},
        ]  # fmt: skip
        assert tokens["tokens"] == [{"id": 2, "api_token": "[secret 3]"}, {"id": 3, "api_token": "[secret 2]"}]
    rows = [(out / "violations" / "tokens.csv").read_bytes() for out in written]
    # the third secret is numbered after those of results.json
    third = re.search(rb"4,(\[secret \d\])", rows[0])
    assert third is not None
    assert rows[0] == (
        b"id,api_token\r\n2,[secret 3]\r\n3,[secret 2]\r\n4,"
        + third[1]
        + b"\r\n5,[secret 3]\r\n6,"
        + third[1]
        + b"\r\n"
    )
    assert rows[0] == rows[2]


def test_no_file_has_a_mark_or_a_secret(written: list[Path]) -> None:
    """The marks that become numbers are never written."""
    for out, secrets in zip(written, (*SETS, SETS[0]), strict=True):
        for path in out.rglob("*"):
            if path.is_file() and path.parent.name != "mine":
                text = path.read_text(encoding="utf-8")
                assert not re.search(r"\[secret [0-9a-f]{32}\]", text), path
                assert not [it for it in (secrets["a"], secrets["c"]) if f'"{it}"' in text or f">{it}<" in text], path


def test_a_key_that_is_a_secret_is_masked_in_messages(server_18: Server, tmp_path: Path) -> None:
    """Of the commands about fixes."""
    (tmp_path / "mine.sql").write_text(
        "-- title: t\n-- severity: info\n-- key: api_token\nselect s.api_token from service as s\n"
    )
    with servers.database(server_18) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table service (api_token text primary key)")
        rules = load(str(tmp_path / "mine.sql")).rules
        assert fixes_keys.masked_keys(connection, rules, {"mine": ("made-up-1",)}) == {"mine": ("[secret]",)}
