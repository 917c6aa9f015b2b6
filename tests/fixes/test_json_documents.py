"""Fixes of delivery arguments: what changes is what has to, and every other byte of the document stays."""

from __future__ import annotations

import json
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
    FIXES,
    add_orders,
    apply_option,
    converted,
    database_of,
    documents_of,
    option_of,
    order_rows,
    secrets_of,
    unique_keys,
    violations_of,
    without_secrets,
)
from tests.support import servers

OBJECT = "orders.delivery_args_are_object"
CONVERT = "orders.delivery_args_convert_to_jsonb"
UNIQUE = "orders.delivery_args_keys_are_unique"
SECRET = "orders.delivery_args_hold_no_secret"


# The expected document, computed without SQL ---------------------------------------


def test_the_expected_documents_are_worked_out_right() -> None:
    """What the tests below compare with, on documents where it can be seen."""
    assert converted(r'{"a": "\\u0000\u0000\ud83d\ude00\ude00"}') == r'{"a": "\\u0000\ud83d\ude00\ufffd"}'
    text = '{ "a":1 , "b" : [2],"a": 1.0 }'
    assert unique_keys(text, option=AUTOMATIC) == unique_keys(text, option="keep_last") == '{ "b" : [2],"a": 1.0 }'
    assert unique_keys(text, option="keep_first") == '{ "a":1 , "b" : [2] }'
    assert unique_keys('{"a": 1, "a": true}', option=AUTOMATIC) == '{"a": 1, "a": true}'
    assert without_secrets('[{"Token" :"\\u0061", "b": "a"}]', {"a": "ref"}) == '[{"Token" :"ref", "b": "a"}]'


# Exactly the expected changes ------------------------------------------------------------------------


SHOWN = [
    # a value that is no object becomes one, with the same text
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
    (CONVERT, AUTOMATIC, r'["\uDAff","\udBfF","\uDCff","\udFfF"]', r'["\ufffd","\ufffd","\ufffd","\ufffd"]'),
    # what only meets once the zero is gone was no pair
    (CONVERT, AUTOMATIC, r'"\ud83d\u0000\ude00"', r'"\ufffd\ufffd"'),
    # digits after the four are no part of the escape
    (CONVERT, AUTOMATIC, r'"\u00000\ud8000"', r'"0\ufffd0"'),
    # numbers beyond numeric: left to a person, escapes beside them too
    (CONVERT, AUTOMATIC, '{"a": 1e400000}', '{"a": 1e400000}'),
    (CONVERT, AUTOMATIC, r'{"a": 1e400000, "b": "\u0000"}', r'{"a": 1e400000, "b": "\u0000"}'),
    (CONVERT, "numbers_as_text", '{"a" :[ -1.50E-16383,2.50] }', '{"a" :[ "-1.50E-16383",2.50] }'),
    (CONVERT, "numbers_as_text", "1e131072", '"1e131072"'),
    (CONVERT, "numbers_as_text", '["\\"1e400000",1e400000,true,null]', '["\\"1e400000","1e400000",true,null]'),
    (CONVERT, "numbers_as_text", r'{"a": 1e400000, "b": "\u0000"}', r'{"a": "1e400000", "b": ""}'),
    (CONVERT, "numbers_as_text", r'{"b": "\u0000"}', r'{"b": "\u0000"}'),
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
    # values that are not (certainly) equal: the whole document needs a decision
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
    (UNIQUE, "keep_last", '{"\\uDAff": 1, "\\udBfF": 2, "\\uDCff": 3, "\\udFfF": 4}', '{"\\udFfF": 4}'),
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
    dsn = database_of(server, [before for before, _ in shown])
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        assert violations_of(connection, rule) == list(range(1, len(shown) + 1))
        rows = order_rows(connection)
        apply_option(connection, rule, option)
        assert documents_of(connection) == [after for _, after in shown]
        assert revert(connection, rule, TARGET, Throttle()).changed_concurrently == 0
        assert order_rows(connection) == rows
    servers.drop_database(server, dsn)


@pytest.mark.both_versions
def test_secrets_are_kept_once_and_referred_to(server: Server) -> None:
    """Ids are handed out by the secrets' order, go on from those that are there, and stay when rows are put back."""
    key = "".join(random.Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=9000))
    dsn = database_of(
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
        rows = order_rows(connection)
        assert apply_option(connection, SECRET, "move_to_secret_store") == 4
        # text without characters in the database's encoding stays unchanged
        assert secrets_of(connection) == {1: '"\\ud800"', 2: '"\\udc00"', 3: key, 4: "a", 5: "b", 6: "\ufffd"}
        moved = documents_of(connection)
        ref = "secret-ref:order-audit/"
        assert moved == [
            f'{{"token": "{ref}5", "a": {{"pwd": "{ref}4", "token": "{ref}7"}}}}',
            f'{{ "token" : "{ref}5" }}',
            f'{{"token": "{ref}1", "pwd": "{ref}2", "secret": "{ref}6"}}',
            f'{{"private_key": "{ref}3"}}',
            '{"a": "b"}',
        ]
        add_orders(connection, '{"token": "aa", "pwd": "b"}')
        with dry_run(connection, {"orders": ("order_id",)}):
            apply(connection, *option_of(SECRET, "move_to_secret_store"), STAGING, Throttle(max_lock_wait_ms=0))
            foretold = documents_of(connection)
        assert documents_of(connection) != foretold
        assert apply_option(connection, SECRET, "move_to_secret_store") == 1
        assert documents_of(connection)[5] == f'{{"token": "{ref}7", "pwd": "{ref}5"}}'
        assert documents_of(connection) == foretold
        kept = secrets_of(connection)
        assert len(kept) == 7
        connection.execute("delete from orders where order_id = 6")
        revert(connection, SECRET, TARGET, Throttle())
        assert order_rows(connection) == rows
        assert secrets_of(connection) == kept
        assert apply_option(connection, SECRET, "move_to_secret_store") == 4
        assert documents_of(connection) == moved
    servers.drop_database(server, dsn)


def test_what_fixes_leave_behind_for_each_other_is_taken_up_by_the_next(server: Server) -> None:
    """In their order, one pass leaves nothing that has one right answer."""
    dsn = database_of(
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
        assert documents_of(connection) == ['{"a": 1}', empty, empty, empty, '{"value": [""]}']
        for rule in (OBJECT, CONVERT, UNIQUE, SECRET):
            assert violations_of(connection, rule) == []
    servers.drop_database(server, dsn)
