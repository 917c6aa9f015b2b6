"""A statement as tokens: starts of clauses, calls, names after FROM."""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from order_audit.audit.analysis.relation_name import RelationName

_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET)
_CLAUSES = (TokenType.SELECT, TokenType.FROM, TokenType.WHERE, TokenType.ORDER_BY)


def clause_places(tokens: list[Token]) -> dict[TokenType, int]:
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


def select_list(text: str, tokens: list[Token], parsed: list[exp.Expr]) -> tuple[str, ...] | None:
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
        columns.append(span(text, item))
    return tuple(columns)


def span(text: str, tokens: list[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end + 1]


def called_names(tokens: list[Token]) -> frozenset[str] | None:
    """The names before an opening bracket, as the catalog has them; None where there are no tokens."""
    if not tokens:
        return None
    called = (token for token, after in pairwise(tokens) if after.token_type == TokenType.L_PAREN)
    return frozenset(token.text if token.token_type == TokenType.IDENTIFIER else token.text.lower() for token in called)


def names_after_from(tokens: list[Token]) -> list[RelationName]:
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
