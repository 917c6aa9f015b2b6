"""The HTML report: values, keys and shares, rules that were not judged, and the reproduction."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.reports.documents import compared, comparison, document, found
from tests.reports.page import Page, drawn


def _values(*values: Any) -> Page:
    return drawn(document(found(examples=[{"order_id": n, "v": value} for n, value in enumerate(values)])))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (" a", "␣a"),
        ("a ", "a␣"),
        ("a  b c", "a␣␣b c"),
        ("   ", "␣␣␣"),
        ("a\tb\n", "a\\tb\\n"),
        ("a\u00a0b", "a⟨U+00A0⟩b"),
        ("a\u200b\u00ad", "a⟨U+200B⟩⟨U+00AD⟩"),
        ("caf\ufffd", "caf⟨U+FFFD⟩"),
        ("\u115f\u2800\u3164", "⟨U+115F⟩⟨U+2800⟩⟨U+3164⟩"),
        ("Cafe\u0301", "Cafe⟨U+0301⟩"),
        ("Café", "Café"),
        ("\u212bngstr\u00f6m", "⟨U+212B⟩ngström"),
        ("👩\u200d💻", "👩⟨U+200D⟩💻"),
        ("\\n", "\\n"),
        (None, "null"),
        ("", "empty"),
        (True, "true"),
        (0.30000000000000004, "0.30000000000000004"),
        (["x", None], '["x", null]'),
        ("01" * 100, None),
    ],
)
def test_a_value_shows_what_is_in_it(value: Any, shown: str | None) -> None:
    """White space, invisible characters and loose accents are seen; nothing is taken for something."""
    cells = _values(value).all("td")
    assert shown is None or shown in cells


def test_a_spelled_out_character_is_told_from_the_same_text() -> None:
    """A tab is marked up where the two characters of its escape are not."""
    source = _values("a\tb", "a\\tb").source
    assert '<bdi>a<b class="esc" title="U+0009" data-code="9">\\t</b>b</bdi>' in source
    assert "<bdi>a\\tb</bdi>" in source


def test_a_long_value_is_folded_and_a_very_long_one_is_cut() -> None:
    """The page stays readable, and of a bearable size."""
    page = _values("x" * 120, "y" * 121 + "END", "z" * 1_000_000 + "LAST")
    assert page.all("details", class_="long")[0].startswith("y" * 80 + "… 124 characters")
    assert page.all("details", class_="long")[0].endswith("END")
    assert page.all("details", class_="long")[1].endswith("… cut here")
    assert "1,000,004 characters" in page.text
    assert "LAST" not in page.text
    assert len(page.source) < 60_000


def test_columns_of_numbers_stand_to_the_right() -> None:
    """As do NaN and infinities, and numbers too exact for a float beside numbers; codes in text do not."""
    row = {"order_id": 1, "a": 1, "b": "007", "c": True, "d": 1.5, "e": None, "f": "-Infinity"}
    other = {"order_id": 2, "a": "NaN", "b": "1", "c": 1, "d": "0.12345678901234567890", "e": None, "f": "NaN"}
    source = drawn(document(found(examples=[row, other]))).source
    numbers = re.findall(r'<th scope="col" class="num">(\w+)(?: <small>key</small>)?</th>', source)
    assert set(numbers) & set("abcdef") == {"a", "d", "f"}


def test_a_week_is_drawn() -> None:
    """A bitmap of half-hours is a picture of seven days, with its sum in words."""
    day = "0" * 18 + "1" * 16 + "0" * 13 + "1"
    page = _values(day * 5 + "0" * 96, "0" * 336, "1" * 335)
    labels = [attrs["aria-label"] for tag, attrs in page.elements if tag == "svg" and "role" in attrs]
    assert labels == ["Week of half-hours, on in 85 of 336 half-hours", "Week of half-hours, never on"]
    assert "0h 12h 24h Day 1 Day 2 Day 3 Day 4 Day 5 Day 6 Day 7" in page.text
    on = [attrs for tag, attrs in page.elements if tag == "rect" and attrs.get("class") == "on"]
    assert [(mark["x"], mark["width"]) for mark in on[:2]] == [("110", "64"), ("226", "4")]
    assert len(on) == 10
    assert "1" * 335 in page.text, "another length is text"
    assert "01" * 3 not in page.text


def test_keys_come_first_and_captions_say_what_is_missing() -> None:
    """A composite key's columns lead in its order; the caption says how many rows there are besides."""
    rows = [{"x": 1, "b": 2, "a": 3}, {"x": 1, "b": 2, "a": 3}]
    made = document(found("t.a", key="a, b", examples=rows, violations=2), found("t.b", examples=[], violations=9))
    page = drawn(made)
    assert "a key b key x" in page.all("tr")
    assert "All 2 by a, b" in page.all("caption")
    assert "No evidence rows were kept; every key is in violations.csv." in page.text
    made["violations"] = None
    page = drawn(made)
    assert "violations.csv" not in page.text
    assert "not written: a later comparison has counts only" in page.text


def test_what_was_not_judged_is_shown_with_its_reason() -> None:
    """Errors with message and place, rules that were not judged by reason, rules that were not selected as ids."""
    page = drawn(
        document(
            found("o.a", "errored"),
            found("o.b", "skipped", reason="no table orders"),
            found("o.c", "skipped", reason="no table orders"),
            found("o.d", "not_selected"),
            found("o.e", "not_checkable", reason="no times are kept; it takes orders.at"),
        )
    )
    errored = page.all("section", id="errored")[0]
    assert "column o.x does not exist (a.sql:3:8)" in errored
    assert "SQLSTATE 42703" in errored
    assert "1 expectation ended in an error. Start with the error messages." in page.text
    skipped = page.all("section", id="skipped")[0]
    assert "2 expectations: no table orders critical Title of o.b o.b critical Title of o.c o.c" in skipped
    assert "o.d" not in skipped
    left_out = page.all("section", id="not-selected")[0]
    assert left_out == "Not selected by --rule, --tag and --exclude: 1 expectation o.d"
    assert "Not selected 1 0 0 1" in page.all("tr")
    assert "no times are kept; it takes orders.at." in page.all("section", id="not-checkable")[0]


def test_how_to_do_it_again() -> None:
    """The command, safe to paste, with versions, suites, the keys' checksum and the time of each rule."""
    made = document(
        found("o.slow", duration_ms=1500.0),
        found("o.quick", "passed", duration_ms=0.5),
        found("o.left_out", "not_selected"),
        gate={"passed": True, "reasons": [], "fail_on": "never", "min_pass_rate": 90.5, "baseline": True},
        suites=["current", "my rules; rm -rf"],
        masked=False,
    )
    page = drawn(made)
    said = page.all("section", id="reproduce")[0]
    assert (
        "order-audit run --dsn … --schema public --suite current --suite 'my rules; rm -rf' --fail-on never"
        " --min-pass-rate 90.5 --baseline … --unmask --out …"
    ) in said
    assert "1 expectation was not selected: give the same --rule and --exclude." in said
    assert "violations.csv, 5 rows, SHA-256 " + "ab" * 32 in said
    assert "o.slow failed 1,500.0 o.quick passed 0.5" in said
    assert "1,500.5 ms on the server in 7 scans" in said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(1, 3, "33.33 %"), (1, 10_000_000, "< 0.01 %"), (9_999_999, 10_000_000, "> 99.99 %"), (4, 4, "100.00 %")],
)
def test_a_share_never_hides_a_rest(part: int, whole: int, said: str) -> None:
    """One of ten million is not 0 %."""
    assert f"({said})" in drawn(document(found(violations=part, checked=whole))).text


def test_rules_with_like_ids_have_addresses_of_their_own() -> None:
    """Ids that differ in what cannot stand in an address, or look like a part of another's page."""
    ids = ["a b", "a-b", "a  b", "a", "rows-a", "a-rows", "first", "-"]
    drawn(document(*(found(id) for id in ids)))
    some = {"resolved": 1, "remaining": 1, "new": 1}
    drawn(comparison(*(compared(id, **some) for id in ids)))
