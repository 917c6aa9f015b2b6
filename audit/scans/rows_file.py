"""Violating rows as CSV files, one per rule: RFC 4180 in UTF-8, the columns of the rule as header.

NULL is nothing at all, an empty text a pair of quotes. A spreadsheet runs a text as a formula if it begins with one of
`= + - @`, a tab or a line's end. Such a text gets an apostrophe in front; so does one that begins with an apostrophe,
so that without the first apostrophe every text is as it was. Numbers, times and booleans stay as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from order_audit.reports.spreadsheet import neutral

_QUOTED: Final = re.compile(r'[",\r\n]|^$|^\s|\s$')
#: The bytes of a file's name without its suffix.
_LONGEST: Final = 120


@dataclass(frozen=True)
class RowsFolder:
    """Where rows are written, and how many of each rule at most."""

    path: Path
    most: int


class RowsFile:
    """The rows of one rule. The file begins with the first row; `close` removes it unless `keep` was called before."""

    def __init__(self, folder: RowsFolder, rule: str, columns: Sequence[str], plain: Collection[str]) -> None:
        self._path = folder.path / f"{file_name(rule)}.csv"
        self._left = folder.most
        self._columns = columns
        self._plain = plain
        self._file: TextIO | None = None
        self._is_kept = False

    def write(self, row: dict[str, Any]) -> None:
        """Write a row, unless the file has as many as it may."""
        if self._left <= 0:
            return
        self._left -= 1
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            self._file.write(line(field(name) for name in self._columns))
        self._file.write(line(field(row[name], is_plain=name in self._plain) for name in self._columns))

    def keep(self) -> None:
        """Let the file stay."""
        self._is_kept = True

    def close(self) -> None:
        """Close the file; remove it if its rule was not judged to the end."""
        if self._file is not None:
            self._file.close()
            if not self._is_kept:
                self._path.unlink()


def file_name(rule: str) -> str:
    """Return a file's name for a rule, without a suffix: its id, if every file system takes it."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", rule)
    if safe == rule and len(rule) <= _LONGEST and not rule.startswith("."):
        return rule
    return f"{safe[:_LONGEST].lstrip('.')}-{hashlib.sha256(rule.encode()).hexdigest()[:8]}"


def line(fields: Iterable[str]) -> str:
    """Return a line of fields."""
    return ",".join(fields) + "\r\n"


def field(value: Any, *, is_plain: bool = False) -> str:
    """Return a value as a field; the text of a plain type is no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = neutral(value) if isinstance(value, str) and not is_plain else str(value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
