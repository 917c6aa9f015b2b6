"""The engine that judges rules on tables of a lake, by DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb

from order_audit.audit.analysis.query_facts import ParsedQuery
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database.catalog import Column, Relation
from order_audit.audit.lake.duckdb_database import DuckDatabase
from order_audit.audit.lake.functions.duckdb_library import install
from order_audit.audit.lake.lake import UNSUPPORTED, Lake, LakeTable
from order_audit.audit.lake.lake_scans import LakeRule, LakeScans
from order_audit.audit.lake.pg_types import UNUSABLE, PgType, read_type
from order_audit.audit.lake.result_texts import oid
from order_audit.audit.lake.translate import (
    NoColumnError,
    NotTranslatable,
    ServerFacts,
    Translation,
    UnusableColumnError,
    duckdb_dialect,
    translate,
)
from order_audit.audit.scans.engine import NO_COUNTS, NO_RESTRICTIONS, OnOutcome, ScanOptions, ignore_outcome
from order_audit.audit.scans.impact import RelatedRows
from order_audit.audit.scans.limits_check import misfit
from order_audit.audit.scans.outcome import Failure, Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule, marks_of, missing_column, unfit
from order_audit.audit.scans.restriction import Restriction
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.domain import Impact
from order_audit.expectations import Rule
from order_audit.reports.document import Cause

#: What `--engine` calls it.
NAME: Final = "duckdb"
_DOCUMENTS: Final = {"json", "jsonb", "xml", "hstore"}


class DuckEngine:
    """Judges rules on tables that it reads from files into a database in a folder."""

    def __init__(
        self,
        lake: Lake,
        folder: Path,
        memory: str = "",
        threads: int | None = None,
        names: Mapping[RelationName, str] | None = None,
    ) -> None:
        """Take the names of tables from `names`, where a search path has found them, or else from the lake."""
        self._lake = lake
        self._facts = _facts(lake)
        self._types = {name: {it.name: _type(it.type, it.stored) for it in table.columns} for name, table in
                       lake.tables.items()}  # fmt: skip
        by_name = {name: _relation(number, table) for number, (name, table) in enumerate(lake.tables.items())}
        self._relations = {it: by_name[name] for it, name in (lake.names() if names is None else names).items()}
        self._translations: dict[str, Translation] = {}
        self.database = DuckDatabase(folder, memory, threads)

    def relations(self, rules: Iterable[PreparedRule]) -> list[Relation]:
        """Return the relations that rules read, by name."""
        names = {name for it in rules for name in it.query.relations}
        found = {it.oid: it for name, it in self._relations.items() if name in names}
        return sorted(found.values(), key=lambda it: it.name)

    def prepare(
        self, parsed_rules: Iterable[tuple[Rule, ParsedQuery]]
    ) -> tuple[list[PreparedRule], dict[str, Outcome]]:
        """Check rules against the tables, and translate them."""
        parsed_rules = list(parsed_rules)
        marks = marks_of(parsed_rules)
        prepared_rules: list[PreparedRule] = []
        outcomes: dict[str, Outcome] = {}
        for rule, parsed in parsed_rules:
            prepared = self._prepared(rule, parsed, marks)
            if isinstance(prepared, Outcome):
                outcomes[rule.id] = prepared
            else:
                prepared_rules.append(prepared)
        return prepared_rules, outcomes

    def _prepared(self, rule: Rule, parsed: ParsedQuery, marks: Mapping[RelationName, str]) -> PreparedRule | Outcome:
        left_out = {RelationName("", it) for it in self._lake.facts.left_out} if self._lake.facts else set()
        closed = (self._lake.closed | left_out) - self._relations.keys()
        if unread := sorted(str(it) for it in parsed.relations if it in closed):
            message = f"this role may not read all rows of table {unread[0]}, or it has no columns"
            return Outcome("errored", failure=Failure(message))
        if outcome := unfit(rule, parsed, self._relations, self._facts.encoding.lower(), marks):
            return outcome
        if rule.measure is not None:
            return _not_checkable("no measured rules")
        stand_for = {str(name): self._relations[name].name for name in parsed.relations}
        if len(stand_for) < len(set(parsed.relations)):
            return _not_checkable("two tables whose names are written alike")
        try:
            types = {written: self._types[name] for written, name in stand_for.items()}
            translation = translate(rule.sql, types, duckdb_dialect(), self._facts, stand_for)
        except NoColumnError as error:
            return Outcome("errored", failure=Failure(str(error)))
        except UnusableColumnError as error:
            return _not_checkable(*error.missing)
        except NotTranslatable as error:
            return _not_checkable(*(f"no equal of {it}" for it in error.missing))
        columns = tuple(Column(name, oid(of), source=_source(parsed, name)) for name, of in translation.columns)
        names = [it.name for it in columns]
        if message := missing_column(rule, names) or misfit(None, rule, columns):
            return Outcome("errored", failure=Failure(message))
        self._translations[rule.id] = translation
        read = [self._relations[name] for name in parsed.relations]
        documents = frozenset[str]().union(*(it.documents for it in read))
        table = _judged(rule, parsed, read)
        return PreparedRule(
            rule, parsed, columns, table, documents, exact=parsed.column_lineage, loose=parsed.loose_lineage
        )

    def impact(self, prepared: PreparedRule) -> Impact | None:  # noqa: ARG002 - sums of domains are PostgreSQL's
        """Return None: sums of a domain are written for PostgreSQL."""
        return None

    def related(self, prepared: PreparedRule) -> RelatedRows | None:  # noqa: ARG002 - the same
        """Return None."""
        return None

    def impact_sql(self, prepared: PreparedRule, sql: str) -> str:  # noqa: ARG002 - the same
        """Return an empty text."""
        return ""

    def start(
        self,
        prepared_rules: list[PreparedRule],
        store: ViolationStore,
        options: ScanOptions,
        on_outcome: OnOutcome = ignore_outcome,
        restrictions: Mapping[str, Restriction] = NO_RESTRICTIONS,  # noqa: ARG002 - all rows are judged
        counts: Mapping[int, int] = NO_COUNTS,  # noqa: ARG002 - the files have their rows' number
    ) -> LakeScans:
        """Read the tables that these rules need, and begin to judge."""
        read = {it.name for it in self.relations(prepared_rules)}
        install(self.database.connection)
        self.database.load(table for name, table in self._lake.tables.items() if name in read)
        rules = []
        for prepared in prepared_rules:
            made = self._translations[prepared.rule.id]
            rules.append(LakeRule(prepared, made.sql, tuple(of for _, of in made.columns), made.texts))
        judged = {it.table.name for it in prepared_rules if it.table is not None}
        rows = {name: table.rows for name, table in self._lake.tables.items() if name in judged}
        return LakeScans(self.database, rules, rows, store, options, on_outcome)


def version() -> str:
    """Return the version of DuckDB."""
    return duckdb.__version__


def _not_checkable(*missing: str) -> Outcome:
    return Outcome("not_checkable", cause=Cause("engine", engine=NAME, lacks=missing))


def _facts(lake: Lake) -> ServerFacts:
    if lake.facts is None:
        return ServerFacts(time_zone="UTC")
    it = lake.facts
    return ServerFacts(it.encoding, it.provider, it.collation, it.character_type, it.timezone)


def _type(written: str, stored: str) -> PgType:
    """Return the type of a column, with what makes it unusable."""
    if stored == "masked":
        return PgType("text", stored=f"{UNUSABLE}is masked")
    if written == UNSUPPORTED:
        return PgType("text", stored=f"{UNUSABLE}has the type {stored}, which PostgreSQL does not have")
    return replace(read_type(written), stored="text") if stored == "string" else read_type(written)


def _source(parsed: ParsedQuery, name: str) -> str:
    """Return the name in its table of a column that the query only shows; empty for others."""
    names = parsed.column_lineage.get(name)
    return next(iter(names)) if name in parsed.rows and names is not None and len(names) == 1 else ""


def _judged(rule: Rule, parsed: ParsedQuery, read: Iterable[Relation]) -> Relation | None:
    """Return the relation of the first key column; None if that is computed."""
    names = parsed.column_lineage.get(rule.key[0]) if rule.key else None
    if names is None or len(names) != 1:
        return None
    [name] = names
    return next((it for it in read if name in it.columns), None)


def _relation(number: int, table: LakeTable) -> Relation:
    names = [it.name for it in table.columns]
    return Relation(
        oid=number + 1,
        schema="",
        name=table.name,
        readable=frozenset(names),
        columns={name: place for place, name in enumerate(names, 1)},
        documents=frozenset(it.name for it in table.columns if it.type in _DOCUMENTS),
    )
