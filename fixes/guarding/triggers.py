"""Guard objects that are triggers, and the functions that these call."""

from __future__ import annotations

import re
from typing import Final

import psycopg

from order_audit import session
from order_audit.fixes.guarding.guard_object import GuardObject, GuardStatement, State, indented, qualified
from order_audit.fixes.guarding.stored_definition import SAME, stored_definition
from order_audit.fixes.names import NAME, literal, parts


class Trigger(GuardObject):
    """A constraint trigger: `after ... on TABLE`, and on the next lines the rest, down to the function it calls."""

    @property
    def fault(self) -> str:
        """Why the body cannot be used."""
        on = _ON.search(self.body)
        if on is None or parts(on[2]) != parts(self.table):
            return f"not 'after … on {self.table}' and the rest of 'create constraint trigger'"
        return ""

    def _create(self, body: str) -> str:
        return f"create constraint trigger {self.name}\n{body}"

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """The one statement."""
        return f"{self._create(self.body)};"

    def create_sql(self) -> list[GuardStatement]:
        """Create it, or switch it on again."""
        text = f"""do $do$
begin
  if not {self.exists_sql(valid=False)} then
{indented(self._create(self.body), 4)};
  elsif not {self.exists_sql()} then
    alter table {self.table} enable trigger {self.name};
  end if;
end
$do$"""
        return [GuardStatement(text, "brief")]

    def drop_sql(self) -> list[GuardStatement]:
        """Drop it."""
        return [GuardStatement(f"drop trigger if exists {self.name} on {self.table}", "brief")]

    def exists_sql(self, valid: bool = True) -> str:
        """A trigger of the name that is not switched off."""
        on = " and tgenabled in ('O', 'A')" if valid else ""
        return f"""exists (
    select from pg_catalog.pg_trigger where tgrelid = to_regclass({literal(self.table)}) and tgname = '{self.name}'{on}
  )"""

    def state(self, connection: psycopg.Connection) -> State:
        """By name."""
        row = connection.execute(
            f"select {_TRIGGER}, t.tgenabled in ('O', 'A') from pg_trigger as t"
            " where t.tgrelid = %s::regclass and t.tgname = %s".encode(),
            [self.table, self.name],
        ).fetchone()
        if row is None:
            return "missing"
        mine = stored_definition(
            connection,
            self.table,
            self._create(_ON.sub(lambda on: f"{on[1]}{SAME}", self.body, count=1)),
            f"select {_TRIGGER} from pg_trigger as t where t.tgrelid = '{SAME}'::regclass and t.tgname = '{self.name}'",
        )
        if mine is not None and mine != row[0]:
            return "different"
        return "valid" if row[1] else "invalid"

    @property
    def locks(self) -> str:
        """Return its locks and their duration."""
        return f"{self.table}: SHARE ROW EXCLUSIVE for a moment, to create the trigger (writers wait)"


class Function(GuardObject):
    """A function in schema order_audit; `{orders}` and the like in it are tables, by their qualified names."""

    @property
    def fault(self) -> str:
        """Why the body cannot be used."""
        if not re.search(rf"(?i)\bcreate or replace function {re.escape(self.name)}\s*\(", self.body):
            return f"not 'create or replace function {self.name}(…)', which has the name of the file"
        return "" if self.body.count("$$") == 2 else "the text of the function does not stand between $$ and $$"

    @property
    def others(self) -> tuple[str, ...]:
        """The tables in braces."""
        return tuple(dict.fromkeys(re.findall(r"\{([a-z]\w*)\}", self.body)))

    def display_sql(self, schema: str) -> str:
        """Its text, with the tables' names in it."""
        body = self.body
        for table in self.others:
            body = body.replace(f"{{{table}}}", f"{schema}.{table}")
        return f"{body};"

    def create_sql(self) -> list[GuardStatement]:
        """Create or replace it."""
        if not self.others:
            return [GuardStatement(self.body, "brief")]
        body = self.body.replace("%", "%%")
        for number, table in enumerate(self.others, start=1):
            body = body.replace(f"{{{table}}}", f"%{number}$s")
        names = ",\n    ".join(qualified(table) for table in self.others)
        text = f"""do $do$
begin
  execute format($format$
{body}
  $format$,
    {names}
  );
end
$do$"""
        return [GuardStatement(text, "brief")]

    def drop_sql(self) -> list[GuardStatement]:
        """Drop it."""
        return [GuardStatement(f"drop function if exists {self.name}", "brief")]

    def exists_sql(self, valid: bool = True) -> str:  # noqa: ARG002
        """A function of the name."""
        return f"to_regproc('{self.name}') is not null"

    def state(self, connection: psycopg.Connection) -> State:
        """By name; invalid where its text is another."""
        source = session.scalar(connection, "select prosrc from pg_proc where oid = to_regproc(%s)::oid", [self.name])
        if source is None:
            return "missing"
        body = self.body.split("$$")[1]
        for table in self.others:
            named = session.scalar(connection, f"select {qualified(table)}")
            body = body.replace(f"{{{table}}}", named or table)
        return "valid" if source == body else "invalid"

    @property
    def locks(self) -> str:
        """Nothing."""
        return ""


#: The table in the text of a trigger: names of columns that are `on` are quoted.
_ON: Final = re.compile(rf"(?i)(\bon\s+)({NAME}(?:\.{NAME})?)")
#: The definition without its table, whose name may have blanks.
_TRIGGER: Final = r"""(
  select regexp_replace(
    replace(
      pg_get_triggerdef(t.oid), ' ON ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' ', ' ON it '
    ), ' ON \S+', ''
  )
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where c.oid = t.tgrelid
)"""
