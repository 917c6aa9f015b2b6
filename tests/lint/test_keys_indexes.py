"""Rules on indexes and partitions: what lacks an index, what has one too many, which partitions differ."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest

from tests.lint.keys import Example, check
from tests.lint.support import findings

pytestmark = pytest.mark.both_versions

EXAMPLES: Final[dict[str, list[Example]]] = {
    "foreign_key_has_index": [
        Example(
            "foreign keys, a reference without one, several columns, lookups",
            """
            create table kinds (id int primary key, name text);
            create table users (id int primary key, email text, born date, unique (id, email));
            create table posts (
                id int primary key, user_id int references users, kind_id int references kinds, author_id int,
                author_email text,
                foreign key (author_id, author_email) references users (id, email)
            );
            create table notes (id int primary key, post_ref int, post_id int);
            insert into posts (id) select n from generate_series(1, 8) as n;
            insert into notes select n, n, 2 * n from generate_series(1, 8) as n;
            create index on posts (kind_id) where kind_id > 5;
            create index on posts (author_email);
            create index on posts (id, user_id);
            """,
            {
                "posts.user_id": "warning",
                "posts.kind_id": "info",
                "posts.(author_id, author_email)": "warning",
                "notes.post_ref": "warning",
            },
        ),
        Example(
            "the index of a part that is a key by itself; not that of one that is none, or of another column",
            """
            create table orders (id int primary key, root int references orders, firm int, unique (id, firm));
            alter table orders add foreign key (root, firm) references orders (id, firm);
            create index on orders (root);
            create table firms (id int primary key);
            create table parts (
                id int primary key, firm int references firms, root int, other int references orders,
                foreign key (root, firm) references orders (id, firm)
            );
            create index on parts (firm);
            create index on parts (other);
            """,
            {"parts.(root, firm)": "warning"},
        ),
        Example(
            "an index that begins with a key of one of the tables; not one that begins with another part",
            """
            create table orders (
                id int primary key, root int not null, firm int, copy int, entry int unique,
                unique (root, id, firm), -- its first column references a key
                foreign key (root, copy, firm) references orders (id, root, firm)
            );
            create table entries (number int, firm int, amount int, unique (number, firm, amount));
            alter table orders add foreign key (entry, firm, copy) references entries (number, firm, amount);
            create table lines (
                id int primary key, number int, firm int, amount int,
                foreign key (number, firm, amount) references entries (number, firm, amount)
            );
            create index on lines (number, id);
            create index on lines (firm, amount);
            """,
            {"lines.(number, firm, amount)": "warning"},
        ),
        Example(
            "an index of another kind, one that a partition lacks, and no partition yet",
            """
            create table users (id int primary key, email text);
            create table bans (id int primary key, user_id int references users);
            create index on bans using brin (user_id);
            create table visits (user_id int references users, day date) partition by range (day);
            create table visits_1 partition of visits for values from ('2020-01-01') to ('2021-01-01');
            create table visits_2 partition of visits for values from ('2021-01-01') to ('2022-01-01');
            create index on visits_1 (user_id);
            create table calls (user_id int references users, day date) partition by range (day);
            """,
            {"bans.user_id": "warning", "visits.user_id": "warning", "calls.user_id": "warning"},
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
            {"p": "info", "n1_a_idx1": "info"},
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


@pytest.mark.parametrize(("rule", "examples"), [pytest.param(*it, id=it[0]) for it in EXAMPLES.items()])
def test_rule(dsn: str, rule: str, examples: list[Example]) -> None:
    """Each rule finds exactly the expected objects, and its suggestion resolves the finding."""
    check(dsn, rule, examples)


def test_indexes_go_where_the_rows_are(dsn: str) -> None:
    """A child by INHERITS has neither the foreign key of its parent nor its index."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table p (id bigint primary key); create table c (p_id bigint references p);"
            "create table c1 () inherits (c); create table c2 (foreign key (p_id) references p) inherits (c1)"
        )
    assert [it.suggestion.removesuffix(";") for it in findings(dsn, "foreign_key_has_index")] == [
        "create index concurrently on public.c (p_id)",
        "create index concurrently on public.c2 (p_id)",
    ]
