"""Keys of JSON documents that are spelled in several ways."""

from __future__ import annotations

import re


def variants(keys: list[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """Return the keys that are equal without case and separators (`api-key`, `apiKey`), if they differ otherwise."""
    spellings: dict[str, list[tuple[str, int]]] = {}
    for key, count in keys:
        spellings.setdefault(re.sub(r"[\W_]+", "", key.casefold()), []).append((key, count))
    return [found for plain, found in spellings.items() if plain and len(found) > 1]
