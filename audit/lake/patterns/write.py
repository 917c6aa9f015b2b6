"""Writes a pattern for RE2 or for Python's `re`."""

from __future__ import annotations

from typing import Final

from order_audit.audit.lake.patterns.parts import (
    LAST,
    Chars,
    Choice,
    Edge,
    Group,
    Look,
    Part,
    PatternError,
    Repeat,
    Sequence,
    lengths,
    walk,
)

_RE2_EDGES: Final = {"^": r"\A", "$": r"\z", "y": r"\b", "Y": r"\B"}
_PYTHON_EDGES: Final = {"^": r"\A", "$": r"\Z", "y": r"\b", "Y": r"\B", "m": r"\b(?=\w)", "M": r"\b(?<=\w)"}


def needs_python(part: Part) -> bool:
    """Return whether a pattern has what RE2 lacks: look-around, or the begin or end of a word."""
    return any(isinstance(it, Look) or (isinstance(it, Edge) and it.kind in "mM") for it in walk(part))


def is_ascii_only(part: Part) -> bool:
    """Return whether a pattern is known for texts of ASCII only."""
    return any(
        (isinstance(it, Chars) and it.ascii_only) or (isinstance(it, Edge) and it.kind not in "^$") for it in walk(part)
    )


def for_re2(part: Part) -> str:
    """Return the pattern for RE2."""
    return _write(part, python=False)


def for_python(part: Part) -> str:
    """Return the pattern for Python's `re`, with its flag ASCII."""
    for one in walk(part):
        if isinstance(one, Look) and not one.ahead:
            least, most = lengths(one.part)
            if least != most:
                raise PatternError("a look-behind of several lengths")
    return _write(part, python=True)


def _write(part: Part, python: bool) -> str:
    if isinstance(part, Chars):
        return _chars(part, python)
    if isinstance(part, Sequence):
        return "".join(
            f"(?:{_write(it, python)})" if isinstance(it, Choice) else _write(it, python) for it in part.parts
        )
    if isinstance(part, Choice):
        return "|".join(_write(it, python) for it in part.parts)
    if isinstance(part, Repeat):
        return _repeat(part, python)
    if isinstance(part, Group):
        return f"({_write(part.part, python)})"
    if isinstance(part, Edge):
        return (_PYTHON_EDGES if python else _RE2_EDGES)[part.kind]
    sign = ("?" if part.ahead else "?<") + ("!" if part.negated else "=")
    return f"({sign}{_write(part.part, python)})"


def _repeat(part: Repeat, python: bool) -> str:
    inner = _write(part.part, python)
    if not isinstance(part.part, Chars | Group):
        inner = f"(?:{inner})"
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if part.most is None:
        bounds = f"{{{part.least},}}"
    else:
        bounds = f"{{{part.least}}}" if part.least == part.most else f"{{{part.least},{part.most}}}"
    return inner + signs.get((part.least, part.most), bounds) + ("" if part.greedy else "?")


def _chars(part: Chars, python: bool) -> str:
    if not part.ranges:
        return "[^\\s\\S]" if python else r"[^\x{0}-\x{10FFFF}]"
    if part.ranges == ((1, LAST),):
        return "(?s:.)"
    if len(part.ranges) == 1 and part.ranges[0][0] == part.ranges[0][1]:
        return _one(part.ranges[0][0], python)
    inner = "".join(
        _one(first, python) + ("" if first == last else "-" + _one(last, python)) for first, last in part.ranges
    )
    return f"[{inner}]"


def _one(point: int, python: bool) -> str:
    sign = chr(point)
    if sign.isascii() and (sign.isalnum() or sign in " \"@/:;,<>=!%&~`'#_"):
        return "\\x20" if sign == " " and python else (f"\\{sign}" if sign in "&~#" and python else sign)
    return f"\\U{point:08x}" if python else f"\\x{{{point:X}}}"
