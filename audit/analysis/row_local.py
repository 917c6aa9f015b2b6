"""Row-local predicates: rules that judge each row of one table separately, and the columns that they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from order_audit.audit.analysis.column_lineage import folded_name, with_query
from order_audit.audit.analysis.query_facts import RowLocalPredicate

#: Nodes of an expensive condition: patterns, subqueries, and functions unknown to sqlglot (such as JSON functions).
_DEAR = (exp.Query, exp.RegexpLike, exp.RegexpILike, exp.RegexpReplace, exp.SimilarTo, exp.JSONExtract, exp.Anonymous)
#: Volatile expressions. Functions called by name are looked up in the catalog.
_FICKLE = (exp.Rand, exp.Uuid)
_SETS = (exp.Explode, exp.Unnest, exp.GenerateSeries)


def row_local_predicate(tree: exp.Select, text: str, origin: list[Token]) -> RowLocalPredicate | None:
    """Parse a plain select with the tokens `origin` of `text` as FROM; None if it is not row-local."""
    table = tree.args["from_"].this
    if type(table) is not exp.Table or with_query(table) is not None or not isinstance(table.this, exp.Identifier):
        return None
    alias = table.args.get("alias")
    if any(value for part, value in table.args.items() if part not in ("this", "db", "alias")):
        return None  # a sample, say
    if alias is not None and alias.columns:
        return None
    own = alias.this if alias is not None else table.this
    joins: list[exp.Expr] = [*(tree.args.get("joins") or ()), *(tree.args.get("laterals") or ())]
    where = tree.args.get("where")
    deciding = [*joins, *([where] if where is not None else [])]
    if any(with_query(node) is None for join in joins for node in join.find_all(exp.Table)):
        return None
    if any(part.find(*_FICKLE) for part in deciding) or any(item.find(exp.Query) for item in tree.expressions):
        return None
    reads: set[str] = set()
    for part in (*deciding, *tree.expressions):
        columns = _columns(part, folded_name(own), tree, alone=not joins)
        shown = not any(part is other for other in deciding)
        if columns is None or (shown and columns.others):
            return None
        reads |= set() if shown else columns.own
    end = 3 if table.args.get("db") else 1
    if alias is not None:
        end += 2 if origin[end].token_type == TokenType.ALIAS else 1
    rest = origin[end:]
    return RowLocalPredicate(
        table=" ".join(text[token.start : token.end + 1] for token in origin[:end]),
        alias=own.sql(dialect="postgres"),
        lateral_joins=text[rest[0].start : rest[-1].end + 1] if rest else "",
        aliases=frozenset(join.alias_or_name.lower() for join in joins),
        single=all(_gives_one_row(join) for join in joins),
        reads=frozenset(reads),
        is_expensive=any(part.find(*_DEAR) is not None for part in deciding),
        calls=_calls(deciding),
        lateral_calls=_calls(joins),
    )


def _calls(among: Iterable[exp.Expr]) -> frozenset[str]:
    return frozenset(call.name.lower() for part in among for call in part.find_all(exp.Anonymous))


@dataclass(frozen=True)
class _Columns:
    own: set[str]
    others: set[str]


def _columns(part: exp.Expr, own: str, tree: exp.Select, *, alone: bool) -> _Columns | None:
    """Return the columns of an expression from the source named `own`, and from others; None if unknown."""
    columns = _Columns(set(), set())
    if own in _named(part):
        return None
    for column in part.find_all(exp.Column):
        qualifier = column.args.get("table")
        if not isinstance(column.this, exp.Identifier) or column.args.get("db"):
            return None
        if qualifier is not None:
            (columns.own if folded_name(qualifier) == own else columns.others).add(folded_name(column.this))
        elif alone and column.find_ancestor(exp.Select) is tree:
            columns.own.add(folded_name(column.this))
        else:
            return None  # it may belong to either
    return columns


def _named(part: exp.Expr) -> Iterator[str]:
    """Return the aliases that an expression defines."""
    for source in part.find_all(exp.Table, exp.Subquery, exp.Lateral):
        alias = source.args.get("alias")
        if isinstance(alias, exp.TableAlias) and isinstance(alias.this, exp.Identifier):
            yield folded_name(alias.this)
        elif isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
            yield folded_name(source.this)


def _gives_one_row(join: exp.Expr) -> bool:
    """Whether a join adds columns and nothing else: CROSS JOIN LATERAL of a select without FROM."""
    lateral = join.this if isinstance(join, exp.Join) else None
    if lateral is None or any(join.args.get(part) for part in ("on", "using", "side")):
        return False
    query = lateral.this if isinstance(lateral, exp.Lateral) else None
    select = query.this if isinstance(query, exp.Subquery) else query
    if not isinstance(select, exp.Select) or any(node is not select for node in select.find_all(exp.Query)):
        return False
    offset = select.args.get("offset")
    return (
        not any(select.args.get(part) for part in ("from_", "where", "group", "having", "distinct", "limit", "fetch"))
        and (offset is None or (isinstance(offset.expression, exp.Literal) and offset.expression.this == "0"))
        and not any(select.find_all(*_SETS, exp.AggFunc))
    )
