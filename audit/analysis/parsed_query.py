"""What a rule's SQL reads, and whether it can share a scan.

The parser only looks: what is run are slices of the author's own text, so that a parser's idea of PostgreSQL can
never change what a rule means. A statement that it cannot parse is run as it stands.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from order_audit.audit.analysis.column_lineage import column_lineage, folded_name, output_name, source_table, with_query
from order_audit.audit.analysis.predicates import ReadSet, read_sets
from order_audit.audit.analysis.row_local import RowLocalPredicate, row_local_predicate
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
_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET)
_CLAUSES = (TokenType.SELECT, TokenType.FROM, TokenType.WHERE, TokenType.ORDER_BY)
_SCALAR = (exp.Cast, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Lower, exp.Upper, exp.Length, exp.Round, exp.Abs,
           exp.Trim, exp.Greatest, exp.Least, exp.And, exp.Or)  # fmt: skip
#: Clauses that make a row depend on other rows: such a statement cannot share its scan.
_WHOLE = ("group", "having", "distinct", "windows", "limit", "offset", "fetch", "with_", "locks")


@dataclass(frozen=True, order=True)
class RelationName:
    """A relation as a rule writes it: `schema` is empty where the search path decides."""

    schema: str
    relation: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.relation}" if self.schema else self.relation


@dataclass(frozen=True)
class SelectClauses:
    """A plain select in pieces: each column's expression, FROM and WHERE, as the author wrote them.

    `source` is FROM without comments and spacing: rules with the same one can share a scan. `row_local` is there where
    what is judged is a value of one table's row. `prefiltered` is the place in `origin` of the table whose rows the
    rule's prefilter excludes.
    """

    columns: tuple[str, ...]
    origin: str
    where: str
    source: str
    row_local: RowLocalPredicate | None = None
    prefiltered: tuple[int, int] | None = None


@dataclass(frozen=True)
class ParsedQuery:
    """One reading statement.

    `body` is the statement without a last ORDER BY that changes nothing but the order. `relations` are those it reads,
    the first one first. `column_lineage` names, per column of the result, the tables' columns that it is made of, None
    where nobody knows. `rows` tells which columns are taken as they are, through whatever derived tables, from the same
    row of the same table: they have the same number. `unqualified` is where relations stand that the search path finds;
    None where nobody knows. `calls` are the names before an opening bracket, those of all functions among them; None
    where the text could not be read.
    """

    body: str
    relations: tuple[RelationName, ...]
    column_lineage: dict[str, frozenset[str] | None]
    clauses: SelectClauses | None
    rows: dict[str, int]
    unqualified: tuple[int, ...] | None
    read_sets: dict[str, ReadSet] = field(default_factory=dict)
    prefiltered: tuple[int, int] | None = None
    calls: frozenset[str] | None = None


@cache
def parse(rule: Rule) -> ParsedQuery:
    """Look at a rule's statement. Raises SuiteError unless it is one reading statement."""
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
        return ParsedQuery(text, tuple(_names_after_from(tokens)), {}, None, {}, None, calls=_calls(tokens))


def _parsed(rule: Rule, text: str, tokens: list[Token]) -> ParsedQuery:
    tree = sqlglot.parse_one(text, dialect="postgres")
    if not isinstance(tree, exp.Query) or any(tree.find_all(*_WRITES)):
        raise SuiteError(f"{rule.path}: a rule may only read")
    clauses = _clauses(tokens)
    prefiltered = _prefiltered(rule, tokens)
    return ParsedQuery(
        body=_unordered(tree, text, tokens, clauses),
        relations=_relations(tree),
        column_lineage=column_lineage(tree),
        clauses=_slices(tree, text, tokens, clauses, prefiltered),
        rows=_rows(tree),
        unqualified=tuple(
            table.this.meta["start"]
            for table in _tables(tree)
            if not table.args.get("db") and "start" in table.this.meta
        ),
        read_sets=read_sets(tree),
        prefiltered=prefiltered,
        calls=_calls(tokens),
    )


def qualified(rule: Rule, schema: str) -> str:
    """The rule's statement as it is to be pasted into psql where its tables are in `schema`, a quoted identifier."""
    places = parse(rule).unqualified
    if places is None:
        return f"set search_path to {schema};\n{rule.sql}"
    text = rule.sql
    for place in sorted(set(places), reverse=True):
        text = f"{text[:place]}{schema}.{text[place:]}"
    return text


def _rows(tree: exp.Query) -> dict[str, int]:
    if not isinstance(tree, exp.Select):
        return {}
    found = {output_name(item): source_table(item.unalias(), tree) for item in tree.selects}
    return {name: id(table) for name, table in found.items() if table is not None}


def _relations(tree: exp.Expr) -> tuple[RelationName, ...]:
    return tuple(dict.fromkeys(_name(table) for table in _tables(tree)))


def _tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """The real relations of a statement, wherever they stand in it, and not its WITHs."""
    for table in tree.find_all(exp.Table, bfs=False):
        if isinstance(table.this, exp.Identifier) and with_query(table) is None:
            yield table


def _name(table: exp.Table) -> RelationName:
    schema = table.args.get("db")
    return RelationName(folded_name(schema) if schema else "", folded_name(table.this))


def _clauses(tokens: list[Token]) -> dict[TokenType, int]:
    """Where each clause of the outermost statement begins: its keyword's place among the tokens."""
    depth = 0
    clauses: dict[TokenType, int] = {}
    for place, token in enumerate(tokens):
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        if depth == 0 and token.token_type in _CLAUSES:
            if token.token_type == TokenType.FROM and tokens[place - 1].token_type == TokenType.DISTINCT:
                continue  # is distinct from
            clauses.setdefault(token.token_type, place)
    return clauses


def _unordered(tree: exp.Query, text: str, tokens: list[Token], clauses: dict[TokenType, int]) -> str:
    place = clauses.get(TokenType.ORDER_BY)
    bounded = any(tree.args.get(part) for part in ("limit", "offset", "fetch", "locks", "distinct"))
    if place is None or bounded or tree.args.get("order") is None:
        return text
    return text[: tokens[place - 1].end + 1]


def _prefiltered(rule: Rule, tokens: list[Token]) -> tuple[int, int] | None:
    """Where the table stands whose rows are prefiltered, which must be one place."""
    if rule.prefilter is None:
        return None
    words = rule.prefilter.table.split()
    texts = [token.text for token in tokens]
    found = [place for place in range(len(texts)) if texts[place : place + len(words)] == words]
    if len(found) != 1:
        raise SuiteError(f"{rule.path}: '{rule.prefilter.table}' stands {len(found)} times in the statement, not once")
    return tokens[found[0]].start, tokens[found[0] + len(words) - 1].end + 1


def _slices(
    tree: exp.Query,
    text: str,
    tokens: list[Token],
    clauses: dict[TokenType, int],
    prefiltered: tuple[int, int] | None,
) -> SelectClauses | None:
    if type(tree) is not exp.Select or any(tree.args.get(part) for part in _WHOLE) or tree.is_star:
        return None
    if tree.args.get("from_") is None or any(_outer(found, tree) for found in tree.find_all(exp.AggFunc, exp.Window)):
        return None
    # a function may give several rows, which would multiply its neighbours': only those known to give one may stay
    if any(type(found) not in _SCALAR for item in tree.expressions for found in item.find_all(exp.Func)):
        return None
    begin, end = clauses.get(TokenType.FROM), len(tokens)
    if begin is None or clauses.get(TokenType.SELECT) != 0:
        return None
    where = clauses.get(TokenType.WHERE)
    order = clauses.get(TokenType.ORDER_BY, end)
    stop = where if where is not None else order
    columns = _columns(text, tokens[1:begin], tree.expressions)
    if columns is None:
        return None
    start = tokens[begin + 1].start
    if prefiltered is not None:
        prefiltered = prefiltered[0] - start, prefiltered[1] - start
    return SelectClauses(
        columns=columns,
        origin=_text(text, tokens[begin + 1 : stop]),
        where=_text(text, tokens[where + 1 : order]) if where is not None else "true",
        source=" ".join(text[token.start : token.end + 1] for token in tokens[begin + 1 : stop]),
        row_local=row_local_predicate(tree, text, tokens[begin + 1 : stop]),
        prefiltered=prefiltered,
    )


def _outer(node: exp.Expr, tree: exp.Expr) -> bool:
    """Whether a node belongs to the outermost select, and not to a subquery of it."""
    return node.find_ancestor(exp.Select) is tree


def _columns(text: str, tokens: list[Token], parsed: list[exp.Expr]) -> tuple[str, ...] | None:
    """The expressions of a select list, without their aliases."""
    items: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        if depth == 0 and token.token_type == TokenType.COMMA:
            items.append([])
        else:
            items[-1].append(token)
    if len(items) != len(parsed):
        return None
    columns = []
    for item, expression in zip(items, parsed, strict=True):
        if isinstance(expression, exp.Alias):
            item = item[:-2] if item[-2].token_type == TokenType.ALIAS else item[:-1]  # 'as' may be left out
        columns.append(_text(text, item))
    return tuple(columns)


def _text(text: str, tokens: list[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end + 1]


def _calls(tokens: list[Token]) -> frozenset[str] | None:
    """The names before an opening bracket, as the catalog has them; None where there are no tokens."""
    if not tokens:
        return None
    called = (token for token, after in pairwise(tokens) if after.token_type == TokenType.L_PAREN)
    return frozenset(token.text if token.token_type == TokenType.IDENTIFIER else token.text.lower() for token in called)


def _names_after_from(tokens: list[Token]) -> list[RelationName]:
    """Relations of a statement that could not be parsed: the names after FROM and JOIN, but for its own WITHs."""
    local = {
        token.text.lower()
        for token, after in pairwise(tokens)
        if after.token_type in (TokenType.ALIAS, TokenType.L_PAREN)
    }
    names: dict[RelationName, None] = {}
    for place, token in enumerate(tokens[:-1]):
        if token.token_type not in (TokenType.FROM, TokenType.JOIN):
            continue
        words = tokens[place + 1 : place + 5]
        parts = [_word(words[0])]
        if len(words) > 2 and words[1].token_type == TokenType.DOT:
            parts.append(_word(words[2]))
        followed = words[2 * len(parts) - 1] if len(words) >= 2 * len(parts) else None
        if all(parts) and not (followed and followed.token_type == TokenType.L_PAREN):
            name = RelationName(parts[0] if len(parts) > 1 else "", parts[-1])
            if name.schema or name.relation not in local:
                names[name] = None
    return list(names)


def _word(token: Token) -> str:
    if token.token_type == TokenType.IDENTIFIER:
        return token.text
    return token.text.lower() if token.token_type == TokenType.VAR else ""
