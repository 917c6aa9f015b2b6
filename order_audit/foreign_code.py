"""Functions and operators of other roles in the schemas of the search path, which could run with our rights.

The server prefers the function or operator whose argument types match exactly, in any schema of the search path:
one in an audited schema wins over one of pg_catalog that takes a cast. Where a role besides the owner of a schema may
create in it, or has created there, our own statements leave it out of the search path; the texts of rules and fixes see
it. The owner of the tables can run code in any case: a view that replaces a table may call any function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq

from order_audit import search_path, session

#: The setting that holds the whole search path where our own statements see a part of it: an array of names.
SETTING: Final = "order_audit.schemas"
#: SQL: the schemas that names of tables are looked up in; an array of names.
SCHEMAS: Final = (
    f"coalesce(nullif(pg_catalog.current_setting('{SETTING}', true), '')::name[], pg_catalog.current_schemas(true))"
)
#: SQL: the first of them, in which objects are named without a schema; NULL if there is none.
HOME: Final = (
    f"coalesce((nullif(pg_catalog.current_setting('{SETTING}', true), '')::name[])[1], pg_catalog.current_schema())"
)
#: What pg_catalog has under the same name is what our statements call.
_QUERY: Final = """
with home as materialized (
  select n.oid, n.nspname, s.number, n.nspacl,
    array_remove(array[
      d.datdba,
      case when n.nspowner = 'pg_database_owner'::regrole then d.datdba else n.nspowner end,
      -- the owner of the tables, if they have one and the same
      (
        select min(c.relowner::int8)::oid from pg_class as c
        where c.relnamespace = n.oid and c.relkind in ('r', 'p') having count(distinct c.relowner) = 1
      )
    ], null) as owners
  from unnest(%s::name[]) with ordinality as s (name, number)
  join pg_namespace as n on n.nspname = s.name
  cross join pg_database as d
  where d.datname = current_database() and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
),
-- who is neither an owner, nor a superuser, nor may act as us
other as materialized (
  select h.oid as home, r.oid, r.rolname, r.rolcanlogin
  from home as h
  cross join pg_roles as r
  where not r.rolsuper and not pg_has_role(r.oid, current_user, 'member')
    and not exists (select from unnest(h.owners) as o (owner) where pg_has_role(r.oid, o.owner, 'member'))
)
select h.nspname,
  array(
    select distinct case a.grantee when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end
    from aclexplode(h.nspacl) as a
    where a.privilege_type = 'CREATE' and exists (
      select from other as o
      where o.home = h.oid and o.rolcanlogin and has_database_privilege(o.oid, current_database(), 'connect')
        and case a.grantee when 0 then true else pg_has_role(o.oid, a.grantee, 'member') end
    )
    order by 1
  ) as creators,
  (
    select coalesce(jsonb_agg(jsonb_build_array(f.kind, f.name, f.named, f.rolname) order by f.kind, f.named), '[]')
    from (
      select 'function' as kind, p.proname as name, o.rolname,
        format('%%I(%%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as named
      from pg_proc as p
      join other as o on o.home = h.oid and o.oid = p.proowner
      where p.pronamespace = h.oid and p.proname in (
        select i.proname from pg_proc as i where i.pronamespace = 'pg_catalog'::regnamespace
      )
      union all
      select 'operator', p.oprname, o.rolname,
        format('%%s (%%s, %%s)', p.oprname, nullif(p.oprleft, 0)::regtype, nullif(p.oprright, 0)::regtype)
      from pg_operator as p
      join other as o on o.home = h.oid and o.oid = p.oprowner
      where p.oprnamespace = h.oid and p.oprname in (
        select i.oprname from pg_operator as i where i.oprnamespace = 'pg_catalog'::regnamespace
      )
    ) as f
  ) as objects
from home as h
order by h.number
"""


class ForeignObject(NamedTuple):
    """A function or operator: its kind, its name, the name with the types of its arguments, and its owner."""

    kind: str
    name: str
    text: str
    role: str


@dataclass(frozen=True)
class ForeignCode:
    """A schema with functions and operators of other roles than its owner's, or in which they may create some.

    `creators` are the roles that may, `PUBLIC` for all; `objects` have a name that pg_catalog has as well.
    """

    schema: str
    creators: tuple[str, ...]
    objects: tuple[ForeignObject, ...]

    @property
    def text(self) -> str:
        """Who it is, and what to do, as one sentence."""
        schema = search_path.text([self.schema])
        if not self.creators:
            first, more = self.objects[0], len(self.objects) - 1
            others = f" and {more:,} more of that kind" if more else ""
            return (
                f"schema {schema} has {first.kind} {first.text} of role {first.role}{others}, with the name of the"
                " server's own, which statements could call instead: drop or rename it"
            )
        who = "every role" if "PUBLIC" in self.creators else f"role {', '.join(self.creators)}"
        return (
            f"{who} may create functions and operators in schema {schema}, which statements could call instead of the"
            f" server's own: revoke create on schema {schema} from {', '.join(self.creators)}"
        )


def schemas_of(connection: psycopg.Connection) -> tuple[str, ...]:
    """Return the schemas of the connection's search path; pg_catalog is first in any."""
    found = session.scalar(connection, "select pg_catalog.current_schemas(false)")
    return tuple(name for name in found if name != "pg_catalog")


def foreign_code(connection: psycopg.Connection, schemas: Sequence[str]) -> list[ForeignCode]:
    """Return the schemas in which a role besides the owner's may create, or has created what we may call."""
    # rolled back, so that the search path stays as it is
    with connection.transaction(force_rollback=True):
        session.configure(connection, [("search_path", "pg_temp")], local=True)
        rows = connection.execute(_QUERY, [list(schemas)]).fetchall()
    return [
        ForeignCode(name, tuple(creators), tuple(ForeignObject(*it) for it in objects))
        for name, creators, objects in rows
        if creators or objects
    ]


class _Paths(NamedTuple):
    own: str
    all: str


#: The connections whose own statements see a part of the search path.
_restricted: WeakKeyDictionary[psycopg.Connection, _Paths] = WeakKeyDictionary()


def restrict(
    connection: psycopg.Connection, schemas: Sequence[str], found: Sequence[ForeignCode], *, copies: bool = False
) -> None:
    """Leave schemas with foreign code out of the search path of a connection; without any, change nothing.

    `schemas` are those of the search path. Inside a transaction the settings are those of the transaction. With
    `copies`, temporary tables take the place of tables with their names.
    """
    if not found:
        return
    closed = {it.schema for it in found}
    own = (*(name for name in schemas if name not in closed), "pg_temp")
    paths = _Paths(_path(own), _path(("pg_temp", *schemas) if copies else (*schemas, "pg_temp")))
    local = _in_transaction(connection)
    session.configure(connection, [("search_path", paths.own), (SETTING, array_text(schemas))], local=local)
    _restricted[connection] = paths


def at_home(query: str) -> str:
    """Return a query in which current_schema() is the first schema that names of tables are looked up in."""
    return query.replace("current_schema()", HOME)


def is_restricted(connection: psycopg.Connection) -> bool:
    """Whether our own statements on this connection see a part of the search path."""
    return connection in _restricted


def equals(connection: psycopg.Connection) -> str:
    """Return the operator that compares values of a column's type in a statement with the text of a rule or fix.

    The one of pg_catalog has no index on columns of types such as citext, so it is taken where it has to be.
    """
    return "operator(pg_catalog.=)" if connection in _restricted else "="


@contextmanager
def whole_path(connection: psycopg.Connection) -> Iterator[None]:
    """Within it, the search path has all schemas: for a statement with the text of a rule or fix."""
    paths = _restricted.get(connection)
    if paths is None:
        yield
        return
    local = _in_transaction(connection)
    session.configure(connection, [("search_path", paths.all)], local=local)
    try:
        yield
    finally:
        # a transaction that failed is rolled back to before this setting
        if connection.info.transaction_status in (pq.TransactionStatus.IDLE, pq.TransactionStatus.INTRANS):
            session.configure(connection, [("search_path", paths.own)], local=local)


def _in_transaction(connection: psycopg.Connection) -> bool:
    return not connection.autocommit or connection.info.transaction_status != pq.TransactionStatus.IDLE


def _path(schemas: Sequence[str]) -> str:
    return ", ".join('"' + name.replace('"', '""') + '"' for name in schemas)


def array_text(texts: Iterable[str]) -> str:
    """Return texts as the server reads an array."""
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"
