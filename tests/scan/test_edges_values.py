"""Values that programs choke on: odd JSON, cycles, markup, quotes and numbers of any size come through every file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import psycopg
import pytest

from tests.scan.edges import (
    SECRET,
    audit,
    counts,
    customer,
    errors,
    execute,
    keys,
    order,
    results,
    rule,
    suite,
    written,
)


@pytest.mark.both_versions
def test_json_that_other_programs_choke_on(sample: str, tmp_path: Path) -> None:
    """Numbers out of range, escapes that are no character, and a secret below a thousand brackets."""
    deep = '{"a":' * 900 + '{"password": "made-up-deep"}' + "}" * 900
    documents = {
        2001: '{"big": 1e400000, "small": -1e-400000, "long": ' + "9" * 400 + "}",
        2002: r'{"a": "\u0000", "token": "made-up-2002"}',
        2003: r'{"\ud83d": "\ude00", "secret": "\ud83d made-up-2003"}',
        2004: deep,
        2005: "[" * 500 + '{"pwd": "made-up-2005"}' + "]" * 500,
        2006: '{"a": 1e400000, "a": NaN}'.replace("NaN", '"NaN"'),
    }
    with psycopg.connect(sample) as connection:
        for order_id, text in documents.items():
            connection.execute(order(order_id, delivery_script_name="'bulk_delivery'").encode())
            connection.execute(
                "update orders set delivery_script_args = %s::json where order_id = %s", [text, order_id]
            )
    document = audit(sample, tmp_path)
    assert errors(document) == {}
    assert keys(tmp_path, SECRET) == ["1002", "1008", "2002", "2003", "2004", "2005"]
    assert keys(tmp_path, "orders.delivery_args_convert_to_jsonb") == ["2001", "2002", "2003", "2006"]
    assert keys(tmp_path, "orders.delivery_args_keys_are_unique") == ["2006"]
    assert keys(tmp_path, "orders.delivery_args_are_object") == ["2005"]
    assert "made-up" not in written(tmp_path)


def test_long_chains_and_cycles(data: str, tmp_path: Path) -> None:
    """3,000 orders that each name the one before, and 3,000 in a circle."""
    execute(
        data,
        "insert into orders (order_id, order_ref, customer_id, order_status)"
        " select 10000 + g, 10000 + greatest(g - 1, 1), 5, 'cancelled' from generate_series(1, 3000) as g"
        " union all select 20000 + g, 20000 + case g when 1 then 3000 else g - 1 end, 5, 'cancelled'"
        " from generate_series(1, 3000) as g",
    )
    document = audit(data, tmp_path, rules=("lineage.*",))
    assert counts(document) == {
        "lineage.is_acyclic": 3000,
        "lineage.order_ref_is_first_ancestor": 2998,
        "lineage.ancestor_is_older": 1,
        "lineage.one_live_order": 2,
    }
    assert keys(tmp_path, "lineage.is_acyclic") == [str(20000 + n) for n in range(1, 3001)]


HOSTILE = (
    'O\'Neil "The Quote" `tick`',
    "100% %s %(name)s {} {0} {name} :name $1 ${HOME} $PARAMETER",
    "<script>alert(1)</script> & &amp; ]]> <!-- -->",
    "line one\nline two\r\nline three\ttab",
    "emoji \U0001f600 \U0001f469\u200d\U0001f680 ünïcödé \u202eevil\u202c \ufeff",
    r"back\slash \n \u0000 \x00 \\ \N \.",
    "| pipe | *star* _under_ [link](x) # head",
    "=1+1,;comma;\x01\x1f\x7f\x85\u2028\u2029",
    "'; drop table customers; --",
    "",
    " ",
    "\\.",
)


def test_hostile_text_comes_through_every_file(data: str, tmp_path: Path) -> None:
    """Evidence and keys say exactly what the table holds; the files can be read back by their own readers."""
    with psycopg.connect(data) as connection:
        for number, text in enumerate(HOSTILE):
            connection.execute(customer(100 + number).encode())
            connection.execute(
                "update customers set customer_name = %s, customer_contact_name = %s, address = %s, customer_email = %s"
                " where customer_id = %s",
                [text, text, text, text, 100 + number],
            )
    title = '<b>"Bold"</b> & |x| `y` %s {z} $t \\ \U0001f600'
    mine = suite(
        tmp_path / "mine",
        {
            "by_id": rule(
                "select c.customer_id, c.customer_name, c.address from customers as c where c.customer_id >= 100",
                "customer_id", title=title,
            ),
            "by_name": rule(
                "select c.customer_name from customers as c where c.customer_id >= 100", "customer_name", title=title
            ),
        },
    )  # fmt: skip
    document = audit(data, tmp_path / "shown", mine, unmask=True)
    found = results(document)
    assert found["by_id"]["title"] == title
    assert [(row["customer_name"], row["address"]) for row in found["by_id"]["examples"]] == [
        (text, text) for text in HOSTILE
    ]
    assert keys(tmp_path / "shown", "by_name") == sorted(HOSTILE, key=lambda text: text.encode())
    assert [row["customer_name"] for row in found["by_name"]["examples"]] == keys(tmp_path / "shown", "by_name")
    for out, masked in ((tmp_path / "shown", False), (tmp_path / "masked", True)):
        if masked:
            document = audit(data, out, "current", mine)
            assert errors(document) == {}
            assert counts(document)["by_id"] == len(HOSTILE)
        assert json.loads((out / "results.json").read_text(encoding="utf-8")) == document
        root = ElementTree.parse(out / "junit.xml").getroot()
        assert root.attrib["failures"] == str(document["summary"]["failed"])
        table = [line for line in (out / "summary.md").read_text(encoding="utf-8").split("\n") if "`by_id`" in line]
        assert len(table) == 1
        assert len(re.findall(r"(?<!\\)\|", table[0])) == 6
    assert "<script>" not in (tmp_path / "masked" / "summary.md").read_text(encoding="utf-8")


def test_long_hostile_text_is_cut_and_not_stumbled_over(data: str, tmp_path: Path) -> None:
    """A field of any length is evidence of some length."""
    hostile = "repeat(chr(1) || chr(2) || chr(34) || chr(92), 5000)"
    execute(data, customer(100, customer_name=hostile, customer_email=hostile, address=hostile, address_state=hostile))
    document = audit(data, tmp_path, rules=("customers.text_is_clean", "customers.state_is_usps_code"))
    assert counts(document) == {"customers.text_is_clean": 1, "customers.state_is_usps_code": 1}
    (row,) = results(document)["customers.text_is_clean"]["examples"]
    assert {len(row[name]) for name in ("customer_name", "customer_email", "address", "address_state")} == {10_000}


def test_numbers_of_any_size(data: str, tmp_path: Path) -> None:
    """numeric holds what no float does: it is judged and written all the same."""
    execute(
        data,
        "alter table customers alter customer_balance type numeric",
        "alter table orders alter order_amount type numeric",
        customer(100, customer_balance="-(10::numeric ^ 5000)"),
        customer(101, customer_balance="-12345678901234567890.12"),
        order(2001, order_amount="-(10::numeric ^ 400) - 0.5"),
        order(2002, order_amount="'NaN'", order_status="'active'"),
    )
    rules = ("customers.balance_is_not_negative", "orders.amount_is_not_negative", "recreation.customer*")
    document = audit(data, tmp_path, rules=rules)
    assert errors(document) == {}
    assert keys(tmp_path, "customers.balance_is_not_negative") == ["100", "101"]
    assert keys(tmp_path, "orders.amount_is_not_negative") == ["2001"]
    row = results(document)["customers.balance_is_not_negative"]["examples"][1]
    assert str(row["customer_balance"]) == "-12345678901234567890.12"
    json.loads((tmp_path / "results.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
