"""Parquet files of one table, written as its rows arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from order_audit.audit.lake.manifest import File, sha256

#: Rows after which a row group ends, and bytes after which one with fewer rows does.
_ROWS: Final = 122_880
_BYTES: Final = 1 << 26
#: Rows of a file: several files can be read by several machines.
_ROWS_OF_FILE: Final = 40 * _ROWS


class ParquetFiles:
    """The files of a table in a folder, `part-00000.parquet` and so on; at least one, which shows the columns.

    Statistics leave NaN out, and engines trust them: floating-point columns have none.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._with_statistics = [it.name for it in schema if not pa.types.is_floating(it.type)]
        self._batches: list[pa.RecordBatch] = []
        self._waiting = 0
        self._writer: parquet.ParquetWriter | None = None
        self._files: list[tuple[Path, int]] = []
        self._rows = 0
        folder.mkdir()
        self._begin()

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows, some time later."""
        self._batches.append(batch)
        self._waiting += batch.num_rows
        if self._waiting >= _ROWS or sum(it.nbytes for it in self._batches) >= _BYTES:
            self._flush()
            if self._rows >= _ROWS_OF_FILE:
                self._end()
                self._begin()

    def close(self) -> list[File]:
        """Write what is left, and return the files."""
        if self._waiting:
            self._flush()
        self._end()
        return [
            File(f"{path.parent.name}/{path.name}", rows, path.stat().st_size, sha256(path))
            for path, rows in self._files
        ]

    def abandon(self) -> None:
        """Close the file without more rows."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _begin(self) -> None:
        self._path = self._folder / f"part-{len(self._files):05}.parquet"
        self._writer = parquet.ParquetWriter(
            self._path,
            self._schema,
            compression="zstd",
            compression_level=1,
            write_statistics=self._with_statistics,
        )

    def _flush(self) -> None:
        assert self._writer is not None  # noqa: S101 - between `_begin` and `_end`
        table = pa.Table.from_batches(self._batches, self._schema).unify_dictionaries()
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._rows += self._waiting
        self._batches, self._waiting = [], 0

    def _end(self) -> None:
        self.abandon()
        # an exact multiple leaves a file without rows behind, which says nothing
        if self._rows or not self._files:
            self._files.append((self._path, self._rows))
        else:
            self._path.unlink()
        self._rows = 0
