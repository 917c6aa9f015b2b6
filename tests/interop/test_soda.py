"""Import of Soda contracts: thresholds, and the reasons for what does not become a rule."""

from __future__ import annotations

from typing import Any

import pytest

from order_audit.audit.interop import soda, yaml_file
from order_audit.audit.interop.check import Check, Found, Level, Rows, Table, Value


def _read(check: Any, **column: Any) -> Found:
    found = Found()
    contract = {"dataset": "source/db/ops/trip", "columns": [{"name": "Kind", **column, "checks": [check]}]}
    soda.read([("trip.yml", contract)], found)
    return found


def _only(found: Found) -> Check:
    assert not found.left_out
    (check,) = found.checks
    return check


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ({"invalid": {}}, "says nothing about validity"),
        ({"missing": {"threshold": {"must_be": 0, "must_be_less_than": 5}}}, "more than one comparison"),
        ({"missing": {"threshold": {"must_be": "few"}}}, "must_be is no number"),
        ({"missing": {"threshold": {"must_be_between": {"less_than": 5}}}}, "lacks a limit"),
        ({"missing": {"filter": "day = ${var.day}"}}, "at run time"),
        ({"missing": {"column_expression": "lower(kind)"}}, "column_expression"),
        ({"missing": {"threshold": {"must_be": 1, "additional": {"must_be": 2}}}}, "not valid"),
        ({"duplicate": {"threshold": {"metric": "percent"}}}, "percentage of duplicates"),
        ({"duplicate": {"threshold": {"must_be_greater_than": 3}}}, "no upper limit"),
        ({"invalid": {"valid_values": [None]}}, "has a null"),
        ({"aggregate": {"function": "median", "threshold": {"must_be": 1}}}, "'median' has no equivalent"),
        ({"aggregate": {"function": "avg"}}, "no threshold"),
        ({"other": {}}, "no equivalent"),
        ({"failed_rows": {}}, "only expression"),
    ],
)
def test_a_check_without_an_equivalent_is_listed_with_its_reason(check: Any, reason: str) -> None:
    found = _read(check)
    assert not found.checks
    assert [reason in it.reason for it in found.left_out] == [True], found.left_out


@pytest.mark.parametrize(
    ("threshold", "body", "level"),
    [
        ({}, Rows('trip."Kind" is null'), Level("critical")),
        ({"must_be_less_than": 5}, Rows('trip."Kind" is null'), Level("critical", 4)),
        ({"must_be_less_than": 4.5, "level": "warn"}, Rows('trip."Kind" is null'), Level("warning", 4)),
        ({"must_be_less_than_or_equal": 5}, Rows('trip."Kind" is null'), Level("critical", 5)),
        (
            {"must_be_greater_than": 5},
            Value('count(*) filter (where trip."Kind" is null)'),
            Level("critical", bound="at_least 6"),
        ),
        (
            {"must_not_be": 5},
            Value('(count(*) filter (where trip."Kind" is null)) <> 5'),
            Level("critical", bound="equals true"),
        ),
        (
            {"must_be_not_between": {"greater_than_or_equal": 9, "less_than": 3}},
            Value(
                'not ((count(*) filter (where trip."Kind" is null)) >= 3'
                ' and (count(*) filter (where trip."Kind" is null)) < 9)'
            ),
            Level("critical", bound="equals true"),
        ),
    ],
)
def test_thresholds(threshold: Any, body: Any, level: Level) -> None:
    check = _only(_read({"missing": {"threshold": threshold}}))
    assert (check.table, check.body, check.levels) == (Table("trip", "ops"), body, (level,))


def test_a_duration_below_a_limit_is_one_second_less() -> None:
    found = Found()
    freshness = {"freshness": {"column": "at", "threshold": {"unit": "day", "must_be_less_than": 2}}}
    soda.read([("c.yml", {"dataset": "s/d/ops/trip", "checks": [freshness]})], found)
    assert _only(found).levels == (Level("critical", bound="at_most 1 days 86399 seconds"),)


def test_yaml_is_read_as_each_tool_reads_it() -> None:
    text = "[NO, on, 010, 2025-01-01, 1.5, 0x1F]"
    assert yaml_file.read(text, "soda", "x") == ["NO", "on", 10, "2025-01-01", 1.5, "0x1F"]
    assert yaml_file.read(text, "odcs", "x") == [False, True, 8, "2025-01-01", 1.5, 31]
    assert [type(it).__name__ for it in yaml_file.read(text, "dbt", "x")][3] == "date"
