"""Rules on references: columns that name a key without a foreign key, or with another type."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest

from tests.lint.keys import Example, check
from tests.lint.support import findings

pytestmark = pytest.mark.both_versions

EXAMPLES: Final[dict[str, list[Example]]] = {
    "reference_has_foreign_key": [
        Example(
            "by a code, in a name that is run together",
            """
            create table country (code char(3) primary key, name text);
            create table zip (id int primary key);
            create table city (id int primary key, countrycode char(3), zipcode int, barcode text, code text);
            """,
            {"city.countrycode": "info"},
        ),
        Example(
            "whose and which one it is, in a name that is run together",
            """
            create table users (id int primary key);
            create table posts (
                id int primary key, owneruserid int, lasteditoruserid int, parentpostid int, parentid int, outpostid int
            );
            """,
            {
                "posts.owneruserid": "info",
                "posts.lasteditoruserid": "info",
                "posts.parentpostid": "info",
                "posts.parentid": "info",
            },
        ),
        Example(
            "by a table's singular name, and by the name of one table's key",
            """
            create table customers (customer_id serial primary key);
            create table addresses (id uuid primary key);
            create table companies (id int primary key);
            create table countries (code char(2) primary key);
            create table people (id bigint primary key);
            create table branches (bid int primary key);
            create table orders (
                id bigint primary key, order_ref int, customer_id int, address_id uuid, "companyId" int,
                country_code text,
                personid int, bid int, customer bigint
            );
            insert into customers values (1);
            insert into orders (id, customer_id) values (1, 1), (2, null), (3, 1);
            """,
            {
                "orders.order_ref": "info",
                "orders.customer_id": "info",
                "orders.address_id": "info",
                "orders.companyId": "info",
                "orders.country_code": "info",
                "orders.personid": "info",
                "orders.bid": "info",
            },
            {
                "orders.customer_id": {
                    "references": "customers.customer_id",
                    "values": 2,
                    "values without a referenced row": 0,
                }
            },
        ),
        Example(
            "by a name that is a foreign key elsewhere, twice and always to one table",
            """
            create table users (id bigint primary key);
            create table posts (
                id bigint primary key, creator_id bigint references users, checker_id bigint references users
            );
            create table notes (
                id bigint primary key, creator_id bigint references users, checker_id bigint references posts
            );
            create table bans (id bigint primary key, creator_id bigint, checker_id bigint);
            """,
            {"bans.creator_id": "warning"},
        ),
        Example(
            "by its last words, to its own table as a parent, in a log, and in a partitioned table: a warning",
            """
            create table staff (staff_id int primary key);
            create table category (id int primary key, parent_id int);
            create table store (store_id int primary key, manager_staff_id int);
            create table store_log (id bigint primary key, store_id int);
            create table visit (id bigint, store_id int, day date) partition by range (day);
            """,
            {
                "category.parent_id": "info",
                "store.manager_staff_id": "info",
                "store_log.store_id": "info",
                "visit.store_id": "info",
            },
        ),
        Example(
            "to a key with a version in it, a warning that takes a new design",
            """
            create table nodes (node_id bigint, version bigint, primary key (node_id, version));
            create table node_tags (node_id bigint, k text, primary key (node_id, k));
            """,
            {"node_tags.node_id": "info"},
            is_mended=False,
        ),
        Example(
            "orphans are counted, and no reason for silence",
            """
            create table shops (id int primary key);
            create table sales (id int primary key, shop_id int);
            insert into sales values (1, 7), (2, 8);
            """,
            {"sales.shop_id": "info"},
            {"sales.shop_id": {"values": 2, "values without a referenced row": 2}},
            is_mended=False,
        ),
        Example(
            "a partition without the foreign key of the others",
            """
            create table customer (customer_id int primary key);
            create table payment (customer_id int, day date not null) partition by range (day);
            create table payment_1 partition of payment for values from ('2020-01-01') to ('2021-01-01');
            create table payment_2 partition of payment for values from ('2021-01-01') to ('2022-01-01');
            alter table payment_1 add foreign key (customer_id) references customer;
            """,
            {"payment.customer_id": "warning"},
            {"payment.customer_id": {"partitions with a foreign key": "1 of 2"}},
        ),
        Example(
            "partitions that have it between them",
            """
            create table customer (customer_id int primary key);
            create table payment (customer_id int, day date not null) partition by range (day);
            create table payment_1 partition of payment for values from ('2020-01-01') to ('2021-01-01');
            alter table payment_1 add foreign key (customer_id) references customer;
            """,
        ),
        Example(
            "keys themselves, other types, other words, types beside, own names",
            """
            create table customers (customer_id serial primary key, customer_ref text);
            create table profiles (customer_id int primary key references customers);
            create table transactions (id int primary key);
            create table sessions (id int primary key);
            create table members (id int primary key);
            create table orders (
                id int generated always as identity primary key, order_id int, order_number int,
                customer_id text, external_customer_id int, provider_customer_id int, transaction_id int,
                session_id int,
                member_id int, member_type text, sequential_id int, customer_count int, "order" int, parent_id int,
                parent_type text
            );
            create table carts (id int primary key, customer_id int references customers);
            """,
        ),
        Example(
            "a key that two tables could mean, and names that are no one's",
            """
            create table a (thing_id int primary key);
            create table b (thing_id int primary key);
            create table c (id int primary key, thing_id int, id_code int, position int, uuid uuid);
            create table d (position int primary key);
            """,
        ),
    ],
    "reference_types_match": [
        Example(
            "narrower, of another family, wider",
            """
            create table users (id bigint primary key, name varchar(40) unique, tag char(3) unique);
            create table kinds (id smallint primary key);
            create table rates (id numeric(9) primary key);
            create table posts (
                id int primary key, user_id int references users, kind_id int references kinds,
                rate_id int references rates, user_name varchar(20) references users (name),
                tag varchar(3) references users (tag)
            );
            create table bans (id int primary key, user_id int);
            """,
            {
                "posts.user_id": "warning",
                "posts.kind_id": "info",
                "posts.rate_id": "warning",
                "posts.user_name": "warning",
                "posts.tag": "info",
                "bans.user_id": "info",
            },
        ),
        Example(
            "the same through a domain, and texts without a bound",
            """
            create domain key as bigint;
            create table users (id key primary key, name text unique, code varchar(9) unique);
            create table posts (
                id int primary key, user_id bigint references users, name varchar references users (name),
                code varchar(9) references users (code)
            );
            """,
        ),
    ],
}


@pytest.mark.parametrize(("rule", "examples"), [pytest.param(*it, id=it[0]) for it in EXAMPLES.items()])
def test_rule(dsn: str, rule: str, examples: list[Example]) -> None:
    """Each rule finds exactly the expected objects, and its suggestion resolves the finding."""
    check(dsn, rule, examples)


def test_reference_to_a_versioned_key_takes_a_design(dsn: str) -> None:
    """No statement makes a foreign key to a part of a key."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table nodes (node_id bigint, version bigint, primary key (node_id, version));"
            "create table node_tags (node_id bigint, k text, primary key (node_id, k))"
        )
    assert [it.remedy for it in findings(dsn, "reference_has_foreign_key")] == ["redesign"]


def test_names_do_not_match_between_unrelated_schemas(dsn: str) -> None:
    """A table of another schema is meant only where some foreign key joins the two."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create schema shop; create table shop.products (id int primary key);"
            "create table reviews (id int primary key, product_id int)"
        )
        assert findings(dsn, "reference_has_foreign_key") == ()
        connection.execute("create table sales (id int primary key, item_id int references shop.products)")
        (finding,) = findings(dsn, "reference_has_foreign_key")
    assert (finding.object, finding.severity) == ("reviews.product_id", "info")
