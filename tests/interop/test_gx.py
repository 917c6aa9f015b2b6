"""Import of suites of Great Expectations: the reasons for what does not become a rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from order_audit.audit.interop.check import Found, Table
from order_audit.audit.interop.gx_suite import read
from tests.support.program import order_audit


def _suite(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"name": "s", "expectations": [{"type": kind, "kwargs": kwargs}]}


@pytest.mark.parametrize(
    ("kind", "kwargs", "reason"),
    [
        ("expect_column_kl_divergence_to_be_less_than", {"column": "c"}, "no equivalent"),
        ("expect_column_values_to_be_null", {"column": "c", "row_condition": 'col("a") > 1'}, "row_condition"),
        ("expect_column_values_to_be_between", {"column": "c"}, "no limit"),
        ("expect_column_values_to_be_in_set", {"column": "c", "value_set": []}, "no list of values"),
        ("expect_column_values_to_be_in_set", {"column": "c", "value_set": {"$PARAMETER": "p"}}, "at run time"),
        ("expect_column_values_to_be_unique", {"column": "c", "mostly": 0.5}, "mostly"),
        ("expect_compound_columns_to_be_unique", {"column_list": ["c", "d"], "mostly": 0.5}, "share of rows"),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select from {batch} where {x}"}, "a parameter"),
        ("expect_column_values_to_be_null", {}, "no column"),
    ],
)
def test_an_expectation_without_an_equivalent_is_listed_with_its_reason(
    kind: str, kwargs: dict[str, Any], reason: str
) -> None:
    found = Found()
    read([("suite.json", _suite(kind, **kwargs))], found, Table("t"))
    assert not found.checks
    assert [reason in it.reason for it in found.left_out] == [True], found.left_out


def test_the_table_is_given(tmp_path: Path) -> None:
    file = tmp_path / "suite.json"
    file.write_text(json.dumps(_suite("expect_compound_columns_to_be_unique", column_list=["a", "B"])))
    words = ("import", str(file), "--out", str(tmp_path / "rules"))
    done = order_audit(*words, DATABASE_URL="")
    assert (done.returncode, "add --table NAME" in done.stderr) == (2, True), done.stderr
    wrong = order_audit(*words, "--table", "a.b.c", DATABASE_URL="")
    assert (wrong.returncode, "write NAME or SCHEMA.NAME" in wrong.stderr) == (2, True), wrong.stderr
    done = order_audit(*words, "--table", 'ops."My table"', DATABASE_URL="")
    assert done.returncode == 0
    assert 'the file names no primary key of ops."My table": give --dsn' in done.stdout


@pytest.mark.parametrize(("text", "said"), [("{", "not JSON"), ('{"name": "s"}', "not recognised"), ("[]", "not rec")])
def test_another_file_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "suite.json"
    file.write_text(text)
    done = order_audit("import", str(file), "--from", "gx", "--table", "t", "--out", str(tmp_path / "rules"))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
