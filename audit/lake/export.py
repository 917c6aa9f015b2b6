"""Export tables of one snapshot as Parquet files with a manifest."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from order_audit import search_path, session
from order_audit.audit import mask
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.changed_tables import changed, hold, states
from order_audit.audit.database.quoting import quoted
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.lake import copied_rows, manifest
from order_audit.audit.lake.exported_columns import exported_columns
from order_audit.audit.lake.manifest import Manifest, Table
from order_audit.audit.lake.parquet_files import ParquetFiles
from order_audit.audit.scans.rows_file import file_name
from order_audit.errors import RunError, UsageError
from order_audit.progress import ProgressCallback, ignore_progress
from order_audit.reports.atomic_files import scratch

#: In a draft, the folder of what the new export replaces; no table's folder begins so.
_OLD: Final = ".old"


@dataclass
class Wanted:
    """What to export: tables by name (none: all of the schema), and columns to mask.

    `mask` has columns as `table.column`; `mask_personal` adds those whose names speak of persons or secrets, and
    documents, whose content no name describes.
    """

    tables: Sequence[str | RelationName] = ()
    mask: Sequence[str] = ()
    mask_personal: bool = False
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))


def export(snapshot: Snapshot, out: Path, wanted: Wanted, on_progress: ProgressCallback = ignore_progress) -> Manifest:
    """Write the tables into a folder, whole or not at all; return the manifest.

    An earlier export in the folder is replaced. Raises UsageError for a wrong name, or a folder with other files.
    """
    _check(out)
    connection = snapshot.connection
    home = search_path.home(snapshot.schema)
    found = _relations(connection, snapshot.schema, wanted)
    relations = [it for it in found if it.readable]
    masked = _masked(relations, wanted)
    shown = _names(relations, home or session.scalar(connection, "select current_schema()"))
    folders = _folders(shown)
    hold(connection, relations)
    names = {it.oid: it.name for it in relations}
    before = states(connection, names)
    tables: list[Table] = []
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with scratch(out, ".draft-") as folder:
            for place, relation in enumerate(relations):
                on_progress(place, len(relations), relation.name)
                of_table = folder / folders[place]
                tables.append(_exported(connection, of_table, shown[place], relation, masked[relation.oid], wanted.key))
            on_progress(len(relations), len(relations), "")
            result = _manifest(snapshot, tables, [it.name for it in found if not it.readable])
            if moved := changed(before, states(snapshot.renewed(), names), names):
                raise RunError(f"table {moved[0].table}: {moved[0].change} during the export: run it again")
            result.write(folder)
            _place(folder, out, folders)
    except psycopg.Error as error:
        if isinstance(error, psycopg.OperationalError | psycopg.errors.SerializationFailure):
            raise  # the snapshot says what has ended it
        raise RunError(f"the server refused a statement: {mask.error(error)}") from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (RunError if full else UsageError)(f"cannot write to {error.filename or out}: {_reason(error)}") from None
    finally:
        if made and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
    return result


def _reason(error: OSError) -> str:
    """Return the system's words: libraries put their own around them."""
    return os.strerror(error.errno) if error.errno else str(error)


def _check(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"--parquet: {out} is a file; name a folder")
    if out.is_dir() and not (out / manifest.FILE).exists():
        others = [it.name for it in out.iterdir() if not it.name.startswith(".draft-")]
        if others:
            raise UsageError(f"--parquet: {out} has other files, as {sorted(others)[0]}; name a new or an empty folder")
    if out.is_dir() and (out / manifest.FILE).exists():
        manifest.read(out)  # what is replaced is an export


def _relations(connection: psycopg.Connection, schema: str, wanted: Wanted) -> list[Relation]:
    given = [[it] if isinstance(it, RelationName) else _meanings(it) for it in wanted.tables]
    given = given or [[it] for it in catalog.tables(connection, search_path.names(schema))]
    there = catalog.relations(connection, [name for names in given for name in names])
    if missing := [str(names[0]) for names in given if not any(it in there for it in names)]:
        raise UsageError(f"--table: table '{missing[0]}' does not exist")
    chosen = [next(it for it in names if it in there) for names in given]
    found = list({there[it].oid: there[it] for it in chosen}.values())
    if wanted.tables and (bare := [it.name for it in found if not it.columns]):
        raise UsageError(f"--table: table '{bare[0]}' has no columns")
    if wanted.tables and (closed := [it.name for it in found if not it.readable]):
        raise UsageError(f"--table: this role may not read table '{closed[0]}'")
    if not any(it.readable for it in there.values()):
        raise UsageError("there is no table that this role may read; name the schema of the tables with --schema")
    return found


def _meanings(text: str) -> list[RelationName]:
    """Return what a name with dots can mean: a schema and a table, or a table that has dots in its name."""
    places = [place for place, letter in enumerate(text) if letter == "."]
    return [*(RelationName(text[:it], text[it + 1 :]) for it in places), RelationName("", text)]


def _names(relations: Sequence[Relation], home: str) -> list[str]:
    """Return the tables' names in the manifest. Raises UsageError for two of one name."""
    names = [it.shown(home) for it in relations]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise UsageError(f"two tables would be '{name}' in the files, one by its schema: name others with --table")
    return names


def _folders(names: Iterable[str]) -> list[str]:
    """Return the folders of tables: no two that differ in case only, and none in the manifest's place."""
    taken = {manifest.FILE}
    folders = []
    for name in names:
        folder = file_name(name)
        if folder.lower() in taken:
            folder = file_name(f"{name}/")  # with a digest of the name
        taken.add(folder.lower())
        folders.append(folder)
    return folders


def _masked(relations: Iterable[Relation], wanted: Wanted) -> dict[int, frozenset[str]]:
    """Return the masked columns by table. Raises UsageError for a column that is not there."""
    columns = {it.oid: set[str]() for it in relations}
    for text in wanted.mask:
        table, _, column = text.rpartition(".")
        oids = [it.oid for it in relations if table in (it.name, f"{it.schema}.{it.name}") and column in it.columns]
        if not oids:
            raise UsageError(f"--mask {text}: no such column among the exported tables; write TABLE.COLUMN")
        for oid in oids:
            columns[oid].add(column)
    if wanted.mask_personal:
        for relation in relations:
            columns[relation.oid].update(
                name
                for name in relation.columns
                if name in relation.documents or mask.is_personal({name}) or mask.is_secret({name})
            )
    return {oid: frozenset(names) for oid, names in columns.items()}


def _exported(
    connection: psycopg.Connection, place: Path, name: str, relation: Relation, masked: frozenset[str], key: bytes
) -> Table:
    """Write one table; again where a value does not fit, now as text: the snapshot gives the same rows."""
    as_text: set[str] = set()
    block = copied_rows.BLOCK
    while True:
        columns = exported_columns(connection, relation, masked, frozenset(as_text))
        files = ParquetFiles(place, copied_rows.schema(columns))
        try:
            for batch in copied_rows.batches(connection, quoted(relation), columns, key, block):
                files.write(batch)
        except psycopg.Error as error:
            unfilled = isinstance(error, psycopg.errors.ObjectNotInPrerequisiteState)
            ended = isinstance(error, psycopg.OperationalError | psycopg.errors.SerializationFailure)
            if ended and not unfilled:
                raise  # the snapshot says what has ended it
            raise RunError(f"{name} cannot be read: {mask.error(error)}") from None
        except copied_rows.UnfitError as error:
            if error.column in as_text:
                raise RunError(f"{name}: the texts of column {error.column} cannot be read back") from None
            as_text.add(error.column)
        except copied_rows.LongRowError:
            block = copied_rows.larger(block)
        else:
            written = files.close()
            return Table(
                name,
                tuple(it.column for it in columns),
                _keys(connection, relation),
                sum(it.rows for it in written),
                tuple(written),
                tuple(sorted(relation.columns.keys() - relation.readable)),
                relation.schema,
            )
        files.abandon()
        shutil.rmtree(place)


def _keys(connection: psycopg.Connection, relation: Relation) -> tuple[tuple[str, ...], ...]:
    """Return the columns of the unique indexes that hold for all rows at any time, the primary key first."""
    rows = connection.execute(
        """
        select array(
          select a.attname::text
          from unnest(i.indkey[:i.indnkeyatts - 1]) with ordinality as k (number, place)
          join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.number
          order by k.place
        )
        from pg_index as i
        where i.indrelid = %s and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        order by i.indisprimary desc, i.indexrelid
        """,
        [relation.oid],
    )
    return tuple(tuple(row[0]) for row in rows)


def _manifest(snapshot: Snapshot, tables: Iterable[Table], left_out: Iterable[str]) -> Manifest:
    row = session.row(
        snapshot.connection,
        """
        select current_setting('server_version'), current_database()::text, coalesce(current_schema()::text, ''),
          current_setting('server_encoding'),
          case d.datlocprovider when 'c' then 'libc' when 'i' then 'icu' else 'builtin' end, d.datcollate, d.datctype,
          current_setting('timezone')
        from pg_database as d
        where d.datname = current_database()
        """,
    )
    server, database, schema, encoding, provider, collation, character_type, timezone = row
    return Manifest(
        format=manifest.FORMAT,
        exported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        server=server,
        database=database,
        schema=schema,
        snapshot=snapshot.id,
        encoding=encoding,
        provider=provider,
        collation=collation,
        character_type=character_type,
        timezone=timezone,
        tables=tuple(tables),
        left_out=tuple(left_out),
    )


def _place(folder: Path, out: Path, names: Collection[str]) -> None:
    """Move the files from a draft to their place, one export at a time.

    The manifest comes before its files: what a killed process leaves is an export with missing files, which no run
    takes and the next export replaces.
    """
    lock = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        old = _folders_of(manifest.read(out)) if (out / manifest.FILE).exists() else set()
        if others := sorted(it for it in names if it not in old and (out / it).exists()):
            raise UsageError(f"--parquet: {out / others[0]} is not of an export, and a table needs its place")
        (folder / _OLD).mkdir()
        for name in old:
            if (out / name).exists():
                (out / name).replace(folder / _OLD / name)
        (folder / manifest.FILE).replace(out / manifest.FILE)
        for name in names:
            (folder / name).replace(out / name)
    finally:
        os.close(lock)


def _folders_of(found: Manifest) -> set[str]:
    """Return the folders of a manifest's tables; none outside of its own, whatever is written there."""
    folders = {Path(file.path).parts[0] for table in found.tables for file in table.files if "/" in file.path}
    return {it for it in folders if not it.startswith((".", "/"))}
