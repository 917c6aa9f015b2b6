"""The base of guard objects: SQL to create, drop and find them, state, locks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import psycopg

from order_audit.fixes.names import literal, parts, written

#: Whether a part, or a guard, is there: as it should be; not validated, not finished or switched off; not at all; or
#: something else has its name.
State = Literal["valid", "invalid", "missing", "different"]

#: The prefix of all objects that guards add to tables.
PREFIX: Final = "order_audit_"

#: `brief`: a strong lock for a moment; `long`: a long scan without blocking; `outside`: not in a transaction block.
LockClass = Literal["brief", "long", "outside"]


class GuardStatement(NamedTuple):
    """One statement, and its mode: in its own transaction, unless `outside`."""

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
    def fault(self) -> str:
        """Why the body cannot be used; empty if it can, as far as that shows without a server."""
        return ""

    @property
    def others(self) -> tuple[str, ...]:
        """Further tables that it names."""
        return ()

    @property
    @abstractmethod
    def locks(self) -> str:
        """Return its locks and their duration."""


def beside(table: str, name: str) -> str:
    """Return the name of an object in the schema of a table, as far as the table is named with its schema."""
    schema = parts(table)[:-1]
    return ".".join([*map(written, schema), name])


def qualified(table: str) -> str:
    """Return an SQL expression: the qualified, quoted name of a table."""
    return (
        "(select format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class as c"
        f" join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.oid = to_regclass({literal(table)}))"
    )


def indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))
