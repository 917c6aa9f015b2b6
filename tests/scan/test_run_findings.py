"""Whole audits: findings, rows and impact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from order_audit.scenario.load import TRUTH
from tests.rules import CHECKABLE
from tests.scan.whole import LACKING, RULES, SAMPLE_FINDINGS, SAMPLE_RATE, Audited, audit, keys, statuses

LIVE = ["pending", "active", "paused"]


@pytest.fixture
def clean(major: int, audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the sample data. Its database does not change."""
    return audited(major, False)


# Findings ------------------------------------------------------------------------------------


@pytest.mark.both_versions
def test_sample_data_has_four_findings(clean: Audited) -> None:
    """Those that the data is known to have, key by key, and no other."""
    assert keys(clean.out / "violations.csv") == {rule: list(map(str, ids)) for rule, ids in SAMPLE_FINDINGS.items()}
    assert {rule: found["violations"] for rule, found in clean.failed().items()} == {
        rule: len(ids) for rule, ids in SAMPLE_FINDINGS.items()
    }


def test_sample_data_passes_everything_else(clean: Audited) -> None:
    """Four rules fail, three cannot be checked, and the gate fails on the one critical finding."""
    summary = dict(clean.document["summary"])
    verdict = summary.pop("gate")
    assert summary == {
        "expectations": len(RULES),
        "passed": len(CHECKABLE) - len(SAMPLE_FINDINGS),
        "failed": 4,
        "errored": 0,
        "skipped": 0,
        "not_checkable": 3,
        "not_selected": 0,
        "pass_rate": round(float(SAMPLE_RATE), 2),
        "rows_affected": [
            {"key": "customer_id", "rows": 5, "causes": 5, "table": "customers"},
            {"key": "order_id", "rows": 7, "causes": 7, "table": "orders"},
        ],
    }
    assert verdict["passed"] is False
    assert len(verdict["reasons"]) == 1
    assert "orders.delivery_args_hold_no_secret (2)" in verdict["reasons"][0]


def test_what_cannot_be_checked_names_the_column_that_it_takes(clean: Audited) -> None:
    """Neither passed nor failed, with a reason."""
    unchecked = {id: found for id, found in clean.results().items() if found["status"] == "not_checkable"}
    assert unchecked.keys() == LACKING.keys()
    for id, column in LACKING.items():
        assert column in unchecked[id]["reason"]
        assert RULES[id].without in unchecked[id]["reason"]
        assert unchecked[id]["violations"] == 0
        assert unchecked[id]["checked"] is None


@pytest.mark.both_versions
def test_labelled_issues_are_found_to_the_byte(dirty: Audited) -> None:
    """The violations file is the truth: nothing missed, no false alarm, in order."""
    assert (dirty.out / "violations.csv").read_bytes() == TRUTH.read_bytes()
    counts = {rule: len(ids) for rule, ids in keys(TRUTH).items()}
    assert {rule: found["violations"] for rule, found in dirty.failed().items()} == counts
    assert dirty.document["summary"]["passed"] == len(CHECKABLE) - len(counts)


# Impact, checked, duration ------------------------------------------------------------------------


@pytest.mark.both_versions
def test_impact_is_exact(dirty: Audited) -> None:
    """Customers, orders and amounts of every failed rule, against sums of our own over the violating keys."""
    with psycopg.connect(dirty.dsn) as connection:
        for id, found in dirty.failed().items():
            ids = [int(key) for key in keys(dirty.out / "violations.csv")[id]]
            if found["key"] == "order_id":
                query = (
                    "select count(distinct customer_id), count(*), coalesce(sum(order_amount), 0)"
                    " from orders where order_id = any(%s)"
                )
                row = connection.execute(query, [ids]).fetchone()
            else:
                query = (
                    "select (select count(*) from customers where customer_id = any(%s)), count(*),"
                    " coalesce(sum(order_amount), 0) from orders where customer_id = any(%s) and order_status = any(%s)"
                )
                row = connection.execute(query, [ids, ids, LIVE]).fetchone()
            assert row is not None
            if id == "orders.customer_exists":  # who is not there is not reached
                row = (0, *row[1:])
            assert tuple(found["impact"].values()) == row, id
            assert list(found["impact"]) == ["customers", "orders", "amount"]
    assert {found["impact"] for found in dirty.results().values() if found["status"] != "failed"} <= {None}


def test_checked_is_the_rows_of_the_table(dirty: Audited) -> None:
    """Of the table whose key it is; unknown where nothing was judged."""
    with psycopg.connect(dirty.dsn) as connection:
        row = connection.execute("select (select count(*) from orders), (select count(*) from customers)").fetchone()
    assert row is not None
    rows = dict(zip(("orders", "customers"), row, strict=True))
    assert dirty.document["run"]["tables"] == {name: {"rows": number} for name, number in rows.items()}
    tables = {"order_id": "orders", "customer_id": "customers"}
    for id, found in dirty.results().items():
        if found["status"] in ("passed", "failed"):
            assert (found["table"], found["checked"]) == (tables[found["key"]], rows[tables[found["key"]]]), id


def test_durations_are_there(clean: Audited) -> None:
    """Each judged rule took some time, and all together no more than the connections had."""
    told = clean.document["run"]
    took = {id: found["duration_ms"] for id, found in clean.results().items()}
    judged = {id for id, found in clean.results().items() if found["status"] in ("passed", "failed")}
    assert all(took[id] > 0 for id in judged)
    assert all(took[id] == 0 for id in took.keys() - judged)
    passed = datetime.fromisoformat(told["finished_at"]) - datetime.fromisoformat(told["started_at"])
    assert sum(took.values()) / 1000 <= 2 * passed.total_seconds() + 0.1


def test_progress_counts_each_rule_once(clean_18: Audited, tmp_path: Path) -> None:
    """From none to all, with what became of each."""
    told: list[tuple[int, int, str]] = []
    document = audit(
        clean_18.dsn, tmp_path, rules=("customers.*",), on_progress=lambda done, of, what: told.append((done, of, what))
    )
    judged = {f"{id}: {status}" for id, status in statuses(document).items() if status in ("passed", "failed")}
    assert told[0] == (0, len(judged), "")
    assert [done for done, _, _ in told] == list(range(len(judged) + 1))
    assert {what for _, _, what in told[1:]} == judged
