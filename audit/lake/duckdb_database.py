"""A DuckDB database of this process: the tables of a lake, no network, memory up to a limit and then the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import escape
from pathlib import Path
from typing import Final

import duckdb

from order_audit.audit.database.quoting import quoted
from order_audit.audit.lake.lake import LakeTable
from order_audit.audit.lake.table_name import table_name
from order_audit.errors import RunError, UsageError

#: Of the memory that DuckDB may use if nothing is said: it takes most of the machine's otherwise.
MEMORY: Final = "1GB"


class DuckDatabase:
    """The tables that are loaded into a file of the folder, which is removed with it."""

    def __init__(self, folder: Path, memory: str = "", threads: int | None = None) -> None:
        folder.mkdir(exist_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory or MEMORY,
            "threads": threads or os.cpu_count() or 1,
            "temp_directory": str(folder / "spilled"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        try:
            self.connection = duckdb.connect(str(folder / "tables.duckdb"), config=config)
        except duckdb.ParserException as error:
            raise UsageError(f"--memory {memory}: {first_line(error)}") from None
        except duckdb.Error as error:
            raise RunError(f"DuckDB cannot start: {first_line(error)}") from None

    def load(self, tables: Iterable[LakeTable]) -> None:
        """Read the tables' files. From then on, no statement can reach a file."""
        for table in tables:
            self._read(table)
        self.connection.execute("set enable_external_access = false")
        self.connection.execute("set lock_configuration = true")

    def _read(self, table: LakeTable) -> None:
        """Read one table as it is: a condition on a file's statistics would lose NaN."""
        columns = ", ".join(quoted(it.name) for it in table.columns) or "1 as no_column"
        create = f"create table {table_name(table.name)} as select {columns} from"
        try:
            if table.delta is not None:
                self.connection.register("source", table.delta.dataset())
                self.connection.execute(f"{create} source")
                self.connection.unregister("source")
            else:
                paths = [escape(str(it.path)) for it in table.files]  # DuckDB takes each for a pattern
                self.connection.execute(f"{create} read_parquet(?, hive_partitioning = false)", [paths])
            [(rows,)] = self.connection.execute(f"select count(*) from {table_name(table.name)}").fetchall()
        except duckdb.Error as error:
            raise RunError(f"table {table.name} cannot be read from {table.given}: {first_line(error)}") from None
        if rows != table.rows:
            raise RunError(f"table {table.name}: its files have {table.rows} rows, and {rows} were read")

    def close(self) -> None:
        """Close the database."""
        self.connection.close()


def first_line(error: duckdb.Error) -> str:
    """Return the first line of an error, without the kind in front."""
    return (str(error).strip().splitlines() or ["no reason given"])[0]
