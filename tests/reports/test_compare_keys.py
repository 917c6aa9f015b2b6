"""Comparing two audits: keys are compared as sets."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.compared import KINDS, Found, Key, Order, compare_results, counts, rule_of, text_of
from tests.support import soak

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
    document = compare_results(tmp_path, {"a.rule": Found(old, order)}, {"a.rule": Found(new, order)})
    then, now = ({text_of(key) if key is not None else None for key in keys} for keys in (old, new))
    assert counts(document, "a.rule") == (len(then - now), len(then & now), len(now - then))
    examples = rule_of(document, "a.rule")["examples"]
    wanted = {"resolved": then - now, "remaining": then & now, "new": now - then}
    assert {kind: sorted(examples[kind]) for kind in KINDS} == {
        kind: sorted(key or "" for key in wanted[kind]) for kind in KINDS
    }
    assert rule_of(document, "a.rule")["by_keys"]
    assert document["by_keys"]


def test_equal_numbers_are_one_key(tmp_path: Path) -> None:
    """The same number can be written in several ways, if an earlier audit read another type."""
    document = compare_results(tmp_path, {"a.rule": Found([1, 2, 3])}, {"a.rule": Found([1.0, 2.5, 3.0])})
    assert counts(document, "a.rule") == (1, 2, 1)


def test_a_long_key_is_compared(tmp_path: Path) -> None:
    """A text key can be as long as a text of PostgreSQL's."""
    long = "x" * 300_000
    document = compare_results(
        tmp_path, {"a.rule": Found([long, "y"], "bytes")}, {"a.rule": Found([long, long + "x"], "bytes")}
    )
    assert counts(document, "a.rule") == (1, 1, 1)


def test_rules_are_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    """Ids with capitals, dots, underscores, quotes and accents keep the two files in step."""
    ids = ["a", "a.b", "a_b", "aB", "B", "a,b", 'say "x"', "\u00e9t\u00e9", "z", "\U0001f600"]
    before = {rule: Found([1, 2]) for rule in ids}
    after = {rule: Found([2, 3]) for rule in ids[::2]} | {rule: Found() for rule in ids[1::2]}
    document = compare_results(tmp_path, before, after)
    assert {rule: counts(document, rule) for rule in ids} == {
        rule: (1, 1, 1) if place % 2 == 0 else (2, 0, 0) for place, rule in enumerate(ids)
    }


def test_no_more_than_twenty_examples(tmp_path: Path) -> None:
    """The document stays small: the first keys of each kind, all of them counted."""
    document = compare_results(tmp_path, {"a.rule": Found(range(100))}, {"a.rule": Found(range(50, 200))})
    assert counts(document, "a.rule") == (50, 50, 100)
    examples = rule_of(document, "a.rule")["examples"]
    assert examples["new"] == [str(number) for number in range(100, 120)]
    assert examples["resolved"] == [str(number) for number in range(20)]


def test_summary_adds_up(tmp_path: Path) -> None:
    """Totals, and the number of rules of each kind."""
    before = {"a": Found([1, 2]), "b": Found([5]), "c": Found()}
    after = {"a": Found([2, 3, 4]), "b": Found(), "c": Found([1])}
    document = compare_results(tmp_path, before, after)
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
    return f"{type(key).__name__} {text_of(key)}"


def _keys(strategy: st.SearchStrategy[Key]) -> st.SearchStrategy[tuple[list[Key], list[Key]]]:
    pool = st.lists(strategy, max_size=12, unique_by=_unlike)
    return pool.flatmap(
        lambda keys: st.tuples(
            st.lists(st.sampled_from(keys), unique_by=_unlike) if keys else st.just([]),
            st.lists(st.sampled_from(keys), unique_by=_unlike) if keys else st.just([]),
        )
    )


@settings(max_examples=soak.times(30), deadline=None)
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
        document = compare_results(
            Path(folder),
            {rule: Found(old, order) for rule, ((old, _), order) in kinds.items()},
            {rule: Found(new, order) for rule, ((_, new), order) in kinds.items()},
        )
    for rule, ((old, new), _) in kinds.items():
        then, now = {_unlike(key) for key in old}, {_unlike(key) for key in new}
        assert counts(document, rule) == (len(then - now), len(then & now), len(now - then)), rule
