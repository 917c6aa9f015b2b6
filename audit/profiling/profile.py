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
from order_audit.audit.profiling import column_figures, domain_figures
from order_audit.audit.profiling.columns import Column, Table, table
from order_audit.audit.profiling.guarded import guarded
from order_audit.audit.profiling.limits import EXACT, HASHED, MEMORY, PICKED
from order_audit.audit.profiling.profile_query import compose, survey
from order_audit.audit.profiling.sample import Sample, rows_of
from order_audit.audit.profiling.table_pass import Pass, Wide, source
from order_audit.domain import domains, table_figures
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
    large: int | None = None,
    unmask: bool = False,
    home: str = "",
    on_progress: ProgressCallback = ignore_progress,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Profile tables on a connection in the snapshot; `sample` is the percentage of their pages to read.

    Without it, figures of tables with more rows than `large` are of a sample of their rows; None: of all rows.
    A table that cannot be profiled has an `error` and no figures. Tables are identified by their names, with the
    schema if two are equal; with `home`, a schema, if they are in another one. A sample of pages has no figures
    of domains, which need whole tables or groups of rows. After `stopped` (which comes with a cancelled statement), no
    work starts, and there are no figures.
    """
    wanted = list(relations)
    names = Counter(relation.name for relation in wanted)
    profiles: dict[str, Any] = {}
    tables: dict[str, Relation] = {}
    for place, relation in enumerate(wanted):
        if stopped():
            return {}
        on_progress(place, len(wanted), relation.name)
        bare = relation.schema == home if home else names[relation.name] == 1
        name = relation.name if bare else f"{relation.schema}.{relation.name}"
        profiles[name] = guarded(connection, unmask, partial(_profiled, connection, relation, sample, large, unmask))
        tables[name] = relation
    if sample is None:
        samples: domain_figures.Samples = {}
        for figures in table_figures():
            if stopped():
                return {}
            on_progress(len(wanted), len(wanted), figures.name.replace("_", " "))
            domain_figures.add(connection, figures, profiles, tables, samples, unmask=unmask)
    on_progress(len(wanted), len(wanted), "")
    return {} if stopped() else profiles


def _profiled(
    connection: psycopg.Connection, relation: Relation, pages: float | None, large: int | None, unmask: bool
) -> dict[str, Any]:
    looked = table(connection, relation)
    sample = rows_of(connection, looked, large) if pages is None else None
    if pages is not None and looked.can_be_sampled:
        sample = Sample(pages, "pages")
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
    connection: psycopg.Connection, looked: Table, column: Column, sample: Sample | None, unmask: bool
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


def _passed(connection: psycopg.Connection, looked: Table, sample: Sample | None, unmask: bool) -> dict[str, Any]:
    """Return the entry of a table from one pass. Raises psycopg.Error."""
    # the same rows are picked each time: the same seed, and a pass that begins with the first page
    connection.execute("select setseed(0.5), set_config('synchronize_seqscans', 'off', true)")
    columns = tuple(column for column in looked.columns if not column.error)
    read = Pass(looked, columns, source(looked, sample), {}, _json_keys_by(columns))
    read = replace(read, wide=_wide(connection, read, sample.percent if sample else None))
    rows = connection.execute(compose(read).encode()).fetchall()
    names = _masked_by(connection, looked)
    ends = _ends(connection, looked) if sample else None
    return {
        "schema": looked.relation.schema,
        **column_figures.shaped(read, rows, names, sample=sample, ends=ends, unmask=unmask),
    }


def _ends(connection: psycopg.Connection, looked: Table) -> tuple[int, int] | None:
    """Return the first and last value of a key of one whole number, from its index; None for other keys."""
    key = next((column for column in looked.columns if looked.key == (column.name,) and column.is_whole), None)
    if key is None or key.error:
        return None
    query = f"select min({key.value}), max({key.value}) from {quoted(looked.relation)} as t"
    row = connection.execute(query.encode()).fetchone()
    return (row[0], row[1]) if row else None


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
    small = replace(read, source=source(read.table, Sample(looked, "pages")), json_keys_by=None)
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
