"""Rules on the values of columns: numbers, JSON, states, flags."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest

from tests.lint.columns import Cases, Evidence, check, check_evidence
from tests.lint.support import findings

pytestmark = pytest.mark.both_versions

CASES: Final[Cases] = {
    "number_has_range_check": (
        (
            """
            create table line (
                id bigint primary key, price numeric(10, 2), unitprice numeric, order_amount int, quantity int,
                "orderQty" smallint,
                units_in_stock int, unitsonorder int, discount real, cost money, tax_amount_cents bigint
            )
            """,
            dict.fromkeys(
                [
                    "line.price", "line.unitprice", "line.order_amount", "line.quantity", "line.orderQty",
                    "line.units_in_stock", "line.unitsonorder", "line.discount", "line.cost", "line.tax_amount_cents",
                ],
                "info",
            ),
        ),
        # what may be negative is held against NaN and infinity alone
        (
            """
            create table account (
                balance float, opening_balance numeric(12, 2), net_amount numeric, profit real, points_balance int,
                balance_cents bigint, total_profit money
            )
            """,
            dict.fromkeys(["account.balance", "account.opening_balance", "account.net_amount",
            "account.profit"], "warning"),
        ),
        # a check that says nothing of the number's size, or of another column's
        (
            """
            create table paid (
                price int check (price is not null), cost int, currency text, fee int check (fee <> 0), quantity int,
                check ((cost is null) = (currency is null)), check (num_nonnulls(quantity, currency) in (0, 2))
            )
            """,
            {"paid.price": "info", "paid.cost": "info", "paid.fee": "info", "paid.quantity": "info"},
        ),
        (
            """
            create domain amount as numeric(10, 2) check (value >= 0);
            create domain price as amount;
            create function is_fair (int) returns boolean immutable language sql return $1 > 0;
            create table checked (
                price numeric check (price > 0), discount float check (discount between 0 and 1), cost amount,
                quantity int check (quantity in (1, 2)), fee int check (is_fair(fee)),
                balance float check (balance <> 'NaN'),
                freight int check (coalesce(freight, 0) >= 0), "unitQty" int check ("unitQty" is null or "unitQty" > 0)
            );
            """,
            {},
        ),
        (
            """
            create table kind (total_credit int primary key);
            create table near (
                post_count int, units_count int, tax_rate float, total int, score_total int, discount_code text,
                price_id int, stock boolean, amount text, total_credit int references kind,
                doubled numeric generated always as (2 * tax_rate) stored,
                subtotal numeric generated always as (2) stored
            )
            """,
            {},
        ),
        # a letter or two for the table stand before each name
        (
            """
            create table part_supply (ps_id int, ps_supplycost int, ps_availqty int, ps_note text, created_at date);
            create table sales (no_total_cents int, no_stock int, no_more int);
            """,
            {
                "part_supply.ps_supplycost": "info", "part_supply.ps_availqty": "info",
                "sales.no_total_cents": "info", "sales.no_stock": "info",
            },
        ),
        # a domain over a domain without a check
        (
            "create domain a as float; create domain b as a; create table d (price b)",
            {"d.price": "info"},
        ),
    ),
    "json_is_jsonb": (
        (
            """
            create table job (
                id int, settings json default '{}', raw_response json, payload json, data jsonb, note text, list json[]
            );
            create table mail_log (id int, headers json);
            create domain document as json;
            create table paper (id int, doc document);
            """,
            {
                "job.settings": "warning", "job.raw_response": "info", "job.payload": "info",
                "mail_log.headers": "info",
                "paper.doc": "warning",
            },
        ),
    ),
    "status_is_constrained": (
        (
            """
            create table orders (
                id int primary key, status text default 'new', payment_state varchar(20), phase smallint default 0,
                ticket_stage int, order_type text, "userRole" text, access_mode char(3)
            );
            insert into orders values (1, 'open', 'due', 3, null, 'x', 'y', 'z');
            create table jobs (id int primary key, jobstatus text);
            """,
            dict.fromkeys(
                [
                    "orders.status", "orders.payment_state", "orders.phase", "orders.ticket_stage", "orders.order_type",
                    "orders.userRole", "orders.access_mode", "jobs.jobstatus",
                ],
                "info",
            ),
        ),
        # neither a bound on the length nor one on null is a list of values
        (
            """
            create table bounded (
                status text not null check (status <> ''), job_type varchar(9) check (char_length(job_type) <= 9),
                state text check (length(state) > 0), phase text check (phase is not null)
            )
            """,
            dict.fromkeys(["bounded.status", "bounded.job_type", "bounded.state", "bounded.phase"], "info"),
        ),
        # a list inside a check, of stages alone
        (
            """
            create table listed (
                id int, status text default 'a' check (status in ('a', 'b''s', 'c, d')),
                state varchar(9) check (state in ('a', 'b')),
                phase int check (phase in (0, 1)), job_type text check (job_type in ('a', 'b'))
            );
            insert into listed values (1, 'b''s', 'b', 1, 'a');
            """,
            {"listed.status": "info", "listed.state": "info", "listed.phase": "info"},
        ),
        (
            """
            create type mood as enum ('a', 'b');
            create domain stage as text check (value in ('a', 'b'));
            create table order_status (name text primary key);
            create table known (
                status mood, state stage, phase int check (phase between 0 and 8), stage text references order_status,
                job_status text check (job_status ~ '^[a-z]$')
            );
            """,
            {},
        ),
        (
            """
            create table near (
                type text, kind int, role text, mode text, owner_type text, owner_id int, content_type text,
                mime_type text,
                media_type text, error_type text, event_type text, webhook_type text, token_type text, model_type text,
                statuses text, status_id int, status_code text, is_status boolean, http_status int, typed_role boolean,
                order_types text[]
            )
            """,
            {},
        ),
        # a state that is on a map
        (
            """
            create table customer (name text, city text, state text);
            create table person (address text, country text, state varchar(30));
            create table shop (state char(2), billing_state text, address_state text, "shipState" text);
            """,
            {},
        ),
        # an address for mail is none
        ("create table member (email_address text, ip_address text, state text)", {"member.state": "info"}),
        # the list itself, and a text that merely ends in the word
        (
            """
            create table order_statuses (id int primary key, status text unique);
            create table post (id int, status text);
            insert into post select n, 'status ' || n from generate_series(1, 300) as n;
            analyze post;
            """,
            {},
        ),
    ),
    "flag_is_boolean": (
        (
            """
            create table item (
                id int, is_new int default 1, "hasStock" smallint check ("hasStock" in (0, 1)),
                active int not null default 0,
                discontinued integer, deleted int, mail_enabled int, isdeleted int, is_old numeric(1)
            );
            insert into item values (1, 0, 1, 1, 0, null, 1, 0, 1);
            """,
            dict.fromkeys(
                [
                    "item.is_new", "item.hasStock", "item.active", "item.discontinued", "item.deleted",
                    "item.mail_enabled",
                    "item.isdeleted", "item.is_old",
                ],
                "info",
            ),
        ),
        (
            """
            create table near (
                is_open boolean, has_many text, has_children_count int, is_parent_id int, island int, hash int,
                users_active int,
                inactive int, is_level int, total_deleted int, "is" int
            );
            create table epoch (deleted bigint, is_three int, is_sign int);
            insert into epoch values (1700000000, 2, -1);
            """,
            {},
        ),
    ),
}  # fmt: skip
EVIDENCE: Final[Evidence] = {
    "number_has_range_check": (
        "create table t (price float); insert into t values (-1), ('NaN'), ('-infinity'), (1), (null)",
        {"type": "double precision", "below zero": 2, "NaN or infinite": 2},
    ),
    "json_is_jsonb": (
        r"""
        create table t (doc json);
        insert into t values ('{"a": "\u0000"}'), ('{"a": "\\u0000"}'), ('{"a": "\ud83d\ude00"}'),
        ('{"a": "\ud83d"}'), ('{}'),
            ('{"a": "\ude00"}'), ('{"a": "\\\u0000"}'), (null), ('{"a": "\u00e4"}'),
            ('{"a": 1e200000}'), ('[0.1e131073, "\""]'), ('{"a": 1e131071, "1e200000": "\"1e200000"}'),
            ('{"a": 1, "a": 2}'), ('{"a": "\\u0000", "b": 1, "\u0062": 2}'), ('{"a": 1, "a": "\u0000"}')
        """,
        {"type": "json", "rows that cannot be converted": 7, "rows with repeated keys": 2},
    ),
    "flag_is_boolean": (
        "create table t (is_on int); insert into t values (1), (0), (1), (1), (1), (null)",
        {"type": "integer", "only 0 and 1": True},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_fires_where_it_should_and_mends_it(dsn: str, name: str) -> None:
    check(dsn, name, CASES[name])


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_counts_rows(dsn: str, name: str) -> None:
    check_evidence(dsn, name, *EVIDENCE[name])


def test_documents_of_a_domain_are_read_as_others(dsn: str) -> None:
    setup = """
    create domain document as json check (value::text <> '[]');
    create table t (doc document);
    insert into t values ('{"a": 1, "b": {"a": 2}}'), ('{"a": 1, "b": 2, "a": 1}'), ('[{"a": 1, "a": 2}]'),
      ('{"a": "\\u0000"}')
    """
    evidence = {"type": "document", "rows that cannot be converted": 1, "rows with repeated keys": 1}
    check_evidence(dsn, "json_is_jsonb", setup, evidence)


def test_a_large_table_is_sampled(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (price int, is_on int, doc json, birth_date timestamp, lat int, lon int)")
        connection.execute("insert into t select 1 from generate_series(1, 1000)")
        connection.execute("update pg_class set reltuples = 1e9 where oid = 't'::regclass")
    for name in (
        "number_has_range_check",
        "json_is_jsonb",
        "calendar_day_is_date",
        "optional_columns_have_check",
        "flag_is_boolean",
    ):
        (found,) = findings(dsn, name)
        assert found.evidence["sampled rows"] < 1000
