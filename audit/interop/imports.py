"""Import the checks of other tools as rule files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from order_audit.audit.interop import dbt, gx_suite, odcs, soda
from order_audit.audit.interop.check import CannotImportError, Check, Faults, Found, Groups, LeftOut, Table, Value
from order_audit.audit.interop.keys import primary_keys
from order_audit.audit.interop.names import slug
from order_audit.audit.interop.rule_text import rule_text
from order_audit.errors import UsageError


@dataclass(frozen=True)
class _Format:
    """A format: the name of its tool, and of a file's text the document, whether it is one, and its checks."""

    tool: str
    content: str
    parse: Callable[[str, str], Any]
    recognised: Callable[[Any], bool]
    read: Callable[[Sequence[tuple[str, Any]], Found, Table | None], None]


#: The formats by name.
FORMATS: Final = {
    "dbt": _Format("dbt", "models, seeds, snapshots or sources", dbt.parse, dbt.recognised, dbt.read),
    "gx": _Format("Great Expectations", "expectations", gx_suite.parse, gx_suite.recognised, gx_suite.read),
    "soda": _Format("Soda", "dataset", soda.parse, soda.recognised, soda.read),
    "odcs": _Format("ODCS", "kind: DataContract", odcs.parse, odcs.recognised, odcs.read),
}
#: The file that lists the checks without a rule.
LIST: Final = "not-imported.txt"


@dataclass
class Imported:
    """The origin of each file that was written, by the path below the folder, and the checks that were not imported."""

    form: str
    files: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def import_checks(
    paths: Sequence[Path],
    out: Path,
    *,
    form: str = "",
    table: str = "",
    dsn: str | None = None,
    schema: str = "",
) -> Imported:
    """Write a rule file for each check of some files into a folder, `TABLE/NAME.sql`, and the list of the others.

    `form` is the format's name; without it, it is recognised. `table` is the table of a file that names none. The
    primary key of a table comes from the files, or else, with a DSN, from the database. Raises UsageError for files
    that cannot be read, for an unknown format, and if a file to be written exists.
    """
    texts = [(str(path), _text(path)) for path in paths]
    name, documents = _documents(texts, form)
    found = Found()
    FORMATS[name].read(documents, found, _table(table) if table else None)
    keys = dict(found.keys)
    dsn = dsn or os.environ.get("DATABASE_URL") or None
    if dsn:
        missing = {check.table for check in found.checks if check.table not in keys and _needs_key(check)}
        keys |= primary_keys(dsn, sorted(missing, key=str), schema)
    imported = Imported(name, left_out=list(found.left_out))
    files: dict[str, str] = {}
    for check in found.checks:
        try:
            text = rule_text(check, _key(check, keys, bool(dsn)), FORMATS[name].tool)
        except CannotImportError as error:
            imported.left_out.append(LeftOut(check.origin, str(error)))
            continue
        place = _place(check, files)
        files[place], imported.files[place] = text, check.origin
    _write(out, files, imported)
    return imported


def _needs_key(check: Check) -> bool:
    return not isinstance(check.body, Groups | Value | Faults)


def _key(check: Check, keys: dict[Table, tuple[str, ...]], is_looked_up: bool) -> tuple[str, ...]:
    if not _needs_key(check) or check.table in keys:
        return keys.get(check.table, ())
    if is_looked_up:
        raise CannotImportError(f"the table {check.table} is not there, or has no primary key to identify its rows")
    raise CannotImportError(f"the file names no primary key of {check.table}: give --dsn to look it up")


def _place(check: Check, taken: dict[str, str]) -> str:
    """Return the path of a rule file that is not taken."""
    number, name = 1, f"{slug(check.table.name)}/{check.name}"
    while (place := f"{name}{f'_{number}' if number > 1 else ''}.sql") in taken:
        number += 1
    return place


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _documents(texts: Sequence[tuple[str, str]], form: str) -> tuple[str, list[tuple[str, Any]]]:
    """Return the name of the format, and the document of each file as its tool reads it."""
    if form and form not in FORMATS:
        raise UsageError(f"--from {form}: the formats are {', '.join(FORMATS)}")
    names = [form] if form else list(FORMATS)
    (path, text), errors = texts[0], []
    for name in names:
        try:
            if FORMATS[name].recognised(FORMATS[name].parse(text, path)):
                break
        except UsageError as error:
            errors.append(error)
    else:
        if len(errors) == len(names):
            raise errors[0]
        wanted = "; ".join(f"{it}: {FORMATS[it].content}" for it in names)
        raise UsageError(f"{path}: not recognised as a file of another tool ({wanted})")
    documents = [(path, FORMATS[name].parse(text, path)) for path, text in texts]
    for path, document in documents:
        if not FORMATS[name].recognised(document):
            raise UsageError(f"{path} has no {FORMATS[name].content}, as the other files have")
    return name, documents


def _table(name: str) -> Table:
    """Return the table of `--table`: `NAME` or `SCHEMA.NAME`, exactly, or quoted as in SQL."""
    parts = re.findall(r'"(?:[^"]|"")+"|[^."]+', name)
    if ".".join(parts) != name or len(parts) > 2:
        raise UsageError(f"--table {name}: write NAME or SCHEMA.NAME")
    names = [it[1:-1].replace('""', '"') if it.startswith('"') else it for it in parts]
    return Table(names[-1], names[0] if len(names) > 1 else "")


def _write(out: Path, files: dict[str, str], imported: Imported) -> None:
    taken = [name for name in files if (out / name).exists()]
    if taken:
        raise UsageError(f"{out / taken[0]} exists: choose an empty folder for --out")
    try:
        for name, text in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8", newline="\n")
        out.mkdir(parents=True, exist_ok=True)
        if imported.left_out:
            lines = "".join(f"{it.origin}: {it.reason}\n" for it in imported.left_out)
            (out / LIST).write_text(lines, encoding="utf-8", newline="\n")
        else:
            (out / LIST).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from None
