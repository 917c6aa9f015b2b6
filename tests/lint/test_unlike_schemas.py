"""Rules on schemas of unlike styles: inheritance, archives, old names, tenants, tables of links, measurements."""

from __future__ import annotations

from typing import Final

import pytest

from tests.lint.keys import Example, check

pytestmark = pytest.mark.both_versions

EXAMPLES: Final[dict[str, list[Example]]] = {
    "reference_has_foreign_key": [
        Example(
            "a parent of others by INHERITS, whose children's rows no foreign key sees",
            """
            create table document (id serial primary key, no text);
            create table invoice (primary key (id)) inherits (document);
            create table line (id int primary key, document_id int not null);
            insert into invoice (no) select n from generate_series(1, 20) as n;
            insert into line select n, n from generate_series(1, 20) as n;
            """,
            {"line.document_id": "info"},
            {"line.document_id": {"all values agree": True}},
            {"line.document_id": "redesign"},
        ),
        Example(
            "the table's name alone, with the key's type: text, number, another type; a period; a key's old name",
            """
            create table currency (code char(3) primary key); create table centre (id smallint primary key);
            create table branch (br_cd char(3) primary key);
            create table closing (period int primary key);
            create table line (
                id int primary key, currency char(3), centre smallint, period int, br_cd char(3), "Currency" varchar(3)
            );
            insert into currency values ('EUR'), ('USD'); insert into centre values (1), (2);
            insert into branch values ('B1'), ('B2'); insert into closing values (1), (2);
            insert into line select n, case n % 2 when 0 then 'EUR' else 'USD' end, 1 + n % 2, 1 + n % 2,
                'B' || 1 + n % 2
              from generate_series(1, 20) as n;
            """,
            {"line.currency": "warning", "line.centre": "info", "line.br_cd": "critical"},
            {},
            {"line.currency": "statement", "line.centre": "redesign", "line.br_cd": "statement"},
        ),
        Example(
            "columns of a composite reference, which has a rule of its own",
            """
            create table branch (branch_id int primary key);
            create table copy (branch_id int references branch, copy_no int, primary key (branch_id, copy_no));
            create table loan (id int primary key, branch_id int, copy_no int);
            """,
        ),
    ],
    "key_has_generator": [
        Example(
            "numbers from 1 under an old name; numbers with a meaning, and an archive's",
            """
            create table reader (reader_no int primary key, nm text, town text, note text, age int, sex text);
            create table subject (subj_no int primary key, descr text, town text, note text, age int, sex text);
            create table deleted_reader (id int primary key, nm text);
            insert into reader select n from generate_series(1, 30) as n;
            insert into subject select n * 10 from generate_series(1, 30) as n;
            insert into deleted_reader select n from generate_series(1, 30) as n;
            """,
            {"reader.reader_no": "warning"},
            {},
            {"reader.reader_no": "statement"},
        ),
    ],
    "flag_is_boolean": [
        Example(
            "participles that default to no; with other values, without a default, of few rows",
            """
            create table a (
                id int primary key, banned int not null default 0, done smallint not null default 0,
                visited int not null default 0, paid int, reconciled int not null default 1,
                on_duty int not null default 1,
                step int not null default 0
            );
            create table few (id int primary key, banned int not null default 0);
            insert into a select n, n % 2, n % 2, n % 3, n % 2, n % 2, n % 2, n % 2 from generate_series(1, 30) as n;
            insert into few values (1, 1), (2, 0);
            """,
            {"a.banned": "info", "a.done": "info", "a.reconciled": "info", "a.on_duty": "info"},
            is_mended=False,
        ),
    ],
    "table_has_primary_key": [
        Example(
            "links that rows tell to be a key, with and without a number; what repeats, and a day beside the links",
            """
            create table p (id int primary key); create table q (id int primary key);
            create table link (p_id int not null references p, q_id int not null references q, a text, b text);
            create table rate (p_id int not null references p, valid_from date not null, rate numeric, note text);
            create table shift (p_id int not null references p, q_id int not null references q, day date not null);
            create table again (p_id int not null references p, q_id int not null references q, a text, b text);
            insert into p select n from generate_series(1, 30) as n; insert into q select id from p;
            insert into link select id, id from p;
            insert into rate select id, day from p, (values (date '2024-01-01'), ('2024-02-01')) as d (day);
            insert into shift select id, id, day from p, (values (date '2024-01-01'), ('2024-02-01')) as d (day);
            insert into again select id, id from p union all select id, id from p;
            """,
            {"link": "critical", "rate": "critical", "shift": "critical", "again": "critical"},
            {
                "link": {"unique in all rows": "p_id, q_id"},
                "rate": {"unique in all rows": "p_id, valid_from"},
                "shift": {"unique in all rows": "p_id, q_id, day"},
            },
            {"link": "redesign", "rate": "redesign", "shift": "redesign", "again": "rewrite"},
        ),
    ],
    "group_is_unique": [
        Example(
            "names within a tenant, versions of a parent, another system's numbers; a name that is unique alone",
            """
            create table tenant (id int primary key); create table team (id int primary key);
            create table project (
                id int primary key, tenant_id int not null references tenant, team_id int not null references team,
                key text, name text
            );
            create table note (id int primary key); create table note_version (
                id int primary key, note_id int not null, version_no int not null
            );
            create table purchase (id int primary key, store text not null, store_order_id text not null);
            insert into tenant select n from generate_series(0, 19) as n; insert into team select id from tenant;
            insert into project select n, n % 20, n % 20, 'K' || n / 20, 'N' || n from generate_series(0, 199) as n;
            insert into note select n from generate_series(0, 19) as n;
            insert into note_version select n, n % 20, n / 20 from generate_series(0, 199) as n;
            insert into purchase select n, 's' || n % 2, 'o' || n from generate_series(1, 40) as n;
            """,
            {
                "project.(tenant_id, key)": "info",
                "note_version.(note_id, version_no)": "info",
                "purchase.(store, store_order_id)": "info",
            },
            {},
            {"project.(tenant_id, key)": "redesign"},
        ),
    ],
    "same_name_same_type": [
        Example(
            "one identifier in several widths; names, and a key",
            """
            create table a (id int primary key, customer_no varchar(40), iban varchar(34), name varchar(10));
            create table b (id int primary key, customer_no varchar(24), iban char(22), name varchar(20));
            create table c (customer_no varchar(20) primary key);
            """,
            {"b.customer_no": "info", "b.iban": "info"},
            {"b.customer_no": {"widest": 40}},
            {"b.customer_no": "statement", "b.iban": "redesign"},
        ),
    ],
    "optional_columns_have_check": [
        Example(
            "together or not at all in rows that show both; always there, which shows nothing",
            """
            create table a (id int primary key, price numeric, currency char(3), fx_rate numeric, fx_amount numeric);
            insert into a select n, case when n % 2 = 0 then 1 end, case when n % 2 = 0 then 'EUR' end, 1, 2
              from generate_series(1, 20) as n;
            """,
            {"a.price": "warning", "a.fx_rate": "info"},
            {},
            {"a.price": "statement", "a.fx_rate": "redesign"},
        ),
    ],
    "status_is_constrained": [
        Example(
            "a type beside the table's own key; what HTTP answered, and a type beside a reference",
            """
            create table admission (admission_id int primary key, admission_type text, response_status int,
              item_type text, item_id int);
            insert into admission select n, 'a' || n % 3, 200 + n % 2 from generate_series(1, 30) as n;
            """,
            {"admission.admission_type": "info"},
        ),
    ],
    "natural_key_is_unique": [
        Example(
            "what mostly repeats, and a part of a composite reference; an account number that two may share",
            """
            create table book (isbn text, edition int, primary key (isbn, edition));
            create table copy (id int primary key, isbn text, edition int);
            create table line (id int primary key, iban text);
            create table party (id int primary key, iban text);
            insert into line select n, n % 3 from generate_series(1, 40) as n;
            insert into party select n, n from generate_series(1, 40) as n;
            """,
            {"party.iban": "info"},
        ),
    ],
    "table_has_timestamps": [
        Example(
            "what was measured, lives for minutes or is a line of a log is not changed",
            """
            create table reading (id int primary key, measured_at timestamptz not null);
            create table oauth_state (id int primary key, expires_at timestamptz not null);
            create table log_line (id int primary key, at timestamptz not null);
            create table deployed (id int primary key, deployed_at bigint not null);
            """,
            {"deployed": "info"},
        ),
    ],
    "money_is_exact": [
        Example(
            "a rate of any size keeps its digits before the point",
            """
            create table rate (id int primary key, rate float8);
            insert into rate select n, n * 1000 + 0.5 from generate_series(1, 20) as n;
            """,
            {"rate.rate": "info"},
            {"rate.rate": {"values that numeric(18, 8) does not hold": 0}},
        ),
    ],
    "lookup_name_is_unique": [
        Example(
            "a list's names; companies and persons may share one",
            """
            create table kind (id int primary key, name text); create table client (id int primary key, name text);
            create table item (id int primary key, kind_id int references kind, client_id int references client);
            insert into kind values (1, 'a'), (2, 'b'); insert into client values (1, 'a'), (2, 'b');
            """,
            {"kind.name": "info"},
        ),
    ],
}


@pytest.mark.parametrize("rule", EXAMPLES)
def test_finds_what_it_should(dsn: str, rule: str) -> None:
    check(dsn, rule, EXAMPLES[rule])
