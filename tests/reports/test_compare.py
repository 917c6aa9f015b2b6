"""Comparing two audits: documents and violations files written by hand, held against sets."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_audit.reports import compare, results_file
from order_audit.reports.document import DocumentError, JsonObject, encode
from tests.reports.test_html import document, found
from tests.support.results import compared, typed

Key = int | float | str | list[Any] | None
Order = Literal["number", "bytes"]
KINDS = ("resolved", "remaining", "new")


@dataclass
class Found:
    """One rule's result. `keys` are its violations; `count` says how many where no keys are written."""

    keys: Iterable[Key] = ()
    order: Order = "number"
    status: str = ""
    severity: str = "critical"
    count: int | None = None
    listed: list[Key] = field(init=False)

    def __post_init__(self) -> None:
        self.listed = list(self.keys)
        if self.count is None:
            self.count = len(self.listed)
        self.status = self.status or ("failed" if self.count else "passed")


def _place(key: Key, order: Order) -> tuple[int, float | bytes]:
    """Where a violations file has a key: NULL first, NaN after all other numbers."""
    if key is None:
        return 0, 0.0
    if order == "number":
        assert isinstance(key, int | float)
        return (2, 0.0) if math.isnan(key) else (1, key)
    return 1, _text(key).encode()


def _text(key: Key) -> str:
    if isinstance(key, list):
        return json.dumps(key, ensure_ascii=False)
    if isinstance(key, float):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(key, "NaN" if math.isnan(key) else repr(key))
    return "" if key is None else str(key)


def _line(rule: str, key: Key) -> str:
    """A line as COPY writes it: NULL is nothing, empty text a pair of quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([rule])
    if key is None:
        return f"{line.getvalue()},\n"
    text = _text(key)
    quoted = text == "" or any(letter in text for letter in '",\r\n')
    shown = '"' + text.replace('"', '""') + '"' if quoted else text
    return f"{line.getvalue()},{shown}\n"


def _audit(folder: Path, results: Mapping[str, Found], *, violations: bool = True) -> results_file.Audit:
    """Write an audit's two files and read them back as `compare` does."""
    folder.mkdir(exist_ok=True)
    lines = ["rule,key\n"]
    for rule in sorted(results, key=str.encode):
        it = results[rule]
        lines += [_line(rule, key) for key in sorted(it.listed, key=partial(_place, order=it.order))]
    data = "".join(lines).encode()
    if violations:
        (folder / "violations.csv").write_bytes(data)
    made = document(
        *(
            found(rule, it.status, severity=it.severity, violations=it.count, key_order=it.order)
            for rule, it in results.items()
        )
    )
    made["violations"] = (
        {"file": "violations.csv", "sha256": hashlib.sha256(data).hexdigest(), "rows": len(lines) - 1}
        if violations
        else None
    )
    (folder / "results.json").write_text(json.dumps(made), encoding="utf-8")
    return results_file.read(folder / "results.json")


def _compared(before: results_file.Audit, after: results_file.Audit) -> JsonObject:
    document: JsonObject = encode(compare.compare(before, after))
    return document


def _compare(tmp_path: Path, before: Mapping[str, Found], after: Mapping[str, Found]) -> JsonObject:
    return _compared(_audit(tmp_path / "before", before), _audit(tmp_path / "after", after))


def _has_new_critical(document: JsonObject) -> bool:
    return compare.has_new_critical(compared(document))


def _changed(audit: results_file.Audit, change: Callable[[JsonObject], object]) -> results_file.Audit:
    """An audit with a change to its document."""
    made = encode(audit.document)
    change(made)
    return results_file.Audit(typed(made), audit.folder)


def _counts(document: dict[str, Any], rule: str) -> tuple[int | None, ...]:
    (found,) = (found for found in document["rules"] if found["rule"] == rule)
    return tuple(found[kind] for kind in KINDS)


def _rule(document: dict[str, Any], rule: str) -> dict[str, Any]:
    found: dict[str, Any] = next(found for found in document["rules"] if found["rule"] == rule)
    return found


# -- keys ----------------------------------------------------------------------------------------------------------

_OLD_NEW: dict[str, tuple[list[Key], list[Key], Order]] = {
    "numbers, not by their bytes": ([2, 9, 10, 100], [9, 10, 11, 1000], "number"),
    "negative numbers": ([-10, -9, -1, 0], [-100, -9, 0, 5], "number"),
    "huge numbers": ([2**63, 10**40], [2**63 - 1, 10**40], "number"),
    "fractions": ([0.5, 1e-7, 1e20], [0.5, 2e-7, 1e20, 1e300], "number"),
    "infinities": ([-math.inf, 1, math.inf], [-math.inf, 2, math.inf], "number"),
    "NaN stands after every number": ([1, math.inf, math.nan], [2, math.nan], "number"),
    "NULL among numbers": ([1, math.nan, None], [1, 2, None], "number"),
    "digits in text, by their bytes": (["10", "100", "9"], ["10", "11", "9"], "bytes"),
    "commas, quotes, line ends": (
        ["a,b", 'a"b', "a\nb", "a\r\nb", "plain"],
        ["a,b", 'a"c', "a\nb", "a\rb", "plain"],
        "bytes",
    ),
    "letters beyond ASCII, by their bytes": (
        ["z", "\u00e9", "\uffee", "\U0001f600"],
        ["\u00e9", "\ufb00", "\U0001f600"],
        "bytes",
    ),
    "space, capitals and empty text": (["", " ", "A", "a"], ["", "  ", "A", "b"], "bytes"),
    "NULL among texts": (["a", None], ["a", "b", None], "bytes"),
    "NULL text beside empty text": (["", "a", None], ["", "b", None], "bytes"),
    "arrays": ([[1, "a,b"], [2, 'say "x"'], [10, None]], [[1, "a,b"], [10, None], [3, "\n"]], "bytes"),
    "a backslash and a dot": (["\\.", "\\N"], ["\\.", "x"], "bytes"),
}


@pytest.mark.parametrize(("old", "new", "order"), _OLD_NEW.values(), ids=_OLD_NEW)
def test_keys_are_compared_as_sets(tmp_path: Path, old: list[Key], new: list[Key], order: Order) -> None:
    """Whatever a key holds, it is resolved, remaining or new as in set arithmetic."""
    document = _compare(tmp_path, {"a.rule": Found(old, order)}, {"a.rule": Found(new, order)})
    then, now = ({_text(key) if key is not None else None for key in keys} for keys in (old, new))
    assert _counts(document, "a.rule") == (len(then - now), len(then & now), len(now - then))
    examples = _rule(document, "a.rule")["examples"]
    wanted = {"resolved": then - now, "remaining": then & now, "new": now - then}
    assert {kind: sorted(examples[kind]) for kind in KINDS} == {
        kind: sorted(key or "" for key in wanted[kind]) for kind in KINDS
    }
    assert _rule(document, "a.rule")["by_keys"]
    assert document["by_keys"]


def test_equal_numbers_are_one_key(tmp_path: Path) -> None:
    """The same number can be written in several ways, if an earlier audit read another type."""
    document = _compare(tmp_path, {"a.rule": Found([1, 2, 3])}, {"a.rule": Found([1.0, 2.5, 3.0])})
    assert _counts(document, "a.rule") == (1, 2, 1)


def test_a_long_key_is_compared(tmp_path: Path) -> None:
    """A text key can be as long as a text of PostgreSQL's."""
    long = "x" * 300_000
    document = _compare(
        tmp_path, {"a.rule": Found([long, "y"], "bytes")}, {"a.rule": Found([long, long + "x"], "bytes")}
    )
    assert _counts(document, "a.rule") == (1, 1, 1)


def test_rules_are_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    """Ids with capitals, dots, underscores, quotes and accents keep the two files in step."""
    ids = ["a", "a.b", "a_b", "aB", "B", "a,b", 'say "x"', "\u00e9t\u00e9", "z", "\U0001f600"]
    before = {rule: Found([1, 2]) for rule in ids}
    after = {rule: Found([2, 3]) for rule in ids[::2]} | {rule: Found() for rule in ids[1::2]}
    document = _compare(tmp_path, before, after)
    assert {rule: _counts(document, rule) for rule in ids} == {
        rule: (1, 1, 1) if place % 2 == 0 else (2, 0, 0) for place, rule in enumerate(ids)
    }


def test_no_more_than_twenty_examples(tmp_path: Path) -> None:
    """The document stays small: the first keys of each kind, all of them counted."""
    document = _compare(tmp_path, {"a.rule": Found(range(100))}, {"a.rule": Found(range(50, 200))})
    assert _counts(document, "a.rule") == (50, 50, 100)
    examples = _rule(document, "a.rule")["examples"]
    assert examples["new"] == [str(number) for number in range(100, 120)]
    assert examples["resolved"] == [str(number) for number in range(20)]


def test_summary_adds_up(tmp_path: Path) -> None:
    """Totals, and the number of rules of each kind."""
    before = {"a": Found([1, 2]), "b": Found([5]), "c": Found()}
    after = {"a": Found([2, 3, 4]), "b": Found(), "c": Found([1])}
    document = _compare(tmp_path, before, after)
    assert document["summary"] == {
        "resolved": 2,
        "remaining": 1,
        "new": 3,
        "rules_resolved": 2,
        "rules_remaining": 1,
        "rules_new": 2,
    }
    assert document["format"] == "order-audit-comparison/1"


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["1", "10", "9", "a,b", 'a"', "\n", "\r", ""]
)
_NUMBERS: st.SearchStrategy[Key] = st.one_of(st.integers(-30, 30), st.integers(), st.floats(), st.none())
_ARRAYS: st.SearchStrategy[Key] = st.lists(st.none() | st.integers(-9, 9) | _TEXTS, min_size=2, max_size=3)


def _unlike(key: Key) -> str:
    """The same for two keys that are one."""
    if isinstance(key, int | float) and not math.isnan(key):
        return f"number {key + 0!r}" if isinstance(key, int) or not key.is_integer() else f"number {int(key)!r}"
    return f"{type(key).__name__} {_text(key)}"


def _keys(strategy: st.SearchStrategy[Key]) -> st.SearchStrategy[tuple[list[Key], list[Key]]]:
    pool = st.lists(strategy, max_size=12, unique_by=_unlike)
    return pool.flatmap(
        lambda keys: st.tuples(
            st.lists(st.sampled_from(keys), unique_by=_unlike) if keys else st.just([]),
            st.lists(st.sampled_from(keys), unique_by=_unlike) if keys else st.just([]),
        )
    )


@settings(max_examples=100, deadline=None)
@given(numbers=_keys(_NUMBERS), texts=_keys(_TEXTS | st.none()), arrays=_keys(_ARRAYS))
def test_any_keys_are_compared_as_sets(
    numbers: tuple[list[Key], list[Key]], texts: tuple[list[Key], list[Key]], arrays: tuple[list[Key], list[Key]]
) -> None:
    """Three rules with keys of three kinds in one pair of files."""
    kinds: dict[str, tuple[tuple[list[Key], list[Key]], Order]] = {
        "a.numbers": (numbers, "number"),
        "a_texts": (texts, "bytes"),
        "b.arrays": (arrays, "bytes"),
    }
    with tempfile.TemporaryDirectory() as folder:
        document = _compare(
            Path(folder),
            {rule: Found(old, order) for rule, ((old, _), order) in kinds.items()},
            {rule: Found(new, order) for rule, ((_, new), order) in kinds.items()},
        )
    for rule, ((old, new), _) in kinds.items():
        then, now = {_unlike(key) for key in old}, {_unlike(key) for key in new}
        assert _counts(document, rule) == (len(then - now), len(then & now), len(now - then)), rule


# -- rules that were not judged ------------------------------------------------------------------------------------


def test_a_rule_that_is_only_in_the_later_audit_is_all_new(tmp_path: Path) -> None:
    """The rule was added, or the suite is another."""
    document = _compare(tmp_path, {}, {"a.rule": Found([1, 2])})
    found = _rule(document, "a.rule")
    assert _counts(document, "a.rule") == (0, 0, 2)
    assert found["before"] is None
    assert "was not there" in found["note"]
    assert _has_new_critical(document)


def test_a_rule_that_is_only_in_the_earlier_audit_says_nothing(tmp_path: Path) -> None:
    """What is no longer judged is not resolved."""
    document = _compare(tmp_path, {"a.rule": Found([1, 2])}, {})
    found = _rule(document, "a.rule")
    assert _counts(document, "a.rule") == (None, None, None)
    assert found["after"] is None
    assert "is not there" in found["note"]
    assert found["severity"] == "critical"
    assert document["summary"]["resolved"] == 0


@pytest.mark.parametrize("status", ["errored", "skipped", "not_checkable"])
def test_a_rule_that_could_not_be_judged_is_not_clean(tmp_path: Path, status: str) -> None:
    """Not judged later: nothing is known. Not judged before: all of it may be new."""
    later = _compare(tmp_path, {"a.rule": Found([1])}, {"a.rule": Found(status=status)})
    assert _counts(later, "a.rule") == (None, None, None)
    assert status.replace("_", " ") in _rule(later, "a.rule")["note"]
    assert later["summary"] == dict.fromkeys(later["summary"], 0)
    assert not _has_new_critical(later)

    before = _compare(tmp_path, {"a.rule": Found(status=status)}, {"a.rule": Found([1, 2])})
    assert _counts(before, "a.rule") == (0, 0, 2)
    assert status.replace("_", " ") in _rule(before, "a.rule")["note"]
    assert _has_new_critical(before)

    both = _compare(tmp_path, {"a.rule": Found(status=status)}, {"a.rule": Found(status=status)})
    assert _counts(both, "a.rule") == (None, None, None)


def test_only_critical_rules_count_as_critical(tmp_path: Path) -> None:
    """New warnings change the counts and no exit code; a rule's severity is the later one."""
    mild = _compare(tmp_path, {"a": Found(severity="warning")}, {"a": Found([1], severity="warning")})
    assert not _has_new_critical(mild)
    worse = _compare(tmp_path, {"a": Found(severity="warning")}, {"a": Found([1])})
    assert _has_new_critical(worse)
    assert _rule(worse, "a")["severity"] == "critical"


# -- of the same thing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database", "run", "says"),
    [
        ({"cluster": "2", "host": "ci-2", "server_version": "18.1"}, {}, ""),  # CI makes servers anew
        ({}, {"suites": ["/builds/2/mine/", "current"]}, ""),  # and checks out elsewhere
        ({}, {"tables": {"orders": {"rows": 5}}}, ""),  # by fewer rules
        ({}, {"tables": {}}, ""),  # by rules whose keys are made up
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

    audit = _audit(tmp_path / "audit", {"a": Found([1])})
    assert compare.differ(_changed(audit, before), _changed(audit, after)) == says


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
        name: _audit(tmp_path / name, {"a.rule": Found(keys)})
        for name, keys in (("before", [1, 2, 3]), ("after", [2, 3, 4, 5]))
    }
    _spoil(tmp_path / side, how)
    document = _compared(audits["before"], audits["after"])
    assert not document["by_keys"]
    assert "violations.csv" in document["note"]
    assert ("earlier" if side == "before" else "later") in document["note"]
    found = _rule(document, "a.rule")
    assert _counts(document, "a.rule") == (0, 3, 1)
    assert not found["by_keys"]
    assert found["note"].startswith("counts only")
    assert found["examples"] == {"resolved": [], "remaining": [], "new": []}
    # a gate takes nothing for known that it cannot name
    assert compare.new_violations(audits["before"].keys, audits["after"].keys) == {"a.rule": 4}


def test_an_audit_without_violations_file_is_compared_by_counts(tmp_path: Path) -> None:
    """`--format json` writes none."""
    before = _audit(tmp_path / "before", {"a.rule": Found(count=5)}, violations=False)
    after = _audit(tmp_path / "after", {"a.rule": Found([1, 2])})
    document = _compared(before, after)
    assert _counts(document, "a.rule") == (3, 2, 0)
    assert "without violations.csv" in document["note"]


def test_a_violations_file_is_looked_for_beside_the_results_only(tmp_path: Path) -> None:
    """A path in a results file leads nowhere else."""
    audit = _audit(tmp_path / "before", {"a.rule": Found([1])})
    (tmp_path / "before" / "violations.csv").rename(tmp_path / "violations.csv")
    path, why = _changed(audit, lambda it: it["violations"].update(file="../violations.csv")).keys.file()
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
    document = _compare(tmp_path, before, after)
    assert _counts(document, "a.first") == (1, 1, 0)
    assert _counts(document, "b.changed") == (0, 2, 1)
    assert _counts(document, "c.last") == (0, 1, 1)
    assert "type" in _rule(document, "b.changed")["note"]
    assert not _rule(document, "b.changed")["by_keys"]


def test_numbers_that_became_words_are_compared_by_counts(tmp_path: Path) -> None:
    """And rules before and after them in the files by their keys."""
    before = {"a": Found([1, 9, 10]), "b": Found([9, 10]), "c": Found([9, 10])}
    after = {"a": Found([9, 10]), "b": Found(["", "k", "x"], "bytes"), "c": Found([9, 11])}
    for old, new in ((before, after), (after, before)):
        document = _compare(tmp_path, old, new)
        assert _counts(document, "b") == ((0, 2, 1) if old is before else (1, 2, 0))
        assert {_counts(document, "a"), _counts(document, "c")} == {
            ((1, 2, 0) if old is before else (0, 2, 1)), (1, 1, 1)
        }  # fmt: skip


def test_a_rule_with_another_key_is_compared_by_counts(tmp_path: Path) -> None:
    """The numbers may be the same, and name other things."""
    audits = [_audit(tmp_path / name, {"a": Found([1, 2]), "b": Found([1])}) for name in ("before", "after")]
    audits[1] = _changed(audits[1], lambda it: it["results"][0].update(key="customer_id"))
    document = _compared(*audits)
    assert (_counts(document, "a"), _counts(document, "b")) == ((0, 2, 0), (0, 1, 0))
    assert _rule(document, "a")["note"] == "counts only: the key has changed"
    assert _rule(document, "b")["by_keys"]
    assert compare.new_violations(*(audit.keys for audit in audits)) == {"a": 2, "b": 0}


def test_a_rule_that_passed_has_no_key_type(tmp_path: Path) -> None:
    """How an empty list of keys is sorted does not matter."""
    document = _compare(tmp_path, {"a": Found([], "bytes")}, {"a": Found([2, 10], "number")})
    assert _counts(document, "a") == (0, 0, 2)
    assert _rule(document, "a")["by_keys"]


def test_new_violations_count_against_a_baseline(tmp_path: Path) -> None:
    """What the gate asks: per rule, how many are new; nothing for rules that were not judged."""
    before = _audit(tmp_path / "before", {"a": Found([1, 2]), "b": Found([1]), "gone": Found([1])})
    after = _audit(
        tmp_path / "after", {"a": Found([1, 2]), "b": Found([1, 2]), "c": Found([3]), "d": Found(status="errored")}
    )
    assert compare.new_violations(before.keys, after.keys) == {"a": 0, "b": 1, "c": 1, "d": 0, "gone": 0}


# -- size ----------------------------------------------------------------------------------------------------------


def _large(folder: Path, rows: Iterator[bytes]) -> results_file.Audit:
    folder.mkdir()
    digest = hashlib.sha256(b"rule,key\n")
    count = 0
    with (folder / "violations.csv").open("wb") as file:
        file.write(b"rule,key\n")
        for row in rows:
            digest.update(row)
            file.write(row)
            count += row.count(b"\n")
    orders = (("a.number", "number"), ("b.text", "bytes"))
    made = document(*(found(rule, violations=count // 2, key_order=order) for rule, order in orders))
    made["violations"] = {"file": "violations.csv", "sha256": digest.hexdigest(), "rows": count}
    return results_file.Audit(typed(made), folder)


def test_a_million_keys_are_compared_in_seconds(tmp_path: Path) -> None:
    """Half a million numbers and half a million texts, of which every fourth remains."""

    def rows(keys: range) -> Iterator[bytes]:
        for line in (b"a.number,%d\n", b"b.text,k%08d\n"):
            for start in range(0, len(keys), 10_000):
                yield b"".join(line % number for number in keys[start : start + 10_000])

    before, after = (
        _large(tmp_path / "before", rows(range(500_000))),
        _large(tmp_path / "after", rows(range(0, 504_000, 4))),
    )
    began = time.process_time()
    document = _compared(before, after)
    took = time.process_time() - began
    for rule in ("a.number", "b.text"):
        assert _counts(document, rule) == (375_000, 125_000, 1_000)
    assert took < 20, f"{took:.1f} s of processor time"


def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    """The peak of what Python holds stays below 20 MB, and is the same for ten times the keys."""
    peaks = []
    for rows in (5_000, 50_000):
        folder = tmp_path / str(rows)
        folder.mkdir()
        lines = (b"a.number,%d\n" % number for number in range(rows))
        later = (b"a.number,%d\n" % number for number in range(5, rows + 5))
        before, after = _large(folder / "before", lines), _large(folder / "after", later)
        tracemalloc.start(1)
        compare.compare(before, after)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 20_000_000
    assert peaks[1] < peaks[0] + 500_000, peaks


# -- files that are no results -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        '"order-audit/2"',
        "{}",
        '{"format": "order-audit/3", "run": {}, "summary": {}, "results": []}',
        '{"format": "order-audit/1", "run": {}, "summary": {}, "results": []}',
        '{"format": "order-audit/2"}',
        "[" * 100_000,
    ],
    ids=["empty", "text", "array", "null", "string", "object", "newer", "older", "parts missing", "deep"],
)
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    """One line that names the file, and never another exception."""
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=r"results\.json"):
        results_file.read(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Not there, a folder, or no text."""
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.json", "", "binary.json"):
        with pytest.raises(DocumentError, match=(tmp_path / name).name):
            results_file.read(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda it: it.pop("run"), "run is missing"),
        (lambda it: it["run"]["database"].pop("name"), "run.database.name is missing"),
        (lambda it: it["run"].update(started_at="yesterday"), "run.started_at is no time"),
        (lambda it: it["results"][1].pop("key"), r"results\[1\].key is missing"),
        (lambda it: it["results"][0].update(status="sound"), r"results\[0\].status is none of passed, failed, "),
        (lambda it: it["results"][0].update(violations=True), r"results\[0\].violations is not an integer"),
        (lambda it: it["results"][0].update(examples={}), r"results\[0\].examples is no list"),
        (lambda it: it.update(summary=[]), "summary is no object"),
        (lambda it: it["run"]["tables"].update(t={"rows": "1"}), "run.tables.t.rows is not an integer"),
    ],
)
def test_a_part_that_is_missing_or_wrong_is_named(
    tmp_path: Path, change: Callable[[JsonObject], object], says: str
) -> None:
    """By its path in the document."""
    made = document(found("a"), found("b"))
    change(made)
    (tmp_path / "results.json").write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(DocumentError, match=rf"results\.json is damaged: {says}"):
        results_file.read(tmp_path / "results.json")
