"""SQL that counts the values of all columns of a table in one pass."""

from __future__ import annotations

from typing import Final

from order_audit.audit.database.quoting import quoted
from order_audit.audit.profiling.columns import Column
from order_audit.audit.profiling.limits import BESIDE, FIRST, SHOWN
from order_audit.audit.profiling.table_pass import Pass

#: Kinds of values that are counted by their text.
BY_TEXT: Final = ("array", "range", "written")


def counted(read: Pass) -> str:
    """How often each value of each column occurs, and in a row of kind `x` the plain aggregates."""
    inner: dict[str, str] = {"one": "1"}
    sets: list[str] = []
    cases: list[tuple[str, str, int, str, str, str]] = []  # condition, kind, place, shown, seconds, beside
    plain: list[str] = []
    for place, column in enumerate(read.columns):
        key, shown, seconds, code = _value(column)
        taken, lengths = f"r.v{place}", f"r.l{place}"
        length = _length(column, column.value)
        wide = read.wide.get(place)
        if wide is None:
            inner[f"v{place}"] = key
            if length:
                inner[f"l{place}"] = length
            if column.kind == "range":
                inner[f"g{place}"] = column.value
                plain.append(f"""'"{place}":' || {_aggregates(column, f"r.g{place}")}""")
        else:
            inner[f"v{place}"] = _plain_value(column)
            is_picked = f"t.picked < {wide.share:.9f}"
            inner[f"p{place}"] = f"case when {is_picked} then {key} end"
            if length:
                inner[f"l{place}"] = f"case when {is_picked} then {length} end"
            # unlike `is not null`, this is true of a composite value of nothing but NULLs
            inner[f"h{place}"] = (
                f"case when t.{quoted(column.name)} is distinct from null"
                f" and hash_record_extended(row({key}), 0) & {wide.classes - 1} = 0"
                f" then hash_record_extended(row({key}), 0) end"
            )
            plain.append(f"""'"{place}":' || {_aggregates(column, taken)}""")
            taken = f"r.p{place}"
            sets.append(f"(r.h{place})")
        if length:
            # the length depends on the value, so that the groups are the same
            sets.append(f"({taken}, {lengths})")
            seconds = lengths
        else:
            sets.append(f"({taken})")
        if wide is not None:
            cases.append((f"grouping(r.h{place}) = 0", "h", place, f"r.h{place}::text", "null", "null"))
        if column.kind == "json" and read.json_keys_by is not None and read.json_keys_by not in read.wide:
            beside = f"r.v{read.json_keys_by}"
            sets.append(f"({taken}, {beside})")
            condition = f"grouping({taken}) = 0 and grouping({beside}) = 0"
            cases.insert(
                0,
                (
                    condition,
                    "j",
                    BESIDE + place,
                    shown.format(taken),
                    "null",
                    f"case when {taken} is not null then {beside} end",
                ),
            )
        cases.append((f"grouping({taken}) = 0", code, place, shown.format(taken), seconds.format(taken), "null"))
    sets.append("()")

    def case(number: int, default: str) -> str:
        branches = " ".join(f"when {case[0]} then {case[number]}" for case in cases)
        return f"case {branches} else {default} end" if cases else default

    def quoted_case(number: int, default: str) -> str:
        branches = " ".join(f"when {case[0]} then '{case[number]}'" for case in cases)
        return f"case {branches} else {default} end" if cases else default

    # no function takes as many arguments as a table may have columns
    aggregates = "'{' || " + " || ',' || ".join(plain) + " || '}'" if plain else "'{}'"
    listed = ",\n      ".join(f"{text} as {name}" for name, text in inner.items())
    return f"""  select {case(2, "-1")} as place, {quoted_case(1, "'x'")}::text as kind, count(*) as n,
    ({case(3, aggregates)})::text collate "C" as shown,
    ({case(4, "null::numeric")})::numeric as seconds, ({case(5, "null::text")})::text collate "C" as beside
  from (
    select {listed}
    from {_rows(read)}
    offset 0
  ) as r
  group by grouping sets ({", ".join(sets)})"""


def _rows(read: Pass) -> str:
    """The rows, each with a random number where some are picked."""
    columns = [f"t.{quoted(column.name)}" for column in read.columns]
    if not read.table.can_be_sampled:
        return f"(select {', '.join(columns) or '1'} from {read.source} limit {FIRST + 1}) as t"
    if not read.wide:
        return read.source
    return f"(select {', '.join([*columns, 'random() as picked'])} from {read.source} offset 0) as t"


def _value(column: Column) -> tuple[str, str, str, str]:
    """Return a column's grouped value, its display, its position in time, and a code of its kind.

    The grouped value is never the bare column if that has many values: the planner would take the sizes of the
    groups that it knows for too large to hash, and sort the table once per column.
    """
    name = column.value
    if column.kind == "number":
        key = {1700: f"trim_scale({name})", 26: f"{name}::int8 + 0", 700: f"{name} + 0::real"}.get(
            column.type, f"{name} + 0"
        )
        return key, "{}::text", "null", "n"
    if column.kind == "time":
        key = f"{name} + 0" if column.type == 1082 else f"{name} + interval '0'"
        return key, "to_json({}) #>> '{{}}'", "case when isfinite({0}) then extract(epoch from {0}) end", "d"
    if column.kind == "span":
        return name, "{}::text", "extract(epoch from {})", "d"
    if column.kind == "position":
        return name, "{}::text", "{} - '0/0'::pg_lsn", "d"
    if column.kind == "json":
        key = f'{name}::text collate "C"' if column.type == 114 else name
        return key, "{}::text", "null", "j"
    if column.kind == "bits":
        # a bit string itself cannot be hashed, and as text it is eight times as long
        length = "('x' || encode(substr({0}, 1, 4), 'hex'))::bit(32)::int"
        sent = f"substring(('x' || encode(substr({{0}}, 5), 'hex'))::varbit from 1 for {length})::text"
        return f"varbit_send({name}::varbit)", sent, "null", "b"
    if column.kind == "text":
        return f'{name}::text collate "C"', "{}", "null", "t"
    if column.kind in BY_TEXT:
        # not every type has an equality
        return f'{name}::text collate "C"', "{}", "null", "w"
    return name, "{}::text", "null", "w" if column.kind == "bytes" else "p"


def _length(column: Column, value: str) -> str:
    """SQL of a length that is counted beside each value; of a range 0 where it is empty, else 1."""
    return {
        "array": f"cardinality({value})",
        "bytes": f"octet_length({value})",
        "range": f"(not isempty({value}))::int",
    }.get(column.kind, "")


def _plain_value(column: Column) -> str:
    name = column.value
    if column.kind in ("text", "json"):
        return f'{name}::text collate "C"'
    return f"{name}::int8" if column.type == 26 else name


def _aggregates(column: Column, value: str) -> str:
    """Exact figures of a column with many values."""
    aggregates = {"count": f"count({value})"}
    if column.kind == "number":
        finite = value
        if not column.is_whole:
            of = "numeric" if column.type == 1700 else "float8"
            finite = f"{value}) filter (where {value} not in ('NaN'::{of}, 'Infinity'::{of}, '-Infinity'::{of})"
            for what, written in (("nan", "NaN"), ("inf", "Infinity"), ("minus_inf", "-Infinity")):
                aggregates[what] = f"count(*) filter (where {value} = '{written}'::{of})"
        aggregates |= {"min": f"min({finite})", "max": f"max({finite})", "mean": f"avg({finite})"}
        if column.type in (700, 701):
            # an average of floats squares them, and fails where that is too much; so does a sum of the largest
            aggregates["mean"] = f"sum({value}::float8) filter (where abs({value}::float8) < 1e300)"
    elif column.kind == "time":
        finite = f"{value}) filter (where isfinite({value})"
        seconds = f"extract(epoch from {value})) filter (where isfinite({value})"
        aggregates |= {
            "min": f"to_json(min({finite})) #>> '{{}}'", "max": f"to_json(max({finite})) #>> '{{}}'",
            "low": f"min({seconds})", "high": f"max({seconds})", "mean": f"avg({seconds})",
            "in_future": f"count(*) filter (where isfinite({value}) and {value} > now() + interval '1 day')",
            "before_1900": f"count(*) filter (where isfinite({value}) and {value} < date '1900-01-01')",
            "inf": f"count(*) filter (where {value} = 'infinity')",
            "minus_inf": f"count(*) filter (where {value} = '-infinity')",
        }  # fmt: skip
    elif column.kind in ("span", "position"):
        aggregates |= {"min": f"min({value})::text", "max": f"max({value})::text"}
    elif column.kind == "text":
        aggregates |= {
            "min": f"left(min({value}), {SHOWN})", "max": f"left(max({value}), {SHOWN})",
            "shortest": f"min(length({value}))", "longest": f"max(length({value}))", "length": f"avg(length({value}))",
            "empty": f"count(*) filter (where {value} = '')",
        }  # fmt: skip
    elif column.kind == "range":
        aggregates |= {
            "low": f"min(lower({value}))", "high": f"max(upper({value}))",
            "open_below": f"count(*) filter (where lower_inf({value}))",
            "open_above": f"count(*) filter (where upper_inf({value}))",
        }  # fmt: skip
    if column.kind in ("array", "bytes", "range"):
        length = _length(column, value)
        aggregates |= {
            "shortest": f"min({length})", "longest": f"max({length})", "length": f"avg({length})",
            "empty": f"count(*) filter (where {length} = 0)",
        }  # fmt: skip
    written = ", ".join(f"'{name}', {text}" for name, text in aggregates.items())
    return f"json_build_object({written})"
