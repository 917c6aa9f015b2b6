"""What the catalogue means: inheritance, keys over time, constraints that nobody enforces, indexes of partitions."""

from __future__ import annotations

from collections import defaultdict

import psycopg
import pytest

from tests.lint.keys import Example, check
from tests.lint.support import findings, judged

pytestmark = pytest.mark.both_versions


def said(dsn: str, make: str) -> dict[str, set[str]]:
    """Objects by rule, of all rules, for a schema."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(make.encode())
    verdicts = judged(dsn)
    assert {(verdict.status, verdict.reason) for verdict in verdicts} == {("checked", "")}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for verdict in verdicts:
        for finding in verdict.findings:
            found[finding.rule.removeprefix("schema.")].add(finding.object)
    return found


def test_a_child_by_inherits_is_a_table_of_its_own(dsn: str) -> None:
    """It has columns, keys and indexes of its own; what it inherits is judged once, and siblings need not agree."""
    found = said(
        dsn,
        """
        create table cust (id serial primary key); create table ord (id serial primary key);
        create table base (id serial primary key, ref_id int not null, fee float8);
        create table n1 (primary key (id), foreign key (ref_id) references cust) inherits (base);
        create table n2 (primary key (id), foreign key (ref_id) references cust) inherits (base);
        create table n3 (primary key (id), foreign key (ref_id) references ord) inherits (base);
        create table n4 (extra_id int references ord, price float8, at timestamp) inherits (base);
        insert into n4 (id, ref_id) values (1, 1), (2, 2);
        """,
    )
    assert found["partitions_agree"] == set()
    assert found["money_is_exact"] == {"base.fee", "n4.price"}
    assert found["table_has_primary_key"] == {"n4"}
    assert found["foreign_key_has_index"] == {"n1.ref_id", "n2.ref_id", "n3.ref_id", "n4.extra_id"}
    assert found["time_has_zone"] == {"public"}
    assert found["key_is_bigint"] == {"base.id", "cust.id", "ord.id"}
    (key,) = findings(dsn, "table_has_primary_key")
    assert key.suggestion.startswith("create unique index concurrently n4_pkey on public.n4 (id)"), "its parent's key"


def test_what_one_child_lacks_is_counted_in_it_alone(dsn: str) -> None:
    """A foreign key of a parent does not hold for its children, whose rows the parent shows as well."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table p (id int primary key); create table c (id int primary key, p_id int references p);"
            "create table d () inherits (c); insert into d values (1, 77);"
            "create table q () inherits (p); insert into q values (5);"
        )
        assert findings(dsn, "foreign_key_holds") == ()
        connection.execute("set session_replication_role = replica; insert into c values (2, 5)")
    (found,) = findings(dsn, "foreign_key_holds")
    assert (found.object, found.evidence["orphans"]) == ("c.c_p_id_fkey", 1)


def test_a_key_without_overlaps_is_no_lookup_and_no_btree_serves_it(dsn: str) -> None:
    """PostgreSQL 18: periods take gist, and one id has several rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.info.server_version < 180000:
            return
    make = """
        create extension btree_gist;
        create table room (id int, name text, valid daterange, primary key (id, valid without overlaps));
        create table booking (
            id int primary key, room_id int, valid daterange,
            foreign key (room_id, period valid) references room (id, period valid)
        );
        create index on booking (room_id, valid);
    """
    found = said(dsn, make)
    assert found["foreign_key_has_index"] == {"booking.(room_id, valid)"}
    assert found["lookup_name_is_unique"] == found["table_has_primary_key"] == set()
    (finding,) = findings(dsn, "foreign_key_has_index")
    assert finding.suggestion == "create index concurrently on public.booking using gist (room_id, valid);"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(finding.suggestion.encode())
    assert findings(dsn, "foreign_key_has_index") == ()


def test_a_constraint_that_is_not_enforced_is_none(dsn: str) -> None:
    """PostgreSQL 18: each is a finding, and so is what is missing because of it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.info.server_version < 180000:
            return
    make = """
        create table cust (id int primary key, name text not null unique);
        insert into cust select n, n::text from generate_series(1, 9) as n;
        create table pay (
            id bigint generated always as identity primary key,
            amount numeric(12, 2) not null check (amount >= 0) not enforced,
            status text not null check (status in ('a', 'b')) not enforced,
            cust_id int not null references cust not enforced, fine int check (fine > 0) not enforced
        );
        insert into pay (amount, status, cust_id, fine) select n, 'zzz', n, 1 from generate_series(1, 9) as n;
    """
    found = said(dsn, make)
    names = {"pay_amount_check", "pay_status_check", "pay_cust_id_fkey", "pay_fine_check"}
    assert found["constraint_is_enforced"] == {f"pay.{name}" for name in names}
    assert found["constraint_is_validated"] == set()
    assert found["number_has_range_check"] == {"pay.amount"}
    assert found["status_is_constrained"] == {"pay.status"}
    assert found["reference_has_foreign_key"] == {"pay.cust_id"}
    remedies = {it.object: it for it in findings(dsn, "constraint_is_enforced")}
    assert {name for name, it in remedies.items() if it.remedy == "statement"} == {
        "pay.pay_amount_check", "pay.pay_cust_id_fkey", "pay.pay_fine_check"
    }  # fmt: skip
    assert remedies["pay.pay_status_check"].evidence["violating rows"] == 9
    with psycopg.connect(dsn, autocommit=True) as connection:
        for finding in remedies.values():
            for statement in finding.suggestion.split(";\n") if finding.remedy == "statement" else ():
                connection.execute(statement.encode())
    assert {it.object for it in findings(dsn, "constraint_is_enforced")} == {"pay.pay_status_check"}


def test_an_invalid_index_says_whether_writes_update_it(dsn: str) -> None:
    """A build that failed at a duplicate was not ready for them; one that was cancelled later is."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (n int); insert into t values (1), (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("create unique index concurrently i on t (n)")
        (finding,) = findings(dsn, "index_is_valid")
        assert finding.message == "index i on table t is not valid: queries ignore it, writes do not update it"
        connection.execute("delete from t; update pg_index set indisready = true where indexrelid = 'i'::regclass")
        (finding,) = findings(dsn, "index_is_valid")
        assert finding.message == "index i on table t is not valid: queries ignore it, writes update it"


def test_indexes_that_are_there_are_attached(dsn: str) -> None:
    """A copy is built only for the partition that has none."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table pt (id int, c int) partition by range (id);"
            "create table pt1 partition of pt for values from (1) to (10);"
            "create table pt2 partition of pt for values from (10) to (20);"
            "create index on pt1 (c); create index on pt1 (c desc); create unique index on pt2 (c);"
            "create index pti on only pt (c)"
        )
    (finding,) = findings(dsn, "index_is_valid")
    assert finding.suggestion.removesuffix(";").split(";\n") == [
        "alter index public.pti attach partition public.pt1_c_idx",
        "create index concurrently pt2_pti on public.pt2 USING btree (c)",
        "alter index public.pti attach partition public.pt2_pti",
    ]
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in finding.suggestion.split(";\n"):
            connection.execute(statement.encode())
    assert findings(dsn, "index_is_valid") == ()


def test_a_key_over_a_column_that_is_set_null_is_none(dsn: str) -> None:
    """The deletion of the referenced row would fail."""
    check(
        dsn,
        "table_has_primary_key",
        [
            Example(
                "a junction whose column a deletion empties, and one without",
                """
                create table a (id int primary key); create table b (id int primary key);
                create table l (a_id int references a on delete set null, b_id int references b);
                create table m (a_id int references a on delete cascade, b_id int references b);
                """,
                {"l": "critical", "m": "critical"},
                remedies={"l": "rewrite", "m": "statement"},
            )
        ],
    )


def test_no_suggestion_holds_transaction_control(dsn: str) -> None:
    """It would commit its reader's transaction."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table a (id serial primary key, at timestamp, status text check (status in ('x', 'y')));"
            "create table b (id serial primary key, a_id int, doc json, price float, is_on int)"
        )
    suggestions = [finding.suggestion for verdict in judged(dsn) for finding in verdict.findings]
    lines = [line.strip("; ").lower() for text in suggestions for line in text.splitlines()]
    assert not {"begin", "commit", "rollback", "start transaction"} & {*lines}
    assert len(suggestions) > 10


def test_a_small_share_of_a_key_is_not_said_to_be_none(dsn: str) -> None:
    """And no number is named where none is used."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table empty (id serial primary key); create table few (id serial primary key)")
        connection.execute("insert into few values (161)")
    ends = "has type integer, which ends at 2147483647;"
    assert [it.message for it in findings(dsn, "key_is_bigint")] == [
        f"empty.id {ends} no number is used yet",
        f"few.id {ends} the largest number used is 161 (less than 0.1 %)",
    ]
