"""Bounds and tolerances with variables, alone and in measured rules that are repeated, in all outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from order_audit.expectations import Given, SuiteError, load, resolved
from tests.support.program import order_audit

#: Of the gusts with a region, by region and limit: EU has 100 and 260, US 310 and -5.
SHARE = """-- title: Strong wind above :value
-- key: region
-- for_each: {0}
-- variables: most = 10, worst = '50 %', side = 'US'
-- measure: share
-- warning: at_most :most %
-- critical: at_most :worst
-- owner: ann
select g.region, avg((g.wind > :value)::int) as share
from gusts as g where g.region in ('EU', :'side') group by g.region"""


@pytest.mark.parametrize("values", ["250, 300", "select v::text as value from (values (250), (300)) as t (v)"])
def test_a_measured_rule_that_is_repeated_and_has_variables(
    gusts: str, suite: Callable[..., str], tmp_path: Path, values: str
) -> None:
    """In JSON, the report, JUnit, the terminal and Great Expectations: 50 % is the bound, and within it."""
    folder = suite(wind__share=SHARE.format(values))
    formats = "html,json,junit,markdown,violations,gx" if values.startswith("250") else "json"
    words = ("--suite", folder, "--out", str(tmp_path / "o"), "--no-lint", "--no-profile", "--quiet", "--dsn", gusts)
    done = order_audit("run", *words, "--format", formats, "--var", "most=0", ORDER_AUDIT_VAR_WORST="50 %")
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "o" / "results.json").read_text())["results"]
    assert [(it["rule"], it["severity"], it["violations"], it["checked"]) for it in results] == [
        ("wind.share[250]", "warning", 2, 2), ("wind.share[300]", "warning", 1, 2)
    ]  # fmt: skip
    one, other = results
    assert one["variables"] == {"most": "0", "side": "US", "value": "250", "worst": "50 %"}
    assert [(it["severity"], it["text"]) for it in other["measure"]["bounds"]] == [
        ("critical", "at most 50 %"), ("warning", "at most 0 %")
    ]  # fmt: skip
    if formats == "json":
        return
    assert "at most 50 %" in done.stdout
    page = (tmp_path / "o" / "report.html").read_text()
    assert "Strong wind above 300" in page
    assert "at most 0 %" in page
    case = ElementTree.parse(tmp_path / "o" / "junit.xml").find(".//testcase[@name='share[300]']/failure")
    assert case is not None
    assert "at most 0 %" in (case.get("message") or "") + (case.text or "")
    (file,) = (tmp_path / "o" / "gx" / "expectations").glob("*.json")
    stored = [it for it in json.loads(file.read_text())["expectations"] if it["kwargs"].get("measure")]
    assert [it["kwargs"]["measure"]["bounds"][0]["values"] for it in stored] == [["0.50"], ["0.50"]]


def severities(folder: str, **given: str) -> list[tuple[str, str]]:
    """The limits of a suite's rules with values."""
    loaded = load(folder)
    rules = resolved(loaded, {it.id for it in loaded.rules}, Given(given, environment={})).rules
    return [(it.severity, str(it.above)) for rule in rules for it in rule.levels]


def test_tolerances_and_levels(suite: Callable[..., str]) -> None:
    """By a given value, the default, and the value of `for_each`."""
    query = "select g.id from gusts as g where g.wind > "
    folder = suite(
        a=f"-- variables: few = 2\n-- tolerate: :few rows\n{query} 5",
        b="-- for_each: 1, 3\n-- variables: share = '0.5 %'\n-- tolerate: :value rows\n-- warning: above 0 rows\n"
        f"{query} :value and :'share' <> ''",
    )
    b = Path(folder, "b.sql")
    b.write_text(b.read_text().replace("-- severity: critical", "-- critical: above :share").replace("tolerate", "why"))
    assert severities(folder, few="7") == [
        ("critical", "7 rows"), *(("critical", "0.5 %"), ("warning", "0 rows")) * 2
    ]  # fmt: skip
    b.write_text(b.read_text().replace("above 0 rows", "above :value rows"))
    assert severities(folder)[0::2] == [("critical", "2 rows"), ("warning", "1 row"), ("warning", "3 rows")]


@pytest.mark.parametrize(
    ("header", "given", "message"),
    [
        ("-- variables: few = 2\n-- tolerate: :few rows", {"few": "x"}, ":5: tolerate: 'x rows' is not an amount"),
        ("-- variables: few = 2\n-- tolerate: :fw rows", {}, ":5: 'tolerate' reads :fw, which the header does not"
         " declare under 'variables' (did you mean few?)"),
        ("-- variables: few\n-- tolerate: :few rows", {}, ": the variable 'few' has no value"),
        ("-- variables: few = 2\n-- tolerate: 3 rows", {}, ": the query does not use the variable 'few'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_line(
    suite: Callable[..., str], header: str, given: dict[str, str], message: str
) -> None:
    folder = suite(a=f"{header}\nselect g.id from gusts as g where g.wind > 5")
    with pytest.raises(SuiteError) as error:
        severities(folder, **given)
    assert f"a.sql{message}" in str(error.value)
    if given:
        assert str(error.value).endswith("(few = x)")


@pytest.mark.parametrize("bound", ["equals: :x", "at_most: :x", "between: :x and :y", "between: 2026-01-01 and :x",
                                   "critical: at_least :x days\n-- warning: between :x days and :y weeks"])  # fmt: skip
def test_a_bound_may_have_no_default(suite: Callable[..., str], bound: str) -> None:
    """Its unit is known with its value."""
    rules = load(
        suite(a=f"-- variables: x{', y' * (':y' in bound)}\n-- measure: n\n-- {bound}\nselect 1 as id, 1 as n")
    ).rules
    assert rules[0].measure is not None


def test_rules_shows_the_limits_with_their_values(suite: Callable[..., str]) -> None:
    folder = suite(a="-- variables: few = 2\n-- tolerate: :few rows\nselect g.id from gusts as g where g.wind > 5")
    assert "above 9 rows" in order_audit("rules", "a", "--suite", folder, "--var", "few=9").stdout
