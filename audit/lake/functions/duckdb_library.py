"""Puts the function library into a connection to DuckDB."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import duckdb
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import BIGINT, BOOLEAN, DOUBLE, INTEGER, VARCHAR, DuckDBPyType

from order_audit.audit.lake.functions import json_text, numbers
from order_audit.audit.lake.functions.duckdb_macros import MACROS
from order_audit.audit.lake.functions.floats import float_text, real_text

_Function = Callable[..., Any]
_TEXTS: Final = DuckDBPyType("VARCHAR[]")
_ROWS: Final = DuckDBPyType("VARCHAR[][]")
_NODES: Final = DuckDBPyType("STRUCT(name VARCHAR, value VARCHAR)[]")
_FLOAT: Final = re.compile(r"[ \t\n\v\f\r]*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)[ \t\n\v\f\r]*")
#: Different values that a function remembers.
_KEPT: Final = 4096


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the library to a connection. All functions of it begin with `oa_`."""
    for name, (function, arguments, result) in _PYTHON.items():
        connection.create_function(
            name,
            _of_values(function, len(arguments)),
            list(arguments),
            result,
            null_handling=FunctionNullHandling.SPECIAL,
        )
    for head, body in MACROS.items():
        connection.execute(f"create or replace macro {head} as {body}")


def _of_values(function: _Function, arguments: int) -> _Function:
    """Return a function that gives NULL for NULL, and computes each of the last different values once."""
    kept = lru_cache(_KEPT)(function)

    def one(a: Any) -> Any:
        return None if a is None else kept(a)

    def two(a: Any, b: Any) -> Any:
        return None if a is None or b is None else kept(a, b)

    def three(a: Any, b: Any, c: Any) -> Any:
        return None if a is None or b is None or c is None else kept(a, b, c)

    def four(a: Any, b: Any, c: Any, d: Any) -> Any:
        return None if a is None or b is None or c is None or d is None else kept(a, b, c, d)

    return (one, two, three, four)[arguments - 1]


def _float(text: str) -> str:
    """Return `text::double precision` as a text: DuckDB takes NaN of a function for NULL."""
    found = _FLOAT.fullmatch(text)
    if found:
        value = float(found[1])
        digits = found[1].lower().partition("e")[0].strip("+-0.")
        if math.isinf(value) or (value == 0 and digits):
            raise ValueError(f'"{text}" is out of range for type double precision')
        return repr(value)
    if re.fullmatch(r"\s*([-+]?inf(inity)?|nan)\s*", text, re.IGNORECASE | re.ASCII):
        return repr(float(text))
    raise ValueError(f'invalid input syntax for type double precision: "{text}"')


def _number_as_float(text: str) -> str:
    value = float(text)
    if math.isinf(value) and not text.endswith("y"):
        raise ValueError(f'"{text}" is out of range for type double precision')
    if value == 0 and text.strip("-0."):
        raise ValueError(f'"{text}" is out of range for type double precision')
    return repr(value)


def _bytes(text: str) -> str:
    """Return the bytes of a text in UTF-8, each as a character."""
    return text.encode().decode("latin-1")


def _normalize(text: str, form: str) -> str:
    return unicodedata.normalize(form.upper(), text)  # type: ignore[arg-type]


def _get_text(text: str, key: str) -> str | None:
    return json_text.as_text(json_text.get(text, key))


def _at_text(text: str, place: int) -> str | None:
    return json_text.as_text(json_text.at(text, place))


def _whole_text(text: str) -> str | None:
    """Return `json #>> '{}'`."""
    json_text.check_escapes(text)
    return json_text.as_text(text.strip(" \t\n\r"))


def _rounded(text: str, scale: int) -> str:
    return numbers.rounded(text, scale)


def _keys(text: str) -> list[str]:
    return [key for key, _ in json_text.members(text)]


def _members(text: str) -> list[dict[str, str]]:
    return [{"name": key, "value": value} for key, value in json_text.members(text)]


def _walk(text: str) -> list[dict[str, str | None]]:
    return [{"name": key, "value": value} for key, value in json_text.walk(text)]


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.DOTALL)


def _regexp(text: str, pattern: str) -> bool:
    return _compiled(pattern).search(text) is not None


def _regexp_replace(text: str, pattern: str, template: str, count: int) -> str:
    """Replace matches; in the template `\\0` to `\\9` are groups, and `\\\\` is a backslash."""

    def written(found: re.Match[str]) -> str:
        return re.sub(r"\\([0-9\\])", lambda it: "\\" if it[1] == "\\" else found[int(it[1])] or "", template)

    return _compiled(pattern).sub(written, text, count=count)


def _regexp_matches(text: str, pattern: str, count: int) -> list[list[str | None]]:
    """Return the groups of each match, or the match itself if there are none; all matches if count is 0."""
    made: list[list[str | None]] = []
    for found in _compiled(pattern).finditer(text):
        made.append(list(found.groups()) or [found[0]])
        if count and len(made) == count:
            break
    return made


_PYTHON: Final[dict[str, tuple[_Function, tuple[DuckDBPyType, ...], DuckDBPyType]]] = {
    "oa_py_normalize": (_normalize, (VARCHAR, VARCHAR), VARCHAR),
    "oa_py_bytes": (_bytes, (VARCHAR,), VARCHAR),
    "oa_py_float": (_float, (VARCHAR,), VARCHAR),
    "oa_py_float_text": (float_text, (DOUBLE,), VARCHAR),
    "oa_py_real_text": (real_text, (DOUBLE,), VARCHAR),
    "oa_py_num_read": (numbers.read, (VARCHAR,), VARCHAR),
    "oa_py_num_of_float": (numbers.of_float, (DOUBLE, INTEGER), VARCHAR),
    "oa_py_num_compare": (numbers.compare, (VARCHAR, VARCHAR), INTEGER),
    "oa_py_num_round": (_rounded, (VARCHAR, INTEGER), VARCHAR),
    "oa_py_num_typmod": (numbers.with_type, (VARCHAR, INTEGER, INTEGER), VARCHAR),
    "oa_py_num_int": (numbers.as_int, (VARCHAR,), BIGINT),
    "oa_py_num_double": (_number_as_float, (VARCHAR,), VARCHAR),
    "oa_py_num": (numbers.calculate, (VARCHAR, VARCHAR, VARCHAR), VARCHAR),
    "oa_py_json": (json_text.check_json, (VARCHAR,), VARCHAR),
    "oa_py_json_keys": (_keys, (VARCHAR,), _TEXTS),
    "oa_py_json_elements": (json_text.elements, (VARCHAR,), _TEXTS),
    "oa_py_json_each": (_members, (VARCHAR,), _NODES),
    "oa_py_json_walk": (_walk, (VARCHAR,), _NODES),
    "oa_py_json_get": (json_text.get, (VARCHAR, VARCHAR), VARCHAR),
    "oa_py_json_get_text": (_get_text, (VARCHAR, VARCHAR), VARCHAR),
    "oa_py_json_at": (json_text.at, (VARCHAR, INTEGER), VARCHAR),
    "oa_py_json_at_text": (_at_text, (VARCHAR, INTEGER), VARCHAR),
    "oa_py_json_path": (_whole_text, (VARCHAR,), VARCHAR),
    "oa_py_regexp": (_regexp, (VARCHAR, VARCHAR), BOOLEAN),
    "oa_py_regexp_replace": (_regexp_replace, (VARCHAR, VARCHAR, VARCHAR, INTEGER), VARCHAR),
    "oa_py_regexp_matches": (_regexp_matches, (VARCHAR, VARCHAR, INTEGER), _ROWS),
}
