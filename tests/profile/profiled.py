"""Helpers for the tests of profiles."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
import pytest

from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.profiling.profile import profile
from order_audit.reports.terminal.profile import profile_text

NUMBERS = ("whole", "large", "real", "double", "exact")


def profile_of(
    dsn: str,
    *names: str,
    sample: float | None = None,
    large: int | None = None,
    unmask: bool = True,
    timeout: float | None = None,
) -> dict[str, Any]:
    """The profile of tables, by name."""
    with Snapshot(dsn, timeout=timeout) as snapshot:
        found = catalog.relations(snapshot.connection, [RelationName("", name) for name in names])
        result = profile(
            snapshot.connection,
            [found[RelationName("", name)] for name in names],
            sample=sample,
            large=large,
            unmask=unmask,
        )
        # the snapshot is unchanged, and all of it is JSON
        assert snapshot.connection.execute("select 1").fetchone() == (1,)
    json.dumps(result, allow_nan=False)
    assert profile_text(result)
    return result


def execute(dsn: str, *statements: str) -> None:
    """Run statements and commit them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def random_rows(seed: int, count: int) -> list[tuple[Any, ...]]:
    """Rows of the table `t`, each column with values that are hard for its type."""
    draw = random.Random(seed)

    def maybe(value: Any, nulls: float = 0.1) -> Any:
        return None if draw.random() < nulls else value

    alphabet = "abcXYZ019 .-äß日"
    return [
        (
            number,
            maybe(draw.randint(-50, 50)),
            maybe(draw.randint(-(2**62), 2**62)),
            maybe(draw.choice([math.nan, math.inf, -math.inf, draw.uniform(-1, 1), float(draw.randint(0, 5))])),
            maybe(draw.choice([math.nan, math.inf, draw.gauss(0, 1e6), 0.1, 0.1, 1e200])),
            maybe(Decimal(draw.randint(-(10**12), 10**12)) / 1000),
            maybe("".join(draw.choices(alphabet, k=draw.randint(0, 6)))),
            maybe(date(2020, 1, 1) + timedelta(days=draw.randint(0, 900))),
            maybe(datetime(2020, 1, 1) + timedelta(microseconds=draw.randint(0, 10**15))),
            maybe(draw.random() < 0.3),
            maybe(f"{draw.getrandbits(11):011b}"),
            maybe(json.dumps(draw.choice([{"a": 1}, {"a": 1, "b ü": 2}, [1], "x", None, 3, True]))),
            maybe(draw.choice(["one", "two"])),
        )
        for number in range(count)
    ]


COLUMNS = ("id", *NUMBERS, "text", "day", "moment", "flag", "bits", "document", "delivery_script_name")


def load_rows(dsn: str, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Make the table `t` of these rows; gives them as a data frame."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table t (id int primary key, whole int, large int8, real float4, double float8, exact numeric,"
            " text text, day date, moment timestamp, flag bool, bits bit(11), document json, delivery_script_name text)"
        )
        with connection.cursor().copy("copy t from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute("analyze t")
    # every column as objects: pandas itself would make floats of whole numbers beside NULLs
    return pd.DataFrame(
        {name: pd.Series(column, dtype=object) for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)}
    )


@contextmanager
def bounds(monkeypatch: pytest.MonkeyPatch, exact: int, picked: int) -> Iterator[None]:
    """Small bounds, so that small tables are wide."""
    from order_audit.audit.profiling import profile as module

    with monkeypatch.context() as patch:
        patch.setattr(module, "EXACT", exact)
        patch.setattr(module, "PICKED", picked)
        patch.setattr(module, "_SMALL", 16_384)
        yield
