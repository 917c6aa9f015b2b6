"""A comparison shows owners, suppressed violations, and variables that had other values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from order_audit.reports import baseline_text, compare, html, results_file
from order_audit.reports.document import encode
from order_audit.reports.document.comparison import Comparison
from order_audit.reports.terminal import summary
from tests.reports.compared import Found, audit_of


def audit(folder: Path, results: dict[str, Found], changes: dict[str, Any], suppressions: list[Any]) -> Any:
    """An audit with further parts of its results by rule, and with suppressions."""
    audit_of(folder, results)
    document = json.loads((folder / "results.json").read_text())
    for result in document["results"]:
        result |= changes.get(result["rule"], {})
    document["suppressions"] = [{"object": "", "reason": "known", "status": "used"} | it for it in suppressions]
    (folder / "results.json").write_text(json.dumps(document))
    return results_file.read(folder)


def compared(tmp_path: Path, **accepted: list[int]) -> Comparison:
    """A comparison whose later audit has the violations 2 to 4 of `o.a`, of which these are suppressed."""
    changes = {
        "o.a": {
            "owner": "ann@team",
            "tags": ["cash"],
            "variables": {"least": "5"},
            "suppressed": len(accepted["keys"]),
        },
        "o.b": {"suppressed": 2, "variables": {"x": "1"}},
    }
    suppressions: list[Any] = [
        {"rule": "o.a", "keys": [*map(str, accepted["keys"])], "suppressed": len(accepted["keys"])},
        {"rule": "o.b", "at_most": 9, "suppressed": 2},
    ]
    old = audit(
        tmp_path / "one", {"o.a": Found([1, 2]), "o.b": Found([1])},
        {"o.a": {"variables": {"least": "7"}}, "o.b": {"variables": {"x": "1"}}}, [],
    )  # fmt: skip
    return compare.compare(
        old, audit(tmp_path / "two", {"o.a": Found([2, 3, 4]), "o.b": Found([1, 2])}, changes, suppressions)
    )


def test_every_output_shows_the_states(tmp_path: Path) -> None:
    """New, remaining, resolved and suppressed; owner, tags and both values of a variable."""
    made = compared(tmp_path, keys=[2, 3])
    a, b = made.rules
    assert (a.resolved, a.remaining, a.new, a.suppressed, a.suppressed_new, a.suppressed_keys) == (
        1,
        1,
        2,
        2,
        1,
        ("2", "3"),
    )
    assert (b.new, b.suppressed, b.suppressed_new, b.has_new_critical, b.variables) == (1, 2, 1, False, ())
    assert made.summary.suppressed == 4
    assert encode(a)["variables"] == [{"name": "least", "before": "7", "after": "5"}]
    text = summary.comparison_text(made, tmp_path)
    assert "o.a  (2 suppressed; other values of variables: least = 5, 7 before; owner: ann@team; tags: cash)" in text
    assert "1 resolved, 2 remaining, 3 new; 4 suppressed" in text
    page = html.comparison(made)
    for words in ("least = 5, 7 before", "ann@team; cash", "; 2 suppressed</span>"):
        assert words in page, words
    assert page.count(" (suppressed)") == 4  # 2 and 3 of o.a, and both of o.b


def test_a_suppressed_violation_is_no_new_critical_one(tmp_path: Path) -> None:
    """It sets no exit code; another one does."""
    assert compare.has_new_critical(compared(tmp_path, keys=[3]))
    made = compared(tmp_path, keys=[3, 4])
    assert not compare.has_new_critical(made)
    assert "Critical violations are new" not in html.comparison(made)


def test_by_counts_only_a_rule_is_suppressed_as_a_whole_or_not(tmp_path: Path) -> None:
    """Which of its violations are new is not known."""
    compared(tmp_path, keys=[3])
    (tmp_path / "one" / "violations.csv").unlink()
    a, b = compare.compare(*(results_file.read(tmp_path / name) for name in ("one", "two"))).rules
    assert (a.new, a.suppressed_new, a.has_new_critical) == (1, 0, True)
    assert (b.new, b.suppressed_new, b.has_new_critical) == (1, 1, False)


def test_a_baseline_with_other_values_is_named(tmp_path: Path) -> None:
    """In the rule's own words, and beside all numbers."""
    compared(tmp_path, keys=[3])
    old, new = (results_file.read(tmp_path / name) for name in ("one", "two"))
    changes = compare.against_baseline(old.keys, new.keys)
    document = json.loads((tmp_path / "two" / "results.json").read_text())
    for result in document["results"]:
        result["baseline"] = encode(changes[result["rule"]])
    document["summary"]["gate"]["baseline"] = True
    (tmp_path / "two" / "results.json").write_text(json.dumps(document))
    read = results_file.read(tmp_path / "two").document
    said = {it.rule: baseline_text.change(it) for it in read.results}
    assert said["o.a"] == "2 new, 1 known, 1 resolved; other values of variables: least = 5, 7 before"
    assert said["o.b"] == "1 new, 1 known"
    assert baseline_text.total(read).endswith("3 new, 2 known, 1 resolved; other values of variables in o.a")
