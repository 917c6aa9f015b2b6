"""Filters: which rows of a table statements read, and the condition that several of them share. Needs no parser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: The name that a filter gives the row it tests.
ROW = "t"


@dataclass(frozen=True)
class Test:
    """A condition on one row named `ROW`, as SQL."""

    text: str

    def implies(self, other: Test) -> bool:
        """Whether no row fulfils this test and not the other."""
        return self.text == other.text


@dataclass(frozen=True)
class OneOf(Test):
    """Whether an expression (`of`) is one of some `values`, or any but those (`others`), or, where it may be, NULL."""

    of: str = ""
    values: tuple[str, ...] = ()
    others: bool = False
    null: bool = False

    def implies(self, other: Test) -> bool:
        """Whether no row fulfils this test and not the other."""
        if not isinstance(other, OneOf) or (either := self.either(other)) is None:
            return False
        # it then adds nothing to what the other lets through
        return (set(either.values), either.others, either.null) == (set(other.values), other.others, other.null)

    def either(self, other: OneOf) -> OneOf | None:
        """Return the test that is met if either is; None if there is none or it is unknown."""
        if self.of != other.of:
            return None
        null = self.null or other.null
        if not self.others and not other.others:
            return any_of(self.of, (*self.values, *other.values), others=False, null=null)
        if self.others and other.others:
            return any_of(self.of, (value for value in self.values if value in other.values), others=True, null=null)
        but, one_of = (self, other) if self.others else (other, self)
        if not _differ(self.of, {*self.values, *other.values}):
            return None
        return any_of(self.of, (value for value in but.values if value not in one_of.values), others=True, null=null)


def any_of(of: str, values: Iterable[str], *, others: bool, null: bool) -> OneOf:
    """Return the predicate as SQL. Values keep their order, because the author may have put the most frequent first."""
    values = tuple(dict.fromkeys(values))
    if not values:  # any but none
        text = f"{of} IS NOT NULL"
    elif len(values) == 1:
        text = f"{of} {'<>' if others else '='} {values[0]}"
    else:
        text = f"{of} {'NOT ' if others else ''}IN ({', '.join(values)})"
    return OneOf(f"{text} OR {of} IS NULL" if null else text, of, values, others, null)


def _differ(of: str, values: set[str]) -> bool:
    """Whether no two of these literals are equal, as 1 and 1.0 are, or 'a' and 'A' by some collations."""
    words = {re.sub("[^a-z0-9]", "", value.casefold()) for value in values}
    return of.startswith("CAST(") and len(words) == len(values) and "" not in words


#: Tests joined by AND.
Filter = frozenset[Test]


@dataclass(frozen=True)
class ReadSet:
    """The rows and columns of a table that a statement reads: rows that meet any of the filters."""

    filters: tuple[Filter, ...]
    columns: frozenset[str]


def implies(one: Filter, other: Filter) -> bool:
    """Return whether each row that meets the first filter also meets the other."""
    return all(any(test.implies(wanted) for test in one) for wanted in other)


def widest(filters: Iterable[Filter]) -> list[Filter]:
    """Return the filters without those that others include."""
    kept: list[Filter] = []
    for new in filters:
        if not any(implies(new, known) for known in kept):
            kept = [known for known in kept if not implies(known, new)] + [new]
    return kept


def condition(filters: Iterable[Filter]) -> str:
    """Return SQL that is true for rows that meet any of the filters.

    Filters that only compare one expression with values are merged.
    """
    values: list[OneOf] = []
    parts: list[str] = []
    for one in filters:
        test = next(iter(one))
        if len(one) > 1 or not isinstance(test, OneOf):
            parts.append(" and ".join(sorted(f"({test.text})" for test in one)))
            continue
        for place, known in enumerate(values):
            if either := known.either(test):
                values[place] = either
                break
        else:
            values.append(test)
    return "\n  or ".join([*(f"({test.text})" for test in values), *parts])
