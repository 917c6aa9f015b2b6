"""Guard objects that are tables of our own, or statements of another kind."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from order_audit import session
from order_audit.fixes.guarding.guard_object import GuardObject, GuardStatement, State


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
        return "valid" if session.is_true(connection, f"select {self.exists_sql()}") else "missing"

    @property
    def locks(self) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True)
class CustomStatement(GuardObject):
    """A statement of another kind, with a query that says whether there is nothing left for it to do."""

    query: str = ""

    @property
    def fault(self) -> str:
        """Why the body cannot be used."""
        return "" if self.query else "a statement without a part 'there', the query that says whether it has run"

    def create_sql(self) -> list[GuardStatement]:
        """The statement."""
        return [GuardStatement(self.body, "brief")]

    def display_sql(self, schema: str) -> str:  # noqa: ARG002
        """The statement."""
        return f"{self.body};"

    def drop_sql(self) -> list[GuardStatement]:
        """Not reversible."""
        return []

    def exists_sql(self, valid: bool = True) -> str:  # noqa: ARG002
        """What the file says."""
        return f"(\n{self.query}\n)"

    def state(self, connection: psycopg.Connection) -> State:
        """By the file's own query."""
        return "valid" if session.is_true(connection, f"select {self.exists_sql()}") else "missing"

    @property
    def locks(self) -> str:
        """What the file says."""
        return ""
