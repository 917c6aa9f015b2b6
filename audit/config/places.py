"""The line of each key of a TOML file, which the parser does not give."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

Path = tuple[str, ...]
_PART: Final = r'(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|\'[^\']*\')'
_NAME: Final = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER: Final = re.compile(rf"\s*\[\[?\s*({_NAME})\s*\]\]?\s*(?:#.*)?")
_KEY: Final = re.compile(rf"\s*({_NAME})\s*=")


def places(text: str) -> dict[Path, int]:
    """Return the lines (from 1) of sections and keys by their path. Of a repeated section, the path has the number
    (from 0) behind its name, too; without it, the lines are those of the first one.

    A line within a text of several lines may be taken for a key: a wrong line is said, and nothing else goes wrong.
    """
    found: dict[Path, int] = {}
    section: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            section = _parts(header[1])
            found.setdefault(section, number)
            if line.lstrip().startswith("[["):
                section = (*section, str(sum(place[:-1] == section and place[-1].isdecimal() for place in found)))
                found[section] = number
        elif key := _KEY.match(line):
            parts = _parts(key[1])
            for end in range(1, len(parts) + 1):
                found.setdefault((*section, *parts[:end]), number)
    return found


def _parts(name: str) -> Path:
    """Return the parts of a dotted name, as TOML reads them."""
    table: Any = tomllib.loads(f"{name} = 0")
    parts = []
    while table:
        ((part, table),) = table.items()
        parts.append(part)
    return tuple(parts)
