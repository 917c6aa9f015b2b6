"""Lines of a fix file that are no part of a fix: comments, and places that a person has to fill in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from order_audit.expectations.fragments import Line

#: What 'fixes new' writes where a person has to write.
FILL_IN: Final = "FILL_IN"
_FILL_IN: Final = re.compile(rf"\b{FILL_IN}\b")
#: A comment outside of a query; a small letter and a colon are taken for a header that is written wrong.
_COMMENT: Final = re.compile(r"--(?!\s?[a-z][^:]*:)")


def open_places(lines: Sequence[Line]) -> str:
    """Return the message about lines that are still to be filled in; empty if there are none."""
    places = [line for line in lines if _FILL_IN.search(line.text)]
    if not places:
        return ""
    more = f" and in {len(places) - 1} more" if len(places) > 1 else ""
    return f"{places[0].path}:{places[0].number}: {FILL_IN} in this line{more}: write what belongs there"


def statement(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines of a query without blank lines around it and comments below it; of comments, all."""
    first = next((place for place, line in enumerate(lines) if line.text.strip()), len(lines))
    if are_comments(lines):
        return tuple(lines[first:])
    last = next(place for place in range(len(lines), first, -1) if not are_comments(lines[place - 1 : place]))
    return tuple(lines[first:last])


def are_comments(lines: Sequence[Line]) -> bool:
    """Whether lines outside of a query are comments."""
    return all(not line.text.strip() or _COMMENT.match(line.text) for line in lines)
