"""The profile as people are shown it: per table its columns in words, numbers and what can be drawn, within bounds."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from order_audit.reports import diagrams
from order_audit.reports.formatting import figure, number, plural, size

#: How live orders' amounts stand against the balance, in words.
_EXPOSURE: Final = {
    "none": "no live orders",
    "under_half": "under 50 %",
    "half_to_all": "50 to 100 %",
    "over": "over the balance",
    "unknown": "balance is no number",
}
#: Columns that are shown in all; a page of thousands would be of no use.
COLUMNS: Final = 400
#: With more columns than this, the tables are folded.
_FOLDED: Final = 60
_TOP: Final = 5
_SCRIPTS: Final = 12
_KEYS: Final = 12
_STATUSES: Final = 10
_LONGEST: Final = 48
#: Letters of the commonest values together, the first apart.
_LETTERS: Final = 130
#: Sizes that have a bar each; from there on a bar is for twice as many as the one before.
_SINGLE: Final = 10
_SHADES: Final = 5
_LARGEST: Final = 2**53
_CLASSES: Final = {
    "digits": "digits",
    "letters": "letters",
    "upper": "capitals",
    "lower": "small letters",
    "spaces": "spaces",
    "punctuation": "punctuation",
    "non_ascii": "characters beyond ASCII",
}
_TIME: Final = re.compile(r"(\d{4,}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(\+00:00)?")
_SPAN: Final = re.compile(
    r"P(?:(?P<y>-?\d+)Y)?(?:(?P<mon>-?\d+)M)?(?:(?P<d>-?\d+)D)?"
    r"(?:T(?:(?P<h>-?\d+)H)?(?:(?P<min>-?\d+)M)?(?:(?P<s>-?[\d.]+)S)?)?"
)


@dataclass(frozen=True)
class Top:
    """A value that is there most often, as text; `is_cut` where only its beginning is."""

    value: str
    is_cut: bool
    count: int


@dataclass(frozen=True)
class Script:
    """JSON documents beside one value of the script's name: how many, and their keys; "" is for all documents."""

    name: str | None
    rows: int | None
    keys: list[tuple[str, int]]
    more: int


@dataclass(frozen=True)
class Histogram:
    """Steps in words with their counts, and the ends of the axis."""

    steps: list[tuple[str, int]]
    low: str
    high: str


@dataclass
class Column:
    """A column; `distinct` is None where values were not counted.

    `exact` is of all rows; everything after it is of as many rows as were `picked` at random, or of all. `bits` tells
    for each bit the share of `there` rows that have it set.
    """

    table: str
    name: str
    type: str
    error: str = ""
    rows: int = 0
    nulls: int = 0
    distinct: int | None = None
    is_estimated: bool = False
    exact: list[str] = field(default_factory=list)
    picked: int | None = None
    there: int = 0
    histogram: Histogram | None = None
    bits: Sequence[float] = ()
    numbers: list[tuple[str, str]] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    more_scripts: int = 0
    top: list[Top] = field(default_factory=list)

    @property
    def picture(self) -> Markup | None:
        """What can be drawn of it."""
        path = f"{self.table}.{self.name}"
        if self.bits:
            return diagrams.bitmap(f"{path}: rows by bit that is set", self.bits, self.there)
        if (found := self.histogram) is None:
            return None
        return diagrams.histogram(f"{path}: rows by value", found.steps, found.low, found.high)


@dataclass(frozen=True)
class Chart:
    """What a table's rows come to together: a row has a name, a count of `unit`, and a note if there is any."""

    title: str
    note: str
    unit: str
    rows: list[tuple[str, int]]
    notes: list[str] = field(default_factory=list)

    @property
    def picture(self) -> Markup:
        """Its bars."""
        return diagrams.bars(self.title, self.rows, self.unit, self.notes)


@dataclass(frozen=True)
class Positions:
    """Orders by their place in the lineage and their status; a cell is a count and its shade, from 0 to 5."""

    statuses: list[str]
    rows: list[tuple[str, list[tuple[int, int]]]]


@dataclass
class Table:
    """A table; the first of its `columns`, where there are too many. Where it `is_part`, some figures are not of all
    rows.
    """

    name: str
    error: str = ""
    rows: int = 0
    width: int = 0
    facts: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    positions: Positions | None = None
    errors: list[str] = field(default_factory=list)
    is_part: bool = False


@dataclass(frozen=True)
class Profile:
    """What a page shows of a profile."""

    tables: list[Table]
    is_folded: bool


def shown(profile: Mapping[str, Any], most: int = COLUMNS) -> Profile:
    """The profile of a result document, made ready to be shown, with `most` columns in all."""
    left = most
    tables = []
    for name, entry in profile.items():
        if "error" in entry:
            tables.append(Table(name, error=entry["error"]))
            continue
        table = _table(name, entry, left)
        left -= len(table.columns)
        table.is_part = bool(entry.keys() & {"sampled", "first_rows"}) or any(
            column.is_estimated or column.picked is not None for column in table.columns
        )
        tables.append(table)
    return Profile(tables, is_folded=sum(table.width for table in tables) > _FOLDED)


def banded(counts: Iterable[Sequence[int]]) -> list[tuple[str, int]]:
    """Counts by size as bars: each size below ten, then 10 to 19, 20 to 39 and so on, empty ones between them too."""
    bands: Counter[tuple[int, int]] = Counter()
    for at, count in counts:
        low = at if at < _SINGLE else _SINGLE * 2 ** int(math.log2(at / _SINGLE))
        bands[low, low if low < _SINGLE else 2 * low - 1] += count
    if not bands:
        return []
    rows = []
    low, end = min(bands)[0], max(bands)[0]
    while low <= end:
        high = low if low < _SINGLE else 2 * low - 1
        rows.append((f"{low:,}" if low == high else f"{low:,} to {high:,}", bands[low, high]))
        low = high + 1
    return rows


# -- tables --------------------------------------------------------------------------------------------------------


def _table(name: str, entry: Mapping[str, Any], most: int) -> Table:
    columns = list(entry["columns"].items())
    table = Table(name, rows=entry["rows"], width=len(columns))
    table.facts = list(_facts(entry))
    table.columns = [_column(name, column, figures, entry["rows"]) for column, figures in columns[:most]]
    for what, draw in (("lineages", _lineages), ("orders_per_customer", _per_customer), ("exposure", _exposure)):
        if found := entry.get(what):
            if "error" in found:
                table.errors.append(f"{what.replace('_', ' ').capitalize()}: {found['error']}")
            else:
                table.charts += draw(found)
    if (found := entry.get("lineages")) and found.get("status_by_position"):
        table.positions = _positions(found["status_by_position"])
    return table


def _facts(entry: Mapping[str, Any]) -> Iterable[str]:
    if "sampled" in entry:
        yield f"Figures of a sample of {entry['sampled']:g} % of its pages"
    if "first_rows" in entry:
        yield f"Figures of its first {entry['first_rows']:,} rows; the rest was not read"
    sizes = entry["bytes"]
    yield (
        f"{size(sizes['total'])}, of it {size(sizes['indexes'])} indexes" if sizes["total"] else "no storage of its own"
    )
    if entry["dead_rows"]:
        yield plural(entry["dead_rows"], "dead row")
    if key := entry["key"]:
        ends = f", {figure(key['min'])} to {figure(key['max'])}" if key.get("min") is not None else ""
        yield f"key {', '.join(key['columns'])}{ends}"
        if sequence := key["sequence"]:
            at = sequence["position"]
            where = f"at {at:,}" if at is not None else "not drawn from yet" if sequence["readable"] else "not readable"
            yield f"sequence {sequence['name']} {where}"


def _lineages(found: Mapping[str, Any]) -> Iterable[Chart]:
    outside = f"; {plural(found['outside'], 'order')} in none" if found["outside"] else ""
    number_of = plural(found["lineages"], "lineage") + outside
    yield Chart("Lineages by number of orders", number_of, "lineage", banded(found["sizes"]))
    depth = "the longest chain of references below the first order"
    yield Chart("Lineages by depth", depth, "lineage", banded(found["depths"]))


def _per_customer(found: Mapping[str, Any]) -> Iterable[Chart]:
    mean = "" if found["mean"] is None else f", {number(found['mean'])} orders on average, {found['max']:,} at most"
    bands = banded([least, n] for least, _, n in found["bands"])
    yield Chart("Customers by number of orders", plural(found["customers"], "customer") + mean, "customer", bands)


def _exposure(found: Mapping[str, Any]) -> Iterable[Chart]:
    yield Chart(
        "Customers by live orders' amounts against the balance",
        "in brackets the sum of these amounts",
        "customer",
        [(said, found[band]["customers"]) for band, said in _EXPOSURE.items()],
        [figure(found[band]["amount"]) if found[band]["amount"] else "" for band in _EXPOSURE],
    )


def _positions(found: Mapping[str, Mapping[str, int]]) -> Positions:
    total: Counter[str] = Counter()
    for counts in found.values():
        total.update(counts)
    statuses = [status for status, _ in total.most_common()]
    named = statuses if len(statuses) <= _STATUSES + 1 else statuses[:_STATUSES]
    rest = statuses[len(named) :]
    rows = []
    for position, counts in found.items():
        cells = [counts.get(status, 0) for status in named] + ([sum(counts[status] for status in rest)] if rest else [])
        whole = sum(cells) or 1
        rows.append((position, [(count, round(_SHADES * count / whole)) for count in cells]))
    return Positions([*named, *([f"{len(rest):,} others"] if rest else [])], rows)


# -- columns -------------------------------------------------------------------------------------------------------


def _column(table: str, name: str, figures: Mapping[str, Any], rows: int) -> Column:
    column = Column(table, name, figures["type"], rows=rows)
    if "error" in figures:
        column.error = figures["error"]
        return column
    column.nulls = figures["nulls"]
    if "distinct" not in figures:
        column.exact.append("values of this type are not counted")
        return column
    column.distinct, column.is_estimated = figures["distinct"], figures["distinct_estimated"]
    column.picked = figures.get("picked_rows")
    column.there = rows - figures["nulls"] if column.picked is None else column.picked
    column.exact = list(_exact(figures))
    column.histogram = _histogram(figures)
    column.bits = figures.get("bits", ())
    column.numbers = list(_numbers(figures))
    column.counted = list(_counted(figures, column.there))
    scripts = figures.get("by_script", ())
    column.scripts = [_script(found["script"], found["rows"], found["keys"]) for found in scripts[:_SCRIPTS]]
    column.more_scripts = max(0, len(scripts) - _SCRIPTS)
    if not scripts and figures.get("keys"):
        column.scripts = [_script("", None, figures["keys"])]
    if "true" in figures:
        column.top = [Top(value, False, figures[value]) for value in ("true", "false") if figures[value]]
    elif not column.bits:
        column.top = list(_top(figures["top"], "quantiles" in figures and "nan" not in figures))
    return column


def _histogram(figures: Mapping[str, Any]) -> Histogram | None:
    found = figures.get("histogram")
    if not found or not any(found["counts"]):
        return None
    bounds, counts = found["bounds"], found["counts"]
    if _is_whole(figures):
        return Histogram(_whole_steps(bounds, counts), figure(round(bounds[0])), figure(round(bounds[-1])))
    is_span = figures["type"].startswith("interval")
    shown = [_span(bound) if is_span else _written(bound) for bound in bounds]
    return Histogram(_steps(shown, counts), shown[0], shown[-1])


def _is_whole(figures: Mapping[str, Any]) -> bool:
    """Whether it is a column of whole numbers, all of which a float holds exactly."""
    ends = figures["min"], figures["max"]
    return "nan" not in figures and all(isinstance(end, int) and abs(end) <= _LARGEST for end in ends)


def _steps(bounds: Sequence[str], counts: Sequence[int]) -> list[tuple[str, int]]:
    """Each step in words, with its count."""
    return [
        (low if low == high else f"{low} to {high}", count)
        for low, high, count in zip(bounds, bounds[1:], counts, strict=False)
    ]


def _whole_steps(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, int]]:
    """Of whole numbers those steps that hold one: a step ends before the next one's bound, but for the last."""
    steps = []
    for place, count in enumerate(counts):
        is_last = place == len(counts) - 1
        first, last = math.ceil(bounds[place]), math.floor(bounds[-1]) if is_last else math.ceil(bounds[place + 1]) - 1
        if first <= last:
            steps.append((figure(first) if first == last else f"{figure(first)} to {figure(last)}", count))
    return steps


def _written(value: Any) -> str:
    """A value in its short form: times to the minute, and without the minutes at midnight."""
    if isinstance(value, str) and (time := _TIME.fullmatch(value)):
        return time[1] if time[2] == "00:00" and not (time[3] or "").strip(":0.") else f"{time[1]} {time[2]}"
    if isinstance(value, str) and (span := _SPAN.fullmatch(value)):
        told = [f"{span[unit]} {unit}" for unit in span.groupdict() if span[unit]]
        return " ".join(told) or "0 s"
    return figure(value)


def _span(seconds: float) -> str:
    """Seconds in the two largest units."""
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    told = []
    for unit, long in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if rest >= long:
            told.append(f"{int(rest // long):,} {unit}")
            rest %= long
    return sign + " ".join([*told, f"{rest:.3g} s"][:2])


def _numbers(figures: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Quantiles, and the mean of the same rows."""
    if "quantiles" not in figures or figures.get("min") is None:
        return
    for percent, value in figures["quantiles"].items():
        yield ("median" if percent == "50" else f"{percent} %"), _written(value)
    if figures.get("mean") is not None and "picked_rows" not in figures:
        yield "mean", _written(figures["mean"])


def _exact(figures: Mapping[str, Any]) -> Iterable[str]:
    """What is told of all rows, in words; extremes only where no picture ends with them."""
    is_drawn = figures.get("histogram") and "picked_rows" not in figures
    if "quantiles" in figures and figures.get("min") is not None and not is_drawn:
        mean = f", mean {_written(figures['mean'])}" if figures.get("mean") is not None else ""
        yield f"{_written(figures['min'])} to {_written(figures['max'])}{mean}"
    odd = [
        f"{figures[kind]:,} {said}"
        for kind, said in (("nan", "NaN"), ("inf", "infinite"), ("minus_inf", "minus infinite"))
        if figures.get(kind)
    ]
    if odd:
        yield f"besides numbers: {', '.join(odd)}" if "nan" in figures else f"besides: {', '.join(odd)}"
    if (length := figures.get("length")) and length["max"] is not None:
        empty = f"; {length['empty']:,} empty" if length["empty"] else ""
        same = length["min"] == length["max"]
        ends = (
            f"{length['min']:,}" if same else f"{length['min']:,} to {length['max']:,}, mean {number(length['mean'])}"
        )
        yield f"length {ends}{empty}"


def _counted(figures: Mapping[str, Any], there: int) -> Iterable[str]:
    """What is read off the values that were counted, in words."""
    if has := [f"{said} {n:,}" for kind, said in _CLASSES.items() if (n := figures.get("characters", {}).get(kind))]:
        yield f"rows with {', '.join(has)}"
    if types := figures.get("types"):
        yield "types: " + ", ".join(f"{type_} {n:,}" for type_, n in types.items())
    if figures.get("unreadable"):
        yield f"{figures['unreadable']:,} with escapes that text cannot hold"
    if figures.get("bits"):
        yield diagrams.extremes(figures["bits"], there)


def _script(name: str | None, rows: int | None, keys: Sequence[Mapping[str, Any]]) -> Script:
    told = [(_cut(found["key"])[0], found["count"]) for found in keys[:_KEYS]]
    return Script(name if name is None else _cut(name)[0], rows, told, max(0, len(keys) - _KEYS))


def _top(found: Sequence[Mapping[str, Any]], is_time: bool) -> Iterable[Top]:
    """Some of the commonest values: fewer where they are long."""
    letters = 0
    for one in found[:_TOP]:
        said = str(one["value"])
        if isinstance(one["value"], float):
            said = said.removesuffix(".0")
        elif is_time and not said.startswith("P"):
            said = said.replace("T", " ").removesuffix("+00:00")
        elif is_time:
            said = _written(said)
        value, is_cut = _cut(said)
        letters += len(value)
        if letters > _LETTERS:
            return
        yield Top(value, is_cut, one["count"])


def _cut(text: str) -> tuple[str, bool]:
    return (text, False) if len(text) <= _LONGEST else (text[:_LONGEST], True)
