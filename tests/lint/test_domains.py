"""Rules on what columns may hold: codes, times, ports, ranges, identifiers, and keys of several columns."""

from __future__ import annotations

from typing import Final

import pytest

from tests.lint.keys import Example, check
from tests.lint.support import findings

pytestmark = pytest.mark.both_versions

EXAMPLES: Final[dict[str, list[Example]]] = {
    "code_is_constrained": [
        Example(
            "codes of few values; of many, of few rows, checked, an enum, a postal code, what another rule judges",
            """
            create type mood as enum ('good', 'bad');
            create table a (
                id int primary key, sex_code smallint, sex char(1), stat char(1) check (stat in ('a', 'b')), kind text,
                post_code int, mood_code mood, order_status text, subject_type text,
                subject_id int, level int, note text
            );
            create table few (id int primary key, kind text, level int);
            insert into a select n, n % 3, 'm', 'a', 'k' || n % 4, n % 3, 'good', 's', 'S', n, n, 'n' || n % 2
              from generate_series(1, 40) as n;
            insert into few values (1, 'a', 1), (2, 'b', 2);
            """,
            {"a": "info"},
            {"a": {"distinct values": {"sex_code": 3, "kind": 4}}},
        ),
    ],
    "time_is_timestamp": [
        Example(
            "seconds, milliseconds and days as text; numbers and texts that merely have such names",
            """
            create table a (
                id int primary key, seen_at int, sent_ms bigint, day char(8), on_day text, expires bigint, started int,
                last_event_id bigint, at text, next_run int
            );
            insert into a select n, 1700000000 + n, 1700000000000 + n, '2024010' || n % 9 + 1, '2024-01-0' || n % 9 + 1,
              1700000000000000 + n, n % 2, 1700000000 + n, 'noon', 1700000000 + n from generate_series(1, 20) as n;
            """,
            {
                "a.seen_at": "warning",
                "a.sent_ms": "info",
                "a.day": "info",
                "a.on_day": "info",
                "a.expires": "info",
                "a.next_run": "warning",
            },
            {
                "a.seen_at": {"seconds": 20},
                "a.sent_ms": {"milliseconds": 20},
                "a.expires": {"microseconds": 20},
                "a.day": {"days as text": 20},
            },
            dict.fromkeys(["a.seen_at", "a.sent_ms", "a.day"], "redesign"),
        ),
    ],
    "type_fits_values": [
        Example(
            "ports in 16 bits, addresses as text; ports in 32 bits, and another smallint",
            """
            create table a (id int primary key, ssh_port smallint, dst_port int, support smallint, ip text, zip_ip text,
              peer inet, ip_address varchar(45));
            insert into a select n, 22, 22, 1, '10.0.0.' || n, 'none', null, 'fe80::' || n
              from generate_series(1, 9) as n;
            """,
            {"a.ssh_port": "warning", "a.ip": "info", "a.ip_address": "info"},
            {"a.ssh_port": {"largest value": 22}, "a.ip": {"addresses": 9}},
            {"a.ssh_port": "rewrite", "a.ip": "redesign"},
        ),
    ],
    "index_fits_values": [
        Example(
            "prose, with a limit, by a hash, by an expression, and a name",
            """
            create table a (id int primary key, body text, note varchar(100), title text, content text);
            create index on a (body); create index on a (note); create index on a (title);
            create index on a using hash (content); create index on a (md5(content)); create index on a (id, content);
            insert into a values (1, repeat('x', 1400), 'n', 't', 'c');
            """,
            {"a_body_idx": "warning", "a_id_content_idx": "info"},
            {"a_body_idx": {"longest value in bytes": 1400}},
        ),
    ],
    "range_is_ordered": [
        Example(
            "ends that rows show in order, and one in reverse; checked, excluded, mostly in reverse, references",
            """
            create extension if not exists btree_gist;
            create table p (id int primary key);
            create table a (
                id int primary key, starts_at timestamptz, ends_at timestamptz, min_age int, max_age int,
                "validFrom" date, "validTo" date, opened_on date, closed_on date,
                from_id int references p, to_id int references p,
                start_no text, end_no text, low int, high int, check (closed_on >= opened_on)
            );
            create table b (id int primary key, valid_from date, valid_to date,
              exclude using gist (id with =, daterange(valid_from, valid_to) with &&));
            insert into a (id, starts_at, ends_at, min_age, max_age, "validFrom", "validTo", low, high)
              select n, now(), now() + interval '1 h', n, n + n % 3, '2024-01-01',
                case when n = 7 then date '2023-01-01' else '2024-02-01' end, 5, n % 5 from generate_series(1, 40) as n;
            """,
            {"a.(starts_at, ends_at)": "info", "a.(min_age, max_age)": "info", "a.(validFrom, validTo)": "warning"},
            {"a.(validFrom, validTo)": {"rows in reverse": 1}},
            {"a.(starts_at, ends_at)": "statement", "a.(validFrom, validTo)": "redesign"},
        ),
    ],
    "identifier_is_unique": [
        Example(
            "unlike in each row; a digest of a password, a tenth of few rows, a log, repeated, unique already",
            """
            create table a (
                id int primary key, doc_no text not null, password_hash text, serial_number text, stripe_id text,
                tag text unique
            );
            create table few (id int primary key, doc_no text);
            create table access_log (id int primary key, token text);
            insert into a select n, 'D' || n, md5(n::text), 'S' || n % 30, 'cus_' || n, n
              from generate_series(1, 40) as n;
            insert into few select n, n from generate_series(1, 10) as n;
            insert into access_log select n, n from generate_series(1, 40) as n;
            """,
            {"a": "info"},
            {"a": {"values": {"doc_no": 40, "stripe_id": 40}}},
        ),
    ],
    "composite_reference_has_key": [
        Example(
            "all rows, most rows and none; a longer key, the same key, a foreign key, a parent of the rows",
            """
            create table book (isbn text, edition int, primary key (isbn, edition));
            create table copy (isbn text, edition int, number int, primary key (isbn, edition, number));
            create table loan (id int primary key, "ISBN" text, edition int, number int);
            create table review (id int primary key, isbn text, edition int);
            create table wish (id int primary key, isbn text, edition int);
            create table cover (isbn text, edition int, primary key (isbn, edition));
            create table held (id int primary key, isbn text, edition int, foreign key (isbn, edition) references book);
            create table account (account_id int primary key, entry_no int);
            create table entry (account_id int references account, entry_no int, primary key (account_id, entry_no));
            insert into account select n, 1 from generate_series(1, 40) as n;
            insert into entry select account_id, entry_no from account;
            insert into book select 'i' || n, 1 from generate_series(1, 40) as n;
            insert into copy select isbn, edition, 1 from book;
            insert into loan select n, 'i' || n, 1, 1 from generate_series(1, 40) as n;
            insert into review select n, 'i' || n, 1 from generate_series(1, 42) as n;
            insert into wish select n, 'w' || n, 1 from generate_series(1, 42) as n;
            """,
            {
                "copy.(isbn, edition)": "critical",
                "loan.(ISBN, edition, number)": "critical",
                "review.(isbn, edition)": "critical",
            },
            {"review.(isbn, edition)": {"rows without a referenced row": 2}},
            {"copy.(isbn, edition)": "statement", "review.(isbn, edition)": "redesign"},
        ),
    ],
    "reference_is_known": [
        Example(
            "of no table; a comment that says so, another system's, polymorphic, a log, a key, text",
            """
            create table a (
                id int primary key, owner_id int, approved_by int, member_ids int[], session_id int, subject_id int,
                subject_type text, plant_id int, buyer_id text, order_by int, parent_uuid uuid
            );
            create table change_log (id int primary key, actor_id int);
            comment on column a.plant_id is 'keys of the factory''s system';
            """,
            {"public": "info"},
            {"public": {"columns": ["a.approved_by", "a.member_ids", "a.owner_id", "a.parent_uuid"]}},
        ),
    ],
    "time_is_no_key": [
        Example(
            "a unique moment; with a column beside it, a day, a partial one",
            """
            create table a (id int primary key, at timestamptz unique, day date unique, other timestamptz,
              unique (id, other));
            create unique index on a (other) where id > 1;
            """,
            {"a_at_key": "info"},
        ),
    ],
    "quantities_have_minimum": [
        Example(
            "counts and sizes; checked ones, differences",
            """
            create table a (id int primary key, seats int, weight_kg numeric, bytes bigint check (bytes >= 0),
              seats_diff int, size_change int, view_count int);
            """,
            {"public": "info"},
            {"public": {"columns": ["a.seats", "a.view_count", "a.weight_kg"]}},
        ),
        Example("one alone", "create table a (id int primary key, seats int)"),
    ],
    "text_is_not_padded": [
        Example(
            "long ones; codes, digests, and identifiers of one length",
            """
            create table a (id int primary key, a char(20), b char(30), c char(9), d char(3), hash char(64),
              isbn char(13), e varchar(20));
            """,
            {"public": "info"},
            {"public": {"columns": ["a.a", "a.b", "a.c"]}},
        ),
    ],
}


@pytest.mark.parametrize("rule", EXAMPLES)
def test_finds_what_it_should(dsn: str, rule: str) -> None:
    check(dsn, rule, EXAMPLES[rule])


def test_codes_are_named(dsn: str) -> None:
    check(dsn, "code_is_constrained", EXAMPLES["code_is_constrained"])
    (found,) = findings(dsn, "code_is_constrained")
    assert found.message.startswith("a: sex_code, kind look like codes, ")
