"""Delivery arguments: tables that hold them, and what should become of a document, worked out apart from SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.engine.batches import apply
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import AUTOMATIC, Fix, Option, fixes
from tests.support import servers
from tests.support.oracle_values import is_beyond_numeric

ROOT = Path(__file__).parents[2]
FIXES = fixes(load("current").rules)
HIGH, LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)
SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"[-+.\w]+")


def database_of(server: Server, documents: list[str | None], *, column: str = "json", options: str = "") -> str:
    """A database with an order for each document, ids from 1 on."""
    dsn = servers.new_database(server, options=options)
    with psycopg.connect(dsn) as connection:
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        connection.execute(f"alter table orders alter column delivery_script_args type {column} using null".encode())
        connection.execute(
            "insert into customers (customer_name, customer_email, customer_contact_name, address, address_state)"
            " values ('Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA')"
        )
        add_orders(connection, *documents)
    return dsn


def add_orders(connection: psycopg.Connection, *documents: str | None) -> None:
    """Insert an order for each document."""
    connection.execute(
        "insert into orders (order_ref, customer_id, delivery_script_args)"
        " select 1, 1, d.document::json from unnest(%s::text[]) with ordinality as d (document, place)"
        " order by d.place",
        [list(documents)],
    )


def documents_of(connection: psycopg.Connection) -> list[str | None]:
    """The documents of all orders, as text."""
    rows = connection.execute("select delivery_script_args::text from orders order by order_id").fetchall()
    return [row[0] for row in rows]


def order_rows(connection: psycopg.Connection) -> list[str]:
    """All columns of each order, as text."""
    return [row[0] for row in connection.execute("select o::text from orders as o order by o.order_id")]


def violations_of(connection: psycopg.Connection, rule: str) -> list[int]:
    """The orders that a rule finds."""
    rows = connection.execute(f"select v.order_id from ({FIXES[rule].rule.sql}) as v order by 1".encode())
    return [row[0] for row in rows]


def secrets_of(connection: psycopg.Connection) -> dict[int, str]:
    """The secrets that are kept, by their ids."""
    return dict(connection.execute("select s.id, s.value from order_audit.secret as s order by s.id").fetchall())


def option_of(rule: str, name: str) -> tuple[Fix, Option]:
    """A rule's fix and an option of it."""
    option = FIXES[rule].option(name)
    assert option is not None
    return FIXES[rule], option


def apply_option(connection: psycopg.Connection, rule: str, name: str) -> int:
    """Apply an option, which nobody is in the way of; gives the number of changed rows."""
    done = apply(connection, *option_of(rule, name), TARGET, Throttle())
    assert done.locked == done.changed_concurrently == 0
    return done.changed


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


def converted(text: str) -> str:
    """A document without characters that jsonb does not take."""
    made, units = [], list(_units(text))
    for place, (piece, code) in enumerate(units):
        before = units[place - 1][1] if place else -1
        after = units[place + 1][1] if place + 1 < len(units) else -1
        if code == 0:
            continue
        lost = (code in HIGH and after not in LOW) or (code in LOW and before not in HIGH)
        made.append("\\ufffd" if lost else piece)
    return "".join(made)


NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(-?[0-9][-+.0-9eE]*)')


def numbers_quoted(text: str) -> str:
    """A document with each number beyond numeric as a string."""
    return NUMBER.sub(lambda it: f'"{it[0]}"' if it[1] and is_beyond_numeric(it[1]) else it[0], text)


def bad_escapes(text: str) -> bool:
    """Whether a text has escapes that jsonb does not take."""
    return converted(text) != text


def as_read(text: str) -> str:
    """A text as Python reads it, without characters that jsonb does not take."""
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


def _comparable(value: Any) -> Any:
    """Values that are equal where jsonb says so. To Python, true is 1."""
    if isinstance(value, dict):
        return {as_read(name): _comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return (type(value) is bool, value)


def same_value(text: str, a: tuple[str, int, int, int], b: tuple[str, int, int, int]) -> bool:
    """Whether two members, by their places, have the same value to jsonb."""
    one, other = text[a[2] : a[3]], text[b[2] : b[3]]
    if bad_escapes(text[a[1] : a[3]]) or bad_escapes(text[b[1] : b[3]]):
        return text[a[1] : a[3]] == text[b[1] : b[3]]
    if any(re.search(r"[0-9][eE][-+]?0*[1-9][0-9]{3}", value) for value in (one, other)):
        return one == other
    return bool(
        _comparable(json.loads(one, parse_int=Decimal, parse_float=Decimal))
        == _comparable(json.loads(other, parse_int=Decimal, parse_float=Decimal))
    )


def unique_keys(text: str, *, option: str) -> str:
    """The document with each key once; as it is where `automatic` leaves it to somebody else."""
    scan = Scan(text)
    groups: dict[str, list[tuple[str, int, int, int]]] = {}
    for member in scan.members:
        groups.setdefault(as_read(member[0]), []).append(member)
    if option == AUTOMATIC and not all(same_value(text, one, group[-1]) for group in groups.values() for one in group):
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


def secrets_in(text: str) -> list[tuple[str, int, int]]:
    """The secrets of a document, as they are kept, each with its place."""
    return [
        (text[begin:end] if bad_escapes(text[begin:end]) else said, begin, end)
        for name, said, begin, end in Scan(text).named
        if any(word in as_read(name).lower() for word in WORDS)
        and said
        and not re.fullmatch(r"secret-ref:[A-Za-z0-9_./-]+", said)
    ]


def without_secrets(text: str, instead: dict[str, str] | None) -> str:
    """A document with references, or with empty texts, in place of its secrets."""
    for secret, begin, end in reversed(secrets_in(text)):
        text = text[:begin] + (f'"{instead[secret]}"' if instead else '""') + text[end:]
    return text
