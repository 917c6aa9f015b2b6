"""Names in rule headers, as PostgreSQL reads them, and the parts of a rule's id."""

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


def area_and_name(rule: str) -> tuple[str, str]:
    """Split a rule's id at its last dot, which the value of an instance may have too."""
    base = rule.partition("[")[0]
    area = base.rpartition(".")[0]
    return area, rule.removeprefix(f"{area}.") if area else rule


def top_area(rule: str) -> str:
    """The first part of a rule's id; without any dot, the id itself."""
    return rule.partition("[")[0].partition(".")[0]
