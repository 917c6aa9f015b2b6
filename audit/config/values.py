"""Values of a configuration file, as the options that they stand in for have them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from order_audit import search_path
from order_audit.audit.config.keys import WORDS, Key, Kind
from order_audit.errors import UsageError
from order_audit.expectations import SEVERITIES, Amount, shipped

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def checked(key: Key, value: Any, place: str, folder: Path) -> Any:
    """Return a key's value. Paths are relative to `folder`. Raises UsageError for a wrong one, with its place."""
    result = _KINDS[key.kind](key, value, folder)
    if result is None:
        shown = f" {value!r}" if isinstance(value, str | int | float) else ""
        bounds = f" from {key.least:g} to {key.most:g}" if key.kind in ("number", "whole") else ""
        choices = f" of {', '.join(key.choices)}" * bool(key.choices)
        raise UsageError(f"{place}: {key.path}{shown} is not {WORDS[key.kind]}{bounds}{choices}")
    if key.name == "schema":
        try:
            text = search_path.text(result) if isinstance(value, list) else value
            search_path.names(text)
        except UsageError as error:
            raise UsageError(f"{place}: {str(error).replace('--schema', 'schema')}") from None
        return text
    return ",".join(result) if key.name == "format" else result


def open_value(section: str, name: str, value: Any, place: str) -> str:
    """Return a value of an open section. Raises UsageError for a wrong one, with its place."""
    if section == "severity":
        if value not in SEVERITIES:
            raise UsageError(f"{place}: the severity of '{name}' is not one of {', '.join(SEVERITIES)}")
        return str(value)
    if section == "tolerate":
        try:
            return str(Amount.parse(value if isinstance(value, str) else str(value)))
        except ValueError as error:
            raise UsageError(f"{place}: tolerate '{name}': {error}") from None
    if not _NAME.fullmatch(name):
        raise UsageError(f"{place}: '{name}' is not a name of a variable: letters, digits and _")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if not isinstance(value, str | int | float):
        raise UsageError(f"{place}: the value of '{name}' is not a text, a number or a date")
    return str(value)


def _text(_key: Key, value: Any, _folder: Path) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _texts(key: Key, value: Any, folder: Path) -> list[str] | None:
    items = value if isinstance(value, list) else [value]
    return items if items and all(_text(key, item, folder) for item in items) else None


def _file(key: Key, value: Any, folder: Path) -> str | None:
    return _relative(value, folder) if _text(key, value, folder) else None


def _files(key: Key, value: Any, folder: Path) -> list[str] | None:
    """Suites: a shipped one's name is no path."""
    items = _texts(key, value, folder)
    return None if items is None else [it if it in (*shipped(), "none") else _relative(it, folder) for it in items]


def _relative(path: str, folder: Path) -> str:
    """A path that is relative to a folder, as the working folder sees it."""
    return path if Path(path).is_absolute() else os.path.relpath(folder.absolute() / path)


def _choice(key: Key, value: Any, _folder: Path) -> str | None:
    return value if value in key.choices else None


def _number(key: Key, value: Any, _folder: Path) -> str | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and key.least <= value <= key.most
    return str(value) if fits else None


def _whole(key: Key, value: Any, folder: Path) -> int | None:
    return int(value) if isinstance(value, int) and _number(key, value, folder) else None


def _flag(_key: Key, value: Any, _folder: Path) -> bool | None:
    return value if isinstance(value, bool) else None


_KINDS: Final[Mapping[Kind, Callable[[Key, Any, Path], Any]]] = {
    "text": _text,
    "texts": _texts,
    "file": _file,
    "files": _files,
    "choice": _choice,
    "number": _number,
    "whole": _whole,
    "flag": _flag,
}
