"""Where the statements of DDL files define tables, columns and other objects: a dump of the schema, or migrations."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from order_audit.audit.analysis.ddl_tokens import TOKEN

#: An object by the parts of its name, as the catalogs have them: schema, table, column.
Name: TypeAlias = tuple[str, ...]

#: What no statement consists of: rows of a dump with their statement, commands of psql, comments in /* */.
_ROWS: Final = re.compile(r"^copy\s[^;]*\bfrom\s+stdin\b[^;]*;.*?^\\\.$", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_COMMANDS: Final = re.compile(r"^\\.*$", re.MULTILINE)
_COMMENTS: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
#: Words between `create` or `alter` and the kind of object, or between that and its name.
_BETWEEN: Final = {
    "or", "replace", "temp", "temporary", "unlogged", "global", "local", "foreign", "materialized", "recursive",
    "unique", "concurrently", "if", "not", "exists", "only", "constraint", "event",
}  # fmt: skip
_KINDS: Final = {
    "table", "view", "index", "sequence", "type", "domain", "function", "procedure", "trigger", "schema", "policy",
}  # fmt: skip
#: How items of a table begin that are no columns.
_NO_COLUMN: Final = {"primary", "unique", "check", "foreign", "exclude", "like", "constraint"}


@dataclass(frozen=True)
class _Token:
    text: str
    word: str
    line: int


def definitions(text: str, schema: str) -> dict[Name, int]:
    """Return the line (from 1) at which each object of a file is defined last. Names without a schema are in `schema`.

    A change of a column's type defines it again; its new default does not.
    """
    found: dict[Name, int] = {}
    for statement in _statements(_blanked(text)):
        found |= _defined(statement, schema)
    return found


def place_of(shown: str, schema: str, known: Mapping[Name, tuple[str, int]]) -> tuple[str, int] | None:
    """Return the file and line of an object of a schema finding; else of its table; else None.

    `shown` is as findings have it: `table.column` in the audited schema, else `schema.table.column`.
    """
    parts = tuple(it.word for it in _tokens(shown) if it.word)
    candidates = [(schema, *parts), parts]
    for length in range(len(parts), 0, -1):
        for name in candidates:
            kept = name[: len(name) - len(parts) + length]
            if kept in known and (len(kept) > 1 or kept == parts):
                return known[kept]
    return None


def _blanked(text: str) -> str:
    """Return a text of the same lines without what is no SQL."""
    for pattern in (_ROWS, _COMMANDS, _COMMENTS):
        text = pattern.sub(lambda it: re.sub(r"[^\n]", " ", it[0]), text)
    return text


def _tokens(text: str) -> Iterator[_Token]:
    starts = [0, *(it.end() for it in re.finditer("\n", text))]
    for match in TOKEN.finditer(text):
        if match["space"] is not None or match["comment"] is not None:
            continue
        name = match["name"]
        unquoted = name[1:-1].replace('""', '"') if name else (match["word"] or "").lower()
        yield _Token(match[0], unquoted, bisect.bisect_right(starts, match.start()))


def _statements(text: str) -> Iterator[list[_Token]]:
    statement: list[_Token] = []
    for token in _tokens(text):
        if token.text == ";":
            yield statement
            statement = []
        else:
            statement.append(token)
    yield statement


def _defined(statement: Sequence[_Token], schema: str) -> dict[Name, int]:
    if len(statement) < 3 or statement[0].word not in ("create", "alter"):
        return {}
    at = _past(statement, 1)
    kind = statement[at].word if at < len(statement) else ""
    if kind not in _KINDS:
        return {}
    name, at = _name(statement, _past(statement, at + 1), schema if kind != "schema" else "")
    if not name:
        return {}
    line = statement[0].line
    if statement[0].word == "alter":
        return _altered(name, statement[at:]) if kind == "table" else {}
    if kind in ("trigger", "policy"):
        table = next((place for place, it in enumerate(statement) if place >= at and it.word == "on"), None)
        owner = _name(statement, _past(statement, table + 1), schema)[0] if table is not None else ()
        return {(*owner, name[-1]): line} if owner else {}
    if kind == "index":  # is in the schema of its table, which its own name cannot say
        table = next((place for place, it in enumerate(statement) if place >= at and it.word == "on"), None)
        owner = _name(statement, _past(statement, table + 1), schema)[0] if table is not None else name
        return {(owner[0], name[-1]): line}
    found = {name: line}
    if kind == "table" and at < len(statement) and statement[at].text == "(":
        found |= {(*name, column): number for column, number in _columns(statement[at + 1 :])}
    return found


def _past(statement: Sequence[_Token], at: int) -> int:
    while at < len(statement) and statement[at].word in _BETWEEN and not statement[at].text.startswith('"'):
        at += 1
    return at


def _name(statement: Sequence[_Token], at: int, schema: str) -> tuple[Name, int]:
    """Return the name that begins at a token, with its schema unless that is empty, and the place behind it."""
    parts: list[str] = []
    while at < len(statement) and statement[at].word:
        parts.append(statement[at].word)
        at += 1
        if at >= len(statement) or statement[at].text != ".":
            break
        at += 1
    name = tuple(parts)
    return ((schema, *name) if schema and len(name) == 1 else name), at


def _columns(tokens: Sequence[_Token]) -> Iterator[tuple[str, int]]:
    """Yield the columns and named constraints between brackets, the first of which is read already."""
    for item in _items(tokens):
        first = item[0]
        if first.word == "constraint" and len(item) > 1 and item[1].word:
            yield item[1].word, first.line
        elif first.word and (first.word not in _NO_COLUMN or first.text.startswith('"')):
            yield first.word, first.line


def _items(tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """Yield the parts of a list, up to the bracket that ends it."""
    depth = 0
    item: list[_Token] = []
    for token in tokens:
        if depth == 0 and token.text in (",", ")"):
            if item:
                yield item
            item = []
            if token.text == ")":
                return
            continue
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        item.append(token)
    if item:
        yield item


def _altered(table: Name, tokens: Sequence[_Token]) -> dict[Name, int]:
    found: dict[Name, int] = {}
    for action in _items(tokens):
        words = [it.word for it in action]
        line = action[0].line
        if words[:2] == ["add", "constraint"] and len(words) > 2:
            found[*table, words[2]] = line
        elif words[0] == "add" and words[1:2] and words[1] not in _NO_COLUMN:
            rest = [it for it in words[1:] if it not in ("column", "if", "not", "exists")]
            found |= {(*table, rest[0]): line} if rest else {}
        elif words[0] == "alter" and "type" in words[2:5]:
            found[*table, words[2] if words[1] == "column" else words[1]] = line
        elif words[:2] == ["rename", "to"] and len(words) > 2:
            found[table[0], words[2]] = line
        elif words[0] == "rename" and "to" in words:
            found[*table, words[words.index("to") + 1]] = line
    return found
