"""The rows of a query as Arrow batches: COPY as CSV, where an empty text has quotation marks and NULL has none."""

from __future__ import annotations

import hmac
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import psycopg
import pyarrow as pa
from pyarrow import csv

from order_audit.audit.database.quoting import quoted
from order_audit.audit.lake.exported_columns import ExportedColumn
from order_audit.errors import RunError

#: Bytes of rows that are parsed at once, at first and at most. A row has to fit: PostgreSQL allows 1 GB.
BLOCK: Final = 1 << 22
_LARGEST_BLOCK: Final = 1 << 30
_COLUMN: Final = re.compile(r"In CSV column #(\d+): ")
_TOO_LONG: Final = "straddling object"
#: Hexadecimal digits of a digest in place of a masked value.
_DIGEST: Final = 32


class UnfitError(Exception):
    """A value of a column does not fit its type in the file, so that the column has to hold texts."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


class LongRowError(Exception):
    """A row is longer than a block."""


def batches(
    connection: psycopg.Connection, table: str, columns: Sequence[ExportedColumn], key: bytes, block: int = BLOCK
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table, whose name is quoted; `key` is that of the digests of masked values.

    Raises UnfitError or LongRowError where the table has to be read once more, and RunError if rows got lost.
    """
    names = [quoted(it.column.name) for it in columns]
    select = ", ".join(f"{it.select.format(name)} as {name}" for it, name in zip(columns, names, strict=True))
    texts = ", ".join(name for it, name in zip(columns, names, strict=True) if it.is_text)
    force = f", force_quote ({texts})" if texts else ""
    query = f"copy (select {select} from {table}) to stdout (format csv{force})"
    rows = 0
    with connection.cursor() as cursor:
        with cursor.copy(query.encode()) as copy:
            for batch in _parsed(copy, columns, block):
                rows += batch.num_rows
                yield _finished(batch, columns, key)
        if cursor.rowcount != rows:
            raise RunError(f"{table}: the server sent {cursor.rowcount} rows, and {rows} were read; run it again")


def larger(block: int) -> int:
    """Return the size of the next block to try. Raises RunError after the largest one."""
    if block >= _LARGEST_BLOCK:
        raise RunError("a row is longer than 1 GB, which no PostgreSQL value is: run the command again")
    return min(block * 16, _LARGEST_BLOCK)


def _parsed(copy: psycopg.Copy, columns: Sequence[ExportedColumn], block: int) -> Iterator[pa.RecordBatch]:
    names = [f"c{place}" for place in range(len(columns))]  # names of tables may repeat in no other way
    rows = _Rows(copy)
    try:
        if not rows.begins():
            return  # no row: the parser wants one
        yield from csv.open_csv(
            pa.PythonFile(rows, mode="r"),
            csv.ReadOptions(column_names=names, block_size=block),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types={name: _read(it) for name, it in zip(names, columns, strict=True)},
                null_values=[""],
                true_values=["t"],
                false_values=["f"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if rows.failure is not None:
            raise rows.failure from None
        if _TOO_LONG in str(error):
            raise LongRowError from None
        if found := _COLUMN.match(str(error)):
            raise UnfitError(columns[int(found[1])].column.name) from None
        raise


def _read(column: ExportedColumn) -> pa.DataType:
    return pa.dictionary(pa.int32(), pa.string()) if column.column.stored == "masked" else column.read


class _Rows(io.RawIOBase):
    """The file that the parser reads: the rows of a COPY."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._rows = iter(copy)
        self._left = b""
        #: What the connection has raised: the parser would put an error of its own in its place.
        self.failure: BaseException | None = None

    def begins(self) -> bool:
        """Whether there is any row."""
        self._left = self.read(1) + self._left
        return bool(self._left)

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, less only at the end."""
        parts: list[bytes | bytearray | memoryview] = [self._left]
        length = len(self._left)
        try:
            while length < size and (row := next(self._rows, None)) is not None:
                parts.append(row)
                length += len(row)
        except BaseException as error:
            self.failure = error
            raise
        whole = b"".join(parts)
        self._left = whole[size:]
        return whole[:size]


def _finished(batch: pa.RecordBatch, columns: Sequence[ExportedColumn], key: bytes) -> pa.RecordBatch:
    """Return a batch as it is stored: bit strings with their digits, masked values as digests."""
    made: list[Any] = []
    for column, values in zip(columns, batch.columns, strict=True):
        if column.column.stored == "masked":
            made.append(_replaced(values, [_digest(it, key) for it in values.dictionary.to_pylist()]))
        elif column.is_bits:
            made.append(_replaced(values, list(map(_digits, values.dictionary.to_pylist()))))
        else:
            made.append(values)
    return pa.RecordBatch.from_arrays(made, schema=schema(columns))


def schema(columns: Sequence[ExportedColumn]) -> pa.Schema:
    """Return the schema of the files, with the types of the server beside."""
    return pa.schema(
        pa.field(
            it.column.name,
            pa.dictionary(pa.int32(), pa.string()) if pa.types.is_dictionary(_read(it)) else it.stored,
            metadata={"postgresql_type": it.column.type},
        )
        for it in columns
    )


def _replaced(values: pa.DictionaryArray, texts: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(values.indices, pa.array(texts, pa.string()))


def _digits(sent: str) -> str:
    r"""Return the digits of a bit string as `bit_send` has it: `\x`, its length in 8 digits, its bits in bytes."""
    length = int(sent[2:10], 16)
    return f"{int(sent[10:] or '0', 16):0{4 * (len(sent) - 10)}b}"[:length] if length else ""


def _digest(value: str, key: bytes) -> str:
    return hmac.digest(key, value.encode(), "sha256").hex()[:_DIGEST]
