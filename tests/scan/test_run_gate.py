"""Whole audits: which rules are judged, and when the gate lets them pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from order_audit import reports
from order_audit.errors import UsageError
from order_audit.expectations import SuiteError
from order_audit.reports.document import FailOn
from tests.scan.whole import LACKING, RULES, SAMPLE_FINDINGS, SAMPLE_RATE, Audited, audit, statuses, suite
from tests.support.results import decided


def rounded(way: Callable[[Fraction], int], places: int) -> Fraction:
    """That pass rate with so many decimal places, rounded down (`floor`) or up (`ceil`)."""
    return Fraction(way(SAMPLE_RATE * 10**places), 10**places)


# Which rules --------------------------------------------------------------------------------------


def test_rules_that_were_not_selected_are_shown_as_such(clean_18: Audited, tmp_path: Path) -> None:
    """`--rule` and `--exclude` take patterns, and nothing disappears from the results."""
    document = audit(clean_18.dsn, tmp_path, rules=("lineage.*", "orders.customer_exists"), exclude=("*.is_acyclic",))
    asked = {id for id in RULES if id.startswith("lineage.")} - {"lineage.is_acyclic"} | {"orders.customer_exists"}
    assert {id for id, status in statuses(document).items() if status != "not_selected"} == asked
    left_out = [found for found in document["results"] if found["status"] == "not_selected"]
    assert not any("reason" in found for found in left_out)
    assert document["summary"]["not_selected"] == len(RULES) - len(asked)
    assert document["summary"]["skipped"] == 0
    assert document["summary"]["pass_rate"] == 87.5  # 7 of 8


@pytest.mark.parametrize("options", [{"rules": ("linage.*",)}, {"exclude": ("orders.nothing",)}])
def test_a_pattern_that_matches_no_rule_is_wrong_use(
    clean_18: Audited, tmp_path: Path, options: dict[str, tuple[str, ...]]
) -> None:
    """The message names the pattern; nothing is written."""
    with pytest.raises(SuiteError, match=re.escape(next(iter(options.values()))[0])):
        audit(clean_18.dsn, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_nothing_judged_has_no_pass_rate(clean_18: Audited, tmp_path: Path) -> None:
    """Null, and not 0 or 100 percent; a rate that is asked for is then not reached."""
    document = audit(clean_18.dsn, tmp_path, rules=tuple(LACKING), min_pass_rate=Fraction(1))
    assert document["summary"]["pass_rate"] is None
    assert document["summary"]["not_checkable"] == 3
    assert document["summary"]["gate"]["passed"] is False


# The gate -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fail_on", "rules"),
    [
        ("critical", ["orders.delivery_args_hold_no_secret"]),
        (
            "warning",
            ["orders.delivery_args_hold_no_secret", "lineage.one_live_order", "orders.schedule_repeats_by_day"],
        ),
        ("info", list(SAMPLE_FINDINGS)),
        ("never", []),
    ],
)
def test_gate_fails_by_severity(clean_18: Audited, fail_on: FailOn, rules: list[str]) -> None:
    """A failed rule of the given severity or worse fails it, and is named."""
    verdict = decided(clean_18.document, fail_on=fail_on, min_pass_rate=None)
    assert verdict["passed"] is not bool(rules)
    assert named(verdict["reasons"]) == set(rules)


def named(reasons: Iterable[str]) -> set[str]:
    """The rules that reasons speak of."""
    return {id for id in RULES if any(re.search(rf"{re.escape(id)}(?!\w)", reason) for reason in reasons)}


@pytest.mark.parametrize(
    ("rules", "fail_on", "passed"),
    [
        ("customers.*", "warning", True),  # info alone
        ("customers.*", "info", False),
        ("lineage.*", "critical", True),  # a warning alone
        ("lineage.*", "warning", False),
        ("*", "never", True),
    ],
)
def test_run_asks_the_gate(clean_18: Audited, tmp_path: Path, rules: str, fail_on: FailOn, *, passed: bool) -> None:
    """The verdict stands in the results."""
    document = audit(clean_18.dsn, tmp_path, rules=(rules,), fail_on=fail_on)
    assert document["summary"]["gate"]["passed"] is passed
    assert document["summary"]["gate"]["fail_on"] == fail_on


@pytest.mark.parametrize(
    ("rate", "passed"),
    [
        (Fraction("0"), True),
        (Fraction("90"), True),
        (rounded(floor, 2), True),
        (rounded(floor, 4), True),
        (SAMPLE_RATE, True),  # exactly the existing ones
        (SAMPLE_RATE + Fraction(1, 10**12), False),
        (rounded(ceil, 4), False),
        (rounded(ceil, 2), False),
        (Fraction("100"), False),
    ],
)
def test_pass_rate_is_held_against_the_exact_ratio(clean_18: Audited, rate: Fraction, *, passed: bool) -> None:
    """It is no decimal: rounding neither helps nor harms."""
    verdict = decided(clean_18.document, fail_on="never", min_pass_rate=rate)
    assert verdict["passed"] is passed
    assert len(verdict["reasons"]) == (0 if passed else 1)


def test_a_missed_pass_rate_is_told_so_that_it_makes_sense(clean_18: Audited) -> None:
    """Of two numbers of which one is below the other, the reason shows which."""
    verdict = decided(clean_18.document, fail_on="never", min_pass_rate=rounded(ceil, 4))
    rate, wanted = (Fraction(number) for number in re.findall(r"(\d+\.\d+) %", verdict["reasons"][0]))
    assert rate < wanted


def test_errored_rules_fail_the_gate_whatever_is_asked(clean_18: Audited, tmp_path: Path) -> None:
    """`never` is about failed rules; a rule that ended in an error is no pass."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.sql").write_text(
        "-- title: Broken\n-- severity: info\n-- key: order_id\n"
        "select o.order_id from orders as o where o.nothing = 1\n"
    )
    document = audit(
        clean_18.dsn, tmp_path / "out", suites=("current", str(tmp_path / "mine")), rules=("lineage.*", "broken"),
        fail_on="never",
    )  # fmt: skip
    assert statuses(document)["broken"] == "errored"
    assert document["summary"]["errored"] == 1
    assert document["summary"]["pass_rate"] == 77.78  # 7 of 9
    assert document["summary"]["gate"]["passed"] is False
    assert "broken" in document["summary"]["gate"]["reasons"][0]
    root = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()
    assert root.attrib["errors"] == "1"
    assert "broken" in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")


MISSING = {
    "found": "select order_id from orders where false",
    "typo": "select id from ops.flghts",
    "two": "select id from flghts join wares using (id)",
    "left_out": "select id from nowhere",
}


def test_a_table_that_is_not_there_fails_the_gate(sample_18: str, tmp_path: Path) -> None:
    """A typo in a name is no pass, whatever the severity: the reason names rule and table, and what lets it pass."""
    options: dict[str, Any] = {"suites": (suite(tmp_path / "mine", **MISSING),), "exclude": ("left_out",)}
    document = audit(sample_18, tmp_path / "out", **options, fail_on="never")
    assert statuses(document) == {"found": "passed", "left_out": "not_selected", "two": "skipped", "typo": "skipped"}
    assert document["summary"]["gate"]["reasons"] == [
        "2 expectations were skipped (--allow-skipped allows this): "
        "two (no table flghts, wares); typo (no table ops.flghts)"
    ]
    validate(document)
    document = audit(sample_18, tmp_path / "out", **options, allow_skipped=True)
    assert document["summary"]["gate"]["passed"] is True
    assert document["summary"]["gate"]["allow_skipped"] is True
    validate(document)


def test_rules_that_were_not_selected_fail_no_gate(sample_18: str, tmp_path: Path) -> None:
    """Whether their tables are there is not asked either."""
    mine = suite(tmp_path / "mine", **MISSING)
    document = audit(sample_18, tmp_path / "out", suites=(mine,), rules=("found",))
    assert document["summary"]["not_selected"] == 3
    assert document["summary"]["gate"]["passed"] is True


def test_a_table_that_a_rule_says_it_needs_may_be_missing(sample_18: str, tmp_path: Path) -> None:
    """Like a column: its author has thought of it. Another table of the same rule may not."""
    mine = tmp_path / "mine"
    suite(mine, found=MISSING["found"])
    head = "-- title: A\n-- severity: info\n-- key: id\n-- requires: later.wares.id, orders.later\n"
    (mine / "column.sql").write_text(f"{head.replace('later.wares.id, ', '')}select order_id as id from orders\n")
    (mine / "table.sql").write_text(f"{head}select w.id from later.wares as w, orders\n".replace(", orders.later", ""))
    document = audit(sample_18, tmp_path / "out", suites=(str(mine),))
    assert statuses(document) == {"column": "not_checkable", "found": "passed", "table": "skipped"}
    assert document["summary"]["gate"]["passed"] is True
    (mine / "table.sql").write_text(f"{head}select w.id from later.wares as w, flghts\n".replace(", orders.later", ""))
    document = audit(sample_18, tmp_path / "out", suites=(str(mine),))
    assert document["summary"]["gate"]["reasons"] == [
        "1 expectation was skipped (--allow-skipped allows this): table (no table flghts)"
    ]


def test_a_column_that_is_not_there_is_an_error(sample_18: str, tmp_path: Path) -> None:
    """It fails the gate, and --allow-skipped is about tables."""
    mine = suite(tmp_path / "mine", found=MISSING["found"], typo="select order_id, amuont from orders")
    document = audit(sample_18, tmp_path / "out", suites=(mine,), fail_on="never", allow_skipped=True)
    assert document["summary"]["gate"]["reasons"] == ["1 expectation ended in an error: typo"]


def validate(document: dict[str, Any]) -> None:
    """Hold a document against the JSON Schema that the package ships."""
    schema = json.loads(Path(reports.__file__).with_name("results.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)


def test_a_gate_on_the_schema_needs_the_lint(tmp_path: Path) -> None:
    """Without it nothing could fail, and the gate would pass."""
    with pytest.raises(UsageError, match=r"--fail-on-schema .* --no-lint"):
        audit("host=/nowhere", tmp_path / "out", fail_on_schema="info", lint=False)
