"""Shared parts of scans in one statement: CTEs and prefilters, and when they must not be shared."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit.audit.analysis import parsed_query
from order_audit.audit.analysis.filters import OneOf, condition, widest
from order_audit.audit.analysis.predicates import parse_read_sets
from order_audit.audit.run import Options
from order_audit.audit.scans.batch import Batch
from order_audit.audit.scans.cost import most_expensive_first
from order_audit.audit.scans.impact import NO_IMPACTS
from order_audit.expectations import Rule, SuiteError, load
from order_audit.expectations.rule import parse
from tests.scan.test_planner import bundles
from tests.support.results import run

LIVE = "t.status in ('live', 'due')"


def rules(tmp_path: Path, **texts: str) -> list[Rule]:
    """Rules of one's own; a text that begins with a header line brings the header's end with it."""
    folder = tmp_path / "mine" / "own"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        head = f"-- title: {name}\n-- severity: info\n-- key: id\n-- why: Because.\n"
        (folder / f"{name}.sql").write_text(f"{head}{text}\n")
    found = {rule.id.rpartition(".")[2]: rule for rule in load(str(tmp_path / "mine")).rules}
    return [found[name] for name in texts]


@pytest.mark.parametrize(
    ("sql", "filters"),
    [
        (f"select t.id from t where {LIVE}", [['t."status" IN (\'live\', \'due\')']]),
        ("select x.id from t as x where x.n < 0 and x.s::text = 'a'",
         [['CAST(t."s" AS TEXT) = \'a\'', 't."n" < 0']]),
        ("select id from t where n is null or n > 5", [['t."n" IS NULL OR t."n" > 5']]),
        # in each place, whatever stands around it
        ("select t.id from t where t.n < 0 and exists (select from t as u where u.n > 9 and u.id = t.id)",
         [['t."n" < 0'], ['t."n" > 9']]),
        ("select a.id from (select t.id, count(*) over () as c from t where t.n < 0) as a where a.c > 1",
         [['t."n" < 0']]),
        # what an outer join leaves empty must not pass a test by chance
        ("select u.id from u left join t on t.id = u.id where t.n = 1", [['t."n" = 1']]),
        ("select u.id from u left join t on t.id = u.id where t.n is null", None),
        ("select u.id from u left join t on t.id = u.id where 1 in (1, t.n)", None),
        ("select u.id from u left join t on t.id = u.id where not t.n in (1, 2)", [['t."n" NOT IN (1, 2)']]),
        ("select u.id from t full join u on t.id = u.id where t.n = 1", None),
        ("select u.id from t natural join u where t.n = 1", None),
        # nothing asked, or not of each place, or in words that are not taken for plain
        ("select t.id from t", None),
        ("select t.id from t where t.n < 0 and t.id in (select id from t)", None),
        ("select t.id from t where t.s ~ 'x'", None),
        ("select t.id from t where lower(t.s) = 'x'", None),
        ("select t.id from t where t.s = e'\\n'", None),
        ("select t.id from t where t.n < (select 1)", None),
        ("select t.id from t join u on u.id = t.id where t.n < u.n", None),
        ("select t.id from t join u on u.id = t.id where n < 0", None),
        # more than the columns that are named
        ("select t.* from t where t.n < 0", None),
        ("select t from t where t.n < 0", None),
        ("select row_to_json(x) from t as x where x.n < 0", None),
        # not the table that stands in the schema
        ("select t.id from s.t where t.n < 0", None),
        ("with t as (select 1 as id, 2 as n) select t.id from t where t.n < 0", None),
        ("select t.id from t tablesample system (1) where t.n < 0", None),
    ],
)  # fmt: skip
def test_statements_tell_which_rows_they_need(sql: str, filters: list[list[str]] | None) -> None:
    """Or nothing, where it is not plain."""
    found = parse_read_sets(sql).get("t")
    assert (None if found is None else [sorted(test.text for test in one) for one in found.filters]) == filters


def test_filters_within_others_are_not_asked_twice() -> None:
    """One filter may include another."""
    texts = [
        "select t.id from t where t.s = 'a' and t.n = 1",
        "select t.id from t where t.s in ('a', 'b')",
        "select t.id from t where t.s = 'b'",
        "select t.id from t where t.s = 'c'",
    ]
    found = widest(one for text in texts for one in parse_read_sets(text)["t"].filters)
    assert condition(found) == "(t.\"s\" IN ('a', 'b', 'c'))"


@pytest.mark.parametrize(
    ("one", "other", "either"),
    [
        ("t.s::text in ('a', 'c')", "t.s is null or t.s::text not in ('a', 'b')", "{s} <> 'b' OR {s} IS NULL"),
        ("t.s::text in ('a', 'b')", "t.s::text not in ('a', 'b')", "{s} IS NOT NULL"),
        (
            "t.s::text not in ('a', 'b')",
            "t.s::text not in ('b', 'c') or t.s::text is null",
            "{s} <> 'b' OR {s} IS NULL",
        ),
        ("t.s::text = 'a'", "t.s::text <> 'a'", "{s} IS NOT NULL"),
        # equal to some collation, or as numbers
        ("t.s::text in ('a')", "t.s::text not in ('A', 'b')", None),
        ("t.n in (1)", "t.n not in (1.0, 2)", None),
        ("t.s in ('t')", "t.s not in ('true')", None),
    ],
)
def test_tests_of_values_are_asked_as_one(one: str, other: str, either: str | None) -> None:
    """And either stays within the one that both make, and not the other way round."""
    filters = [parse_read_sets(f"select t.id from t where {test}")["t"].filters[0] for test in (one, other)]
    first, second = (next(iter(each)) for each in filters)
    assert isinstance(first, OneOf)
    assert isinstance(second, OneOf)
    both = first.either(second)
    if either is None:
        assert both is None
        assert " or (" in condition(filters)
        assert not first.implies(second)
        return
    assert both is not None
    assert both.text == either.replace("{s}", 'CAST(t."s" AS TEXT)')
    assert condition(filters) == f"({both.text})"
    assert [first.implies(both), second.implies(both), both.implies(first)] == [True, True, False]


BIG = """
create table t (id int primary key, n int, up int, status text);
insert into t
select g, g % 1000, case when g % 700 = 0 then g + 1 else g - g % 10 end,
  case when g % 50 = 0 then 'live' else 'gone' end
from generate_series(1, 30000) as g;
analyze t
"""
SPARE = "-- prefilter: t as o; select from t as r where r.id = o.up and r.n = r.n / 10 * 10\n-- prefilter_key: t.id\n"
ORPHAN = "select o.id, o.up from t as o left join t as a on a.id = o.up where a.n % 10 > 0 or a.id is null"


def judged(dsn: str, tmp_path: Path) -> dict[str, tuple[str, int]]:
    """The results of an audit with a user's rules."""
    document = run(dsn, tmp_path / "out", Options(suites=(str(tmp_path / "mine"),), lint=False, profile=False))
    return {found["rule"].rpartition(".")[2]: (found["status"], found["violations"]) for found in document["results"]}


@pytest.mark.both_versions
def test_rules_on_few_rows_share_an_extract(dsn: str, tmp_path: Path) -> None:
    """Of those columns and rows that they name; a rule on most rows stays outside."""
    found = rules(
        tmp_path,
        few="select f.id from t as f where f.status = 'live' and f.n = 0",
        twice="select a.id from (select t.id, t.n, count(*) over (partition by t.n) as c from t"
        " where t.status in ('live', 'due')) as a where a.c > 29",
        many="select t.id from t where t.n >= 500 and t.up + 0 < 0",
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(BIG)
        extracted, apart = bundles(connection, *found)
    assert [prepared.rule.id for prepared in extracted.rules] == [found[0].id, found[1].id]
    assert extracted.shared_cte is not None
    assert extracted.shared_cte.columns == {"id", "n", "status"}
    assert condition(extracted.shared_cte.filters) == "(t.\"status\" IN ('live', 'due'))"
    assert apart.shared_cte is None
    assert judged(dsn, tmp_path) == {"few": ("failed", 30), "twice": ("failed", 600), "many": ("passed", 0)}


def test_a_rule_that_fails_costs_its_neighbours_nothing(dsn: str, tmp_path: Path) -> None:
    """In the same statement, by the same extract."""
    found = rules(
        tmp_path,
        few="select f.id from t as f where f.status = 'live' and f.n = 0",
        bad="select a.id from (select t.id, 1 / (t.n - 50) as x, max(t.n) over () from t"
        " where t.status = 'live') as a where a.x > 1",
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(BIG)
        assert [len(made.rules) for made in bundles(connection, *found)] == [2]
    assert judged(dsn, tmp_path) == {"few": ("failed", 30), "bad": ("errored", 0)}


def prefiltered(made: list[Batch]) -> list[bool]:
    """Whether the scans of bundles prefilter rows."""
    return [scan.prefilter is not None for found in made for scan in found.scans]


@pytest.mark.both_versions
def test_rows_that_cannot_violate_are_spared(dsn: str, tmp_path: Path) -> None:
    """Only on large tables with unique columns; the result is the same."""
    plain, other = rules(tmp_path, plain=ORPHAN, other=SPARE + ORPHAN)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(BIG)
        assert sorted(prefiltered(bundles(connection, plain, other))) == [False, True]
        connection.execute("alter table t drop constraint t_pkey")
        assert prefiltered(bundles(connection, other)) == [False]
        connection.execute("create unique index on t (id) where n > 0")
        assert prefiltered(bundles(connection, other)) == [False]
        connection.execute("create unique index whole on t (id)")
        assert prefiltered(bundles(connection, other)) == [True]
        connection.execute("create table child () inherits (t)")  # a row's place is its own table's
        assert prefiltered(bundles(connection, other)) == [False]
        expected = connection.execute(f"select count(*) from ({ORPHAN}) as v").fetchone()
    assert expected is not None
    assert expected[0] > 0
    assert judged(dsn, tmp_path) == dict.fromkeys(("plain", "other"), ("failed", expected[0]))


def test_each_key_of_a_prefilter_must_be_unique(dsn: str, tmp_path: Path) -> None:
    """One that is not may hold two rows, of which the prefilter finds the sound one."""
    (orphan,) = rules(tmp_path, orphan=SPARE.rstrip() + ", other.id\n" + ORPHAN)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(BIG)
        connection.execute("create table other (id int)")
        assert prefiltered(bundles(connection, orphan)) == [False]
        connection.execute("alter table other add primary key (id)")
        assert prefiltered(bundles(connection, orphan)) == [True]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("-- prefilter: t as o", "prefilter is 'TABLE as ROW; select ...', not 't as o'"),
        ("-- prefilter: t; select 1", "prefilter is 'TABLE as ROW; select ...', not 't; select 1'"),
        ("-- prefilter: t as o; delete from t", "prefilter is 'TABLE as ROW; select ...', not 't as o; delete from t'"),
        ("-- prefilter: t as o; select 1; select 2", "prefilter is 'TABLE as ROW; select ...', not"),
        (
            "-- prefilter: t as o; select 1\n-- prefilter_key: id",
            "requires 'id' is neither 'table.column' nor 'encoding NAME'",
        ),
        ("-- prefilter: t as x; select 1", "'t as x' stands 0 times in the statement, not once"),
        ("-- prefilter: t as a; select 1", "'t as a' stands 2 times in the statement, not once"),
    ],
)
def test_what_is_spared_must_be_told_plainly(header: str, message: str) -> None:
    """In one line, with the file's name."""
    text = f"-- title: T\n-- severity: info\n-- key: id\n{header}\nselect a.id from t as a, t as a2, t as a, t as o"
    with pytest.raises(SuiteError, match=r"a\.sql: ") as raised:
        parsed_query.parse(parse(text, id="a", suite="s", path="a.sql"))
    assert message in str(raised.value)


def test_the_dearest_statements_come_first(dsn: str, tmp_path: Path) -> None:
    """As the server expects; small tables are not worth the question."""
    cheap, dear = rules(
        tmp_path,
        cheap="select t.id from t where t.n + 0 = 1",
        dear="select a.id from t as a join t as b on a.n >= b.n and b.up >= a.up where a.id + b.id < 0",
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(BIG)
        made = bundles(connection, cheap, dear)
        assert [found.rules[0].rule for found in made] == [cheap, dear]
        assert most_expensive_first(connection, made, NO_IMPACTS) == made[::-1]
        connection.execute("delete from t where id > 100")
        connection.execute("vacuum analyze t")
        assert most_expensive_first(connection, made, NO_IMPACTS) == made
