"""The parts of a regular expression, and sets of characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from order_audit.errors import OrderAuditError

#: Pairs of the first and the last code point, in order, without overlap.
Ranges: TypeAlias = tuple[tuple[int, int], ...]
LAST: Final = 0x10FFFF


class PatternError(OrderAuditError):
    """A pattern is not understood, or has a feature that no other engine has; the message names it."""


@dataclass(frozen=True)
class Chars:
    """One character of a set. `ascii_only` says that the set is known for ASCII alone."""

    ranges: Ranges
    ascii_only: bool = False


@dataclass(frozen=True)
class Sequence:
    """Parts one behind the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Choice:
    """One of several parts."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Repeat:
    """A part, at least `least` times and at most `most`, without a limit if that is None."""

    part: Part
    least: int
    most: int | None
    greedy: bool = True


@dataclass(frozen=True)
class Group:
    """A part in parentheses, whose text can be taken out."""

    part: Part


@dataclass(frozen=True)
class Edge:
    """The begin (`^`) or end (`$`) of the text; the begin (`m`), end (`M`), any (`y`) or no (`Y`) edge of a word."""

    kind: str


@dataclass(frozen=True)
class Look:
    """What has to follow or to precede, or must not."""

    part: Part
    ahead: bool
    negated: bool


Part: TypeAlias = Chars | Sequence | Choice | Repeat | Group | Edge | Look


def ranges_of(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Return ranges in order, joined where they touch."""
    made: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if made and first <= made[-1][1] + 1:
            made[-1] = made[-1][0], max(made[-1][1], last)
        else:
            made.append((first, last))
    return tuple(made)


def complement(ranges: Ranges) -> Ranges:
    """Return all other characters. U+0000 is in no text of PostgreSQL."""
    made, next_one = [], 1
    for first, last in ranges:
        if first > next_one:
            made.append((next_one, first - 1))
        next_one = last + 1
    if next_one <= LAST:
        made.append((next_one, LAST))
    return tuple(made)


def children(part: Part) -> tuple[Part, ...]:
    """Return the parts of a part."""
    if isinstance(part, Sequence | Choice):
        return part.parts
    return (part.part,) if isinstance(part, Repeat | Group | Look) else ()


def walk(part: Part) -> Iterable[Part]:
    """Yield a part and all in it."""
    yield part
    for one in children(part):
        yield from walk(one)


def lengths(part: Part) -> tuple[int, int | None]:
    """Return the least and the greatest number of characters that a part matches; None is without a limit."""
    if isinstance(part, Chars):
        return 1, 1
    if isinstance(part, Edge | Look):
        return 0, 0
    if isinstance(part, Group):
        return lengths(part.part)
    if isinstance(part, Repeat):
        least, most = lengths(part.part)
        limit = None if most is None or part.most is None else most * part.most
        return least * part.least, 0 if most == 0 else limit
    inner = [lengths(it) for it in part.parts]
    if isinstance(part, Choice):
        greatest = [it[1] for it in inner]
        return min(it[0] for it in inner), None if None in greatest else max(it for it in greatest if it is not None)
    total = [it[1] for it in inner]
    return sum(it[0] for it in inner), None if None in total else sum(it for it in total if it is not None)
