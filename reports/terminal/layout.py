"""Tables and paragraphs that fit the terminal. Output into a pipe or file is neither cut nor broken."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Final

#: The lines of a terminal of unknown height.
_LINES: Final = 24
_NARROWEST: Final = 40
#: The letters that a text in the last column has at least.
_TITLE: Final = 20

#: A part of a statement without white space outside of quotes.
_WORD: Final = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")


def columns() -> int:
    """Return the columns of the terminal, at least 40; for other output, a number that no line reaches."""
    found = shutil.get_terminal_size((0, 0)).columns
    return max(found, _NARROWEST) if found else sys.maxsize


def screen() -> int:
    """Return the lines of the terminal, at least 24."""
    return max(shutil.get_terminal_size((0, _LINES)).lines, _LINES)


def height(lines: Sequence[str]) -> int:
    """Return the number of lines on the terminal, which breaks long ones."""
    return sum(max(-(-len(line) // columns()), 1) for line in lines)


def cut(text: str, room: int) -> str:
    """Return a text that is at most `room` letters long; `…` stands for the rest."""
    return text if len(text) <= room else text[: max(room - 1, 0)].rstrip() + "…"


def paragraph(text: str, indent: str = "", further: str = "    ") -> list[str]:
    """Return a text in lines of the terminal's width: the first after `indent`, maybe a word; others further in."""
    width = columns()
    if len(indent) + len(text) <= width:
        return [indent + text]
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=" " * len(indent) + further, break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


def statement(line: str, indent: str) -> list[str]:
    """Return a line of SQL in lines of the terminal's width, which mean the same: no quoted text is broken."""
    width, further = columns(), f"{indent}  "
    # white space means nothing in the body of a function; other dollar quotes are texts
    is_unsafe = any(line.count(mark) % 2 for mark in "'\"") or "$" in line.replace(" as $$", "").replace("$$;", "")
    if len(indent) + len(line) <= width or is_unsafe:
        return [indent + line]
    if line.startswith("--"):
        return textwrap.wrap(
            line, width, initial_indent=indent, subsequent_indent=f"{indent}-- ", break_on_hyphens=False,
            break_long_words=False,
        )  # fmt: skip
    lines = [indent]
    for word in _WORD.findall(line):
        if len(lines[-1]) + len(word) >= width and lines[-1].strip():
            lines.append(further)
        lines[-1] += word if not lines[-1].strip() else f" {word}"
    return lines


def fits(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a table with a text in its last column needs no broken rows."""
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return sum(wide[:-1]) + 2 * (len(wide) - 1) + min(wide[-1], _TITLE) <= columns()


def table(rows: Sequence[Sequence[str]], left: Sequence[int] = (0, -1)) -> list[str]:
    """Align the columns in `left` left, others right. Cut the last; if the others leave no room, break each row.

    A broken row has its first cell in a line of its own.
    """
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    last = len(wide) - 1
    start = {place % len(wide) for place in left}
    is_text = last in start
    fixed = sum(wide[:last]) + 2 * last + (min(wide[last], _TITLE) if is_text else wide[last])
    is_broken = fixed > columns()
    indent = 4
    taken = (indent + sum(wide[1:last]) + 2 * (last - 1)) if is_broken else sum(wide[:last]) + 2 * last
    lines = []
    for row in rows:
        cells = [
            cell.ljust(wide[place]) if place in start else cell.rjust(wide[place]) for place, cell in enumerate(row)
        ]
        if is_text:
            cells[last] = cut(row[last], columns() - taken)
        if is_broken:
            lines += [row[0]] * bool(row[0]) + [" " * indent + "  ".join(cells[1:]).rstrip()]
        else:
            lines.append("  ".join(cells).rstrip())
    return lines
