"""The JSON Schema of results.json, made from the dataclasses; `python -m order_audit.reports.document.json_schema`
writes the file that is shipped.
"""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from order_audit.reports.document.audit import Document
from order_audit.reports.document.codec import JsonObject, parts

PATH: Final = Path(__file__).parents[1] / "results.schema.json"
_WIDTH: Final = 100
_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def text() -> str:
    """The file's text."""
    defined: dict[str, JsonObject] = {}
    whole = _object(Document, defined)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:order-audit:results:2",
        "title": "order-audit results",
    }
    return _written(head | whole | {"$defs": dict(sorted(defined.items()))}, "") + "\n"


def _written(value: Any, indent: str) -> str:
    """JSON in which whatever fits into a line stands in one."""
    line = json.dumps(value)
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(deeper + _written(it, deeper) for it in value) + f"\n{indent}]"
    members = (f"{deeper}{json.dumps(name)}: {_written(it, deeper)}" for name, it in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def _object(cls: Any, defined: dict[str, JsonObject]) -> JsonObject:
    members = parts(cls)
    made: JsonObject = {
        "description": " ".join((cls.__doc__ or "").split()),
        "type": "object",
        "required": [part.name for part in members if part.is_required],
        "properties": {part.name: _schema(part.annotation, defined) for part in members},
    }
    if conditions := getattr(cls, "CONDITIONS", None):
        made["allOf"] = conditions
    return made


def _schema(annotation: Any, defined: dict[str, JsonObject]) -> JsonObject:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        made = _schema(inner[0], defined)
        for note in inner[1:]:
            made = made | ({"description": note.description} if note.description else {}) | note.limits
        return made
    if annotation is Any:
        return {}
    if origin in (Union, UnionType):
        return _either([_schema(it, defined) for it in inner])
    if origin is Literal:
        return {"const": inner[0]} if len(inner) == 1 else {"enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], defined)}
    if origin is dict:
        values = _schema(inner[1], defined)
        return {"type": "object"} | ({"additionalProperties": values} if values else {})
    if is_dataclass(annotation):
        name = annotation.__name__  # type: ignore[union-attr]
        if name not in defined:
            defined[name] = {}  # for a class within itself
            defined[name] = _object(annotation, defined)
        return {"$ref": f"#/$defs/{name}"}
    if annotation is datetime:
        return {"type": "string", "format": "date-time"}
    return {"type": _TYPES[annotation]}


def _either(kinds: list[JsonObject]) -> JsonObject:
    """One of several: as simple as it can be said."""
    if all(kind.keys() == {"type"} for kind in kinds):
        names = list(dict.fromkeys(kind["type"] for kind in kinds))
        if "number" in names and "integer" in names:
            names.remove("integer")
        return {"type": names if len(names) > 1 else names[0]}
    if len(kinds) == 2 and kinds[1] == {"type": "null"} and isinstance(kinds[0].get("type"), str):
        return kinds[0] | {"type": [kinds[0]["type"], "null"]}
    return {"anyOf": kinds}


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
