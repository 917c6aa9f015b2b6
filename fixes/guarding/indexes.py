"""Guard objects that are indexes."""

from __future__ import annotations

import re
from typing import Final

import psycopg

from order_audit import session
from order_audit.fixes.guarding.guard_object import GuardObject, GuardStatement, State, beside
from order_audit.fixes.guarding.stored_definition import SAME, stored_definition
from order_audit.fixes.names import NAME, literal, stored


class Index(GuardObject):
    """An index for a foreign key, or for look-ups by it; any that leads with the same column does as well."""

    unique = False

    def create_sql(self) -> list[GuardStatement]:
        """Drop what a failed build has left, and build it while everybody goes on."""
        left = f"""select
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indexrelid
    where i.indrelid = to_regclass({literal(self.table)}) and c.relname = '{self.name}' and not i.indisvalid"""
        drop = f"""do $do$
begin
  if exists (
    {left}
  ) then
    execute format('drop index %s', (
      select format('%I.%I', n.nspname, '{self.name}')
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.oid = to_regclass({literal(self.table)})
    ));
  end if;
end
$do$"""
        return [
            GuardStatement(drop, "brief"),
            GuardStatement(self._create(self.table, "concurrently if not exists "), "outside"),
        ]

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """The one statement."""
        return f"{self._create(self.table, 'concurrently ')};"

    def _create(self, table: str, how: str = "") -> str:
        kind = "unique index" if self.unique else "index"
        return f"create {kind} {how}{self.name} on {table} {self.body}"

    def drop_sql(self) -> list[GuardStatement]:
        """Drop it, while everybody goes on."""
        return [GuardStatement(f"drop index concurrently if exists {beside(self.table, self.name)}", "outside")]

    def exists_sql(self, valid: bool = True) -> str:
        """A valid index of the name on the table."""
        valid_only = " and i.indisvalid" if valid else ""
        return f"""exists (
    select
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indexrelid
    where i.indrelid = to_regclass({literal(self.table)}) and c.relname = '{self.name}'{valid_only}
  )"""

    def state(self, connection: psycopg.Connection) -> State:
        """By name; or because an equal index is there (of one that need not be unique: that leads with its column)."""
        named = f"select {_INDEX} from pg_index as i where i.indexrelid = 'pg_temp.{self.name}'::regclass"
        mine = stored_definition(connection, self.table, self._create(SAME), named)
        rows = connection.execute(
            f"""
            select c.relname, i.indisvalid and i.indisready and i.indislive, {_INDEX},
              am.amname = 'btree' and i.indpred is null, a.attname
            from pg_index as i
            join pg_class as c on c.oid = i.indexrelid
            join pg_am as am on am.oid = c.relam
            left join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] and a.attnum > 0
            where i.indrelid = %s::regclass
            """.encode(),
            [self.table],
        ).fetchall()
        own = next((row for row in rows if row[0] == self.name), None)
        if own is not None:
            if mine is not None and own[2] != mine:
                return "different"
            return "valid" if own[1] else "invalid"
        if session.is_true(connection, _IS_TAKEN, [self.name, self.table]):
            return "different"
        lead = _LEAD.match(self.body)
        for _, valid, definition, plain, column in rows:
            if valid and (definition == mine or (not self.unique and plain and lead and column == stored(lead[1]))):
                return "valid"
        return "missing"

    @property
    def locks(self) -> str:
        """Return its locks and their duration."""
        return (
            f"{self.table}: the index is built concurrently, while everybody goes on reading and writing"
            " (SHARE UPDATE EXCLUSIVE); the build waits for transactions that began before it"
        )


class UniqueIndex(Index):
    """A unique index; of expressions, or of some rows, if need be."""

    unique = True


_LEAD: Final = re.compile(rf"\(\s*({NAME})\s*[,)]")
#: Something else in the schema of the table has the name.
_IS_TAKEN: Final = """
select exists (
  select
  from pg_class as c
  join pg_class as t on t.relnamespace = c.relnamespace
  where c.relname = %s and t.oid = %s::regclass
)
"""
#: The definition without its table, whatever the name of that is.
_INDEX: Final = """(
  select i.indisunique::text || regexp_replace(
    replace(
      pg_get_indexdef(i.indexrelid), quote_ident(n.nspname) || '.' || quote_ident(t.relname) || ' USING ', 'it USING '
    ), '^.*? USING ', ' '
  )
  from pg_class as t
  join pg_namespace as n on n.oid = t.relnamespace
  where t.oid = i.indrelid
)"""
