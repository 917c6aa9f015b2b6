"""Numbers for masked secrets: equal secrets of one document have equal numbers, which say nothing of the values.

A secret is masked as a mark, made of its value and a random key of this process. Once a document is complete, its marks
become `[secret 1]`, `[secret 2]` and so on, in the order in which they stand there. Marks are never written to a file.
"""

from __future__ import annotations

import hashlib
import operator
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

#: A masked secret where numbers would have no document to refer to.
UNNUMBERED: Final = "[secret]"
_KEY: Final = secrets.token_bytes(32)
_MARK: Final = re.compile(r"\[secret ([0-9a-f]{32})\]")

T = TypeVar("T")


def mark(value: str) -> str:
    """Return the mark of a secret, the same for equal ones."""
    digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=16).hexdigest()
    return f"[secret {digest}]"


def unnumbered(value: T) -> T:
    """Return a text, or a structure with texts, in which all secrets look alike."""
    replaced: T = _replaced(value, lambda _: UNNUMBERED)
    return replaced


class SecretNumbers:
    """The numbers of the secrets of one document and its files."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, value: T) -> T:
        """Return a text, or a structure with texts, with numbers in place of the marks."""
        numbered: T = _replaced(value, self._number)
        return numbered

    def in_files(self, folder: Path) -> None:
        """Put numbers in place of the marks in all files of a folder, in the order of their names."""
        for path in sorted(folder.iterdir()):
            numbered = path.with_name(f"{path.name}.numbered")
            with (
                path.open(encoding="utf-8", newline="") as old,
                numbered.open("w", encoding="utf-8", newline="") as new,
            ):
                new.writelines(map(self.of, old))
            numbered.replace(path)

    def _number(self, found: re.Match[str]) -> str:
        return f"[secret {self._numbers.setdefault(found[1], len(self._numbers) + 1)}]"


def _replaced(value: Any, replacement: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(value, str):
        return _MARK.sub(replacement, value) if "[secret " in value else value
    if is_dataclass(value) and not isinstance(value, type):
        members = {it.name: getattr(value, it.name) for it in fields(value)}
        changed = {name: new for name, it in members.items() if (new := _replaced(it, replacement)) is not it}
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {_replaced(name, replacement): _replaced(it, replacement) for name, it in value.items()}
    if isinstance(value, list | tuple):
        new = [_replaced(it, replacement) for it in value]
        return value if all(map(operator.is_, new, value)) else type(value)(new)
    return value
