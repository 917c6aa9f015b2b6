"""Texts in CSV files for spreadsheets, which run some of them as formulas."""

from __future__ import annotations

import re
from itertools import chain, islice
from pathlib import Path
from typing import Final

from order_audit.reports import violations

#: Beginnings of formulas, also in full width, and the apostrophe itself, so that a text is as it was without the first.
_RISKY: Final = tuple("=+-@\t\r\n'＝＋－＠")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")
#: A line that stays as it is: without quotation marks, and with a letter, a digit or a number where its texts begin.
_HARMLESS: Final = re.compile(rb'\w[^",]*,(?:\w[^"]*|[+-]?\d+(?:\.\d+)?)\n')


def neutral(text: str) -> str:
    """Return a text with an apostrophe in front if a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def write(exact: Path, target: Path) -> None:
    """Write a violations file again, with its rules and keys neutral. Numbers stay. The file is read as a stream."""
    with exact.open("rb") as lines, target.open("wb") as out:
        out.write(next(lines, b""))
        for line in lines:
            if _HARMLESS.fullmatch(line):
                out.write(line)
                continue
            ((rule, key),) = islice(violations.rows(chain((line,), lines)), 1)
            out.write(violations.prefix(neutral(rule)))
            if key is not None:
                text = key.decode()
                out.write(violations.field(text if _NUMBER.fullmatch(text) else neutral(text)))
            out.write(b"\n")
