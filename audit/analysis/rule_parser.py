"""Reads a rule's statement with the parser."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from order_audit.audit.analysis.column_lineage import (
    column_lineage,
    output_name,
    relation_name,
    source_table,
    with_query,
)
from order_audit.audit.analysis.columns_read import columns_read
from order_audit.audit.analysis.predicates import read_sets
from order_audit.audit.analysis.query_facts import ParsedQuery, SelectClauses
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.analysis.row_local import row_local_predicate
from order_audit.audit.analysis.tokens import called_names, clause_places, names_after_from, select_list, span
from order_audit.expectations import Rule, SuiteError

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

_WRITES = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Into,
    exp.Lock,
    exp.Command,
    exp.Create,
    exp.Drop,
)
_WRITING_WORDS = {TokenType.INSERT, TokenType.UPDATE, TokenType.DELETE, TokenType.MERGE, TokenType.INTO}
_SCALAR = (exp.Cast, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Lower, exp.Upper, exp.Length, exp.Round, exp.Abs,
           exp.Trim, exp.Greatest, exp.Least, exp.And, exp.Or)  # fmt: skip
#: Clauses that make a row depend on other rows: such a statement cannot share its scan.
_WHOLE = ("group", "having", "distinct", "windows", "limit", "offset", "fetch", "with_", "locks")


def read(rule: Rule) -> ParsedQuery:
    """Read a rule's statement. Raises SuiteError unless it is one reading statement."""
    try:
        tokens = sqlglot.tokenize(rule.sql, dialect="postgres")
    except SqlglotError:
        tokens = []
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if tokens:
        if tokens[0].token_type not in (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN):
            raise SuiteError(f"{rule.path}: a rule is one 'select' or 'with', not '{tokens[0].text.lower()}'")
        if any(token.token_type == TokenType.SEMICOLON for token in tokens):
            raise SuiteError(f"{rule.path}: a rule is one statement; there is more after a semicolon")
    elif rule.sql.split(maxsplit=1)[0].lower() not in ("select", "with"):
        raise SuiteError(f"{rule.path}: a rule is one 'select' or 'with'")
    text = rule.sql[: tokens[-1].end + 1] if tokens else rule.sql
    try:
        return _parsed(rule, text, tokens)
    except (SqlglotError, RecursionError):
        if any(token.token_type in _WRITING_WORDS for token in tokens):
            raise SuiteError(f"{rule.path}: a rule may only read") from None
        return ParsedQuery(text, tuple(names_after_from(tokens)), {}, None, {}, None, calls=called_names(tokens))


def _parsed(rule: Rule, text: str, tokens: list[Token]) -> ParsedQuery:
    tree = sqlglot.parse_one(text, dialect="postgres")
    if not isinstance(tree, exp.Query) or any(tree.find_all(*_WRITES)):
        raise SuiteError(f"{rule.path}: a rule may only read")
    clauses = clause_places(tokens)
    prefiltered = _prefiltered(rule, tokens)
    return ParsedQuery(
        body=_unordered(tree, text, tokens, clauses),
        relations=_relations(tree),
        column_lineage=column_lineage(tree),
        loose_lineage=column_lineage(tree, loose=True),
        clauses=_slices(tree, text, tokens, clauses, prefiltered),
        rows=_rows(tree),
        unqualified=tuple(
            (table.this.meta["start"], relation_name(table).relation)
            for table in _tables(tree)
            if not table.args.get("db") and "start" in table.this.meta
        ),
        read_sets=read_sets(tree),
        prefiltered=prefiltered,
        calls=called_names(tokens),
        columns_read=columns_read(tree),
    )


def _rows(tree: exp.Query) -> dict[str, int]:
    if not isinstance(tree, exp.Select):
        return {}
    tables = {output_name(item): source_table(item.unalias(), tree) for item in tree.selects}
    return {name: id(table) for name, table in tables.items() if table is not None}


def _relations(tree: exp.Expr) -> tuple[RelationName, ...]:
    return tuple(dict.fromkeys(relation_name(table) for table in _tables(tree)))


def _tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """The real relations of a statement, wherever they stand in it, and not its WITHs."""
    for table in tree.find_all(exp.Table, bfs=False):
        if isinstance(table.this, exp.Identifier) and with_query(table) is None:
            yield table


def _unordered(tree: exp.Query, text: str, tokens: list[Token], clauses: dict[TokenType, int]) -> str:
    place = clauses.get(TokenType.ORDER_BY)
    bounded = any(tree.args.get(part) for part in ("limit", "offset", "fetch", "locks", "distinct"))
    if place is None or bounded or tree.args.get("order") is None:
        return text
    return text[: tokens[place - 1].end + 1]


def _prefiltered(rule: Rule, tokens: list[Token]) -> tuple[int, int] | None:
    """Return the position of the prefiltered table, which must occur once."""
    if rule.prefilter is None:
        return None
    words = rule.prefilter.table.split()
    texts = [token.text for token in tokens]
    positions = [place for place in range(len(texts)) if texts[place : place + len(words)] == words]
    if len(positions) != 1:
        raise SuiteError(
            f"{rule.path}: '{rule.prefilter.table}' stands {len(positions)} times in the statement, not once"
        )
    return tokens[positions[0]].start, tokens[positions[0] + len(words) - 1].end + 1


def _slices(
    tree: exp.Query,
    text: str,
    tokens: list[Token],
    clauses: dict[TokenType, int],
    prefiltered: tuple[int, int] | None,
) -> SelectClauses | None:
    if type(tree) is not exp.Select or any(tree.args.get(part) for part in _WHOLE) or tree.is_star:
        return None
    if tree.args.get("from_") is None or any(_outer(node, tree) for node in tree.find_all(exp.AggFunc, exp.Window)):
        return None
    # a function may give several rows, which would multiply its neighbours': only those known to give one may stay
    if any(type(node) not in _SCALAR for item in tree.expressions for node in item.find_all(exp.Func)):
        return None
    begin, end = clauses.get(TokenType.FROM), len(tokens)
    if begin is None or clauses.get(TokenType.SELECT) != 0:
        return None
    where = clauses.get(TokenType.WHERE)
    order = clauses.get(TokenType.ORDER_BY, end)
    stop = where if where is not None else order
    columns = select_list(text, tokens[1:begin], tree.expressions)
    if columns is None:
        return None
    start = tokens[begin + 1].start
    if prefiltered is not None:
        prefiltered = prefiltered[0] - start, prefiltered[1] - start
    return SelectClauses(
        columns=columns,
        origin=span(text, tokens[begin + 1 : stop]),
        where=span(text, tokens[where + 1 : order]) if where is not None else "true",
        source=" ".join(text[token.start : token.end + 1] for token in tokens[begin + 1 : stop]),
        row_local=row_local_predicate(tree, text, tokens[begin + 1 : stop]),
        prefiltered=prefiltered,
    )


def _outer(node: exp.Expr, tree: exp.Expr) -> bool:
    """Whether a node belongs to the outermost select, and not to a subquery of it."""
    return node.find_ancestor(exp.Select) is tree
