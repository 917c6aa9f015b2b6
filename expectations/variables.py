"""Variables of rules: declared in the header, written as in psql, replaced by literals and quoted names.

A value is never part of the SQL text as it is. `:name` gives a number if the value is written as one, else a quoted
literal; `:'name'` gives a quoted literal, `:"name"` a quoted identifier.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from order_audit.expectations.error import SuiteError
from order_audit.expectations.placeholders import Form, Placeholder, placeholders

#: The environment variable of a variable is this and its name in capitals.
ENVIRONMENT: Final = "ORDER_AUDIT_VAR_"
NAME: Final = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
#: Names of variables, and values, that are secrets.
_SECRET_NAME: Final = re.compile(r"passw|pwd|secret|token|api_?key|credential", re.IGNORECASE)
_SECRET_VALUE: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@|\bpassword\s*=", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_TEXT: Final = re.compile(r"'((?:[^']|'')*)'")
#: Characters that can stand directly before and behind a value without becoming a part of it.
_BEFORE: Final = " \t\n\r\f\v([,=<>+*/%|^!~-"
_BEHIND: Final = " \t\n\r\f\v)],;=<>+*/%|^!~-:"


@dataclass(frozen=True)
class Variable:
    """A variable and its default; None if a value must be given."""

    name: str
    default: str | None = None


@dataclass(frozen=True)
class Span:
    """A replaced variable: where its value is in the SQL, and where the variable was."""

    start: int
    length: int
    written_start: int
    written_length: int


def is_secret(name: str, value: str) -> bool:
    """Return whether the name of a variable speaks of a secret, or its value has a password."""
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))


def declared(text: str, where: str) -> tuple[Variable, ...]:
    """Read the header field `variables: limit = 250, region = 'EU', since`. Raises SuiteError."""
    variables: dict[str, Variable] = {}
    for item in _items(text):
        name, equals, written = (part.strip() for part in item.partition("="))
        value = _value(written) if equals else None
        if not NAME.fullmatch(name.lower()) or (equals and value is None):
            raise SuiteError(
                f"{where}: variables '{item.strip()}' is not 'NAME = VALUE' or 'NAME'; texts are in single quotes"
            )
        if name != name.lower():
            raise SuiteError(f"{where}: variable '{name}' is not in lower case: write '{name.lower()}'")
        if name in variables:
            raise SuiteError(f"{where}: variable '{name}' is declared twice")
        variables[name] = Variable(name, value)
    return tuple(variables.values())


def value_list(text: str, where: str) -> tuple[str, ...]:
    """Read a list of values: `a, 'b, c', 12`. Raises SuiteError."""
    values = [(item, _value(item.strip())) for item in _items(text)]
    for item, value in values:
        if not value:
            raise SuiteError(
                f"{where}: for_each '{item.strip()}' is no value; write 'VALUE, ...' with texts in single quotes,"
                " or a query"
            )
    return tuple(value for _, value in values if value)


def _items(text: str) -> list[str]:
    """Split at commas that are in no quotes."""
    items = [""]
    is_quoted = False
    for letter in text:
        is_quoted ^= letter == "'"
        if letter == "," and not is_quoted:
            items.append("")
        else:
            items[-1] += letter
    return items


def _value(text: str) -> str | None:
    """Return a value without its quotes; None if it is none."""
    if match := _TEXT.fullmatch(text):
        return match[1].replace("''", "'")
    return None if "'" in text or "=" in text or not text else text


def literal(text: str) -> str:
    """Quote a text as an SQL literal of one line."""
    body = text.replace("'", "''")
    if "\\" not in body and "\n" not in body and "\r" not in body:
        return f"'{body}'"
    escaped = body.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"E'{escaped}'"


def _sql(value: str, form: Form) -> str:
    if form == '"':
        return '"' + value.replace('"', '""') + '"'
    if form == "" and _NUMBER.fullmatch(value):
        return f"({value})" if value.startswith("-") else value  # `- -5` would begin a comment without the space
    return literal(value)


def replaced(sql: str, values: Mapping[str, str]) -> tuple[str, tuple[Span, ...]]:
    """Replace the variables that have a value; return the SQL and the places of the values."""
    text = ""
    done = 0
    spans: list[Span] = []
    for it in placeholders(sql):
        if it.name not in values:
            continue
        text += sql[done : it.start]
        value = _sql(values[it.name], it.form)
        dot = "." if it.form == '"' else ""
        if it.start and sql[it.start - 1] not in _BEFORE + dot:
            value = f" {value}"
        if it.end < len(sql) and sql[it.end] not in _BEHIND + dot:
            value += " "
        spans.append(Span(len(text), len(value), it.start, it.end - it.start))
        text += value
        done = it.end
    return text + sql[done:], tuple(spans)


def written_offset(spans: Iterable[Span], offset: int) -> int:
    """The offset in the text with variables that belongs to one in the text with values."""
    moved = offset
    for span in spans:
        if span.start + span.length <= offset:
            moved = offset - (span.start + span.length) + span.written_start + span.written_length
        elif span.start <= offset:
            return span.written_start
    return moved


def forms(*sql: str) -> dict[str, set[Form]]:
    """The forms in which SQL texts write each variable."""
    used: dict[str, set[Form]] = {}
    for it in (it for text in sql for it in placeholders(text)):
        used.setdefault(it.name, set()).add(it.form)
    return used


def set_lines(sql: Iterable[str], values: Mapping[str, str]) -> list[str]:
    r"""Return psql's `\set` lines for the values, so that the SQL texts can be pasted below them."""
    lines = []
    for name, used in forms(*sql).items():
        if name not in values:
            continue
        # psql pastes the value of `:name` as it is, so that a text needs its quotes there
        value = _sql(values[name], "") if used == {""} else values[name]
        escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r")
        lines.append(f"\\set {name} '{escaped}'")
    return lines


def mixed(sql: str, values: Mapping[str, str]) -> str:
    """Return a variable of a text that is used bare and quoted, which psql would read differently; or an empty text."""
    texts = (name for name, used in forms(sql).items() if "" in used and len(used) > 1 and name in values)
    return next((name for name in texts if not _NUMBER.fullmatch(values[name])), "")


def undeclared(sql: str, names: Collection[str]) -> Placeholder | None:
    """Return the first variable that has none of these names."""
    return next((it for it in placeholders(sql) if it.name not in names and not it.may_be_none), None)


def in_words(text: str, values: Mapping[str, str]) -> str:
    """Replace `:name` in a title by the value itself."""
    return re.sub(r"(?<![\w:]):([a-z_][a-z0-9_]*)", lambda it: values.get(it[1], it[0]), text)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return what to say behind an unknown name: the nearest one, or all."""
    import difflib

    names = sorted(set(names))
    if near := difflib.get_close_matches(name, names, 1):
        return f" (did you mean {near[0]}?)"
    return f" (known: {', '.join(names)})" if names else ""
