"""Databases in other encodings and on a hot standby."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.server import Server
from tests.scan.edges import (
    PHONE,
    SAMPLE,
    SECRET,
    audit,
    counts,
    customer,
    errors,
    execute,
    fetch,
    keys,
    order,
    results,
    rule,
    statuses,
    suite,
    written,
)
from tests.support import servers


def encoded(server: Server, encoding: str) -> str:
    """A database of another encoding, with the sample data."""
    dsn = servers.new_database(
        server, options=f"encoding '{encoding}' lc_collate 'C' lc_ctype 'C' locale_provider libc"
    )
    with psycopg.connect(dsn) as connection:
        scenario.load(connection)
    return dsn


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
@pytest.mark.both_versions
def test_databases_that_are_not_utf8(server: Server, tmp_path: Path, encoding: str) -> None:
    """Bytes of any kind are judged, and shown as far as they can be; normal forms are not checkable."""
    dsn = encoded(server, encoding)
    with psycopg.connect(dsn) as connection:
        connection.execute(f"set client_encoding = {encoding}")
        row = {"customer_name": "'Crème'", "customer_contact_name": "'Siân'", "address": "'1 Rue de l''Été'"}
        connection.execute(customer(6, **row, customer_phone="'12'").encode("latin-1"))
        connection.execute(customer(7, **row | {"address": "'Caf\x93e'"}).encode("latin-1"))
        connection.execute(
            order(2001, delivery_script_name="'Crème'", delivery_script_args="""'{"né": "à"}'""").encode("latin-1")
        )
    mine = suite(
        tmp_path / "mine",
        {
            "codes": rule(
                "select o.delivery_script_name from orders as o where o.order_id = 2001", "delivery_script_name"
            )
        },
    )
    document = audit(dsn, tmp_path / "out", "current", mine)
    assert statuses(document)["customers.text_is_normalised"] == "not_checkable"
    assert document["run"]["database"]["encoding"] == encoding.lower()
    names = errors(document)
    if encoding == "SQL_ASCII":
        names.pop("codes", None)  # a key that is no text in any encoding has no place among the keys
    assert names == {}
    assert keys(tmp_path / "out", PHONE) == ["1", "2", "3", "4", "5", "6"]
    # the character of byte 0x93 is unknown if the encoding is
    assert keys(tmp_path / "out", "customers.text_is_clean") == (["7"] if encoding == "LATIN1" else [])
    assert keys(tmp_path / "out", "orders.script_name_is_identifier") == ["2001"]
    if encoding == "LATIN1":
        assert keys(tmp_path / "out", "codes") == ["Crème"]
        assert results(document)[PHONE]["examples"][-1]["customer_name"] == "Crème"
    assert "Siân" not in written(tmp_path / "out")
    servers.drop_database(server, dsn)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
@pytest.mark.both_versions
def test_escapes_that_the_encoding_cannot_hold(server: Server, tmp_path: Path, encoding: str) -> None:
    """JSON may escape any character, bad ones included, and one such row must not cost a rule its result."""
    dsn = encoded(server, encoding)
    execute(
        dsn,
        order(2001, delivery_script_args=r"""'{"note": "10 \u20ac", "token": "made-up-2001"}'"""),
        order(2002, delivery_script_args=r"""'{"note": "\ud83d", "token": "made-up-2002 \u00e9"}'"""),
        order(2003, delivery_script_args=r"""'{"\u20ac": 1, "\ud83d\ude00": 2, "\u20a0": 1, "a": "\u0000"}'"""),
        order(2004, delivery_script_args=r"""'{"api-key": "made-up \u20ac"}'"""),
        order(2005, delivery_script_args=r"""'{"api-key": "made-up \u20a0"}'""", customer_id="2"),
    )
    document = audit(dsn, tmp_path, rules=("orders.*",))
    assert errors(document) == {}
    assert keys(tmp_path, SECRET) == ["1002", "1008", "2001", "2002", "2004", "2005"]
    # two characters that the database does not have are not one
    assert not {"2004", "2005"} & set(keys(tmp_path, "orders.api_key_belongs_to_one_customer"))
    assert keys(tmp_path, "orders.delivery_args_convert_to_jsonb") == ["2002", "2003"]
    assert keys(tmp_path, "orders.delivery_args_keys_are_unique") == []
    servers.drop_database(server, dsn)


def test_a_hot_standby_is_audited_like_its_primary(standby: tuple[str, Server], tmp_path: Path) -> None:
    """Nothing is written, so nothing needs a primary."""
    dsn, second = standby
    name = str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])
    there = second.dsn(name)
    assert fetch(there, "select pg_is_in_recovery()") == [True]
    document = audit(there, tmp_path)
    assert counts(document) == SAMPLE
    assert document["summary"]["passed"] == 38
