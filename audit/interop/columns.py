"""The columns that a table must have, as a query that yields those that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from order_audit.audit.interop.check import Faults, Table
from order_audit.audit.interop.names import listed, literal, text

#: A column's type as information_schema names it, with the base type of a domain, and its parameters.
_ACTUAL: Final = """
  select a.attnum, a.attname::text as column_name, format_type(a.atttypid, a.atttypmod) as shown,
    case when t.typcategory = 'A' or t.typelem <> 0 then 'array'
      when coalesce(b.typname, t.typname) in ('bit', 'varbit', 'bool', 'bpchar', 'float4', 'float8', 'int2', 'int4',
        'int8', 'time', 'timestamp', 'timestamptz', 'timetz', 'varchar')
        then format_type(coalesce(b.oid, t.oid), null)
      else lower(coalesce(b.typname, t.typname)) end as type,
    case when t.typname in ('varchar', 'bpchar') and a.atttypmod > 4 then a.atttypmod - 4 end as length,
    case when t.typname = 'numeric' and a.atttypmod > 4 then (a.atttypmod - 4) >> 16 end as digits,
    case when t.typname = 'numeric' and a.atttypmod > 4 then (a.atttypmod - 4) & 65535 end as scale,
    case when t.typname in ('timetz', 'timestamp', 'timestamptz') and a.atttypmod >= 0 then a.atttypmod end as fraction
  from pg_attribute as a
  join pg_type as t on t.oid = a.atttypid
  left join pg_type as b on b.oid = t.typbasetype
  where a.attrelid = to_regclass({}) and a.attnum > 0
""".strip("\n")
_WRONG: Final = {
    "missing": """
select 'missing' as fault, e.column_name, e.shown as expected, null as actual
from expected as e
where not exists (select from actual as a where a.column_name = e.column_name)""",
    "type": """
select 'another type', e.column_name, e.shown, a.shown
from expected as e
join actual as a on a.column_name = e.column_name
where a.type <> all (e.types) or (e.length is not null and e.length is distinct from a.length)
  or (e.digits is not null and e.digits is distinct from a.digits)
  or (e.scale is not null and e.scale is distinct from a.scale)
  or (e.fraction is not null and e.fraction is distinct from a.fraction)""",
    "extra": """
select 'not expected', a.column_name, null, a.shown
from actual as a
where not exists (select from expected as e where e.column_name = a.column_name)""",
    "order": """
(
select 'another order', o.column_name, null, null
from (
  select a.attnum, a.column_name, e.place, lag(e.place) over (order by a.attnum) as place_before
  from actual as a
  join expected as e on e.column_name = a.column_name
) as o
where o.place < o.place_before
order by o.attnum
limit 1
)""",
}


@dataclass(frozen=True)
class Column:
    """A column with the types it may have, as information_schema names them; without, any. Parameters that count."""

    name: str
    types: tuple[str, ...] = ()
    shown: str = ""
    length: int | None = None
    digits: int | None = None
    scale: int | None = None
    fraction: int | None = None

    def values(self, place: int) -> str:
        """Return the row of VALUES."""
        kind = f"array[{listed(self.types)}]" if self.types else "null"
        numbers = ", ".join(literal(it) for it in (self.length, self.digits, self.scale, self.fraction))
        return f"({place}, {text(self.name)}, {kind}, {literal(self.shown or None)}, {numbers})"


def wrong(
    table: Table, columns: Sequence[Column], *, extra: bool = False, order: bool = False, folded: bool = False
) -> Faults:
    """Return the query of missing columns and other types; with `extra` and `order` of further columns, too.

    Of columns in another order, it yields the first. `folded`: the case of letters in names does not matter.
    """
    names = "place, column_name, types, shown, length, digits, scale, fraction"
    # the first row has no value of its own: it gives the columns their types
    types = "0, null::text, null::text[], null::text, null::int, null::int, null::int, null::int"
    rows = ",\n  ".join([f"({types})", *(it.values(place) for place, it in enumerate(columns, start=1))])
    kept = ["missing", "type", *["extra"] * extra, *["order"] * order]
    parts = "\nunion all".join(_WRONG[it] for it in kept)
    if folded:
        parts = parts.replace("a.column_name = e.column_name", "lower(a.column_name) = lower(e.column_name)")
    return Faults(
        f"with declared ({names}) as (\n  values {rows}\n),\nexpected as (\n"
        f"  select d.* from declared as d where d.place > 0\n),\nactual as (\n"
        f"{_ACTUAL.format(text(str(table)))}\n)" + parts,
        ("fault", "column_name"),
    )
