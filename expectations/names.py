"""Names in rule headers, as PostgreSQL reads them."""

from __future__ import annotations

from pathlib import PurePath

from order_audit.expectations.error import SuiteError


def column_list(text: str, field: str, path: PurePath | str) -> tuple[str, ...]:
    """Return the columns of a header field. Raises SuiteError if they are not different names."""
    columns = tuple(unquoted(item.strip()) for item in text.split(","))
    if not all(columns) or len(set(columns)) < len(columns):
        raise SuiteError(f"{path}: {field} '{text}' is not a list of different columns")
    return columns


def unquoted(name: str) -> str:
    """The name PostgreSQL stores: folded to lower case unless quoted."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('""', '"')
    return name.lower()
