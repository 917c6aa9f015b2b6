"""Fixes of addresses and states: canonical, trimmed, and as codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.work_list import TARGET
from tests.fixes.customers import FIXES, WHITE, column, everything, fixed, found, plant, tables, undone
from tests.support import servers

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        yield connection


@pytest.mark.both_versions
def test_an_address_is_canonical_unless_another_customer_has_it(database: Connection) -> None:
    tables(database, customer_email="varchar(20)")
    cases = {
        1: ("Ann@acme.example", "ann@acme.example"),
        2: (" bob@acme.example ", "bob@acme.example"),
        3: ("Cid@acme.example", "Cid@acme.example"),  # as 4, which is canonical already
        4: ("cid@acme.example", "cid@acme.example"),
        5: ("Dan@acme.example", "Dan@acme.example"),  # as 6, neither of which is
        6: ("DAN@acme.example", "DAN@acme.example"),
        7: ("  ", ""),
        8: ("", ""),
        9: (None, None),
        10: ("No Address", "no address"),
        11: ("Eve@acme.example\t", "eve@acme.example\t"),
        12: ("J\u030cX@acme.example", "\u01f0x@acme.example"),  # small, the letter and its accent are one
        13: ("\u1e9e@acme.example", None),
    }
    for number, (email, _) in cases.items():
        plant(database, customer_id=number, customer_email=email)
    smaller = database.execute("select lower(E'\\u1e9e@acme.example')").fetchone()
    cases[13] = ("", smaller[0] if smaller else "")  # as the server's own lower() has it
    before = everything(database)
    fixed(database, "customers.email_is_canonical")
    assert column(database, "customer_email") == {number: expected for number, (_, expected) in cases.items()}
    assert found(database, "customers.email_is_canonical") == [3, 5, 6]
    assert not found(database, "customers.text_is_normalised")
    undone(database, "customers.email_is_canonical")
    assert everything(database) == before


@pytest.mark.parametrize(
    ("major", "provider"), [(15, "icu icu_locale 'und'"), (18, "builtin builtin_locale 'PG_UNICODE_FAST'")]
)
def test_an_address_that_grows_in_small_letters_is_not_cut(
    servers_by_major: dict[int, Server], major: int, provider: str
) -> None:
    server = servers_by_major[major]
    options = f"locale_provider {provider} locale 'C.UTF-8' encoding 'UTF8'"
    dsn = servers.new_database(server, options=options)
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        tables(connection, customer_email="varchar(5)")
        plant(connection, customer_id=1, customer_email="\u0130@b.c")
        plant(connection, customer_id=2, customer_email="\u0130@c")
        plant(connection, customer_id=3, customer_email="\u0130\u0327@d")
        fixed(connection, "customers.email_is_canonical")
        assert column(connection, "customer_email") == {
            1: "\u0130@b.c", 2: "i\u0307@c", 3: "i\u0327\u0307@d"
        }  # fmt: skip
        assert not found(connection, "customers.text_is_normalised")
    servers.drop_database(server, dsn)


def test_an_address_becomes_canonical_once_its_customers_are_merged(database: Connection) -> None:
    tables(database)
    plant(database, customer_id=1, customer_email="Ann@acme.example")
    plant(database, customer_id=2, customer_email="ann@acme.example")
    assert fixed(database, "customers.email_is_canonical").changed == 0
    fixed(database, "customers.email_is_unique", "merge")
    fixed(database, "customers.email_is_canonical")
    assert column(database, "customer_email") == {1: "ann@acme.example"}


def test_an_address_is_trimmed_where_that_makes_it_valid(database: Connection) -> None:
    tables(database)
    long = "a" * 63
    cases = {
        f"{WHITE}Ann@acme.example{WHITE}": "Ann@acme.example",
        f" a@{long}.example": f"a@{long}.example",
        f" a@{long}a.example": f" a@{long}a.example",
        " ann@acme": " ann@acme",
        "ann @acme.example ": "ann @acme.example ",
        "ann@acme.example\nbob@acme.example": "ann@acme.example\nbob@acme.example",
        "\u00a0ann@acme.example": "\u00a0ann@acme.example",
        " \n": " \n",
        "": "",
        f" {'x' * 500_000}@acme.example": f"{'x' * 500_000}@acme.example",
        f" a@{'x.' * 200_000}": f" a@{'x.' * 200_000}",
    }
    for number, email in enumerate(cases):
        plant(database, customer_id=number, customer_email=email)
    plant(database, customer_id=100, customer_email=None)
    left = len(cases) - sum(before != after for before, after in cases.items())
    fixed(database, "customers.email_is_valid")
    assert list(column(database, "customer_email").values()) == [*cases.values(), None]
    assert len(found(database, "customers.email_is_valid")) == left


STATES = {
    "ca": "CA", " Ca\t": "CA", "California": "CA", "CALIFORNIA": "CA", "new  york": "NY", "New\r\nYork ": "NY",
    "west virginia": "WV", "Virginia": "VA", "washington": "WA", "District of Columbia": "DC", "dc": "DC",
    "Puerto Rico": "PR", "guam": "GU", "American Samoa": "AS", "Northern Mariana Islands": "MP",
    "Virgin Islands": "VI", "U.S. Virgin Islands": "VI", "vi": "VI", "ae": "AE", "Ap ": "AP", "ID": "ID",
    "ILLINOIS": "IL", "mississippi": "MS",
    # left as they are
    "Calif.": "Calif.", "XX": "XX", "Ontario": "Ontario", "": "", " ": " ", "CA NY": "CA NY", "NewYork": "NewYork",
    "Washington, D.C.": "Washington, D.C.", "M\u0130": "M\u0130", "\ufb02": "\ufb02", "C\u200bA": "C\u200bA",
}  # fmt: skip


@pytest.mark.parametrize("locale", ["und", "tr"])
def test_states_become_codes(servers_by_major: dict[int, Server], locale: str) -> None:
    """In Turkish, too, where the small letter of I is another one. The server 18 of the tests has no such locale."""
    server = servers_by_major[15]
    options = f"locale_provider icu icu_locale '{locale}' locale 'C.UTF-8' encoding 'UTF8'"
    dsn = servers.new_database(server, options=options)
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        tables(connection)
        for number, state in enumerate(STATES):
            plant(connection, customer_id=number, address_state=state)
        plant(connection, customer_id=100, address_state=None)
        fixed(connection, "customers.state_is_usps_code")
        assert list(column(connection, "address_state").values()) == [*STATES.values(), None]
    servers.drop_database(server, dsn)


@pytest.mark.both_versions
def test_every_code_is_found_by_itself_and_by_its_name(database: Connection) -> None:
    query = next(change.sql for change in FIXES["customers.state_is_usps_code"].automatic.changes)  # type: ignore[union-attr]
    rule = FIXES["customers.state_is_usps_code"].rule.sql
    codes = {part for part in rule.split("'") if len(part) == 2 and part.isupper()}
    named = {part for part in query.split("'") if len(part) == 2 and part.isupper()}
    assert len(codes) == 59
    assert named == codes
    tables(database)
    for number, code in enumerate(sorted(codes)):
        plant(database, customer_id=number, address_state=f" {code.lower()}")
    fixed(database, "customers.state_is_usps_code")
    assert list(column(database, "address_state").values()) == sorted(codes)
