"""The state beside a result: the numbers of each row's values, in files that are read block by block.

A folder has a manifest and parts. The first part has all rows, each following one what has changed since: rows that are
gone or old, and new ones. Files are ZIP archives of arrays, whose checksums are tested when they are read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from order_audit.audit.since.encoded import decoded, encoded
from order_audit.audit.since.numbers import NONE, Mask, Numbers, among

#: The form of the state. Another one is not read.
FORMAT: Final = "order-audit-state/2"
MANIFEST: Final = "manifest.json"
#: The folder of the state beside a result.
FOLDER: Final = "state"
#: The arrays of a table beside those of its links: the rows' numbers, and the transactions that wrote them.
ID: Final = "id"
WRITER: Final = "xmin"
_GONE: Final = "gone"
#: Bytes of an array that are compressed to try, and the share up to which that is worth it for all.
_SAMPLE: Final = 1 << 14
_SHORT: Final = 0.8


class UnreadableError(Exception):
    """A state that cannot be read, with the reason."""


@dataclass
class Rows:
    """Arrays of one length by name: `id` and the links; `xmin` only of new rows."""

    arrays: Mapping[str, Numbers]

    def __len__(self) -> int:
        return len(self.arrays[ID])


@dataclass
class State:
    """What an audit has kept: facts of its database, tables and rules, and the parts with the rows."""

    facts: dict[str, Any]
    parts: list[dict[str, Any]] = field(default_factory=list)
    folder: Path = Path()

    def table(self, name: str) -> StoredTable:
        """Return the rows of a table as they were at that audit. Raises UnreadableError."""
        parts = [(self._archive(part), part["tables"][name]) for part in self.parts if name in part["tables"]]
        return StoredTable(name, parts)

    def _archive(self, part: dict[str, Any]) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.folder / Path(part["file"]).name)
        except (OSError, zipfile.BadZipFile) as error:
            raise UnreadableError(f"{part['file']} cannot be read: {error}") from None


class StoredTable:
    """The rows of a table in a state: `ids` are the numbers of their keys."""

    def __init__(self, name: str, parts: list[tuple[zipfile.ZipFile, dict[str, Any]]]) -> None:
        self._name = name
        self._parts = parts
        self._kept: list[Mask | None] = []
        ids: list[Numbers] = []
        for archive, known in parts:
            gone = _read(archive, f"{known['number']}/{_GONE}", 0)
            for place, earlier in enumerate(ids):
                self._keep(place, ~among(earlier, gone) if len(gone) else None)
            ids.append(self._array(archive, known, ID))
            self._kept.append(None)
        self.ids = self._joined(ids)

    def array(self, name: str) -> Numbers:
        """Return an array of the rows. Raises UnreadableError."""
        return self._joined([self._array(archive, known, name) for archive, known in self._parts])

    def close(self) -> None:
        """Close the files."""
        for archive, _ in self._parts:
            archive.close()

    def _keep(self, place: int, kept: Mask | None) -> None:
        if kept is not None and not kept.all():
            before = self._kept[place]
            self._kept[place] = kept if before is None else before & kept

    def _array(self, archive: zipfile.ZipFile, known: dict[str, Any], name: str) -> Numbers:
        if name not in known["arrays"]:
            raise UnreadableError(f"it has no values {name!r} of {self._name}")
        return _read(archive, f"{known['number']}/{known['arrays'][name]}", int(known["rows"]))

    def _joined(self, arrays: list[Numbers]) -> Numbers:
        whole = (
            [
                array if kept is None else array[kept]
                for array, kept in zip(arrays, self._kept, strict=True)
                if len(array)
            ]
            if any(map(len, arrays))
            else [NONE]
        )
        return whole[0] if len(whole) == 1 else np.concatenate(whole)


class PartWriter:
    """Writes a part: the blocks of arrays as they come, then which tables they are of."""

    def __init__(self, folder: Path, number: int) -> None:
        self.file = f"part-{number}.zip"
        self._path = folder / self.file
        self._archive = zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._tables: dict[str, dict[str, Any]] = {}
        self._blocks: dict[str, int] = {}

    def gone(self, table: str, ids: Numbers) -> None:
        """Say which rows of earlier parts count no more."""
        self._write(f"{self._number(table)}/{_GONE}", ids)

    def rows(self, table: str, rows: Rows) -> None:
        """Add rows of a table."""
        number = self._number(table)
        arrays = self._tables[table]["arrays"]
        for name, array in rows.arrays.items():
            self._write(f"{number}/{arrays.setdefault(name, str(len(arrays)))}", array)
        self._tables[table]["rows"] += len(rows)

    def close(self) -> dict[str, Any]:
        """Finish the file; return what the manifest says of it."""
        self._archive.close()
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"file": self.file, "sha256": digest, "tables": self._tables}

    def _number(self, table: str) -> int:
        return int(self._tables.setdefault(table, {"number": len(self._tables), "arrays": {}, "rows": 0})["number"])

    def _write(self, name: str, array: Numbers) -> None:
        block = self._blocks[name] = self._blocks.get(name, -1) + 1
        form, content = encoded(array)
        # hashes become hardly shorter, which would take a third of the time of all
        sample = content[:_SAMPLE]
        is_short = len(zlib.compress(sample, 1)) < _SHORT * len(sample)
        self._archive.writestr(
            f"{name}/{block}.{form}", content, zipfile.ZIP_DEFLATED if is_short else zipfile.ZIP_STORED
        )


def _read(archive: zipfile.ZipFile, name: str, rows: int) -> Numbers:
    """Read an array, of so many numbers if that is known, which takes less memory. Raises UnreadableError."""
    whole: Numbers = np.empty(rows, np.int32)
    count = 0
    try:
        names = {it.rpartition(".")[0]: it for it in archive.namelist()} if archive.filelist else {}
        for place in map(f"{name}/{{}}".format, range(len(names))):
            if place not in names:
                break
            block = decoded(names[place].rpartition(".")[2], archive.read(names[place]))
            if count + len(block) > len(whole) or not np.can_cast(block.dtype, whole.dtype):
                whole = np.resize(whole.astype(block.dtype, copy=False), max(count + len(block), rows))
            whole[count : count + len(block)] = block
            count += len(block)
    except (OSError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise UnreadableError(f"{archive.filename} is damaged: {error}") from None
    return whole[:count] if count else NONE


def write(folder: Path, state: State) -> None:
    """Write the manifest, when all parts are written."""
    content = {"format": FORMAT, "facts": state.facts, "parts": state.parts}
    text = json.dumps(content, indent=1, sort_keys=True)
    document = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "content": content}
    (folder / MANIFEST).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(folder: Path) -> State:
    """Read a state's manifest, and test its files. Raises UnreadableError."""
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        content = document["content"]
        text = json.dumps(content, indent=1, sort_keys=True)
        if document["sha256"] != hashlib.sha256(text.encode()).hexdigest():
            raise UnreadableError(f"{folder / MANIFEST} was changed")
        if content["format"] != FORMAT:
            raise UnreadableError(f"it has the form {content['format']!r}, and this version reads {FORMAT!r}")
        for part in content["parts"]:
            with (folder / Path(part["file"]).name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != part["sha256"]:
                    raise UnreadableError(f"{folder / part['file']} is damaged")
        return State(content["facts"], content["parts"], folder)
    except FileNotFoundError as error:
        raise UnreadableError(f"{error.filename} is missing") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{folder / MANIFEST} cannot be read: {error}") from None


def reuse(state: State, folder: Path) -> Iterator[dict[str, Any]]:
    """Place the parts of a state in another folder, and yield what the manifest says of them."""
    for part in state.parts:
        name = Path(part["file"]).name
        try:
            os.link(state.folder / name, folder / name)
        except OSError:
            shutil.copyfile(state.folder / name, folder / name)
        yield part
