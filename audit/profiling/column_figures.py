"""Shape what a profile's statement found into figures that can be written as JSON, masked where they are personal."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from order_audit.audit.profiling.alerts import alerts
from order_audit.audit.profiling.columns import Table
from order_audit.audit.profiling.limits import BESIDE, FIRST
from order_audit.audit.profiling.positions import Row
from order_audit.audit.profiling.sample import Sample
from order_audit.audit.profiling.shaper import Shaper
from order_audit.audit.profiling.table_pass import Pass

_DIGITS: Final = 400
_LINES: Final = ("quantile", "bucket", "drawn", "top", "spelling", "type", "key", "bit")


def shaped(
    read: Pass,
    rows: Iterable[Row],
    names: Mapping[str, frozenset[str] | None],
    *,
    sample: Sample | None,
    ends: tuple[Any, Any] | None,
    unmask: bool,
) -> dict[str, Any]:
    """Return a table's entry, of all rows or of a sample of them.

    `ends` are the first and last key of the whole table, if a sample was read and they are known. `names` has by column
    what its values are made of, for mask.value.
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
    sampled = sample.percent if sample else None
    if sample:
        entry |= sample.entry(total, read.table)
    elif not read.table.can_be_sampled and total > FIRST:
        entry["first_rows"] = total  # the rest was not read
    entry |= {"bytes": read.table.bytes, "dead_rows": read.table.dead_rows}
    columns: dict[str, Any] = {}
    for column in read.table.columns:
        if column.error:
            columns[column.name] = {"type": column.written, "error": column.error}
            continue
        place = read.columns.index(column)
        by_kind = {what: lines[what, place] for what in _LINES}
        by_kind["beside"] = lines["beside", BESIDE + place]
        counted = next((summaries[key] for key in summaries if key[0] == place and key[1] != "h"), {})
        shaper = Shaper(column, counted, by_kind, mask_as=False if unmask else names[column.name])
        others = plain.get(str(place), {})
        if (wide := read.wide.get(place)) is not None:
            hashed = summaries.get((place, "h"), {})
            columns[column.name] = shaper.wide(total, others, hashed, wide.classes, sampled)
        else:
            columns[column.name] = shaper.narrow(total, others, sampled)
        if found := alerts(columns[column.name], total, shaper.signs()):
            columns[column.name]["alerts"] = found
        if "by_value" in columns[column.name] and read.json_keys_by is not None:
            columns[column.name]["by_column"] = read.columns[read.json_keys_by].name
    entry["key"] = _key(read.table, columns, is_sampled=sample is not None, ends=ends)
    entry["columns"] = columns
    return entry


def _key(
    table: Table, columns: dict[str, Any], *, is_sampled: bool, ends: tuple[Any, Any] | None
) -> dict[str, Any] | None:
    """The primary key, its range where it is of one column and known, and the sequence that it draws from."""
    if not table.key:
        return None
    key: dict[str, Any] = {"columns": list(table.key)}
    if len(table.key) == 1:
        only = columns.get(table.key[0], {})
        low, high = only.get("min"), only.get("max")
        if is_sampled:
            # a masked key is no number here
            low, high = ends if ends and isinstance(low, int) else (None, None)
        key |= {"min": low, "max": high}
    key["sequence"] = next((table.sequences[name] for name in table.key if name in table.sequences), None)
    return key


def _whole(digits: str) -> int | Decimal:
    """A whole number in JSON; Python will not make an int of thousands of digits."""
    return int(digits) if len(digits) < _DIGITS else Decimal(digits)
