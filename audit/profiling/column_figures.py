"""Shape what a profile's statement found into figures that can be written as JSON, masked where they are personal."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from order_audit.audit import mask
from order_audit.audit.profiling import json_keys
from order_audit.audit.profiling.columns import Column, Table
from order_audit.audit.profiling.limits import BESIDE, BUCKETS, FIRST, QUANTILES, TOP
from order_audit.audit.profiling.profile_query import CLASSES
from order_audit.audit.profiling.table_pass import Pass

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FLOATS: Final = {700, 701}
_NAMES: Final = {"0.05": "5", "0.25": "25", "0.5": "50", "0.75": "75", "0.95": "95"}
_DATE: Final = 1082
_WITH_ZONE: Final = 1184
_DIGITS: Final = 400

Row = tuple[Any, ...]


def shaped(
    read: Pass,
    rows: Iterable[Row],
    names: Mapping[str, frozenset[str] | None],
    *,
    sampled: float | None,
    unmask: bool,
) -> dict[str, Any]:
    """Return a table's entry. `sampled` is the percentage of its pages that was read, None for all.

    `names` has by column what its values are made of, for mask.value.
    """
    lines: dict[tuple[str, int], list[Row]] = defaultdict(list)
    summaries: dict[tuple[int, str], dict[str, Any]] = {}
    plain: dict[str, dict[str, Any]] = {}
    total = 0
    for what, place, a, b, n in rows:
        if what != "column":
            lines[what, place].append((a, b, n))
        elif b == "x":
            plain, total = json.loads(a, parse_float=Decimal, parse_int=_whole), int(n)
        else:
            summaries[place, b] = json.loads(a, parse_float=Decimal, parse_int=_whole)
    entry: dict[str, Any] = {"rows": total}
    if sampled is not None:
        entry["sampled"] = sampled
    elif not read.table.can_be_sampled and total > FIRST:
        entry["first_rows"] = total  # the rest was not read
    entry |= {"bytes": read.table.bytes, "dead_rows": read.table.dead_rows}
    columns: dict[str, Any] = {}
    for column in read.table.columns:
        if not column.readable:
            columns[column.name] = {"type": column.written, "error": "this role may not read it"}
            continue
        place = read.columns.index(column)
        by_kind = {what: lines[what, place] for what in ("quantile", "bucket", "top", "type", "key", "bit")}
        by_kind["beside"] = lines["beside", BESIDE + place]
        counted = next((summaries[key] for key in summaries if key[0] == place and key[1] != "h"), {})
        shaper = _Shaper(column, counted, by_kind, mask_as=False if unmask else names[column.name])
        if column.kind == "other":
            columns[column.name] = {"type": column.written, "nulls": total - plain[str(place)]["count"]}
        elif (wide := read.wide.get(place)) is not None:
            hashed = summaries.get((place, "h"), {})
            columns[column.name] = shaper.wide(total, plain[str(place)], hashed, wide.classes, sampled)
        else:
            columns[column.name] = shaper.narrow(total, sampled)
        if "by_value" in columns[column.name] and read.json_keys_by is not None:
            columns[column.name]["by_column"] = read.columns[read.json_keys_by].name
    entry["key"] = _key(read.table, columns)
    entry["columns"] = columns
    return entry


def _key(table: Table, columns: dict[str, Any]) -> dict[str, Any] | None:
    """The primary key, its range where it is of one column, and the sequence that it draws from."""
    if not table.key:
        return None
    key: dict[str, Any] = {"columns": list(table.key)}
    if len(table.key) == 1:
        only = columns.get(table.key[0], {})
        key |= {"min": only.get("min"), "max": only.get("max")}
    key["sequence"] = next((table.sequences[name] for name in table.key if name in table.sequences), None)
    return key


class _Shaper:
    """One column's figures."""

    def __init__(
        self,
        column: Column,
        counted: dict[str, Any],
        found: dict[str, list[Row]],
        mask_as: frozenset[str] | bool | None,
    ) -> None:
        self._column = column
        self._counted = counted
        self._found = found
        self._mask_as = mask_as
        self._hidden = not isinstance(mask_as, bool) and mask.is_personal(mask_as)

    def narrow(self, rows: int, sampled: float | None) -> dict[str, Any]:
        """Return the figures of a column with counts of all values."""
        counted = self._counted
        different = int(counted.get("different") or 0)
        if sampled is not None:
            there = rows - int(counted.get("nulls") or 0)
            different = _estimated(there, different, int(counted.get("once") or 0), sampled)
        entry = self._head(int(counted.get("nulls") or 0), different, estimated=sampled is not None)
        return entry | self._figures(counted) | self._distribution(counted)

    def wide(
        self, rows: int, plain: dict[str, Any], hashed: dict[str, Any], classes: int, sampled: float | None
    ) -> dict[str, Any]:
        """Return the figures of a sampled column; of `hashed`, one value in `classes` was counted."""
        there = int(plain["count"])
        different = min(there, int(hashed.get("different") or 0) * classes)
        once = min(different, int(hashed.get("once") or 0) * classes)
        if self._column.unique:
            different = once = there
        if sampled is not None:
            different = _estimated(there, different, once, sampled)
        entry = self._head(rows - there, different, estimated=sampled is not None or not self._column.unique)
        picked = int(self._counted.get("rows") or 0) - int(self._counted.get("nulls") or 0)
        figures = self._figures(plain)
        if self._column.type in _FLOATS and plain["mean"] is not None:
            finite = there - plain["nan"] - plain["inf"] - plain["minus_inf"]
            large = max(abs(Decimal(plain["min"])), abs(Decimal(plain["max"]))) >= Decimal("1e300")
            figures["mean"] = None if large else float(plain["mean"]) / finite
        return entry | figures | {"picked_rows": picked} | self._distribution(self._counted)

    def _head(self, nulls: int, distinct: int, *, estimated: bool) -> dict[str, Any]:
        return {"type": self._column.written, "nulls": nulls, "distinct": distinct, "distinct_estimated": estimated}

    def _figures(self, figures: dict[str, Any]) -> dict[str, Any]:
        """Extremes, mean and lengths, of all rows."""
        kind = self._column.kind
        entry: dict[str, Any] = {}
        ends = {share: (shown, num) for share, shown, num in self._found["quantile"]}
        if kind in ("number", "time", "span"):
            low, high = figures.get("min"), figures.get("max")
            if low is None and "0.0" in ends:
                low, high = ends["0.0"][0], ends["1.0"][0]
            entry |= {"min": self._extreme(low), "max": self._extreme(high)}
            if kind == "number":
                entry["mean"] = None if self._hidden else number(figures.get("mean"))
                if not self._column.is_whole:
                    entry |= {name: int(figures.get(name) or 0) for name in ("nan", "inf", "minus_inf")}
            elif kind == "time":
                entry["mean"] = self._time(figures.get("mean"))
                entry |= {name: int(figures.get(name) or 0) for name in ("inf", "minus_inf")}
        elif kind == "text" or (kind == "plain" and self._column.type == 2950):
            entry |= {"min": self._shown(figures.get("min")), "max": self._shown(figures.get("max"))}
        if kind == "text":
            entry["length"] = {
                "min": figures.get("shortest"), "mean": number(figures.get("length")), "max": figures.get("longest"),
                "empty": int(figures.get("empty") or 0),
            }  # fmt: skip
        return entry

    def _distribution(self, counted: dict[str, Any]) -> dict[str, Any]:
        """Return the figures of counted values: quantiles, histogram, top values, composition."""
        kind, lines = self._column.kind, self._found
        few = int(counted.get("different") or 0) <= TOP
        entry: dict[str, Any] = {}
        if kind in ("number", "time", "span"):
            entry["quantiles"] = {
                _NAMES[share]: self._extreme(shown)
                for share, shown, _ in sorted(lines["quantile"], key=lambda row: Decimal(row[0]))
                if share in QUANTILES
            }
            entry["histogram"] = None if self._hidden else self._histogram()
        if kind == "boolean":
            counts = {shown: int(n) for _, shown, n in lines["top"]}
            entry |= {"true": counts.get("true", 0), "false": counts.get("false", 0)}
        else:
            # if each value occurs once, top values are meaningless
            top = [row for row in sorted(lines["top"], key=lambda row: int(row[0])) if row[2] > 1 or few]
            entry["top"] = [{"value": self._extreme(shown), "count": int(n)} for _, shown, n in top]
        if kind == "text":
            entry["characters"] = {name: int(counted.get(name) or 0) for name in CLASSES}
        if kind == "json":
            entry |= self._documents(counted)
        if kind == "bits":
            entry["bits"] = self._bits(counted)
        return entry

    def _documents(self, counted: dict[str, Any]) -> dict[str, Any]:
        types = sorted(self._found["type"], key=lambda row: (-row[2], row[1]))
        keys = sorted(self._found["key"], key=lambda row: (-row[2], row[1]))
        entry: dict[str, Any] = {
            "types": {type_: int(n) for _, type_, n in types},
            "keys": [{"key": self._name(key), "count": int(n)} for _, key, n in keys],
            "unreadable": int(counted.get("unreadable") or 0),
        }
        if ways := json_keys.variants([(key, int(n)) for _, key, n in keys]):
            entry["variants"] = [[{"key": self._name(key), "count": n} for key, n in of_one] for of_one in ways]
        by_value: dict[str | None, dict[str, Any]] = {}
        for value, key, n in sorted(self._found["beside"], key=lambda row: (row[1] is not None, -row[2], row[1] or "")):
            if key is None:
                shown = value if value is None or self._mask_as is False else mask.text(value, whole=self._hidden)
                by_value[value] = {"value": shown, "rows": int(n), "keys": []}
            elif value in by_value:
                by_value[value]["keys"].append({"key": self._name(key), "count": int(n)})
        if by_value:
            entry["by_value"] = list(by_value.values())
        return entry

    def _bits(self, counted: dict[str, Any]) -> list[float]:
        """The share of rows with each bit set, first bit first."""
        there = int(counted.get("rows") or 0) - int(counted.get("nulls") or 0)
        shares = [0.0] * int(counted.get("bits") or 0)
        for bit, _, n in self._found["bit"]:
            shares[int(bit) - 1] = int(n) / there
        return shares

    def _histogram(self) -> dict[str, Any] | None:
        """Equal steps from the least to the greatest; each begins with its lower bound, the last has both."""
        ends = {share: num for share, _, num in self._found["quantile"]}
        if "0.0" not in ends:
            return None
        low, high = ends["0.0"], ends["1.0"]
        counts = {int(bucket): int(n) for bucket, _, n in self._found["bucket"]}
        steps = BUCKETS if low < high else 1
        bounds = [low + (high - low) * step / steps for step in range(steps)] + [high]
        shown: Callable[[Any], Any] = self._time if self._column.kind == "time" else number
        return {"bounds": [shown(bound) for bound in bounds], "counts": [counts.get(s + 1, 0) for s in range(steps)]}

    def _time(self, seconds: Decimal | int | None) -> str | None:
        """Seconds since 1970 as a time; as they are where Python's calendar does not reach."""
        if seconds is None or self._hidden:
            return None
        try:
            moment = _EPOCH + timedelta(microseconds=round(Decimal(seconds) * 1_000_000))
        except OverflowError:
            return f"{seconds} seconds after 1970"
        if self._column.type == _DATE:
            return str(date(moment.year, moment.month, moment.day))
        return moment.isoformat() if self._column.type == _WITH_ZONE else moment.replace(tzinfo=None).isoformat()

    def _extreme(self, shown: Any) -> Any:
        """A value that occurs, as JSON has it: a number as a number where that is exact."""
        if shown is None or self._hidden or self._column.kind != "number":
            return self._shown(shown)
        return _exact(str(shown), self._column)

    def _shown(self, shown: Any) -> Any:
        if shown is None or isinstance(self._mask_as, bool):
            return shown
        return mask.value(str(shown), self._column.type, self._mask_as)

    def _name(self, key: str) -> str:
        return key if self._mask_as is False else mask.text(key, whole=self._hidden)


def _exact(written: str, column: Column) -> Any:
    if column.is_whole:
        return int(written)
    if written in ("NaN", "Infinity", "-Infinity"):
        return written
    number = float(written)
    return number if column.type in _FLOATS or Decimal(written) == Decimal(repr(number)) else written


def number(value: Any) -> Any:
    """A computed number, as near as a float comes."""
    if value is None:
        return None
    try:
        number = float(value)
    except OverflowError:
        return str(value)
    return number if math.isfinite(number) else str(value)


def _whole(digits: str) -> int | Decimal:
    """A whole number in JSON; Python will not make an int of thousands of digits."""
    return int(digits) if len(digits) < _DIGITS else Decimal(digits)


def _estimated(there: int, different: int, once: int, percent: float) -> int:
    """How many different values the table has if this percentage of its pages has so many, some of them `once`.

    The estimator is Haas and Stokes's Duj1, as ANALYZE has it.
    """
    if not different:
        return 0
    return round(there * different / (there - once + once * percent / 100))
