"""The schema rules about keys, references, sequences and indexes: where they fire, and near to what they do not.

Each example is a schema and all that its rule finds there, by object and severity; what a finding suggests is then
done, unless it takes a new design, and the finding is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema.lint import lint
from order_audit.expectations import schema_rules
from order_audit.reports.document import SchemaFinding

pytestmark = pytest.mark.both_versions

RULES: Final = {rule.id.removeprefix("schema."): rule for rule in schema_rules()}


@dataclass(frozen=True)
class Example:
    """A schema, and what a rule finds in it; nothing where it is a near miss."""

    about: str
    schema: str
    findings: dict[str, str] = field(default_factory=dict)
    #: What the evidence says, by object: no more than is of interest.
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_mended: bool = True


EXAMPLES: Final[dict[str, list[Example]]] = {
    "reference_has_foreign_key": [
        Example(
            "by a code, in a name that is run together",
            """
            create table country (code char(3) primary key, name text);
            create table zip (id int primary key);
            create table city (id int primary key, countrycode char(3), zipcode int, barcode text, code text);
            """,
            {"city.countrycode": "critical"},
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
                "posts.owneruserid": "warning",
                "posts.lasteditoruserid": "warning",
                "posts.parentpostid": "warning",
                "posts.parentid": "warning",
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
                "orders.order_ref": "critical",
                "orders.customer_id": "critical",
                "orders.address_id": "critical",
                "orders.companyId": "critical",
                "orders.country_code": "critical",
                "orders.personid": "critical",
                "orders.bid": "critical",
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
            {"bans.creator_id": "critical"},
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
                "category.parent_id": "warning",
                "store.manager_staff_id": "warning",
                "store_log.store_id": "warning",
                "visit.store_id": "warning",
            },
        ),
        Example(
            "to a key with a version in it, a warning that takes a new design",
            """
            create table nodes (node_id bigint, version bigint, primary key (node_id, version));
            create table node_tags (node_id bigint, k text, primary key (node_id, k));
            """,
            {"node_tags.node_id": "warning"},
            is_mended=False,
        ),
        Example(
            "orphans are counted, and no reason for silence",
            """
            create table shops (id int primary key);
            create table sales (id int primary key, shop_id int);
            insert into sales values (1, 7), (2, 8);
            """,
            {"sales.shop_id": "critical"},
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
    "foreign_key_has_index": [
        Example(
            "foreign keys, a reference without one, several columns, lookups",
            """
            create table kinds (id int primary key, name text);
            create table users (id int primary key, email text, born date, unique (id, email));
            create table posts (
                id int primary key, user_id int references users, kind_id int references kinds, author_id int,
                author_email text,
                post_ref int,
                foreign key (author_id, author_email) references users (id, email)
            );
            create index on posts (kind_id) where kind_id > 5;
            create index on posts (author_email);
            create index on posts (id, user_id);
            """,
            {
                "posts.user_id": "warning",
                "posts.kind_id": "info",
                "posts.(author_id, author_email)": "warning",
                "posts.post_ref": "warning",
            },
        ),
        Example(
            "an index of another kind, and one that a partition lacks",
            """
            create table users (id int primary key, email text);
            create table bans (id int primary key, user_id int references users);
            create index on bans using brin (user_id);
            create table visits (user_id int references users, day date) partition by range (day);
            create table visits_1 partition of visits for values from ('2020-01-01') to ('2021-01-01');
            create table visits_2 partition of visits for values from ('2021-01-01') to ('2022-01-01');
            create index on visits_1 (user_id);
            """,
            {"bans.user_id": "warning", "visits.user_id": "warning"},
            {"visits.user_id": {"partitions with an index": "1 of 2"}},
        ),
        Example(
            "indexes that lead with it: in any order, partial where it is there, hashed, unique, of all partitions",
            """
            create table users (id int primary key, email text, unique (id, email));
            create table posts (
                id int primary key, user_id int references users, "Owner_id" int references users,
                editor_id int references users,
                a int, b text, foreign key (a, b) references users (id, email)
            );
            create index on posts (user_id, id desc);
            create index on posts ("Owner_id") where "Owner_id" is not null;
            create index on posts using hash (editor_id);
            create index on posts (b, a, id);
            create table settings (user_id int primary key references users);
            create table visits (user_id int references users, day date) partition by range (day);
            create table visits_1 partition of visits for values from ('2020-01-01') to ('2021-01-01');
            create index on visits_1 (user_id);
            create table stays (user_id int references users, day date) partition by range (day);
            create table stays_1 partition of stays for values from ('2020-01-01') to ('2021-01-01');
            create index on stays (user_id);
            """,
        ),
        Example(
            "a reference that is none for certain",
            """
            create table staff (id int primary key);
            create table stores (id int primary key, manager_staff_id int);
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
                "bans.user_id": "warning",
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
                "customers.external_id": "warning",
                "customers.username": "warning",
                "products.sku": "warning",
                "products.productcode": "warning",
                "products.Barcode": "warning",
                "products.product_code": "warning",
                "products.upc": "warning",
                "articles.slug": "warning",
                "articles.guid": "warning",
                "articles.code": "warning",
            },
            {"customers.customer_email": {"values": 3, "duplicates": 1}},
            is_mended=False,
        ),
        Example(
            "mended, with what is deleted left out",
            """
            create table users (id int primary key, email text);
            create table articles (id int primary key, slug text, deleted_at timestamptz);
            """,
            {"users.email": "warning", "articles.slug": "warning"},
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
            {"users.uuid": "warning"},
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
            {"posttypes.name": "info", "gender.name": "info"},
        ),
        Example(
            "persons are no list, nor is what is described at length",
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
            "duplicates, unique ones, and what is no lookup",
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
    "key_is_bigint": [
        Example(
            "by sequence, by identity, by name, in composite keys; lookups, and one that is half full",
            """
            create table users (id serial primary key, email text);
            create table posts (post_id int primary key, user_id int references users);
            create table tags (tenant bigint, tag_no int generated always as identity, primary key (tenant, tag_no));
            create table kinds (id smallint primary key, name text);
            create table things (thing_no serial primary key, kind_id smallint references kinds);
            create sequence shared as int;
            create table items (id int primary key default nextval('shared'));
            insert into items values (1073741824);
            """,
            {
                "users.id": "warning",
                "posts.post_id": "warning",
                "tags.tag_no": "warning",
                "kinds.id": "info",
                "things.thing_no": "warning",
                "items.id": "critical",
            },
            {"items.id": {"largest key": 1073741824, "share of the range used": 0.5}},
        ),
        Example(
            "used up by the sequence, though not by rows",
            """
            create table users (id serial primary key, email text);
            select setval('users_id_seq', 2000000000);
            """,
            {"users.id": "critical"},
            {"users.id": {"last sequence value": 2000000000, "largest key": None}},
        ),
        Example(
            "wide enough, foreign keys, and numbers that are no surrogates",
            """
            create table users (id bigserial primary key);
            create table settings (id int primary key references users);
            create table years (year int primary key);
            create table branches (bid int primary key);
            create table seats (id int, row_no int, primary key (id, row_no));
            create table posts (id uuid primary key, number serial);
            """,
        ),
    ],
    "key_has_generator": [
        Example(
            "integers by the name of a key",
            """
            create table users (id int primary key);
            create table posts ("postId" bigint primary key);
            create table companies (company_id smallint primary key);
            insert into users values (5);
            """,
            {"users.id": "warning", "posts.postId": "warning", "companies.company_id": "warning"},
        ),
        Example(
            "given out somehow, or no surrogates",
            """
            create table a (id serial primary key);
            create table b (id int generated always as identity primary key);
            create table c (id int primary key references a);
            create table d (d_id int, e_id int, primary key (d_id, e_id));
            create table f (year int primary key);
            create table g (id uuid primary key);
            create table h (id int primary key);
            create sequence h_numbers;
            create function number_h() returns trigger language plpgsql
              as $$ begin new.id := nextval('h_numbers'); return new; end $$;
            create trigger number_h before insert on h for each row execute function number_h();
            create table users (user_id bigint generated by default as identity primary key);
            create table profiles (user_id bigint primary key);
            """,
        ),
    ],
    "sequence_is_ahead_of_data": [
        Example(
            "owned, called, of an identity, set back, in steps, downwards",
            """
            create table a (id serial primary key);
            insert into a values (1), (7);
            create sequence b_numbers;
            create table b (id bigint primary key default nextval('b_numbers'));
            insert into b values (1);
            create table "C c" (id bigint generated by default as identity primary key);
            insert into "C c" values (3);
            select setval('"C c_id_seq"', 3, false);
            create table d (id int generated by default as identity (increment 2) primary key);
            insert into d values (11);
            create table e (id int generated by default as identity (increment -1) primary key);
            insert into e values (-9);
            create sequence f_numbers;
            create table f (id int primary key default nextval(('f_numbers'::text)::regclass));
            insert into f values (1);
            """,
            {
                "a.id": "critical",
                "b.id": "critical",
                "C c.id": "critical",
                "d.id": "critical",
                "e.id": "critical",
                "f.id": "critical",
            },
            {
                "a.id": {"next sequence value": 1, "largest key": 7},
                "e.id": {"next sequence value": -1, "smallest key": -9},
            },
        ),
        Example(
            "one that two tables share is held against the greater",
            """
            create sequence numbers;
            create table a (id int primary key default nextval('numbers'));
            create table b (id int primary key default nextval('numbers'));
            insert into a values (2);
            insert into b values (50);
            select setval('numbers', 9);
            """,
            {"a.id": "critical"},
            {"a.id": {"next sequence value": 10, "largest key": 50, "columns that share it": ["a.id", "b.id"]}},
        ),
        Example(
            "ahead, unused, between the numbers that are there, and feeding nothing unique",
            """
            create table a (id serial primary key);
            insert into a values (7);
            select setval('a_id_seq', 7);
            create table b (id serial primary key);
            create table c (id int generated by default as identity (increment 2) primary key);
            insert into c values (10);
            create table d (id int primary key, number serial);
            insert into d values (1, 9);
            create table e (id int generated by default as identity primary key);
            insert into e values (-5);
            select setval('e_id_seq', 8, false);
            insert into e values (7);
            """,
        ),
    ],
    "partitions_agree": [
        Example(
            "one of four lacks a foreign key, an index and what keeps it unique",
            """
            create table users (id int primary key);
            create table visits (id int, user_id int, day date not null) partition by range (day);
            create table visits_1 partition of visits for values from ('2021-01-01') to ('2022-01-01');
            create table visits_2 partition of visits for values from ('2022-01-01') to ('2023-01-01');
            create table visits_3 partition of visits for values from ('2023-01-01') to ('2024-01-01');
            create table "Visits 4" partition of visits default;
            alter table visits_1 add foreign key (user_id) references users, add unique (id);
            alter table visits_2 add foreign key (user_id) references users, add unique (id);
            alter table visits_3 add foreign key (user_id) references users, add unique (id);
            create index on visits_1 (lower(id::text)) where id > 5;
            create index on visits_2 (lower(id::text)) where id > 5;
            create index on visits_3 (lower(id::text)) where id > 5;
            create index on "Visits 4" (id);
            """,
            {"Visits 4": "warning"},
            {
                "Visits 4": {
                    "partition of": "visits",
                    "foreign key (user_id) REFERENCES users(id)": "3 of 4 partitions",
                    "unique index btree (id)": "3 of 4 partitions",
                    "index btree (lower((id)::text)) WHERE (id > 5)": "3 of 4 partitions",
                }
            },
        ),
        Example(
            "what the parent gives to all, and what only some have",
            """
            create table users (id int primary key);
            create table visits (id int, user_id int references users, day date not null) partition by range (day);
            create index on visits (user_id);
            create table visits_1 partition of visits for values from ('2021-01-01') to ('2022-01-01');
            create table visits_2 partition of visits for values from ('2022-01-01') to ('2023-01-01');
            create table visits_3 partition of visits for values from ('2023-01-01') to ('2024-01-01');
            create table visits_4 partition of visits default;
            create index on visits_1 (id);
            create unique index on visits_2 (id);
            """,
            {"visits_3": "warning", "visits_4": "warning"},
        ),
        Example(
            "less than most, and a single sibling",
            """
            create table visits (id int, user_id int, day date not null) partition by range (day);
            create table visits_1 partition of visits for values from ('2021-01-01') to ('2022-01-01');
            create table visits_2 partition of visits for values from ('2022-01-01') to ('2023-01-01');
            create table visits_3 partition of visits for values from ('2023-01-01') to ('2024-01-01');
            create index on visits_1 (id);
            create table stays (id int) partition by range (id);
            create table stays_1 partition of stays for values from (1) to (2);
            create table stays_2 partition of stays for values from (2) to (3);
            create index on stays_1 (id);
            """,
        ),
    ],
    "index_is_needed": [
        Example(
            "in partitions: one finding, whatever many they are; an index that belongs to the parent's stays",
            """
            create table p (a int, b int) partition by list (a);
            create table p1 partition of p for values in (1);
            create table p2 partition of p for values in (2);
            create table p3 partition of p for values in (3);
            create index on p (b);
            create index p1_again on p1 (b);
            create index p2_wide on p2 (b, a);
            create index p3_one on p3 (a);
            create index p3_two on p3 (a);
            create table n (a int);
            create table n1 () inherits (n);
            create index on n1 (a);
            create index on n1 (a);
            """,
            {"p": "info", "n": "info"},
            {
                "p": {
                    "partitions": "2 of 3",
                    "indexes": {"p1_again": "p1_b_idx", "p3_two": "p3_one"},
                }
            },
        ),
        Example(
            "copies, what a longer one leads with, and what a unique one does as well",
            """
            create table a (id int primary key, x int, y int, z text);
            create unique index a_id on a (id);
            create index a_id_again on a (id);
            create index a_x on a (x);
            create index a_x_y on a (x, y);
            create index a_z on a (lower(z)) where x > 0;
            create index a_z_x on a (lower(z), x) where x > 0;
            create index a_y on a (y);
            create index a_y_again on a (y);
            create index a_y_with on a (y) include (z);
            alter table a add constraint a_z_1 unique (z), add constraint a_z_2 unique (z);
            """,
            {
                "a_id": "info",
                "a_id_again": "info",
                "a_x": "info",
                "a_z": "info",
                "a_y": "info",
                "a_y_again": "info",
                "a_z_2": "info",
            },
        ),
        Example(
            "another order, method, predicate, class, collation, sort, and unique ones that say more",
            """
            create table a (id int primary key, x int, y int, z text, w int[]);
            create index on a (x, y);
            create index on a (y);
            create index on a (x desc nulls last);
            create index on a using hash (x);
            create index on a (x) where y > 0;
            create unique index on a (x);
            create index on a (z, x);
            create index on a (z text_pattern_ops);
            create index on a (z collate "C");
            create index on a (lower(z));
            create index on a using gin (w);
            create index on a using brin (x);
            create index on a using brin (x, y);
            create unique index on a (y, z);
            create unique index on a (y, z) nulls not distinct;
            create unique index on a (y, id) include (z);
            create index on a (y, id) include (x);
            """,
            {"a_y_idx": "info"},
        ),
    ],
}
CASES: Final = [pytest.param(rule, examples, id=rule) for rule, examples in EXAMPLES.items()]


def findings(dsn: str, rule: str) -> tuple[SchemaFinding, ...]:
    """What a rule finds, where it could look."""
    with Snapshot(dsn) as snapshot:
        (verdict,) = lint(snapshot.connection, [RULES[rule]])
    assert (verdict.status, verdict.reason) == ("checked", "")
    return verdict.findings


@pytest.mark.parametrize(("rule", "examples"), CASES)
def test_rule(dsn: str, rule: str, examples: list[Example]) -> None:
    """Each finds what it should and nothing else, and what it suggests helps."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for example in examples:
            connection.execute("drop schema public cascade; create schema public")
            connection.execute(example.schema.encode())
            found = findings(dsn, rule)
            assert {it.object: it.severity for it in found} == example.findings, example.about
            assert len(found) == len(example.findings), example.about
            by_object = {it.object: it.evidence for it in found}
            for name, evidence in example.evidence.items():
                assert by_object[name] | evidence == by_object[name], example.about
            if not example.is_mended:
                continue
            for finding in found:
                for statement in finding.suggestion.split(";\n"):
                    connection.execute(statement.encode())
            assert findings(dsn, rule) == (), example.about


def test_reference_to_a_versioned_key_takes_a_design(dsn: str) -> None:
    """No statement makes a foreign key to a part of a key."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table nodes (node_id bigint, version bigint, primary key (node_id, version));"
            "create table node_tags (node_id bigint, k text, primary key (node_id, k))"
        )
    assert [it.remedy for it in findings(dsn, "reference_has_foreign_key")] == ["redesign"]


def test_indexes_go_where_the_rows_are(dsn: str) -> None:
    """What inherits has no part in an index of its parent."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table p (id bigint primary key); create table c (p_id bigint references p);"
            "create table c1 () inherits (c); create table c2 () inherits (c1); create index on c1 (p_id)"
        )
    (finding,) = findings(dsn, "foreign_key_has_index")
    assert finding.suggestion.split(";\n") == [
        "create index concurrently on public.c (p_id)",
        "create index concurrently on public.c2 (p_id)",
    ]


def test_what_points_at_a_key_grows_with_it(dsn: str) -> None:
    """Also where the partitions alone have the foreign key."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table p (id int primary key); create table q (id bigint primary key, p_id int references p);"
            "create table c (a int, p_id int) partition by list (a); create table c1 partition of c default;"
            "alter table c1 add foreign key (p_id) references p"
        )
    (finding,) = findings(dsn, "key_is_bigint")
    assert finding.suggestion.split(";\n") == [
        "alter table public.p alter column id type bigint",
        "alter table public.c alter column p_id type bigint",
        "alter table public.q alter column p_id type bigint",
    ]


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
    """What the rules of this file say of the scenario's schema with its sample data."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
    keys = {"customers.customer_id", "orders.order_id"}
    assert {rule: {it.object for it in findings(dsn, rule)} for rule in EXAMPLES} == {
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
    assert (finding.object, finding.severity) == ("reviews.product_id", "critical")
