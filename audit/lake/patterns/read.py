"""Reads a regular expression as PostgreSQL does ("advanced" ones, without options)."""

from __future__ import annotations

import re
from typing import Final

from order_audit.audit.lake.patterns.classes import class_named, with_other_case
from order_audit.audit.lake.patterns.parts import (
    LAST,
    Chars,
    Choice,
    Edge,
    Group,
    Look,
    Part,
    PatternError,
    Ranges,
    Repeat,
    Sequence,
    complement,
    ranges_of,
)

_QUANTIFIER: Final = re.compile(r"(?:([*+?])|\{([0-9]{1,3})(,([0-9]{1,3})?)?\})(\??)")
_ESCAPES: Final = {"a": 7, "b": 8, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "B": 92}
_LOOKS: Final = {"(?=": (True, False), "(?!": (True, True), "(?<=": (False, False), "(?<!": (False, True)}
_MOST: Final = 255


def read_pattern(text: str, letters: str, any_case: bool = False) -> Part:
    """Read a pattern. `letters` is the locale's kind, as in ServerFacts. Raises PatternError with what is not known."""
    if text.startswith("***") or re.match(r"\(\?[a-z]+\)", text):
        raise PatternError("options inside of a pattern")
    reader = _Reader(text, letters, any_case)
    part = reader.choice()
    if reader.place < len(text):
        raise PatternError("a parenthesis too many in a pattern")
    return part


class _Reader:
    """A place in a pattern."""

    def __init__(self, text: str, letters: str, any_case: bool) -> None:
        self.text, self.letters, self.any_case, self.place = text, letters, any_case, 0

    def choice(self) -> Part:
        """Read branches up to a closing parenthesis or the end."""
        branches = [self._branch()]
        while self._take("|"):
            branches.append(self._branch())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _branch(self) -> Part:
        parts: list[Part] = []
        while self.place < len(self.text) and self.text[self.place] not in "|)":
            part = self._atom()
            parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, part: Part) -> Part:
        found = _QUANTIFIER.match(self.text, self.place)
        if not found:
            if self.text.startswith("{", self.place) and self.text[self.place + 1 : self.place + 2].isdigit():
                raise PatternError("a repetition that is not understood")
            return part
        if isinstance(part, Edge | Look):
            raise PatternError("a repeated condition in a pattern")
        self.place = found.end()
        sign, least, comma, most, lazy = found.groups()
        if sign:
            bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        else:
            bounds = int(least), (int(most) if most else None) if comma else int(least)
        if bounds[0] > _MOST or (bounds[1] is not None and not bounds[0] <= bounds[1] <= _MOST):
            raise PatternError("a repetition of more than 255 times")
        if _QUANTIFIER.match(self.text, self.place):
            raise PatternError("a repetition of a repetition")
        return Repeat(part, *bounds, greedy=not lazy)

    def _atom(self) -> Part:
        sign = self.text[self.place]
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._bracket()
        if sign == "\\":
            return self._escape()
        if sign in "*+?":
            raise PatternError("a repetition of nothing")
        if sign == "{" and self.text[self.place + 1 : self.place + 2].isdigit():
            raise PatternError("a repetition of nothing")
        self.place += 1
        if sign in "^$":
            return Edge(sign)
        return Chars(((1, LAST),)) if sign == "." else self._one(ord(sign))

    def _group(self) -> Part:
        for sign, (ahead, negated) in _LOOKS.items():
            if self._take(sign):
                return Look(self._closed(), ahead, negated)
        if self._take("(?:"):
            return self._closed()
        if self.text.startswith("(?", self.place):
            raise PatternError("options inside of a pattern")
        self.place += 1
        return Group(self._closed())

    def _closed(self) -> Part:
        part = self.choice()
        if not self._take(")"):
            raise PatternError("a parenthesis that is not closed in a pattern")
        return part

    def _escape(self) -> Part:
        following = self.text[self.place + 1 : self.place + 2]
        if following in ("A", "Z"):
            self.place += 2
            return Edge("^" if following == "A" else "$")
        if following and following in "mMyY":
            self.place += 2
            return Edge(following)
        if following and following in "dswDSW":
            self.place += 2
            ranges, ascii_only = class_named({"d": "digit", "s": "space", "w": "word"}[following.lower()], self.letters)
            return Chars(complement(ranges) if following.isupper() else ranges, ascii_only)
        return self._one(self._code_point())

    def _code_point(self) -> int:
        """Read an escape that stands for one character."""
        following = self.text[self.place + 1 : self.place + 2]
        if not following:
            raise PatternError("a backslash at the end of a pattern")
        self.place += 2
        if not following.isalnum() or not following.isascii():
            return ord(following)
        if following in _ESCAPES:
            return _ESCAPES[following]
        length = {"u": 4, "U": 8}.get(following)
        found = re.compile(f"[0-9a-fA-F]{{{length}}}" if length else "[0-9a-fA-F]+").match(self.text, self.place)
        if following in "uUx" and found:
            self.place = found.end()
            if 0 < (point := int(found[0], 16)) <= LAST:
                return point
        raise PatternError(f"\\{following} in a pattern")

    def _bracket(self) -> Part:
        self.place += 1
        negated = self._take("^")
        pairs: list[tuple[int, int]] = []
        ascii_only, first = False, True
        while first or not self.text.startswith("]", self.place):
            first = False
            if self.place >= len(self.text):
                raise PatternError("a bracket that is not closed in a pattern")
            if name := re.compile(r"\[:([a-z]+):\]").match(self.text, self.place):
                self.place = name.end()
                ranges, beyond = class_named(name[1], self.letters)
                pairs += ranges
                ascii_only |= beyond
                continue
            if re.compile(r"\[[.=:]").match(self.text, self.place):
                raise PatternError("a collating element in a pattern")
            if (short := re.compile(r"\\([dsw])").match(self.text, self.place)) is not None:
                self.place = short.end()
                ranges, beyond = class_named({"d": "digit", "s": "space", "w": "word"}[short[1]], self.letters)
                pairs += ranges
                ascii_only |= beyond
                continue
            pairs.append(self._range())
        self.place += 1
        ranges = self._cased(ranges_of(pairs))
        return Chars(complement(ranges) if negated else ranges, ascii_only)

    def _range(self) -> tuple[int, int]:
        begin = self._member()
        following = self.text[self.place : self.place + 2]
        if not following.startswith("-") or following == "-]":
            return begin, begin
        self.place += 1
        end = self._member()
        if end < begin:
            raise PatternError("a range that ends before it begins in a pattern")
        return begin, end

    def _member(self) -> int:
        if self.text.startswith("\\", self.place):
            return self._code_point()
        if self.text.startswith(("[.", "[=", "[:"), self.place) or self.place >= len(self.text):
            raise PatternError("a collating element in a pattern")
        self.place += 1
        return ord(self.text[self.place - 1])

    def _one(self, point: int) -> Chars:
        return Chars(self._cased(((point, point),)))

    def _cased(self, ranges: Ranges) -> Ranges:
        return with_other_case(ranges, self.letters) if self.any_case else ranges

    def _take(self, text: str) -> bool:
        if not self.text.startswith(text, self.place):
            return False
        self.place += len(text)
        return True
