"""The types of a data contract's columns, as datacontract-cli compares them on PostgreSQL."""

from __future__ import annotations

import re
from typing import Any, Final

from order_audit.audit.interop.check import CannotImportError
from order_audit.audit.interop.columns import Column

_NUMBERS: Final = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
_TIMES: Final = ("timestamp without time zone", "timestamp with time zone")
#: Types of columns, as information_schema names them, by logical type: numbers of all kinds are alike.
_LOGICAL: Final = {
    "string": ("character varying", "character", "text", "uuid"),
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamp": _TIMES,
    "time": ("time without time zone",),
}
#: The same by physical type; time zones do not matter.
_PHYSICAL: Final = {
    name: types
    for types, names in (
        (("character varying",), ("varchar", "character varying")),
        (("character",), ("char", "character")),
        (("text",), ("text",)),
        (("smallint",), ("smallint", "int2")),
        (("integer",), ("integer", "int", "int4")),
        (("bigint",), ("bigint", "int8")),
        (("numeric",), ("numeric", "decimal")),
        (("real",), ("real", "float4")),
        (("double precision",), ("double precision", "float8")),
        (("boolean",), ("boolean", "bool")),
        (("date",), ("date",)),
        (("uuid",), ("uuid",)),
        (("jsonb",), ("jsonb",)),
        (_TIMES, ("timestamp", "timestamptz", *_TIMES)),
    )
    for name in names
}
_WRITTEN: Final = re.compile(r"([a-z_0-9 ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")


def column(name: str, entry: dict[str, Any]) -> Column:
    """Return a column with its type, if the contract has one. Raises CannotImportError for a type without equivalent.

    A physical type goes before a logical one.
    """
    physical, logical = entry.get("physicalType"), entry.get("logicalType")
    if physical is None:
        if logical is None and not entry.get("properties") and not entry.get("items"):
            return Column(name)
        if str(logical) not in _LOGICAL:
            raise CannotImportError(f"the logical type {logical} is not compared")
        return Column(name, _LOGICAL[str(logical)], str(logical))
    written = _WRITTEN.fullmatch(" ".join(str(physical).lower().split()))
    types = _PHYSICAL.get(written[1]) if written else None
    if written is None or types is None:
        raise CannotImportError(f"the physical type {physical} is not compared")
    first, second = (None if it is None else int(it) for it in written.groups()[1:])
    if first is None:
        return Column(name, types, str(physical))
    if types[0] == "numeric":
        return Column(name, types, str(physical), digits=first, scale=second or 0)
    if types[0] in ("character varying", "character") and second is None:
        return Column(name, types, str(physical), length=first)
    raise CannotImportError(f"the parameter of the physical type {physical} is not compared")
