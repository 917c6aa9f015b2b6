"""Comparing digests of personal keys: by key under one secret key, else by counts, which every output says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from order_audit.reports import compare, results_file
from order_audit.reports.document import BaselineChange, JsonObject, encode
from order_audit.reports.terminal import summary
from tests.reports.compared import Found, audit_of, compare_audits, counts, rule_of
from tests.reports.page import Page
from tests.support.results import compared, comparison_page, typed

A, B = ({"kind": "key_file", "key_id": letter * 16} for letter in "ab")
RUN_1, RUN_2 = ({"kind": "one_run", "key_id": letter * 16} for letter in "12")
EARLIER = "audit is of an earlier version, whose digests of personal keys have no secret key"


def audit(folder: Path, keys: list[str], key: JsonObject | None, *, is_digest: bool = True) -> results_file.Audit:
    """An audit with a rule of personal keys and one of others."""
    made = audit_of(folder, {"a.person": Found(keys, "bytes"), "b.number": Found([1, 2])})
    document = encode(made.document)
    document["results"][0]["key_is_digest"] = is_digest
    document["key_digests"] = key
    return results_file.Audit(typed(document), folder)


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        (A, A, ""),
        (RUN_1, RUN_1, ""),  # a result with itself
        (A, B, "the personal keys are digests under different key files"),
        (A, RUN_1, "the personal keys are digests, and the later audit had no --key-file"),
        (RUN_1, A, "the personal keys are digests, and the earlier audit had no --key-file"),
        (RUN_1, RUN_2, "the personal keys are digests, and the earlier and the later audit had no --key-file"),
        (None, A, f"the earlier {EARLIER}"),
        (RUN_1, None, f"the later {EARLIER}"),
    ],
)
def test_digests_are_compared_under_one_key(
    tmp_path: Path, then: JsonObject | None, now: JsonObject | None, why: str
) -> None:
    """By keys there, else by counts; other rules by their keys all the same, and a gate by the same numbers."""
    before = audit(tmp_path / "before", ["p", "q"], then, is_digest=then is not None)
    after = audit(tmp_path / "after", ["q", "r", "s"], now, is_digest=now is not None)
    document = compare_audits(before, after)
    expected = (0, 2, 1) if why else (1, 1, 2)
    found = rule_of(document, "a.person")
    assert (counts(document, "a.person"), found.get("counts_only", ""), found["by_keys"]) == (expected, why, not why)
    assert found["note"] == (f"counts only: {why}" if why else "")
    assert rule_of(document, "b.number")["by_keys"]
    resolved, remaining, new = expected
    assert compare.against_baseline(before.keys, after.keys)["a.person"] == BaselineChange(
        new, remaining, resolved, counts_only=why
    )
    for text in (summary.comparison_text(compared(document), tmp_path), Page(comparison_page(document)).text):
        said = " ".join(text.split())
        assert (f"{why}; give both audits the same --key-file" in said) == bool(why)
        assert ("by counts only" in said) == bool(why)


def test_two_audits_of_an_earlier_version_are_compared_by_key(tmp_path: Path) -> None:
    """As they were then."""
    before, after = (audit(tmp_path / name, ["p", name], None, is_digest=False) for name in ("a", "b"))
    assert counts(compare_audits(before, after), "a.person") == (1, 1, 1)


def test_a_key_that_became_personal_is_compared_by_counts(tmp_path: Path) -> None:
    before, after = (audit(tmp_path / name, ["p"], A, is_digest=name == "b") for name in ("a", "b"))
    for audits, which in (((before, after), "later"), ((after, before), "earlier")):
        found = rule_of(compare_audits(*audits), "a.person")
        assert found["note"] == f"counts only: the keys are digests in the {which} audit only"


@pytest.mark.parametrize(("then", "now"), [([], ["p"]), (["p"], [])])
def test_without_violations_on_one_side_nothing_is_unknown(tmp_path: Path, then: list[Any], now: list[Any]) -> None:
    before, after = audit(tmp_path / "before", then, RUN_1), audit(tmp_path / "after", now, RUN_2)
    document = compare_audits(before, after)
    assert counts(document, "a.person") == (len(then), 0, len(now))
    assert rule_of(document, "a.person")["note"] == ""
