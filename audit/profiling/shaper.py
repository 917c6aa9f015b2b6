"""Shape what a profile's statement counted of one column into figures, masked where they are personal."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from order_audit.audit import mask
from order_audit.audit.profiling import json_keys
from order_audit.audit.profiling.alerts import Signs
from order_audit.audit.profiling.columns import Column
from order_audit.audit.profiling.limits import QUANTILES, TOP
from order_audit.audit.profiling.positions import Positions, Row, number
from order_audit.audit.profiling.profile_query import CLASSES
from order_audit.audit.profiling.value_counts import BY_TEXT

_FLOATS: Final = {700, 701}
_NAMES: Final = {"0.05": "5", "0.25": "25", "0.5": "50", "0.75": "75", "0.95": "95"}
#: Kinds with positions on a line, which have quantiles, and those with steps of it that can be drawn.
_ORDERED: Final = ("number", "time", "span", "position")
_DRAWN: Final = ("number", "time", "span")
#: Elements of an array that may be documents, or arrays.
_NESTED: Final = re.compile(r"[\\{\[]")
#: The units of a value's length, if not letters.
_LENGTHS: Final = {"text": {}, "array": {"of": "element"}, "bytes": {"of": "byte"}}


class Shaper:
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
        self._whole: dict[str, Any] | None = None
        self._positions = Positions(column, found)
        self._is_secret = not isinstance(mask_as, bool) and mask.is_secret(mask_as)
        self._hidden = not isinstance(mask_as, bool) and mask.is_personal(mask_as)

    def narrow(self, rows: int, plain: dict[str, Any], sampled: float | None) -> dict[str, Any]:
        """Return the figures of a column with counts of all values; `plain` has its other aggregates."""
        counted = self._counted | plain
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
        self._whole = plain
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
        entry = {"type": self._column.written, "nulls": nulls, "distinct": distinct, "distinct_estimated": estimated}
        if self._column.type == mask.JSON or self._column.kind in BY_TEXT:
            entry["by_text"] = True
        return entry

    def _figures(self, figures: dict[str, Any]) -> dict[str, Any]:
        """Extremes, mean and lengths, of all rows."""
        kind = self._column.kind
        entry: dict[str, Any] = {}
        ends = {share: (shown, num) for share, shown, num in self._found["quantile"]}
        if kind in _ORDERED:
            low, high = figures.get("min"), figures.get("max")
            if low is None and "0.0" in ends:
                low, high = ends["0.0"][0], ends["1.0"][0]
            entry |= {"min": self._extreme(low), "max": self._extreme(high)}
            if kind == "number":
                entry["mean"] = None if self._hidden else number(figures.get("mean"))
                if not self._column.is_whole:
                    entry |= {name: int(figures.get(name) or 0) for name in ("nan", "inf", "minus_inf")}
            elif kind == "time":
                entry["mean"] = None if self._hidden else self._positions.time(figures.get("mean"))
                entry |= {name: int(figures.get(name) or 0) for name in ("inf", "minus_inf")}
        elif kind == "text" or (kind == "plain" and self._column.type == 2950):
            entry |= {"min": self._shown(figures.get("min")), "max": self._shown(figures.get("max"))}
        elif kind == "range":
            entry["range"] = {
                "low": self._end(figures.get("low")), "high": self._end(figures.get("high")),
                "open_below": int(figures.get("open_below") or 0), "open_above": int(figures.get("open_above") or 0),
                "empty": int(figures.get("empty") or 0),
            }  # fmt: skip
        if kind in _LENGTHS:
            lengths = {
                "min": _integer(figures.get("shortest")), "mean": number(figures.get("length")),
                "max": _integer(figures.get("longest")),
            }  # fmt: skip
            entry["length"] = {
                **(dict.fromkeys(lengths) if self._is_secret else lengths),
                "empty": int(figures.get("empty") or 0),
                **_LENGTHS[kind],
            }
        return entry

    def _end(self, value: Any) -> Any:
        """The end of a range: a number, or a time as text."""
        if value is None or self._hidden:
            return self._shown(value)
        return value if isinstance(value, str) else number(value)

    def _distribution(self, counted: dict[str, Any]) -> dict[str, Any]:
        """Return the figures of counted values: quantiles, histogram, top values, composition."""
        kind, lines = self._column.kind, self._found
        few = int(counted.get("different") or 0) <= TOP
        entry: dict[str, Any] = {}
        if kind in _ORDERED:
            entry["quantiles"] = {
                _NAMES[share]: self._extreme(shown)
                for share, shown, _ in sorted(lines["quantile"], key=lambda row: Decimal(row[0]))
                if share in QUANTILES
            }
        if kind in _DRAWN:
            entry["histogram"] = None if self._hidden else self._positions.histogram()
        if kind == "boolean":
            counts = {shown: int(n) for _, shown, n in lines["top"]}
            entry |= {"true": counts.get("true", 0), "false": counts.get("false", 0)}
        else:
            # if each value occurs once, top values are meaningless
            top = [row for row in sorted(lines["top"], key=lambda row: int(row[0])) if row[2] > 1 or few]
            if kind == "bytes" and self._mask_as is not False:
                top = []  # they may hold personal data in any encoding
            entry["top"] = [{"value": self._extreme(shown), "count": int(n)} for _, shown, n in top]
        if kind == "text" and not self._is_secret:
            entry["characters"] = {name: int(counted.get(name) or 0) for name in CLASSES}
        if kind == "json":
            entry |= self._documents(counted)
        if kind == "bits" and not self._is_secret:
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

    def signs(self) -> Signs:
        """Return the facts for alerts that the column's figures lack."""
        spellings: dict[str, list[dict[str, Any]]] = {}
        for same, shown, n in sorted(self._found["spelling"], key=lambda row: (-row[2], row[1])):
            spellings.setdefault(same, []).append({"value": self._shown(shown), "count": int(n)})
        outliers = None
        if self._column.kind in _DRAWN and not self._hidden and (ends := self._positions.ends()):
            if self._whole is not None:
                names = ("low", "high") if self._column.kind == "time" else ("min", "max")
                ends = tuple(self._whole[name] for name in names) if self._column.kind != "span" else ends
            outliers = self._positions.outliers(*ends, is_counted=self._whole is None)
        times = None
        is_personal = self._hidden or mask.is_personal(self._column.parts | {self._column.name})
        if self._column.kind == "time" and is_personal:
            whole = self._counted if self._whole is None else self._whole
            times = {name: int(whole.get(name) or 0) for name in ("in_future", "before_1900")}
            nulls = int(whole.get("nulls") or 0)
            times["of"] = int(whole["count"]) if "count" in whole else int(whole.get("rows") or 0) - nulls
        return Signs(
            is_unique=self._column.unique,
            counted=int(self._counted.get("rows") or 0) - int(self._counted.get("nulls") or 0),
            zeros=int(self._counted.get("zeros") or 0),
            padded=int(self._counted.get("padded") or 0),
            spellings=list(spellings.values()),
            outliers=outliers,
            personal_times=times,
        )

    def _extreme(self, shown: Any) -> Any:
        """A value that occurs, as JSON has it: a number as a number where that is exact."""
        if shown is None or self._hidden or self._column.kind != "number":
            return self._shown(shown)
        return _exact(str(shown), self._column)

    def _shown(self, shown: Any) -> Any:
        if shown is None or isinstance(self._mask_as, bool):
            return shown
        written = str(shown)
        if self._column.kind == "array" and not self._is_secret and not _NESTED.search(written, 1):
            return mask.text(written, whole=self._hidden)  # the brace begins no document
        return mask.value(written, self._column.type, self._mask_as)

    def _name(self, key: str) -> str:
        return key if self._mask_as is False else mask.text(key, whole=self._hidden)


def _exact(written: str, column: Column) -> Any:
    if column.is_whole:
        return int(written)
    if written in ("NaN", "Infinity", "-Infinity"):
        return written
    number = float(written)
    return number if column.type in _FLOATS or Decimal(written) == Decimal(repr(number)) else written


def _integer(value: Any) -> int | None:
    """A computed whole number."""
    return None if value is None else int(value)


def _estimated(there: int, different: int, once: int, percent: float) -> int:
    """How many different values the table has if this percentage of its pages has so many, some of them `once`.

    The estimator is Haas and Stokes's Duj1, as ANALYZE has it.
    """
    if not different:
        return 0
    return round(there * different / (there - once + once * percent / 100))
