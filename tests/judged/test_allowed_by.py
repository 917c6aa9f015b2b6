"""What a report says allowed violations would refuse them: each row is inserted again after the suggestion."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.analysis.ddl_tokens import split
from order_audit.audit.run import Options
from tests.support.results import run

pytestmark = pytest.mark.both_versions


@pytest.fixture
def audited(issues: str, tmp_path: Path) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The result on the labelled issues, and the violating keys by rule."""
    result = run(issues, tmp_path / "out", Options(profile=False))
    keys: dict[str, list[int]] = {}
    with (tmp_path / "out" / "violations.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            keys.setdefault(row["rule"], []).append(int(row["key"]))
    return result, keys


def test_suggestions_refuse_the_rows_that_they_are_said_to_have_allowed(
    audited: tuple[dict[str, Any], dict[str, list[int]]], issues: str
) -> None:
    """Rows of a result that the schema finding allows; which of them, where the rule says so."""
    result, keys = audited
    on_schema = {(it["rule"], it["object"]): it for it in result["schema_findings"]}
    links = [(it, cause) for it in result["results"] for cause in it.get("schema_causes", ()) if cause["allows"]]
    assert {it["rule"] for it, _ in links} >= {
        "lineage.order_ref_exists", "orders.customer_exists", "orders.amount_is_not_negative",
        "customers.balance_is_finite", "orders.delivery_args_convert_to_jsonb",
    }  # fmt: skip
    for rule, cause in links:
        finding = on_schema[cause["rule"], cause["object"]]
        table, key = ("customers", "customer_id") if rule["key"] == "customer_id" else ("orders", "order_id")
        with psycopg.connect(issues) as connection:
            connection.execute("alter table orders drop constraint if exists orders_customer_id_fkey")
            listed = ", ".join(map(str, keys[rule["rule"]]))
            connection.execute(f"create temp table aside as table {table} with no data".encode())
            connection.execute(f"insert into aside select * from {table} where {key} in ({listed})".encode())
            if finding["outcome"]["kind"] == "refused":  # it can be run without the rows
                connection.execute(f"delete from {table} where {key} in ({listed})".encode())
            for _, statement in split(finding["suggestion"]):
                connection.execute(statement.replace(" concurrently ", " ").encode())
            accepted = []
            for violation in keys[rule["rule"]]:
                with suppress(psycopg.IntegrityError, psycopg.DataError), connection.transaction():
                    connection.execute(f"update aside set {key} = 1000000 + {key} where {key} = {violation}".encode())
                    connection.execute(
                        f"insert into {table} select * from aside where {key} = 1000000 + {violation}".encode()
                    )
                    accepted.append(violation)
            connection.rollback()
        assert len(accepted) < len(keys[rule["rule"]]) if cause["which"] else not accepted, (rule["rule"], accepted)


def test_a_suggestion_that_accepts_all_rows_has_allowed_none(
    audited: tuple[dict[str, Any], dict[str, list[int]]],
) -> None:
    """E-mail addresses that are spelt in two ways break the rule, and no index on the spelling."""
    result, keys = audited
    assert keys["customers.email_is_unique"]
    accepting = {
        (it["rule"], it["object"])
        for it in result["schema_findings"]
        if it.get("outcome", {}).get("kind") == "runs" and not it["outcome"].get("obstacles")
    }
    allowing = {
        (cause["rule"], cause["object"])
        for it in result["results"]
        for cause in it.get("schema_causes", ())
        if cause["allows"]
    }
    assert accepting
    assert not accepting & allowing
