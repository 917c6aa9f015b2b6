"""Fixes of texts: white space, invisible characters and normal forms, in several encodings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.install import install as install_guard
from tests.fixes.customers import FIXES, WHITE, column, everything, fixed, found, plant, tables, undone
from tests.support import dirty_values, servers

COLUMNS = dirty_values.CUSTOMER_COLUMNS

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        yield connection


TEXTS = {
    f"{WHITE}Acme{WHITE}": "Acme",
    "Acme\tLeads\r\nLtd\rand\nSons": "Acme Leads Ltd and Sons",
    "Ac\x01me\x1f": "Acme",
    "\x7fAc\x80me\x9f": "Acme",
    "Acme\u00a0Leads\u00a0": "Acme Leads",
    "\u00a0\u200b\t \ufeff": "",
    "": "",
    "So\u00adft\u200bZero\u200fRight\u202eOver\u2060\u2064\u2066\u2069": "SoftZeroRightOver",
    "\u200b \u200b Acme \u200b": "Acme",
    "Acme  Leads": "Acme  Leads",
    "\u2003Acme\u3000\u2028": "\u2003Acme\u3000\u2028",
    "\u2065\u206a\ufffc": "\u2065\u206a\ufffc",
    "e\u200b\u0301t\u00e9": "\u00e9t\u00e9",  # composed once nothing stands between
    "Cafe\u0301 ": "Caf\u00e9",
    "\u212bcme": "\u00c5cme",
    "a\u0301\u0323": "\u1ea1\u0301",
    "\u0958": "\u0915\u093c",  # longer in normal form
    "\ufb01r \u0131 \u00df": "\ufb01r \u0131 \u00df",
    "\U0001f469\u200d\U0001f469": "\U0001f469\U0001f469",
    "%s \\n ' \" $1 {}": "%s \\n ' \" $1 {}",
}


@pytest.mark.parametrize("kind", ["text", "varchar(40)", "char(40)"])
@pytest.mark.both_versions
def test_texts_are_clean_and_normal(database: Connection, kind: str) -> None:
    for name in COLUMNS:
        if name in ("customer_id", "customer_balance"):
            continue
        with database.transaction(force_rollback=True):
            tables(database, **{name: kind})
            for number, value in enumerate(TEXTS):
                plant(database, customer_id=number, **{name: value})
            plant(database, customer_id=100, **{name: None})
            plant(database, customer_id=101, **{name: " lo\ufffdst"})
            before = everything(database)
            fixed(database, "customers.text_is_clean")
            fixed(database, "customers.text_is_normalised")
            assert list(column(database, name).values()) == [*TEXTS.values(), None, " lo\ufffdst"]
            assert found(database, "customers.text_is_clean") == [101]
            assert not found(database, "customers.text_is_normalised")
            undone(database, "customers.text_is_normalised")
            undone(database, "customers.text_is_clean")
            assert everything(database) == before


def test_a_customer_with_lost_letters_is_left_whole(database: Connection) -> None:
    tables(database)
    plant(database, customer_id=1, customer_name="lost\ufffd", address=" 1 Main\tStreet ", customer_phone=" 5550100001")
    before = everything(database)
    fixed(database, "customers.text_is_clean")
    assert everything(database) == before


@pytest.mark.parametrize(
    ("encoding", "stored", "clean"),
    [
        ("LATIN1", b" x\xa0y\x92", "x y"),
        ("WIN1252", b" O\x92Brien", " O\u2019Brien"),
        ("EUC_JP", b" \xa4\xa2", " \u3042"),
    ],
)
@pytest.mark.both_versions
def test_letters_of_other_encodings_are_not_taken_for_invisible(
    server: Server, encoding: str, stored: bytes, clean: str
) -> None:
    dsn = servers.new_database(server, options=f"encoding '{encoding}' locale 'C'")
    with psycopg.connect(dsn, autocommit=True, client_encoding="utf8") as connection:
        install(connection, TARGET)
        tables(connection)
        plant(connection, customer_id=1)
        connection.execute(
            "update customers set customer_name = convert_from(%s, %s), customer_email = 'Ann@acme.example'",
            [stored, encoding],
        )
        fixed(connection, "customers.text_is_clean")
        fixed(connection, "customers.email_is_canonical")
        assert column(connection, "customer_name") == {1: clean}
        assert column(connection, "customer_email") == {1: "ann@acme.example"}
    servers.drop_database(server, dsn)


@pytest.mark.parametrize(
    ("encoding", "sound"),
    [("LATIN1", b"Andr\xe9"), ("WIN1252", b"O\x92Brien \x96 \x80 5"), ("EUC_JP", b"\xa4\xa2 \xa2\xa6")],
)
@pytest.mark.both_versions
def test_letters_of_other_encodings_are_no_stray_characters(server: Server, encoding: str, sound: bytes) -> None:
    """Neither for the rule nor for its guard; white space and control characters are some in any encoding."""
    rule, guard = FIXES["customers.text_is_clean"].rule, guards()["text_is_clean"]
    dsn = servers.new_database(server, options=f"encoding '{encoding}' locale 'C'")
    with psycopg.connect(dsn, autocommit=True, client_encoding="utf8") as connection:
        tables(connection)
        for id, name in enumerate([sound, b" " + sound, sound + b"\n", b"a\tb", b"\x7f"], start=1):
            plant(connection, customer_id=id)
            connection.execute(
                "update customers set customer_name = convert_from(%s, %s) where customer_id = %s", [name, encoding, id]
            )
        found = connection.execute(f"select v.customer_id from ({rule.sql}) as v order by 1".encode()).fetchall()
        assert found == [(2,), (3,), (4,), (5,)]
        connection.execute("delete from customers where customer_id > 1")
        assert install_guard(connection, guard, Throttle())
        for name in (b" " + sound, b"\x07"):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute("update customers set customer_name = convert_from(%s, %s)", [name, encoding])
    servers.drop_database(server, dsn)


def test_a_text_is_not_cut_to_its_column(database: Connection) -> None:
    tables(database, customer_name="varchar(2)", customer_phone="char(2)", address_state="varchar(2)")
    plant(database, customer_id=1, customer_name="\u0958x", customer_phone="x\u0958", address_state="a\u0301")
    plant(database, customer_id=2, customer_name="\u0958", customer_phone="\u0958")
    fixed(database, "customers.text_is_normalised")
    assert column(database, "customer_name") == {1: "\u0958x", 2: "\u0915\u093c"}
    assert column(database, "customer_phone") == {1: "x\u0958", 2: "\u0915\u093c"}
    assert column(database, "address_state") == {1: "\u00e1", 2: "CA"}


def test_no_character_becomes_unclean_in_normal_form(server_18: Server) -> None:
    """Were there one, cleaning would have to come after normalising as well as before it."""
    with psycopg.connect(server_18.dsn()) as connection:
        row = connection.execute(
            r"""
            select count(*) filter (where n.normal <> n.plain),
              count(*) filter (
                where n.normal
                  ~ '[\u0001-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
              )
            from (
              select chr(code) as plain, normalize(chr(code), nfc) as normal
              from generate_series(33, 1114111) as code
              where code not between 55296 and 57343
            ) as n
            where n.plain !~ '[\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
            """
        ).fetchone()
    assert row is not None
    assert row[0] > 1000
    assert row[1] == 0
