"""Quoting for SQL that is composed from parts."""

from __future__ import annotations

from order_audit.audit.database.catalog import Relation


def quoted(name: str | Relation) -> str:
    """An identifier, or a relation with its schema, as PostgreSQL reads it back."""
    if isinstance(name, Relation):
        return f"{quoted(name.schema)}.{quoted(name.name)}"
    return '"' + name.replace('"', '""') + '"'


def unique_names(names: list[str]) -> list[str]:
    """Names, of which one that comes again gets a number."""
    unique: list[str] = []
    for wanted in names:
        name, number = wanted, 2
        while name in unique:
            name, number = f"{wanted}_{number}", number + 1
        unique.append(name)
    return unique
