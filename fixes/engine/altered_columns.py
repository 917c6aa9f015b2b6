"""Columns of a table that were added, dropped or altered between two looks at the catalogs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def altered_columns(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the columns that differ between two mappings of types by name, and how, in words."""
    for name, kind in after.items():
        if name not in before:
            yield name, "was added"
        elif kind != before[name]:
            yield name, f"became {kind}"
    for name in before:
        if name not in after:
            yield name, "was dropped"
