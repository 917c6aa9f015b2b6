"""Column lineage of a statement's text: of a view, or of a rule that reads views."""

from __future__ import annotations

from order_audit.audit.analysis.query_facts import Lineage, Resolve


def statement_lineage(text: str, resolve: Resolve, *, loose: bool) -> Lineage:
    """Return the lineage of a statement's columns, as `column_lineage` does; empty if it cannot be parsed."""
    # to import the parser takes long, and audits of the program's own rules need none
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    from order_audit.audit.analysis.column_lineage import column_lineage

    try:
        tree = sqlglot.parse_one(text, dialect="postgres")
        return column_lineage(tree, resolve, loose=loose) if isinstance(tree, exp.Query) else {}
    except (SqlglotError, RecursionError):
        return {}
