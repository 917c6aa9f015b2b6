"""The text of a query without its WITH queries, which may then stand in front of a larger statement."""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType


@dataclass(frozen=True)
class WithTexts:
    """The text of WITH queries without the word itself, the text of what follows them, the names `materialized`."""

    queries: str
    rest: str
    materialized: frozenset[str]


def with_texts(body: str) -> WithTexts | None:
    """Divide a query; None unless it has WITH queries without RECURSIVE and lists of columns, and then a select."""
    try:
        tokens = sqlglot.tokenize(body, dialect="postgres")
    except SqlglotError:
        return None
    words = [token.text.lower() for token in tokens]
    if words[:1] != ["with"]:
        return None
    materialized: list[str] = []
    place = 1
    while True:
        if words[place + 1 : place + 4] == ["as", "materialized", "("]:
            materialized.append(_name(tokens[place]))
            place += 3
        elif words[place + 1 : place + 3] == ["as", "("]:
            place += 2
        else:
            return None
        last = _end(tokens, place)
        if last is None or last + 1 >= len(tokens):
            return None
        place = last + 2
        if tokens[last + 1].token_type != TokenType.COMMA:
            break
    if words[last + 1] != "select":
        return None
    queries = body[tokens[0].end + 1 : tokens[last].end + 1]
    return WithTexts(queries.strip(), body[tokens[last].end + 1 :].strip(), frozenset(materialized))


def _name(token: Token) -> str:
    return token.text if token.token_type == TokenType.IDENTIFIER else token.text.lower()


def _end(tokens: list[Token], place: int) -> int | None:
    """Return the place of the bracket that closes the one at a place."""
    depth = 0
    for number in range(place, len(tokens)):
        kind = tokens[number].token_type
        depth += (kind == TokenType.L_PAREN) - (kind == TokenType.R_PAREN)
        if not depth:
            return number
    return None
