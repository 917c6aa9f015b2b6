"""A profile of tables: aggregates of each column, computed by the server in one pass per table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import psycopg

from order_audit.audit import mask
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.database.view_lineage import ViewLineage, names_of
from order_audit.audit.profiling import column_figures
from order_audit.audit.profiling.columns import Column, Table, table
from order_audit.audit.profiling.limits import EXACT, HASHED, MEMORY, PICKED
from order_audit.audit.profiling.profile_query import compose, survey
from order_audit.audit.profiling.table_pass import Pass, Wide, source
from order_audit.domain import TableFigures, domains, table_figures
from order_audit.progress import ProgressCallback, ignore_progress

#: Every value of a table of no more bytes is counted.
_SMALL: Final = 16 * 1024 * 1024
#: Values that occur less often than this in the pages looked at are taken for many.
_REPEATED: Final = 3
_PAGE: Final = 8192
#: Classes of SQLSTATE for the connection, transaction, resources, locks and time, not for values.
_NOT_OF_VALUES: Final = {"08", "25", "40", "53", "54", "55", "57", "58"}
#: The pages that are looked at to plan a large table's pass.
_SURVEYED: Final = 300


def profile(
    connection: psycopg.Connection,
    relations: Iterable[Relation],
    *,
    sample: float | None = None,
    unmask: bool = False,
    home: str = "",
    on_progress: ProgressCallback = ignore_progress,
) -> dict[str, Any]:
    """Profile tables on a connection in the snapshot; `sample` is the percentage of their pages to read.

    A table that cannot be profiled has an `error` and no figures. Tables are identified by their names, with the
    schema if two are equal; with `home`, a schema, if they are in another one. A sample has no figures of domains,
    which need whole tables.
    """
    wanted = list(relations)
    names = Counter(relation.name for relation in wanted)
    profiles: dict[str, Any] = {}
    tables: dict[str, Relation] = {}
    for place, relation in enumerate(wanted):
        on_progress(place, len(wanted), relation.name)
        bare = relation.schema == home if home else names[relation.name] == 1
        name = relation.name if bare else f"{relation.schema}.{relation.name}"
        profiles[name] = _guarded(connection, unmask, partial(_profiled, connection, relation, sample, unmask))
        tables[name] = relation
    if sample is None:
        for figures in table_figures():
            on_progress(len(wanted), len(wanted), figures.name.replace("_", " "))
            _add(connection, figures, profiles, tables, unmask)
    on_progress(len(wanted), len(wanted), "")
    return profiles


def _guarded(connection: psycopg.Connection, unmask: bool, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of `work`, or its error; its session settings are rolled back."""
    try:
        with connection.transaction(force_rollback=True):
            return work()
    except psycopg.Error as error:
        if connection.closed:
            raise
        return {"error": mask.error(error, unmask=unmask)}


def _profiled(connection: psycopg.Connection, relation: Relation, sample: float | None, unmask: bool) -> dict[str, Any]:
    looked = table(connection, relation)
    try:
        with connection.transaction():
            return _passed(connection, looked, sample, unmask)
    except psycopg.Error as error:
        if not _is_of_values(connection, error):
            raise
        told = {
            column.name: failure
            for column in looked.columns
            if not column.error and (failure := _failure(connection, looked, column, sample, unmask))
        }
        if not told or len(told) == sum(not column.error for column in looked.columns):
            raise
    columns = tuple(replace(column, error=told.get(column.name, column.error)) for column in looked.columns)
    return _passed(connection, replace(looked, columns=columns), sample, unmask)


def _is_of_values(connection: psycopg.Connection, error: psycopg.Error) -> bool:
    """Whether a value or its computation may be the cause: that of a virtual column, or of a view's."""
    return not connection.closed and (error.sqlstate or "")[:2] not in _NOT_OF_VALUES


def _failure(
    connection: psycopg.Connection, looked: Table, column: Column, sample: float | None, unmask: bool
) -> str | None:
    """Return why a column cannot be profiled alone; None if it can. Raises psycopg.Error that no value explains."""
    try:
        with connection.transaction():
            _passed(connection, replace(looked, columns=(column,), key=()), sample, unmask)
    except psycopg.Error as error:
        if not _is_of_values(connection, error):
            raise
        return f"not profiled: {mask.error(error, unmask=unmask)}"
    return None


def _passed(connection: psycopg.Connection, looked: Table, sample: float | None, unmask: bool) -> dict[str, Any]:
    """Return the entry of a table from one pass. Raises psycopg.Error."""
    # the same rows are picked each time: the same seed, and a pass that begins with the first page
    connection.execute("select setseed(0.5), set_config('synchronize_seqscans', 'off', true)")
    percent = sample if looked.can_be_sampled else None
    columns = tuple(column for column in looked.columns if not column.error)
    read = Pass(looked, columns, source(looked, percent), {}, _json_keys_by(columns))
    read = replace(read, wide=_wide(connection, read, percent))
    rows = connection.execute(compose(read).encode()).fetchall()
    names = _masked_by(connection, looked)
    return {
        "schema": looked.relation.schema,
        **column_figures.shaped(read, rows, names, sampled=percent, unmask=unmask),
    }


def _masked_by(connection: psycopg.Connection, looked: Table) -> dict[str, frozenset[str] | None]:
    """Return by column the names that decide whether it is masked, through views to tables; None: masked."""
    if looked.kind not in "vm":
        return {column.name: column.parts | {column.name} for column in looked.columns}
    exact, loose = (ViewLineage(connection, loose=loose) for loose in (False, True))
    found: dict[str, frozenset[str] | None] = {}
    for column in looked.columns:
        origins = (lineage.of(looked.relation, column.name) for lineage in (exact, loose))
        names = names_of(column.name, column.type, *origins)
        found[column.name] = names if names is None else names | column.parts
    return found


def _json_keys_by(columns: tuple[Column, ...]) -> int | None:
    """Return the position of the text column that groups the figures of JSON documents."""
    names = frozenset[str]().union(*(domain.json_keys_by for domain in domains()))
    places = (place for place, column in enumerate(columns) if column.name in names)
    return next((place for place in places if columns[place].kind in ("text", "plain")), None)


def _wide(connection: psycopg.Connection, read: Pass, percent: float | None) -> Mapping[int, Wide]:
    """Return the columns with too many values to count each, estimated from a few pages of a large table."""
    share = (percent or 100.0) / 100
    size = read.table.bytes["table"] + read.table.bytes["toast"]
    if not read.table.can_be_sampled or size * share <= _SMALL:
        return {}
    pages = max(1, read.table.bytes["table"] // _PAGE)
    looked = min(100.0, 100.0 * _SURVEYED / pages)
    small = replace(read, source=source(read.table, looked), json_keys_by=None)
    wide: dict[int, Wide] = {}
    for place, sampled, different, once, width in connection.execute(survey(small).encode()).fetchall():
        if not different:
            continue
        rows = sampled * 100 / looked * share
        values = different * sampled / (sampled - once + once * sampled / rows) if rows > sampled else different
        width = max(width, 1.0)
        # rows that came together lie together, so that pages show fewer different values than there are
        if values > EXACT or values * width > MEMORY or (rows > EXACT and different * _REPEATED > sampled):
            picked = min(PICKED, MEMORY / width)
            classes = 1
            while rows / classes > HASHED:
                classes *= 2
            wide[place] = Wide(min(1.0, picked / rows), classes)
    return wide


def _add(
    connection: psycopg.Connection,
    figures: TableFigures,
    profiles: dict[str, Any],
    tables: Mapping[str, Relation],
    unmask: bool,
) -> None:
    """Add the figures of a domain to the profile, where the tables that they take were profiled and can be read."""
    if any(
        name not in tables or "error" in profiles[name] or not tables[name].readable >= columns
        for name, columns in figures.reads.items()
    ):
        return
    table = next(iter(figures.reads))
    if figures.distinct and not _names_rows(profiles[table], figures.distinct):
        profiles[table][figures.name] = {"error": f"{figures.distinct} is not known to be different in each row"}
        return
    sql = {name: quoted(tables[name]) for name in figures.reads}
    measured = _guarded(connection, unmask, lambda: figures.measure(lambda query: _rows(connection, query), sql))
    profiles[table][figures.name] = measured if unmask else _masked(measured)


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


def _names_rows(entry: Mapping[str, Any], column: str) -> bool:
    """Whether a column is known to have another value in each row, NULLs apart."""
    figures = entry["columns"][column]
    return (
        "error" not in figures
        and not figures["distinct_estimated"]
        and figures["distinct"] == entry["rows"] - figures["nulls"]
    )
