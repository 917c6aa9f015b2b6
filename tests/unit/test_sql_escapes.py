"""Strings with escapes in SQL: PostgreSQL drops the backslash of one that it does not know, and keeps the letter."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("audit", "expectations", "fixes", "scenario", "reports", "docs", "benchmarks", "tests")
STRING = re.compile(r"(?<![\w'])[eE]'((?:[^'\\\n]|\\.|'')*)'")
UNKNOWN = re.compile(r"\\[^bfnrtxuU0-7'\\]")


def unknown(text: str) -> list[str]:
    """Return the escapes of a text's strings that PostgreSQL does not have."""
    strings = (match[1] for match in STRING.finditer(text))
    return [escape for string in strings for escape in UNKNOWN.findall(string.replace(r"\\", ""))]


def test_strings_have_no_escape_that_postgresql_lacks() -> None:
    assert unknown("select E' \\t\\v', e'\\\\v \\x0b'") == [r"\v"]
    paths = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".sql", ".py", ".md"))
    wrong = {
        str(path.relative_to(ROOT)): found for path in paths
        if path != Path(__file__) and (found := unknown(path.read_text(encoding="utf-8")))
    }  # fmt: skip
    assert wrong == {}
