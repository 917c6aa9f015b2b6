"""The parts of a guard: a check, an index, a foreign key, a function, a trigger, a table, a statement."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, cast

import psycopg
from psycopg import errors

from order_audit import session

#: Whether a part, or a guard, is there: as it should be; not validated, not finished or switched off; not at all; or
#: something else has its name.
State = Literal["valid", "invalid", "missing", "different"]

#: The name that begins all that guards add to tables, so that it is told from what was there.
PREFIX: Final = "order_audit_"

#: What takes a lock for a moment, what works for long while nobody has to wait, what must stand outside a transaction.
LockClass = Literal["brief", "long", "outside"]


class GuardStatement(NamedTuple):
    """One statement, and how it is run: in a transaction of its own unless `outside` one."""

    text: str
    how: LockClass


@dataclass(frozen=True)
class GuardObject(ABC):
    """A part by its name; `body` is what the file says of it. Those on a table are there whatever the schema's path."""

    name: str
    table: str
    body: str

    @abstractmethod
    def create_sql(self) -> list[GuardStatement]:
        """The statements that make it, each of which changes nothing where it is made already."""

    @abstractmethod
    def display_sql(self, schema: str) -> str:
        """The SQL that makes it where it is not there yet, for people; `schema` is that of the tables, quoted."""

    @abstractmethod
    def drop_sql(self) -> list[GuardStatement]:
        """The statements that take it away, each of which changes nothing where it is gone already."""

    @abstractmethod
    def exists_sql(self, valid: bool = True) -> str:
        """An SQL condition: it is there, under its own name, and valid if that is asked for."""

    @abstractmethod
    def state(self, connection: psycopg.Connection) -> State:
        """Whether it is there; valid too where something else with the same effect is."""

    @property
    @abstractmethod
    def locks(self) -> str:
        """What it locks, and for how long."""


class Check(GuardObject):
    """A condition that is not false for any row of a table."""

    def create_sql(self) -> list[GuardStatement]:
        """Add it without a look at the rows; then look at them while everybody goes on."""
        return _constraint(self.table, self.name, f"check (\n{self.body}\n)")

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """Both statements."""
        return _plain_constraint(self.table, self.name, f"check (\n{_indented(self.body, 2)}\n)")

    def drop_sql(self) -> list[GuardStatement]:
        """Drop it."""
        return [GuardStatement(f"alter table {self.table} drop constraint if exists {self.name}", "brief")]

    def exists_sql(self, valid: bool = True) -> str:
        """A validated constraint of the name."""
        return _is_constraint(self.table, self.name, valid)

    def state(self, connection: psycopg.Connection) -> State:
        """By name; or because constraints that are there rule out every row that it would refuse."""
        found = _constraint_of(connection, self.table, self.name)
        if found is not None:
            mine = _definition(
                connection,
                self.table,
                f"alter table {SAME} add constraint {self.name} check (\n{self.body}\n)",
                "select pg_get_constraintdef(oid) from pg_constraint"
                f" where conrelid = '{SAME}'::regclass and conname = '{self.name}'",
            )
            if mine is not None and found[0] != mine:
                return "different"
            return "valid" if found[1] else "invalid"
        return "valid" if ruled_out(connection, self.table, f"not (\n{self.body}\n)") else "missing"

    @property
    def locks(self) -> str:
        """What it locks, and for how long."""
        return (
            f"{self.table}: ACCESS EXCLUSIVE for a moment, to add the constraint; then its rows are read once, while"
            " everybody goes on reading and writing (SHARE UPDATE EXCLUSIVE)"
        )


class Index(GuardObject):
    """An index for a foreign key, or for look-ups by it; any that leads with the same column does as well."""

    unique = False

    def create_sql(self) -> list[GuardStatement]:
        """Drop what a failed build has left, and build it while everybody goes on."""
        left = f"""select
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indexrelid
    where i.indrelid = to_regclass('{self.table}') and c.relname = '{self.name}' and not i.indisvalid"""
        drop = f"""do $do$
begin
  if exists (
    {left}
  ) then
    execute format('drop index %s', (
      select format('%I.%I', n.nspname, '{self.name}')
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.oid = to_regclass('{self.table}')
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
        return [GuardStatement(f"drop index concurrently if exists {self.name}", "outside")]

    def exists_sql(self, valid: bool = True) -> str:
        """A valid index of the name on the table."""
        return f"""exists (
    select
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indexrelid
    where i.indrelid = to_regclass('{self.table}') and c.relname = '{self.name}'{" and i.indisvalid" if valid else ""}
  )"""

    def state(self, connection: psycopg.Connection) -> State:
        """By name; or because an equal index is there (of one that need not be unique: that leads with its column)."""
        named = f"select {_INDEX} from pg_index as i where i.indexrelid = 'pg_temp.{self.name}'::regclass"
        mine = _definition(connection, self.table, self._create(SAME), named)
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
        lead = re.match(r"\((\w+)", self.body)
        for _, valid, definition, plain, column in rows:
            if valid and (definition == mine or (not self.unique and plain and lead and column == lead[1])):
                return "valid"
        return "missing"

    @property
    def locks(self) -> str:
        """What it locks, and for how long."""
        return (
            f"{self.table}: the index is built concurrently, while everybody goes on reading and writing"
            " (SHARE UPDATE EXCLUSIVE); the build waits for transactions that began before it"
        )


class UniqueIndex(Index):
    """A unique index; of expressions, or of some rows, if need be."""

    unique = True


class ForeignKey(GuardObject):
    """A foreign key: `(column, ...) references table (column, ...) deferrable initially deferred`."""

    def create_sql(self) -> list[GuardStatement]:
        """Add it without a look at the rows; then look at them while everybody goes on."""
        return _constraint(self.table, self.name, f"foreign key {self.body}")

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """Both statements."""
        return _plain_constraint(self.table, self.name, f"foreign key {self.body}")

    def drop_sql(self) -> list[GuardStatement]:
        """Drop it."""
        return [GuardStatement(f"alter table {self.table} drop constraint if exists {self.name}", "brief")]

    def exists_sql(self, valid: bool = True) -> str:
        """A validated constraint of the name."""
        return _is_constraint(self.table, self.name, valid)

    @property
    def _ends(self) -> tuple[str, list[str], list[str]]:
        found = re.match(r"\(([^)]*)\)\s+references\s+(\w+)\s+\(([^)]*)\)", self.body)
        if found is None:
            raise ValueError(f"{self.name}: not '(column) references table (column)': {self.body}")
        return found[2], [*map(str.strip, found[1].split(","))], [*map(str.strip, found[3].split(","))]

    def state(self, connection: psycopg.Connection) -> State:
        """By name; or because a validated foreign key from the same columns to the same is there."""
        target, columns, ends = self._ends
        rows = connection.execute(
            """
            select k.conname, k.convalidated, f.columns = %(columns)s and f.ends = %(ends)s
                and k.confrelid = %(target)s::regclass and k.confupdtype = 'a' and k.confdeltype = 'a'
                -- PostgreSQL 18 has some that refuse nothing
                and to_jsonb(k) ->> 'conenforced' is distinct from 'false' as same,
              f.columns = %(columns)s and f.ends = %(ends)s and k.confrelid = %(target)s::regclass
                and k.convalidated as as_good,
              k.condeferrable and k.condeferred as deferred
            from pg_constraint as k
            cross join lateral (
              select
                array(
                  select a.attname::text
                  from unnest(k.conkey) with ordinality as u (place, n)
                  join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.place
                  order by u.n
                ) as columns,
                array(
                  select a.attname::text
                  from unnest(k.confkey) with ordinality as u (place, n)
                  join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.place
                  order by u.n
                ) as ends
            ) as f
            where k.contype = 'f' and k.conrelid = %(table)s::regclass
              or k.conrelid = %(table)s::regclass and k.conname = %(name)s
            """,
            {"columns": columns, "ends": ends, "target": target, "table": self.table, "name": self.name},
        ).fetchall()
        for name, valid, same, _, deferred in rows:
            if name == self.name:
                if not same or deferred != self.body.endswith("initially deferred"):
                    return "different"
                return "valid" if valid else "invalid"
        return "valid" if any(row[3] for row in rows) else "missing"

    @property
    def locks(self) -> str:
        """What it locks, and for how long."""
        tables = " and ".join(dict.fromkeys((self.table, self._ends[0])))
        return (
            f"{tables}: SHARE ROW EXCLUSIVE for a moment, to add the foreign key (writers wait); then the rows are"
            " read once, while everybody goes on reading and writing (SHARE UPDATE EXCLUSIVE)"
        )


class Trigger(GuardObject):
    """A constraint trigger: `after ... on TABLE`, and on the next lines the rest, down to the function it calls."""

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
{_indented(self._create(self.body), 4)};
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
    select from pg_catalog.pg_trigger where tgrelid = to_regclass('{self.table}') and tgname = '{self.name}'{on}
  )"""

    def state(self, connection: psycopg.Connection) -> State:
        """By name."""
        found = connection.execute(
            f"select {_TRIGGER}, t.tgenabled in ('O', 'A') from pg_trigger as t"
            " where t.tgrelid = %s::regclass and t.tgname = %s".encode(),
            [self.table, self.name],
        ).fetchone()
        if found is None:
            return "missing"
        mine = _definition(
            connection,
            self.table,
            self._create(self.body.replace(f" on {self.table}\n", f" on {SAME}\n")),
            f"select {_TRIGGER} from pg_trigger as t where t.tgrelid = '{SAME}'::regclass and t.tgname = '{self.name}'",
        )
        if mine is not None and mine != found[0]:
            return "different"
        return "valid" if found[1] else "invalid"

    @property
    def locks(self) -> str:
        """What it locks, and for how long."""
        return f"{self.table}: SHARE ROW EXCLUSIVE for a moment, to create the trigger (writers wait)"


class Function(GuardObject):
    """A function in schema order_audit; `{orders}` and the like in it are tables, by their qualified names."""

    @property
    def _tables(self) -> list[str]:
        return list(dict.fromkeys(re.findall(r"\{([a-z]\w*)\}", self.body)))

    def display_sql(self, schema: str) -> str:
        """Its text, with the tables' names in it."""
        body = self.body
        for table in self._tables:
            body = body.replace(f"{{{table}}}", f"{schema}.{table}")
        return f"{body};"

    def create_sql(self) -> list[GuardStatement]:
        """Create it, or replace what is there."""
        if not self._tables:
            return [GuardStatement(self.body, "brief")]
        body = self.body.replace("%", "%%")
        for number, table in enumerate(self._tables, start=1):
            body = body.replace(f"{{{table}}}", f"%{number}$s")
        names = ",\n    ".join(_qualified(table) for table in self._tables)
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
        for table in self._tables:
            named = session.scalar(connection, f"select {_qualified(table)}")
            body = body.replace(f"{{{table}}}", named or table)
        return "valid" if source == body else "invalid"

    @property
    def locks(self) -> str:
        """Nothing."""
        return ""


class Table(GuardObject):
    """A table in schema order_audit; it need not survive a crash of the server."""

    def create_sql(self) -> list[GuardStatement]:
        """Create it."""
        return [
            GuardStatement(f"create unlogged table if not exists {self.name}\n{self.body}", "brief"),
            GuardStatement(f"revoke all on table {self.name} from public", "brief"),
        ]

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """Both statements."""
        return "\n".join(f"{statement.text};" for statement in self.create_sql())

    def drop_sql(self) -> list[GuardStatement]:
        """Drop it."""
        return [GuardStatement(f"drop table if exists {self.name}", "brief")]

    def exists_sql(self, valid: bool = True) -> str:  # noqa: ARG002
        """A table of the name."""
        return f"to_regclass('{self.name}') is not null"

    def state(self, connection: psycopg.Connection) -> State:
        """By name."""
        return "valid" if _is(connection, f"select {self.exists_sql()}") else "missing"

    @property
    def locks(self) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True)
class CustomStatement(GuardObject):
    """A statement of another kind, with a query that says whether there is nothing left for it to do."""

    query: str = ""

    def create_sql(self) -> list[GuardStatement]:
        """The statement."""
        return [GuardStatement(self.body, "brief")]

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """The statement."""
        return f"{self.body};"

    def drop_sql(self) -> list[GuardStatement]:
        """What it does is not undone."""
        return []

    def exists_sql(self, valid: bool = True) -> str:  # noqa: ARG002
        """What the file says."""
        return f"(\n{self.query}\n)"

    def state(self, connection: psycopg.Connection) -> State:
        """By the file's own query."""
        return "valid" if _is(connection, f"select {self.exists_sql()}") else "missing"

    @property
    def locks(self) -> str:
        """What the file says."""
        return ""


#: A temporary copy of a table's columns: what a definition reads like once the server has taken it.
SAME: Final = "pg_temp.order_audit_same"
_SAME_NAME: Final = SAME.removeprefix("pg_temp.")
_INDEX: Final = "i.indisunique::text || regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ', ' ')"
_TRIGGER: Final = r"regexp_replace(pg_get_triggerdef(t.oid), ' ON \S+', '')"


def ruled_out(connection: psycopg.Connection, table: str, condition: str) -> bool:
    """Whether constraints of a table that hold for all its rows rule out any row of this condition.

    The planner proves it: it plans not to read the table at all. False where it finds no proof. Of a table that has
    partitions or children, only constraints count that new ones get, too.
    """
    try:
        with connection.transaction(force_rollback=True):
            source = f"only {table}"
            if _is(connection, _PARENT.format(table=table)):
                # the planner reads no row of a partitioned table itself, whatever its constraints are
                _copy_inherited(connection, table)
                source = SAME
            connection.execute("set local constraint_exclusion = on")
            plans = session.scalar(
                connection, f"explain (format json, costs off) select from {source} where {condition}"
            )
    except (errors.UndefinedFunction, errors.InvalidSchemaName):  # of ours, and not made yet
        return False
    except errors.ReadOnlySqlTransaction:  # no copy can be made
        return False
    plan: dict[str, Any] = plans[0]["Plan"] if plans else {}
    return plan.get("One-Time Filter") == "false"


_PARENT: Final = """select exists (
  select from pg_catalog.pg_class as c
  where c.oid = to_regclass('{table}')
    and (c.relkind = 'p' or exists (select from pg_catalog.pg_inherits as i where i.inhparent = c.oid))
)"""
#: What makes the copy of a table's columns have those of its constraints that are valid and inherited.
_INHERITED: Final = f"""
select 'alter table {SAME} add ' || pg_get_constraintdef(k.oid)
from pg_catalog.pg_constraint as k
where k.conrelid = to_regclass('{{table}}') and k.contype = 'c' and k.convalidated and not k.connoinherit
union all
-- PostgreSQL 18 has NOT NULLs that are not validated, or not inherited
select format('alter table {SAME} alter column %I drop not null', a.attname)
from pg_catalog.pg_constraint as k
join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.conrelid = to_regclass('{{table}}') and k.contype = 'n' and not (k.convalidated and not k.connoinherit)
"""


def _copy_inherited(connection: psycopg.Connection, table: str) -> None:
    connection.execute(f"create temporary table {_SAME_NAME} (like {table} including generated)".encode())
    for (statement,) in connection.execute(_INHERITED.format(table=table).encode()).fetchall():
        connection.execute(statement.encode())


def _definition(connection: psycopg.Connection, table: str, statement: str, query: str) -> str | None:
    """How the server writes down what a statement makes of a copy of the table; None where nothing may be written."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"create temporary table {_SAME_NAME} (like {table})".encode())
            connection.execute(statement.encode())
            return cast("str | None", session.scalar(connection, query))
    except errors.ReadOnlySqlTransaction:
        return None


def _constraint_of(connection: psycopg.Connection, table: str, name: str) -> tuple[str, bool] | None:
    row = connection.execute(
        "select regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', ''), convalidated from pg_constraint"
        " where conrelid = %s::regclass and conname = %s",
        [table, name],
    ).fetchone()
    return (row[0], row[1]) if row else None


def _constraint(table: str, name: str, definition: str) -> list[GuardStatement]:
    add = f"""do $do$
begin
  if not {_is_constraint(table, name, valid=False)} then
    alter table {table} add constraint {name} {definition} not valid;
  end if;
end
$do$"""
    validate = f"""do $do$
begin
  if exists (
    select
    from pg_catalog.pg_constraint
    where conrelid = to_regclass('{table}') and conname = '{name}' and not convalidated
  ) then
    alter table {table} validate constraint {name};
  end if;
end
$do$"""
    return [GuardStatement(add, "brief"), GuardStatement(validate, "long")]


def _plain_constraint(table: str, name: str, definition: str) -> str:
    return (
        f"alter table {table} add constraint {name} {definition} not valid;\n"
        f"alter table {table} validate constraint {name};"
    )


def _is_constraint(table: str, name: str, valid: bool) -> str:
    return f"""exists (
    select
    from pg_catalog.pg_constraint
    where conrelid = to_regclass('{table}') and conname = '{name}'{" and convalidated" if valid else ""}
  )"""


def _qualified(table: str) -> str:
    return (
        "(select format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class as c"
        f" join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.oid = to_regclass('{table}'))"
    )


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def _is(connection: psycopg.Connection, question: str) -> bool:
    return bool(session.scalar(connection, question))
