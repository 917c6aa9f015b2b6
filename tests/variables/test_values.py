"""The values of variables in an audit: quoted as the server reads them, never part of the SQL."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.expectations import Given, load, psql_lines, resolved
from tests.support.clients import psql
from tests.variables.conftest import HOSTILE

pytestmark = pytest.mark.both_versions

Suite = Callable[..., str]
Results = Callable[..., dict[str, dict[str, Any]]]
WINDS = (
    "-- variables: max_wind = 250, region = 'EU'\n"
    "select id, wind from gusts where wind > :max_wind and region = :region"
)


def test_a_value_comes_from_the_command_or_else_the_environment_or_else_the_file_or_else_the_header(
    suite: Suite, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is judged with the value, and says so."""
    rules = suite(ops__wind=WINDS)
    seen = []
    for place, value in (("header", ""), ("file", "300"), ("environment", "50"), ("command", "-10.5")):
        options: dict[str, Any] = {}
        if place != "header":
            options["configured"] = {"region": "US", "max_wind": "300"}
        if place in ("environment", "command"):
            monkeypatch.setenv("ORDER_AUDIT_VAR_MAX_WIND", "50")
        if place == "command":
            options["variables"] = {"max_wind": value}
        it = results(rules, **options)["ops.wind"]
        seen.append((it["violations"], it["variables"]))
    assert seen == [
        (1, {"max_wind": "250", "region": "EU"}),
        (1, {"max_wind": "300", "region": "US"}),
        (1, {"max_wind": "50", "region": "US"}),
        (2, {"max_wind": "-10.5", "region": "US"}),
    ]


def test_no_value_becomes_sql(suite: Suite, results: Results, gusts: str) -> None:
    """Each hostile text finds the row that has it, as a literal; and names a column, as an identifier."""
    words = {f"w{place}": word for place, word in enumerate(HOSTILE)}
    columns = ", ".join(f"(word = :'{name}') as :\"{name}\"" for name in words)
    listed = ", ".join(f":'{name}'" for name in words)
    query = f"-- variables: {', '.join(words)}\nselect id, {columns} from words where word in ({listed}) -- :w1"
    it = results(suite(a__one=query), variables=words)["a.one"]
    assert (it["status"], it["violations"]) == ("failed", len(HOSTILE)), it["error"]
    assert [[name for name, value in row.items() if value is True] for row in it["examples"]] == [
        [word] for word in HOSTILE
    ]
    with psycopg.connect(gusts) as connection:  # the query of the result can be pasted
        assert connection.execute(it["sql"].encode()).rowcount == len(HOSTILE)


def test_the_file_can_be_pasted_into_psql_below_the_lines_of_rules(suite: Suite, gusts: str, tmp_path: Path) -> None:
    """The author's text, unchanged, finds what the audit finds; the audit's text does so too."""
    text = (
        "-- variables: word, low = -5, name = 'wi nd', many = 310\n"
        "select id, wind as :\"name\", 'word :word' as text, (array[1, 2, 3])[1:2] as part from gusts\n"
        "where wind - :low >= 0 and (region = :word or wind::int = :many) /* :word */"
    )
    folder = suite(a__one=text, a__two="-- for_each: 'it''s', x\nselect id, region from gusts where region = :value")
    for id in ("a.one", "a.two"):
        given = Given({"word": "it's"}, {})
        loaded = load(folder)
        written = next(rule for rule in loaded.rules if rule.id == id)
        ready = next(rule for rule in resolved(loaded, {id}, given).rules if id in (rule.id, rule.base))
        file = tmp_path / "pasted.sql"
        body = "\n".join([*psql_lines(written, given), written.sql.rstrip(";") + "\n;", ready.sql + "\n;"])
        file.write_text(f"\\pset format unaligned\n\\pset footer off\n{body}\n", encoding="utf-8")
        done = psql(gusts, file)
        assert done.returncode == 0, done.stderr
        halves = done.stdout.splitlines()
        halves = [line for line in halves if "Output format" not in line and "footer" not in line]
        assert halves[: len(halves) // 2] == halves[len(halves) // 2 :]
        assert len(halves) >= 4, shlex.quote(done.stdout)


@pytest.mark.parametrize("value", ["1", "a much longer text with 'quotes' in it"])
def test_an_error_is_at_its_place_in_the_file(suite: Suite, results: Results, value: str) -> None:
    """However long the value before it is; in a line behind it, too."""
    query = "-- variables: a\nselect id,\n  :'a' as one, :'a' as two, wnid\nfrom gusts where region = :'a'"
    it = results(suite(a__one=query), variables={"a": value})["a.one"]
    assert it["status"] == "errored"
    assert (it["error_at"]["line"], it["error_at"]["column"]) == (6, 29)
    within = "-- variables: a\nselect id from gusts\nwhere wind = :'a'::intt"
    it = results(suite(a__one=within), variables={"a": value})["a.one"]
    assert (it["error_at"]["line"], it["error_at"]["column"]) == (6, 20)


def test_a_highlight_and_a_prefilter_have_the_values_too(suite: Suite, results: Results) -> None:
    """They are SQL of the same rule."""
    query = (
        "-- variables: region, name = region, low = 0\n"
        "-- highlight: wind, region where value = :'region'\n"
        "-- prefilter: gusts as g; select from gusts as x where x.id = g.id and x.wind >= :low\n"
        "-- prefilter_key: gusts.id\n"
        "select g.id, g.wind, g.region from gusts as g where g.:\"name\" = :'region' and g.wind < :low"
    )
    it = results(suite(a__one=query), variables={"region": "US"})["a.one"]
    assert (it["status"], it["violations"], it["highlight_in"]) == ("failed", 1, [["region"]]), it["error"]
    assert results(suite(a__one=query), variables={"region": "US", "low": "-9"})["a.one"]["violations"] == 0
