"""Rules on foreign keys, functions, privileges, groups, texts and balances."""

from __future__ import annotations

from typing import Final

import psycopg
import pytest

from tests.lint.keys import Example, check
from tests.lint.support import findings

pytestmark = pytest.mark.both_versions

EXAMPLES: Final[dict[str, list[Example]]] = {
    "foreign_key_is_needed": [
        Example(
            "the same twice, the same with another deletion, and others of the same columns",
            """
            create table p (id int primary key, a int, b int, unique (a, b), unique (b, a));
            create table q (id int primary key);
            create table c (
                id int primary key, p_id int references p, a int, b int, q_id int references q,
                foreign key (a, b) references p (a, b), foreign key (b, a) references p (b, a)
            );
            alter table c add constraint again foreign key (p_id) references p not valid;
            alter table c add constraint other foreign key (q_id) references q on delete cascade;
            alter table c add foreign key (p_id) references q;
            """,
            {"c.again": "info", "c.c_b_a_fkey": "info", "c.other": "warning"},
            {"c.again": {"other foreign key": "c_p_id_fkey"}},
            {"c.again": "statement", "c.c_b_a_fkey": "statement", "c.other": "redesign"},
        ),
    ],
    "foreign_key_holds": [
        Example(
            "rows that came while triggers were off; nulls, one NOT VALID, and sound ones",
            """
            create table p (id int primary key, a int, b int, unique (a, b));
            create table c (
                id int primary key, p_id int references p, a int, b int, foreign key (a, b) references p (a, b)
            );
            create table d (id int primary key, p_id int references p, q_id int);
            alter table d add foreign key (q_id) references p not valid;
            insert into p values (1, 1, 1);
            set session_replication_role = replica;
            insert into c values (1, 1, 1, 1), (2, 77, 1, 1), (3, null, 5, null), (4, 78, 5, 5);
            insert into d values (1, 1, 9);
            reset session_replication_role;
            """,
            {"c.c_p_id_fkey": "critical", "c.c_a_b_fkey": "critical"},
            {"c.c_p_id_fkey": {"orphans": 2}, "c.c_a_b_fkey": {"orphans": 1}},
            {"c.c_p_id_fkey": "redesign", "c.c_a_b_fkey": "redesign"},
        ),
    ],
    "function_has_search_path": [
        Example(
            "definers with and without a path, of both kinds, and an invoker",
            """
            create function bare(a int, b text) returns int language sql security definer as 'select 1';
            create function bare(a int) returns int language sql security definer as 'select 1';
            create procedure run() language plpgsql security definer as 'begin end';
            create function fixed() returns int language sql security definer set search_path = pg_catalog
              as 'select 1';
            create function parsed() returns int language sql security definer begin atomic select 1; end;
            create function invoker() returns int language sql as 'select 1';
            """,
            {"bare": "warning", "run": "warning"},
            {"bare": {"may be called by PUBLIC": True}},
            {"bare": "redesign", "run": "redesign"},
        ),
    ],
    "reference_keeps_owner": [
        Example(
            "two rows of one customer; one of another; one customer alone; a column that both merely have",
            """
            create table customer (id int primary key); create table kind (id int primary key);
            create table project (
                id int primary key, customer_id int references customer, kind_id int references kind
            );
            create table task (
                id int primary key, project_id int references project, customer_id int references customer,
                parent_id int references task, amount int
            );
            create table note (
                id int primary key, project_id int references project, customer_id int references customer
            );
            create table mark (
                id int primary key, project_id int references project, customer_id int references customer
            );
            insert into customer select generate_series(0, 3);
            insert into project select n, n % 4 from generate_series(0, 19) as n;
            insert into task select n, n, n % 4, case when n > 3 then n - 4 end from generate_series(0, 19) as n;
            insert into note select n, n, (n + n / 19) % 4 from generate_series(0, 19) as n;
            insert into mark select n, 4 * n, 0 from generate_series(0, 4) as n;
            """,
            {"task.(project_id, customer_id)": "info", "task.(parent_id, customer_id)": "info"},
            {"task.(project_id, customer_id)": {"column of both": "customer_id", "rows that agree": 20}},
            {"task.(project_id, customer_id)": "redesign", "task.(parent_id, customer_id)": "redesign"},
        ),
        Example(
            "a key that holds both",
            """
            create table customer (id int primary key);
            create table project (id int primary key, customer_id int references customer, unique (id, customer_id));
            create table task (
                id int primary key, project_id int references project, customer_id int references customer,
                foreign key (project_id, customer_id) references project (id, customer_id)
            );
            insert into customer select generate_series(0, 3);
            insert into project select n, n % 4 from generate_series(0, 19) as n;
            insert into task select n, n, n % 4 from generate_series(0, 19) as n;
            """,
        ),
    ],
    "group_is_unique": [
        Example(
            "pairs of a link table, a number within its parent, pairs that come again, and those that have a key",
            """
            create table a (id int primary key); create table b (id int primary key);
            insert into a select generate_series(0, 4); insert into b select generate_series(0, 4);
            create table link (id int primary key, a_id int references a, b_id int references b);
            create table stay (id int primary key, a_id int references a, b_id int references b, since date);
            create table again (id int primary key, a_id int references a, b_id int references b);
            create table few (id int primary key, a_id int references a, b_id int references b);
            create table kept (id int primary key, a_id int references a, b_id int references b, unique (b_id, a_id));
            create table line (id int primary key, a_id int not null references a, position int, note text, price int);
            insert into link select n, n % 5, n / 5 from generate_series(0, 24) as n;
            insert into stay select n, n % 5, n / 5 from generate_series(0, 24) as n;
            insert into again select n, n % 5, n % 5 from generate_series(0, 24) as n;
            insert into few select n, n, n from generate_series(0, 4) as n;
            insert into kept select n, n % 5, n / 5 from generate_series(0, 24) as n;
            insert into line select n, n % 5, n / 5 from generate_series(0, 24) as n;
            """,
            {"link.(a_id, b_id)": "warning", "stay.(a_id, b_id)": "info", "line.(a_id, position)": "info"},
            {"link.(a_id, b_id)": {"unique pairs": 25}},
            {"link.(a_id, b_id)": "statement", "stay.(a_id, b_id)": "redesign", "line.(a_id, position)": "redesign"},
        ),
    ],
    "text_is_not_blank": [
        Example(
            "a few blanks, many blanks, none; nullable, checked, defaulted, and where nothing need be said",
            """
            create table person (id int primary key, name text not null, nick text);
            insert into person select n, case n when 7 then '  ' else 'a' end from generate_series(1, 40) as n;
            create table web_user (id int primary key, first_name varchar(9) not null, login text not null default '');
            insert into web_user select n, '' from generate_series(1, 40) as n;
            create table city (
                id int primary key, name text not null, note text not null, code text not null check (code <> ''),
                street text not null, state text not null, country text not null
            );
            """,
            {"person": "warning", "web_user": "info", "public": "info"},
            {
                "person": {"blank name": 1},
                "web_user": {"blank first_name": 40},
                "public": {
                    "columns": [
                        "city.country", "city.name", "city.state", "city.street", "person.name", "web_user.first_name"
                    ]
                },
            },
            {"person": "redesign", "web_user": "redesign", "public": "redesign"},
        ),
    ],
    "balance_has_ledger": [
        Example(
            "a balance alone",
            """
            create table account (id int primary key, balance numeric, "openingBalance" numeric, balance_cents int);
            create table setting (id int primary key, amount int, white_balance text, balance_id int);
            """,
            {"account.balance": "info", "account.openingBalance": "info", "account.balance_cents": "info"},
        ),
        Example(
            "a balance with a table of its entries",
            """
            create table account (id int primary key, balance numeric);
            create table account_entry (id int primary key, account_id int references account, amount numeric);
            create table account_history (id int primary key, balance numeric);
            """,
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "examples"), [pytest.param(*it, id=it[0]) for it in EXAMPLES.items()])
def test_rule(dsn: str, rule: str, examples: list[Example]) -> None:
    """Each finds what it should and nothing else, and what it suggests helps."""
    check(dsn, rule, examples)


def test_roles_that_may_read_secrets(dsn: str) -> None:
    """PUBLIC and roles that log in, by table and by column; not the owner, nor where a policy decides."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            create role lint_reader login; create role lint_clerk login; create role lint_group;
            create table account (id int primary key, password_hash text, email text);
            create table client (id int primary key, iban text, name text);
            create table device (id int primary key, "apiKey" text, name text);
            create table vault (id int primary key, secret text);
            create table guarded (id int primary key, secret text);
            create table shop (id int primary key, name text, token_count int, pin_id int);
            alter table guarded enable row level security;
            grant select on account, guarded, shop to public;
            grant select on client to lint_reader, lint_group;
            grant select on device to lint_reader, lint_clerk;
            grant select (id) on vault to lint_reader;
        """)
        try:
            found = {it.object: it for it in findings(dsn, "secrets_are_private")}
        finally:
            for role in ("lint_reader", "lint_clerk", "lint_group"):
                connection.execute(f"drop owned by {role}; drop role {role}".encode())
    assert {name: it.severity for name, it in found.items()} == {
        "account": "critical", "client": "info", "device": "warning"
    }  # fmt: skip
    assert found["account"].evidence == {"columns": ["email", "password_hash"], "roles": ["PUBLIC"]}
    assert found["client"].evidence == {"columns": ["iban"], "roles": ["lint_reader"]}
    assert found["device"].evidence == {"columns": ["apiKey"], "roles": ["lint_clerk", "lint_reader"]}
    assert {it.remedy for it in found.values()} == {"redesign"}


def test_orphans_of_a_large_table_are_sampled(dsn: str) -> None:
    """And said to be."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table p (id int primary key); create table c (id int primary key, p_id int references p);"
            "insert into p values (1); set session_replication_role = replica;"
            "insert into c select n, n % 2 from generate_series(1, 10000) as n;"
            "update pg_class set reltuples = 2e6 where relname = 'c'"
        )
    (found,) = findings(dsn, "foreign_key_holds")
    assert 0 < found.evidence["orphans in a sample"] < found.evidence["sampled rows"]
