"""The header field `for_each`: the values, or the query, that a rule is repeated for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from order_audit.expectations import variables
from order_audit.expectations.fragments import Line

#: The variable with the value of an instance.
VALUE: Final = "value"
#: An instance's id has at most so many characters of its value.
_LONGEST: Final = 100
_QUERY: Final = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_FIELD: Final = re.compile(r"(?P<before>\s*--\s?for_each:\s*)(?P<text>.*)")
_MORE: Final = re.compile(r"(?P<before>\s*--\s{2,})(?P<text>.*)")


@dataclass(frozen=True)
class ForEach:
    """The values of a list; or a query that returns them, with the lines of its text."""

    values: tuple[str, ...] = ()
    query: str = ""
    lines: tuple[Line, ...] = field(default=(), repr=False, compare=False)


def read(text: str, header: Sequence[Line], where: str) -> ForEach:
    """Read the field from its text and the lines of the header. Raises SuiteError for a malformed list."""
    if not _QUERY.match(text):
        return ForEach(variables.value_list(text, where))
    lines = tuple(_lines(header))
    return ForEach(query="\n".join(line.text for line in lines), lines=lines)


def _lines(header: Sequence[Line]) -> list[Line]:
    """The query's lines without the comment marks."""
    lines: list[Line] = []
    for line in header:
        match = (_MORE if lines else _FIELD).fullmatch(line.text.rstrip())
        if match:
            lines.append(Line(match["text"], line.path, line.number, line.indent - len(match["before"])))
        elif lines:
            break
    return lines


def instance_id(base: str, values: Sequence[str]) -> str:
    """Return the id of an instance: its values by dots, without control characters, cut if they are long."""
    text = ".".join(value if "." not in value or len(values) == 1 else f'"{value}"' for value in values)
    text = "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return f"{base}[{text}]"


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
