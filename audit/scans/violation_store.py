"""Violating keys on their way to violations.csv: a file per rule while scans run, one sorted file in the end."""

from __future__ import annotations

import hashlib
import heapq
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial, reduce
from itertools import combinations, groupby, repeat
from operator import itemgetter, or_
from pathlib import Path
from typing import BinaryIO, Final

from order_audit.reports import violations
from order_audit.reports.document import KeyOrder, Violations

#: Sets of rules that are counted before they are added up: there could be as many as keys.
_SETS: Final = 10_000
#: Keys of a file that are read at once, and the bits of a number that rules have one each of, but for the sign's.
_BLOCK: Final = 1 << 16
_BITS: Final = 64


@dataclass(frozen=True)
class Overlap:
    """Different keys of some rules, a key of several rules counted once, and how many of them two rules share."""

    keys: int
    overlaps: dict[tuple[str, str], int]


class ViolationStore:
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

    def write(self, target: Path, rules: Iterable[str]) -> Violations:
        """Write the rules' files into one, by the bytes of their ids."""
        digest = hashlib.sha256()
        rows = 0
        with target.open("wb") as out:
            writer = _Digesting(out, digest)
            writer.write(violations.HEADER)
            for rule in sorted(rules, key=lambda id: id.encode()):
                if count := self._rows.get(rule, 0):
                    rows += count
                    with self._path(rule).open("rb") as part:
                        shutil.copyfileobj(part, writer, 1 << 20)
        return Violations(target.name, digest.hexdigest(), rows)

    def overlap(self, rules: Iterable[str], ordered_by: KeyOrder) -> Overlap:
        """How many keys the rules' files hold together, and how many of them each two rules have in common.

        The files are merged as they are ordered, so that no more than a block of each is held.
        """
        found = [rule for rule in rules if self._rows.get(rule)]
        as_numbers = ordered_by == "number"
        if as_numbers and len(found) < _BITS:
            try:
                return self._counted(found, _sets_of_integers)
            except (ValueError, OverflowError):
                pass  # some are NULL, or fractions, or NaN: the slower way takes anything
        return self._counted(found, partial(_sets, as_numbers=as_numbers))

    def _counted(self, rules: list[str], sets: Callable[[dict[str, BinaryIO]], Iterator[tuple[int, int]]]) -> Overlap:
        """Add up the sets of rules that keys are of, a bit for each rule, each with the number of its keys."""
        keys = 0
        counts: Counter[int] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        with ExitStack() as stack:
            files: dict[str, BinaryIO] = {rule: stack.enter_context(self._path(rule).open("rb")) for rule in rules}
            for mask, count in sets(files):
                counts[mask] += count
                if len(counts) > _SETS:
                    keys += _paired(counts, rules, pairs)
        keys += _paired(counts, rules, pairs)
        return Overlap(keys, dict(pairs))

    def _path(self, rule: str) -> Path:
        return self.folder / hashlib.sha256(rule.encode()).hexdigest()[:24]


def _paired(sets: Counter[int], rules: list[str], pairs: Counter[tuple[str, str]]) -> int:
    """Add up what sets of rules have in common by pairs, empty them, and give the number of keys that they were of."""
    keys = sets.total()
    for mask, count in sets.items():
        for pair in combinations((rule for place, rule in enumerate(rules) if mask >> place & 1), 2):
            pairs[pair] += count
    sets.clear()
    return keys


def _sets(files: dict[str, BinaryIO], *, as_numbers: bool) -> Iterator[tuple[int, int]]:
    """Of each key in turn, the set of rules."""
    streams = (
        zip(_positions(lines, as_numbers=as_numbers), repeat(1 << place)) for place, lines in enumerate(files.values())
    )
    for _, same in groupby(heapq.merge(*streams), itemgetter(0)):
        yield reduce(or_, (bit for _, bit in same)), 1


def _positions(lines: BinaryIO, *, as_numbers: bool) -> Iterator[violations.Position]:
    return (violations.position(key, as_number=as_numbers) for _, key in violations.rows(lines))


def _sets_of_integers(files: dict[str, BinaryIO]) -> Iterator[tuple[int, int]]:
    """The same in blocks: several times faster. Raises ValueError or OverflowError where keys are no such integers."""
    import numpy as np

    parts = [np.empty(0, np.int64) for _ in files]
    more = [True for _ in files]
    while True:
        for place, (rule, lines) in enumerate(files.items()):
            if more[place] and not parts[place].size:
                block = violations.integers(lines, rule, _BLOCK)
                parts[place] = np.array(block, np.int64)
                more[place] = len(block) == _BLOCK
        last = [part[-1] for part in parts if part.size]
        if not last:
            return
        # up to where each file is known that has more
        bound = min((part[-1] for part, again in zip(parts, more, strict=True) if again), default=max(last))
        ends = [int(np.searchsorted(part, bound, "right")) for part in parts]
        keys = np.concatenate([part[:end] for part, end in zip(parts, ends, strict=True)])
        masks = np.repeat(np.left_shift(1, np.arange(len(files), dtype=np.int64)), ends)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        found, counts = np.unique(np.bitwise_or.reduceat(masks[order], firsts), return_counts=True)
        yield from zip(found.tolist(), counts.tolist(), strict=True)
        parts = [part[end:] for part, end in zip(parts, ends, strict=True)]


class _Digesting:
    def __init__(self, out: BinaryIO, digest: hashlib._Hash) -> None:
        self._out = out
        self._digest = digest

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return self._out.write(data)
