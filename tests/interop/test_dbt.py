"""Import of dbt's schema.yml: what becomes a rule, and the reasons for what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from order_audit.audit.interop import dbt_tests
from order_audit.audit.interop.check import CannotImportError, Found, Table
from order_audit.audit.interop.dbt import read
from order_audit.audit.interop.rule_text import rule_text
from order_audit.expectations import rule
from tests.support.program import order_audit


def _found(test: Any, **column: Any) -> Found:
    found = Found()
    document = {"models": [{"name": "t", "columns": [{"name": "c", **column, "data_tests": [test]}]}]}
    read([("schema.yml", document)], found)
    return found


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ({"accepted_values": {"arguments": {"values": ["{{ var('x') }}"]}}}, "Jinja"),
        ({"not_null": {"config": {"where": "{{ only_new() }}"}}}, "Jinja"),
        ({"not_null": {"config": {"enabled": False}}}, "disabled"),
        ({"not_null": {"config": {"error_if": "< 5"}}}, "error_if '< 5' is no lower limit"),
        ({"not_null": {"config": {"error_if": ">= 0"}}}, "error_if '>= 0' is no lower limit"),
        ({"not_null": {"config": {"fail_calc": "max(n)"}}}, "fail_calc"),
        ({"not_null": {"config": {"error_if": "> 9", "warn_if": "> 9", "limit": 5}}}, "never reaches"),
        ({"accepted_values": {"arguments": {"values": ["now()"], "quote": False}}}, "SQL expressions"),
        ({"relationships": {"arguments": {"to": "source('a', 'b')", "field": "c"}}}, "name the file that declares it"),
        ({"relationships": {"arguments": {"to": "other", "field": "c"}}}, "neither ref"),
        ({"own_test": {"x": 1}}, "macros of the project"),
    ],
)  # fmt: skip
def test_a_test_without_an_equivalent_is_listed_with_its_reason(test: Any, reason: str) -> None:
    found = _found(test)
    assert not found.checks
    assert [reason in it.reason for it in found.left_out] == [True], found.left_out


@pytest.mark.parametrize(
    "test",
    [
        {"accepted_values": {"arguments": {"values": ["a", "b"]}, "config": {"severity": "warn"}}},
        {"accepted_values": {"values": ["a", "b"], "severity": "warn"}},
        {"test_name": "accepted_values", "arguments": {"values": ["a", "b"]}, "config": {"severity": "warn"}},
    ],
)
def test_the_forms_of_all_versions_mean_the_same(test: Any) -> None:
    (check,) = _found(test).checks
    text = rule_text(check, ("id",), "dbt")
    assert "-- severity: warning" in text
    assert "where t.c not in ('a', 'b')" in text


def test_names_and_values_are_quoted() -> None:
    hostile = 'x"; drop table t; --'
    (check,) = _found({"accepted_values": {"values": ["it's", "\\'; select 1"]}}, quote=True, name=hostile).checks
    parsed = rule.parse(rule_text(check, ("id",), "dbt"), id="x", suite="x", path="x")
    assert parsed.key == (hostile,)
    assert "t.\"x\"\"; drop table t; --\" not in ('it''s', '\\''; select 1')" in parsed.sql


def test_a_name_cannot_begin_another_header_line() -> None:
    (check,) = _found({"not_null": {"description": "why\n-- severity: info\n-- include: x"}}).checks
    parsed = rule.parse(rule_text(check, ("id",), "dbt"), id="x", suite="x", path="x")
    assert parsed.severity == "critical"
    assert parsed.why == "why -- severity: info -- include: x"


def test_a_condition_cannot_include_a_fragment() -> None:
    (check,) = _found({"not_null": {"where": "true\n-- include: secret\n"}}).checks
    with pytest.raises(CannotImportError, match="fragment"):
        rule_text(check, ("id",), "dbt")


def test_columns_are_folded_and_tables_are_not() -> None:
    found = Found()
    document = {"models": [{"name": "Big", "columns": [{"name": "ID", "data_tests": ["not_null"]}]}]}
    read([("schema.yml", document)], found)
    assert 'select "Big".id\nfrom "Big"\nwhere "Big".id is null' in rule_text(found.checks[0], ("id",), "dbt")


def test_keys_come_from_constraints() -> None:
    found = Found()
    constraints = [{"type": "primary_key", "columns": ["b", "A"]}]
    read([("s.yml", {"models": [{"name": "t", "constraints": constraints}]})], found)
    assert found.keys == {Table("t"): ("b", "a")}


def test_files(tmp_path: Path) -> None:
    """Without a key there is no rule, and a line that says what to do; files of an import are not overwritten."""
    file = tmp_path / "schema.yml"
    tests = ["not_null", "unique", {"unique": {"name": "../../x"}}]
    file.write_text(yaml.safe_dump({"models": [{"name": "t", "columns": [{"name": "c", "tests": tests}]}]}))
    words = ("import", str(file), "--out", str(tmp_path / "rules"))
    done = order_audit(*words, DATABASE_URL="")
    assert done.returncode == 0, done.stderr
    assert "not_null of t.c in" in done.stdout
    assert "the file names no primary key of t: give --dsn to look it up" in done.stdout
    written = sorted(it.relative_to(tmp_path / "rules").as_posix() for it in (tmp_path / "rules").rglob("*.*"))
    assert written == ["not-imported.txt", "t/c_unique.sql", "t/x.sql"]
    again = order_audit(*words, DATABASE_URL="")
    assert again.returncode == 2
    assert "exists: choose an empty folder for --out" in again.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object/apply:os.getcwd []\n", "schema.yml:1:4: not YAML of plain data"),
        ("a: [1\n", "not YAML"),
        ("a: 1\n", "not recognised"),
    ],
)
def test_another_file_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "schema.yml"
    file.write_text(text)
    done = order_audit("import", str(file), "--from", "dbt", "--out", str(tmp_path / "rules"))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "rules").exists()


def test_the_table_of_the_documentation_has_all_tests() -> None:
    assert list(dbt_tests.KINDS) == list(dbt_tests._MAKERS)
