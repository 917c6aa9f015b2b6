"""JSON as PostgreSQL's type `json` keeps it: as a text. Values are slices of it, keys may occur twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(
    r'[ \t\n\r]*(?:(?P<sign>[{}\[\],:])|(?P<text>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r"|(?P<other>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_$.+-])"
    r"|(?:true|false|null)(?![0-9A-Za-z_$])))"
)
_BLANK: Final = re.compile(r"[ \t\n\r]*\Z")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_KINDS: Final = {"{": "object", "[": "array", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}


class JsonError(ValueError):
    """A text is not json, or has an escape that is no character. The message is PostgreSQL's."""


def check_json(text: str) -> str:
    """Return a text that is json. Raises JsonError for another, as `text::json` does."""
    depth: list[str] = []
    expected = "value"
    for kind, _, _ in _tokens(text):
        expected = _after(kind, expected, depth)
    if expected != "end":
        raise JsonError("invalid input syntax for type json")
    return text


def _after(kind: str, expected: str, depth: list[str]) -> str:
    """Return what has to follow a token: `value`, `key`, the first of them or the closing sign, `:`, `,` or `end`."""
    closed = False
    if kind in "[{" and "value" in expected:
        depth.append(kind)
        return "first key" if kind == "{" else "first value"
    if kind == "text" and "key" in expected:
        return ":"
    if kind == ":" and expected == ":":
        return "value"
    if kind == "," and expected == "," and depth:
        return "key" if depth[-1] == "{" else "value"
    if kind in ("text", "other") and "value" in expected:
        closed = True
    elif kind in "]}" and depth and depth[-1] == {"]": "[", "}": "{"}[kind]:
        closed = expected == "," or expected == {"]": "first value", "}": "first key"}[kind]
        depth.pop()
    if not closed:
        raise JsonError("invalid input syntax for type json")
    return "," if depth else "end"


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind of each token and its place: a sign itself, `text` or `other`."""
    place = 0
    while not _BLANK.match(text, place):
        found = _TOKEN.match(text, place)
        if not found:
            raise JsonError("invalid input syntax for type json")
        kind = found["sign"] or ("text" if found["text"] else "other")
        place = found.end()
        yield kind, found.start("sign" if found["sign"] else kind), place


def type_of(text: str) -> str:
    """Return what `json_typeof` says of a json."""
    return _KINDS.get(text.lstrip(" \t\n\r")[:1], "number")


def check_escapes(text: str) -> None:
    """Raise JsonError where an escape is no character, which any function that reads texts meets."""
    if "\\u" in text:
        for kind, begin, end in _tokens(text):
            if kind == "text":
                unescaped(text[begin:end])


def unescaped(literal: str) -> str:
    """Return the text that a json string stands for. Raises JsonError for U+0000 and halves of a pair."""
    if "\\" not in literal:
        return literal[1:-1]
    made: str = json.loads(literal)
    if "\x00" in made:
        raise JsonError("unsupported Unicode escape sequence")
    if re.search("[\ud800-\udfff]", made):
        raise JsonError("invalid input syntax for type json")
    return made


def members(text: str) -> list[tuple[str, str]]:
    """Return the keys and values of an object, in order, those of a repeated key all. Values are slices of the text."""
    kind = type_of(text)
    if kind != "object":
        of = "a scalar" if kind != "array" else "an array"
        raise JsonError(f"cannot call json_object_keys on {of}")
    check_escapes(text)
    made, key = [], ""
    for place, (begin, end) in enumerate(_parts(text)):
        if place % 2 == 0:
            key = unescaped(text[begin:end])
        else:
            made.append((key, text[begin:end]))
    return made


def elements(text: str) -> list[str]:
    """Return the elements of an array as slices of the text."""
    kind = type_of(text)
    if kind != "array":
        raise JsonError("cannot call json_array_elements on " + ("an object" if kind == "object" else "a scalar"))
    return [text[begin:end] for begin, end in _parts(text)]


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of an object's keys and values, or of an array's elements."""
    depth, start = 0, -1
    for kind, begin, end in _tokens(text):
        if kind in "]}":
            depth -= 1
        if depth == 1 and kind not in ",:":
            if kind in "]}":
                yield start, end
            elif kind not in "[{":
                yield begin, end
            else:
                start = begin
        if kind in "[{":
            depth += 1


def get(text: str, key: str) -> str | None:
    """Return `text -> key`: the last value of a key of an object, or None."""
    check_escapes(text)
    if type_of(text) != "object":
        return None
    return dict(members(text)).get(key)


def at(text: str, place: int) -> str | None:
    """Return `text -> place`: an element of an array, counted from 0 or, if negative, from the end."""
    check_escapes(text)
    if type_of(text) != "array":
        return None
    items = elements(text)
    return items[place] if -len(items) <= place < len(items) else None


def as_text(value: str | None) -> str | None:
    """Return what `->>` makes of a value: a string's text, NULL of null, and else the json itself."""
    if value is None or value == "null":
        return None
    return unescaped(value) if value.startswith('"') else value


def walk(text: str) -> list[tuple[str | None, str]]:
    """Return a json and all values in it, at any depth, each with its key: None for the whole and for elements."""
    made: list[tuple[str | None, str]] = [(None, text)]
    for _, value in made:
        kind = type_of(value)
        if kind == "object":
            made += members(value)
        elif kind == "array":
            made += [(None, it) for it in elements(value)]
    return made
