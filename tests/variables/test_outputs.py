"""Instances in each output: by their ids, whatever their values are."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx

from order_audit.audit.run import Options
from order_audit.gx import export
from order_audit.gx import suite as gx_suite
from tests.support.program import order_audit
from tests.support.results import run
from tests.variables.conftest import HOSTILE

Suite = Callable[..., str]
RULES = {
    "a__words": "-- for_each: select word as value from words\nselect id, word from words where word = :'value'",
    "wind": "-- variables: max_wind = 250\n-- for_each: E.U, EU\nselect id from gusts where wind > :max_wind"
    " and region = replace(:'value', '.', '')",
}  # fmt: skip


@pytest.fixture
def audited(suite: Suite, gusts: str, tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """The result and the folder of an audit with many instances."""
    out = tmp_path / "out"
    options = Options(suites=(suite(**RULES),), rows=5, lint=False, profile=False)
    return run(gusts, out, options), out


def test_every_file_has_every_instance(audited: tuple[dict[str, Any], Path]) -> None:
    """JUnit, the list of keys, the files of rows, the report: none mixes two of them up."""
    document, out = audited
    failed = {it["rule"] for it in document["results"] if it["status"] == "failed"}
    assert len(failed) == len(HOSTILE) + 2
    with (out / "violations.csv").open(encoding="utf-8", newline="") as file:
        assert {row["rule"] for row in csv.DictReader(file)} == failed
    names = [path.name for path in (out / "violations").glob("*.csv")]
    assert len(names) == len(failed)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,140}", name) for name in names)
    cases = ElementTree.parse(out / "junit.xml").findall(".//testcase")
    assert {it.get("classname") for it in cases} == {"a", str(out.parent / "suite")}
    assert {f"{it.get('classname')}.{it.get('name')}" for it in cases if it.get("classname") == "a"} == {
        id for id in failed if id.startswith("a.")
    }
    page = (out / "report.html").read_text(encoding="utf-8")
    anchors = re.findall(r'id="(rule-[^"]*)"', page)
    assert len(anchors) == len(set(anchors)) == len(failed)
    assert set(re.findall(r'href="#(rule-[^"]*)"', page)) == set(anchors)
    assert set(re.findall(r'data-area="([^"]*)"', page)) == {"a", "wind"}
    assert "max_wind = 250, value = E.U" in page


def test_an_audit_is_compared_by_instance(
    audited: tuple[dict[str, Any], Path], gusts: str, suite: Suite, tmp_path: Path
) -> None:
    """The same audit has nothing new; another value of a variable has."""
    _, out = audited
    folder = suite(**RULES)
    words = ["run", "--dsn", gusts, "--suite", folder, "--baseline", str(out / "results.json"), "--quiet", "--no-lint"]
    same = order_audit(*words, "--no-profile", "--out", str(tmp_path / "same"))
    assert same.returncode == 0, same.stdout + same.stderr
    more = order_audit(*words, "--no-profile", "--out", str(tmp_path / "more"), "--var", "max_wind=50")
    assert more.returncode == 1
    assert "wind[EU] (1 new)" in more.stdout
    done = order_audit("compare", str(out / "results.json"), str(tmp_path / "more" / "results.json"), "--out",
                       str(tmp_path / "compared"))  # fmt: skip
    assert "0 resolved, " in done.stdout
    assert ", 2 new" in done.stdout


def test_great_expectations_judges_with_the_values_of_the_export(
    suite: Suite, gusts: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows neither variables nor for_each."""
    folder = suite(**RULES)
    monkeypatch.chdir(tmp_path)
    made = export(tmp_path / "project", gusts, suites=[folder], variables={"max_wind": "50"})
    assert made.rules == len(HOSTILE) + 2
    assert not made.errored
    words = psycopg.conninfo.conninfo_to_dict(gusts)
    url = f"postgresql+psycopg://{words['user']}@/{words['dbname']}?host={words['host']}&port={words['port']}"
    monkeypatch.setenv("ORDER_AUDIT_GX_URL", url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="file", project_root_dir=tmp_path / "project")
        (done,) = context.checkpoints.get(made.name).run().run_results.values()
    results: list[Any] = list(done.results[:-1])
    found = {it.expectation_config.kwargs["rule"]: it.result for it in results}
    assert len(found) == len(HOSTILE) + 2
    assert {id: it["unexpected_count"] for id, it in found.items() if id.startswith("wind")} == {
        "wind[E.U]": 2, "wind[EU]": 2,
    }  # fmt: skip
    assert {it["unexpected_count"] for id, it in found.items() if id.startswith("a.")} == {1}


def test_a_suite_in_great_expectations_takes_values(suite: Suite) -> None:
    """Queries need a database, which only an export has."""
    folder = suite(**RULES)
    made = gx_suite(folder, variables={"max_wind": "300"}, exclude=["a.words", "wind[EU]"])
    expectations: list[Any] = list(made.expectations[:-1])
    rules = {it.rule: it.sql for it in expectations}
    assert list(rules) == ["wind[E.U]"]
    assert "wind > 300 and region = replace('E.U'" in rules["wind[E.U]"]
    with pytest.raises(Exception, match=r"words.sql: for_each needs a database: use order_audit.gx.export"):
        gx_suite(folder)
