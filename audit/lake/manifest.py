"""The manifest of exported tables: what they are, of which snapshot, and in which files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from order_audit.errors import DocumentError, UsageError
from order_audit.reports.atomic_files import as_json
from order_audit.reports.document import decode

#: The name of the file, and the format that it names.
FILE: Final = "manifest.json"
FORMAT: Final = "order-audit/lake/1"


@dataclass(frozen=True)
class Column:
    """A column: its type on the server, and in the files (`masked`: digests stand in for its values).

    `collation` is `default`, a name, `nondeterministic`, or empty for types without one.
    """

    name: str
    type: str
    stored: str
    nullable: bool
    collation: str


@dataclass(frozen=True)
class File:
    """A Parquet file, with its path below the manifest's folder, its rows and bytes, and its SHA-256."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Table:
    """A table: its columns in their order, its unique keys (the primary one first), its rows and files.

    `unreadable` are columns that the role may not read, and that are not in the files. `schema` is its schema, which
    stands before the name unless it is the manifest's.
    """

    name: str
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]
    rows: int
    files: tuple[File, ...]
    unreadable: tuple[str, ...] = ()
    schema: str = ""


@dataclass(frozen=True)
class Manifest:
    """The tables of one snapshot. The encoding, the provider of the locale (`libc`, `icu`, `builtin`), the collation
    and the character type are the database's; `timezone` is that of the texts.

    `left_out` are tables that the role may not read, or only in part by a policy.
    """

    format: str
    exported_at: str
    server: str
    database: str
    schema: str
    snapshot: str
    encoding: str
    provider: Literal["libc", "icu", "builtin"]
    collation: str
    character_type: str
    timezone: str
    tables: tuple[Table, ...]
    left_out: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Write the file into a folder."""
        (folder / FILE).write_text(as_json(asdict(self)), encoding="utf-8", newline="\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder: Path) -> Manifest:
    """Return the manifest of a folder. Raises UsageError where there is none that this version can read."""
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{folder}: no {FILE}: name a folder that 'order-audit export --parquet' has written"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a manifest: {error}") from None
    given = found.get("format") if isinstance(found, dict) else None
    if given != FORMAT:
        raise UsageError(f"{path}: format {given!r} is not {FORMAT}, the one that this version reads")
    try:
        return decode(Manifest, found)
    except DocumentError as error:
        raise UsageError(f"{path}: not a manifest: {error}") from None
