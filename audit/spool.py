"""Violating keys on their way to violations.csv: a file per rule while scans run, one sorted file in the end."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
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

    def _path(self, rule: str) -> Path:
        return self.folder / hashlib.sha256(rule.encode()).hexdigest()[:24]


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
