"""Fixes of delivery arguments on random documents, in several encodings, and on copies."""

from __future__ import annotations

import random

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.engine.batches import apply, install, revert
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, TARGET
from order_audit.fixes.fix import AUTOMATIC
from order_audit.fixes.planning.dry_run import dry_run
from tests.fixes.json_documents import (
    Scan,
    add_orders,
    apply_option,
    converted,
    database_of,
    documents_of,
    numbers_quoted,
    option_of,
    order_rows,
    secrets_in,
    secrets_of,
    unique_keys,
    violations_of,
    without_secrets,
)
from tests.support import dirty_json, dirty_tables, servers

OBJECT = "orders.delivery_args_are_object"
CONVERT = "orders.delivery_args_convert_to_jsonb"
UNIQUE = "orders.delivery_args_keys_are_unique"
SECRET = "orders.delivery_args_hold_no_secret"

VALUES = ("1", "1.0", "1e400", "1e400000", "true", '""', '"k-1"', '"secret-ref:a/b"', '"\\u0000"', '"a\\"}"')


def _random_documents(seed: int) -> list[str]:
    """Documents of all kinds, among them many with secrets and with keys that stand twice."""
    rng = random.Random(seed)
    made = [document for _ in range(300) if (document := dirty_json.random_args(rng)) is not None]
    for _ in range(300):
        names = rng.choices(("a", "b", "\u00e9", "", "token", "API-key", "x_Passwd", "a\\", 'a"'), k=rng.randint(1, 5))
        values = [rng.choice(VALUES) if rng.random() < 0.6 else dirty_json.random_value(rng, 3) for _ in range(2)]
        pairs = [(name, rng.choice(values)) for name in names]
        document = dirty_json.spaced(rng, dirty_json.random_object(rng, pairs))
        made.append(dirty_json.spaced(rng, f"[{document}]") if rng.random() < 0.1 else document)
    return made


def _expected(text: str, rule: str, option: str, references: dict[str, str]) -> str:
    if rule == CONVERT:
        has_numbers = numbers_quoted(text) != text
        if option == AUTOMATIC:
            return text if has_numbers else converted(text)
        return numbers_quoted(converted(text)) if has_numbers else text
    if rule == UNIQUE:
        return unique_keys(text, option=option) if Scan(text).members else text
    if rule == SECRET:
        return without_secrets(text, references or None)
    return text if text.strip() == "null" or text.lstrip()[0] == "{" else f'{{"value": {text}}}'


@pytest.mark.parametrize("column", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("rule", "option"),
    [(CONVERT, AUTOMATIC), (CONVERT, "numbers_as_text"), (UNIQUE, AUTOMATIC), (UNIQUE, "keep_last"),
     (UNIQUE, "keep_first"), (SECRET, "move_to_secret_store"), (SECRET, "redact"), (OBJECT, "wrap")],
)  # fmt: skip
def test_random_documents(server: Server, rule: str, option: str, column: str) -> None:
    """Each document equals the result of a second computation, and valid ones stay."""
    documents = list(dict.fromkeys(_random_documents(800 + len(rule) + len(option))))
    dsn = database_of(server, [])
    with psycopg.connect(dsn, autocommit=True) as connection:
        if column == "jsonb":
            accepted = dirty_tables.jsonb_accepts(connection, set(documents))
            documents = [document for document in documents if document in accepted]
            connection.execute("alter table orders alter column delivery_script_args type jsonb")
        add_orders(connection, *documents)
        install(connection, TARGET)
        before, rows = [text or "" for text in documents_of(connection)], order_rows(connection)
        found = set(violations_of(connection, rule))
        # jsonb keeps no key twice and no bad escape
        assert (len(found) > 50) if column == "json" or rule in (SECRET, OBJECT) else not found
        changed = apply_option(connection, rule, option)
        after = documents_of(connection)
        references: dict[str, str] = {}
        if option == "move_to_secret_store":
            secrets = sorted({secret for text in before for secret, _, _ in secrets_in(text)})
            assert secrets_of(connection) == dict(enumerate(secrets, start=1))
            references = {secret: f"secret-ref:order-audit/{id}" for id, secret in enumerate(secrets, start=1)}
        assert list(zip(before, after, strict=True)) == [
            (text, _expected(text, rule, option, references)) for text in before
        ]
        differ = {id for id, (old, new) in enumerate(zip(before, after, strict=True), start=1) if old != new}
        assert differ <= found
        assert changed == len(differ)
        left = set(violations_of(connection, rule))
        if rule == CONVERT:  # numbers and escapes alone are repaired apart
            assert left == found - differ
        elif option != AUTOMATIC:
            assert not left
        assert apply_option(connection, rule, option) == 0
        revert(connection, rule, TARGET, Throttle())
        assert order_rows(connection) == rows
    servers.drop_database(server, dsn)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
@pytest.mark.both_versions
def test_databases_that_are_not_utf8(server: Server, encoding: str) -> None:
    """Escapes that the database may have no character for are never taken for one another."""
    dsn = database_of(
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
        assert violations_of(connection, UNIQUE) == [2]
        assert apply_option(connection, UNIQUE, AUTOMATIC) == 1
        assert apply_option(connection, CONVERT, AUTOMATIC) == 1
        assert apply_option(connection, SECRET, "move_to_secret_store") == 1
        assert secrets_of(connection) == {1: r'"p\u00e4"', 2: r'"p\u20ac"', 3: "p@"}
        ref = "secret-ref:order-audit/"
        assert documents_of(connection) == [
            r'{"\u00e4": 1, "\u00f6": 1, "\u20ac": 1}',
            r'{"\u20ac": 1}',
            f'{{"token": "{ref}1", "pwd": "{ref}2", "secret": "{ref}3"}}',
            r'{"a": "?  \u20ac"}',
        ]
    servers.drop_database(server, dsn)


@pytest.mark.both_versions
def test_a_trial_on_copies(server: Server) -> None:
    """Each option has the same effect on temporary copies as on the tables, invisible to other sessions."""
    documents = _random_documents(4)
    dsn = database_of(server, list(documents))
    steps = [(CONVERT, AUTOMATIC), (SECRET, "move_to_secret_store"), (UNIQUE, AUTOMATIC), (UNIQUE, "keep_first"),
             (OBJECT, "wrap")]  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = order_rows(connection)
        with dry_run(connection, {"orders": ("order_id",)}):
            for rule, option in steps:
                apply(connection, *option_of(rule, option), STAGING, Throttle())
            tried = order_rows(connection)
        assert order_rows(connection) == rows != tried
        install(connection, TARGET)
        assert secrets_of(connection) == {}
        for rule, option in steps:
            apply_option(connection, rule, option)
        assert order_rows(connection) == tried
    servers.drop_database(server, dsn)
