"""The public interface: `import order_audit` is cheap, typed, and does what its docstring shows."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import order_audit
from order_audit import scenario
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.server import Server
from order_audit.expectations import load
from tests.support import servers

#: Libraries that take long to import.
HEAVY = {"great_expectations", "pandas", "numpy", "sqlalchemy", "sqlglot", "psycopg", "jinja2", "typer", "rich"}


@pytest.fixture
def sample_18(server_18: Server) -> str:
    """The sample data on one server."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
    return dsn


def test_the_example_of_the_docstring_runs(sample_18: str) -> None:
    """Each line returns the documented value."""
    found = [test for test in doctest.DocTestFinder(recurse=False).find(order_audit) if test.examples]
    assert [test.name for test in found] == ["order_audit"]
    for test in found:
        test.globs["dsn"] = sample_18
        shown: list[str] = []
        result = doctest.DocTestRunner().run(test, out=shown.append)
        assert result.attempted >= 5
        assert result.failed == 0, "".join(shown)


def test_importing_it_is_cheap() -> None:
    """No large library, and none of the program's own packages, until a function is called."""
    code = "import sys, order_audit\nprint(*sorted(name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("order_audit")} == {
        "order_audit",
        "order_audit.api",
        "order_audit.errors",
        "order_audit.result",
        "order_audit.standby",
    }


def test_a_run_imports_little(sample_18: str, tmp_path: Path) -> None:
    """A whole audit does without the largest libraries: importing pandas alone takes as long as judging the rules."""
    assert parsed_query.parse(load("current").rules[0]).relations  # keeps them, if this is the first start
    words = ["-m", "order_audit", "run", "--dsn", sample_18, "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stderr
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert {"psycopg", "jinja2"} <= imported
    # the program's own rules are kept parsed, and values of options need no library
    assert not imported & {"great_expectations", "pandas", "numpy", "sqlalchemy", "rich", "sqlglot", "pydantic"}


@pytest.mark.parametrize("name", order_audit.__all__)
def test_every_name_is_there(name: str) -> None:
    """All names of `__all__` exist, loaded lazily or not."""
    assert getattr(order_audit, name) is not None


def test_a_name_that_there_is_not() -> None:
    """The error is Python's own."""
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = order_audit.nothing


def test_two_audits_are_compared(sample_18: str, tmp_path: Path) -> None:
    """Results in memory compare by counts; files beside violations.csv by keys."""
    kept = order_audit.run(sample_18, out=tmp_path / "kept", lint=False, profile=False)
    assert order_audit.Result.read(tmp_path / "kept" / "results.json").violations == kept.violations
    with psycopg.connect(sample_18) as connection:
        connection.execute("update customers set customer_phone = '+1 212 555 0100'")
    later = order_audit.run(sample_18, lint=False, profile=False)
    assert later.folder is None
    by_counts = order_audit.compare(kept, later)
    assert not by_counts["by_keys"]
    again = order_audit.run(sample_18, out=tmp_path / "again", lint=False, profile=False)
    by_keys = order_audit.compare(kept, tmp_path / "again" / "results.json")
    assert by_keys["by_keys"]
    assert by_keys["summary"]["resolved"] == kept.violations["customers.phone_is_dialable"]
    assert "customers.phone_is_dialable" not in again.violations


def test_results_as_data_frames(sample_18: str, tmp_path: Path) -> None:
    """A row per rule with its impact, and a row per violating key, each a text as it stands in the file."""
    result = order_audit.run(sample_18, out=tmp_path, lint=False, profile=False)
    rules = result.frame()
    failed = rules[rules.status == "failed"]
    assert failed.violations.to_dict() == result.violations
    impacts = {it["rule"]: it["impact"] for it in result.document["results"] if it["impact"]}
    assert failed[["customers", "orders", "amount"]].to_dict("index") == impacts
    keys = result.keys()
    assert keys.groupby("rule").size().to_dict() == result.violations
    assert {type(key) for key in keys.key} == {str}
    with pytest.raises(order_audit.DocumentError, match=r"has no violations\.csv"):
        order_audit.run(sample_18, lint=False, profile=False).keys()


def test_a_profile_of_one_table(sample_18: str) -> None:
    """Figures by table and column; a table that does not exist is an error of the caller's."""
    figures = order_audit.profile(sample_18, tables=["customers"])
    assert list(figures) == ["customers"]
    with pytest.raises(order_audit.UsageError, match="there is no table 'nowhere'"):
        order_audit.profile(sample_18, tables=["nowhere"])


def test_wrong_use_is_told_by_its_error() -> None:
    """Before any connection is made."""
    with pytest.raises(order_audit.SuiteError, match="no suite 'nothing'"):
        order_audit.load_suite("nothing")
    with pytest.raises(order_audit.DocumentError, match="cannot read"):
        order_audit.Result.read("nowhere/results.json")
