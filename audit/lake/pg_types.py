"""Types of PostgreSQL as `format_type` writes them, and how their values are stored in lake files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_WRITTEN: Final = re.compile(
    r"(?P<name>[^(\[]+?)\s*(?:\((?P<modifier>[^)]*)\))?(?P<rest>(?: with(?:out)? time zone)?)$"
)
#: Other spellings of SQL and of the catalogs.
_ALIASES: Final = {
    "bool": "boolean",
    "int2": "smallint",
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "float": "double precision",
    "float4": "real",
    "float8": "double precision",
    "decimal": "numeric",
    "varchar": "character varying",
    "char": "character",
    "bpchar": "character",
    "varbit": "bit varying",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
}
#: `format_type` of types that have a modifier as a rule, where they have none.
_WITHOUT_MODIFIER: Final = {'"bit"': "bit", "bpchar": "character"}
_STORED: Final = {
    "boolean": "bool",
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
    "real": "float",
    "double precision": "double",
    "date": "date32",
    "timestamp without time zone": "timestamp[us]",
    "timestamp with time zone": "timestamp[us, tz=UTC]",
}
#: The most digits of a decimal number in Parquet and in DuckDB.
MAX_DIGITS: Final = 38
#: The storage of a column that no rule can read, with the reason.
UNUSABLE: Final = "unusable: "
#: What a value is stored as if no other storage keeps it: as the server writes it by `::text`.
TEXT: Final = "text"


@dataclass(frozen=True)
class PgType:
    """A type: its name without a modifier, the modifier as written ("10,2"), and whether it is an array of that.

    `stored` is given for a column whose values are not stored as usual for its type, such as `text` for a column of
    dates with infinity. It does not belong to the type: two types that differ in it only are written alike.
    """

    name: str
    modifier: str = ""
    is_array: bool = False
    stored: str = ""

    def __str__(self) -> str:
        """Return the type as `format_type` writes it."""
        name, modifier = self.name, f"({self.modifier})" if self.modifier else ""
        if modifier and name.startswith(("timestamp ", "time ")):
            first, rest = name.split(" ", 1)
            written = f"{first}{modifier} {rest}"
        else:
            written = f"{name}{modifier}"
        return written + ("[]" if self.is_array else "")

    @property
    def base(self) -> PgType:
        """The type without modifier and storage."""
        return PgType(self.name, "", self.is_array)

    @property
    def element(self) -> PgType:
        """The type of an array's elements."""
        return PgType(self.name, self.modifier)

    @property
    def array(self) -> PgType:
        """The array type with elements of this type."""
        return PgType(self.name, "", True)

    @property
    def digits(self) -> tuple[int, int] | None:
        """Precision and scale of a numeric with a modifier, else None."""
        if self.name != "numeric" or not self.modifier or self.is_array:
            return None
        precision, _, scale = self.modifier.partition(",")
        return int(precision), int(scale or 0)

    @property
    def storage(self) -> str:
        """How a column of this type is stored: the name of an Arrow type, or `text`."""
        return self.stored or usual_storage(self)


def usual_storage(of: PgType) -> str:
    """Return the Arrow type that keeps the usual values of a type, or `text`: values as `::text` writes them."""
    if of.is_array:
        return TEXT
    digits = of.digits
    if digits and digits[0] <= MAX_DIGITS and 0 <= digits[1] <= digits[0]:
        return f"decimal128({digits[0]}, {digits[1]})"
    return _STORED.get(of.name, TEXT)


def read_type(written: str) -> PgType:
    """Read a type as `format_type` or SQL writes it: `integer`, `varchar(20)`, `numeric(10,2)[]`.

    A name that is not known, such as an enum's, is kept as it is. Raises ValueError if the text is no type at all.
    """
    text = " ".join(written.split())
    if text in _WITHOUT_MODIFIER:
        return PgType(_WITHOUT_MODIFIER[text])
    plain = text.removesuffix("[]")
    while plain.endswith("[]"):
        plain = plain.removesuffix("[]")
    found = _WRITTEN.fullmatch(plain)
    if not found:
        raise ValueError(f"{written!r} is not a type of PostgreSQL")
    name = found["name"]
    if not name.startswith('"'):
        name = name.lower()
    name = _ALIASES.get(name + found["rest"].lower(), _ALIASES.get(name, name) if not found["rest"] else name)
    if found["rest"] and not name.endswith("zone"):
        name += found["rest"].lower()
    modifier = (found["modifier"] or "").replace(" ", "")
    if name == "character" and not modifier and not plain.startswith("bpchar"):
        modifier = "1"
    if name == "bit" and not modifier:
        modifier = "1"
    return PgType(name, modifier, text.endswith("[]"))
