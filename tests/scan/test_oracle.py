"""The shipped rules against a second computation of them, on dirty data; first, that computation alone."""

import json
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.support import dirty, oracle
from tests.support.oracle import Customer, Key, Order, Tables

#: On the current schema nothing says whether these hold.
NOT_CHECKABLE = {
    "recreation.happens_daily",
    "recreation.was_covered_at_the_time",
    "recreation.follows_latest_state",
}
RULES = (*oracle.ORDER_RULES, *oracle.CUSTOMER_RULES)
SEEDS = range(12)

OFFICE_HOURS = ("0" * 18 + "1" * 16 + "0" * 14) * 7
CLEAN_ORDER = Order(
    order_id=1,
    order_ref=1,
    customer_id=1,
    order_schedule=OFFICE_HOURS,
    delivery_script_name="email_delivery",
    delivery_script_args='{"email_address": "leads@example.com"}',
    order_amount=100,
    order_status="active",
)
CLEAN_CUSTOMER = Customer(
    customer_id=1,
    customer_name="Acme",
    customer_email="ann@example.com",
    customer_contact_name="Ann Lee",
    customer_phone="+12125550100",
    address="1 Main St",
    address_state="NY",
    customer_balance="1000",
)


def order(order_id: Key | None, ref: Key | None = None, status: str | None = "active", **columns: Any) -> Order:
    """A clean order but for what is said of it; a root unless `ref` says otherwise."""
    columns = {"order_id": order_id, "order_ref": ref or order_id, "order_status": status, **columns}
    return replace(CLEAN_ORDER, **columns)


def customer(customer_id: Key, **columns: Any) -> Customer:
    """A clean customer but for what is said of it, and unlike the others."""
    unique = {"customer_email": f"c{customer_id}@example.com", "customer_name": f"Acme {customer_id}"}
    return replace(CLEAN_CUSTOMER, customer_id=customer_id, **{**unique, **columns})


def violations(rule: str, *rows: Order | Customer, float_balances: bool = True) -> set[Key]:
    """The keys of these rows that violate a rule; customer 1 is there unless others are."""
    customers = tuple(row for row in rows if isinstance(row, Customer)) or (CLEAN_CUSTOMER,)
    orders = tuple(row for row in rows if isinstance(row, Order))
    return oracle.judge(Tables(customers, orders, float_balances))[rule]


# Single values ------------------------------------------------------------------------------------


def args(*documents: str, script: str | None = "bulk_delivery") -> list[dict[str, Any]]:
    """Orders of one script with these arguments."""
    return [{"delivery_script_args": document, "delivery_script_name": script} for document in documents]


def values(column: str, *items: object) -> list[dict[str, Any]]:
    """Rows with these values in one column."""
    return [{column: item} for item in items]


NUL, HIGH, LOW = r"\u0000", r"\ud83d", r"\ude00"

# fmt: off
#: Per rule: what in one row breaks it, and what does not.
SINGLE_VALUES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "orders.status_is_known": (
        values("order_status", None, "", "Active", "active ", "done"),
        values("order_status", "pending", "active", "paused", "recreated", "cancelled", "expired"),
    ),
    "orders.amount_is_not_negative": (
        values("order_amount", -1, Decimal("-0.01")),
        values("order_amount", None, 0, 1),
    ),
    "orders.live_order_has_amount": (
        [{"order_amount": 0, "order_status": status} for status in ("pending", "active", "paused")],
        [
            *(
                {"order_amount": 0, "order_status": status}
                for status in ("expired", "recreated", "Active", None)
            ),
            *values("order_amount", None, -1, 1),
        ],
    ),
    "orders.active_order_has_schedule": (
        values("order_schedule", "0" * 336),
        [
            *values("order_schedule", None, "0" * 335 + "1", "1" * 336),
            *(
                {"order_schedule": "0" * 336, "order_status": status}
                for status in ("pending", "paused", None)
            ),
        ],
    ),
    "orders.active_order_has_delivery": (
        values("delivery_script_name", None, "", " \t\n\r\f\v"),
        [
            *values("delivery_script_name", "x", "\u00a0", "\u2003"),
            *({"delivery_script_name": None, "order_status": status} for status in ("pending", None)),
        ],
    ),
    "orders.schedule_repeats_by_day": (
        values(
            "order_schedule",
            *(
                dirty.repeated("1" + "0" * (period - 1))
                for period in (5, 7, 25, 47, 49, 54, 84, 112, 145, 166, 167)
            ),
            dirty.repeated(dirty.DRIFTING),
        ),
        values(
            "order_schedule",
            None,
            "0" * 336,
            "1" * 336,
            OFFICE_HOURS,
            *(
                dirty.repeated("1" + "0" * (period - 1))
                for period in (2, 3, 4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 72, 96, 144, 168, 169, 200, 335)
            ),
            dirty.repeated(dirty.DRIFTING)[:-1] + "0",
            "0" * 335 + "1",
        ),
    ),
    "orders.delivery_args_need_script": (
        [*args("{}", "0", '""', "false", "[]", script=None), *args('{"a":1}', script=" \t\v")],
        [
            *args("null", " null ", script=None),
            *args("{}", script="x"),
            *args("{}", script="\u00a0"),
            {"delivery_script_args": None, "delivery_script_name": None},
        ],
    ),
    "orders.delivery_args_are_object": (
        args("[]", '"{}"', "0", "true", "false", ' [{"a":1}] ', rf'"{NUL}"', "1e400000"),
        [*args("{}", "null", " null", rf'{{"{NUL}":1}}'), *values("delivery_script_args", None)],
    ),
    "orders.delivery_args_keys_are_unique": (
        args(
            '{"a":1,"a":1}', r'{"a":1,"\u0061":2}', '{"":1,"":1}', rf'{{"{NUL}":1,"{HIGH}":2}}',
            rf'{{"x{LOW}":1,"x\ufffd":2}}', f'{{"{HIGH}{LOW}":1,"\U0001f600":2}}',
        ),
        [
            *args("null", "{}", '{"a":1,"A":1}', '{"a":{"b":1,"b":1}}', '[{"a":1,"a":1}]', '{"a":1,"a ":1}'),
            *args(rf'{{"\\u0000":1,"{NUL}":2}}'),
            *values("delivery_script_args", None),
        ],
    ),
    "orders.delivery_args_convert_to_jsonb": (
        args(
            *(
                f'"{text}"'
                for text in (NUL, rf"\\{NUL}", rf"\\\\{NUL}", rf"{NUL}0", HIGH, LOW, r"\uD800", r"\uDfFf")
            ),
            *(f'"{text}"' for text in (HIGH + HIGH + LOW, HIGH + LOW + LOW, LOW + HIGH, HIGH + "x" + LOW)),
            *(f'"{text}"' for text in (HIGH + "\\" + LOW, HIGH + r"\n" + LOW, HIGH + r"\u0041", HIGH + NUL)),
            rf'{{"a":[{{"{NUL}":1}}]}}',
            rf'{{"a":1,"a":"{LOW}","a":2}}',
        ),
        [
            *args(*(f'"{text}"' for text in (r"\\u0000", r"\\\\u0000", r"\\ud800", HIGH + LOW))),
            *args(
                r'"\uD83D\uDE00"', r'"\ud83D\uDe00"', r'"\ufffd\ud7ff\ue000\u0001"', "1e400000", "null",
                '"u0000"', r'"\"u0000"',
            ),
            *values("delivery_script_args", None),
        ],
    ),
    "orders.delivery_args_hold_no_secret": (
        args(
            *(f'{{"{name}":"x"}}' for name in oracle.SECRET_NAMES),
            *(
                f'{{"{name}":"x"}}'
                for name in ("My_Api_Key2", "TOKENS", "x-secret-y", "Authorization", "passWD")
            ),
            r'{"\u0054oken":"x"}',
            r'{"api\u002dkey":"x"}',
            rf'{{"token{NUL}":"x"}}',
            rf'{{"token":"{NUL}"}}',
            '[1,[{"a":{"b":[{"pwd":"x"}]}}]]',
            '{"token":"x","token":1}',
            '{"token":1,"token":"x"}',
            '{"a":{"pwd":"x"},"a":1}',
            '{"token":{"pwd":"x"}}',
            '{"token":" "}',
            '{"token":"secret-ref:"}',
            '{"token":"secret-ref:a b"}',
            '{"token":"secret-ref:a:b"}',
            '{"token":"secret-ref:\u00e9"}',
            '{"token":"Secret-Ref:a"}',
            '{"token":" secret-ref:a"}',
            r'{"token":"secret-ref:a\n"}',
            rf'{{"token":"secret-ref:a{NUL}"}}',
            '{"token":"secret-ref:a","pwd":"x"}',
            '{"secret-ref:":"x"}',
            '{"secret-ref:a":"x","token":"secret-ref:a"}',
            '{"note":"secret-ref:","token":"x"}',
        ),
        [
            *args(
                "null", '"token"', '["token","x"]', '{"a":"token"}', '{"token":""}', '{"token":1}',
                '{"token":null}', '{"token":["x"]}', '{"token":{"a":"x"}}', '{"api key":"x"}',
                '{"api.key":"x"}', '{"private key":"x"}', '{"to_ken":"x"}', '{"a-p-i_key":"x"}',
                '{"token":"secret-ref:crm/Key_1.a-b"}', r'{"token":"secret\u002dref:a"}',
                '{"note":"secret-ref: token","token":"secret-ref:a"}',
            ),
            *values("delivery_script_args", None),
        ],
    ),
    "orders.email_delivery_has_address": (
        [
            *args(
                "null", "{}", '"a@b.cd"', '["a@b.cd"]', '[{"email_address":"a@b.cd"}]',
                '{"email_address":null}', '{"email_address":["a@b.cd"]}', '{"email_address":"a@b"}',
                '{"email_address":" a@b.cd"}', '{"Email_Address":"a@b.cd"}',
                '{"a":{"email_address":"a@b.cd"}}', '{"email_address":"a@b.cd","email_address":""}',
                rf'{{"email_address":"a{NUL}@b.cd"}}', script="email_delivery",
            ),
            {"delivery_script_args": None},
        ],
        [
            *args(
                '{"email_address":"a@b.cd"}', r'{"\u0065mail_address":"a\u0040b.cd"}',
                '{"email_address":1,"email_address":"a@b.cd"}',
                rf'{{"email_address":"a@b.cd","x":"{NUL}"}}', script="email_delivery",
            ),
            *args("{}", script="Email_Delivery"),
            *args("{}", script="email_delivery "),
            *args("{}", script=None),
        ],
    ),
    "orders.custom_crm_has_key": (
        [
            *args(
                "null", "{}", '"apikey"', '[{"apikey":"x"}]', '{"apikey":""}', '{"apikey":1}',
                '{"apikey":["x"]}', '{"a":{"apikey":"x"}}', '{"api key":"x"}', '{"my-api-key":"x"}',
                '{"apikey":"x","apikey":""}', '{"apikey":"x","apikey":1}', rf'{{"apikey{NUL}":"x"}}',
                script="custom_crm",
            ),
            {"delivery_script_args": None, "delivery_script_name": "custom_crm"},
        ],
        [
            *args(
                '{"apikey":"x"}', '{"Api-Key":" "}', '{"API_KEY":"secret-ref:x"}', '{"-a-p-i_key_":"x"}',
                r'{"api\u002dkey":"x"}', '{"apikey":"","apikey":"x"}', '{"apikey":"","api-key":"x"}',
                '{"api-key":"x","apikey":""}', rf'{{"apikey":"{NUL}"}}', rf'{{"apikey":"x","{LOW}":1}}',
                script="custom_crm",
            ),
            *args("{}", script="custom_crm "),
            *args("{}", script=None),
        ],
    ),
    "orders.script_name_is_identifier": (
        values(
            "delivery_script_name", "", " ", "A", "aB", "_a", "1a", "a-b", "a b", "a\n", " a", "\u00e9",
            "a\u00e9",
        ),
        values("delivery_script_name", None, "a", "a1", "a_", "email_delivery"),
    ),
    "orders.customer_exists": (
        values("customer_id", None, 2, 0),
        values("customer_id", 1, Decimal("1.0")),
    ),
    "customers.balance_is_not_negative": (
        values("customer_balance", "-0.01", "-Infinity", "-5e-324"),
        values("customer_balance", None, "NaN", "Infinity", "0", "-0", "1"),
    ),
    "customers.balance_is_finite": (
        values("customer_balance", None, "NaN", "Infinity", "-Infinity"),
        values("customer_balance", "0", "-1", "1.7976931348623157e+308"),
    ),
    "customers.balance_is_whole_cents": (
        values(
            "customer_balance", "0.30000000000000004", "343.00000000000006", "0.005", "-0.001", "5e-324",
            "1e-07",
        ),
        values(
            "customer_balance", None, "NaN", "Infinity", "-Infinity", "0.3", "12345678901234.56", "1e+23",
            "0.10000",
        ),
    ),
    "customers.email_is_valid": (
        values(
            "customer_email", "", " ", "x", "@", "x@", "@b.cd", "x@b", "a@b@c.de", "a b@c.de", " a@b.cd",
            "a@b.cd ", "a@b.cd\n", "a@b.cd.", "a@.b.cd", "a@b..cd", "a@-b.cd", "a@b-.cd", "a@b.-cd",
            "a@b.cd-", "a@b_c.de", "a@[1.1.1.1]", "\u00e9@b.cd", "a@\u00e9.cd", '"a"@b.cd', "a,b@c.de",
            "a@b.cd,e@f.gh", "a\\b@c.de", "a(b)@c.de", f"a@{'b' * 64}.cd", f"a@b.{'c' * 64}",
        ),
        values(
            "customer_email", None, "a@b.cd", "A@B.CD", "a@b.c", "1@2.3", ".a@b.cd", "a..b@c.de",
            "a.@b.cd", "a@b-c.de", "a@b.c.d.e", "o'neil+x@b.cd", "`{|}~!#$%&*/=?^_-@b.cd",
            f"a@{'b' * 63}.cd", f"a@b.{'c' * 63}", "a@xn--9ca.cd",
        ),
    ),
    "customers.email_is_canonical": (
        values("customer_email", "A@b.cd", " a@b.cd", "a@b.cd ", "a@b.cD", " "),
        values("customer_email", None, "", "a@b.cd", "\ta@b.cd", "x", "a@b.cd\n", "a b"),
    ),
    "customers.state_is_usps_code": (
        values("address_state", "", "ca", "Ca", "CA ", " CA", "XX", "California", "FM", "na"),
        values("address_state", None, "CA", "DC", "AS", "GU", "MP", "PR", "VI", "AA", "AE", "AP"),
    ),
    "customers.phone_is_dialable": (
        values(
            "customer_phone", "", " ", "+", "555-1234", "+1234567", "+1234567890123456", "212555010",
            "22125550100", "212/555/0100", "2125550100 x5", "212\t555\t0100", "2125550100\n",
            "212\u00a05550100", "++12345678", "1+2125550100",
            "\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "12345678901234", "n/a",
        ),
        values(
            "customer_phone", None, "2125550100", "(212) 555-0100", "212.555.0100", "1-212-555-0100",
            "+12345678", "+123456789012345", "(+49) 151 1234.5678", " 2125550100 ", "0000000000",
        ),
    ),
    "customers.required_text_is_present": (
        [
            {column: text}
            for column in (
                "customer_name", "customer_email", "customer_contact_name", "address", "address_state",
            )
            for text in (None, "", " \t\n\r\f\v")
        ],
        [*values("customer_phone", None, ""), *values("address", "\u00a0", "\u2003", "-", "\x1c")],
    ),
    "customers.text_is_clean": (
        [
            *values(
                "address", *(space + "x" for space in " \t\n\r\f\v"),
                *("x" + space for space in " \t\n\r\f\v"),
            ),
            *values(
                "address", "a\tb", "a\nb", "\x01", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\u00a0",
                "\u00ad",
            ),
            *values(
                "address", "\u200b", "\u200d", "\u200f", "\u202a", "\u202e", "\u2060", "\u2064", "\u2066",
            ),
            *values("address", "\u2069", "\ufeff", "\ufffd", " "),
            {"customer_name": "x "},
            {"customer_email": " x"},
            {"customer_contact_name": "x\u200b"},
            {"customer_phone": "\u202d2125550100"},
            {"address_state": "CA "},
        ],
        [
            *values("address", None, "", "x", "a b", "~", "\u00a1", "\u2003", "\u200a", "\u2010", "\u2028"),
            *values(
                "address", "\u2029", "\u202f", "\u205f", "\u2065", "\u206a", "\u3000", "\ufffc", "\u00e9",
            ),
            *values("address", "e\u0301", "\U0001f680"),
            {"customer_phone": None},
        ],
    ),
    "customers.text_is_normalised": (
        [
            *values("address", "e\u0301", "A\u030a", "\u212b", "\u2126", "\u1112\u1161\u11ab", "\u0958"),
            {"customer_name": "e\u0301"},
            {"customer_email": "e\u0301"},
            {"customer_contact_name": "e\u0301"},
            {"customer_phone": "e\u0301"},
            {"address_state": "e\u0301"},
        ],
        [
            *values("address", None, "", "\u00e9", "\ufb01", "\u0915\u093c", "\ud55c"),
            {"customer_phone": None},
        ],
    ),
    "customers.text_is_not_placeholder": (
        [
            *values("address", *oracle.PLACEHOLDERS, " N/A ", "\tNull\v", "TESTING", "XxX\n"),
            {"customer_name": "none"},
            {"customer_email": "test"},
            {"customer_contact_name": "-"},
            {"address_state": "NA"},
        ],
        [
            *values(
                "address", None, "", " ", "tests", "xxxx", "xx", "--", "..", "??", "n / a", "\u00a0none",
                "a none",
            ),
            *values("customer_phone", "n/a", None),
        ],
    ),
}
# fmt: on


@pytest.mark.parametrize("rule", SINGLE_VALUES)
def test_single_values(rule: str) -> None:
    """Each value by itself, in an otherwise clean row."""
    clean: Order | Customer = CLEAN_ORDER if rule.startswith("orders") else CLEAN_CUSTOMER
    for broken, rows in zip((True, False), SINGLE_VALUES[rule], strict=True):
        for columns in rows:
            assert violations(rule, replace(clean, **columns)) == ({1} if broken else set()), columns


# Rows and other rows ------------------------------------------------------------------------------


def refless(order_id: Key, status: str = "active", **columns: Any) -> Order:
    """A clean order without a reference."""
    return replace(CLEAN_ORDER, order_id=order_id, order_ref=None, order_status=status, **columns)


def of_customer(customer_id: Key | None, document: str, **columns: Any) -> Order:
    """The customer's only order, with these arguments; it has the customer's id."""
    order_id = 9 if customer_id is None else customer_id
    return order(order_id, customer_id=customer_id, delivery_script_args=document, **columns)


def named(customer_id: Key, name: str | None, address: str | None = "1 Main St", state: str | None = "NY") -> Customer:
    """A customer of this name and address."""
    return customer(customer_id, customer_name=name, address=address, address_state=state)


def emailed(*emails: str | None) -> tuple[Customer, ...]:
    """Customers 1, 2 and so on with these addresses."""
    return tuple(customer(number, customer_email=email) for number, email in enumerate(emails, 1))


def funded(balance: str | None, *orders: Order) -> tuple[Order | Customer, ...]:
    """These orders, and customer 1 with this balance."""
    return (*orders, customer(1, customer_balance=balance))


#: What makes two orders the same but for their lineage.
WISHES = dirty.ORDER_COLUMNS[2:7]

#: Per rule: some rows, and which of them break it.
PAIRINGS: dict[str, list[tuple[tuple[Order | Customer, ...], AbstractSet[Key]]]] = {
    "lineage.order_ref_exists": [
        ((order(1), order(2, 1), order(3, 9)), {3}),
        ((refless(1),), {1}),
        ((order(Decimal(1)), order(2, Decimal("1.0"))), set()),
        ((order(1), order(1, 9)), {1}),
    ],
    "lineage.order_ref_is_first_ancestor": [
        ((order(1), order(2, 1), order(3, 2), order(4, 3)), {3, 4}),
        ((order(1), order(2, 9), order(3, 2)), {3}),
        ((order(1, 2), order(2, 1), order(3, 1), order(4, 3)), {3, 4}),
        ((order(1, 2), order(2, 3), order(3, 1)), set()),
        ((refless(1), order(2, 1)), {2}),
        ((order(1), order(1, 5), order(2, 1), order(5)), {1, 2}),
        ((order(1), order(1, 2), order(2, 1), order(2)), set()),
        ((order(1, 2), order(2, 1), order(2, 3), order(3, 4), order(4, 5), order(5)), {3}),
    ],
    "lineage.is_acyclic": [
        ((order(1), order(2, 1), order(3, 9)), set()),
        ((order(1, 2), order(2, 1), order(3, 1)), {1, 2}),
        ((order(1, 2), order(2, 3), order(3, 1), order(4, 3), order(5, 4)), {1, 2, 3}),
        (tuple(order(number, number % 50 + 1) for number in range(1, 51)), set(range(1, 51))),
        ((order(5, 7), order(7, 6), order(6, 7)), {6, 7}),
        ((refless(1), order(2, 1)), set()),
        ((order(1), order(1, 2), order(2, 1)), {1, 2}),
        ((order(1), order(1, 2), order(2)), set()),
        ((order(1, 2), order(1, 3), order(3, 1), order(2)), {1, 3}),
    ],
    "lineage.keeps_customer": [
        ((order(1), order(2, 1, customer_id=2), order(3, 1)), {2}),
        ((order(1, customer_id=None), order(2, 1)), set()),
        ((order(1), order(2, 1, customer_id=None)), set()),
        ((order(2, 9, customer_id=2),), set()),
        ((order(1), order(1, customer_id=2)), set()),
        ((order(1), order(1, customer_id=2), order(2, 1)), {2}),
    ],
    "lineage.ancestor_is_older": [
        ((order(1, 2), order(2), order(3, 2), order(4, 9)), {1}),
        ((refless(1),), set()),
    ],
    "lineage.recreated_order_has_successor": [
        ((order(1, status="recreated"), order(2, 1, "recreated"), order(3, 1, "done")), set()),
        ((order(1, status="recreated"), order(2, 1, "recreated")), {2}),
        ((order(5, 1, "recreated"), order(4, 1)), {5}),
        ((order(1, status="recreated"), order(2, status="recreated")), {1, 2}),
        ((order(1, 9, "recreated"), order(2, 9)), set()),
        ((refless(1, "recreated"),), set()),
        ((order(1, status=None), order(2, status="expired")), set()),
        ((order(1, status="recreated"), order(1, status="recreated")), {1}),
    ],
    "lineage.one_live_order": [
        ((order(1), order(2, 1, "paused"), order(3, 1, "pending"), order(4)), {1, 2}),
        ((order(1), order(2, 1, "expired"), order(3, 1, None)), set()),
        ((order(1, status="expired"), order(2, 1)), set()),
        ((order(2, 9), order(3, 9)), {2}),
        ((refless(1), refless(2)), set()),
        ((order(1), order(1)), set()),
    ],
    "lineage.root_is_not_closed": [
        ((order(1, status="expired"), order(2, 1), order(3, 1, "paused"), order(4, 1, "expired")), {2, 3}),
        ((order(1, status="cancelled"), order(2, 1, "pending")), {2}),
        ((order(1, status="recreated"), order(2, 1)), set()),
        ((order(1, status=None), order(2, 1)), set()),
        ((order(1, status="expired"), order(1), order(2, 1)), {2}),
        ((order(1, status="expired"), order(2, 1, "expired"), order(3, 2)), {3}),
    ],
    "recreation.is_covered_by_balance": [
        ((order(1, order_amount=2000), order(2, 1, order_amount=2000)), {2}),
        ((order(2, 1, order_amount=1000), order(3, 1, order_amount=999)), {2}),
        ((order(2, 1, "pending", order_amount=1000), order(3, 1, "expired", order_amount=1000)), {2}),
        ((order(2, 9, order_amount=1000),), {2}),
        ((order(2, 1, customer_id=9), order(3, 1, customer_id=None)), set()),
        *((funded(balance, order(2, 1, order_amount=None)), set()) for balance in ("NaN", "-1", None)),
        *((funded(balance, order(2, 1, order_amount=-5)), {2}) for balance in ("NaN", "-Infinity", None, "-5")),
        (funded("Infinity", order(2, 1)), set()),
        (funded("343.00000000000006", order(2, 1, order_amount=343)), set()),
        ((order(2, 1), customer(1), customer(1, customer_balance="100")), {2}),
        ((refless(1, order_amount=2000),), set()),
    ],
    "recreation.closed_is_covered_by_balance": [
        (funded("1", order(1, status="recreated"), order(2, 1, "recreated")), {1, 2}),
        (funded("1", order(1, status="expired"), order(2, 1, "expired")), {2}),
        (funded("1", order(1), order(2, 1), order(3, 1, "cancelled"), order(4, 1, "done")), set()),
        (funded("100", order(1, status="recreated"), order(2, 1, "expired", order_amount=99)), {1}),
        *((funded(balance, order(2, 1, "expired")), {2}) for balance in (None, "NaN", "-Infinity")),
        *((funded(balance, order(2, 1, "expired", order_amount=None)), set()) for balance in (None, "NaN")),
        (funded("Infinity", order(2, 1, "expired")), set()),
        ((order(2, 1, "expired", customer_id=9), order(3, 1, "recreated", customer_id=None)), set()),
        (funded("1", refless(1, "recreated"), refless(2, "expired")), set()),
    ],
    "recreation.customer_is_not_overcommitted": [
        ((order(1, order_amount=600), order(2, order_amount=401)), {1}),
        ((order(1, order_amount=600), order(2, order_amount=400)), set()),
        ((order(1, order_amount=600), order(2, status="expired", order_amount=401)), set()),
        ((order(1, order_amount=600), refless(2, order_amount=401)), {1}),
        ((order(1), customer(1, customer_balance="NaN"), customer(2, customer_balance="NaN")), {1}),
        ((order(1), customer(1, customer_balance=None), customer(2, customer_balance=None)), {1}),
        (funded(None, order(1, order_amount=None)), {1}),
        (funded("0", order(1, order_amount=None)), set()),
        (funded("-1", order(1, order_amount=None)), {1}),
        (funded("5", order(1, order_amount=None), order(2, order_amount=6)), {1}),
        (funded("-Infinity", order(1, status="expired")), set()),
        (funded("-Infinity", order(1, order_amount=0)), {1}),
        (funded("Infinity", order(1, order_amount=10**9)), set()),
        ((order(1, order_amount=1100), customer(1), customer(1, customer_balance="2000")), {1}),
        ((order(1, order_amount=2000, customer_id=None),), set()),
    ],
    "recreation.decision_survives_rounding": [
        (funded("343.00000000000006", order(1, order_amount=343)), {1}),
        (funded("343.004", order(1, 2, order_amount=343)), {1}),
        *((funded(fine, order(1, order_amount=343)), set()) for fine in ("343.005", "342.995", "343", "-343")),
        (funded("5e-324", order(1, order_amount=0)), {1}),
        (funded("-0.005", order(1, order_amount=0)), set()),
        (funded("342.996", order(1, order_amount=Decimal("342.999"))), {1}),
        (funded("-0.001", order(1, order_amount=Decimal("-0.005"))), set()),
        (funded("-0.005", order(1, order_amount=Decimal("-0.008"))), {1}),
        (funded("343.004", order(1, status="expired", order_amount=343)), set()),
        (funded("343.004", order(1, order_amount=None)), set()),
        (funded("343.004", order(1, order_amount=343, customer_id=2)), set()),
        *((funded(odd, order(1, order_amount=343)), set()) for odd in ("NaN", "Infinity", "-Infinity", None)),
    ],
    "orders.api_key_belongs_to_one_customer": [
        (
            (
                of_customer(1, '{"api-key":"k"}'),
                of_customer(2, r'{"APIKEY":"\u006b"}', delivery_script_name=None),
                of_customer(3, '{"api-key":"K"}'),
            ),
            {1, 2},
        ),
        ((of_customer(1, '{"apikey":"k"}'), order(2, delivery_script_args='{"apikey":"k"}')), set()),
        ((of_customer(1, '{"apikey":"k"}'), of_customer(None, '{"apikey":"k"}')), set()),
        (
            (
                of_customer(1, '{"api-key":"k","api_key":"j"}'),
                of_customer(2, '{"api-key":"x","apikey":"j","api-key":"y"}'),
                of_customer(3, '{"api-key":"x"}'),
                of_customer(4, '{"api-key":"k","api-key":""}'),
                of_customer(5, '{"a":{"api-key":"k"}}'),
            ),
            {1, 2},
        ),
        ((of_customer(1, '{"apikey":""}'), of_customer(2, '{"apikey":""}')), set()),
        ((of_customer(1, '{"apikey":7}'), of_customer(2, '{"apikey":7}')), set()),
        ((of_customer(1, '{"apikey":"secret-ref:x"}'), of_customer(2, '{"apikey":"secret-ref:x"}')), {1, 2}),
        ((of_customer(1, '{"-A-p_I-k_E-y_":"x"}'), of_customer(2, r'{"api\u006bey":"x"}')), {1, 2}),
        (
            (
                of_customer(1, rf'{{"api-key":"a{NUL}"}}'),
                of_customer(2, rf'{{"api-key":"a{HIGH}"}}'),
                of_customer(3, '{"api-key":"a\ufffd"}'),
                of_customer(4, r'{"api-key":"a\\u0000"}'),
            ),
            {1, 2, 3},
        ),
    ],
    "orders.no_duplicate_live_order": [
        ((order(1), order(2), order(3)), {2, 3}),
        ((order(1), order(2, 1), order(3, 1)), set()),
        ((order(1), order(2, 1), order(3, 9)), {3}),
        ((order(1, status="expired"), order(2), order(3, status="expired"), order(4, status=None)), set()),
        ((order(1, status="pending"), order(2, status="paused")), {2}),
        *(((order(1, **{wish: None}), order(2, **{wish: None})), {2}) for wish in WISHES),
        *(((order(1, **{wish: None}), order(2)), set()) for wish in WISHES),
        ((order(1, delivery_script_args='{"a":1}'), order(2, delivery_script_args='{"a": 1}')), set()),
        ((order(1, order_amount=Decimal("1.0")), order(2, order_amount=Decimal("1.00"))), {2}),
        ((order(1, delivery_script_name="x"), order(2, delivery_script_name="x ")), set()),
        ((refless(1), order(2)), {2}),
        ((order(2), refless(3)), {3}),
        ((refless(1), refless(2)), set()),
        ((order(1), order(1, 2)), set()),
    ],
    "customers.email_is_unique": [
        (emailed(" A@B.cd  ", "a@b.ce", "a@b.cd"), {3}),
        (emailed("\ta@b.cd", "a@b.cd"), set()),
        (emailed("x", "X "), {2}),
        (emailed("\u00a0", "\u00a0"), {2}),
        *((emailed(blank, blank), set()) for blank in (None, "", " ", "\t", " \n ")),
        ((customer(2, customer_email="x"), customer(1, customer_email="x")), {2}),
        ((customer(1, customer_email="x"), customer(1, customer_email="x")), set()),
    ],
    "customers.no_duplicate": [
        ((named(2, " ACME\t"), named(1, "acme"), named(3, "acme inc")), {2}),
        ((named(1, "a b", "1  Main\nst"), named(2, "A\v\fB", "1 main St", "\rny ")), {2}),
        ((named(1, "a b"), named(2, "a\u00a0b"), named(3, "ab"), named(4, "a-b")), set()),
        ((named(1, "a", "1"), named(2, "a", "2"), named(3, "a", "1", "CA")), set()),
        *((tuple(named(number, blank) for number in (1, 2)), set()) for blank in (None, "", " \t\v")),
        *((tuple(named(number, "a", blank) for number in (1, 2)), set()) for blank in (None, "", " \t\v")),
        *((tuple(named(number, "a", "1", blank) for number in (1, 2)), set()) for blank in (None, "", "\f")),
        ((named(1, "a"), named(1, "a")), set()),
    ],
}


@pytest.mark.parametrize(
    ("rule", "rows", "broken"),
    [
        pytest.param(rule, rows, broken, id=f"{rule}-{number}")
        for rule, cases in PAIRINGS.items()
        for number, (rows, broken) in enumerate(cases, 1)
    ],
)
def test_pairings(rule: str, rows: tuple[Order | Customer, ...], broken: AbstractSet[Key]) -> None:
    """Rows that are judged by other rows."""
    assert violations(rule, *rows) == broken


@pytest.mark.parametrize(
    ("rule", "balance", "amount", "by_float", "by_numeric"),
    [
        ("recreation.is_covered_by_balance", "343.000000000000001", "343", {1}, set()),
        ("recreation.is_covered_by_balance", "9007199254740993", "9007199254740992", {1}, set()),
        ("recreation.is_covered_by_balance", "343", "342.99999999999999999", {1}, set()),
        ("recreation.closed_is_covered_by_balance", "343.000000000000001", "343", {1}, set()),
        ("recreation.customer_is_not_overcommitted", "343", "343.000000000000001", set(), {1}),
        ("recreation.decision_survives_rounding", "343.000000000000001", "343", set(), {1}),
        ("recreation.decision_survives_rounding", "343", "342.99999999999999999", {1}, set()),
    ],
)
def test_float_and_numeric_balances_compare_differently(
    rule: str, balance: str, amount: str, by_float: set[Key], by_numeric: set[Key]
) -> None:
    """Numbers beyond the reach of a float."""
    only = order(1, 2, "expired" if "closed" in rule else "active", order_amount=Decimal(amount))
    assert violations(rule, *funded(balance, only)) == by_float
    assert violations(rule, *funded(balance, only), float_balances=False) == by_numeric


def test_every_rule_has_cases_of_both_kinds() -> None:
    """Every rule is seen broken and kept."""
    values_of_both_kinds = {rule for rule, (broken, kept) in SINGLE_VALUES.items() if broken and kept}
    rows_of_both_kinds = {
        rule for rule, cases in PAIRINGS.items() if {bool(broken) for _, broken in cases} == {True, False}
    }
    assert sorted(values_of_both_kinds | rows_of_both_kinds) == sorted(RULES)
    assert len(RULES) == 42


def test_clean_rows_break_nothing() -> None:
    """The rows that the cases start from are clean."""
    verdicts = oracle.judge(Tables((CLEAN_CUSTOMER,), (CLEAN_ORDER, order(2, 1, "expired"))))
    assert {rule for rule, keys in verdicts.items() if keys} == set()


def test_long_cycles_and_chains() -> None:
    """A long cycle, and a long chain into it, need neither depth nor patience."""
    size = 50_000
    ring = [(node, (node + 1) % size) for node in range(size)]
    chain = [(node, node - 1) for node in range(size, 2 * size)]
    numbers = oracle.components([*chain, *ring])
    assert len({numbers[node] for node in range(size)}) == 1
    assert len(set(numbers.values())) == size + 1


# The dirty data -----------------------------------------------------------------------------------


def dirty_rows(seed: int, *, constraints: bool) -> dirty.Rows:
    """The rows of a seed; without constraints there are NULLs, and in some seeds keys that repeat."""
    repeats = not constraints and seed % 3 == 0
    return dirty.random_rows(seed, customers=60, orders=200, nulls=not constraints, duplicates=repeats)


def as_tables(rows: dirty.Rows) -> Tables:
    """The rows as they would be read."""
    customers, orders = rows
    return Tables(tuple(Customer(**row) for row in customers), tuple(Order(**row) for row in orders))


@pytest.mark.parametrize("constraints", [False, True], ids=["bare", "constraints"])
def test_dirty_rows_break_every_rule_often(constraints: bool) -> None:
    """Every rule is broken in most seeds, and never by all rows."""
    broken = dict.fromkeys(RULES, 0)
    for seed in SEEDS:
        rows = dirty_rows(seed, constraints=constraints)
        tables = as_tables(dirty.lawful(*rows) if constraints else rows)
        for rule, keys in oracle.judge(tables).items():
            broken[rule] += bool(keys)
            assert len(keys) < len(tables.customers if rule in oracle.CUSTOMER_RULES else tables.orders)
    forbidden = {"orders.status_is_known", "orders.customer_exists"} if constraints else set()
    assert {rule for rule, seeds in broken.items() if seeds <= len(SEEDS) / 2} == forbidden


def test_dirty_rows_repeat() -> None:
    """The same seed makes the same rows, another one others."""
    one, same, other = (dirty_rows(seed, constraints=False) for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("types", dirty.TYPES)
def test_read_finds_what_create_wrote(dsn: str, types: str) -> None:
    """Every row comes back; but a type writes balances, and `jsonb` everything, in its own way."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        rows = dirty.create(
            conn, dirty_rows(0, constraints=False), types=types, constraints=False, schema="odd %s name"
        )
        found = oracle.read(conn, "odd %s name")
    written = as_tables(rows)

    def comparable(tables: Tables) -> Counter[object]:
        number = float if types != "other" else Decimal
        rows: Counter[object] = Counter()
        for row in tables.customers:
            balance = row.customer_balance
            rows[replace(row, customer_balance=None), balance and oracle.rank(number(balance))] += 1
        rows.update(replace(row, delivery_script_args=None) if types == "other" else row for row in tables.orders)
        return rows

    assert len(written.orders) > 150
    assert found.float_balances == (types != "other")
    assert comparable(found) == comparable(written)


@pytest.mark.both_versions
def test_escapes_are_judged_as_the_server_judges_them(dsn: str) -> None:
    """A JSON text has a bad escape if and only if `jsonb` refuses it, and mended it means what it meant."""
    documents = {
        row["delivery_script_args"]
        for seed in SEEDS
        for row in dirty_rows(seed, constraints=False)[1]
        if row["delivery_script_args"] is not None and "400000" not in row["delivery_script_args"]
    }
    documents |= {f'"{one}{other}"' for one in dirty.ESCAPES for other in dirty.ESCAPES}
    with psycopg.connect(dsn, autocommit=True) as conn:
        accepted = dirty.jsonb_accepts(conn, documents)
        assert accepted == {document for document in documents if not oracle.has_bad_escape(document)}
        mended = sorted(map(oracle.mend, documents))
        converted = conn.execute(
            "select document::jsonb::text from unnest(%s::text[]) with ordinality as t (document, n) order by n",
            (mended,),
        ).fetchall()
    assert [json.loads(text) for (text,) in converted] == [json.loads(text) for text in mended]


# The shipped rules --------------------------------------------------------------------------------


def disagreement(rule: str, expected: set[Key], found: set[Key], tables: Tables) -> str:
    """What to tell of a rule that found other keys than expected: the keys, and the rows of some of them."""
    keys = sorted(expected ^ found)[:4]
    rows: list[object] = []
    if rule in oracle.CUSTOMER_RULES:
        rows += [row for row in tables.customers if row.customer_id in keys]
    else:
        orders = [row for row in tables.orders if row.order_id in keys]
        rows += orders
        rows += [row for row in tables.orders if row.order_id in {order.order_ref for order in orders}]
        rows += [row for row in tables.customers if row.customer_id in {order.customer_id for order in orders}]
    summary = f"{rule}: missing {sorted(expected - found)}, extra {sorted(found - expected)}"
    return "\n".join([summary, *(f"  {row}" for row in rows)])


def test_the_oracle_knows_every_shipped_rule() -> None:
    """No rule on rows goes unchecked, and none is checked that is not shipped."""
    from order_audit import expectations

    shipped = {rule.id for rule in expectations.load("current").rules}
    areas = {rule.partition(".")[0] for rule in RULES}
    assert {rule for rule in shipped if rule.partition(".")[0] in areas} - NOT_CHECKABLE == set(RULES)


def troubles(conn: psycopg.Connection[Any]) -> list[str]:
    """Where the shipped rules find other rows than the oracle, or fail."""
    from order_audit import expectations

    tables = oracle.read(conn)
    verdicts = oracle.judge(tables)
    found_troubles = []
    for rule in expectations.load("current").rules:
        if rule.id not in verdicts:
            continue
        query = f"select distinct {', '.join(rule.key)} from (\n{rule.sql}\n) as v"
        try:
            found = {key for (key,) in conn.execute(query.encode())}
        except psycopg.Error as error:
            found_troubles.append(f"{rule.id}: {error}")
            continue
        if found != verdicts[rule.id]:
            found_troubles.append(disagreement(rule.id, verdicts[rule.id], found, tables))
    return found_troubles


@pytest.mark.parametrize("types", dirty.TYPES)
@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.both_versions), *SEEDS[1:]])
def test_shipped_rules_find_what_the_oracle_finds(dsn: str, seed: int, types: str) -> None:
    """Key by key, for each rule, on each server; with the constraints and without."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("set extra_float_digits = 1")
        conn.execute("set statement_timeout = '20s'")
        for schema, constraints in (("bare", False), ("constrained", True)):
            rows = dirty_rows(seed, constraints=constraints)
            dirty.create(conn, rows, types=types, constraints=constraints, schema=schema)
            conn.execute(f"set search_path = {schema}".encode())
            assert not (found := troubles(conn)), "\n".join([f"{schema} tables:", *found])
