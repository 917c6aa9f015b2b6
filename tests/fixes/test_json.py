"""Fixes of delivery arguments: what changes is what has to, and every other byte of the document stays."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.engine.batches import apply, install, revert
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, TARGET
from order_audit.fixes.fix import AUTOMATIC, Fix, Option, fixes
from order_audit.fixes.planning.dry_run import dry_run
from tests.support import dirty, servers

ROOT = Path(__file__).parents[2]
FIXES = fixes(load("current").rules)
OBJECT = "orders.delivery_args_are_object"
CONVERT = "orders.delivery_args_convert_to_jsonb"
UNIQUE = "orders.delivery_args_keys_are_unique"
SECRET = "orders.delivery_args_hold_no_secret"
HIGH, LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)
SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"[-+.\w]+")

# The tables ---------------------------------------------------------------------------------------


def _database(server: Server, documents: list[str | None], *, column: str = "json", options: str = "") -> str:
    """A database with an order for each document, ids from 1 on."""
    dsn = servers.new_database(server, options=options)
    with psycopg.connect(dsn) as connection:
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        connection.execute(f"alter table orders alter column delivery_script_args type {column} using null".encode())
        connection.execute(
            "insert into customers (customer_name, customer_email, customer_contact_name, address, address_state)"
            " values ('Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA')"
        )
        _order(connection, *documents)
    return dsn


def _order(connection: psycopg.Connection, *documents: str | None) -> None:
    connection.execute(
        "insert into orders (order_ref, customer_id, delivery_script_args)"
        " select 1, 1, d.document::json from unnest(%s::text[]) with ordinality as d (document, place)"
        " order by d.place",
        [list(documents)],
    )


def _documents(connection: psycopg.Connection) -> list[str | None]:
    rows = connection.execute("select delivery_script_args::text from orders order by order_id").fetchall()
    return [row[0] for row in rows]


def _rows(connection: psycopg.Connection) -> list[str]:
    return [row[0] for row in connection.execute("select o::text from orders as o order by o.order_id")]


def _violations(connection: psycopg.Connection, rule: str) -> list[int]:
    rows = connection.execute(f"select v.order_id from ({FIXES[rule].rule.sql}) as v order by 1".encode())
    return [row[0] for row in rows]


def _secrets(connection: psycopg.Connection) -> dict[int, str]:
    return dict(connection.execute("select s.id, s.value from order_audit.secret as s order by s.id").fetchall())


def _option(rule: str, name: str) -> tuple[Fix, Option]:
    option = FIXES[rule].option(name)
    assert option is not None
    return FIXES[rule], option


def _apply(connection: psycopg.Connection, rule: str, name: str) -> int:
    done = apply(connection, *_option(rule, name), TARGET, Throttle())
    assert done.locked == done.changed_concurrently == 0
    return done.changed


# What should become of a document, worked out apart from SQL ---------------------------------------


class Scan:
    """A document read from end to end: where the members of the object stand, and the strings that have a name."""

    def __init__(self, text: str) -> None:
        self.text = text
        #: of the outermost object: name, where the member begins, where its value begins, where it ends
        self.members: list[tuple[str, int, int, int]] = []
        #: name, what the string says, where it begins, where it ends
        self.named: list[tuple[str, str, int, int]] = []
        self._value(self._skip(0), 0)

    def _skip(self, at: int) -> int:
        found = SPACE.match(self.text, at)
        assert found
        return found.end()

    def _string(self, at: int) -> tuple[str, int]:
        said, end = json.JSONDecoder().raw_decode(self.text, at)
        return said, end

    def _value(self, at: int, depth: int, name: str | None = None) -> int:
        first = self.text[at]
        if first == '"':
            said, end = self._string(at)
            if name is not None:
                self.named.append((name, said, at, end))
            return end
        if first not in "{[":
            found = SCALAR.match(self.text, at)
            assert found, self.text
            return found.end()
        at = self._skip(at + 1)
        while self.text[at] not in "}]":
            key, begin = None, at
            if first == "{":
                key, at = self._string(at)
                at = self._skip(self._skip(at) + 1)
            end = self._value(at, depth + 1, key)
            if key is not None and depth == 0:
                self.members.append((key, begin, at, end))
            at = self._skip(end)
            if self.text[at] == ",":
                at = self._skip(at + 1)
        return at + 1


def _units(text: str) -> Iterator[tuple[str, int]]:
    """The escapes and other characters of a text, each with its code unit if it is a \\u escape, else -1."""
    at = 0
    while at < len(text):
        if text[at] != "\\":
            yield text[at], -1
            at += 1
        elif text[at + 1] == "u":
            yield text[at : at + 6], int(text[at + 2 : at + 6], 16)
            at += 6
        else:
            yield text[at : at + 2], -1
            at += 2


def _converted(text: str) -> str:
    made, units = [], list(_units(text))
    for place, (piece, code) in enumerate(units):
        before = units[place - 1][1] if place else -1
        after = units[place + 1][1] if place + 1 < len(units) else -1
        if code == 0:
            continue
        lost = (code in HIGH and after not in LOW) or (code in LOW and before not in HIGH)
        made.append("\\ufffd" if lost else piece)
    return "".join(made)


def _bad(text: str) -> bool:
    return _converted(text) != text


def _as_read(text: str) -> str:
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


def _comparable(value: Any) -> Any:
    """Values that are equal where jsonb says so. To Python, true is 1."""
    if isinstance(value, dict):
        return {_as_read(name): _comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return (type(value) is bool, value)


def _same_value(text: str, a: tuple[str, int, int, int], b: tuple[str, int, int, int]) -> bool:
    one, other = text[a[2] : a[3]], text[b[2] : b[3]]
    if _bad(text[a[1] : a[3]]) or _bad(text[b[1] : b[3]]):
        return text[a[1] : a[3]] == text[b[1] : b[3]]
    if any(re.search(r"[0-9][eE][-+]?0*[1-9][0-9]{3}", value) for value in (one, other)):
        return one == other
    return bool(
        _comparable(json.loads(one, parse_int=Decimal, parse_float=Decimal))
        == _comparable(json.loads(other, parse_int=Decimal, parse_float=Decimal))
    )


def _unique(text: str, *, option: str) -> str:
    """The document with each key once; as it is where `automatic` leaves it to somebody else."""
    scan = Scan(text)
    groups: dict[str, list[tuple[str, int, int, int]]] = {}
    for member in scan.members:
        groups.setdefault(_as_read(member[0]), []).append(member)
    if option == AUTOMATIC and not all(_same_value(text, one, group[-1]) for group in groups.values() for one in group):
        return text
    kept = sorted((group[0 if option == "keep_first" else -1] for group in groups.values()), key=lambda one: one[1])
    made = text[: scan.members[0][1]]
    for place, (_, begin, _, end) in enumerate(kept):
        before = max((one[3] for one in scan.members if one[3] <= begin), default=begin)
        made += (text[before:begin] if place else "") + text[begin:end]
    return made + text[scan.members[-1][3] :]


WORDS = (
    "api-key", "api_key", "apikey", "secret", "token", "password", "passwd", "pwd", "credential", "private-key",
    "private_key", "privatekey", "authorization",
)  # fmt: skip


def _found(text: str) -> list[tuple[str, int, int]]:
    """The secrets of a document, as they are kept, each with its place."""
    return [
        (text[begin:end] if _bad(text[begin:end]) else said, begin, end)
        for name, said, begin, end in Scan(text).named
        if any(word in _as_read(name).lower() for word in WORDS)
        and said
        and not re.fullmatch(r"secret-ref:[A-Za-z0-9_./-]+", said)
    ]


def _without(text: str, instead: dict[str, str] | None) -> str:
    for secret, begin, end in reversed(_found(text)):
        text = text[:begin] + (f'"{instead[secret]}"' if instead else '""') + text[end:]
    return text


def test_the_expected_documents_are_worked_out_right() -> None:
    """What the tests below compare with, on documents where it can be seen."""
    assert _converted(r'{"a": "\\u0000\u0000\ud83d\ude00\ude00"}') == r'{"a": "\\u0000\ud83d\ude00\ufffd"}'
    text = '{ "a":1 , "b" : [2],"a": 1.0 }'
    assert _unique(text, option=AUTOMATIC) == _unique(text, option="keep_last") == '{ "b" : [2],"a": 1.0 }'
    assert _unique(text, option="keep_first") == '{ "a":1 , "b" : [2] }'
    assert _unique('{"a": 1, "a": true}', option=AUTOMATIC) == '{"a": 1, "a": true}'
    assert _without('[{"Token" :"\\u0061", "b": "a"}]', {"a": "ref"}) == '[{"Token" :"ref", "b": "a"}]'


# Exactly what is asked for ------------------------------------------------------------------------

SHOWN = [
    # a value that is no object becomes one, as it is written
    (OBJECT, "wrap", ' [1.50 ,\n 2] ', '{"value":  [1.50 ,\n 2] }'),
    (OBJECT, "wrap", '"\\ud800"', '{"value": "\\ud800"}'),
    (OBJECT, "wrap", "1e400000", '{"value": 1e400000}'),
    (OBJECT, "clear_args", "[]", None),
    # bad escapes, and near misses
    (CONVERT, AUTOMATIC, r'{"a" :"\u0000x\u0000", "\u0000": 1.50}', r'{"a" :"x", "": 1.50}'),
    (CONVERT, AUTOMATIC, r'["\\\u0000", "\\u0000", "\\\\\u0000\\"]', r'["\\", "\\u0000", "\\\\\\"]'),
    (CONVERT, AUTOMATIC, r'"\ud83d\ud83d\uDE00\uDe00"', r'"\ufffd\ud83d\uDE00\ufffd"'),
    (CONVERT, AUTOMATIC, r'"\ud83d\\ude00"', r'"\ufffd\\ude00"'),
    (CONVERT, AUTOMATIC, r'"\ud83d\u0041\ude00"', r'"\ufffd\u0041\ufffd"'),
    (CONVERT, AUTOMATIC, r'["\ud83d","\ude00"]', r'["\ufffd","\ufffd"]'),
    # what only meets once the zero is gone was no pair
    (CONVERT, AUTOMATIC, r'"\ud83d\u0000\ude00"', r'"\ufffd\ufffd"'),
    # digits after the four are no part of the escape
    (CONVERT, AUTOMATIC, r'"\u00000\ud8000"', r'"0\ufffd0"'),
    # equal values: the last stays
    (UNIQUE, AUTOMATIC, '{"a": 1, "b": 2, "a": 1}', '{"b": 2, "a": 1}'),
    (UNIQUE, AUTOMATIC, '{\n  "a": 1,\n  "a": 1,\n  "b": 2\n}\n', '{\n  "a": 1,\n  "b": 2\n}\n'),
    (UNIQUE, AUTOMATIC, '{"a": 1.0, "a": 10e-1}', '{"a": 10e-1}'),
    (UNIQUE, AUTOMATIC, '{"a": {"x": 1, "y": [1, 2]}, "\\u0061": {"y":[1,2],"x":1}}', '{"\\u0061": {"y":[1,2],"x":1}}'),
    (UNIQUE, AUTOMATIC, '{"a": "\\u0062", "a": "b"}', '{"a": "b"}'),
    (UNIQUE, AUTOMATIC, '{"": "", "": "", "": ""}', '{"": ""}'),
    (UNIQUE, AUTOMATIC, '{"a": 1e400, "a": 1e400}', '{"a": 1e400}'),
    (UNIQUE, AUTOMATIC, '{"a": [1e400000], "a": [1e400000]}', '{"a": [1e400000]}'),
    (UNIQUE, AUTOMATIC, '{"a": 1, "b": "\\u0000", "a": 1}', '{"b": "\\u0000", "a": 1}'),
    (UNIQUE, AUTOMATIC, '{"a": "\\ud800", "a": "\\ud800"}', '{"a": "\\ud800"}'),
    # what is not equal, or not surely: left to a person, the whole document
    (UNIQUE, AUTOMATIC, '{"a": 1, "a": true}', '{"a": 1, "a": true}'),
    (UNIQUE, AUTOMATIC, '{"a": null, "a": "null"}', '{"a": null, "a": "null"}'),
    (UNIQUE, AUTOMATIC, '{"a": 1e400, "a": 1e401}', '{"a": 1e400, "a": 1e401}'),
    (UNIQUE, AUTOMATIC, '{"a": 1e400000, "a": 10e399999}', '{"a": 1e400000, "a": 10e399999}'),
    (UNIQUE, AUTOMATIC, '{"a": "\\ud800", "a": "\\udc00"}', '{"a": "\\ud800", "a": "\\udc00"}'),
    (UNIQUE, AUTOMATIC, '{"\\ud800": 1, "\\udc00": 1}', '{"\\ud800": 1, "\\udc00": 1}'),
    (UNIQUE, AUTOMATIC, '{"a": 1, "b": 1, "a": 2, "b": 1}', '{"a": 1, "b": 1, "a": 2, "b": 1}'),
    (UNIQUE, AUTOMATIC, '{"a": 1, "a": 2, "a": 1}', '{"a": 1, "a": 2, "a": 1}'),
    # and then the one or the other stays where it stood, with all that surrounds it
    (UNIQUE, "keep_last", '{"a": 1, "b": 1, "a": 2, "b": 1}', '{"a": 2, "b": 1}'),
    (UNIQUE, "keep_first", '{"a": 1, "b": 1, "a": 2, "b": 1}', '{"a": 1, "b": 1}'),
    (UNIQUE, "keep_last", ' {"a" : [1, {"a": 1}] ,\t"a":{"b": 1, "b": 2} } ', ' {"a":{"b": 1, "b": 2} } '),
    (UNIQUE, "keep_first", ' {"a" : [1, {"a": 1}] ,\t"a":{"b": 1, "b": 2} } ', ' {"a" : [1, {"a": 1}] } '),
    (UNIQUE, "keep_last", '{"x": 1 , "a": 1  ,  "a": 2,"y": "}, \\"a\\": 3"}',
     '{"x": 1  ,  "a": 2,"y": "}, \\"a\\": 3"}'),
    (UNIQUE, "keep_first", '{"x": 1 , "a": 1  ,  "a": 2,"y": "}, \\"a\\": 3"}',
     '{"x": 1 , "a": 1,"y": "}, \\"a\\": 3"}'),
    (UNIQUE, "keep_last", '{"\\ud800": 1, "\\udc00": 1}', '{"\\udc00": 1}'),
    (UNIQUE, "keep_first", '{"a": "\\u0000", "b": 1, "a": 2}', '{"a": "\\u0000", "b": 1}'),
    # each secret, and nothing else
    (SECRET, "redact", '{"token":"k" , "a": ["k", 1e400, {"b\\u002dpwd" :\t"\\u006b"}]}',
     '{"token":"" , "a": ["k", 1e400, {"b\\u002dpwd" :\t""}]}'),
    (SECRET, "redact", '{"token": "k", "token": "", "token": "secret-ref:a"}',
     '{"token": "", "token": "", "token": "secret-ref:a"}'),
    (SECRET, "redact", '{"token": "\\"token\\": \\"k\\"", "note": "\\u0000"}', '{"token": "", "note": "\\u0000"}'),
    (SECRET, "redact", '{"token": "\\\\", "pwd": "\\\\\\""}', '{"token": "", "pwd": ""}'),
    (SECRET, "redact", '{"token": ["k"], "secret": {"value": "k"}, "pwd": "\\u0000"}',
     '{"token": ["k"], "secret": {"value": "k"}, "pwd": ""}'),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "option"), sorted({(rule, option) for rule, option, _, _ in SHOWN}))
@pytest.mark.both_versions
def test_documents_become_exactly_what_is_asked_for(server: Server, rule: str, option: str) -> None:
    """The whole text is compared: white space, spelling of numbers and order included."""
    shown = [(before, after) for *which, before, after in SHOWN if which == [rule, option]]
    dsn = _database(server, [before for before, _ in shown])
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        assert _violations(connection, rule) == list(range(1, len(shown) + 1))
        rows = _rows(connection)
        _apply(connection, rule, option)
        assert _documents(connection) == [after for _, after in shown]
        assert revert(connection, rule, TARGET, Throttle()).changed_concurrently == 0
        assert _rows(connection) == rows
    servers.drop_database(server, dsn)


@pytest.mark.both_versions
def test_secrets_are_kept_once_and_referred_to(server: Server) -> None:
    """Ids are handed out by the secrets' order, go on from those that are there, and stay when rows are put back."""
    key = "".join(random.Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=9000))
    dsn = _database(
        server,
        [
            '{"token": "b", "a": {"pwd": "a", "token": "secret-ref:order-audit/7"}}',
            '{ "token" : "\\u0062" }',
            '{"token": "\\ud800", "pwd": "\\udc00", "secret": "\\ufffd"}',
            json.dumps({"private_key": key}),
            '{"a": "b"}',
        ],
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        rows = _rows(connection)
        assert _apply(connection, SECRET, "move_to_secret_store") == 4
        # what the database has no characters for is kept as it was written
        assert _secrets(connection) == {1: '"\\ud800"', 2: '"\\udc00"', 3: key, 4: "a", 5: "b", 6: "\ufffd"}
        moved = _documents(connection)
        ref = "secret-ref:order-audit/"
        assert moved == [
            f'{{"token": "{ref}5", "a": {{"pwd": "{ref}4", "token": "{ref}7"}}}}',
            f'{{ "token" : "{ref}5" }}',
            f'{{"token": "{ref}1", "pwd": "{ref}2", "secret": "{ref}6"}}',
            f'{{"private_key": "{ref}3"}}',
            '{"a": "b"}',
        ]
        _order(connection, '{"token": "aa", "pwd": "b"}')
        with dry_run(connection, {"orders": ("order_id",)}):
            apply(connection, *_option(SECRET, "move_to_secret_store"), STAGING, Throttle(max_lock_wait_ms=0))
            foretold = _documents(connection)
        assert _documents(connection) != foretold
        assert _apply(connection, SECRET, "move_to_secret_store") == 1
        assert _documents(connection)[5] == f'{{"token": "{ref}7", "pwd": "{ref}5"}}'
        assert _documents(connection) == foretold
        kept = _secrets(connection)
        assert len(kept) == 7
        connection.execute("delete from orders where order_id = 6")
        revert(connection, SECRET, TARGET, Throttle())
        assert _rows(connection) == rows
        assert _secrets(connection) == kept
        assert _apply(connection, SECRET, "move_to_secret_store") == 4
        assert _documents(connection) == moved
    servers.drop_database(server, dsn)


def test_what_fixes_leave_behind_for_each_other_is_taken_up_by_the_next(server: Server) -> None:
    """In their order, one pass leaves nothing that has one right answer."""
    dsn = _database(
        server,
        [
            '{"a\\u0000": 1, "a": 1}',  # one key once the zero is gone
            '{"token": "a", "token": "b"}',  # one value once the secrets are gone
            '{"to\\u0000ken": "a"}',  # a secret's name
            '{"token": "\\u0000"}',  # empty
            '["\\u0000"]',
        ],
    )
    choices = {OBJECT: "wrap", SECRET: "redact"}
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        for fix in FIXES.values():
            for option in (fix.automatic, fix.option(choices.get(fix.rule.id, ""))):
                if option is not None and fix.rule.id in (OBJECT, CONVERT, UNIQUE, SECRET):
                    apply(connection, fix, option, TARGET, Throttle())
        empty = '{"token": ""}'
        assert _documents(connection) == ['{"a": 1}', empty, empty, empty, '{"value": [""]}']
        for rule in (OBJECT, CONVERT, UNIQUE, SECRET):
            assert _violations(connection, rule) == []
    servers.drop_database(server, dsn)


# Against random documents -------------------------------------------------------------------------


VALUES = ("1", "1.0", "1e400", "1e400000", "true", '""', '"k-1"', '"secret-ref:a/b"', '"\\u0000"', '"a\\"}"')


def _random_documents(seed: int) -> list[str]:
    """Documents of all kinds, among them many with secrets and with keys that stand twice."""
    rng = random.Random(seed)
    made = [document for _ in range(300) if (document := dirty.random_args(rng)) is not None]
    for _ in range(300):
        names = rng.choices(("a", "b", "\u00e9", "", "token", "API-key", "x_Passwd", "a\\", 'a"'), k=rng.randint(1, 5))
        values = [rng.choice(VALUES) if rng.random() < 0.6 else dirty.random_value(rng, 3) for _ in range(2)]
        pairs = [(name, rng.choice(values)) for name in names]
        document = dirty.spaced(rng, dirty.random_object(rng, pairs))
        made.append(dirty.spaced(rng, f"[{document}]") if rng.random() < 0.1 else document)
    return made


def _expected(text: str, rule: str, option: str, references: dict[str, str]) -> str:
    if rule == CONVERT:
        return _converted(text)
    if rule == UNIQUE:
        return _unique(text, option=option) if Scan(text).members else text
    if rule == SECRET:
        return _without(text, references or None)
    return text if text.strip() == "null" or text.lstrip()[0] == "{" else f'{{"value": {text}}}'


@pytest.mark.parametrize("column", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("rule", "option"),
    [(CONVERT, AUTOMATIC), (UNIQUE, AUTOMATIC), (UNIQUE, "keep_last"), (UNIQUE, "keep_first"),
     (SECRET, "move_to_secret_store"), (SECRET, "redact"), (OBJECT, "wrap")],
)  # fmt: skip
def test_random_documents(server: Server, rule: str, option: str, column: str) -> None:
    """Each document becomes what it should by another way of working it out, and those that violate nothing stay."""
    documents = list(dict.fromkeys(_random_documents(800 + len(rule) + len(option))))
    dsn = _database(server, [])
    with psycopg.connect(dsn, autocommit=True) as connection:
        if column == "jsonb":
            accepted = dirty.jsonb_accepts(connection, set(documents))
            documents = [document for document in documents if document in accepted]
            connection.execute("alter table orders alter column delivery_script_args type jsonb")
        _order(connection, *documents)
        install(connection, TARGET)
        before, rows = [text or "" for text in _documents(connection)], _rows(connection)
        found = set(_violations(connection, rule))
        # jsonb keeps no key twice and no bad escape
        assert (len(found) > 50) if column == "json" or rule in (SECRET, OBJECT) else not found
        changed = _apply(connection, rule, option)
        after = _documents(connection)
        references: dict[str, str] = {}
        if option == "move_to_secret_store":
            secrets = sorted({secret for text in before for secret, _, _ in _found(text)})
            assert _secrets(connection) == dict(enumerate(secrets, start=1))
            references = {secret: f"secret-ref:order-audit/{id}" for id, secret in enumerate(secrets, start=1)}
        assert list(zip(before, after, strict=True)) == [
            (text, _expected(text, rule, option, references)) for text in before
        ]
        differ = {id for id, (old, new) in enumerate(zip(before, after, strict=True), start=1) if old != new}
        assert differ <= found
        assert changed == len(differ)
        if option != AUTOMATIC or rule == CONVERT:
            assert _violations(connection, rule) == []
        assert _apply(connection, rule, option) == 0
        revert(connection, rule, TARGET, Throttle())
        assert _rows(connection) == rows
    servers.drop_database(server, dsn)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
@pytest.mark.both_versions
def test_databases_that_are_not_utf8(server: Server, encoding: str) -> None:
    """Escapes that the database may have no character for are never taken for one another."""
    dsn = _database(
        server,
        [
            r'{"\u00e4": 1, "\u00f6": 1, "\u20ac": 1}',
            r'{"\u20ac": 1, "\u20ac": 1}',
            r'{"token": "p\u00e4", "pwd": "p\u20ac", "secret": "p\u0040"}',
            r'{"a": "\ud83d \u0000 \u20ac"}',
        ],
        options=f"encoding '{encoding}' locale 'C'",
    )
    with psycopg.connect(dsn, autocommit=True, client_encoding="utf8") as connection:
        install(connection, TARGET)
        assert _violations(connection, UNIQUE) == [2]
        assert _apply(connection, UNIQUE, AUTOMATIC) == 1
        assert _apply(connection, CONVERT, AUTOMATIC) == 1
        assert _apply(connection, SECRET, "move_to_secret_store") == 1
        assert _secrets(connection) == {1: r'"p\u00e4"', 2: r'"p\u20ac"', 3: "p@"}
        ref = "secret-ref:order-audit/"
        assert _documents(connection) == [
            r'{"\u00e4": 1, "\u00f6": 1, "\u20ac": 1}',
            r'{"\u20ac": 1}',
            f'{{"token": "{ref}1", "pwd": "{ref}2", "secret": "{ref}3"}}',
            r'{"a": "?  \u20ac"}',
        ]
    servers.drop_database(server, dsn)


@pytest.mark.both_versions
def test_a_trial_on_copies(server: Server) -> None:
    """Each option does on temporary copies what it does on the tables, and nothing of that is seen outside."""
    documents = _random_documents(4)
    dsn = _database(server, list(documents))
    steps = [(CONVERT, AUTOMATIC), (SECRET, "move_to_secret_store"), (UNIQUE, AUTOMATIC), (UNIQUE, "keep_first"),
             (OBJECT, "wrap")]  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = _rows(connection)
        with dry_run(connection, {"orders": ("order_id",)}):
            for rule, option in steps:
                apply(connection, *_option(rule, option), STAGING, Throttle())
            tried = _rows(connection)
        assert _rows(connection) == rows != tried
        install(connection, TARGET)
        assert _secrets(connection) == {}
        for rule, option in steps:
            _apply(connection, rule, option)
        assert _rows(connection) == tried
    servers.drop_database(server, dsn)


# Who may read -------------------------------------------------------------------------------------


def test_secrets_are_for_the_owner_alone(server: Server) -> None:
    """A role that may read the tables, and is granted all that is made later, reads no secret."""
    dsn = _database(server, ['{"token": "k-1"}'])
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop role if exists order_audit_reader")
        connection.execute("create role order_audit_reader")
        connection.execute("grant select on all tables in schema public to order_audit_reader")
        for what in ("usage on schemas", "all on tables", "execute on functions", "all on sequences"):
            connection.execute(f"alter default privileges grant {what} to order_audit_reader".encode())
        try:
            install(connection, TARGET)
            install(connection, TARGET)
            _apply(connection, SECRET, "move_to_secret_store")
            kept = ("secret", "journal", "todo")
            connection.execute("set role order_audit_reader")
            assert _documents(connection) == ['{"token": "secret-ref:order-audit/1"}']
            # the schema is open to this role: it is the tables that are not
            assert connection.execute("select count(*) from order_audit.run").fetchone() == (0,)
            for table in kept:
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(sql.SQL("select * from order_audit.{}").format(sql.Identifier(table)))
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("select order_audit.revert_batch(%s, 9, 9)", [SECRET])
            connection.execute("reset role")
            assert connection.execute("select value from order_audit.secret").fetchall() == [("k-1",)]
            assert connection.execute(
                "select before ->> 'delivery_script_args' from order_audit.journal"
            ).fetchall() == [('{"token": "k-1"}',)]
        finally:
            connection.execute("reset role")
            connection.execute("drop owned by order_audit_reader")
            connection.execute("drop role order_audit_reader")
    servers.drop_database(server, dsn)


def test_a_schema_that_others_may_not_enter(server: Server) -> None:
    """Without default privileges a role does not come as far as the tables."""
    dsn = _database(server, ['{"token": "k-1"}'])
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop role if exists order_audit_reader")
        connection.execute("create role order_audit_reader")
        install(connection, TARGET)
        connection.execute("set role order_audit_reader")
        for table in ("secret", "journal", "todo", "run"):
            with pytest.raises(errors.InsufficientPrivilege, match="schema order_audit"):
                connection.execute(sql.SQL("select * from order_audit.{}").format(sql.Identifier(table)))
        connection.execute("reset role")
        connection.execute("drop role order_audit_reader")
    servers.drop_database(server, dsn)
