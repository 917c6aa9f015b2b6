"""Violating keys on their way to violations.csv: a file per rule while scans run, one sorted file in the end."""

from __future__ import annotations

import hashlib
import os
import shutil
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from heapq import merge
from itertools import combinations, islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from order_audit.audit.digest_key import DigestKey
from order_audit.audit.scans.rows_file import RowsFolder
from order_audit.reports import violations
from order_audit.reports.document import KeyOrder, Violations

#: Keys of a file that are read at once.
_BLOCK: Final = 1 << 10
#: Lines that are sorted in memory at once (some 40 MB), unless that makes too many parts: each is an open file.
_SORTED: Final = 1 << 17
_PARTS: Final = 256


@dataclass(frozen=True)
class Overlap:
    """Different keys of some rules, a key of several rules counted once, and how many of them two rules share."""

    keys: int
    overlaps: dict[tuple[str, str], int]


class ViolationStore:
    """A folder of files, one per rule, each in the order of its keys; `rows` are asked for beside the keys.

    Personal keys are digests under `digest_key`.
    """

    def __init__(self, folder: Path, rows: RowsFolder | None = None, digest_key: DigestKey | None = None) -> None:
        self.folder = folder
        self.rows = rows
        self.digest_key = digest_key or DigestKey.for_one_run()
        self._rows: dict[str, int] = {}

    def open(self, rule: str) -> BinaryIO:
        """The rule's file, from the beginning."""
        return self._path(rule).open("wb", buffering=1 << 16)

    def close(self, rule: str, rows: int) -> None:
        """Count a rule's keys after all of them are written."""
        self._rows[rule] = rows

    def sort(self, rule: str, start: int, size: int) -> None:
        """Sort the lines of a rule's file by their bytes, from a place on: each is `size` bytes long."""
        with self._path(rule).open("rb+") as file:
            at_once = max(_SORTED, (file.seek(0, os.SEEK_END) - start) // size // _PARTS)
            file.seek(start)
            parts: list[Path] = []
            while block := file.read(size * at_once):
                part = self.folder / f"{self._path(rule).name}.{len(parts)}"
                part.write_bytes(b"".join(sorted(block[at : at + size] for at in range(0, len(block), size))))
                parts.append(part)
            file.seek(start)
            with ExitStack() as stack:
                opened = [stack.enter_context(part.open("rb")) for part in parts]
                file.writelines(merge(*(iter(partial(part.read, size), b"") for part in opened)))
        for part in parts:
            part.unlink()

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

    def file(self, rule: str) -> Path | None:
        """Return the file of a rule's keys, without a header; None if it has none."""
        return self._path(rule) if self._rows.get(rule) else None

    def integers(self, rule: str, most: int) -> list[int] | None:
        """Return the keys of a rule, if they are integers and at most so many."""
        if self._rows.get(rule, 0) > most:
            return None
        if not self._rows.get(rule):
            return []
        try:
            with self._path(rule).open("rb") as lines:
                return violations.integers(lines, rule, most)
        except ValueError:
            return None

    def overlap(self, rules: Iterable[str], ordered_by: KeyOrder) -> Overlap:
        """How many keys the rules' files hold together, and how many of them each two rules have in common.

        The files are merged as they are ordered, so that no more than a block of each is held.
        """
        with_rows = [rule for rule in rules if self._rows.get(rule)]
        if ordered_by == "number":
            try:
                return self._counted(with_rows, violations.integers)
            except ValueError:
                pass  # some are NULL, or fractions, or NaN: the slower way takes anything
        return self._counted(with_rows, _Positions(as_numbers=ordered_by == "number"))

    def _counted(self, rules: list[str], next_keys: Callable[[BinaryIO, str, int], list[Any]]) -> Overlap:
        """Count what a file has in blocks; `next_keys` gives up to so many keys of a rule's file, in their order."""
        keys = 0
        pairs: Counter[tuple[str, str]] = Counter()
        with ExitStack() as stack:
            unread = {rule: stack.enter_context(self._path(rule).open("rb")) for rule in rules}
            blocks: dict[str, list[Any]] = {rule: [] for rule in rules}
            while True:
                for rule in [rule for rule in unread if not blocks[rule]]:
                    blocks[rule] = next_keys(unread[rule], rule, _BLOCK)
                    if len(blocks[rule]) < _BLOCK:
                        del unread[rule]
                blocks = {rule: block for rule, block in blocks.items() if block}
                if not blocks:
                    return Overlap(keys, dict(pairs))
                # up to here each file is known, so that a key of several rules is in the same round for all of them
                bound = min((blocks[rule][-1] for rule in unread), default=max(block[-1] for block in blocks.values()))
                # a block that ends there is used up whatever its order: the loop comes to an end
                ends = {
                    rule: len(block) if block[-1] <= bound else bisect_right(block, bound)
                    for rule, block in blocks.items()
                }
                known = {rule: set(block[: ends[rule]]) for rule, block in blocks.items()}
                keys += len(set[Any]().union(*known.values()))
                for one, other in combinations(known, 2):
                    if same := len(known[one] & known[other]):
                        pairs[one, other] += same
                blocks = {rule: block[ends[rule] :] for rule, block in blocks.items()}

    def _path(self, rule: str) -> Path:
        return self.folder / hashlib.sha256(rule.encode()).hexdigest()[:24]


class _Positions:
    """Read the sort keys of the next keys of a rule's file. The first NULL of one file is the first of another."""

    def __init__(self, *, as_numbers: bool) -> None:
        self._as_numbers = as_numbers
        self._nulls: Counter[str] = Counter()

    def __call__(self, lines: BinaryIO, rule: str, most: int) -> list[violations.Position]:
        """Return up to `most` sort keys."""
        return [self._position(rule, key) for _, key in islice(violations.rows(lines), most)]

    def _position(self, rule: str, key: bytes | None) -> violations.Position:
        place = violations.position(key, as_number=self._as_numbers)
        if key is not None:
            return place
        self._nulls[rule] += 1
        return place[0], Decimal(self._nulls[rule]), place[2]


class _Digesting:
    def __init__(self, out: BinaryIO, digest: hashlib._Hash) -> None:
        self._out = out
        self._digest = digest

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return self._out.write(data)
