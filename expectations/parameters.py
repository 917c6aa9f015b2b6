"""The header fields `variables` and `for_each` of a rule file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from order_audit.expectations import for_each
from order_audit.expectations.error import SuiteError
from order_audit.expectations.for_each import VALUE, ForEach
from order_audit.expectations.fragments import Line
from order_audit.expectations.variables import Variable, declared


def read(header: Mapping[str, str], lines: Sequence[Line]) -> tuple[tuple[Variable, ...], ForEach | None]:
    """Read both fields. Raises SuiteError with file and line."""
    variables: tuple[Variable, ...] = ()
    repeated = None
    if "variables" in header:
        variables = declared(header["variables"], _where(lines, "variables"))
    if "for_each" in header:
        where = _where(lines, "for_each")
        repeated = for_each.read(header["for_each"], lines, where)
        if repeated.values and any(it.name == VALUE for it in variables):
            raise SuiteError(f"{where}: '{VALUE}' is the variable of for_each: give yours another name")
    return variables, repeated


def _where(lines: Sequence[Line], field: str) -> str:
    line = next(line for line in lines if line.text.lstrip("- ").startswith(f"{field}:"))
    return f"{line.path}:{line.number}"
