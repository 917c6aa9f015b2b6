"""Propose a suite: look at each table, draw candidates from its figures, check them, and keep the most useful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from order_audit.audit import mask
from order_audit.audit.init import keys
from order_audit.audit.init.candidate import KINDS, REFUSED, UNREADABLE, Candidate, Omitted
from order_audit.audit.init.check import checked, refused
from order_audit.audit.init.columns import of_columns
from order_audit.audit.init.composite_references import enforced_keys, of_composite_references
from order_audit.audit.init.facts import Table, tables
from order_audit.audit.init.figures import TableFigures, read
from order_audit.audit.init.formats import of_formats
from order_audit.audit.init.lists import of_lists
from order_audit.audit.init.measured import of_measures
from order_audit.audit.init.pairs import of_pairs
from order_audit.audit.init.references import Key, keys_of, of_references
from order_audit.audit.init.rule_files import RuleFile, areas, rule_files
from order_audit.progress import ProgressCallback, ignore_progress

#: Kinds that say of a column what others then need not say.
_SAY_ENOUGH: dict[str, tuple[str, ...]] = {"reference": ("allowed_values", "format"), "allowed_values": ("format",)}
#: The reason of a table without rows.
EMPTY = "it is empty"
_NOT_BLANK_ANYWAY = ("reference", "allowed_values", "format")


@dataclass
class Proposal:
    """A proposed suite: the tables that exist and those that were read, the files, and what is not proposed."""

    seen: list[Table] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    files: list[RuleFile] = field(default_factory=list)
    omitted: list[Omitted] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Return whether a table with this name exists, written as `table` or `schema.table`."""
        return any(name in (table.name, f"{table.schema}.{table.name}") for table in self.seen)


def propose(
    connection: psycopg.Connection,
    schemas: Sequence[str] = (),
    names: Sequence[str] = (),
    on_progress: ProgressCallback = ignore_progress,
) -> Proposal:
    """Return a suite for the tables of some schemas, or for those with these names. Raises psycopg.Error."""
    found = tables(connection, schemas, names)
    proposal = Proposal(seen=found)
    figures: list[TableFigures] = []
    referenced: list[Key] = []
    for place, table in enumerate(found):
        on_progress(place, len(found), table.name)
        looked = table.reason or _looked(connection, table, referenced)
        if isinstance(looked, str):
            proposal.omitted.append(Omitted(table.shown, "all", looked))
        else:
            figures.append(looked)
    proposal.tables = [looked.table for looked in figures]
    references: dict[int, list[Candidate]] = defaultdict(list)
    for it in of_references(figures, referenced):
        if isinstance(it, Candidate):
            references[it.table.oid].append(it)
        else:
            proposal.omitted.append(it)
    composites = {it.table.oid: _composite(connection, it, references[it.table.oid]) for it in figures}
    known = {it.table.oid: (*enforced_keys(it), *_names(composites[it.table.oid])) for it in figures}
    for it in of_composite_references(figures, known):
        references[it.table.oid].append(it)
    rows = {it.table.oid: it.rows for it in figures}
    named = areas(proposal.tables)
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    for place, looked in enumerate(figures):
        on_progress(place, len(figures), looked.table.name)
        oid = looked.table.oid
        referring = _referring(looked, references[oid], rows)
        _add(connection, looked, references[oid], referring, composites[oid], named[oid], date, proposal)
    on_progress(len(figures), len(figures), "")
    return proposal


def _looked(connection: psycopg.Connection, table: Table, referenced: list[Key]) -> TableFigures | str:
    """A table's figures, or why it has none; its keys are added to those that may be referenced."""
    looked = read(connection, table)
    if isinstance(looked, str):
        return looked
    if not looked.rows:
        return EMPTY
    if not looked.columns:
        return "none of its columns can be read"
    try:
        with connection.transaction(force_rollback=True):
            referenced += keys_of(connection, looked)
    except psycopg.Error as error:
        if connection.closed:
            raise
        return f"{UNREADABLE}{mask.error(error)}"
    return looked


def _composite(
    connection: psycopg.Connection, looked: TableFigures, references: list[Candidate]
) -> Candidate | Omitted | None:
    """A composite key of a table without another key."""
    if keys.key_of(looked):
        return None
    try:
        with connection.transaction(force_rollback=True):
            return keys.composite(connection, looked, {it.columns[0].name for it in references})
    except psycopg.Error as error:
        if connection.closed:
            raise
        return Omitted(looked.table.shown, "composite key", f"{UNREADABLE}{mask.error(error)}")


def _referring(looked: TableFigures, references: list[Candidate], rows: dict[int, int]) -> dict[str, int]:
    """The columns that reference other tables by themselves, and are no key, with the rows of those tables."""
    found = {it.columns[0].name: it.target_rows for it in references if len(it.columns) == 1 and not it.is_guess}
    found |= {it.columns[0]: rows.get(it.target, 0) for it in looked.table.references if len(it.columns) == 1}
    return {name: count for name, count in found.items() if (name,) != keys.key_of(looked)}


def _names(composite: Candidate | Omitted | None) -> list[tuple[str, ...]]:
    return [tuple(it.name for it in composite.columns)] if isinstance(composite, Candidate) else []


def _add(
    connection: psycopg.Connection,
    looked: TableFigures,
    references: list[Candidate],
    referring: dict[str, int],
    composite: Candidate | Omitted | None,
    area: str,
    date: str,
    proposal: Proposal,
) -> None:
    """Add a table's rule files, and what is not proposed for it."""
    candidates: list[Candidate] = []
    key = keys.key_of(looked)
    try:
        with connection.transaction(force_rollback=True):
            found = [
                *of_columns(looked, referring),
                *of_pairs(looked),
                *of_formats(connection, looked),
                *of_lists(connection, looked),
            ]
            found += of_measures(looked)
    except psycopg.Error as error:
        if connection.closed:
            raise
        proposal.omitted.append(Omitted(looked.table.shown, "all", f"{UNREADABLE}{mask.error(error)}"))
        return
    key = next(iter(_names(composite)), key)
    describing = key or (composite.columns if isinstance(composite, Omitted) else ()) or keys.fallback(looked)
    found += [composite] if composite else []
    proposal.omitted += [it for it in found if isinstance(it, Omitted)]
    candidates = [*references, *(it for it in found if isinstance(it, Candidate))]
    counted = checked(connection, candidates)
    proposal.omitted += [it for it in counted if isinstance(it, Omitted)]
    holding = _without_repetition([it for it in counted if isinstance(it, Candidate)])
    files, omitted = rule_files(
        area, holding, [looked.columns[name].column for name in describing], date, is_key=bool(key)
    )
    proposal.omitted += omitted
    for file, reason in zip(files, refused(connection, [file.query for file in files]) if files else [], strict=True):
        if reason:
            proposal.omitted.append(Omitted(file.first.subject, KINDS[file.first.kind][1], f"{REFUSED}{reason}"))
        else:
            proposal.files.append(file)


def _without_repetition(candidates: list[Candidate]) -> list[Candidate]:
    """Leave out what another rule on the same column says already: a value of a list has its format."""
    said: dict[str, set[str]] = defaultdict(set)
    for it in candidates:
        if it.is_within_limit and len(it.columns) == 1:
            said[it.columns[0].name].add(it.kind)
    kept: list[Candidate] = []
    for it in _narrowest(candidates):
        kinds = said[it.columns[0].name] if len(it.columns) == 1 else set()
        is_said = any(it.kind in _SAY_ENOUGH.get(kind, ()) for kind in kinds) or (
            it.kind == "not_blank" and kinds & {*_NOT_BLANK_ANYWAY}
        )
        if not is_said:
            kept.append(it)
    return kept


def _narrowest(candidates: list[Candidate]) -> list[Candidate]:
    """Leave one format of each column: the first that nearly all rows have, else the first."""
    found: dict[str, Candidate] = {}
    for it in candidates:
        if it.kind == "format":
            before = found.get(it.columns[0].name)
            if before is None or (it.is_within_limit and not before.is_within_limit):
                found[it.columns[0].name] = it
    return [it for it in candidates if it.kind != "format" or it is found[it.columns[0].name]]
