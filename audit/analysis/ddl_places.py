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
#: The file and the line (from 1) at which each object is defined.
Places: TypeAlias = dict[Name, tuple[str, int]]

#: What no statement consists of: rows of a dump or of psql's \\copy with their statement, commands of psql.
_ROWS: Final = re.compile(
    r"^(?:copy\s[^;]*\bfrom\s+stdin\b[^;]*;|\\copy\s[^\n]*\bfrom\s+p?stdin\b[^\n]*$).*?^\\\.$",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_COMMANDS: Final = re.compile(r"^\\.*$", re.MULTILINE)
#: A comment in /* */ where a token could begin, and not inside of a text, a function's body or another comment.
_TOKEN: Final = re.compile(rf"(?P<block>/\*.*?\*/)|{TOKEN.pattern}", re.VERBOSE | re.DOTALL)
#: An object of a finding whose parts are words, names in quotation marks, or lists of them.
_PARTS: Final = re.compile(r"""(?:(?:[^\W\d][\w$]*|"(?:""|[^"])*"|\([^()]*\))(?:\.|(?=\()|$))+""")
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


def definitions(text: str, schema: str, file: str = "", earlier: Places | None = None) -> Places:
    """Return where each object is defined last: in a file with this text, else in the `earlier` ones.

    Names without a schema are in the one that `set search_path` names, until then in `schema`. A change of a column's
    type defines it again; its new default does not. What a renamed table has keeps its places.
    """
    found = dict(earlier or {})
    home = schema
    for statement in _statements(_blanked(text)):
        home = _home(statement, home, schema)
        defined = _defined(statement, home)
        if (renamed := _renamed(statement, home)) and defined:
            old, new = renamed
            found |= {(*new, *name[len(old) :]): at for name, at in found.items() if name[: len(old)] == old}
        found |= {name: (file, line) for name, line in defined.items()}
    return found


class Finder:
    """Finds where objects are defined, by their names in schema findings."""

    def __init__(self, known: Mapping[Name, tuple[str, int]], schema: str) -> None:
        """Take the places of all objects, and the audited schema."""
        self._known, self._schema = known, schema
        self._by_text = {".".join(name): place for name, place in known.items()}
        self._schemas = {name[0] for name in known if len(name) == 1}

    def place(self, shown: str) -> tuple[str, int] | None:
        """Return the file and line of an object; else of its table; else None.

        `shown` is as findings have it: `table.column` in the audited schema, else `schema.table.column`, each as the
        catalogs have it, so that a space or a dot may be a part of a name.
        """
        if found := self._of_text(shown):
            return found
        if _PARTS.fullmatch(shown) and (found := _of_parts(shown, self._schema, self._known)):
            return found
        ends = (it.start() for it in reversed(list(re.finditer(r"[.(]", shown))))
        owners = (owner for end in ends if (owner := shown[:end]) not in self._schemas)
        return next((found for owner in owners if (found := self._of_text(owner))), None)

    def _of_text(self, shown: str) -> tuple[str, int] | None:
        return self._by_text.get(f"{self._schema}.{shown}") or self._by_text.get(shown)


def _of_parts(shown: str, schema: str, known: Mapping[Name, tuple[str, int]]) -> tuple[str, int] | None:
    parts = tuple(it.word if it.text.startswith('"') else it.text for it in _tokens(shown) if it.word)
    candidates = [(schema, *parts), parts]
    for length in range(len(parts), 0, -1):
        for name in candidates:
            kept = name[: len(name) - len(parts) + length]
            if kept in known and (len(kept) > 1 or kept == parts):
                return known[kept]
    return None


def _blanked(text: str) -> str:
    """Return a text of the same lines without what is no SQL."""
    for pattern in (_ROWS, _COMMANDS):
        text = pattern.sub(lambda it: re.sub(r"[^\n]", " ", it[0]), text)
    return text


def _tokens(text: str) -> Iterator[_Token]:
    starts = [0, *(it.end() for it in re.finditer("\n", text))]
    for match in _TOKEN.finditer(text):
        if any(match[kind] is not None for kind in ("block", "space", "comment")):
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


def _home(statement: Sequence[_Token], home: str, schema: str) -> str:
    """Return the schema of names without one behind a statement."""
    words = [it.word for it in statement if it.word not in ("session", "local")]
    if words[:2] == ["reset", "search_path"]:
        return schema
    if words[:2] != ["set", "search_path"] or len(words) < 4:
        return home
    named = next((it for it in words[3 if words[2] == "to" else 2 :] if it), "")
    return schema if named in ("", "default") else named


def _renamed(statement: Sequence[_Token], home: str) -> tuple[Name, Name] | None:
    """Return the old and the new name of a table that a statement renames."""
    words = [it.word for it in statement]
    if words[:2] != ["alter", "table"] or words[-3:-1] != ["rename", "to"]:
        return None
    old = _name(statement, _past(statement, 2), home)[0]
    return (old, (*old[:-1], words[-1])) if old else None


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
