"""Figures of domains in the profile: of whole tables, or of a sample of groups of rows in tables that were sampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import psycopg

from order_audit import session
from order_audit.audit import mask
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.profiling.columns import table
from order_audit.audit.profiling.guarded import guarded
from order_audit.audit.profiling.sample import PLACES, are_alike, groups_of
from order_audit.domain import WHOLE, TableFigures

#: By FROM item, a faster one with the same rows, and what figures say of this sample.
Samples: TypeAlias = dict[str, tuple[str, dict[str, Any]]]


def add(
    connection: psycopg.Connection,
    figures: TableFigures,
    profiles: dict[str, Any],
    tables: Mapping[str, Relation],
    samples: Samples,
    *,
    unmask: bool,
) -> None:
    """Add the figures of a domain to the profile, where the tables that they take were profiled and can be read.

    `samples` has the samples that earlier figures took, and is added to.
    """
    if any(
        name not in tables or "error" in profiles[name] or not tables[name].readable >= columns
        for name, columns in figures.reads.items()
    ):
        return
    first = next(iter(figures.reads))
    if figures.distinct and not _names_rows(connection, profiles[first], tables[first], figures.distinct):
        profiles[first][figures.name] = {"error": f"{figures.distinct} is not known to be different in each row"}
        return
    measured = guarded(connection, unmask, lambda: _measured(connection, figures, profiles, tables, samples))
    profiles[first][figures.name] = measured if unmask else _masked(measured)


def _measured(
    connection: psycopg.Connection,
    figures: TableFigures,
    profiles: Mapping[str, Any],
    tables: Mapping[str, Relation],
    samples: Samples,
) -> dict[str, Any]:
    sql = {name: quoted(tables[name]) for name in figures.reads}
    sql |= {f"{name}{WHOLE}": source for name, source in sql.items()}
    by: Mapping[str, str] = getattr(figures, "sampled_by", {})
    largest = max((profiles[name].get("all_rows", 0) for name in by), default=0)
    types = {name: _type(connection, tables[name], column) for name, column in by.items()} if largest else {}
    told: dict[str, Any] = {}
    if types and are_alike(types.values()):
        for name, column in by.items():
            if (groups := groups_of(largest, column, types[name])) is None:
                break
            plain = groups.source(sql[name])
            if plain not in samples:
                source, entry = groups.picked(lambda query: _rows(connection, query), sql[name])
                samples[plain] = source, {"of": name, **entry}
            sql[name], entry = samples[plain]
            told = told or {"sample": entry}
        if told:
            session.configure(connection, [PLACES], local=True)
    return figures.measure(lambda query: _rows(connection, query), sql) | told


def _type(connection: psycopg.Connection, relation: Relation, column: str) -> int:
    """Return the oid of a column's type, of a domain that of its base type."""
    return next(it.type for it in table(connection, relation).columns if it.name == column)


def _masked(value: Any) -> Any:
    """Return figures of a domain with addresses and phone numbers masked, in keys as well; equal keys are added up."""
    if isinstance(value, str):
        return mask.text(value, whole=False)
    if isinstance(value, list | tuple):
        return [_masked(it) for it in value]
    if not isinstance(value, dict):
        return value
    figures: dict[str, Any] = {}
    for name, it in value.items():
        key, figure = mask.text(name, whole=False), _masked(it)
        numbers = isinstance(figure, int | float) and isinstance(figures.get(key), int | float)
        figures[key] = figures[key] + figure if numbers else figure
    return figures


def _rows(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def _names_rows(connection: psycopg.Connection, entry: Mapping[str, Any], relation: Relation, column: str) -> bool:
    """Whether a column is known to have another value in each row, NULLs apart: by its figures, or by an index."""
    figures = entry["columns"][column]
    if "error" in figures:
        return False
    if "all_rows" in entry:
        return any(it.name == column and it.unique for it in table(connection, relation).columns)
    return not figures["distinct_estimated"] and bool(figures["distinct"] == entry["rows"] - figures["nulls"])
