"""Translates a rule's statement from PostgreSQL to another engine, or says what that engine is not known to have."""

from order_audit.audit.lake.translate.duckdb_dialect import duckdb_dialect
from order_audit.audit.lake.translate.errors import NoColumnError, NotTranslatable, UnusableColumnError
from order_audit.audit.lake.translate.facts import ServerFacts
from order_audit.audit.lake.translate.statement import Translation, translate

__all__ = [
    "NoColumnError",
    "NotTranslatable",
    "ServerFacts",
    "Translation",
    "UnusableColumnError",
    "duckdb_dialect",
    "translate",
]
