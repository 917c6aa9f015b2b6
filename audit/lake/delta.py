"""Delta tables, each read at one version."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from order_audit.errors import RunError, UsageError

#: How `--lake` names such a table: `delta:PATH`, or `delta:PATH@3` for a version.
PREFIX: Final = "delta:"
_VERSION: Final = re.compile(r"(.*)@(\d+)")


@dataclass(frozen=True)
class DeltaSource:
    """A Delta table at a version, with its schema, the number of its rows, and its files."""

    path: str
    version: int
    schema: pa.Schema
    rows: int
    files: tuple[Path, ...]

    def dataset(self) -> Any:
        """Return the rows as an Arrow dataset. Raises RunError where they cannot be read any more."""
        try:
            return _table(self.path, self.version).to_pyarrow_dataset()
        except Exception as error:  # the library's errors have no base of their own
            raise RunError(f"Delta table {self.path}, version {self.version}: {_reason(error)}") from None


def delta_source(given: str) -> DeltaSource:
    """Return what `delta:PATH` names, at the newest version unless it says another. Raises UsageError."""
    if importlib.util.find_spec("deltalake") is None:
        raise UsageError("a Delta table needs deltalake: install order-audit[delta]")
    place = given.removeprefix(PREFIX)
    found = _VERSION.fullmatch(place)
    path, version = (found[1], int(found[2])) if found else (place, None)
    try:
        table = _table(path, version)
        dataset = table.to_pyarrow_dataset()
        files = tuple(Path(it.removeprefix("file://")) for it in sorted(table.file_uris()))
        return DeltaSource(path, table.version(), dataset.schema, dataset.count_rows(), files)
    except Exception as error:
        raise UsageError(f"--lake {given}: {_reason(error)}") from None


def _table(path: str, version: int | None) -> Any:
    from deltalake import DeltaTable

    return DeltaTable(path, version=version)


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
