"""A query as the parser reads it, for questions on what its result depends on."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from order_audit.audit.analysis.query_scope import Underivable
from order_audit.audit.analysis.written import rewritten, written

#: Words that stand for the time, or for the session.
_PRESENT: Final = frozenset(
    """
    current_date current_time current_timestamp localtime localtimestamp current_user session_user current_role
    current_catalog current_schema user
    """.split()  # noqa: SIM905
)
_TIMES: Final = frozenset(("now", "today", "tomorrow", "yesterday"))
#: Types whose values are looked up in the catalog.
_CATALOG: Final = frozenset(
    ("regclass", "regproc", "regprocedure", "regtype", "regrole", "regnamespace", "regoper", "regoperator")
)


class QueryRead:
    """A query's tree. Raises Underivable for one that reads the time, the session or the catalog, or without a tree."""

    def __init__(self, body: str) -> None:
        try:
            tokens = sqlglot.tokenize(body, dialect="postgres")
            tree = sqlglot.parse_one(body, dialect="postgres")
        except (SqlglotError, RecursionError):
            raise Underivable("its query has syntax that the analysis does not know") from None
        if not isinstance(tree, exp.Query):
            raise Underivable("its query has syntax that the analysis does not know")
        for token in tokens:
            word = token.text.lower()
            if token.token_type == TokenType.STRING and word.strip() in _TIMES:
                raise Underivable("it reads the time of the audit")
            if token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER):
                if word in _PRESENT:
                    raise Underivable("it reads the time of the audit, or who runs it")
                if word in _CATALOG:
                    raise Underivable("it reads the catalog")
        self.tree = tree

    @cached_property
    def settings(self) -> frozenset[str]:
        """The settings that the query reads; an empty name for one that is not written out."""
        calls = [it for it in self.tree.find_all(exp.Anonymous) if it.name.lower() == "current_setting"]
        return frozenset(
            it.expressions[0].name if [type(arg) for arg in it.expressions] == [exp.Literal] else "" for it in calls
        )

    @cached_property
    def collations(self) -> frozenset[str]:
        """The collations that the query names, without their schemas."""
        return frozenset(it.expression.name for it in self.tree.find_all(exp.Collate))

    def bracketed(self) -> str:
        """Return the query as it was read, each part of a condition in brackets."""
        return written(rewritten(self.tree, _bracket))


def _bracket(node: exp.Expr) -> exp.Expr:
    is_operator = isinstance(node, exp.Binary) and not isinstance(node, exp.Dot | exp.Collate)
    if (is_operator or isinstance(node, exp.Not)) and not isinstance(node.parent, exp.Paren):
        return exp.Paren(this=node.copy())
    return node
