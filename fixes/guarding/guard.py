"""A guard: what makes a violation impossible, once its rule passes. See `guard_file` for the format of its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from order_audit.expectations import Rule
from order_audit.fixes.guarding.guard_object import GuardObject, GuardStatement
from order_audit.fixes.guarding.tables import Table
from order_audit.fixes.guarding.triggers import Function


class Need(NamedTuple):
    """What a guard requires: a `key` or `not null` of a table's columns, or a `guard` or `encoding` by name."""

    kind: str
    table: str = ""
    columns: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Guard:
    """The objects that prevent violations of some rules, from a guard file.

    `requires` is what its file says, `needs` the same read; `required` has the guards among them.
    """

    name: str
    title: str
    protects: tuple[Rule, ...]
    objects: tuple[GuardObject, ...]
    requires: tuple[str, ...] = ()
    assumes: str = ""
    refuses: str = ""
    path: str = ""
    needs: tuple[Need, ...] = ()
    required: tuple[Guard, ...] = ()
    text: str = field(default="", repr=False)

    @cached_property
    def after(self) -> tuple[str, ...]:
        """The guards that must be there first."""
        return tuple(need.removeprefix("guard ") for need in self.requires if need.startswith("guard "))

    @cached_property
    def locks(self) -> tuple[str, ...]:
        """The locks of its installation and their duration, a sentence each."""
        return tuple(dict.fromkeys(guard_object.locks for guard_object in self.objects if guard_object.locks))

    def document(self, schema: str) -> dict[str, Any]:
        """The guard as JSON, with plain SQL that makes it, once, for tables in `schema`, a quoted identifier."""
        made = [f"{statement.text};" for statement in home(self)]
        return {
            "name": self.name,
            "title": self.title,
            "requires": list(self.requires),
            "assumes": self.assumes,
            "sql": "\n\n".join(made + [guard_object.display_sql(schema) for guard_object in self.objects]),
        }


def verification(guard: Guard) -> str:
    """A statement that raises where the guard is not there under its own names, or is not valid."""
    return f"""do $do$
begin
  if not ({_exists_sql(guard)}) then
    raise exception 'guard {guard.name} is not there, or not valid';
  end if;
end
$do$"""


def _exists_sql(guard: Guard) -> str:
    return "\n    and ".join(guard_object.exists_sql() for guard_object in guard.objects)


def home(guard: Guard) -> list[GuardStatement]:
    if not any(isinstance(guard_object, Function | Table) for guard_object in guard.objects):
        return []
    return [
        GuardStatement("create schema if not exists order_audit", "brief"),
        GuardStatement("revoke all on schema order_audit from public", "brief"),
    ]
