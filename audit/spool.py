"""Violating keys on their way to violations.csv: a file per rule while scans run, one sorted file in the end."""

from __future__ import annotations

import csv
import hashlib
import heapq
import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Final

HEADER: Final = b"rule,key\n"


@dataclass(frozen=True)
class Violations:
    """A violations file: its name beside the results, its SHA-256, and its rows without the header."""

    file: str
    sha256: str
    rows: int


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

    def distinct(self, rules: Iterable[str], ordered_by: str) -> int:
        """How many keys the rules' files hold together, a key of several rules counted once.

        The files are merged as they are ordered, so that no more than a key of each is held.
        """
        with ExitStack() as stack:
            keys = [
                _keys(stack.enter_context(self._path(rule).open("rb")), len(field(rule)) + 1, ordered_by == "number")
                for rule in rules
                if self._rows.get(rule)
            ]
            return sum(1 for _ in groupby(heapq.merge(*keys)))

    def _path(self, rule: str) -> Path:
        return self.folder / hashlib.sha256(rule.encode()).hexdigest()[:24]


def _keys(lines: BinaryIO, start: int, as_numbers: bool) -> Iterator[tuple[int, Decimal] | bytes]:
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


def _number(key: str) -> tuple[int, Decimal]:
    """What a number is ordered by as the server does it: NULL, written as nothing, is before all, NaN after all."""
    if not key:
        return 0, Decimal(0)
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
