"""The configuration file of a folder: where it is, and its tables."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from order_audit.audit.config.places import places
from order_audit.errors import UsageError

NAME: Final = "order-audit.toml"
_PROJECT: Final = "pyproject.toml"
_TOOL: Final = ("tool", "order-audit")
_SECRET_NAME: Final = re.compile(r"passw(or)?d$|^dsn$|^database_url$|^url$", re.IGNORECASE)
#: A URL with a password, or libpq's keyword.
_SECRET: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@|\bpassword\s*=|[?&]password=", re.IGNORECASE)


@dataclass(frozen=True)
class ConfigFile:
    """A file's tables, and the lines of their keys. `prefix` is the path of the tables in the file."""

    path: Path
    content: dict[str, Any]
    prefix: tuple[str, ...] = ()
    lines: dict[tuple[str, ...], int] = field(default_factory=dict, repr=False)

    def place(self, *path: str) -> str:
        """The file with the line of a key, or of the nearest section around it."""
        for end in range(len(path), -1, -1):
            if line := self.lines.get((*self.prefix, *path[:end])):
                return f"{self.path}:{line}"
        return str(self.path)


def find(start: Path) -> ConfigFile | None:
    """Return the file of the first folder, from `start` upwards, that has one; a repository's root is the last one.

    Raises UsageError for a file that cannot be read, two files in one folder, and a password in the file.
    """
    for folder in (start, *start.parents):
        found = [it for name in (NAME, _PROJECT) if (it := _read(folder / name, _shown(folder / name, start)))]
        if len(found) > 1:
            raise UsageError(f"{found[0].path} and {found[1].path} both configure order-audit: keep one of them")
        if found:
            _refuse_secrets(found[0], found[0].content, ())
            return found[0]
        if (folder / ".git").exists():
            return None
    return None


def _shown(path: Path, start: Path) -> Path:
    """The path as messages have it: relative in the working folder."""
    return path.relative_to(start) if path.is_relative_to(start) else path


def _read(file: Path, path: Path) -> ConfigFile | None:
    """Read a file, which messages call `path`; None if it configures nothing."""
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    prefix = () if file.name == NAME else _TOOL
    if not all(part in text for part in prefix):
        return None
    try:
        content: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, at = str(error).partition(" (at ")
        line = match[1] if (match := re.match(r"line (\d+)", at)) else max(len(text.splitlines()), 1)
        raise UsageError(f"{path}:{line}: not TOML: {what[:1].lower()}{what[1:]}") from None
    for part in prefix:
        content = content.get(part) if isinstance(content, dict) else None
    if content is None:
        return None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: [{'.'.join(prefix)}] is no table")
    return ConfigFile(path, content, prefix, places(text))


def _refuse_secrets(file: ConfigFile, value: Any, path: tuple[str, ...]) -> None:
    """Raise UsageError where the file holds a password, without its text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if _SECRET_NAME.search(name) and isinstance(inner, str) and not {"severity", "tolerate"} & {*path}:
                raise UsageError(
                    f"{file.place(*path, name)}: '{name}' does not belong in a file: name a service or the environment"
                    " variable that holds the DSN ([connection] service, dsn_env)"
                )
            _refuse_secrets(file, inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            _refuse_secrets(file, inner, path)
    elif isinstance(value, str) and _SECRET.search(value):
        raise UsageError(
            f"{file.place(*path)}: a password does not belong in a file: name a service or the environment variable"
            " that holds the DSN ([connection] service, dsn_env)"
        )
