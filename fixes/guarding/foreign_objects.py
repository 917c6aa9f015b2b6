"""Functions and operators of other roles that constraints, indexes and triggers of a guard call."""

from __future__ import annotations

from typing import Final

import psycopg

from order_audit import session
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_object import GuardObject
from order_audit.fixes.guarding.triggers import Function

#: What the server has itself is no dependency. An owner may be a superuser (as of most extensions), or act as the owner
#: of the table or as us.
_FOREIGN: Final = """
with made as (
  select 'pg_constraint'::regclass as class, k.oid from pg_constraint as k
  where k.conrelid = %(table)s and k.conname = %(name)s
  union all
  select 'pg_trigger'::regclass, t.oid from pg_trigger as t
  where t.tgrelid = %(table)s and t.tgname = %(name)s
  union all
  select 'pg_class'::regclass, i.indexrelid from pg_index as i join pg_class as c on c.oid = i.indexrelid
  where i.indrelid = %(table)s and c.relname = %(name)s
)
select format('%%s of role %%s', u.named, r.rolname)
from made as m
join pg_depend as d on d.classid = m.class and d.objid = m.oid
cross join lateral (
  select 'function ' || p.oid::regprocedure as named, p.proowner as owner
  from pg_proc as p where d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
  union all
  select 'operator ' || o.oid::regoperator, o.oprowner
  from pg_operator as o where d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
) as u
join pg_roles as r on r.oid = u.owner
join pg_class as t on t.oid = %(table)s
where not r.rolsuper and not pg_has_role(r.oid, t.relowner, 'member') and not pg_has_role(r.oid, current_user, 'member')
order by 1
limit 1
"""


#: A function that looks names up by the search path of the role that writes.
_UNFIXED: Final = """
select exists (
  select from pg_proc as p
  where p.oid = to_regproc(%s)::oid and p.prosqlbody is null
    and not exists (select from unnest(p.proconfig) as c (setting) where c.setting ~ '^search_path="?pg_catalog\\M')
)
"""


def foreign_obstacle(connection: psycopg.Connection, guard: Guard) -> str:
    """Return which function or operator of another role an object of the guard calls, or may; empty if none."""
    look_up = "select pg_catalog.to_regclass(%s)::oid"
    tables = {it.table: session.scalar(connection, look_up, [it.table]) for it in guard.objects if it.table}
    # by the server's functions alone, and rolled back, so that the search path stays as it is
    with connection.transaction(force_rollback=True):
        session.configure(connection, [("search_path", "pg_temp")], local=True)
        found = (_of(connection, guard_object, tables.get(guard_object.table)) for guard_object in guard.objects)
        return next(filter(None, found), "")


def _of(connection: psycopg.Connection, guard_object: GuardObject, table: int | None) -> str:
    name = guard_object.name
    if isinstance(guard_object, Function) and session.is_true(connection, _UNFIXED, [name]):
        return f"function {name} has no fixed search path: add 'set search_path = pg_catalog, pg_temp' to it"
    called = session.scalar(connection, _FOREIGN, {"table": table, "name": name}) if table else None
    if called:
        return f"it would call {called}, with the rights of the role that writes: call functions of your own"
    return ""
