"""Names of tables and columns, as SQL text and as the server stores them; numbers of rows."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

#: Matches a quoted or unquoted name.
NAME: Final = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_NAME: Final = re.compile(NAME)
_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_$]*")


def row_count(count: int) -> str:
    """Return a number of rows in words."""
    return "1 row" if count == 1 else f"{count:,} rows"


def stored(name: str) -> str:
    """Return a name as PostgreSQL stores it: without quotes, or folded to lower case."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


@lru_cache(maxsize=4096)
def parts(name: str) -> tuple[str, ...]:
    """Return the stored parts of a name: the table, or schema and table."""
    return tuple(stored(part) for part in _NAME.findall(name))


def written(name: str) -> str:
    """Return a stored name as a person writes it in SQL."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def folded(table: str) -> str:
    """Return the name of a table, as SQL, with its unquoted parts in lower case."""
    return _NAME.sub(lambda found: found[0] if found[0].startswith('"') else found[0].lower(), table)


def literal(text: str) -> str:
    """Return text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def columns(text: str) -> list[str]:
    """Return the stored names of columns that stand between parentheses, by commas."""
    return [stored(name) for name in _NAME.findall(text)]


def listed(columns: Collection[str]) -> str:
    """Return the columns of a key: `id`, or `(site, sku)`."""
    text = ", ".join(map(written, columns))
    return text if len(columns) == 1 else f"({text})"
