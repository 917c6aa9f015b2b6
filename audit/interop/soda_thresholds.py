"""Thresholds of Soda contracts: what the number of a check must be, by severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from order_audit.audit.interop.check import CannotImportError, Check, Level, Repeats, Rows, Value
from order_audit.audit.interop.thresholds import Comparison, number
from order_audit.expectations import Severity

_KEYS: Final = (
    "must_be", "must_not_be", "must_be_greater_than", "must_be_greater_than_or_equal", "must_be_less_than",
    "must_be_less_than_or_equal", "must_be_between", "must_be_not_between",
)  # fmt: skip
Levels = dict[Severity, Comparison]


def levels(written: Mapping[str, Any], default: Comparison | None) -> Levels:
    """Return the comparisons of a threshold, the worst first."""
    own = _comparison(written)
    if own is None and default is None:
        raise CannotImportError("it has no threshold")
    found = {_severity(written): own or default}
    more = written.get("additional")
    if isinstance(more, Mapping):
        found[_severity(more)] = _comparison(more)
    if None in found.values() or len(found) != 1 + isinstance(more, Mapping):
        raise CannotImportError("its threshold is not valid")
    return {it: found[it] for it in ("critical", "warning") if it in found}  # type: ignore[misc]


def _severity(written: Mapping[str, Any]) -> Severity:
    # as Soda has it: anything else is 'fail'
    return "warning" if str(written.get("level", "")).lower() == "warn" else "critical"


def _comparison(written: Mapping[str, Any]) -> Comparison | None:
    given = {key: written[key] for key in _KEYS if written.get(key) is not None}
    if not given:
        return None
    if len(given) > 1:
        raise CannotImportError(f"its threshold has more than one comparison: {', '.join(given)}")
    ((key, value),) = given.items()
    if key in ("must_be_between", "must_be_not_between"):
        return _range(value, key, negated=key.endswith("not_between"))
    limit = number(value, key)
    if key in ("must_be", "must_not_be"):
        return Comparison(limit, limit, negated=key == "must_not_be")
    strict = not key.endswith("or_equal")
    return Comparison(low=limit, strict_low=strict) if "greater" in key else Comparison(high=limit, strict_high=strict)


def _range(value: Any, key: str, *, negated: bool) -> Comparison:
    if not isinstance(value, Mapping):
        raise CannotImportError(f"{key} is no range")
    given = {
        side: (number(value[name], name), not name.endswith("or_equal"))
        for side, names in (("low", ("greater_than", "greater_than_or_equal")),
                            ("high", ("less_than", "less_than_or_equal")))
        for name in names if value.get(name) is not None
    }  # fmt: skip
    if len(given) < 2:
        raise CannotImportError(f"{key} lacks a limit")
    (low, low_strict), (high, high_strict) = given["low"], given["high"]
    if negated:  # the limits of the numbers that pass: below `less`, above `greater`
        return Comparison(high, low, not high_strict, not low_strict, negated=True)
    return Comparison(low, high, low_strict, high_strict)


def with_count(check: Check, found: Levels) -> Check:
    """Return a check whose number is a count of rows with its limits."""
    most = {severity: it.most() for severity, it in found.items()}
    if isinstance(check.body, Rows | Repeats) and None not in most.values():
        ordered = list(most.values())
        if len(ordered) == 1 or (ordered[0] or 0) > (ordered[1] or 0):
            return replace(check, levels=tuple(Level(severity, above or 0) for severity, above in most.items()))
    if isinstance(check.body, Rows):
        check = replace(check, body=Value(f"count(*) filter (where {check.body.condition})"))
    if isinstance(check.body, Repeats):
        raise CannotImportError("its threshold is no upper limit of the number of rows")
    return with_value(check, found, is_whole=True)


def with_value(check: Check, found: Levels, *, is_whole: bool, percent: bool = False) -> Check:
    """Return a check whose number is a value with its limits; `percent`: limits of a share are percentages."""
    if not isinstance(check.body, Value):
        raise CannotImportError("its number has no equivalent")
    bounds = {severity: it.bound(is_whole=is_whole) for severity, it in found.items()}
    if all(bounds.values()):
        unit = " %" if percent else ""
        return replace(check, levels=tuple(Level(it, bound=f"{text}{unit}") for it, text in bounds.items()))
    if len(found) > 1:
        raise CannotImportError("its thresholds have no equivalent together")
    ((severity, comparison),) = found.items()
    if check.body.is_query:
        body = Value(f"select {comparison.sql('m.value')} as value\nfrom (\n{check.body.sql}\n) as m", is_query=True)
    else:
        body = Value(comparison.sql(f"({check.body.sql})" + (" * 100" if percent else "")))
    return replace(check, body=body, levels=(Level(severity, bound="equals true"),))
