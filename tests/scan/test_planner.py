"""Shared scans and distinct-value evaluation, compared with a separate evaluation of each row."""

from __future__ import annotations

import contextlib
import csv
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database import sampling
from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.run import Options
from order_audit.audit.scans import batch, executor, impact, prepared_rule
from order_audit.audit.scans.batch import Batch
from order_audit.audit.scans.planner import Scan, plan
from order_audit.domain import domains
from order_audit.expectations import Rule
from tests import rules
from tests.scan.test_oracle import dirty_rows
from tests.support import dirty_tables, oracle_rows, servers
from tests.support.results import run


def scans(connection: psycopg.Connection, *rules: Rule) -> list[Scan]:
    """The plan for some rules."""
    prepared_rules, outcomes = prepared_rule.prepare(connection, [(rule, parsed_query.parse(rule)) for rule in rules])
    assert not outcomes
    return plan(connection, prepared_rules)


def bundles(connection: psycopg.Connection, *rules: Rule) -> list[Batch]:
    """The statements for some rules."""
    defined = [it for domain in domains() for it in domain.impacts]
    planned = scans(connection, *rules)
    impacts = impact.find_impacts(connection, defined, [prepared for scan in planned for prepared in scan.rules])
    return batch.batched(connection, planned, impacts)


def widest(sets: Collection[frozenset[str]]) -> list[frozenset[str]]:
    """The sets that are no parts of others."""
    return sorted((columns for columns in sets if not any(columns < other for other in sets)), key=sorted)


def rule(tmp_path: Path, name: str, sql: str) -> Rule:
    """A rule of one's own."""
    file = tmp_path / "mine" / "own" / f"{name}.sql"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"-- title: {name}\n-- severity: info\n-- key: id\n-- why: Because.\n{sql}\n")
    return next(found for found in expectations.load(str(tmp_path / "mine")).rules if found.id.endswith(name))


Way = Literal["each row", "each value", "shared"]
WAYS: tuple[Way, ...] = get_args(Way)


def go(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    """Let audits of tables of any size judge each row, each value once, or extracts with rows prefiltered."""
    monkeypatch.setattr(
        sampling, "low_cardinality_sets", lambda _connection, _table, sets: widest(sets) if way == "each value" else []
    )
    monkeypatch.setattr(sampling, "SMALL", 0 if way == "shared" else 20_000)
    monkeypatch.setattr(batch, "_FEW", 1.0)
    monkeypatch.setattr(batch, "_MOST", 1.0)


@dataclass(frozen=True)
class Judged:
    """A database with dirty tables, whether its orders have a unique key, and the violating keys by rule."""

    dsn: str
    unique: bool
    expected: dict[str, set[str]]


@pytest.fixture(
    scope="module",
    params=[(seed, types) for seed in (0, 1, 5) for types in dirty_tables.TYPES],
    ids=lambda it: f"{it[0]}-{it[1]}",
)
def judged(request: pytest.FixtureRequest, server_18: Server) -> Iterator[Judged]:
    """Dirty tables and what the oracle finds in them; audits only read them."""
    seed, types = request.param
    with servers.database(server_18) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            dirty_tables.create(connection, dirty_rows(seed, constraints=False), types=types, constraints=False)
            with contextlib.suppress(psycopg.errors.UniqueViolation):
                connection.execute("create unique index on orders (order_id)")
            unique = bool(connection.execute("select from pg_index where indrelid = 'orders'::regclass").rowcount)
            assert unique is (seed != 0)
            connection.execute("set extra_float_digits = 1")
            found = rules.judge(oracle_rows.read(connection))
        yield Judged(dsn, unique, {name: {str(key) for key in keys} for name, keys in found.items()})


@pytest.mark.parametrize("way", WAYS)
def test_audit_finds_what_the_oracle_finds(
    judged: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    """Key by key, whether values are judged once or rows each, and whatever scans share."""
    go(monkeypatch, way)
    expected = judged.expected
    with psycopg.connect(judged.dsn, autocommit=True) as connection:
        made = bundles(connection, *(rule for rule in expectations.load("current").rules if rule.id in expected))
    assert any(scan.value for found in made for scan in found.scans) is (way == "each value")
    assert any(found.shared_cte for found in made) is (way == "shared")
    assert any(scan.prefilter for found in made for scan in found.scans) is (way == "shared" and judged.unique)
    options = Options(formats=("json", "violations"), rules=tuple(expected), lint=False, profile=False)
    document = run(judged.dsn, tmp_path / "out", options)
    assert [found["error"] for found in document["results"] if found["status"] == "errored"] == []
    keys = defaultdict(set)
    with (tmp_path / "out" / "violations.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            keys[row["rule"]].add(row["key"])
    wrong = {name: (keys[name] ^ wanted) for name, wanted in expected.items() if keys[name] - {""} != wanted - {"None"}}
    assert wrong == {}


def test_evidence_is_the_same_either_way(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples and impact too."""
    found = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty_tables.create(connection, dirty_rows(2, constraints=True), types="current", constraints=True)
        # by which the context of examples is looked up, on tables treated as large and on small ones
        connection.execute("create index on orders (customer_id); create index on orders (order_ref)")
    for way in WAYS:
        go(monkeypatch, way)
        results = run(dsn, tmp_path / way, Options(formats=("json",), lint=False, profile=False))["results"]
        for result in results:
            del result["duration_ms"]
        found.append(results)
    assert found[0] == found[1] == found[2]


@pytest.mark.both_versions
def test_few_values_are_judged_once(dsn: str, tmp_path: Path) -> None:
    """Estimated from a sample, for each type, NULLs and collations included; small tables are not sampled."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            """
            create table big (id int primary key, few json, many json, bits bit(12), word text collate "C");
            insert into big
            select g, json_build_object('n', g % 1000), json_build_object('n', g),
              case when g % 7 <> 0 then (g % 50)::bit(12) end, case when g % 3 <> 0 then 'Word ' || g % 20 end
            from generate_series(1, 30000) as g;
            create table small as select * from big where id <= 2000;
            analyze big, small;
            """
        )
        condition = "t.{0}::text ~ '1[^0-9]*$'"

        def planned(table: str, *columns: str) -> list[set[str]]:
            where = " and ".join(condition.format(column) for column in columns)
            name = "_".join((table, *columns))
            text = f"select t.id, t.{columns[0]} from {table} as t where {where}"
            return [{part.column for part in scan.value} for scan in scans(connection, rule(tmp_path, name, text))]

        assert planned("big", "few") == [{"few"}]
        assert planned("big", "bits", "few", "word") == [{"bits", "few", "word"}]
        assert planned("big", "many") == [set()]
        assert planned("big", "few", "many") == [set()]
        assert planned("small", "few") == [set()]


@pytest.mark.parametrize(
    "condition",
    [
        "t.word ~ clock_timestamp()::text",  # another answer for each row
        "t.word ~ 'x' and t.ctid is not null",  # no column of the table
        "exists (select from other as u where u.word ~ word)",  # ambiguous
    ],
)
def test_what_is_no_matter_of_values_is_judged_by_row(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    """A value's verdict must be every row's that has it."""
    monkeypatch.setattr(sampling, "low_cardinality_sets", lambda _connection, _table, sets: list(sets))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (id int primary key, word text); create table other (word text)")
        text = f"select t.id, t.word from t where {condition}"
        assert [scan.value for scan in scans(connection, rule(tmp_path, "odd", text))] == [()]


def test_values_keep_their_types_whatever_these_are_called(dsn: str, tmp_path: Path) -> None:
    """Types and columns of the strangest names, and another collation than the database's."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            """
            create domain "a{0}""}b" as text collate "C";
            create table t (id int primary key, "w{o}" "a{0}""}b", word text collate "POSIX");
            insert into t select g, 'W' || g % 10, 'w' || g % 20 from generate_series(1, 30000) as g;
            analyze t;
            """
        )
        strange = rule(tmp_path, "strange", """select t.id, t.word from t where t."w{o}" ~ '[89]$' and t.word ~ '8$'""")
        assert [{part.column for part in scan.value} for scan in scans(connection, strange)] == [{"w{o}", "word"}]
    document = run(dsn, tmp_path / "out", Options(suites=(str(tmp_path / "mine"),), formats=("json",), lint=False))
    assert [(found["status"], found["violations"]) for found in document["results"]] == [("failed", 3000)]


@pytest.mark.parametrize("columns", [("bits",), ("bits", "more"), ("bits", "word"), ("word",)], ids="-".join)
def test_rows_of_a_value_that_is_null_are_found(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: tuple[str, ...]
) -> None:
    """NULL is a value like others, and neither no bits nor no letters."""
    monkeypatch.setattr(sampling, "low_cardinality_sets", lambda _connection, _table, sets: widest(sets))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            """
            create table t (id int primary key, bits bit(2), more bit(9), word text);
            insert into t values
              (1, null, null, null), (2, B'00', B'000000000', ''), (3, B'01', B'000000001', '0'), (4, B'10', null, '1'),
              (5, null, B'000000001', '1'), (6, null, null, null), (7, B'00', null, null), (8, B'11', null, '1');
            """
        )
        condition = " or ".join(f"t.{column} is null or t.{column}::text ~ '1$'" for column in columns)
        rule(tmp_path, "null", f"select t.id from t where {condition}")
        by_row = connection.execute(f"select count(*) from t where {condition}").fetchone()
    document = run(dsn, tmp_path / "out", Options(suites=(str(tmp_path / "mine"),), formats=("json",), lint=False))
    assert [(found["status"], found["violations"]) for found in document["results"]] == [("failed", *(by_row or ()))]


def test_rows_that_multiply_are_judged_one_by_one(dsn: str, tmp_path: Path) -> None:
    """Of a value's several rows one may violate this rule, and another that one."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (id int primary key, doc json)")
        connection.execute("""insert into t select g, '{"a": "x", "b": "y"}' from generate_series(1, 30000) as g""")
        source = "select t.id from t cross join lateral json_each_text(t.doc) as e"
        one = rule(tmp_path, "one", f"{source} where e.key = 'a' and e.value ~ 'x'")
        two = rule(tmp_path, "two", f"{source} where e.key = 'b' and e.value ~ 'y'")
        assert [len(scan.rules) for scan in scans(connection, one, two)] == [2]
    document = run(
        dsn, tmp_path / "out", Options(suites=(str(tmp_path / "mine"),), formats=("json",), lint=False, profile=False)
    )
    assert [result["violations"] for result in document["results"]] == [30_000, 30_000]


def test_gentle_audits_find_the_same(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one connection at work and no parallel workers."""
    monkeypatch.setattr(executor, "PAUSE", 0.01)
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty_tables.create(connection, dirty_rows(4, constraints=True), types="current", constraints=True)
    found = []
    for gentle in (False, True):
        out = tmp_path / str(gentle)
        run(dsn, out, Options(formats=("violations",), lint=False, profile=False, gentle=gentle))
        found.append((out / "violations.csv").read_bytes())
    assert found[0] == found[1]
    with Snapshot(dsn, low_impact=True) as snapshot:
        assert snapshot.connection.execute("show max_parallel_workers_per_gather").fetchone() == ("0",)


def test_connections_that_work_at_once_have_no_parallel_workers(dsn: str, tmp_path: Path) -> None:
    """One alone has those that the server gives."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (id int primary key)")
        connection.execute("insert into t values (1)")
        ((given,),) = connection.execute("show max_parallel_workers_per_gather").fetchall()
    rule(tmp_path, "one", "select t.id, current_setting('max_parallel_workers_per_gather') as workers from t")
    assert given != "0"
    for jobs, workers in ((1, given), (2, "0")):
        options = Options(suites=(str(tmp_path / "mine"),), formats=("json",), lint=False, profile=False, jobs=jobs)
        document = run(dsn, tmp_path / f"{jobs}", options)
        assert document["results"][0]["examples"] == [{"id": 1, "workers": workers}]


@pytest.mark.both_versions
def test_sessions_have_memory_for_their_hash_tables(dsn: str) -> None:
    """More where the server gives more; what it gives everybody when asked to be gentle."""
    for given, gentle, wanted in (
        ("4MB", False, "64MB"),
        ("100MB", False, "100MB"),
        ("4MB", True, "4MB"),
    ):
        with Snapshot(f"{dsn} options='-c work_mem={given}'", low_impact=gentle) as snapshot, snapshot.join() as other:
            for connection in (snapshot.connection, other):
                assert connection.execute("show work_mem").fetchone() == (wanted,)


@pytest.mark.both_versions
def test_laterals_that_add_columns_share_the_scan(dsn: str, tmp_path: Path) -> None:
    """And those that may add or drop rows do not."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (id int primary key, word text)")
        connection.execute("insert into t values (1, 'One'), (2, 'two'), (3, null)")
        plain = rule(tmp_path, "plain", "select t.id, t.word from t where t.word is null")
        adds = rule(
            tmp_path,
            "adds",
            "select t.id, t.word from t cross join lateral (select lower(t.word) as low) as l where l.low <> t.word",
        )
        doubles = rule(
            tmp_path,
            "doubles",
            "select t.id, t.word from t cross join lateral (select generate_series(1, 2) as n) as l where l.n > 1",
        )
        found = [{one.rule.id for one in scan.rules} for scan in scans(connection, plain, adds, doubles)]
    assert found == [{plain.id, adds.id}, {doubles.id}]
    document = run(
        dsn, tmp_path / "out", Options(suites=(str(tmp_path / "mine"),), formats=("json",), lint=False, profile=False)
    )
    assert {result["rule"]: result["violations"] for result in document["results"]} == {
        plain.id: 1,
        adds.id: 1,
        doubles.id: 3,
    }
