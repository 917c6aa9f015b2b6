"""Says whether the first match of an engine that prefers the left alternative is PostgreSQL's, which is the longest.

The pattern becomes an automaton. Two runs over it go side by side: one with all paths, and one whose paths are in the
order of preference and end where a path before them has matched. If the second run accepts every text that the first
one accepts, both find matches of the same length.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from order_audit.audit.lake.patterns.parts import (
    Chars,
    Choice,
    Edge,
    Group,
    Look,
    Part,
    Ranges,
    Repeat,
    Sequence,
    lengths,
    walk,
)

_MOST_STATES: Final = 600
_MOST_PAIRS: Final = 3000
#: Stands behind the last character.
_END: Final = -1


def same_extent(part: Part) -> bool:
    """Return whether all engines find matches of the same length with a pattern."""
    if any(isinstance(it, Repeat) and not it.greedy for it in walk(part)):
        return False
    least, most = lengths(part)
    if least == most:
        return True
    if any(isinstance(it, Look) or (isinstance(it, Edge) and it.kind not in "^$") for it in walk(part)):
        return False
    try:
        machine = _Machine()
        first = machine.add(part, machine.match)
        return all(machine.agrees(first, at_start) for at_start in (True, False))
    except OverflowError:
        return False


def same_groups(part: Part) -> bool:
    """Return whether engines also agree on what the groups hold: repetitions of single characters, optional parts."""
    for one in walk(part):
        if isinstance(one, Choice | Look):
            return False
        nested = isinstance(one, Repeat) and not isinstance(one.part, Chars)
        if nested and isinstance(one, Repeat) and (one.most != 1 or not same_extent(one.part)):
            return False
    return same_extent(part)


@dataclass
class _Machine:
    """States: one character of a set, a choice in order of preference, an edge, or the match."""

    states: list[tuple[str, Ranges | str, tuple[int, ...]]] = field(default_factory=lambda: [("match", "", ())])
    match: int = 0

    def state(self, kind: str, value: Ranges | str, *following: int) -> int:
        if len(self.states) > _MOST_STATES:
            raise OverflowError
        self.states.append((kind, value, following))
        return len(self.states) - 1

    def add(self, part: Part, then: int) -> int:
        """Add states for a part that go on to `then`; return the first."""
        if isinstance(part, Chars):
            return self.state("chars", part.ranges, then)
        if isinstance(part, Edge):
            return self.state("edge", part.kind, then)
        if isinstance(part, Group):
            return self.add(part.part, then)
        if isinstance(part, Choice):
            return self.state("choice", "", *(self.add(it, then) for it in part.parts))
        if isinstance(part, Sequence):
            for one in reversed(part.parts):
                then = self.add(one, then)
            return then
        if isinstance(part, Repeat):
            return self._repeat(part, then)
        raise OverflowError  # look-around has no states

    def _repeat(self, part: Repeat, then: int) -> int:
        if part.most is None:
            loop = self.state("choice", "")
            self.states[loop] = ("choice", "", (self.add(part.part, loop), then))
            then = loop
        else:
            for _ in range(part.most - part.least):
                then = self.state("choice", "", self.add(part.part, then), then)
        for _ in range(part.least):
            then = self.add(part.part, then)
        return then

    def agrees(self, first: int, at_start: bool) -> bool:
        """Return whether both runs accept the same texts."""
        begin = (self._closure((first,), at_start, cut=True), frozenset(self._closure((first,), at_start, cut=False)))
        seen, left = {begin}, [begin]
        points = self._points()
        while left:
            preferred, every = left.pop()
            if self.match in every and self.match not in preferred:
                return False
            for point in points:
                following = (
                    self._closure(self._step(preferred, point), False, cut=True),
                    frozenset(self._closure(self._step(tuple(every), point), False, cut=False)),
                )
                if following not in seen:
                    if len(seen) > _MOST_PAIRS:
                        raise OverflowError
                    seen.add(following)
                    left.append(following)
        return True

    def _points(self) -> list[int]:
        """Return one character of each set that all states treat alike, and the end."""
        edges = {0}
        for kind, value, _ in self.states:
            if kind == "chars":
                for first, last in _ranges(value):
                    edges |= {first, last + 1}
        return [*sorted(edges), _END]

    def _step(self, states: tuple[int, ...], point: int) -> tuple[int, ...]:
        made: list[int] = []
        for number in states:
            kind, value, following = self.states[number]
            if (kind == "chars" and any(first <= point <= last for first, last in _ranges(value))) or (
                kind == "edge" and point == _END
            ):
                made += following
        return tuple(made)

    def _closure(self, states: tuple[int, ...], at_start: bool, cut: bool) -> tuple[int, ...]:
        """Return the states that are reached without a character, in order of preference."""
        made: list[int] = []
        seen: set[int] = set()
        left = list(reversed(states))
        while left:
            number = left.pop()
            if number in seen:
                continue
            seen.add(number)
            kind, value, following = self.states[number]
            if kind == "choice":
                left += reversed(following)
                continue
            if kind == "edge" and value == "^":
                left += following if at_start else ()
                continue
            made.append(number)
            if cut and number == self.match:
                break
        return tuple(made)


def _ranges(value: Ranges | str) -> Ranges:
    return () if isinstance(value, str) else value
