"""Evidence decides: what data or the catalogue show earns a statement, and a name alone asks a question."""

from __future__ import annotations

from typing import Final

import pytest

from tests.lint.keys import Example, check

pytestmark = pytest.mark.both_versions

EXAMPLES: Final[dict[str, list[Example]]] = {
    "reference_has_foreign_key": [
        Example(
            "all values have a row; too few values; one value; orphans among many; nothing but orphans",
            """
            create table shop (id int primary key); create table brand (id uuid primary key);
            create table sale (id int primary key, shop_id int, brand_id uuid);
            create table few (id int primary key, shop_id int);
            create table fixed (id int primary key, shop_id int);
            create table mostly (id int primary key, shop_id int);
            create table partly (id int primary key, shop_id int);
            create table tenant (id uuid primary key); insert into tenant values (gen_random_uuid());
            create table member (id int primary key, tenant_id uuid);
            insert into shop select generate_series(1, 9);
            insert into brand select gen_random_uuid() from generate_series(1, 9);
            insert into sale select n, n, b.id from generate_series(1, 9) as n
              join (select row_number() over () as m, id from brand) as b on b.m = n;
            insert into few values (1, 1), (2, 2);
            insert into fixed select n, 1 from generate_series(1, 30) as n;
            insert into mostly select n, n % 9 + 1 from generate_series(1, 30) as n;
            insert into mostly values (99, 77);
            insert into partly select n, n from generate_series(6, 15) as n;
            insert into member select n, '00000000-0000-0000-0000-000000000000' from generate_series(1, 30) as n;
            """,
            {
                "sale.shop_id": "critical",
                "sale.brand_id": "critical",
                "few.shop_id": "info",
                "fixed.shop_id": "info",
                "mostly.shop_id": "critical",
                "partly.shop_id": "info",
                "member.tenant_id": "info",
            },
            {"mostly.shop_id": {"values": 31, "values without a referenced row": 1}},
            {
                "sale.shop_id": "statement",
                "sale.brand_id": "statement",
                "few.shop_id": "redesign",
                "fixed.shop_id": "redesign",
                "mostly.shop_id": "redesign",
                "partly.shop_id": "redesign",
                "member.tenant_id": "redesign",
            },
        ),
        Example(
            "a log, an archive and a reader's place: a question, and none where they outlive what they name",
            """
            create table item (id int primary key);
            create table item_log (id int primary key, item_id int);
            create table deleted_items (id int primary key, item_id int);
            create table reader (id int primary key, last_item_id int);
            create table gone_log (id int primary key, item_id int);
            insert into item select generate_series(1, 9);
            insert into item_log select n, n from generate_series(1, 9) as n;
            insert into deleted_items select n, n + 20 from generate_series(1, 9) as n;
            insert into reader select n, n from generate_series(1, 9) as n;
            insert into gone_log select n, n + 5 from generate_series(1, 9) as n;
            """,
            {"item_log.item_id": "info", "reader.last_item_id": "info"},
            remedies={"item_log.item_id": "redesign", "reader.last_item_id": "redesign"},
        ),
        Example(
            "a parent in a table of versions is a row of the logged table",
            """
            create table post (id serial primary key, parent_id int references post);
            create table post_version (id serial primary key, post_id int not null references post, parent_id int);
            """,
        ),
        Example(
            "what other foreign keys do with deleted rows is a choice here, too",
            """
            create table users (id int primary key);
            create table posts (id int primary key, user_id int references users on delete cascade);
            create table notes (id int primary key, user_id int);
            insert into users select generate_series(1, 9);
            insert into notes select n, n from generate_series(1, 9) as n;
            """,
            {"notes.user_id": "critical"},
            {"notes.user_id": {"other references on delete": "CASCADE"}},
            {"notes.user_id": "redesign"},
        ),
    ],
    "natural_key_is_unique": [
        Example(
            "unique within a tenant, as another index says; as nothing says; and without one",
            """
            create table org (id int primary key);
            insert into org values (1), (2);
            create table sub (id int primary key, org_id int not null references org, number int, external_id text,
              unique (org_id, number));
            insert into sub select n, n % 2 + 1, n, 's' || n / 2 from generate_series(2, 9) as n;
            create table plan (id int primary key, org_id int not null references org, slug text);
            insert into plan select n, n % 2 + 1, 'p' || n from generate_series(1, 9) as n;
            create table users (id int primary key, login text, locale text);
            insert into users select n, 'u' || n, 'en' from generate_series(1, 9) as n;
            create table products (id int primary key, sku text);
            insert into products select n, 'u' || n from generate_series(1, 9) as n;
            create table people (id int primary key, email text);
            insert into people select n, 'u' || n from generate_series(1, 9) as n;
            """,
            {
                "sub.external_id": "warning", "plan.slug": "info", "users.login": "info", "products.sku": "info",
                "people.email": "warning",
            },
            {"sub.external_id": {"scope": "org_id", "duplicates": 0}, "plan.slug": {"scope": "org_id"}},
            {
                "sub.external_id": "statement", "plan.slug": "redesign", "products.sku": "redesign",
                "people.email": "statement",
            },
        ),
    ],
    "key_is_bigint": [
        Example(
            "a quarter of the range, and a pace that ends within years; every column that holds the key is widened",
            """
            create table used (id int primary key); insert into used values (600000000);
            create table fast (id int primary key, created_at timestamptz);
            insert into fast values (1, '2020-01-01'), (300000000, '2021-01-01');
            create table slow (id int primary key, created_at timestamptz);
            insert into slow values (1, '2020-01-01'), (3000, '2021-01-01');
            create table loaded (id int primary key, created_at timestamptz);
            insert into loaded values (1, '2020-01-01'), (300000000, '2020-01-01');
            create table detail (used_id int primary key references used);
            create table part (id bigint primary key, detail_id int references detail, used_id int);
            """,
            {"used.id": "warning", "fast.id": "warning", "slow.id": "info", "loaded.id": "info"},
            {"used.id": {"columns that hold it": ["detail.used_id", "part.detail_id", "part.used_id"]}},
        ),
    ],
    "key_has_generator": [
        Example(
            "numbers that follow each other, numbers of another system, and none",
            """
            create table a (id int primary key); insert into a select generate_series(1, 9);
            create table b (id bigint primary key); insert into b select n * 1000003 from generate_series(1, 9) as n;
            create table c (id int primary key);
            """,
            {"a.id": "warning", "b.id": "info", "c.id": "info"},
            remedies={"a.id": "statement", "b.id": "redesign", "c.id": "redesign"},
        ),
    ],
    "sequence_is_ahead_of_data": [
        Example(
            "keys that a program makes",
            """
            create table a (id bigserial primary key); insert into a values (1234567890123456789);
            create table b (id bigserial primary key); insert into b values (12);
            """,
            {"a.id": "info", "b.id": "critical"},
            remedies={"a.id": "redesign", "b.id": "statement"},
        ),
    ],
    "number_has_range_check": [
        Example(
            "entries of a ledger, and amounts that are negative",
            """
            create table ledger_entry (id int primary key, amount numeric(12, 2) not null);
            insert into ledger_entry values (1, 10), (2, -10);
            create table journal (id int primary key, amount int);
            create table bill (id int primary key, amount int, price int, cost int);
            insert into bill select n, -n, n - 1, n from generate_series(1, 20) as n;
            update bill set price = -1 where id = 5;
            """,
            {
                "ledger_entry.amount": "warning",
                "bill.amount": "info",
                "bill.price": "warning",
                "bill.cost": "warning",
            },
            remedies={
                "ledger_entry.amount": "statement",
                "bill.amount": "redesign",
                "bill.price": "redesign",
                "bill.cost": "statement",
            },
        ),
    ],
    "status_is_constrained": [
        Example(
            "today's values are no list, even where there are few; a CHECK is one, also of two tables alike",
            """
            create table job (id int primary key, status text, job_type text, phase text);
            insert into job select n, 's' || n % 3, 't' || n % 3, 'p' || n from generate_series(1, 60) as n;
            create table receipts_graph (id int primary key, receipts_state text check (receipts_state in ('a', 'b')));
            create table receipts_linear (id int primary key, receipts_state text check (receipts_state in ('a', 'c')));
            create table spelt (id int primary key, state text check (upper(state) in ('A', 'B')));
            create table day (id int, at date, status text check (status in ('a', 'b'))) partition by range (at);
            """,
            {
                "job.status": "warning",
                "job.job_type": "info",
                "receipts_graph.receipts_state": "info",
                "receipts_linear.receipts_state": "info",
                "spelt.state": "info",
                "day.status": "info",
            },
            remedies={
                "job.status": "redesign",
                "job.job_type": "redesign",
                "receipts_graph.receipts_state": "statement",
                "receipts_linear.receipts_state": "statement",
                "spelt.state": "redesign",
                "day.status": "statement",
            },
        ),
    ],
    "money_is_exact": [
        Example(
            "cents, more digits than cents, and a measurement",
            """
            create table bill (id int primary key, price float, fee float, cost float);
            insert into bill select n, n / 4.0, case n when 3 then 0.125 else n end, sqrt(n + 0.5)
              from generate_series(1, 9) as n;
            insert into bill values (10, 'NaN', 'infinity', 1);
            """,
            {"bill.price": "critical", "bill.fee": "critical", "bill.cost": "info"},
            remedies={"bill.price": "rewrite", "bill.fee": "redesign", "bill.cost": "redesign"},
        ),
    ],
    "lookup_name_is_unique": [
        Example(
            "a tree, whose nodes need only differ below one parent, and a list without a row",
            """
            create table menu_node (id int primary key, label text, parent int references menu_node);
            create table kind (id int primary key, label text);
            create table page (id int primary key, menu_node_id int references menu_node, kind_id int references kind);
            insert into menu_node values (1, 'a'), (2, 'b');
            """,
            {"kind.label": "info"},
            remedies={"kind.label": "redesign"},
        ),
    ],
    "json_is_jsonb": [
        Example(
            "repeated keys would be lost",
            """
            create table doc (id int primary key, settings json, extra json, payload json);
            insert into doc values (1, '{"a": 1, "a": 2}', '{"a": 1}', '{}');
            """,
            {"doc.settings": "warning", "doc.extra": "warning", "doc.payload": "info"},
            remedies={"doc.settings": "redesign", "doc.extra": "rewrite", "doc.payload": "redesign"},
        ),
    ],
    "calendar_day_is_date": [
        Example(
            "only where no time of day is lost",
            """
            create table person (id int primary key, birth_date timestamp, hire_date timestamp, dob timestamptz);
            insert into person select n, '2000-01-01', '2000-01-01'::timestamp + n * interval '1 second', '2000-01-01'
              from generate_series(1, 9) as n;
            """,
            {"person.birth_date": "warning", "person.hire_date": "info", "person.dob": "warning"},
            remedies={"person.birth_date": "rewrite", "person.hire_date": "redesign", "person.dob": "redesign"},
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "examples"), [pytest.param(*it, id=it[0]) for it in EXAMPLES.items()])
def test_rule(dsn: str, rule: str, examples: list[Example]) -> None:
    """Each finds what it should and nothing else, and what it suggests helps."""
    check(dsn, rule, examples)
