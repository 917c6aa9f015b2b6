"""Facts of impacts for the report: their measures, and the statement that computes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.engine import Engine
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.expectations import Rule
from order_audit.reports.document import ImpactMeasure, TableImpact


@dataclass(frozen=True)
class ImpactFacts:
    """The impact statement of each rule, and the measures of each table."""

    sql: dict[str, str]
    measures: tuple[TableImpact, ...]


def runnable(schemas: Sequence[str], relations: Iterable[Relation]) -> Callable[[Rule], str]:
    """Return a function that gives a rule's runnable query: with their schemas, if the user named any, before tables.

    `relations` are those that rules read.
    """
    if not schemas:
        return lambda rule: rule.sql
    names = [quoted(schema) for schema in schemas]
    further = {it.name: quoted(it.schema) for schema in reversed(schemas) for it in relations if it.schema == schema}
    return lambda rule: parsed_query.qualified(rule, names, further)


def impact_facts(engine: Engine, failed: list[PreparedRule], schema: str, sql: Callable[[Rule], str]) -> ImpactFacts:
    """Return the facts for failed rules of an audit of `schema`; `sql` gives a rule's runnable query."""
    known = [(prepared, impact) for prepared in failed if (impact := engine.impact(prepared))]
    measures = {
        prepared.table.shown(schema): tuple(
            ImpactMeasure(it.name, it.label, it.is_sum, it.about) for it in impact.measures
        )
        for prepared, impact in known
        if prepared.table is not None
    }
    return ImpactFacts(
        {prepared.rule.id: engine.impact_sql(prepared, sql(prepared.rule)) for prepared, _ in known},
        tuple(TableImpact(table, of_table) for table, of_table in sorted(measures.items())),
    )
