"""A profile as text for a terminal: a line or a few per column, no colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from audit.clean import clean
from reports.profile import EXPOSURE
from reports.words import size

_BARS: Final = "▁▂▃▄▅▆▇█"
_SHADES: Final = "·░▒▓█"
#: Half-hours of a week and of a day.
_WEEK: Final = 336
_DAY: Final = 48
_NAME: Final = 28
_TYPE: Final = 24
_LONGEST: Final = 40
_TOLD: Final = 5


def profile_text(profile: Mapping[str, Any]) -> str:
    """All tables, one after the other."""
    return "\n\n".join("\n".join(_table(name, entry)) for name, entry in profile.items())


def _table(name: str, entry: Mapping[str, Any]) -> Iterable[str]:
    if "error" in entry:
        yield f"{clean(name)}: not profiled: {clean(entry['error'])}"
        return
    sizes = entry["bytes"]
    parts = [f"{entry['rows']:,} rows", f"{size(sizes['total'])} ({size(sizes['indexes'])} of it indexes)"]
    if entry["dead_rows"]:
        parts.append(f"{entry['dead_rows']:,} dead rows")
    if "sampled" in entry:
        parts.append(f"figures of a sample of {entry['sampled']:g} %")
    if "first_rows" in entry:
        parts.append(f"figures of its first {entry['first_rows']:,} rows")
    yield f"{clean(name)}: {', '.join(parts)}"
    if key := entry["key"]:
        yield f"  key {', '.join(map(clean, key['columns']))}{_range(key)}{_sequence(key['sequence'])}"
    for column, figures in entry["columns"].items():
        yield from _column(column, figures)
    if found := entry.get("lineages"):
        yield from _lineages(found)
    if found := entry.get("orders_per_customer"):
        yield from _per_customer(found)
    if found := entry.get("exposure"):
        yield from _exposure(found)


def _range(figures: Mapping[str, Any]) -> str:
    if figures.get("min") is None:
        return ""
    return f" {_value(figures['min'])} to {_value(figures['max'])}"


def _sequence(sequence: Mapping[str, Any] | None) -> str:
    if sequence is None:
        return ""
    at = sequence["position"]
    where = f"at {at}" if at is not None else "not drawn from yet" if sequence["readable"] else "not readable"
    return f", sequence {clean(sequence['name'])} {where}"


def _column(name: str, figures: Mapping[str, Any]) -> Iterable[str]:
    head = f"  {clean(name):<{_NAME}} {clean(figures['type']):<{_TYPE}}"
    if "error" in figures:
        yield f"{head} {clean(figures['error'])}"
        return
    facts = [f"{figures['nulls']:,} null"] if figures["nulls"] else []
    if "distinct" in figures:
        about = "about " if figures["distinct_estimated"] else ""
        facts.append(f"{about}{figures['distinct']:,} different")
    if figures.get("min") is not None and "length" not in figures:
        facts.append(f"{_value(figures['min'])} to {_value(figures['max'])}")
    if figures.get("mean") is not None:
        facts.append(f"mean {_value(figures['mean'])}")
    if "true" in figures:
        facts.append(f"{figures['true']:,} true, {figures['false']:,} false")
    facts += [
        f"{figures[kind]:,} {written}"
        for kind, written in (("nan", "NaN"), ("inf", "infinite"), ("minus_inf", "minus infinite"))
        if figures.get(kind)
    ]
    histogram = f"  {_spark(figures['histogram']['counts'])}" if figures.get("histogram") else ""
    yield f"{head} {', '.join(facts)}{histogram}".rstrip()
    yield from (f"      {line}" for line in _details(figures))


def _details(figures: Mapping[str, Any]) -> Iterable[str]:
    if quantiles := figures.get("quantiles"):
        yield "quantiles  " + ", ".join(f"{share} %: {_value(value)}" for share, value in quantiles.items())
    if (length := figures.get("length")) and length["max"] is not None:
        empty = f", {length['empty']:,} empty" if length["empty"] else ""
        yield f"length     {length['min']} to {length['max']}, mean {_value(length['mean'])}{empty}"
        has = [f"{kind.replace('_', '-')} {n:,}" for kind, n in figures["characters"].items() if n]
        if has:
            yield "rows with  " + ", ".join(has)
    if "types" in figures:
        yield "types      " + _counts(figures["types"].items())
        if figures["keys"]:
            yield "keys       " + _counts((found["key"], found["count"]) for found in figures["keys"])
        for script in figures.get("by_script", ())[:_TOLD]:
            name = "no script" if script["script"] is None else _value(script["script"])
            keys = _counts((found["key"], found["count"]) for found in script["keys"])
            yield f"  {name}: {script['rows']:,} rows" + (f", {keys}" if keys else "")
    if bits := figures.get("bits"):
        yield from _bits(bits)
    elif figures.get("top"):
        yield "top        " + _counts((found["value"], found["count"]) for found in figures["top"])
    if "picked_rows" in figures:
        yield f"quantiles, histogram and the like are of {figures['picked_rows']:,} rows picked at random"


def _bits(shares: Sequence[float]) -> Iterable[str]:
    """The share of rows with each bit set; a week of half-hours a line per day."""
    wide = _DAY if len(shares) == _WEEK else 64
    label = "day {}" if len(shares) == _WEEK else "bits from {}"
    for start in range(0, len(shares), wide):
        at = start // wide + 1 if len(shares) == _WEEK else start
        yield f"{label.format(at)}  {''.join(map(_shade, shares[start : start + wide]))}"


def _shade(share: float) -> str:
    """Blank for none and solid for all, so that neither is taken for almost."""
    if share in (0, 1):
        return _SHADES[-1] if share else _SHADES[0]
    return _SHADES[1 + min(2, int(share * 3))]


def _spark(counts: Sequence[int]) -> str:
    """A bar per count; whatever is not none shows."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-(len(_BARS) - 1) * n // most)] if n else " " for n in counts)


def _lineages(found: Mapping[str, Any]) -> Iterable[str]:
    if "error" in found:
        yield f"  lineages: {clean(found['error'])}"
        return
    outside = f", {found['outside']:,} orders in none" if found["outside"] else ""
    yield f"  {found['lineages']:,} lineages{outside}"
    for what in ("sizes", "depths"):
        counts = found[what]
        more = f", … up to {counts[-1][0]}" if len(counts) > _TOLD * 2 else ""
        yield f"      {what:<10} " + ", ".join(f"{size}: {n:,}" for size, n in counts[: _TOLD * 2]) + more
    positions = found["status_by_position"]
    statuses = list(next(iter(positions.values()), {}))
    shown = [_value(status) for status in statuses]
    if positions:
        yield "      position  " + "  ".join(f"{status:>11}" for status in shown)
    for position, counts in positions.items():
        cells = (f"{counts[status]:>{max(11, len(text))},}" for status, text in zip(statuses, shown, strict=True))
        yield f"      {position:<9} " + "  ".join(cells)


def _per_customer(found: Mapping[str, Any]) -> Iterable[str]:
    if "error" in found:
        yield f"  orders per customer: {clean(found['error'])}"
        return
    bands = ", ".join(f"{least if least == most else f'{least} to {most}'}: {n:,}" for least, most, n in found["bands"])
    yield f"  customers by orders: {bands}"


def _exposure(found: Mapping[str, Any]) -> Iterable[str]:
    if "error" in found:
        yield f"  exposure: {clean(found['error'])}"
        return
    yield "  live orders' amounts against the balance: " + ", ".join(
        f"{written}: {found[band]['customers']:,}" for band, written in EXPOSURE.items() if found[band]["customers"]
    )


def _counts(pairs: Iterable[tuple[Any, int]]) -> str:
    listed = list(pairs)
    more = ", …" if len(listed) > _TOLD else ""
    return ", ".join(f"{_value(value)} ({n:,})" for value, n in listed[:_TOLD]) + more


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}" if abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, str):
        return f"'{_cut(value)}'" if value != value.strip() or not value else _cut(value)
    return str(value)


def _cut(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
