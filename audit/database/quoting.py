"""Quoting for SQL that is composed from parts."""

from __future__ import annotations

from order_audit.audit.database.catalog import Relation


def quoted(name: str | Relation) -> str:
    """An identifier, or a relation with its schema, as PostgreSQL reads it back."""
    if isinstance(name, Relation):
        return f"{quoted(name.schema)}.{quoted(name.name)}"
    return '"' + name.replace('"', '""') + '"'
