"""Rules on columns that identify rows and are not unique; what all rules on keys find in the scenario."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest

from order_audit import scenario
from tests.lint.keys import Example, check
from tests.lint.support import findings

pytestmark = pytest.mark.both_versions

EXAMPLES: Final[dict[str, list[Example]]] = {
    "natural_key_is_unique": [
        Example(
            "each kind of them",
            """
            create table customers (id int primary key, customer_email text not null, username text, external_id text);
            create table products (
                id int primary key, sku text, productcode text, "Barcode" text, product_code text, upc bigint
            );
            create table articles (id int primary key, slug varchar(90), guid uuid, code text, deleted_at timestamptz);
            insert into customers (id, customer_email) values (1, 'a'), (2, 'b'), (3, 'b');
            create index on customers (username);
            """,
            {
                "customers.customer_email": "info",
                "customers.external_id": "info",
                "customers.username": "info",
                "products.sku": "info",
                "products.productcode": "info",
                "products.Barcode": "info",
                "products.product_code": "info",
                "products.upc": "info",
                "articles.slug": "info",
                "articles.guid": "info",
                "articles.code": "info",
            },
            {"customers.customer_email": {"values": 3, "duplicates": 1}},
            is_mended=False,
        ),
        Example(
            "mended, without deleted rows",
            """
            create table users (id int primary key, email text);
            create table people (id int primary key, email text, deleted_at timestamptz);
            insert into users select n, n || '@example.org' from generate_series(1, 5) as n;
            insert into people select n, 'a' || n from generate_series(1, 5) as n;
            """,
            {"users.email": "warning", "people.email": "warning"},
        ),
        Example(
            "unique in some way",
            """
            create table users (
                id int primary key, email text, login text unique, slug text, code text, uuid uuid, tenant int
            );
            create unique index on users (lower(email));
            create unique index on users (tenant, slug);
            create unique index on users (code) where tenant is not null;
            create table things (uuid uuid primary key);
            """,
            {"users.uuid": "info"},
        ),
        Example(
            "other tables and other words",
            """
            create table users (
                id int primary key, contact_email text, last_login timestamptz, email_verified boolean,
                login timestamptz
            );
            create table orders (
                id int primary key, email text, user_code text, user_name text, postal_code text, guid_count int
            );
            create table import_log (id int primary key, sku text);
            create table invited_users (id int primary key, email text);
            create table applied_coupons (id int primary key, code text);
            create table webhook_endpoints (id int primary key, slug text);
            create table product (sku text primary key);
            create table stock (id int primary key, sku text references product);
            """,
        ),
    ],
    "lookup_name_is_unique": [
        Example(
            "named after the table, by a description alone, and pointed at without a foreign key",
            """
            create table country (country_id int primary key, country text, last_update timestamptz);
            create table region (region_id smallint primary key, region_description text);
            create table posttypes (id int primary key, name text);
            create table gender (
                id int primary key, name text, parent int references gender, child_order int, about text, gid uuid
            );
            create table person (
                id int primary key, country_id int references country, region_id smallint references region,
                gender_id int references gender
            );
            create table posts (id int primary key, posttypeid int);
            """,
            {"posttypes.name": "info"},
        ),
        Example(
            "persons are no list, nor are rows with long descriptions",
            """
            create table actor (actor_id int primary key, first_name text, last_name text);
            create table essay (id int primary key, body text);
            create table shops (id int primary key, name text);
            create table film (id int primary key, actor_id int references actor, essay_id int references essay);
            create table visits (id int primary key, shop_id int);
            """,
        ),
        Example(
            "a lookup without duplicates",
            """
            create table kinds (id int primary key, name text, note text);
            create table things (id int primary key, kind_id int references kinds);
            insert into kinds (id, name) values (1, 'a'), (2, 'b');
            """,
            {"kinds.name": "info"},
        ),
        Example(
            "duplicates, unique values, and tables that are no lookup",
            """
            create table kinds (id int primary key, name text);
            create table sorts (id int primary key, name text unique);
            create table units (id int primary key, name text);
            create unique index on units (lower(name));
            create table shops (id int primary key, name text, opened date);
            create table lists (id int primary key, name text);
            create table things (
                id int primary key, kind_id int references kinds, sort_id int references sorts,
                unit_id int references units,
                shop_id int references shops
            );
            insert into kinds values (1, 'a'), (2, 'a');
            """,
        ),
    ],
}


@pytest.mark.parametrize(("rule", "examples"), [pytest.param(*it, id=it[0]) for it in EXAMPLES.items()])
def test_rule(dsn: str, rule: str, examples: list[Example]) -> None:
    """Each rule finds exactly the expected objects, and its suggestion resolves the finding."""
    check(dsn, rule, examples)


def test_large_tables_are_sampled(dsn: str) -> None:
    """Of a table with more than a million rows, a part is read, and the evidence says so."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table users (id int primary key, email text);"
            "create table posts (id int primary key, user_id int);"
            "insert into posts select n, n from generate_series(1, 1000) as n;"
        )
        connection.execute("update pg_class set reltuples = 2e6, relpages = 20000 where relname in ('users', 'posts')")
    for rule in ("reference_has_foreign_key", "natural_key_is_unique"):
        assert ["sampled values" in it.evidence for it in findings(dsn, rule)] == [True]


def test_scenario(dsn: str) -> None:
    """The findings of the rules on keys in the scenario's schema with its sample data."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
    keys = {"customers.customer_id", "orders.order_id"}
    expected: dict[str, set[str]] = {
        "reference_has_foreign_key": {"orders.order_ref"},
        "foreign_key_has_index": {"orders.customer_id", "orders.order_ref"},
        "reference_types_match": set(),
        "natural_key_is_unique": {"customers.customer_email"},
        "lookup_name_is_unique": set(),
        "key_is_bigint": keys,
        "key_has_generator": set(),
        "sequence_is_ahead_of_data": keys,
        "partitions_agree": set(),
        "index_is_needed": set(),
    }
    assert {rule: {it.object for it in findings(dsn, rule)} for rule in expected} == expected
