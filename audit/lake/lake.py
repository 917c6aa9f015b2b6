"""Tables in Parquet files: an export of `order-audit export`, or files of another program, each pinned as it is now."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import glob, has_magic
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.lake import manifest
from order_audit.audit.lake.delta import PREFIX, DeltaSource, delta_source
from order_audit.audit.lake.manifest import Column, Manifest
from order_audit.errors import RunError, UsageError

#: The type of columns whose values no type of PostgreSQL has.
UNSUPPORTED: Final = "unsupported"
#: The key of a field's metadata with the type on the server.
_SERVER_TYPE: Final = b"postgresql_type"


@dataclass(frozen=True)
class LakeFile:
    """A file as it was found: its size in bytes, and its last change in nanoseconds."""

    path: Path
    bytes: int
    modified: int


@dataclass(frozen=True)
class LakeTable:
    """A table with its columns, its files, and what its name stands for: a folder, a pattern, a Delta table."""

    name: str
    columns: tuple[Column, ...]
    files: tuple[LakeFile, ...]
    given: str
    rows: int
    keys: tuple[tuple[str, ...], ...] = ()
    delta: DeltaSource | None = None
    #: of an export: the schema, and the name in it
    schema: str = ""
    own: str = ""

    @property
    def version(self) -> str:
        """The version of a Delta table; else a digest of the files' names, sizes and times, which changes with them."""
        if self.delta is not None:
            return str(self.delta.version)
        lines = (f"{it.path.name} {it.bytes} {it.modified}\n" for it in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def change(self) -> str:
        """Return what has changed since the files were found, in words; empty if nothing has."""
        known = {it.path: it for it in self.files}
        # a Delta table gets new files with new versions only
        try:
            there = {it: it.stat() for it in (known if self.delta else _found(self.given)) if it.exists()}
        except OSError as error:
            return f"{error.filename} cannot be read any more"
        for path, file in known.items():
            if path not in there:
                return f"file {path.name} was removed"
            if (there[path].st_size, there[path].st_mtime_ns) != (file.bytes, file.modified):
                return f"file {path.name} was changed"
        if added := sorted(there.keys() - known.keys()):
            return f"file {added[0].name} was added"
        return ""


@dataclass(frozen=True)
class Lake:
    """Tables by name; `exported` is the manifest if all of them are from one export.

    `facts` is the manifest of an export among them, whose locale and time zone hold for all.
    """

    tables: Mapping[str, LakeTable]
    exported: Manifest | None = None
    facts: Manifest | None = None
    #: tables that are there, and were not copied
    closed: frozenset[RelationName] = frozenset()

    def names(self) -> dict[RelationName, str]:
        """Return what rules call the tables: with their schema, and by their own names."""
        names = {RelationName("", name): name for name in self.tables}
        for name, table in self.tables.items():
            schema, dot, rest = name.partition(".")
            if table.schema:
                if table.own != name:  # a rule that writes "b.t" means a table with a dot in its name
                    names.pop(RelationName("", name), None)
                names[RelationName(table.schema, table.own)] = name
            elif dot:
                names[RelationName(schema, rest)] = name
        return names


def opened(given: Sequence[str]) -> Lake:
    """Return the tables that `--lake` names: a folder with a manifest, or `name=PATH` with a file, a folder, a
    pattern or `delta:` and a Delta table.

    Raises UsageError for a wrong name, a table given twice, and files that are no table; RunError for files of an
    export that are not as they were written.
    """
    tables: dict[str, LakeTable] = {}
    exported: list[Manifest] = []
    for text in given:
        name, equals, place = text.partition("=")
        if equals and "/" not in name:
            found = [_of_delta(name, place) if place.startswith(PREFIX) else _of_files(name, place)]
        else:
            exported.append(manifest.read(Path(text)))
            found = _of_export(Path(text), exported[-1])
        for table in found:
            if table.name in tables:
                raise UsageError(f"--lake: table {table.name} is given twice")
            tables[table.name] = table
    if len({(it.encoding, it.provider, it.collation, it.character_type, it.timezone) for it in exported}) > 1:
        raise UsageError("--lake: the exports are of databases with different encodings, locales or time zones")
    first = exported[0] if exported else None
    return Lake(tables, first if len(given) == 1 else None, first)


def of_export(folder: Path) -> Lake:
    """Return the tables of an export, whatever its path looks like. Raises as `opened`."""
    written = manifest.read(folder)
    return Lake({it.name: it for it in _of_export(folder, written)}, written, written)


def _of_export(folder: Path, written: Manifest) -> list[LakeTable]:
    tables = []
    for table in written.tables:
        files = []
        for file in table.files:
            path = folder / file.path
            if not path.is_file():
                raise RunError(f"--lake {folder}: file {file.path} is missing: export the tables again")
            stat = path.stat()
            try:
                is_same = stat.st_size == file.bytes and manifest.sha256(path) == file.sha256
            except OSError as error:
                raise RunError(f"--lake {folder}: file {file.path}: {error.strerror}") from None
            if not is_same:
                raise RunError(f"--lake {folder}: file {file.path} is not as it was exported: export the tables again")
            files.append(LakeFile(path, file.bytes, stat.st_mtime_ns))
        parent = str(folder / Path(table.files[0].path).parent)
        own = table.name if table.schema == written.schema else table.name.removeprefix(f"{table.schema}.")
        found = LakeTable(table.name, table.columns, tuple(files), parent, table.rows, table.keys)
        tables.append(replace(found, schema=table.schema, own=own))
    return tables


def _of_files(name: str, given: str) -> LakeTable:
    try:
        paths = _found(given) if given else []
    except OSError as error:
        raise UsageError(f"--lake {name}={given}: {error.filename}: {error.strerror}") from None
    if not name or not paths:
        raise UsageError(f"--lake {name}={given}: there is no Parquet file")
    if hive := [it for it in paths if "=" in it.parent.name]:
        raise UsageError(
            f"--lake {name}={given}: {hive[0].parent.name} has a column in the folder's name, which is not read:"
            " write it into the files"
        )
    columns: tuple[Column, ...] = ()
    files: list[LakeFile] = []
    rows = 0
    for path in paths:
        if not path.is_file():  # a link to nothing; a pipe would be waited for
            raise UsageError(f"--lake {name}={given}: {path.name} is no file that can be read")
        try:
            stat = path.stat()
            found = parquet.read_metadata(path)
            of_file = _columns(found.schema.to_arrow_schema())
        except (OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())
            raise UsageError(f"--lake {name}={given}: {path.name} is no Parquet file: {reason}") from None
        if twice := [it.name for place, it in enumerate(of_file) if it.name in {of.name for of in of_file[:place]}]:
            raise UsageError(f"--lake {name}={given}: {path.name} has two columns {twice[0]}")
        if files and of_file != columns:
            raise UsageError(f"--lake {name}={given}: {path.name} has other columns: {_difference(columns, of_file)}")
        columns = of_file
        files.append(LakeFile(path, stat.st_size, stat.st_mtime_ns))
        rows += found.num_rows
    return LakeTable(name, columns, tuple(files), given, rows)


def _of_delta(name: str, given: str) -> LakeTable:
    source = delta_source(given)
    stats = ((path, path.stat()) for path in source.files)
    files = tuple(LakeFile(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats)
    return LakeTable(name, _columns(source.schema), files, given, source.rows, delta=source)


def _found(given: str) -> list[Path]:
    """Return the files that a path names, in the order of their names: a path that is there is no pattern.

    Raises OSError for a folder that cannot be read.
    """
    path = Path(given)
    if path.exists() or not has_magic(given):
        return sorted(_below(path))
    matching = glob(given, recursive=True)  # noqa: PTH207 - a pattern of a whole path, absolute or not
    return sorted({file for it in matching for file in _below(Path(it))})


def _below(path: Path) -> Iterator[Path]:
    """Yield a file, or the Parquet files below a folder, by links too; each folder once, as links may go in circles."""
    if not path.is_dir():
        if path.exists() or path.is_symlink():
            yield path
        return
    seen: set[Path] = set()
    for folder, folders, files in os.walk(path, onerror=_raise, followlinks=True):
        place = Path(folder)
        if (real := place.resolve()) in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (place / it for it in files if it.endswith(".parquet"))


def _raise(error: OSError) -> None:
    raise error


def _columns(schema: pa.Schema) -> tuple[Column, ...]:
    return tuple(
        Column(
            it.name,
            it.metadata[_SERVER_TYPE].decode() if it.metadata and _SERVER_TYPE in it.metadata else _type(it.type),
            _stored(it.type),
            it.nullable,
            "default" if _stored(it.type) == "string" else "",
        )
        for it in schema
    )


def _stored(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return "string" if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else str(kind)


def _type(kind: pa.DataType) -> str:
    """Return the type of PostgreSQL whose values a column has; `unsupported` where there is none."""
    stored = _stored(kind)
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        zone = "with" if kind.tz else "without"
        return f"timestamp {zone} time zone" if kind.unit in ("s", "ms", "us") else UNSUPPORTED
    return _TYPES.get(stored, UNSUPPORTED)


_TYPES: Final = {
    "bool": "boolean",
    "int8": "smallint",
    "int16": "smallint",
    "uint8": "smallint",
    "int32": "integer",
    "uint16": "integer",
    "int64": "bigint",
    "uint32": "bigint",
    "float": "real",
    "double": "double precision",
    "string": "text",
    "date32[day]": "date",
}


def _difference(first: Iterable[Column], other: Iterable[Column]) -> str:
    one, two = ({it.name: it.stored for it in columns} for columns in (first, other))
    for name in one:
        if name not in two:
            return f"no {name}"
        if one[name] != two[name]:
            return f"{name} is {two[name]}, not {one[name]}"
    added = [name for name in two if name not in one]
    return f"also {added[0]}" if added else "in another order"
