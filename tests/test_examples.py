"""Every rule of the suite is proved by an example: rows that it must name, and near misses that it must not.

An example is SQL for an empty database with the current schema. Its first two lines list the keys of all rows
in the table that the rule judges:

    -- fails: 3, 4
    -- passes: 1, 2
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

import expectations

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "scenario" / "current" / "schema.sql"
EXAMPLES = Path(__file__).parent / "examples" / "current"
RULES = {rule.id: rule for rule in expectations.load("current").rules}
TABLES = {"order_id": "orders", "customer_id": "customers"}
HEADER = re.compile(r"-- fails: (?P<fails>\S.*)\n-- passes: (?P<passes>\S.*)\n")


class Example(NamedTuple):
    """What an example's header promises, and the SQL that plants its rows."""

    fails: frozenset[str]
    passes: frozenset[str]
    sql: str


def _path(rule_id: str) -> Path:
    return EXAMPLES.joinpath(*rule_id.split(".")).with_suffix(".sql")


def _read(path: Path) -> Example:
    sql = path.read_text(encoding="utf-8")
    header = HEADER.match(sql)
    assert header, f"{path} must start with '-- fails: …' and '-- passes: …'"
    fails, passes = (header[name].split(", ") for name in ("fails", "passes"))
    listed = fails + passes
    assert len(listed) == len(set(listed)), f"{path} lists a key twice: {listed}"
    return Example(frozenset(fails), frozenset(passes), sql)


def _keys(connection: psycopg.Connection, query: str) -> frozenset[str]:
    return frozenset(str(key) for (key,) in connection.execute(query.encode()))


def _difference(expected: frozenset[str], found: frozenset[str]) -> str:
    missing, surplus = (sorted(keys) for keys in (expected - found, found - expected))
    return f"not found {missing}, not expected {surplus}"


@pytest.mark.parametrize("rule_id", RULES)
def test_every_rule_has_an_example(rule_id: str) -> None:
    """A rule without rows that it must and must not name proves nothing."""
    path = _path(rule_id)
    assert path.is_file(), f"rule {rule_id} has no example: write {path.relative_to(ROOT)}"
    _read(path)


def test_every_example_has_a_rule() -> None:
    """An example that no rule answers to is a typing error or a leftover."""
    known = {_path(rule_id) for rule_id in RULES}
    assert [str(path.relative_to(ROOT)) for path in sorted(EXAMPLES.rglob("*.*")) if path not in known] == []


def test_rules_name_exactly_what_the_examples_say(dsn: str) -> None:
    """Run each rule on its example, in a transaction of its own that is rolled back."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        for rule in RULES.values():
            if not _path(rule.id).is_file():
                continue  # named by test_every_rule_has_an_example
            example = _read(_path(rule.id))
            (key,) = rule.key
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(example.sql.encode())
                    present = _keys(connection, f"select {key}::text from {TABLES[key]}")
                    found = _keys(connection, f"select distinct {key}::text from (\n{rule.sql}\n) as v")
            except psycopg.Error as error:
                wrong.append(f"{rule.id}: {error}")
                continue
            if present != example.fails | example.passes:
                wrong.append(f"{rule.id}: header: {_difference(present, example.fails | example.passes)}")
            if found != example.fails:
                wrong.append(f"{rule.id}: {_difference(example.fails, found)}")
    assert not wrong, "\n".join(wrong)
