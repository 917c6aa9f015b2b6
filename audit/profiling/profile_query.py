"""The statement that profiles a table: it counts the values of all columns in one pass; other figures use the counts.

GROUPING SETS count the values of each column while the table is read once. A column with too many distinct values
(`Wide`) is grouped twice instead. A random sample of its rows gives the distribution. Its values with a hash in a small
class give the number of distinct values. Its extremes, mean and NULLs are exact aggregates of the same pass.
"""

from __future__ import annotations

from typing import Final

from order_audit.audit.profiling.limits import (
    BESIDE,
    BITS,
    BUCKETS,
    CATEGORIES,
    ENOUGH,
    FAR,
    FEW,
    QUANTILES,
    SHOWN,
    TOP,
)
from order_audit.audit.profiling.table_pass import Pass
from order_audit.audit.profiling.value_counts import counted

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
#: White space as SQL; a string has no escape for the vertical tab, unlike a regular expression.
SPACE: Final = r"E' \t\n\r\f\x0b'"
_UNCOUNTABLE: Final = "('NaN', 'Infinity', '-Infinity')"
#: Escapes that json may hold and text may not: U+0000 and halves of a surrogate pair; without UTF-8, all beyond ASCII.
_UNREADABLE: Final = (
    r"\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_UNREADABLE_ELSEWHERE: Final = r"\\u(0000|(?!00[0-7])[0-9a-fA-F]{4})"


def compose(read: Pass) -> str:
    """The statement; its rows are (what, place, a, b, n)."""
    return f"""
with counted as materialized (
{counted(read)}
), valued as (
  select place, kind, n, shown, beside,
    case kind when 't' then length(shown) when 'w' then seconds end as length,
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
), spread as (
  select place, min(num) as low, max(num) as high, max(total) as total,
    {", ".join(f"min(num) filter (where upto >= {share} * total) as p{share[2:]}" for share in QUANTILES)}
  from numbered
  group by place
), fences as (
  select place, total, p5 - {FAR} * reach as floor, p5 + {FAR} * reach as ceiling
  from (
    select place, total, p5, coalesce(nullif(p75 - p25, 0), p95 - p05) as reach
    from spread
  ) as s
  where reach > 0 and total >= {ENOUGH}
), drawn as (
  select f.place, f.floor, f.ceiling,
    min(n.num) filter (where n.num >= f.floor) as low, max(n.num) filter (where n.num <= f.ceiling) as high,
    coalesce(sum(n.n) filter (where n.num < f.floor), 0) as below,
    coalesce(sum(n.n) filter (where n.num > f.ceiling), 0) as above
  from fences as f
  join numbered as n on n.place = f.place
  group by f.place, f.floor, f.ceiling, f.total
  having sum(n.n) filter (where n.num < f.floor or n.num > f.ceiling) <= greatest(f.total / 100, {FEW}) is not false
), bounds as (
  select s.place, coalesce(d.low, s.low) as low, coalesce(d.high, s.high) as high
  from spread as s
  left join drawn as d on d.place = s.place
), spelled as (
  select place, shown, n, lower(btrim(shown, {SPACE}) collate "default") collate "C" as same,
    count(*) over (partition by place) as different, sum(n) over (partition by place) as total
  from valued
  where kind = 't' and btrim(shown, {SPACE}) <> ''
), documents as (
  select v.place, v.n, v.beside, v.shown, json_typeof(v.shown::json) as type
  from valued as v
  where v.kind = 'j' and v.shown is not null
), keys as (
  select d.place, d.beside, k.key, sum(d.n) as n
  from documents as d
  cross join lateral (
    select distinct key
    from json_object_keys(
      case when d.type = 'object' and not ({_is_unreadable("d.shown")}) then d.shown::json else '{{}}'::json end
    ) as key
  ) as k
  group by d.place, d.beside, k.key
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
  join bounds as b on b.place = n.place and n.num between b.low and b.high
) as h
group by place, bucket
union all
select 'drawn', d.place, what.name, null, what.value
from drawn as d
cross join lateral (
  values ('floor', d.floor), ('ceiling', d.ceiling), ('low', d.low), ('high', d.high), ('below', d.below),
    ('above', d.above)
) as what (name, value)
union all
select 'spelling', place, left(same, {SHOWN}), left(shown, {SHOWN}), n
from (
  select place, same, shown, n, count(*) over (partition by place, same) as ways
  from spelled
  where different <= {CATEGORIES} and different * 2 <= total
) as s
where ways > 1
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
select 'beside', place, left(beside, {SHOWN}), case when rank = 0 then null else left(key, {SHOWN}) end, n
from (
  select place, beside, key, n, rank, row_number() over (partition by place order by rank, n desc, beside) as line
  from (
    select place, beside, null as key, sum(n) as n, 0 as rank
    from documents
    where place >= {BESIDE}
    group by place, beside
    union all
    select place, beside, key, n, row_number() over (partition by place, beside order by n desc, key collate "C")
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
{counted(read)}
)
select place, sum(n)::float8, count(shown)::float8,
  (count(*) filter (where n = 1 and shown is not null))::float8, avg(octet_length(shown))::float8
from counted
where kind <> 'x' and place < {BESIDE}
group by place
"""


def _is_unreadable(text: str) -> str:
    """Whether the keys of a document cannot be read, because of an escape; escaped backslashes are none."""
    return (
        f"strpos({text}, '\\u') > 0 and replace({text}, '\\\\', chr(1)) ~ case"
        f" when current_setting('server_encoding') = 'UTF8' then '{_UNREADABLE}' else '{_UNREADABLE_ELSEWHERE}' end"
    )


def _summaries() -> str:
    """One line per column, and the one of plain aggregates."""
    text = "case when kind = 't' then shown end"
    aggregates = {
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
        "shortest": "min(length)",
        "longest": "max(length)",
        "length": "sum(length * n) / nullif(sum(n) filter (where length is not null), 0)",
        "empty": "sum(n) filter (where length = 0)",
        "zeros": "sum(n) filter (where kind = 'n' and num = 0)",
        "padded": f"sum(n) filter (where {text} <> btrim({text}, {SPACE}))",
        "unreadable": f"sum(n) filter (where kind = 'j' and {_is_unreadable('shown')})",
        "bits": "max(length(case when kind = 'b' then shown end))",
        # a day's tolerance for time zones; of spans and places in the log, which have this kind, none is read
        "in_future": "sum(n) filter (where kind = 'd' and num > (select extract(epoch from now()) + 86400))",
        "before_1900": "sum(n) filter (where kind = 'd' and num < (select extract(epoch from date '1900-01-01')))",
    }  # fmt: skip
    for name, pattern in _CLASSES.items():
        aggregates[name] = f"sum(n) filter (where {text} collate \"default\" ~ '{pattern}')"
    written = ", ".join(f"'{name}', {text}" for name, text in aggregates.items())
    return f"""select 'column' as what, place,
  case when kind = 'x' then max(case when kind = 'x' then shown end) else json_build_object({written})::text end as a,
  kind as b, sum(n)::numeric as n
from valued
where place < {BESIDE}
group by place, kind"""
