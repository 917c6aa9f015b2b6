"""Shadows: functions and operators of another role that match calls of ours more exactly than those of pg_catalog.

`make` derives them from the program's own text: for each name in it that pg_catalog has as well, one for each
combination of types that the server would have to cast to call pg_catalog's. They do nothing; the server counts calls.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import psycopg

_HOME: Final = Path(__file__).parents[2]
_FOLDERS: Final = ("audit", "expectations", "fixes", "order_audit", "reports", "scenario/domain", "scenario/migrate")
#: Types of columns, literals and catalogs that our statements hand to functions and operators.
_TYPES: Final = (
    "text", "varchar", "name", "int2", "int4", "int8", "oid", "float8", "numeric", "bool", "timestamptz", "interval",
    "jsonb", "text[]",
)  # fmt: skip
#: What functions of any type are called with: of more types there would be too many.
_ANY: Final = ("text", "varchar", "int4", "int8", "numeric")
_MAKE: Final = r"""
do $make$
declare
  one record;
begin
  create temporary table fits on commit drop as
  select t.type, d.oid as wanted
  from unnest(%(types)s::regtype[]) as t (type)
  cross join pg_type as d
  where t.type = d.oid
    or exists (select from pg_cast as c where c.castsource = t.type and c.casttarget = d.oid and c.castcontext = 'i')
    or d.typname in ('any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray')
      and t.type = any (%(any)s::regtype[])
    or d.typname in ('anyarray', 'anycompatiblearray') and t.type::text ~ '\[\]$';
  grant select on fits to %(role)s;
  set local role %(role)s;
  for one in
    select distinct p.proname, s.given, case when r.typtype = 'p' then 'text' else r.oid::regtype::text end as result
    from pg_proc as p
    join pg_type as r on r.oid = p.prorettype
    cross join lateral (
      select f.type::text as given
      from fits as f
      where p.pronargs = 1 and f.wanted = p.proargtypes[0]
      union
      select a.type || ', ' || b.type
      from fits as a
      join fits as b on b.wanted = case when p.pronargs = 1 then p.proargtypes[0] else p.proargtypes[1] end
      where a.wanted = p.proargtypes[0] and (p.pronargs = 2 or p.pronargs = 1 and p.provariadic <> 0)
      union
      select a.type || ', ' || b.type || ', ' || c.type
      from fits as a
      join fits as b on b.wanted = case when p.provariadic <> 0 then 2276 else p.proargtypes[1] end
      join fits as c on c.wanted = case when p.provariadic <> 0 then 2276 else p.proargtypes[2] end
      where a.wanted = p.proargtypes[0] and (p.pronargs = 3 or p.provariadic <> 0)
    ) as s
    where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any (%(functions)s::name[])
  loop
    begin
      execute format(
        'create function %(schema)s.%%I(%%s) returns %%s language plpgsql as $$begin return null; end$$',
        one.proname, one.given, one.result
      );
    exception when duplicate_function then
      null;
    end;
  end loop;
  for one in
    select row_number() over () as number, o.*
    from (
      select distinct on (o.oprname, a.type, b.type) o.oprname, a.type as lhs, b.type as rhs,
        case when r.typtype = 'p' then 'text' else r.oid::regtype::text end as result
      from pg_operator as o
      join pg_type as r on r.oid = o.oprresult
      join fits as a on a.wanted = o.oprleft
      join fits as b on b.wanted = o.oprright
      where o.oprnamespace = 'pg_catalog'::regnamespace and o.oprname = any (%(operators)s::name[])
        and not exists (
          select from pg_operator as e
          where e.oprnamespace = 'pg_catalog'::regnamespace and e.oprname = o.oprname
            and e.oprleft = a.type and e.oprright = b.type
        )
    ) as o
  loop
    execute format(
      'create function %(schema)s.%%I(%%s, %%s) returns %%s language plpgsql as $$begin return null; end$$',
      'operator ' || one.oprname || ' ' || one.number, one.lhs, one.rhs, one.result
    );
    execute format(
      'create operator %(schema)s.%%s (function = %(schema)s.%%I, leftarg = %%s, rightarg = %%s)',
      one.oprname, 'operator ' || one.oprname || ' ' || one.number, one.lhs, one.rhs
    );
  end loop;
  reset role;
end
$make$
"""


def make(dsn: str, role: str, schema: str = "public") -> int:
    """Make the shadows in a schema, as a role that may create there; return how many there are.

    From then on the server counts their calls in new sessions of this database.
    """
    functions, operators = _names()
    text = _MAKE.replace("%%", "%")
    for name, value in {
        "types": _array(_TYPES), "any": _array(_ANY), "functions": _array(functions), "operators": _array(operators),
        "role": role, "schema": schema,
    }.items():  # fmt: skip
        text = text.replace(f"%({name})s", value)
    with psycopg.connect(dsn) as connection:
        connection.execute(f"alter database {connection.info.dbname} set track_functions = 'all'".encode())
        connection.execute("set search_path = pg_catalog, pg_temp")  # the block must not call what it has made
        connection.execute(text.encode())
        row = connection.execute(
            "select count(*) from pg_proc where pronamespace = %s::regnamespace and proowner = %s::regrole",
            [schema, role],
        ).fetchone()
    assert row is not None
    return int(row[0])


def called(dsn: str, role: str) -> list[str]:
    """The shadows of a role that were called since the last time, sorted."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set search_path = pg_catalog, pg_temp")
        rows = connection.execute(
            "select f.funcid::regprocedure::text from pg_stat_user_functions as f join pg_proc as p on p.oid = f.funcid"
            " where p.proowner = %s::regrole and f.calls > 0 order by 1",
            [role],
        ).fetchall()
        connection.execute("select pg_stat_reset()")
    return [name for (name,) in rows]


def _array(names: tuple[str, ...]) -> str:
    return "array[" + ", ".join(f"'{name}'" for name in names) + "]"


@cache
def _names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return words before a bracket, and runs of operator characters, in the program's text."""
    texts = [
        file.read_text(encoding="utf-8")
        for folder in _FOLDERS
        for kind in ("*.py", "*.sql")
        for file in (_HOME / folder).rglob(kind)
        if not file.is_relative_to(_HOME / "order_audit" / "tests")
    ]
    functions = {name for text in texts for name in re.findall(r"\b([a-z_][a-z_0-9]*)\(", text)}
    operators = {name for text in texts for name in re.findall(r"(?<![-+*/<>=~!@#%^&|`?])[-+*/<>=~!@#%^&|`?]+", text)}
    # of our code in Python many are no calls of SQL; the server has none of these names
    return tuple(sorted(functions)), tuple(sorted({*operators, "~~", "~~*", "!~~"}))
