"""Result columns of a translated query as PostgreSQL writes them: texts of keys, and rows as its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.scans.evidence_sql import EVIDENCE_LENGTH
from order_audit.reports import violations

#: The oids of types, as far as masking and order depend on them.
OIDS: Final = {
    "boolean": 16,
    "bytea": 17,
    "name": 19,
    "bigint": 20,
    "smallint": 21,
    "integer": 23,
    "text": 25,
    "json": 114,
    "real": 700,
    "double precision": 701,
    "character": 1042,
    "character varying": 1043,
    "date": 1082,
    "time without time zone": 1083,
    "timestamp without time zone": 1114,
    "timestamp with time zone": 1184,
    "interval": 1186,
    "bit": 1560,
    "bit varying": 1562,
    "numeric": 1700,
    "uuid": 2950,
    "jsonb": 3802,
}
_NUMBERS: Final = {"bigint", "smallint", "integer", "real", "double precision", "numeric"}
_TIMESTAMPS: Final = {"timestamp without time zone", "timestamp with time zone"}
#: Types whose values rows have in full.
_WHOLE: Final = {*_NUMBERS, *_TIMESTAMPS, "boolean", "date", "time without time zone"}
#: A number that JSON can write.
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_FRACTION_ZEROS: Final = re.compile(r"\.?0+$")


def oid(of: PgType) -> int:
    """Return the oid of a type; that of text for one which is not known."""
    return 25 if of.is_array else OIDS.get(of.name, 25)


def key_text(values: Sequence[str | None], types: Sequence[PgType]) -> str | None:
    """Return the text of a key: of one column its own, of several a JSON array; None for NULL."""
    written = [_trimmed(value, of) for value, of in zip(values, types, strict=True)]
    if len(written) == 1:
        return written[0]
    return "[" + ", ".join(_json(value, of) for value, of in zip(written, types, strict=True)) + "]"


def row_json(names: Sequence[str], values: Sequence[str | None], types: Sequence[PgType]) -> str:
    """Return a row as an object of JSON, its texts cut as evidence is."""
    members = (
        f"{json.dumps(name)}:{_json(value if value is None or of.name in _WHOLE else value[:EVIDENCE_LENGTH], of)}"
        for name, value, of in zip(names, values, types, strict=True)
    )
    return "{" + ",".join(members) + "}"


def _trimmed(value: str | None, of: PgType) -> str | None:
    """Equal numerics can be written in several ways: 1 and 1.0."""
    if value is None or of.name != "numeric" or "." not in value:
        return value
    return _FRACTION_ZEROS.sub("", value)


def _json(value: str | None, of: PgType) -> str:
    if value is None:
        return "null"
    if of.is_array:
        return json.dumps(value, ensure_ascii=False)
    if of.name == "boolean":
        return value
    if of.name in _NUMBERS:
        return value if _NUMBER.fullmatch(value) else json.dumps(value)
    if of.name in _TIMESTAMPS and value[:1].isdigit():
        value = value.replace(" ", "T", 1)
        if of.name == "timestamp with time zone":
            value = re.sub(r"([+-]\d\d)( BC)?$", r"\1:00\2", value)
    return json.dumps(value, ensure_ascii=False)


def quoted_field(text: str | None) -> bytes:
    """Return a key as a field of violations.csv with the line's end: nothing for NULL, quotes where COPY has them."""
    return b"\n" if text is None else violations.field(text) + b"\n"
