"""Comparing two audits: rules that were not judged, other databases, and counts where keys do not compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from order_audit.reports import compare, results_file
from order_audit.reports.document import BaselineChange, JsonObject, encode
from tests.reports.compared import Found, audit_of, compare_audits, compare_results, counts, rule_of
from tests.support.results import compared, typed


def has_new_critical(document: JsonObject) -> bool:
    return compare.has_new_critical(compared(document))


def changed(audit: results_file.Audit, change: Callable[[JsonObject], object]) -> results_file.Audit:
    """An audit with a change to its document."""
    made = encode(audit.document)
    change(made)
    return results_file.Audit(typed(made), audit.folder)


# -- rules that were not judged ------------------------------------------------------------------------------------


def test_a_rule_that_is_only_in_the_later_audit_is_all_new(tmp_path: Path) -> None:
    """The rule was added, or the suite is another."""
    document = compare_results(tmp_path, {}, {"a.rule": Found([1, 2])})
    found = rule_of(document, "a.rule")
    assert counts(document, "a.rule") == (0, 0, 2)
    assert found["before"] is None
    assert "was not there" in found["note"]
    assert has_new_critical(document)


def test_a_rule_that_is_only_in_the_earlier_audit_says_nothing(tmp_path: Path) -> None:
    """Violations of a rule that is no longer judged are not resolved."""
    document = compare_results(tmp_path, {"a.rule": Found([1, 2])}, {})
    found = rule_of(document, "a.rule")
    assert counts(document, "a.rule") == (None, None, None)
    assert found["after"] is None
    assert "is not there" in found["note"]
    assert found["severity"] == "critical"
    assert document["summary"]["resolved"] == 0


@pytest.mark.parametrize("status", ["errored", "skipped", "not_checkable"])
def test_a_rule_that_could_not_be_judged_is_not_clean(tmp_path: Path, status: str) -> None:
    """Not judged later: nothing is known. Not judged before: all of it may be new."""
    later = compare_results(tmp_path, {"a.rule": Found([1])}, {"a.rule": Found(status=status)})
    assert counts(later, "a.rule") == (None, None, None)
    assert status.replace("_", " ") in rule_of(later, "a.rule")["note"]
    assert later["summary"] == dict.fromkeys(later["summary"], 0)
    assert not has_new_critical(later)

    before = compare_results(tmp_path, {"a.rule": Found(status=status)}, {"a.rule": Found([1, 2])})
    assert counts(before, "a.rule") == (0, 0, 2)
    assert status.replace("_", " ") in rule_of(before, "a.rule")["note"]
    assert has_new_critical(before)

    both = compare_results(tmp_path, {"a.rule": Found(status=status)}, {"a.rule": Found(status=status)})
    assert counts(both, "a.rule") == (None, None, None)


def test_only_critical_rules_count_as_critical(tmp_path: Path) -> None:
    """New warnings change the counts and no exit code; a rule's severity is the later one."""
    mild = compare_results(tmp_path, {"a": Found(severity="warning")}, {"a": Found([1], severity="warning")})
    assert not has_new_critical(mild)
    worse = compare_results(tmp_path, {"a": Found(severity="warning")}, {"a": Found([1])})
    assert has_new_critical(worse)
    assert rule_of(worse, "a")["severity"] == "critical"


# -- of the same thing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database", "run", "says"),
    [
        ({"cluster": "2", "host": "ci-2", "server_version": "18.1"}, {}, ""),  # CI makes servers anew
        ({}, {"suites": ["/builds/2/mine/", "current"]}, ""),  # and checks out elsewhere
        ({}, {"tables": {"orders": {"rows": 5}}}, ""),  # by fewer rules
        ({}, {"tables": {}}, ""),  # by rules with computed keys
        ({"name": "store"}, {}, "one is of database shop, one of store"),
        ({"schema": "sales"}, {}, "one is of schema public, one of sales"),
        ({}, {"suites": ["mine"]}, "one is by suite current mine, one by mine"),
        ({}, {"tables": {"t1": {"rows": 5}}}, "one is of tables orders, wares, one of table t1"),
        (
            {},
            {"tables": {f"t{number}": {"rows": 1} for number in range(1, 10)}},
            "one is of tables orders, wares, one of tables t1, t2, t3, t4, t5, t6 and 3 more",
        ),
    ],
)
def test_audits_are_of_the_same_database_by_name_and_tables(
    tmp_path: Path, database: dict[str, str], run: dict[str, Any], says: str
) -> None:
    """And by the same suites; by which server and in which folder does not matter."""

    def before(document: JsonObject) -> None:
        document["run"]["database"] |= {"name": "shop", "cluster": "1", "host": "ci-1", "server_version": "15.1"}
        document["run"] |= {"suites": ["current", "mine"], "tables": {"orders": {"rows": 1}, "wares": {"rows": 2}}}

    def after(document: JsonObject) -> None:
        before(document)
        document["run"]["database"] |= database
        document["run"] |= run

    audit = audit_of(tmp_path / "audit", {"a": Found([1])})
    assert compare.differ(changed(audit, before), changed(audit, after)) == says


# -- counts only ---------------------------------------------------------------------------------------------------


def _spoil(folder: Path, how: str) -> None:
    path = folder / "violations.csv"
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-2])
    elif how == "longer":
        path.write_bytes(path.read_bytes() + b"a.rule,99\n")
    elif how == "another":
        path.write_bytes(path.read_bytes().replace(b"a.rule,2\n", b"a.rule,7\n"))


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("how", ["gone", "cut", "longer", "another"])
def test_without_the_right_keys_only_counts_are_compared(tmp_path: Path, side: str, how: str) -> None:
    """A violations file that is not there, or not the one the results name, is said and not used."""
    audits = {
        name: audit_of(tmp_path / name, {"a.rule": Found(keys)})
        for name, keys in (("before", [1, 2, 3]), ("after", [2, 3, 4, 5]))
    }
    _spoil(tmp_path / side, how)
    document = compare_audits(audits["before"], audits["after"])
    assert not document["by_keys"]
    assert "violations.csv" in document["note"]
    assert ("earlier" if side == "before" else "later") in document["note"]
    found = rule_of(document, "a.rule")
    assert counts(document, "a.rule") == (0, 3, 1)
    assert not found["by_keys"]
    assert found["note"].startswith("counts only")
    assert found["examples"] == {"resolved": [], "remaining": [], "new": []}
    # a gate takes nothing for known that it cannot name
    assert compare.against_baseline(audits["before"].keys, audits["after"].keys) == {
        "a.rule": BaselineChange(4, 0, None)
    }


def test_an_audit_without_violations_file_is_compared_by_counts(tmp_path: Path) -> None:
    """`--format json` writes none."""
    before = audit_of(tmp_path / "before", {"a.rule": Found(count=5)}, violations=False)
    after = audit_of(tmp_path / "after", {"a.rule": Found([1, 2])})
    document = compare_audits(before, after)
    assert counts(document, "a.rule") == (3, 2, 0)
    assert "without violations.csv" in document["note"]


def test_a_violations_file_is_looked_for_beside_the_results_only(tmp_path: Path) -> None:
    """A path in a results file leads nowhere else."""
    audit = audit_of(tmp_path / "before", {"a.rule": Found([1])})
    (tmp_path / "before" / "violations.csv").rename(tmp_path / "violations.csv")
    path, why = changed(audit, lambda it: it["violations"].update(file="../violations.csv")).keys.file()
    assert path is None
    assert why


def test_a_key_that_changed_its_type_is_compared_by_counts(tmp_path: Path) -> None:
    """Keys sorted as numbers and keys sorted as text cannot be merged; other rules of the two files still can."""
    before = {"a.first": Found([1, 2]), "b.changed": Found([9, 10]), "c.last": Found([7])}
    after = {
        "a.first": Found([2]),
        "b.changed": Found(["10", "11", "9"], "bytes"),
        "c.last": Found([7, 8]),
    }
    document = compare_results(tmp_path, before, after)
    assert counts(document, "a.first") == (1, 1, 0)
    assert counts(document, "b.changed") == (0, 2, 1)
    assert counts(document, "c.last") == (0, 1, 1)
    assert "type" in rule_of(document, "b.changed")["note"]
    assert not rule_of(document, "b.changed")["by_keys"]


def test_numbers_that_became_words_are_compared_by_counts(tmp_path: Path) -> None:
    """And rules before and after them in the files by their keys."""
    before = {"a": Found([1, 9, 10]), "b": Found([9, 10]), "c": Found([9, 10])}
    after = {"a": Found([9, 10]), "b": Found(["", "k", "x"], "bytes"), "c": Found([9, 11])}
    for old, new in ((before, after), (after, before)):
        document = compare_results(tmp_path, old, new)
        assert counts(document, "b") == ((0, 2, 1) if old is before else (1, 2, 0))
        assert {counts(document, "a"), counts(document, "c")} == {
            ((1, 2, 0) if old is before else (0, 2, 1)), (1, 1, 1)
        }  # fmt: skip


def test_a_rule_with_another_key_is_compared_by_counts(tmp_path: Path) -> None:
    """The numbers may be the same, and name other things."""
    audits = [audit_of(tmp_path / name, {"a": Found([1, 2]), "b": Found([1])}) for name in ("before", "after")]
    audits[1] = changed(audits[1], lambda it: it["results"][0].update(key="customer_id"))
    document = compare_audits(*audits)
    assert (counts(document, "a"), counts(document, "b")) == ((0, 2, 0), (0, 1, 0))
    assert rule_of(document, "a")["note"] == "counts only: the key has changed"
    assert rule_of(document, "b")["by_keys"]
    assert compare.against_baseline(*(audit.keys for audit in audits)) == {
        "a": BaselineChange(2, 0, None), "b": BaselineChange(0, 1, 0)
    }  # fmt: skip


def test_a_rule_that_passed_has_no_key_type(tmp_path: Path) -> None:
    """How an empty list of keys is sorted does not matter."""
    document = compare_results(tmp_path, {"a": Found([], "bytes")}, {"a": Found([2, 10], "number")})
    assert counts(document, "a") == (0, 0, 2)
    assert rule_of(document, "a")["by_keys"]


def test_violations_against_a_baseline(tmp_path: Path) -> None:
    """New, known and resolved ones per rule; nothing for rules that are not judged now; all new if they were not."""
    was = {"a": Found([1, 2]), "b": Found([1, 3]), "e": Found(status="errored"), "f": Found([4]), "gone": Found([1])}
    now = {
        "a": Found([1, 2]), "b": Found([1, 2]), "c": Found([3]), "d": Found(status="errored"), "e": Found([5]),
        "f": Found([]),
    }  # fmt: skip
    before, after = audit_of(tmp_path / "before", was), audit_of(tmp_path / "after", now)
    assert compare.against_baseline(before.keys, after.keys) == {
        "a": BaselineChange(0, 2, 0),
        "b": BaselineChange(1, 1, 1),
        "c": BaselineChange(1, 0, 0),
        "e": BaselineChange(1, 0, 0),
        "f": BaselineChange(0, 0, 1),
    }
