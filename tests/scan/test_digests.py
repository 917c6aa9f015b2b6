"""Digests in place of personal keys: HMAC-SHA-256 under a key that the server never has."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit import digest_key
from order_audit.audit.database.server import Server
from order_audit.audit.scans import violation_store
from order_audit.audit.scans.violation_store import ViolationStore
from tests.scan.edges import audit, keys, results, rule, suite
from tests.support import servers

TEXTS = ("", " ", "ä", "\U0001f600", 'a,b "c"\nd', "a\u0308", "x" * 200_000, *(f"n{number}" for number in range(40)))
FILES = {
    "plain": rule("select p.email from people as p", "email"),
    "composite": rule("select p.id, p.email from people as p", "id, email"),
    "measured": "-- title: t\n-- severity: warning\n-- key: email\n-- measure: n\n-- at_most: 0\n"
    "select p.email, count(*) as n from people as p where p.id < 9 group by p.email\n",
}


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[str]:
    """A table of personal keys, one of them NULL twice."""
    dsn = servers.new_database(server)
    with psycopg.connect(dsn) as connection:
        connection.execute("create table people (id int primary key, email text)")
        rows = [*enumerate([*TEXTS, None, None])]
        connection.cursor().executemany("insert into people values (%s, %s)", rows)
    yield dsn
    servers.drop_database(server, dsn)


def digest(secret: bytes, text: str) -> str:
    """The digest of a key, as the documents define it."""
    hashed = hashlib.sha256(text.encode()).digest()
    return "hmac-sha256:" + hmac.new(secret, hashed, hashlib.sha256).hexdigest()


@pytest.mark.both_versions
def test_a_digest_is_an_hmac_of_the_hash_of_the_text(people: str, tmp_path: Path) -> None:
    """Of any text, sorted by its bytes after each NULL; of several columns, of the JSON array; of groups likewise."""
    secret = digest_key.of(tmp_path / "key").secret
    document = audit(people, tmp_path / "out", suite(tmp_path / "mine", FILES), key_file=tmp_path / "key", examples=99)
    found = results(document)
    assert keys(tmp_path / "out", "plain") == ["", "", *sorted(digest(secret, text) for text in TEXTS)]
    arrays = [json.dumps([*pair], ensure_ascii=False) for pair in enumerate([*TEXTS, None, None])]
    assert keys(tmp_path / "out", "composite") == sorted(digest(secret, text) for text in arrays)
    groups = {it["group"] for it in found["measured"]["measure"]["values"]}
    assert groups == {*keys(tmp_path / "out", "measured")} == {digest(secret, text) for text in TEXTS[:9]}
    assert {id: (it["key_is_digest"], it["violations"]) for id, it in found.items()} == {
        "composite": (True, 49), "measured": (True, 9), "plain": (True, 49)
    }  # fmt: skip
    assert document["key_digests"] == {"kind": "key_file", "key_id": digest_key.of(tmp_path / "key").mark.key_id}


def test_digests_are_equal_under_one_key_file_only(people: str, tmp_path: Path) -> None:
    """Without one, each run has a key of its own."""
    mine = suite(tmp_path / "mine", {"plain": FILES["plain"]})
    outs = {name: tmp_path / name for name in ("kept", "again", "one", "other")}
    marks = {
        name: audit(people, out, mine, key_file=tmp_path / "key" if name in ("kept", "again") else None)["key_digests"]
        for name, out in outs.items()
    }
    found = {name: [key for key in keys(out, "plain") if key] for name, out in outs.items()}
    assert found["kept"] == found["again"]
    assert marks["kept"] == marks["again"]
    assert not {*found["kept"]} & {*found["one"]}
    assert not {*found["one"]} & {*found["other"]}
    assert [marks[name]["kind"] for name in ("one", "other")] == ["one_run", "one_run"]
    assert len({marks[name]["key_id"] for name in outs}) == 3


def test_the_order_of_rows_says_nothing_of_their_keys(people: str, tmp_path: Path) -> None:
    """A person who can make the hash of a guess does not know where it stands; under one key file, rows stay."""
    mine = suite(tmp_path / "mine", {"plain": rule("select p.email, p.id from people as p where p.id < 47", "email")})
    orders = {}
    for name, file in (("one", None), ("other", None), ("kept", "key"), ("again", "key")):
        document = audit(people, tmp_path / name, mine, key_file=tmp_path / file if file else None, examples=99)
        orders[name] = [row["id"] for row in results(document)["plain"]["examples"]]
    hashed = sorted(range(47), key=lambda id: hashlib.sha256(TEXTS[id].encode()).digest())
    assert sorted(orders["one"]) == sorted(hashed)
    assert orders["kept"] == orders["again"]
    assert len({tuple(order) for order in (*orders.values(), hashed)}) == 4


def test_no_rule_can_read_the_key(people: str, tmp_path: Path) -> None:
    """Neither from its statement nor from a setting: the server has no part of it."""
    seen = "current_query() || (select string_agg(s.setting, ' ') from pg_settings as s)"
    body = f"select p.email, {seen} as session_text from people as p where p.id = 2"
    mine = suite(tmp_path / "mine", {"curious": rule(body, "email", more="-- harmless: session_text\n")})
    document = audit(people, tmp_path / "out", mine, key_file=tmp_path / "key", unmask=True)
    (row,) = results(document)["curious"]["examples"]
    assert "sha256" in row["session_text"]
    secret = (tmp_path / "key").read_text().strip()
    padded = bytes(it ^ 0x36 for it in bytes.fromhex(secret)).hex()
    assert not any(it in row["session_text"] for it in (secret, padded))


@pytest.mark.parametrize("parts", [3, 256])
def test_many_digests_are_sorted_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int) -> None:
    """After the NULLs, which stay in front, and whatever the rule's id looks like."""
    monkeypatch.setattr(violation_store, "_SORTED", 7)
    monkeypatch.setattr(violation_store, "_PARTS", parts)
    id = 'a"\nb'
    start = b'"a""\nb",'
    lines = [start + hashlib.sha256(str(number).encode()).hexdigest().encode() + b"\n" for number in range(50)]
    store = ViolationStore(tmp_path)
    with store.open(id) as file:
        file.writelines([start + b"\n", start + b"\n", *lines])
    store.sort(id, 2 * len(start) + 2, len(lines[0]))
    store.close(id, 52)
    assert len(list(tmp_path.iterdir())) == 1
    assert store.write(tmp_path / "all.csv", [id]).rows == 52
    with (tmp_path / "all.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    assert [key for _, key in rows] == ["", "", *sorted(line[len(start) : -1].decode() for line in lines)]
