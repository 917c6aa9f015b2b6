"""Import of data contracts: the reasons for what does not become a rule, keys and names."""

from __future__ import annotations

from typing import Any

import pytest

from order_audit.audit.interop import odcs
from order_audit.audit.interop.check import Found, Groups, Level, Rows, Table, Value

_TYPES = "columns"


def _read(*properties: dict[str, Any], **others: Any) -> Found:
    found = Found()
    contract = {"kind": "DataContract", "apiVersion": "v3.1.0", **others}
    contract["schema"] = [{"name": "trips", "physicalName": "Trip", "properties": list(properties)}]
    odcs.read([("contract.yaml", contract)], found)
    found.checks = [it for it in found.checks if it.name != _TYPES]
    return found


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"type": "text"}, "type text"),
        ({"type": "custom", "engine": "soda"}, "type custom"),
        ({"metric": "nullValues"}, "no threshold"),
        ({"metric": "nullValues", "mustBe": "few"}, "no number"),
        ({"metric": "rowCount", "mustBe": 1}, "rowCount has no equivalent here"),
        ({"metric": "invalidValues", "mustBe": 0}, "neither validValues nor a pattern"),
        ({"metric": "invalidValues", "arguments": {"validValues": [None]}, "mustBe": 0}, "no list of values"),
        ({"metric": "duplicateValues", "mustBeGreaterThan": 0}, "no upper limit"),
        ({"metric": "duplicateValues", "unit": "percent", "mustBe": 0}, "percentage"),
        ({"type": "sql", "mustBe": 0}, "no query"),
        ({"type": "sql", "query": "select count(*) from {catalog}", "mustBe": 0}, "parameter catalog"),
    ],
)
def test_a_rule_without_an_equivalent_is_listed_with_its_reason(rule: Any, reason: str) -> None:
    found = _read({"name": "c", "quality": [rule]})
    assert not found.checks
    assert [reason in it.reason for it in found.left_out] == [True], found.left_out


def test_keys_and_physical_names() -> None:
    servers = [{"type": "postgres", "schema": "ops"}]
    found = _read(
        {"name": "b", "primaryKey": True, "primaryKeyPosition": 2, "physicalName": "B"},
        {"name": "a", "primaryKey": True, "primaryKeyPosition": 1, "required": True},
        servers=servers,
    )
    table = Table("Trip", "ops")
    assert found.keys == {table: ("a", "B")}
    assert {check.name: check.body for check in found.checks} == {
        "b_primary_key_required": Rows('"Trip"."B" is null'),
        "a_required": Rows('"Trip".a is null'),
        "primary_key_unique": Groups('"Trip".a is not null and "Trip"."B" is not null', "count(*) > 1"),
    }


def test_the_names_in_a_query_are_quoted() -> None:
    rule = {"type": "sql", "query": "select count({column}) from `${table}`;", "mustBe": 5}
    (check,) = _read({"name": "order", "quality": [rule]}).checks
    assert check.body == Value(
        'select q.value\nfrom (\nselect count("order") from "Trip"\n) as q (value)', is_query=True
    )
    assert check.levels == (Level("critical", bound="equals 5"),)


def test_an_age_is_below_its_limit() -> None:
    sla = {"property": "freshness", "value": 2, "unit": "d", "element": "trips.at"}
    found = _read({"name": "at", "physicalName": "started"}, slaProperties=[sla])
    (check,) = found.checks
    assert check.levels == (Level("critical", bound="at_most 1 days 86399.999999 seconds"),)
    assert 'max("Trip".started)' in str(check.body)


def test_another_version_is_not_recognised() -> None:
    assert odcs.recognised({"kind": "DataContract", "apiVersion": "v3.0.2"})
    assert not odcs.recognised({"kind": "DataContract", "apiVersion": "v2.2.2"})
    assert not odcs.recognised({"dataContractSpecification": "1.1.0"})
