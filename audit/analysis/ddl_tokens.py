"""The tokens of a suggested statement, and its layout in lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

#: Columns of a line, where a statement can be broken.
WIDTH: Final = 88
TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    | (?P<comment>--[^\n]*)
    | (?P<text>[eE]'(?:\\.|''|[^'\\])*' | '(?:''|[^'])*')
    | (?P<body>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<name>"(?:""|[^"])*")
    | (?P<word>[^\W\d][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<mark>:: | .)""",
    re.VERBOSE | re.DOTALL,
)
#: A long statement has a line for each of these clauses outside of brackets.
_CLAUSES: Final = {
    "add", "alter", "drop", "using", "references", "check", "where", "from", "select", "union", "cross", "left", "join",
    "values", "include", "for", "execute", "after", "before",
}  # fmt: skip
#: These do not begin a clause before such words: alter column … drop default, add generated.
_WITHIN: Final = {"default", "not", "identity", "expression", "generated"}


@dataclass(frozen=True)
class Token:
    """A word, a name in quotation marks, a literal or a mark, as written; `gap` is whether space precedes it."""

    kind: str
    text: str
    gap: bool

    @property
    def word(self) -> str:
        """The word in small letters; empty for anything else."""
        return self.text.lower() if self.kind == "word" else ""


def tokens(statement: str) -> list[Token]:
    """The tokens of a statement, without comments."""
    found: list[Token] = []
    gap = False
    for match in TOKEN.finditer(statement):
        kind = match.lastgroup or ""
        if match["space"] is not None or match["comment"] is not None:
            gap = True
            continue
        kind = "body" if match["body"] is not None else kind
        found.append(Token(kind, match[0], gap))
        gap = False
    return found


def split(script: str) -> list[tuple[str, str]]:
    """The statements of a script, each with the comment lines before it, without semicolons."""
    parts: list[tuple[str, str]] = []
    comments: list[str] = []
    pieces: list[str] = []

    def end() -> None:
        if statement := "".join(pieces).strip():
            parts.append(("\n".join(comments), statement))
            comments.clear()
        pieces.clear()

    for match in TOKEN.finditer(script):
        if match["comment"] is not None and not "".join(pieces).strip():
            comments.append(match[0])
        elif match["mark"] == ";":
            end()
        else:
            pieces.append(match[0])
    end()
    return parts


def written(found: Sequence[Token]) -> str:
    """Tokens as one line, but for literals and bodies of functions with line ends in them."""
    return "".join(" " * (token.gap and place > 0) + token.text for place, token in enumerate(found))


def layout(statement: str) -> str:
    """Break a long statement into lines by its clauses and lists. The tokens stay the same."""
    if "\n" not in statement and len(statement) <= WIDTH:
        return statement
    return "\n".join(_lines(tokens(statement), 0))


def depths(found: Sequence[Token]) -> Iterator[int]:
    """Yield for each token how many brackets enclose it; a bracket itself is outside of its own."""
    depth = 0
    for token in found:
        depth -= token.text in (")", "]")
        yield depth
        depth += token.text in ("(", "[")


def _lines(found: Sequence[Token], indent: int) -> list[str]:
    whole = " " * indent + written(found)
    if len(whole) <= WIDTH or len(found) < 2:
        return [whole]
    parts = _clauses(found)
    if len(parts) > 1:
        first, *rest = parts
        return _lines(first, indent) + [line for part in rest for line in _lines(part, indent + 2)]
    if group := _brackets(found):
        begin, end = group
        head, tail = " " * indent + written(found[: begin + 1]), " " * indent + written(found[end:])
        inside = [line for part in _items(found[begin + 1 : end]) for line in _lines(part, indent + 2)]
        return [head, *inside, tail]
    return [whole]


def _clauses(found: Sequence[Token]) -> list[list[Token]]:
    """Parts that begin with a clause, or follow a comma; the first one is what precedes them."""
    parts: list[list[Token]] = [[]]
    level = list(depths(found))
    for place, token in enumerate(found):
        following = found[place + 1].word if place + 1 < len(found) else ""
        begins = token.word in _CLAUSES and following not in _WITHIN
        # a constraint's name stays with the constraint: add constraint name check (…)
        begins &= not (token.word == "check" and place >= 3 and found[place - 2].word == "constraint")
        begins &= not (token.word == "join" and place > 0 and found[place - 1].word in ("cross", "left"))
        follows_comma = place > 0 and found[place - 1].text == "," and found[0].word == "alter"
        if parts[-1] and level[place] == 0 and (begins or follows_comma):
            parts.append([])
        parts[-1].append(token)
    return parts


def _items(found: Sequence[Token]) -> list[list[Token]]:
    """Parts of a list in brackets, each with its comma."""
    parts: list[list[Token]] = [[]]
    for token, level in zip(found, depths(found), strict=True):
        parts[-1].append(token)
        if token.text == "," and level == 0:
            parts.append([])
    return [part for part in parts if part]


def _brackets(found: Sequence[Token]) -> tuple[int, int] | None:
    """The places of the longest pair of outer brackets with something in them."""
    pairs: list[tuple[int, int]] = []
    begin = 0
    for place, (token, level) in enumerate(zip(found, depths(found), strict=True)):
        if level == 0 and token.text in ("(", "["):
            begin = place
        elif level == 0 and token.text in (")", "]"):
            pairs.append((begin, place))
    longest = max(pairs, key=lambda pair: pair[1] - pair[0], default=(0, 0))
    return longest if longest[1] - longest[0] > 1 else None
