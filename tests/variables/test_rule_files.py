"""Rule files with variables, and the commands that read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.program import order_audit

Suite = Callable[..., str]
WIND = "select id from gusts where wind > :max_wind and region = :region"
HEAD = "-- variables: max_wind, region = 'EU'\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("-- variables: Max = 1\nselect :max", "a/b.sql:4: variable 'Max' is not in lower case: write 'max'"),
        ("-- variables: max_wind = 1\nselect id from g\nwhere w > :max_wnd", "a/b.sql:6:11: the query reads :max_wnd,"
         " which the header does not declare under 'variables' (did you mean max_wind?)"),
        ("select :limit", "a/b.sql:4:8: the query reads :limit, which the header does not declare under 'variables'"),
        ("-- variables: low = 1, high = 2\nselect :low", "a/b.sql: the query does not use the variable 'high'"),
        ("-- for_each: a, b\nselect :valeu", "a/b.sql:5:8: the query reads :valeu, which neither 'variables' nor"
         " for_each gives (did you mean value?)"),
        ("-- for_each: a, b\nselect 1", "a/b.sql: the query does not use :value, the value of for_each"),
        ("-- for_each: a,, b\nselect :value", "a/b.sql:4: for_each '' is no value; write 'VALUE, ...' with texts in"
         " single quotes, or a query"),
        ("-- variables: value = 1\n-- for_each: a\nselect :value", "a/b.sql:5: 'value' is the variable of for_each:"
         " give yours another name"),
        ("-- for_each: select :x as value\nselect :value", "a/b.sql: for_each reads :x, which the header does not"
         " declare under 'variables'"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_one_line(suite: Suite, text: str, error: str) -> None:
    """That names the place, and the nearest name."""
    folder = suite(a__b=text)
    done = order_audit("rules", "--suite", folder)
    assert (done.returncode, done.stderr) == (2, f"order-audit: {folder}/{error}\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "PATH: the variable 'max_wind' has no value: give --var max_wind=VALUE, or a default in the header"),
        (["--var", "max_wnd=3"], "--var max_wnd: no rule of the suite has this variable (did you mean max_wind?)"),
        (["--var", "x=3"], "--var x: no rule of the suite has this variable (known: max_wind, region)"),
        (["--var", "max_wind"], "--var max_wind: not NAME=VALUE"),
        (["--var", "max_wind=1", "--var", "max_wind=2"], "--var max_wind is given twice"),
        (["--var", "max_wind=\udcff"], "PATH: the value of 'max_wind' is not a text that a database can hold"),
    ],
)
@pytest.mark.parametrize("command", [["run", "--out", "out"], ["gx", "export", "out"]])
def test_a_wrong_value_is_one_line(suite: Suite, command: list[str], words: list[str], error: str) -> None:
    """Before the database is read."""
    folder = suite(a__b=HEAD + WIND)
    done = order_audit(*command, "--suite", folder, "--dsn", "host=/nowhere", *words)
    assert (done.returncode, done.stderr) == (2, f"order-audit: {error.replace('PATH', f'{folder}/a/b.sql')}\n")


def test_a_text_is_quoted_in_one_way(suite: Suite) -> None:
    """Psql would read the two differently; a number is the same in both."""
    folder = suite(a__b="-- variables: region\nselect id from g where r = :region or r = :'region'")
    words = ["run", "--out", "out", "--dsn", "host=/nowhere", "--suite", folder]
    done = order_audit(*words, "--var", "region=EU")
    assert done.returncode == 2
    assert done.stderr == (
        f"order-audit: {folder}/a/b.sql: the query reads :region with and without quotes, which psql would read"
        " differently: write :'region' for a text\n"
    )
    assert order_audit(*words, "--var", "region=5").returncode == 3


def test_a_rule_that_is_left_out_needs_no_value(suite: Suite) -> None:
    """It is not judged."""
    folder = suite(a__b=HEAD + WIND, a__c="select id from gusts")
    words = ["run", "--out", "out", "--dsn", "host=/nowhere", "--suite", folder]
    assert order_audit(*words, "--rule", "a.c").returncode == 3
    assert order_audit(*words, "--exclude", "a.b").returncode == 3
    assert order_audit(*words).returncode == 2


def test_rules_shows_the_variables_and_what_psql_needs(suite: Suite) -> None:
    """One line for a rule with instances, which are shown as it."""
    folder = suite(a__b=HEAD + WIND, a__c="-- for_each: EU, US\nselect id from gusts where region = :'value'")
    listed = order_audit("rules", "--suite", folder)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["a.b", "a.c"]
    shown = order_audit("rules", "a.b", "--suite", folder).stdout
    assert "variables max_wind, region = EU\n" in shown
    assert f"\n-- :max_wind has no value: give --var max_wind=VALUE\n\\set region '''EU'''\n\n{WIND}\n" in shown
    given = order_audit("rules", "a.b", "--suite", folder, "--var", "max_wind=-5").stdout
    assert "\n\\set max_wind '(-5)'\n" in given
    for id in ("a.c", "a.c[US]"):
        each = order_audit("rules", id, "--suite", folder).stdout
        assert "\n-- and then for: 'US'\n\\set value 'EU'\n\nselect id" in each


def test_a_rule_that_is_repeated_has_no_fix(suite: Suite, tmp_path: Path) -> None:
    """A file for it would change rows without knowing the values."""
    folder = suite(a__b="-- for_each: EU, US\nselect id from gusts where region = :value", a__c="select id from gusts")
    fix = tmp_path / "fixes" / "a" / "b.sql"
    fix.parent.mkdir(parents=True)
    fix.write_text("-- assumes: x\n-- leave: y\n", encoding="utf-8")
    for command in (["fixes", "plan"], ["run", "--out", "out"]):
        done = order_audit(*command, "--suite", folder, "--fixes", str(tmp_path / "fixes"), "--dsn", "host=/nowhere")
        assert (done.returncode, done.stderr) == (
            2, f"order-audit: {fix}: for_each repeats a.b ({folder}/a/b.sql), and a fix knows no values: write a"
            " rule of its own for the value to fix, with its fix, and remove this file\n"
        )  # fmt: skip
    said = order_audit("fixes", "new", "a.b", "--suite", folder, "--dsn", "host=/nowhere").stderr
    repeats = f"for_each repeats a.b ({folder}/a/b.sql)"
    own = "knows no values: write a rule of its own for the value to"
    assert said == f"order-audit: {repeats}, and a fix {own} fix\n"
    guard = tmp_path / "guards" / "region_is_set.sql"
    guard.parent.mkdir()
    guard.write_text("-- title: Set\n-- protects: a.b\n\n-- check gusts:\nregion is not null\n", encoding="utf-8")
    said = order_audit(
        "fixes", "plan", "--suite", folder, "--guards", str(guard.parent), "--dsn", "host=/nowhere"
    ).stderr
    assert said == (f"order-audit: {guard}: {repeats}, and a guard {own} guard, and name that one under 'protects'\n")


def test_a_rule_that_is_repeated_explains_no_other(suite: Suite) -> None:
    """Which of its instances would it be?"""
    folder = suite(
        a__b="-- for_each: EU, US\nselect id from gusts where region = :value",
        a__c="-- follows_from: a.b\nselect id from gusts",
    )
    done = order_audit("rules", "--suite", folder)
    assert done.returncode == 2
    assert "follows_from names a.b, which for_each repeats: name another rule" in done.stderr
