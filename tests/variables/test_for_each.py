"""One rule for many values: an instance each, from a list or a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from order_audit.expectations import SuiteError
from tests.variables.conftest import HOSTILE

pytestmark = pytest.mark.both_versions

Suite = Callable[..., str]
Results = Callable[..., dict[str, dict[str, Any]]]
BLANK = """-- title: Blank text in :table_name.:column_name
-- key: row
-- for_each: select n.nspname as schema_name, t.relname as table_name, a.attname as column_name
--   from pg_class as t join pg_namespace as n on n.oid = t.relnamespace join pg_attribute as a on a.attrelid = t.oid
--   where t.relkind = 'r' and a.attnum > 0 and a.atttypid = 'text'::regtype
--     and n.nspname in ('public', 'ref')
select t.ctid::text as row, t.:"column_name" as text
from :"schema_name".:"table_name" as t
where t.:"column_name" ~ '^ *$'"""


def test_a_list_gives_an_instance_for_each_value(suite: Suite, results: Results) -> None:
    """With the value in its id, its title and its query."""
    query = (
        "-- title: Wind in :value\n-- for_each: EU, US, 'it''s, so'\nselect id, wind from gusts where region = :value"
    )
    found = results(suite(ops__wind=query))
    assert {id: (it["status"], it["violations"], it["title"]) for id, it in found.items()} == {
        "ops.wind[EU]": ("failed", 2, "Wind in EU"),
        "ops.wind[US]": ("failed", 2, "Wind in US"),
        "ops.wind[it's, so]": ("passed", 0, "Wind in it's, so"),
    }
    assert {it["instance_of"] for it in found.values()} == {"ops.wind"}
    assert found["ops.wind[EU]"]["variables"] == {"value": "EU"}


def test_a_query_gives_an_instance_for_each_row(suite: Suite, results: Results) -> None:
    """Over tables of two schemas, whatever their names are."""
    found = results(suite(all__blank=BLANK))
    assert {id: it["violations"] for id, it in found.items()} == {
        "all.blank[public.gusts.region]": 0,
        "all.blank[public.words.word]": 0,
        "all.blank[ref.planes.maker]": 2,
        "all.blank[ref.planes.tail]": 0,
        'all.blank[ref.Odd "Name.te xt]': 1,
    }
    assert found["all.blank[ref.planes.maker]"]["title"] == "Blank text in planes.maker"


def test_a_query_of_hostile_values_gives_an_instance_for_each(suite: Suite, results: Results) -> None:
    """Each finds its own row, and no two have one id."""
    query = "-- for_each: select word as value from words\nselect id, word from words where word = :'value'"
    found = results(suite(a__words=query))
    assert len(found) == len(HOSTILE)
    assert {(it["status"], it["violations"]) for it in found.values()} == {("failed", 1)}
    assert {it["variables"]["value"] for it in found.values()} == set(HOSTILE)
    assert all(id.isprintable() for id in found)


def test_variables_and_for_each_go_together(suite: Suite, results: Results) -> None:
    """A variable also stands in the query of for_each."""
    query = (
        "-- variables: least = 1, max_wind = 250\n"
        "-- for_each: select region as value from gusts group by region having count(wind) >= :least order by 1\n"
        "select id from gusts where region = :'value' and wind > :max_wind"
    )
    rules = suite(a__wind=query)
    assert {id: it["violations"] for id, it in results(rules).items()} == {"a.wind[EU]": 1, "a.wind[US]": 1}
    assert set(results(rules, variables={"least": "0"})) == {"a.wind[EU]", "a.wind[US]", "a.wind[it's]"}


def test_a_query_without_a_row_is_not_checkable(suite: Suite, results: Results) -> None:
    """Nothing was checked, so nothing passed."""
    query = "-- for_each: select region as value from gusts where false\nselect id from gusts where region = :'value'"
    it = results(suite(a__wind=query, a__other="select id from gusts where wind > 400"))["a.wind"]
    assert (it["status"], it["reason"], it["cause"]["kind"]) == (
        "not_checkable",
        "for_each gives no value",
        "no_instances",
    )


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("select generate_series(1, 1001) as value", "for_each gives more than 1,000 rows: select fewer"),
        ("select null as value", "for_each gives a row without a value in column 'value'"),
        ("select 1 as value union all select 1", ": for_each gives a.wind[1] twice"),
        ('select 1 as "Value"', "for_each gives a column 'Value', which no variable can be called"),
        ("select 1 as value, 2 as value", "for_each gives the column 'value' twice"),
        ("select 1 as value, 2 as low", "for_each gives a column 'low', which 'variables' declares too"),
        ("select regoin as value\n--   from gusts", 'column "regoin" does not exist (PLACE:5:21)'),
        ("select 1 as value\n--   from gusts where\n--   wnid > :low", 'column "wnid" does not exist (PLACE:7:6)'),
        ("select (1 / (id - 1))::text as value from gusts", "division by zero"),
    ],
)
def test_a_query_that_fails_is_an_error_of_its_rule(suite: Suite, results: Results, query: str, error: str) -> None:
    """The others are judged, and the place is that in the header."""
    text = f"-- variables: low = 0\n-- for_each: {query}\nselect id from gusts where id = :value and wind > :low"
    rules = suite(a__wind=text, a__other="select id from gusts where wind > 400")
    found = results(rules)
    assert found["a.other"]["status"] == "passed"
    assert found["a.wind"]["status"] == "errored"
    assert error.replace("PLACE", f"{rules}/a/wind.sql") in found["a.wind"]["error"]


def test_a_query_cannot_write_nor_change_settings_of_others(suite: Suite, results: Results) -> None:
    """It runs in the snapshot's transaction, and is rolled back."""
    rules = suite(
        a__write="-- for_each: select nextval('words_id_seq') as value\nselect id from gusts where id = :value",
        a__set="-- for_each: select set_config('search_path', 'nowhere', false) as value\n"
        "select id from gusts where region = :'value'",
    )
    found = results(rules)
    assert "read-only transaction" in found["a.write"]["error"]
    assert found["a.set[nowhere]"]["status"] == "passed"


def test_a_variable_that_the_query_does_not_return_is_a_wrong_file(suite: Suite, results: Results) -> None:
    """With its place and the nearest name."""
    query = "-- for_each: select region as area from gusts\nselect id from gusts where region = :'araa'"
    with pytest.raises(SuiteError, match=r"wind.sql:5:37: the query reads :araa, .* \(did you mean area\?\)"):
        results(suite(a__wind=query))


@pytest.mark.parametrize(
    ("rules", "exclude", "judged"),
    [
        (["a.wind"], [], {"a.wind[EU]", "a.wind[US]", "a.wind[it's]"}),
        (["a.wind[EU]"], [], {"a.wind[EU]"}),
        (["a.wind[*S]"], [], {"a.wind[US]"}),
        (["a.list[EU]", "a.*[US]"], [], {"a.list[EU]", "a.list[US]", "a.wind[US]"}),
        (["*"], ["a.wind[EU]", "a.list"], {"a.wind[US]", "a.wind[it's]"}),
        ([], ["a.wind"], {"a.list[EU]", "a.list[US]"}),
    ],
)
def test_patterns_select_instances(
    suite: Suite, results: Results, rules: list[str], exclude: list[str], judged: set[str]
) -> None:
    """By their rule's id, or by their own; brackets are no class of letters."""
    folder = suite(
        a__list="-- for_each: EU, US\nselect id from gusts where region = :value",
        a__wind="-- for_each: select distinct region as value from gusts\nselect id from gusts where region = :'value'",
    )
    found = results(folder, rules=tuple(rules), exclude=tuple(exclude))
    assert {id for id, it in found.items() if it["status"] != "not_selected"} == judged


def test_a_pattern_without_an_instance_names_the_nearest(suite: Suite, results: Results) -> None:
    """Also where instances are known only from the database."""
    folder = suite(
        a__list="-- for_each: EU, US\nselect id from gusts where region = :value",
        a__wind="-- for_each: select distinct region as value from gusts\nselect id from gusts where region = :'value'",
    )
    for pattern in ("a.list[EX]", "a.wind[EX]"):
        with pytest.raises(
            SuiteError, match=rf"no rule '{pattern[:6]}\[EX\]' in the suite \S+ \(did you mean {pattern[:6]}\[EU\]"
        ):
            results(folder, rules=(pattern,))


def test_a_query_has_the_timeout_of_the_audit(suite: Suite, results: Results) -> None:
    """As every other statement has."""
    query = "-- for_each: select 'EU'::text as value from pg_sleep(60)\nselect id from gusts where region = :'value'"
    it = results(suite(a__wind=query), timeout=0.2)["a.wind"]
    said = (
        "canceling statement due to statement timeout; statement_timeout is 200ms: --statement-timeout SECONDS sets"
        " another"
    )
    assert (it["status"], it["error"]) == ("errored", said)
