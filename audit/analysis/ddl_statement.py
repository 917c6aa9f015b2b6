"""Suggested statements as changes: what each does to which table, column, constraint or index.

Only the kinds of statements that schema rules suggest are known. Others have no changes, and are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from order_audit.audit.analysis.ddl_tokens import Token, depths, split, tokens, written

Kind: TypeAlias = Literal[
    "type", "default", "not_null", "identity", "add_column", "check", "foreign_key", "unique", "primary_key",
    "using_index", "validate", "drop_constraint", "rename", "trigger", "index", "drop_index", "reindex",
    "attach_index", "create_table", "create_sequence", "create_function", "create_trigger", "insert", "update",
    "comment", "privilege", "sequence", "setval", "drop_sequence", "analyze", "validate_domain", "drop_view",
    "create_view",
]  # fmt: skip

#: How statements begin. What begins otherwise is prose.
_HEADS: Final = re.compile(
    r"(alter (table|sequence|index|domain|schema|view)|create (or replace )?(unique )?(table|index|sequence|function"
    r"|trigger|view|extension)|drop (index|sequence|view|table|constraint)|comment on|revoke|grant|insert into|update"
    r"|select setval|select pg_catalog|reindex|analyze|begin$|commit$)\b(?! (with|on each|for|from) )",
    re.IGNORECASE,
)
_TRANSACTION: Final = {"begin", "commit", "start transaction", "end", "rollback"}


@dataclass(frozen=True)
class Change:
    """One change. Names are as written, with their quotation marks.

    `expression` is the USING of a change of type, the condition of a CHECK, the predicate of an index, or the rest of a
    new column.
    """

    kind: Kind
    relation: str = ""
    columns: tuple[str, ...] = ()
    name: str = ""
    type: str = ""
    expression: str = ""
    target: str = ""
    target_columns: tuple[str, ...] = ()
    is_unique: bool = False
    is_deferred: bool = False
    is_concurrent: bool = False
    drops_default: bool = False


@dataclass(frozen=True)
class Statement:
    """A statement without its semicolon, the comment lines before it, and its changes; none where it is not known."""

    sql: str
    comment: str
    changes: tuple[Change, ...]


def statements(script: str) -> list[Statement] | None:
    """The statements of a suggestion without transaction control; None for a suggestion that is prose."""
    parts = split(script)
    if not parts or not all(_HEADS.match(written(tokens(sql)[:5])) for _, sql in parts):
        return None
    kept = [(comment, sql) for comment, sql in parts if sql.lower() not in _TRANSACTION]
    return [Statement(sql, comment, _parse(sql)) for comment, sql in kept]


def is_transaction(script: str) -> bool:
    """Whether the statements of a suggestion belong into one transaction."""
    return any(sql.lower() in _TRANSACTION for _, sql in split(script))


def unquoted(name: str) -> str:
    """A name as the catalogs have it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _parse(sql: str) -> tuple[Change, ...]:
    try:
        return _Parser(tokens(sql)).statement()
    except LookupError:
        return ()


class _Parser:
    """Reads tokens from left to right."""

    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = list(found)
        self._place = 0

    def _skip(self, words: str) -> bool:
        """Go past these words if they are next."""
        wanted = words.split()
        found = self._tokens[self._place : self._place + len(wanted)]
        if [token.word or token.text for token in found] != wanted:
            return False
        self._place += len(wanted)
        return True

    def _need(self, words: str) -> None:
        if not self._skip(words):
            raise LookupError("a statement of no known kind")

    def _next(self) -> Token:
        if self._place >= len(self._tokens):
            raise LookupError("a statement of no known kind")
        self._place += 1
        return self._tokens[self._place - 1]

    def _name(self) -> str:
        token = self._next()
        if token.kind not in ("word", "name"):
            raise LookupError("a statement of no known kind")
        return token.text

    def _qualified(self) -> str:
        parts = [self._name()]
        while self._skip("."):
            parts.append(self._name())
        return ".".join(parts)

    def _group(self) -> list[Token]:
        """What stands between brackets."""
        self._need("(")
        begin, depth = self._place, 1
        while depth:
            token = self._next()
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        return self._tokens[begin : self._place - 1]

    def _columns(self) -> tuple[str, ...]:
        return tuple(written(part).rstrip(",").strip() for part in _list(self._group()))

    def _rest(self) -> str:
        rest = self._tokens[self._place :]
        self._place = len(self._tokens)
        return written(rest)

    def statement(self) -> tuple[Change, ...]:
        if self._skip("alter table"):
            self._skip("only")
            relation = self._qualified()
            return tuple(change for part in _list(self._tokens[self._place :]) for change in _action(relation, part))
        if self._skip("create unique index"):
            return (self._index(is_unique=True),)
        if self._skip("create index"):
            return (self._index(is_unique=False),)
        simple: tuple[tuple[str, Kind], ...] = (
            ("create table", "create_table"), ("create sequence", "create_sequence"), ("create view", "create_view"),
            ("create function", "create_function"), ("create or replace function", "create_function"),
            ("insert into", "insert"), ("update", "update"), ("drop view", "drop_view"),
            ("drop sequence", "drop_sequence"), ("alter sequence", "sequence"), ("analyze", "analyze"),
            ("comment on table", "comment"), ("alter domain", "validate_domain"),
        )  # fmt: skip
        for words, kind in simple:
            if self._skip(words):
                return (Change(kind, self._qualified(), expression=self._rest()),)
        if self._skip("comment on column"):
            *table, _column = self._qualified_parts()
            return (Change("comment", ".".join(table)),)
        if self._skip("drop index"):
            return (Change("drop_index", is_concurrent=self._skip("concurrently"), name=self._qualified()),)
        if self._skip("reindex index"):
            return (Change("reindex", is_concurrent=self._skip("concurrently"), name=self._qualified()),)
        if self._skip("alter index"):
            name = self._qualified()
            self._need("attach partition")
            return (Change("attach_index", name=name),)
        if self._skip("create trigger"):
            name = self._name()
            while not self._skip("on"):
                self._next()
            return (Change("create_trigger", self._qualified(), name=name),)
        if self._skip("revoke") or self._skip("grant"):
            return (Change("privilege"),)
        if self._skip("select setval"):
            return (Change("setval"),)
        raise LookupError("a statement of no known kind")

    def _qualified_parts(self) -> list[str]:
        parts = [self._name()]
        while self._skip("."):
            parts.append(self._name())
        return parts

    def _index(self, *, is_unique: bool) -> Change:
        is_concurrent = self._skip("concurrently")
        name = "" if self._skip("on") else self._qualified()
        if name:
            self._need("on")
        self._skip("only")
        relation = self._qualified()
        if self._skip("using"):
            self._name()
        columns = self._columns()
        rest = self._rest()
        predicate = re.search(r"(?:^|\s)where\s+(.*)$", rest, re.IGNORECASE | re.DOTALL)
        return Change(
            "index", relation, columns, name, is_unique=is_unique, is_concurrent=is_concurrent,
            expression=predicate[1] if predicate else "",
        )  # fmt: skip

    def action(self, relation: str) -> tuple[Change, ...]:
        """One action of ALTER TABLE."""
        if self._skip("alter"):
            self._skip("column")
            return (self._column(relation, self._name()),)
        if self._skip("add"):
            return (self._addition(relation),)
        if self._skip("validate constraint"):
            return (Change("validate", relation, name=self._name()),)
        if self._skip("drop constraint"):
            return (Change("drop_constraint", relation, name=self._name()),)
        if self._skip("rename"):
            return (Change("rename", relation),)
        if self._skip("enable"):
            return (Change("trigger", relation),)
        raise LookupError("a statement of no known kind")

    def _column(self, relation: str, column: str) -> Change:
        self._skip("set data")
        if self._skip("type"):
            rest = self._tokens[self._place :]
            using = next((n for n, token in enumerate(rest) if token.word == "using"), len(rest))
            return Change(
                "type", relation, (column,), type=written(rest[:using]), expression=written(rest[using + 1 :])
            )  # fmt: skip
        if self._skip("set not null"):
            return Change("not_null", relation, (column,))
        if self._skip("add generated"):
            return Change("identity", relation, (column,))
        if self._skip("drop default"):
            return Change("default", relation, (column,), drops_default=True)
        if self._skip("set default"):
            return Change("default", relation, (column,), expression=self._rest())
        raise LookupError("a statement of no known kind")

    def _addition(self, relation: str) -> Change:
        if self._skip("column"):
            return Change("add_column", relation, (self._name(),), expression=self._rest())
        name = self._name() if self._skip("constraint") else ""
        if self._skip("check"):
            condition = written(self._group())
            return Change(
                "check", relation, name=name, expression=condition, is_deferred="not valid" in self._rest().lower()
            )  # fmt: skip
        if self._skip("foreign key"):
            columns = self._columns()
            self._need("references")
            target = self._qualified()
            has_columns = self._place < len(self._tokens) and self._tokens[self._place].text == "("
            target_columns = self._columns() if has_columns else ()
            return Change(
                "foreign_key", relation, columns, name, target=target, target_columns=target_columns,
                is_deferred="not valid" in self._rest().lower(),
            )  # fmt: skip
        kind: Kind = "unique"
        if self._skip("primary key"):
            kind = "primary_key"
        else:
            self._need("unique")
        if self._skip("using index"):
            return Change("using_index", relation, name=self._name(), is_unique=kind == "unique")
        return Change(kind, relation, self._columns(), name)


def _action(relation: str, found: Sequence[Token]) -> tuple[Change, ...]:
    if found and found[-1].text == ",":
        found = found[:-1]
    return _Parser(found).action(relation)


def _list(found: Sequence[Token]) -> list[list[Token]]:
    """Parts between commas outside of brackets."""
    parts: list[list[Token]] = [[]]
    for token, level in zip(found, depths(found), strict=True):
        if token.text == "," and level == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
