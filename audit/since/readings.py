"""What the text of a rule's query says of its dependence, whatever the database: kept for the program's own rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from order_audit import compiled
from order_audit.audit.analysis.dependence import Dependence, dependence
from order_audit.audit.analysis.query_read import QueryRead
from order_audit.audit.analysis.query_scope import Catalog, Underivable
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.expectations import shipped

#: Aggregates that the grammar has, and the catalog has not.
_CONSTRUCTORS: Final = frozenset(("json_arrayagg", "json_objectagg"))


@dataclass(frozen=True)
class Asked:
    """A query with the first column of its key, and what it takes to read it.

    `columns` has the columns of its tables, `aggregates` the aggregates that it calls, `floats` the columns with
    floating-point numbers. Without `derives`, a header says what the verdict depends on.
    """

    body: str
    key: str
    derives: bool
    columns: tuple[tuple[RelationName, tuple[str, ...]], ...]
    aggregates: tuple[str, ...]
    floats: tuple[str, ...]
    suite: str


@dataclass(frozen=True)
class Reading:
    """What was read: `why` it is not understood at all, `refused` why its verdicts depend on more than rows.

    `types`, `settings` and `collations` are those that it names; `merges` says that it makes one row of several equal
    ones. `derived` is its dependence or why there is none. `bracketed` is the query as it was read; empty if that does
    not matter.
    """

    why: str = ""
    types: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    collations: frozenset[str] = frozenset()
    merges: bool = False
    refused: str = ""
    derived: Dependence | str = ""
    bracketed: str = ""


def readings(queries: Iterable[Asked]) -> dict[Asked, Reading]:
    """Read queries; those of the program's rules are read once for a database."""
    kept: list[Asked] = []
    found: dict[Asked, Reading] = {}
    for query in dict.fromkeys(queries):
        if query.suite in shipped():
            kept.append(query)
        else:
            found[query] = _read(query)
    if kept:
        here = Path(__file__)
        sources = [*here.parent.glob("*.py"), *here.parents[1].joinpath("analysis").glob("*.py")]
        key = compiled.key(*map(repr, kept), version("sqlglot"), compiled.contents(sources))
        found |= compiled.computed(here.with_name("shipped_readings"), key, partial(_all_read, kept))
    return found


def _all_read(queries: Collection[Asked]) -> Mapping[Asked, Reading]:
    return {query: _read(query) for query in queries}


def _read(query: Asked) -> Reading:
    try:
        read = QueryRead(query.body)
    except Underivable as why:
        return Reading(str(why))
    refused, derived, bracketed = "", "", ""
    try:
        read.refuse_order(query.floats)
    except Underivable as why:
        refused = str(why)
    facts = read.types, read.settings, read.collations, read.merges
    if not query.derives:
        return Reading("", *facts, refused)
    columns = dict(query.columns)
    catalog = Catalog(columns.get, _CONSTRUCTORS.union(query.aggregates))
    try:
        found = dependence(read.tree, query.key, catalog)
        bracketed = read.bracketed() if found.edges else ""
    except Underivable as why:
        derived = str(why)
    except RecursionError:
        derived = "its query has too many levels for the analysis"
    else:
        return Reading("", *facts, refused, found, bracketed)
    return Reading("", *facts, refused, derived)
