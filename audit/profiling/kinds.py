"""How the values of a type are profiled: which figures they have, and the SQL that makes such values of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from order_audit.audit.database.quoting import quoted

#: How a column is profiled. Values of kind `written` are counted by their text; `position` is a place in the log.
Kind = Literal[
    "number",
    "time",
    "span",
    "position",
    "text",
    "json",
    "bits",
    "boolean",
    "plain",
    "array",
    "bytes",
    "range",
    "written",
]

_MONEY: Final = 790
_NUMERIC: Final = 1700
_XID8: Final = 5069
_JSONB: Final = 3802
_KINDS: Final[dict[int, Kind]] = {
    **dict.fromkeys((20, 21, 23, 26, 700, 701, _NUMERIC), "number"),
    **dict.fromkeys((1082, 1114, 1184), "time"),
    **dict.fromkeys((1083, 1266, 1186), "span"),
    **dict.fromkeys((18, 19, 25, 1042, 1043), "text"),
    **dict.fromkeys((114, _JSONB), "json"),
    **dict.fromkeys((1560, 1562), "bits"),
    **dict.fromkeys((650, 774, 829, 869, 2950), "plain"),
    16: "boolean",
    17: "bytes",
    3220: "position",
}


@dataclass(frozen=True)
class TypeFacts:
    """The catalog entry of a type; of a domain, that of its base type.

    `inside` is the type of an array's elements, or of a range's bounds, else 0. `hstore_schema` is the schema of the
    extension hstore, if the type is its type.
    """

    oid: int
    typtype: str
    category: str
    is_array: bool
    inside: int
    hstore_schema: str | None


@dataclass(frozen=True)
class Profiled:
    """The kind of a type, and SQL around its values that makes other values of them.

    `type` is the oid of the type of those; of arrays and ranges that of what is inside.
    """

    kind: Kind
    type: int
    before: str = ""
    after: str = ""


def profiled(of: TypeFacts) -> Profiled:
    """Return how the values of a type are profiled."""
    if of.oid == _MONEY:
        return Profiled("number", _NUMERIC, after="::numeric")
    if of.oid == _XID8:
        return Profiled("number", _NUMERIC, after="::text::numeric")
    if of.hstore_schema is not None:
        return Profiled("json", _JSONB, before=f"{quoted(of.hstore_schema)}.hstore_to_jsonb(", after=")")
    kind = _kind(of)
    return Profiled(kind, of.inside if kind in ("array", "range") else of.oid)


def _kind(of: TypeFacts) -> Kind:
    if of.typtype == "e":
        return "plain"
    if of.typtype in ("r", "m") and _KINDS.get(of.inside) in ("number", "time"):
        return "range"
    if of.typtype != "b":
        return "written"
    if of.is_array:
        return "array"
    # of types from extensions only citext and its like are in the category of strings
    return _KINDS.get(of.oid, "text" if of.category == "S" else "written")
