"""Variables in SQL text: `:name`, `:'name'` and `:"name"`, as psql reads them.

The text is split as PostgreSQL's lexer does, so nothing inside of a string, a quoted name, a comment, a cast `::` or an
operator is a variable. A colon directly behind an operand is none either: it belongs to a slice (`a[1:n]`) or to an
object of JSON (`json_object('a':b)`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

#: How a variable is written: bare, as a literal, as an identifier.
Form = Literal["", "'", '"']

_SPLIT: Final = r"""
      (?P<comment>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)(?:\s*[\n\r]\s*'(?:[^'\\]|\\.|'')*(?:'|\Z))*
        | '(?:[^']|'')*(?:'|\Z)
        | "(?:[^"]|"")*(?:"|\Z))
    | (?P<number>\d[\w.]*)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<operator>::|:=)
    | (?P<variable>:(?:'(?P<literal>[A-Za-z_]\w*)'|"(?P<identifier>[A-Za-z_]\w*)"|(?P<bare>[A-Za-z_]\w*)))
    | (?P<space>\s+)
    | (?P<other>.)
    """
#: Colons before a name or quote that may begin a variable, wherever they are: an even number of them are casts.
_CANDIDATE: Final = re.compile(r"""(?<!:)(?:::)*:['"A-Za-z_]""")
_BLOCK: Final = re.compile(r"/\*|\*/")
_OPENING: Final = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Placeholder:
    """A variable in a text, at offsets from 0.

    `may_be_none`: it may be a part of a slice or of an object of JSON, if no variable has its name.
    """

    start: int
    end: int
    name: str
    form: Form
    may_be_none: bool = False


def placeholders(sql: str) -> Iterator[Placeholder]:
    """Find the variables of a text, in their order."""
    if not _CANDIDATE.search(sql):
        return  # most texts have none, and to split one takes a thousand times longer
    token = _token()
    place = 0
    brackets: list[str] = []
    operand_end = -1  # where the last operand ends: a literal, a name, a closing bracket
    is_value = False  # whether that is no word, which could be a keyword
    while place < len(sql):
        match = token.match(sql, place)
        assert match is not None  # noqa: S101 - the last alternative takes any character
        start, place = place, match.end()
        kind = next(name for name, text in match.groupdict().items() if text is not None)
        if kind == "block":
            place = _block_end(sql, place)
        elif kind == "dollar":
            end = sql.find(match[0], place)
            place = end + len(match[0]) if end >= 0 else len(sql)
        elif kind == "variable" and operand_end == start:
            place = start + 1  # the colon alone
        elif kind == "variable":
            name = match["literal"] or match["identifier"] or match["bare"]
            form: Form = "'" if match["literal"] else '"' if match["identifier"] else ""
            in_slice = bool(brackets) and brackets[-1] == "]"
            yield Placeholder(start, place, name, form, may_be_none=in_slice or is_value)
        elif kind == "other" and match[0] in _OPENING:
            brackets.append(_OPENING[match[0]])
        elif kind == "other" and brackets and match[0] == brackets[-1]:
            brackets.pop()
        if kind in ("space", "comment", "block"):
            continue
        is_closing = kind == "other" and match[0] in ")]"
        is_value = kind in ("dollar", "string", "number") or is_closing
        if is_value or kind in ("word", "variable"):
            operand_end = place


@cache
def _token() -> re.Pattern[str]:
    """Compile the expression when the first text is split: most starts split none."""
    return re.compile(_SPLIT, re.VERBOSE | re.DOTALL | re.ASCII)


def _block_end(sql: str, place: int) -> int:
    """The end of a comment that begins before `place`; comments nest."""
    depth = 1
    for match in _BLOCK.finditer(sql, place):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)
