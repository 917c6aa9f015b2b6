"""The files of `--ddl`, which define the schema: where the objects of schema findings stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from order_audit.audit.analysis.ddl_places import Finder, Places, definitions
from order_audit.errors import UsageError
from order_audit.reports.document import DdlPlace, SchemaFinding


def read(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return the files with their texts: those of a folder by their names, numbers as numbers.

    Raises UsageError for a path without SQL files, and for a file that is no text.
    """
    read: list[tuple[Path, str]] = []
    for path in paths:
        files = sorted(path.rglob("*.sql"), key=_in_order) if path.is_dir() else [path]
        if not files:
            raise UsageError(f"--ddl {path}: there is no .sql file in it")
        for file in files:
            try:
                read.append((file, file.read_text(encoding="utf-8-sig")))
            except OSError as error:
                raise UsageError(f"--ddl {file}: {error.strerror}") from None
            except UnicodeDecodeError:
                raise UsageError(f"--ddl {file}: not UTF-8 text") from None
    return read


def placed(
    findings: tuple[SchemaFinding, ...], files: Iterable[tuple[Path, str]], schema: str
) -> tuple[SchemaFinding, ...]:
    """Return the findings with the places of their objects; the last file that defines one counts."""
    known: Places = {}
    for file, text in files:
        known = definitions(text, schema, _shown(file), known)
    finder = Finder(known, schema)
    return tuple(_placed(it, finder) for it in findings) if known else findings


def _placed(finding: SchemaFinding, finder: Finder) -> SchemaFinding:
    place = finder.place(finding.object)
    return replace(finding, place=DdlPlace(*place)) if place else finding


def _shown(file: Path) -> str:
    return (file.resolve().relative_to(Path.cwd()) if file.resolve().is_relative_to(Path.cwd()) else file).as_posix()


def _in_order(path: Path) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", path.as_posix())
    return [(int(it), "") if it.isdecimal() else (-1, it) for it in parts]
