"""The schema rules together: what they find in the scenario, and how their findings and suggestions are worded."""

from __future__ import annotations

import re
from typing import Final

import psycopg
import pytest
from psycopg import errors

from tests.lint.support import EXPECTED, found, judged

pytestmark = pytest.mark.both_versions


def test_scenario_has_exactly_its_faults(sample: str) -> None:
    """No more and no fewer, and each rule was judged."""
    verdicts = judged(sample)
    assert {verdict.status for verdict in verdicts} == {"checked"}
    assert found(verdicts) == EXPECTED
    for verdict in verdicts:
        for finding in verdict.findings:
            assert finding.message
            assert finding.suggestion
            assert finding.remedy in ("statement", "rewrite", "redesign")


REFUSALS: Final = (
    errors.CheckViolation,
    errors.ForeignKeyViolation,
    errors.NotNullViolation,
    errors.UniqueViolation,
)
#: Rows that break what lint suggests, by the rule that they stand in the way of.
IN_THE_WAY = """
    create table brand (id int, name text);
    insert into brand values (1, 'a'), (1, 'b'), (null, 'c');
    create table customer (id bigint primary key, email text);
    insert into customer select -n, n || '@example.org' from generate_series(0, 200) as n;
    update customer set email = '1@example.org' where id = 0;
    update customer set email = '' where id = -2;
    create table member (id bigint generated always as identity primary key, email text);
    insert into member (email) select n || '@example.org' from generate_series(1, 5) as n;
    insert into member (email) values (''), (''), (null);
    create table visit (
        id bigint generated always as identity primary key, customer_id bigint, price numeric(8, 2), lat int, lon int,
        balance numeric(8, 2)
    );
    create index on visit (customer_id);
    insert into visit (customer_id, price, lat, lon) select -n, 1, 0, 0 from generate_series(1, 30) as n;
    insert into visit (customer_id, price, lat, balance) values (7, -1, 1, 'NaN'), (0, 'NaN', null, 1);
    alter table visit add constraint lat_is_small check (lat < 1) not valid;
    create table call (customer_id bigint, day int) partition by list (day);
    create table call_1 partition of call for values in (1);
    create table call_2 partition of call for values in (2);
    create table call_3 partition of call for values in (3);
    alter table call_1 add foreign key (customer_id) references customer;
    alter table call_2 add foreign key (customer_id) references customer;
    insert into call values (7, 3);
"""


def test_rows_in_the_way_let_no_statement_fail(dsn: str) -> None:
    """What they break is kept from new rows, or is no statement; which rows they are is told."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(IN_THE_WAY.encode())
        findings = {
            (it.rule.removeprefix("schema."), it.object): it for verdict in judged(dsn) for it in verdict.findings
        }
        for finding in findings.values():
            if finding.remedy == "statement":
                for statement in finding.suggestion.split(";\n"):
                    connection.execute(statement.encode())
        left = {(rule, name): severity for rule, name, severity in found(judged(dsn))}
        assert findings["key_has_generator", "customer.id"].remedy == "statement"
        connection.execute("insert into customer default values")
    designs = {key for key, finding in findings.items() if finding.remedy == "redesign"}
    # what its third partition lacked has come
    assert designs - {("reference_has_foreign_key", "call.customer_id")} <= left.keys()
    whole = {
        ("table_has_primary_key", "brand"): "-- run this when (id) is unique and not null in every row\n",
        (
            "natural_key_is_unique",
            "customer.email",
        ): "-- run this when the query returns no rows: select email from public.customer where",
        (
            "constraint_is_validated",
            "visit.lat_is_small",
        ): "-- run this when the query returns no rows: select * from public.visit as t where",
        ("number_has_range_check", "visit.price"): "-- some rows are below zero: if that is wrong, run this after",
        ("optional_columns_have_check", "visit.lat"): "-- some rows violate the constraint: if they are wrong, run",
        ("reference_has_foreign_key", "visit.customer_id"): "-- some values have no referenced row: correct them first",
    }
    for key, said in whole.items():
        assert key in designs
        assert findings[key].suggestion.startswith(said)
    in_part = {
        ("number_has_range_check", "visit.balance"): "visit_balance_in_range",
        ("partitions_agree", "call_3"): "call_3_customer_id_fkey",
    }
    for key, name in in_part.items():
        assert findings[key].remedy == "statement"
        assert "-- some " in findings[key].suggestion
        assert key not in left
        assert any(rule == "constraint_is_validated" and of.endswith(name) for rule, of in left), name
    assert findings["natural_key_is_unique", "member.email"].suggestion.endswith(" (email) where email <> '';")


def test_comments_in_suggestions_end_where_statements_begin(dsn: str) -> None:
    """Also where names contain line ends: suggestions run, and what a comment defers is not run."""
    named = re.sub(r"\b(brand|customer|visit|call_3|lat_is_small)\b", '"\\1\n"', IN_THE_WAY)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(named.encode())
        commented = {
            (finding.rule.removeprefix("schema."), finding.object.partition(".")[2]): finding
            for verdict in judged(dsn)
            for finding in verdict.findings
            if finding.suggestion.startswith("--")
        }
        for finding in commented.values():
            if finding.remedy == "statement" or " not valid" in finding.suggestion:
                connection.execute(finding.suggestion.encode())
            else:  # rows violate the new constraint
                with pytest.raises(REFUSALS):
                    connection.execute(finding.suggestion.replace(" concurrently ", " ").encode())
        validated = connection.execute("select conname from pg_constraint where not convalidated").fetchall()
    assert {rule for rule, _ in commented} == {
        "constraint_is_validated", "natural_key_is_unique", "number_has_range_check", "optional_columns_have_check",
        "partitions_agree", "reference_has_foreign_key", "table_has_primary_key",
    }  # fmt: skip
    deferred = {("number_has_range_check", "balance"), ("partitions_agree", "")}
    assert {key for key, finding in commented.items() if finding.remedy == "statement"} == deferred
    assert len(validated) == 1 + len(deferred) + 3


def test_verbs_and_nouns_agree_with_numbers(dsn: str) -> None:
    """One of something is singular."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            create schema lone;
            create table lone.some (id bigint generated always as identity primary key);
            create table few (id bigint generated always as identity primary key, a int, b int);
            create table many (id bigint generated always as identity primary key, a int, b int);
            comment on table many is 'some';
            comment on column few.a is 'some'; comment on column few.b is 'some'; comment on column many.a is 'some';
            create table one (a int, b int) partition by range (a);
            create table one_1 partition of one for values from (1) to (2);
            create index on one_1 (b);
            create index on one_1 (b);
            create index one_a on only one (a);
            create table two (a int, b int) partition by range (a);
            create table two_1 partition of two for values from (1) to (2);
            create table two_2 partition of two for values from (2) to (3);
            comment on table one is 'some';
            grant truncate on one_1, two_1 to public;
        """)
        messages = {finding.message for verdict in judged(dsn) for finding in verdict.findings}
    assert messages >= {
        "in schema lone, 0 of 1 table and 0 of 1 column have a comment",
        "in schema public, 2 of 4 tables and 3 of 10 columns have a comment",
        "every role may truncate in 1 of 1 partition of table one, because PUBLIC may",
        "every role may truncate in 1 of 2 partitions of table two, because PUBLIC may",
        "1 of 1 partition of table one has redundant indexes: one_1_b_idx1 is covered by one_1_b_idx",
        "index one_a on table one is not valid: 1 of 1 partition lacks an attached index",
    }


def test_objects_of_another_schema_are_named_with_it(dsn: str) -> None:
    """Those of the audited one are not."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create schema shop; create table shop.bare (id int); create table bare (id int)")
    named = {finding[1] for finding in found(judged(dsn)) if finding[0] == "table_has_primary_key"}
    assert named == {"bare", "shop.bare"}
    named = {finding[1] for finding in found(judged(dsn, "shop")) if finding[0] == "table_has_primary_key"}
    assert named == {"public.bare", "bare"}


def test_the_books_of_fixes_are_left_alone(dsn: str) -> None:
    """Like those of migration tools: the owner of a schema neither created them nor can change them."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table mine (a float); create schema order_audit; create table order_audit.x (a float)"
        )
    objects = {object_ for _, object_, _ in found(judged(dsn))}
    assert "mine" in objects
    assert not any("order_audit" in object_ for object_ in objects)


def test_a_table_that_was_never_analysed_is_not_said_to_be_empty(dsn: str) -> None:
    """Row estimates appear once statistics exist."""
    for analysed in (False, True):
        with psycopg.connect(dsn, autocommit=True) as connection:
            if analysed:
                connection.execute("analyze parcels")
            else:
                connection.execute("create table parcels (weight int) with (autovacuum_enabled = false)")
                connection.execute("insert into parcels select generate_series(1, 7)")
        evidence = [
            finding.evidence.get("rows by statistics")
            for verdict in judged(dsn)
            for finding in verdict.findings
            if finding.rule in ("schema.table_has_primary_key", "schema.table_has_timestamps")
        ]
        assert evidence == ([7, 7] if analysed else [None, None])
