"""The pictures: each shows the figures it was given, no more and no less, and any text in it is only text."""

from __future__ import annotations

import random
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from order_audit.reports.diagrams import bars, bitmap, extremes, histogram
from order_audit.scenario.domain.balance_drawing import balance
from order_audit.scenario.domain.lineage_drawing import Order, lineage
from order_audit.scenario.domain.lineage_figure import Lineage, as_it_is, as_it_should_be

HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} &lt; \u202e\x00\n\ud800 😀"
KINDS = ("on", "hit", "off")
LEGEND = "; shades range from the least to the greatest."
COUNTS = st.lists(st.integers(0, 10**9), max_size=40)


def read(picture: Markup) -> ElementTree.Element:
    """A picture, read as XML, held against all that holds for each."""
    picture.encode()
    assert not re.search("[\u202a-\u202e\x00\x1b\u200b]", picture)
    root = ElementTree.fromstring(picture)
    assert root.tag == "svg"
    assert root.attrib["role"] == "img"
    assert [child.tag for child in root][:2] == ["title", "desc"]
    wide, tall = float(root.attrib["width"]), float(root.attrib["height"])
    assert [float(part) for part in root.attrib["viewBox"].split()] == [0, 0, wide, tall]
    for node in root.iter():
        assert node.tag in {"svg", "title", "desc", "g", "rect", "path", "text", "circle"}
        assert not any(name.startswith("on") or name in {"style", "href"} for name in node.attrib)
        if node.tag == "rect":
            left, width = float(node.attrib.get("x", 0)), float(node.attrib["width"])
            assert -0.01 <= left <= left + width <= wide + 0.1
            assert float(node.attrib["y"]) + float(node.attrib["height"]) <= tall + 0.1
    return root


def titles(root: ElementTree.Element) -> list[str]:
    """The roles of the parts, in order."""
    return [title.text or "" for part in root.iter() if part.tag in {"rect", "g"} for title in part.findall("title")]


def number(text: str) -> int:
    """A number in display format."""
    return int(text.replace(",", ""))


@given(COUNTS)
def test_histogram_shows_its_counts(counts: list[int]) -> None:
    """A title for each step that is not empty, and bars as tall as their counts; the least is seen too."""
    steps = [(f"step {place}", count) for place, count in enumerate(counts)]
    root = read(histogram("a", steps, "low", "high"))
    said = {title.split(":")[0]: number(title.split(" ")[2]) for title in titles(root)}
    assert said == {name: count for name, count in steps if count}
    outline = [path.attrib["d"] for path in root.iter("path") if path.attrib["class"] == "bar"]
    tall = [-float(found) for found in re.findall(r"v(-[\d.]+)", "".join(outline))]
    there = [count for count in counts if count]
    assert len(tall) == len(there)
    for height, count in zip(tall, there, strict=True):
        assert height == pytest.approx(max(30 * count / max(there), 1), abs=0.01)
    texts = [text.text for text in root.iter("text")]
    assert texts == ([f"{max(there):,}"] if there else []) + ["low", "high"]
    if there:
        assert f"the most, {max(there):,} row{'s' * (max(there) != 1)}, at" in (root.findtext("desc") or "")


@given(COUNTS)
def test_bars_show_their_counts(counts: list[int]) -> None:
    """Each row has its name and count beside it; the bars are on one scale, and an empty row has none."""
    rows = [(f"row {place}", count) for place, count in enumerate(counts)]
    root = read(bars("a", rows, "thing"))
    groups = root.findall("g")
    assert [[text.text for text in group.findall("text")] for group in groups] == [
        [name, f"{count:,}"] for name, count in rows
    ]
    wide = [[float(rect.attrib["width"]) for rect in group.findall("rect[@class='bar']")] for group in groups]
    assert [bool(found) for found in wide] == [count > 0 for count in counts]
    longest = max((found[0] for found in wide if found), default=0)
    for found, count in zip(wide, counts, strict=True):
        if found:
            assert found[0] == pytest.approx(max(longest * count / max(counts), 1), abs=0.01)


@pytest.mark.parametrize("size", [0, 1, 12, 64, 65, 336, 1000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bitmap_shows_each_bit_once(size: int, seed: int) -> None:
    """Each bit is in one cell with the number of rows as title; the greatest share is the darkest."""
    draw = random.Random(seed)
    rows = draw.randint(2, 10**6)
    counts = [draw.choice([0, rows, draw.randint(0, rows)]) for _ in range(size)]
    root = read(bitmap("a", [count / rows for count in counts], rows))
    told: list[int] = []
    for title in titles(root):
        where, said = title.split(": ")
        if size == 336:
            day, begin, end = re.findall(r"Day (\d), ([\d:]+) to ([\d:]+)", where)[0]
            assert len(told) == (int(day) - 1) * 48 + half_hours(begin)
            bits = half_hours(end) - half_hours(begin)
        else:
            ends = [int(found) for found in re.findall(r"\d+", where)]
            assert ends[0] == len(told) + 1
            bits = ends[-1] - ends[0] + 1
        told += [number(said.split(" ")[2])] * bits
        assert f"of {rows:,} rows" in said
    assert told == counts
    shades = [float(rect.attrib["fill-opacity"]) for rect in root.iter("rect") if "fill-opacity" in rect.attrib]
    assert max(shades, default=1) == 1
    assert min(shades, default=1) >= 0.12
    width = {kind: sum(float(it.attrib["width"]) for it in root.findall(f"rect[@class='{kind}']")) for kind in KINDS}
    assert width["on"] + width["hit"] == pytest.approx(width["off"], abs=0.01 * size)
    if size == 336:
        assert [text.text for text in root.iter("text")][:5] == ["0h", "6h", "12h", "18h", "24h"]


def half_hours(clock: str) -> int:
    """How many half-hours have gone by at this time."""
    hour, minute = clock.split(":")
    return int(hour) * 2 + int(minute) // 30


def test_bitmap_of_one_row_is_on_or_off() -> None:
    """One order's week: nothing is said of shares."""
    week = [0] * 16 + [1] * 20 + [0] * 300
    root = read(bitmap("a", week, 1))
    assert titles(root)[:3] == ["Day 1, 00:00 to 08:00: off", "Day 1, 08:00 to 18:00: on", "Day 1, 18:00 to 24:00: off"]
    assert root.findtext("desc") == "On in 20 of 336 half-hours."


def test_extremes_in_words() -> None:
    """Where bits are set in the fewest and in the most rows."""
    assert extremes([0.25] * 336, 8) == "Each half-hour is on in 2 of 8 rows (25.00 %)."
    assert extremes([0.5, 0, 1.0], 8) == f"On in 0 (bit 2) to 8 (bit 3) of 8 rows{LEGEND}"
    ends = "2 (day 1, 00:30 to 01:00) to 4 (day 1, 00:00 to 00:30)"
    assert extremes([0.5, *[0.25] * 335], 8) == f"On in {ends} of 8 rows{LEGEND}"


def test_small_differences_are_seen() -> None:
    """Shades lie between the least and the greatest share; equal shares have the darkest."""
    for shares, expected in (
        ([0.92, 0.95, 0.98], [0.12, 0.56, 1]),
        ([0, 0.5, 1], [0.56, 1]),
        ([0.4, 0.4], [1]),
    ):
        root = read(bitmap("a", shares, 100))
        shades = [float(rect.attrib["fill-opacity"]) for rect in root.iter("rect") if "fill-opacity" in rect.attrib]
        assert shades == pytest.approx(expected, abs=0.01)


def test_any_text_in_a_picture_is_only_text() -> None:
    """Titles, steps, names and notes: escaped, with what cannot be seen spelled out."""
    shown = HOSTILE.split(" \u202e")[0] + " ⟨U+202E⟩⟨U+0000⟩\\n⟨U+D800⟩ 😀"
    root = read(histogram(HOSTILE, [(HOSTILE, 3)], HOSTILE, HOSTILE + "!"))
    assert root.findtext("title") == shown
    assert titles(root) == [f"{shown}: 3 rows"]
    assert [text.text for text in root.iter("text")] == ["3", shown, shown + "!"]
    root = read(bars(HOSTILE, [(HOSTILE, 3), ("b", 1)], notes=[HOSTILE, ""]))
    assert titles(root)[0].startswith(f"{shown}: 3 rows")
    assert [text.text for text in root.iter("text")][1] == f"3 ({shown})"
    assert read(bitmap(HOSTILE, [1.0, 0.0], 5)).findtext("title") == shown


# Lineages -----------------------------------------------------------------------------------------


def order(id: int, ref: int | None, customer: int = 1, status: str | None = "active") -> dict[str, Any]:
    """An order of a result's lineage."""
    return {"order_id": id, "order_ref": ref, "customer_id": customer, "order_status": status, "order_amount": 5}


def told(*orders: dict[str, Any], keys: tuple[int, ...] = (), missing: tuple[int, ...] = ()) -> str:
    """The text alternative of a lineage's diagram."""
    found = Lineage(keys, orders, missing)
    return read(lineage("a", as_it_is(found, references=True))).findtext("desc") or ""


def test_a_lineage_tells_its_faults() -> None:
    """Each at its own order: chains, circles, orphans, other customers, later ancestors; a root has none."""
    assert told(order(1, 1), order(2, 1), order(3, 2)) == (
        "1 names itself, active. 2 names 1, active. 3 names 2, active, names a recreation."
    )
    assert told(order(1, 2), order(2, 1)) == "1 names 2, active, in a circle. 2 names 1, active, in a circle."
    assert told(order(1, 9), missing=(9,)) == "1 names 9, active, names no order. 9: no such order."
    assert told(order(1, None, status=None)) == "1 names nothing, no status, names nothing."
    assert told(order(1, 1), order(2, 1, 7)) == (
        "1 names itself, active, customer 1. 2 names 1, active, customer 7, of another customer."
    )
    assert told(order(1, 2), order(2, 2)) == "1 names 2, active, names a later order. 2 names itself, active."
    assert told(order(3, 2)) == "3 names 2, active.", "orders that were not looked up are not called missing"


def test_a_lineage_that_is_not_about_references_marks_the_violations() -> None:
    """And breaks no arc."""
    found = Lineage((2,), (order(1, 1), order(2, 1), order(3, 2)), ())
    root = read(lineage("a", as_it_is(found, references=False)))
    assert root.findtext("desc") == "1 names itself, active. 2 names 1, active, violates. 3 names 2, active."
    assert [path.attrib["class"] for path in root.iter("path")] == ["arc", "head", "arc", "head"]
    assert [text.text for text in root.iter("text") if text.attrib.get("class") == "id key"] == ["2"]


@given(
    st.dictionaries(st.integers(1, 9), st.tuples(st.none() | st.integers(0, 9), st.integers(1, 2)), min_size=1),
    st.sets(st.integers(1, 9)),
)
def test_a_lineage_has_a_dot_for_each_order_and_an_arc_for_each_reference(
    refs: dict[int, tuple[int | None, int]], keys: set[int]
) -> None:
    """Whatever names what; as it should be, each customer has one root, the oldest, that its other orders name."""
    orders = [order(id, ref, customer) for id, (ref, customer) in refs.items()]
    missing = sorted({ref for ref, _ in refs.values() if ref is not None} - refs.keys())
    found = Lineage(tuple(sorted(keys & refs.keys())), tuple(orders), tuple(missing))
    shown = as_it_is(found, references=True)
    assert [it.id for it in shown] == sorted([*refs, *missing])
    root = read(lineage("a", shown))
    circles = [circle.attrib["class"] for circle in root.iter("circle")]
    assert sum(kind.startswith("dot") for kind in circles) == len(refs) + len(missing)
    assert sum(kind == "dot missing" for kind in circles) == len(missing)
    assert sum(kind == "dot key" for kind in circles) == len(keys & refs.keys())
    assert sum(kind == "ring" for kind in circles) == sum(ref == id for id, (ref, _) in refs.items())
    arcs = [path for path in root.iter("path") if path.attrib["class"].startswith("arc")]
    assert len(arcs) == sum(ref is not None and ref != id for id, (ref, _) in refs.items())
    assert all("-" not in path.attrib["d"] for path in arcs), "nothing swings out of the picture"
    should = as_it_should_be(found)
    assert [it.id for it in should] == sorted(refs)
    for it in should:
        mine = refs[it.id][1]
        assert it.ref == min(id for id, (_, customer) in refs.items() if customer == mine)
        assert not it.fault


def test_any_text_in_a_lineage_is_only_text() -> None:
    """Ids and statuses come from a database; long ones are cut."""
    root = read(lineage(HOSTILE, [Order(HOSTILE, HOSTILE, HOSTILE * 9, HOSTILE), Order("x" * 900, None, "y" * 900)]))
    assert "<script>alert(1)</script>" in "".join(root.itertext())
    assert max(len(text.text or "") for text in root.iter("text")) <= 200


# Balances -----------------------------------------------------------------------------------------


def widths(root: ElementTree.Element, kind: str) -> list[float]:
    """The widths of the bars of a kind."""
    return [float(rect.attrib["width"]) for rect in root.iter("rect") if rect.attrib["class"] == kind]


def test_a_balance_is_on_one_scale_with_what_it_is_to_cover() -> None:
    """The part beyond it is another bar; a picture says all figures in words."""
    root = read(balance("a", 45, [("order 7", 90), ("2 live orders", 30.5)]))
    assert root.findtext("desc") == "balance 45; order 7 90; 2 live orders 30.5."
    full, covered, less = widths(root, "bar")
    (beyond,) = widths(root, "beyond")
    assert full == covered == pytest.approx(beyond + 1, abs=0.1)
    assert less == pytest.approx(full * 30.5 / 45, abs=0.1)
    assert [text.text for text in root.iter("text")] == ["balance", "45", "order 7", "90", "2 live orders", "30.5"]


@pytest.mark.parametrize("has", ["NaN", "-Infinity", "Infinity", None, -5, 0, "12345678901234567890.12", HOSTILE])
def test_a_balance_that_is_no_amount_has_no_bar(has: Any) -> None:
    """Its text is shown unchanged; it covers nothing."""
    root = read(balance("a", has, [("order 7", 90), ("b", "NaN")]))
    positive = has == "12345678901234567890.12"
    assert bool(widths(root, "beyond")) == (not positive)
    assert len(widths(root, "bar")) == (2 if positive else 0)


@given(st.integers(-5, 10**12), st.lists(st.tuples(st.text(max_size=30), st.floats(allow_nan=True)), max_size=4))
def test_bars_of_a_balance_stay_in_the_picture(has: int, needs: list[tuple[str, float]]) -> None:
    """Whatever the figures; read() measures."""
    read(balance("a", has, needs))
