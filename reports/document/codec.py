"""Dataclasses as JSON and back, by their annotations: a part that is missing or wrong is named by its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from order_audit.errors import DocumentError

#: An object with members that depend on the database: a row, a table's profile.
JsonObject: TypeAlias = dict[str, Any]

T = TypeVar("T")


@dataclass(frozen=True)
class Note:
    """Annotations of a part in the JSON Schema: a description, and limits by their JSON Schema names."""

    description: str = ""
    limits: JsonObject = field(default_factory=dict)


def note(description: str = "", **limits: Any) -> Note:
    """A note for `Annotated`; `limits` are keywords of JSON Schema, such as `minimum=0`."""
    return Note(description, limits)


#: A number of things.
Count: TypeAlias = Annotated[int, note(minimum=0)]


@dataclass(frozen=True)
class Part:
    """A member of an object: its annotation as it stands, and the field that it is of."""

    name: str
    annotation: Any
    field: Field[Any]

    @property
    def is_required(self) -> bool:
        """Whether it is always written: a part with a default is left out where it has that."""
        return self.field.default is MISSING


@cache
def parts(cls: type) -> tuple[Part, ...]:
    """The members of a dataclass's JSON object."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(Part(it.name, hints[it.name], it) for it in fields(cls))


def encode(value: Any) -> Any:
    """A dataclass, and whatever is in it, as JSON knows it."""
    if is_dataclass(value) and not isinstance(value, type):
        members = ((part, getattr(value, part.name)) for part in parts(type(value)))
        return {part.name: encode(it) for part, it in members if part.is_required or it != part.field.default}
    if isinstance(value, Mapping):
        return {name: encode(it) for name, it in value.items()}
    if isinstance(value, list | tuple):
        return [encode(it) for it in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def decode(cls: type[T], value: Any, path: str = "") -> T:
    """The dataclass that an object of JSON is. Members that it does not know are left out.

    Raises DocumentError with the path of a part that is missing or not of its type.
    """
    decoded: T = _decoded(cls, value, path)
    return decoded


_NAMES: Final[dict[Any, str]] = {str: "a text", int: "an integer", float: "a number", bool: "true or false"}


def _decoded(annotation: Any, value: Any, path: str) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _decoded(get_args(annotation)[0], value, path)
    if annotation is Any:
        return value
    if origin in (Union, UnionType):
        return _either(get_args(annotation), value, path)
    if origin is Literal:
        known = get_args(annotation)
        # 1 is equal to True, and no text is unhashable
        if not any(type(value) is type(it) and value == it for it in known):
            raise _wrong(path, f"is none of {', '.join(map(str, known))}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise _wrong(path, "is no list")
        inner = get_args(annotation)[0]
        return tuple(_decoded(inner, it, f"{path}[{place}]") for place, it in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong(path, "is no object")
        inner = get_args(annotation)[1]
        return {name: _decoded(inner, it, _below(path, name)) for name, it in value.items()}
    if is_dataclass(annotation):
        return _object(annotation, value, path)
    if annotation is datetime:
        return _moment(value, path)
    return _plain(annotation, value, path)


def _object(cls: Any, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(path, "is no object")
    made: JsonObject = {}
    for part in parts(cls):
        if part.name in value:
            made[part.name] = _decoded(part.annotation, value[part.name], _below(path, part.name))
        elif part.is_required:
            raise _wrong(_below(path, part.name), "is missing")
    return cls(**made)


def _either(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    others = [kind for kind in kinds if kind is not type(None)]
    for kind in others[:-1]:
        try:
            return _decoded(kind, value, path)
        except DocumentError:
            continue
    return _decoded(others[-1], value, path)


def _moment(value: Any, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(path, "is no time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(kind: type, value: Any, path: str) -> Any:
    wanted: tuple[type, ...] = (int, float) if kind is float else (kind,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise _wrong(path, f"is not {_NAMES[kind]}")
    return value


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _wrong(path: str, what: str) -> DocumentError:
    return DocumentError(f"{path or 'it'} {what}")
