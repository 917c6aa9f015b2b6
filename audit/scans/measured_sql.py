"""SQL that holds the values of a measured rule against its bounds, exactly.

Numbers are compared as `numeric`, a float by its shortest text; times without an offset are UTC. NULL and NaN are no
value, which breaks every bound.
"""

from __future__ import annotations

from typing import Final

from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.expectations import SEVERITIES, Bound, Measure

#: Groups whose values a result has.
VALUES: Final = 100
_TIMESTAMPTZ: Final = 1184
_NUMBERS: Final = ("number", "percent")
_FLAT: Final = (
    "((extract(year from {0}) * numeric '360' + extract(month from {0}) * numeric '30' + extract(day from {0}))"
    " * numeric '86400'"
    " + extract(hour from {0}) * numeric '3600' + extract(minute from {0}) * numeric '60' + extract(second from {0}))"
)


def groups_sql(prepared: PreparedRule, place: str) -> str:
    """Return the query of all groups: the columns of the rule's query, e0 and so on, and what becomes of each.

    `place` is the sort expression of the group. `broken` is the position in SEVERITIES of the broken bound's severity,
    NULL if none is broken; `excess` says how far the value is from the bounds, `position` where on a scale. A rule
    without a key has one group, even if its query returns no row.
    """
    measure = prepared.rule.measure
    assert measure is not None  # noqa: S101 - the planner has no other rule here
    names = ", ".join(f"e{number}" for number in range(len(prepared.columns)))
    source = f"(\n{prepared.query.body}\n) as v ({names})"
    if not prepared.key:
        source = f"(values (true)) as one (there)\nleft join {source} on true"
    column = f"v.e{prepared.measured}"
    value = measured(column, measure)
    columns = "v.*" if prepared.key else ", ".join(f"v.e{number}" for number in range(len(prepared.columns)))
    judged = f"select {columns}, {place} as place, {value} as measured\nfrom {source}"
    position = _position("g.measured", measure)
    return (
        f"select g.*, {_broken(prepared, measure)} as broken,\n"
        f"  {_excess(prepared, measure, position)} as excess, {position} as position\n"
        f"from (\n{judged}\n) as g"
    )


def value_lines(groups: str, prepared: PreparedRule, key: str, number: int) -> list[str]:
    """Return the queries for the numbers of groups, and for their values: `groups` is the name of their table.

    `key` is the text of the group of a row h, `number` that of the rule in the batch.
    """
    measure = prepared.rule.measure
    value = "pg_catalog.trim_scale(h.measured)" if measure is not None and measure.unit in _NUMBERS else "h.measured"
    row = f"pg_catalog.json_build_array({key}, {value}::text, h.position::text, h.broken)::text"
    return [
        f"(select 'g', {number}, null::text, pg_catalog.json_build_array(count(*), pg_catalog.count(distinct h.place)"
        f" + (count(*) filter (where h.place is null) > 0)::int, pg_catalog.min(h.broken))::text from {groups} as h)",
        f"(select 'v', {number}, null::text, {row} from {groups} as h\n"
        f"  order by h.broken nulls last, h.excess desc nulls first, h.place nulls first limit {VALUES})",
    ]


def _broken(prepared: PreparedRule, measure: Measure) -> str:
    is_offset = prepared.columns[prepared.measured].type == _TIMESTAMPTZ
    cases = [f"when {is_missing('g.measured', measure)} then {SEVERITIES.index(prepared.rule.severity)}"]
    for place, severity in enumerate(SEVERITIES):
        of = [
            breaks("g.measured", bound, has_offset=is_offset) for bound in measure.bounds if bound.severity == severity
        ]
        if of:
            cases.append(f"when {' or '.join(of)} then {place}")
    return f"case {' '.join(cases)} end"


def is_missing(value: str, measure: Measure) -> str:
    """Return the condition that a measured value is none."""
    return f"{value} is null" + (f" or {value} = 'NaN'" if measure.unit in _NUMBERS else "")


def breaks(value: str, bound: Bound, *, has_offset: bool) -> str:
    """Return the condition that a measured value breaks a bound; with `has_offset`, its type is timestamptz."""
    first, *rest = [_literal(bound, it, has_offset=has_offset) for it in bound.values]
    match bound.kind:
        case "at_most":
            return f"{value} > {first}"
        case "at_least":
            return f"{value} < {first}"
        case "equals":
            return f"{value} <> {first}"
        case "between":
            return f"{value} < {first} or {value} > {rest[0]}"


def measured(column: str, measure: Measure) -> str:
    """Return the measured value of a column in a form that is compared exactly."""
    return f"({column})::text::numeric" if measure.unit in _NUMBERS else column


def _literal(bound: Bound, value: str, *, has_offset: bool) -> str:
    match bound.unit:
        case "number" | "percent":
            return f"'{value}'::numeric"
        case "duration":
            return f"interval '{value}'"
        case "boolean":
            return value
        case "time":
            if not has_offset:
                return f"timestamp '{value}'"
            return f"timestamptz '{value if bound.has_offset else f'{value} UTC'}'"


def _position(value: str, measure: Measure) -> str:
    """Return where on a scale of numbers a value is: seconds for durations and times."""
    match measure.unit:
        case "number" | "percent":
            return value
        case "duration":
            # as intervals are compared: a month has 30 days
            flat = _FLAT.format(value)
            return f"case when pg_catalog.isfinite({value}) then {flat} else extract(epoch from {value}) end"
        case "boolean":
            return f"({value})::int"
        case "time":
            return f"extract(epoch from {value})"


def _excess(prepared: PreparedRule, measure: Measure, position: str) -> str:
    if measure.unit == "boolean":
        return "0"
    far = []
    is_offset = prepared.columns[prepared.measured].type == _TIMESTAMPTZ
    for bound in measure.bounds:
        ends = [_position(_literal(bound, value, has_offset=is_offset), measure) for value in bound.values]
        if bound.kind != "at_least":
            far.append(f"({position}) - ({ends[-1]})")
        if bound.kind != "at_most":
            far.append(f"({ends[0]}) - ({position})")
    return f"greatest({', '.join(far)})"
