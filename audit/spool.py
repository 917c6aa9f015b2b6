"""Violating keys on their way to violations.csv: a file per rule while scans run, one sorted file in the end."""

from __future__ import annotations

import csv
import hashlib
import heapq
import io
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, repeat
from pathlib import Path
from typing import BinaryIO, Final

#: Sets of rules that are counted before they are added up: there could be as many as keys.
_SETS: Final = 10_000
HEADER: Final = b"rule,key\n"


@dataclass(frozen=True)
class Violations:
    """A violations file: its name beside the results, its SHA-256, and its rows without the header."""

    file: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Together:
    """Different keys of some rules, a key of several rules counted once, and how many of them two rules share."""

    keys: int
    shared: dict[tuple[str, str], int]


class Spool:
    """A folder of files, one per rule, each written in the order of its keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: dict[str, int] = {}

    def open(self, rule: str) -> BinaryIO:
        """The rule's file, from the beginning."""
        return self._path(rule).open("wb", buffering=1 << 16)

    def close(self, rule: str, rows: int) -> None:
        """Count what was written for a rule in full."""
        self._rows[rule] = rows

    def assemble(self, target: Path, rules: Iterable[str]) -> Violations:
        """Write the rules' files into one, by the bytes of their ids."""
        digest = hashlib.sha256()
        rows = 0
        with target.open("wb") as out:
            writer = _Digesting(out, digest)
            writer.write(HEADER)
            for rule in sorted(rules, key=lambda id: id.encode()):
                if count := self._rows.get(rule, 0):
                    rows += count
                    with self._path(rule).open("rb") as part:
                        shutil.copyfileobj(part, writer, 1 << 20)
        return Violations(target.name, digest.hexdigest(), rows)

    def together(self, rules: Iterable[str], ordered_by: str) -> Together:
        """How many keys the rules' files hold together, and how many of them each two rules have in common.

        The files are merged as they are ordered, so that no more than a key of each is held.
        """
        found = [rule for rule in rules if self._rows.get(rule)]
        sets: Counter[int] = Counter()  # of rules, a bit each
        pairs: Counter[tuple[str, str]] = Counter()
        keys = 0
        with ExitStack() as stack:
            streams = [
                zip(
                    _keys(
                        stack.enter_context(self._path(rule).open("rb")), len(field(rule)) + 1, ordered_by == "number"
                    ),
                    repeat(1 << place),
                )
                for place, rule in enumerate(found)
            ]
            last, mask = None, 0
            for key, bit in heapq.merge(*streams):
                if key == last:
                    mask |= bit
                    continue
                sets[mask] += 1
                last, mask = key, bit
                if len(sets) > _SETS:
                    keys += _counted(sets, found, pairs)
            sets[mask] += 1
        keys += _counted(sets, found, pairs)
        return Together(keys, dict(pairs))

    def _path(self, rule: str) -> Path:
        return self.folder / hashlib.sha256(rule.encode()).hexdigest()[:24]


def _counted(sets: Counter[int], rules: list[str], pairs: Counter[tuple[str, str]]) -> int:
    """Add up what sets of rules have in common by pairs, empty them, and give the number of keys that they were of."""
    del sets[0]  # what was before the first
    keys = sets.total()
    for mask, count in sets.items():
        for pair in combinations((rule for place, rule in enumerate(rules) if mask >> place & 1), 2):
            pairs[pair] += count
    sets.clear()
    return keys


def _keys(lines: BinaryIO, start: int, as_numbers: bool) -> Iterator[tuple[int, Decimal | int] | bytes]:
    """The keys of a rule's file, which begin after its id, in the form that they are ordered by."""
    for first in lines:
        line = first
        while line.count(b'"') % 2:
            line += next(lines)  # a quoted key goes on over the line's end
        key = line[start:].removesuffix(b"\n")
        if as_numbers:
            yield _number(key.decode())
        else:
            yield key[1:-1].replace(b'""', b'"') if key.startswith(b'"') else key


def _number(key: str) -> tuple[int, Decimal | int]:
    """What a number is ordered by as the server does it: NULL, written as nothing, is before all, NaN after all."""
    if not key:
        return 0, Decimal(0)
    if key.isdecimal():
        return 1, int(key)  # most are, and this is the faster
    number = Decimal(key)
    return (2, Decimal(0)) if number.is_nan() else (1, number)


class _Digesting:
    def __init__(self, out: BinaryIO, digest: hashlib._Hash) -> None:
        self._out = out
        self._digest = digest

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return self._out.write(data)


def field(text: str) -> bytes:
    """One CSV field, quoted where it must be."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue().encode()
