"""Rules on money, times, bitmaps and repeated texts: where each speaks, and where it must keep silent."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.lint.hygiene import FEW, Case, check_all, execute
from tests.lint.support import findings

CASES: dict[str, list[Case]] = {
    "repeated_text_is_a_table": [
        Case("few texts", FEW.format("city text", "city", "'City no. ' || n % 50", 10000), {"t.city": "info"}),
        Case(
            "partitioned",
            "create table t (id int, city text) partition by hash (id);"
            " create table t1 partition of t for values with (modulus 2, remainder 0);"
            " create table t2 partition of t for values with (modulus 2, remainder 1);"
            " insert into t select n, 'City no. ' || n % 9 from generate_series(1, 10000) as n; analyze t",
            {"t.city": "info"},
        ),
        Case(
            "states of an address",
            FEW.format("city text, state text, country text", "city, state", "'x', 'State ' || n % 9", 10000),
            {"t.state": "info"},
        ),
        Case("few rows", FEW.format("city text", "city", "'City no. ' || n % 50", 9999)),
        Case(
            "mostly null", FEW.format("city text", "city", "case when n % 2 = 0 then 'City no. ' || n % 7 end", 12000)
        ),
        Case("one text", FEW.format("city text", "city", "'Springfield'", 10000)),
        Case("many texts", FEW.format("city text", "city", "'City no. ' || n % 51", 10000)),
        Case("short texts", FEW.format("city text", "city", "'C' || n % 50", 10000)),
        Case(
            "states",
            FEW.format(
                "status text, state text, order_type text",
                "status, state, order_type",
                "'state ' || n % 4, 'state ' || n % 4, 'state ' || n % 4",
                10000,
            ),
        ),
        Case(
            "checked",
            FEW.format(
                "grade text check (grade in ('first', 'second', 'third'))",
                "grade",
                "(array['first', 'second', 'third'])[1 + n % 3]",
                10000,
            ),
        ),
        Case(
            "reference",
            "create table l (name text primary key); insert into l values ('first'), ('other'); "
            + FEW.format("l_name text references l", "l_name", "(array['first', 'other'])[1 + n % 2]", 10000),
        ),
        Case("not text", FEW.format("n int", "n", "10000 + n % 5", 10000)),
        Case(
            "never analysed",
            FEW.format("city text", "city", "'City no. ' || n % 50", 10000).removesuffix("; analyze t"),
        ),
    ],
    "money_is_exact": [
        Case(
            "money",
            "create domain sum as real;"
            " create table t (balance float not null default 0, unit_price real, unitprice sum,"
            " freight money, price_cents float, tax_rate float, discount real, commission float, discountpct float);"
            " insert into t values (0.1 + 0.2, 3.3, 1.1, 2, 5, 0.07, 0.25, 1, 0.5)",
            {
                "t.balance": "critical",
                "t.unit_price": "critical",
                "t.unitprice": "critical",
                "t.freight": "critical",
                "t.price_cents": "critical",
                "t.tax_rate": "info",
                "t.discount": "info",
                "t.commission": "info",
                "t.discountpct": "info",
            },
            mends=True,
        ),
        Case("exact", "create table t (balance numeric(14, 2), price numeric, amount int, tax_rate numeric(9, 6))"),
        Case(
            "no money",
            "create table t (score float, latitude float, price_index float, cost_center float, total_count float,"
            " heart_rate real, sample_rate float, cpu_percent float)",
        ),
    ],
    "money_has_one_unit": [
        Case("whole beside fraction", "create table t (price numeric(10, 2), amount int)", {"public": "warning"}),
        Case(
            "three",
            "create schema s; create table s.t (price float, amount numeric(9, 0), fee money)",
            {"s": "warning"},
        ),
        Case("precision", "create table t (price numeric(10, 2), fee numeric(14, 4), cost numeric)"),
        Case("whole numbers", "create table t (price int, fee bigint, cost numeric(12, 0))"),
        Case(
            "a unit in the name",
            "create table t (price numeric(10, 2), amount_cents int, cost_micros bigint, fee_minor int)",
        ),
        Case("counts", "create table t (price numeric(10, 2), total int, credit int, price_id int, amount_count int)"),
        Case("other schema", "create table t (price int); create schema s; create table s.t (price float)"),
    ],
    "bitmap_is_readable": [
        Case(
            "long",
            "create table t (id int primary key, hours bit(168)); insert into t values (1, repeat('1', 168)::bit(168));"
            ' create table u (a int, "B" int, days varbit(366), primary key (a, "B"));'
            " insert into u values (1, 1, '01')",
            {"t.hours": "info", "u.days": "info"},
        ),
        Case("without a key", "create table t (hours bit(65))", {"t.hours": "info"}),
        Case("short", "create table t (flags bit(64), bytes bytea, bits varbit, one bit)"),
    ],
    "time_has_zone": [
        Case(
            "due at a moment, by its values",
            "create table t (a timestamptz, b timestamptz, due_at timestamp, duedate timestamp, due_date timestamp,"
            " done_due_at timestamp); insert into t values (now(), now(), '2024-01-01 12:30', '2024-01-01 12:30',"
            " '2024-01-01', '2024-01-01')",
            {"t.due_at": "warning", "t.duedate": "warning"},
            mends=True,
        ),
        Case(
            "one of few",
            "create table t (a timestamptz, b timestamptz, c timestamp default now()); insert into t values (now())",
            {"t": "warning"},
            mends=True,
        ),
        Case(
            "most",
            "create table t (a timestamp, b timestamp, c timestamp, d timestamp, e timestamp, f timestamptz)",
            {"public": "warning"},
            mends=True,
        ),
        Case(
            "a fifth",
            "create table t (a timestamp, b timestamp, c timestamp, d timestamp, f timestamptz)",
            {"t": "warning"},
            mends=True,
        ),
        Case(
            "days and times of day",
            "create table t (birth_date timestamp, hiredate timestamp, dob timestamp, due_at timestamp, opens time,"
            " closes timetz, day date, at timestamptz)",
        ),
    ],
}


@pytest.mark.parametrize("rule", CASES)
def test_speaks_and_keeps_silent(rule: str, server: Server) -> None:
    check_all(server, rule, CASES[rule])


def test_a_bitmap_becomes_rows(dsn: str) -> None:
    execute(
        dsn,
        "create table t (id int primary key, hours bit(72))",
        "insert into t values (1, (b'101' || repeat('0', 69)::bit(69))::bit(72)), (2, repeat('0', 72)::bit(72))",
    )
    (finding,) = findings(dsn, "bitmap_is_readable")
    execute(dsn, *finding.suggestion.split(";\n"))
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select * from t_hours order by 1, 2").fetchall() == [(1, 0), (1, 2)]


def test_a_repeated_text_asks_a_question(dsn: str) -> None:
    """Today's values are no list to keep, and the evidence names none of them."""
    execute(dsn, FEW.format("city text", "city", "'City no. ' || n % 5", 10000))
    (finding,) = findings(dsn, "repeated_text_is_a_table")
    assert "City" not in str(finding.evidence) + finding.message
    assert finding.remedy == "redesign"
    assert "select distinct" not in finding.suggestion


def test_the_scenario(sample: str) -> None:
    """The findings of the rules on hygiene in the current schema with its sample data."""
    expected: dict[str, list[str]] = {
        "bitmap_is_readable": ["orders.order_schedule"],
        "constraint_is_validated": [],
        "index_is_valid": [],
        "key_is_identity": ["public"],
        "money_has_one_unit": ["public"],
        "money_is_exact": ["customers.customer_balance"],
        "names_are_consistent": ["customers"],
        "names_need_no_quotes": [],
        "objects_have_comments": ["public"],
        "public_cannot_write": [],
        "repeated_text_is_a_table": [],
        "same_name_same_type": [],
        "statistics_are_fresh": [],
        "table_has_primary_key": [],
        "text_types_are_consistent": ["customers"],
        "time_has_zone": [],
        "trigger_is_enabled": [],
    }
    assert {rule: [finding.object for finding in findings(sample, rule)] for rule in expected} == expected
