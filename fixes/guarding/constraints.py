"""Guard objects that are constraints: checks and foreign keys."""

from __future__ import annotations

import re
from typing import Final

import psycopg

from order_audit.fixes.guarding.guard_object import GuardObject, GuardStatement, State, indented
from order_audit.fixes.guarding.stored_definition import SAME, ruled_out, stored_definition
from order_audit.fixes.names import NAME, columns, literal

_COLUMNS: Final = rf"\(\s*({NAME}(?:\s*,\s*{NAME})*)\s*\)"
_REFERENCES: Final = re.compile(
    rf"(?i){_COLUMNS}\s+references\s+({NAME}(?:\.{NAME})?)\s*{_COLUMNS}"
    r"(?:\s+(?:not\s+)?deferrable)?(?P<deferred>\s+initially\s+deferred)?(?:\s+initially\s+immediate)?"
)


class Check(GuardObject):
    """A condition that is not false for any row of a table."""

    def create_sql(self) -> list[GuardStatement]:
        """Add it without a look at the rows; then look at them while everybody goes on."""
        return _constraint(self.table, self.name, f"check (\n{self.body}\n)")

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """Both statements."""
        return _plain_constraint(self.table, self.name, f"check (\n{indented(self.body, 2)}\n)")

    def drop_sql(self) -> list[GuardStatement]:
        """Drop it."""
        return [GuardStatement(f"alter table {self.table} drop constraint if exists {self.name}", "brief")]

    def exists_sql(self, valid: bool = True) -> str:
        """A validated constraint of the name."""
        return _is_constraint(self.table, self.name, valid)

    def state(self, connection: psycopg.Connection) -> State:
        """By name; or because constraints that are there rule out every row that it would refuse."""
        existing = _constraint_of(connection, self.table, self.name)
        if existing is not None:
            mine = stored_definition(
                connection,
                self.table,
                f"alter table {SAME} add constraint {self.name} check (\n{self.body}\n)",
                "select pg_get_constraintdef(oid) from pg_constraint"
                f" where conrelid = '{SAME}'::regclass and conname = '{self.name}'",
            )
            if mine is not None and existing[0] != mine:
                return "different"
            return "valid" if existing[1] else "invalid"
        return "valid" if ruled_out(connection, self.table, f"not (\n{self.body}\n)") else "missing"

    @property
    def locks(self) -> str:
        """Return its locks and their duration."""
        return (
            f"{self.table}: ACCESS EXCLUSIVE for a moment, to add the constraint; then one scan of its rows, which"
            " blocks neither reads nor writes (SHARE UPDATE EXCLUSIVE)"
        )


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
    def fault(self) -> str:
        """Why the body cannot be used."""
        return "" if _REFERENCES.fullmatch(self.body.strip()) else (
            "not '(COLUMN) references TABLE (COLUMN)', with 'deferrable initially deferred' at most"
        )  # fmt: skip

    @property
    def others(self) -> tuple[str, ...]:
        """The table that it refers to."""
        return (self._ends[0],)

    @property
    def _ends(self) -> tuple[str, list[str], list[str]]:
        match = _REFERENCES.fullmatch(self.body.strip())
        if match is None:
            raise ValueError(f"{self.name}: {self.fault}: {self.body}")
        return match[2], columns(match[1]), columns(match[3])

    @property
    def _deferred(self) -> bool:
        match = _REFERENCES.fullmatch(self.body.strip())
        return match is not None and match["deferred"] is not None

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
                if not same or deferred != self._deferred:
                    return "different"
                return "valid" if valid else "invalid"
        return "valid" if any(row[3] for row in rows) else "missing"

    @property
    def locks(self) -> str:
        """Return its locks and their duration."""
        tables = " and ".join(dict.fromkeys((self.table, self._ends[0])))
        return (
            f"{tables}: SHARE ROW EXCLUSIVE for a moment, to add the foreign key (blocks writes); then one scan of the"
            " rows, which blocks neither reads nor writes (SHARE UPDATE EXCLUSIVE)"
        )


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
    where conrelid = to_regclass({literal(table)}) and conname = '{name}' and not convalidated
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
    where conrelid = to_regclass({literal(table)}) and conname = '{name}'{" and convalidated" if valid else ""}
  )"""
