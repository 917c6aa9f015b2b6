"""A query as the parser reads it, for questions on what its result depends on."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from order_audit.audit.analysis.column_lineage import folded_name, with_query
from order_audit.audit.analysis.query_scope import Underivable
from order_audit.audit.analysis.written import rewritten, written

#: Words that stand for the time, or for the session.
_PRESENT: Final = frozenset(
    """
    current_date current_time current_timestamp localtime localtimestamp current_user session_user current_role
    current_catalog current_schema user system_user
    """.split()  # noqa: SIM905
)
_TIMES: Final = re.compile(r"\b(?:now|today|tomorrow|yesterday)\b", re.IGNORECASE)
#: Texts, in quotes of each kind.
_TEXTS: Final = frozenset(
    (TokenType.STRING, TokenType.BYTE_STRING, TokenType.HEREDOC_STRING, TokenType.NATIONAL_STRING,
     TokenType.UNICODE_STRING, TokenType.RAW_STRING)
)  # fmt: skip
#: Bytes of a name that count for the server.
_NAME: Final = 63
#: Types whose values are looked up in the catalog.
_CATALOG: Final = frozenset(
    (
        "regclass",
        "regproc",
        "regprocedure",
        "regtype",
        "regrole",
        "regnamespace",
        "regoper",
        "regoperator",
        "regconfig",
        "regdictionary",
        "regcollation",
    )
)


#: Aggregates whose result depends on the order in which rows come, unless they name one.
_ORDERED: Final = frozenset(
    """
    array_agg string_agg json_agg jsonb_agg json_agg_strict jsonb_agg_strict json_object_agg jsonb_object_agg
    json_object_agg_strict jsonb_object_agg_strict json_object_agg_unique jsonb_object_agg_unique
    json_object_agg_unique_strict jsonb_object_agg_unique_strict json_arrayagg json_objectagg xmlagg any_value
    """.split()  # noqa: SIM905
)
_ORDERED_NODES: Final = (
    exp.ArrayAgg, exp.GroupConcat, exp.JSONArrayAgg, exp.JSONObjectAgg, exp.JSONBObjectAgg,
    exp.AnyValue,
)  # fmt: skip
#: Aggregates that add: of floating-point numbers, the sum depends on the order.
_ADDING: Final = frozenset(
    """
    sum avg stddev stddev_pop stddev_samp variance variance_pop var_pop var_samp corr covar_pop covar_samp regr_avgx
    regr_avgy regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    """.split()  # noqa: SIM905
)
_EXACT: Final = (exp.DType.DECIMAL, exp.DType.INT, exp.DType.BIGINT, exp.DType.SMALLINT)
_TYPES_OF_FLOATS: Final = frozenset(("float", "float4", "float8", "real", "double"))
#: Functions and operators that give floating-point numbers.
_FLOATING: Final = frozenset(
    """
    date_part sqrt cbrt exp ln log log10 power pow pi random degrees radians sin cos tan atan atan2 similarity ts_rank
    ^ |/ ||/ <->
    """.split()  # noqa: SIM905
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
            if token.token_type in _TEXTS and _TIMES.search(word):
                raise Underivable("it has a text that may stand for the time of the audit")
            if token.token_type not in _TEXTS and len(token.text.encode()) > _NAME:
                raise Underivable("it has a name that is too long for the server")
            if token.token_type not in _TEXTS and word in _CATALOG:
                raise Underivable("it reads the catalog")
            if token.token_type not in _TEXTS and token.token_type != TokenType.IDENTIFIER:
                if not token.text.isascii() and word != token.text:
                    raise Underivable("it has a name that the server may fold in another way")
                if word in _PRESENT:
                    raise Underivable("it reads the time of the audit, or who runs it")
        self.tree = tree
        self._words = {token.text.lower() for token in tokens if token.token_type not in _TEXTS}

    def refuse_order(self, floats: Collection[str]) -> None:
        """Raise Underivable if a result depends on the order in which rows come; `floats` are names of columns."""
        for node in self.tree.find_all(*_ORDERED_NODES, exp.Anonymous):
            if isinstance(node, exp.Anonymous) and node.name.lower() not in _ORDERED:
                continue
            if node.find(exp.Order, exp.Distinct) is None and not isinstance(node.parent, exp.WithinGroup | exp.Window):
                raise Underivable("it has an aggregate without an order, whose result depends on that of the rows")
        names = self._words | {column.name for column in self.tree.find_all(exp.Column)}
        floating = names & (_TYPES_OF_FLOATS | _FLOATING)
        sums = [it for it in self.tree.find_all(exp.AggFunc, exp.Anonymous) if _adds(it)]
        if any(floating or not _columns_of(it).isdisjoint(floats) for it in sums):
            raise Underivable("it adds floating-point numbers, whose sum depends on the order of the rows")

    @cached_property
    def types(self) -> frozenset[str]:
        """The types that the query names and the parser does not know, without their schemas."""
        kinds = [it.args.get("kind") for it in self.tree.find_all(exp.DataType)]
        names = [it.expression if isinstance(it, exp.Dot) else it for it in kinds if isinstance(it, exp.Expr)]
        return frozenset(folded_name(it) if isinstance(it, exp.Identifier) else it.name.lower() for it in names)

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

    @cached_property
    def merges(self) -> bool:
        """Whether the query makes one row of several that are equal."""
        return self.tree.find(exp.Group, exp.Distinct, exp.SetOperation) is not None

    def bracketed(self) -> str:
        """Return the query as it was read, each part of a condition in brackets."""
        return written(rewritten(self.tree, _bracket))


def _adds(call: exp.Expr) -> bool:
    """Whether a call may add floating-point numbers: it adds, and its argument is not cast to an exact type."""
    name = call.name if isinstance(call, exp.Anonymous) else call.sql_name() if isinstance(call, exp.Func) else ""
    if name.lower() not in _ADDING:
        return False
    only = list(call.iter_expressions())
    return not (len(only) == 1 and isinstance(only[0], exp.Cast) and only[0].to.this in _EXACT)


def _columns_of(call: exp.Expr) -> set[str]:
    """Return the names of the columns in the select of a call; of the whole query if it reads anything outside."""
    select: exp.Expr = call.find_ancestor(exp.Select) or call.root()
    inside = {it.alias_or_name.lower() for it in select.find_all(exp.Table, exp.Subquery, exp.Lateral)}
    reads_outside = any(with_query(table) is not None for table in select.find_all(exp.Table)) or any(
        column.table.lower() not in inside for column in select.find_all(exp.Column)
    )
    if reads_outside:
        select = call.root()
    return {folded_name(it.this) for it in select.find_all(exp.Column) if isinstance(it.this, exp.Identifier)}


def _bracket(node: exp.Expr) -> exp.Expr:
    is_operator = isinstance(node, exp.Binary) and not isinstance(node, exp.Dot | exp.Collate)
    if (is_operator or isinstance(node, exp.Not)) and not isinstance(node.parent, exp.Paren):
        return exp.Paren(this=node.copy())
    return node
