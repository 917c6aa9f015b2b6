"""The one statement that profiles a table: all columns' values are counted in one pass, everything else is made of
the counts.

GROUPING SETS count the values of every column while the table is read once. A column with too many different values
for that (`Wide`) is grouped twice instead, within bounds: a random part of its rows, which the distribution is read
off, and those of its values whose hash is in a small class, which tells how many different ones there are. Its
extremes, mean and NULLs are plain aggregates of the same pass, and exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from order_audit.audit.database.quoting import quoted
from order_audit.audit.profiling.columns import Column, Table

#: A column with more different values than this is not counted value by value.
EXACT: Final = 50_000
#: Rows that a wide column's distribution is read off, and values, at most, that its distinct ones are estimated from.
#: Every group carries the plain aggregates of all wide columns, so that more would not fit into memory.
PICKED: Final = 5_000
HASHED: Final = 4_096
#: Bytes that the values of one column may take while they are counted.
MEMORY: Final = 16 * 1024 * 1024
#: The quantiles that are told.
QUANTILES: Final = ("0.05", "0.25", "0.5", "0.75", "0.95")
BUCKETS: Final = 20
TOP: Final = 10
#: Longer values are cut where they are shown.
SHOWN: Final = 200
BITS: Final = 1_000
#: Rows of a view or a foreign table that are read at most: nothing tells beforehand how many there are.
FIRST: Final = 100_000
#: What is added to a JSON column's place where it is told apart by script.
BESIDE: Final = 100_000
_KEYS: Final = 50
_GROUPS: Final = 1_000

_CLASSES: Final = {
    "digits": "[0-9]",
    "letters": "[[:alpha:]]",
    "upper": "[[:upper:]]",
    "lower": "[[:lower:]]",
    "spaces": "[[:space:]]",
    "punctuation": "[[:punct:]]",
    "non_ascii": r"[^\x01-\x7f]",
}
CLASSES: Final = tuple(_CLASSES)
_UNCOUNTABLE: Final = "('NaN', 'Infinity', '-Infinity')"
#: Escapes that json may hold and text may not; reading the keys beside one would fail.
_UNREADABLE: Final = r"\\u(0000|[dD][89a-fA-F])"


@dataclass(frozen=True)
class Wide:
    """How a column with many values is taken: the share of rows picked, and one class of how many hashes."""

    share: float
    classes: int


@dataclass(frozen=True)
class Pass:
    """A table as it is read: its columns that are looked at, the wide ones among them, and the FROM item.

    `script` is the place of the column that JSON is told apart by.
    """

    table: Table
    columns: tuple[Column, ...]
    source: str
    wide: Mapping[int, Wide]
    script: int | None = None


def source(table: Table, percent: float | None) -> str:
    """The table as a FROM item: some percent of its pages; the first rows of what has no pages."""
    if not table.can_be_sampled:
        # a view's columns are not named here: an unreadable one would fail
        return f"{quoted(table.relation)} as t"
    sampled = f" tablesample system ({percent:.6f}) repeatable (0)" if percent is not None else ""
    return f"{quoted(table.relation)} as t{sampled}"


def compose(read: Pass) -> str:
    """The statement; its rows are (what, place, a, b, n)."""
    return f"""
with counted as materialized (
{_counted(read)}
), valued as (
  select place, kind, n, shown, script,
    case
      when kind = 'n' then case when shown in {_UNCOUNTABLE} then null else shown::numeric end
      when kind = 'd' then seconds
    end as num
  from counted
), numbered as (
  select place, n, num, shown,
    sum(n) over (partition by place order by num rows unbounded preceding) as upto,
    sum(n) over (partition by place) as total
  from valued
  where num is not null
), bounds as (
  select place, min(num) as low, max(num) as high
  from numbered
  group by place
), documents as (
  select v.place, v.n, v.script, v.shown, json_typeof(v.shown::json) as type
  from valued as v
  where v.kind = 'j' and v.shown is not null
), keys as (
  select d.place, d.script, k.key, sum(d.n) as n
  from documents as d
  cross join lateral (
    select distinct key
    from json_object_keys(
      case when d.type = 'object' and d.shown !~ '{_UNREADABLE}' then d.shown::json else '{{}}'::json end
    ) as key
  ) as k
  group by d.place, d.script, k.key
)
{_summaries()}
union all
select 'quantile', n.place, q.share::text, n.shown, n.num
from numbered as n
cross join (values (0.0), {", ".join(f"({share})" for share in QUANTILES)}, (1.0)) as q (share)
where n.upto - n.n < q.share * n.total and n.upto >= q.share * n.total
  or q.share = 0 and n.upto = n.n
union all
select 'bucket', place, bucket::text, null, sum(n)
from (
  select n.place, n.n,
    case when b.low < b.high then least(width_bucket(n.num, b.low, b.high, {BUCKETS}), {BUCKETS}) else 1 end as bucket
  from numbered as n
  join bounds as b on b.place = n.place
) as h
group by place, bucket
union all
select 'top', place, rank::text, left(shown, case when kind = 'b' then {BITS} else {SHOWN} end), n
from (
  select place, kind, shown, n, row_number() over (partition by place order by n desc, shown collate "C") as rank
  from valued
  where shown is not null and kind not in ('h', 'x') and place < {BESIDE}
) as v
where rank <= {TOP}
union all
select 'type', place, null, type, sum(n)
from documents
where place < {BESIDE}
group by place, type
union all
select 'key', place, count(*) over (partition by place)::text, left(key, {SHOWN}), n
from (
  select place, key, n, row_number() over (partition by place order by n desc, key collate "C") as rank
  from keys
  where place < {BESIDE}
) as k
where rank <= {_KEYS}
union all
select 'script', place, left(script, {SHOWN}), case when rank = 0 then null else left(key, {SHOWN}) end, n
from (
  select place, script, key, n, rank, row_number() over (partition by place order by rank, n desc, script) as line
  from (
    select place, script, null as key, sum(n) as n, 0 as rank
    from documents
    where place >= {BESIDE}
    group by place, script
    union all
    select place, script, key, n, row_number() over (partition by place, script order by n desc, key collate "C")
    from keys
    where place >= {BESIDE}
  ) as k
  where rank <= {_KEYS}
) as k
where line <= {_GROUPS}
union all
select 'bit', place, bit::text, null, sum(n)
from (
  select v.place, v.n, b.bit
  from valued as v
  cross join lateral string_to_table(v.shown, null) with ordinality as b (value, bit)
  where v.kind = 'b' and b.value = '1'
) as b
group by place, bit
"""


def survey(read: Pass) -> str:
    """Of each column: its rows, different values, values met once, and bytes. For a sample, to plan by."""
    return f"""
with counted as materialized (
{_counted(read)}
)
select place, sum(n)::float8, count(shown)::float8,
  (count(*) filter (where n = 1 and shown is not null))::float8, avg(octet_length(shown))::float8
from counted
where kind <> 'x' and place < {BESIDE}
group by place
"""


def _counted(read: Pass) -> str:
    """How often each value of each column occurs, and in a row of kind `x` the plain aggregates."""
    inner: dict[str, str] = {"one": "1"}
    sets: list[str] = []
    cases: list[tuple[str, str, int, str, str, str]] = []  # condition, kind, place, shown, seconds, script
    plain: list[str] = []
    for place, column in enumerate(read.columns):
        key, shown, seconds, code = _value(column)
        taken = f"r.v{place}"
        if column.kind == "other":
            inner[f"v{place}"] = f"t.{quoted(column.name)} is not null"
            plain.append(f"""'"{place}":' || json_build_object('count', count(*) filter (where {taken}))""")
            continue
        wide = read.wide.get(place)
        if wide is None:
            inner[f"v{place}"] = key
            sets.append(f"({taken})")
        else:
            inner[f"v{place}"] = _plain_value(column)
            inner[f"p{place}"] = f"case when t.picked < {wide.share:.9f} then {key} end"
            inner[f"h{place}"] = (
                f"case when t.{quoted(column.name)} is not null"
                f" and hash_record_extended(row({key}), 0) & {wide.classes - 1} = 0"
                f" then hash_record_extended(row({key}), 0) end"
            )
            plain.append(f"""'"{place}":' || {_aggregates(column, taken)}""")
            taken = f"r.p{place}"
            sets += [f"({taken})", f"(r.h{place})"]
            cases.append((f"grouping(r.h{place}) = 0", "h", place, f"r.h{place}::text", "null", "null"))
        if column.kind == "json" and read.script is not None and read.script not in read.wide:
            script = f"r.v{read.script}"
            sets.append(f"({taken}, {script})")
            condition = f"grouping({taken}) = 0 and grouping({script}) = 0"
            cases.insert(
                0,
                (
                    condition,
                    "j",
                    BESIDE + place,
                    shown.format(taken),
                    "null",
                    f"case when {taken} is not null then {script} end",
                ),
            )
        cases.append((f"grouping({taken}) = 0", code, place, shown.format(taken), seconds.format(taken), "null"))
    sets.append("()")

    def case(number: int, default: str) -> str:
        branches = " ".join(f"when {found[0]} then {found[number]}" for found in cases)
        return f"case {branches} else {default} end" if cases else default

    def quoted_case(number: int, default: str) -> str:
        branches = " ".join(f"when {found[0]} then '{found[number]}'" for found in cases)
        return f"case {branches} else {default} end" if cases else default

    # no function takes as many arguments as a table may have columns
    aggregates = "'{' || " + " || ',' || ".join(plain) + " || '}'" if plain else "'{}'"
    listed = ",\n      ".join(f"{text} as {name}" for name, text in inner.items())
    return f"""  select {case(2, "-1")} as place, {quoted_case(1, "'x'")}::text as kind, count(*) as n,
    ({case(3, aggregates)})::text collate "C" as shown,
    ({case(4, "null::numeric")})::numeric as seconds, ({case(5, "null::text")})::text collate "C" as script
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
    """A column's value as it is grouped, how that is shown, its place in time, and a code for its kind.

    What is grouped is never the bare column where that has many values: the planner would take the sizes of the
    groups that it knows for too large to hash, and sort the table once per column.
    """
    name = f"t.{quoted(column.name)}"
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
    return name, "{}::text", "null", "p"


def _plain_value(column: Column) -> str:
    name = f"t.{quoted(column.name)}"
    if column.kind in ("text", "json"):
        return f'{name}::text collate "C"'
    return f"{name}::int8" if column.type == 26 else name


def _aggregates(column: Column, value: str) -> str:
    """What is told exactly of a column with many values."""
    told = {"count": f"count({value})"}
    if column.kind == "number":
        finite = value
        if not column.is_whole:
            of = "numeric" if column.type == 1700 else "float8"
            finite = f"{value}) filter (where {value} not in ('NaN'::{of}, 'Infinity'::{of}, '-Infinity'::{of})"
            for what, written in (("nan", "NaN"), ("inf", "Infinity"), ("minus_inf", "-Infinity")):
                told[what] = f"count(*) filter (where {value} = '{written}'::{of})"
        told |= {"min": f"min({finite})", "max": f"max({finite})", "mean": f"avg({finite})"}
        if column.type in (700, 701):
            # an average of floats squares them, and fails where that is too much; so does a sum of the largest
            told["mean"] = f"sum({value}::float8) filter (where abs({value}::float8) < 1e300)"
    elif column.kind == "time":
        finite = f"{value}) filter (where isfinite({value})"
        seconds = f"extract(epoch from {value})) filter (where isfinite({value})"
        told |= {
            "min": f"to_json(min({finite})) #>> '{{}}'", "max": f"to_json(max({finite})) #>> '{{}}'",
            "low": f"min({seconds})", "high": f"max({seconds})", "mean": f"avg({seconds})",
            "inf": f"count(*) filter (where {value} = 'infinity')",
            "minus_inf": f"count(*) filter (where {value} = '-infinity')",
        }  # fmt: skip
    elif column.kind == "span":
        told |= {"min": f"min({value})::text", "max": f"max({value})::text"}
    elif column.kind == "text":
        told |= {
            "min": f"left(min({value}), {SHOWN})", "max": f"left(max({value}), {SHOWN})",
            "shortest": f"min(length({value}))", "longest": f"max(length({value}))", "length": f"avg(length({value}))",
            "empty": f"count(*) filter (where {value} = '')",
        }  # fmt: skip
    written = ", ".join(f"'{name}', {text}" for name, text in told.items())
    return f"json_build_object({written})"


def _summaries() -> str:
    """One line per column, and the one of plain aggregates."""
    text = "case when kind = 't' then shown end"
    told = {
        "rows": "sum(n)",
        "nulls": "sum(n) filter (where shown is null)",
        "different": "count(shown)",
        "once": "count(*) filter (where n = 1 and shown is not null)",
        "nan": "sum(n) filter (where kind = 'n' and shown = 'NaN')",
        "inf": "sum(n) filter (where num is null and kind in ('n', 'd') and shown in ('Infinity', 'infinity'))",
        "minus_inf": "sum(n) filter (where num is null and kind in ('n', 'd') and shown in ('-Infinity', '-infinity'))",
        "mean": "sum(num * n) / nullif(sum(n) filter (where num is not null), 0)",
        "min": f"""left(min(case when kind in ('t', 'p') then shown end collate "C"), {SHOWN})""",
        "max": f"""left(max(case when kind in ('t', 'p') then shown end collate "C"), {SHOWN})""",
        "shortest": f"min(length({text}))",
        "longest": f"max(length({text}))",
        "length": f"sum(length({text}) * n) / nullif(sum(n) filter (where {text} is not null), 0)",
        "empty": f"sum(n) filter (where {text} = '')",
        "unreadable": f"sum(n) filter (where kind = 'j' and shown ~ '{_UNREADABLE}')",
        "bits": "max(length(case when kind = 'b' then shown end))",
    }  # fmt: skip
    for name, pattern in _CLASSES.items():
        told[name] = f"sum(n) filter (where {text} collate \"default\" ~ '{pattern}')"
    written = ", ".join(f"'{name}', {text}" for name, text in told.items())
    return f"""select 'column' as what, place,
  case when kind = 'x' then max(case when kind = 'x' then shown end) else json_build_object({written})::text end as a,
  kind as b, sum(n)::numeric as n
from valued
where place < {BESIDE}
group by place, kind"""
