"""Every rule of the suite is proved by an example: rows that it must name, and near misses that it must not.

An example is SQL for an empty database with the current schema. Its first two lines list the keys of all rows
in the table that the rule judges:

    -- fails: 3, 4
    -- passes: 1, 2
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.database.server import Server
from order_audit.audit.schema.lint import lint
from order_audit.expectations import Rule, SchemaCause, schema_rules
from tests.support import servers

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "order_audit" / "scenario" / "current" / "schema.sql"
EXAMPLES = Path(__file__).parents[1] / "examples" / "current"
RULES = {rule.id: rule for rule in expectations.load("current").rules}
TABLES = {"order_id": "orders", "customer_id": "customers"}
HEADER = re.compile(r"-- fails: (?P<fails>\S.*)\n-- passes: (?P<passes>\S.*)\n")


class Example(NamedTuple):
    """The header of an example, and the SQL of its rows."""

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


@pytest.mark.both_versions
def test_rules_name_exactly_what_the_examples_say(dsn: str) -> None:
    """Run each rule on its example, in a separate transaction that is rolled back."""
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


LET_IN = [(rule, weakness) for rule in RULES.values() for weakness in rule.schema_causes if weakness.allows]
#: Rows of examples that pass their rule, but that the suggestion would reject.
IN_THE_WAY = {
    "schema.natural_key_is_unique": r"delete from customers where customer_email !~ '\S'",
    "schema.json_is_jsonb": "delete from orders where delivery_script_args::text ~ '1e'",
    "schema.reference_has_foreign_key": "delete from orders where order_ref not in (select order_id from orders)",
    "schema.optional_columns_have_check": "delete from orders where delivery_script_name is null",
}
#: Valid rows as evidence: a name alone earns no suggestion that can be run.
EVIDENCE = """
insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
select 9000 + n, 'Customer ' || n, 'c' || n || '@filler.example', 'Contact', n || ' Main Street', 'CA'
from generate_series(1, 60) as n;
insert into orders (
  order_id, order_ref, customer_id, order_amount, order_status, delivery_script_name, delivery_script_args
)
select 9000 + n, 9000 + n, 9000 + n, n, 'active', 'deliver', '{}' from generate_series(1, 60) as n;
"""
REQUIRED = """
select a.attrelid::regclass::text, a.attname from pg_attribute as a
where a.attrelid in ('customers'::regclass, 'orders'::regclass) and a.attnum > 0 and a.attnotnull
"""


@pytest.mark.parametrize(("rule", "weakness"), LET_IN, ids=lambda it: getattr(it, "id", None) or it.rule)
def test_a_weakness_that_is_put_right_lets_nothing_in(server_18: Server, rule: Rule, weakness: SchemaCause) -> None:
    """The finding's suggestion rejects the example's violations, or those that the header names."""
    (key,) = rule.key
    table = TABLES[key]
    made = servers.new_database(server_18)
    with psycopg.connect(made) as connection:
        connection.execute(SCHEMA.read_bytes())
        required = connection.execute(REQUIRED).fetchall()
        connection.execute(_read(_path(rule.id)).sql.encode())
        connection.execute("alter table orders drop constraint if exists orders_customer_id_fkey")
        for of, column in required:  # a value that is missing is let in by no weakness, but refused by the schema
            connection.execute(f"delete from {of} where {column} is null".encode())
            connection.execute(f"alter table {of} alter {column} set not null".encode())
        wrong = sorted(_keys(connection, f"select {key}::text from (\n{rule.sql}\n) as v"))
        assert wrong
        listed = ", ".join(wrong)
        # they are inserted again one by one, after the suggestion has run without them
        connection.execute(f"create temp table aside as select * from {table} where {key} in ({listed})".encode())
        connection.execute(f"delete from {table} where {key} in ({listed})".encode())
        connection.execute(IN_THE_WAY.get(weakness.rule, "select").encode())
        connection.execute(EVIDENCE.encode())
        (verdict,) = lint(connection, [it for it in schema_rules() if it.id == weakness.rule])
        (finding,) = (it for it in verdict.findings if it.object == weakness.object)
        connection.execute(finding.suggestion.replace(" concurrently ", " ").encode())
        accepted = []
        for violation in wrong:
            with suppress(psycopg.Error), connection.transaction():
                connection.execute(f"insert into {table} select * from aside where {key} = {violation}".encode())
                accepted.append(violation)
        assert len(accepted) < len(wrong) if weakness.which else not accepted
    servers.drop_database(server_18, made)
