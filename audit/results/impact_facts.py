"""Facts of impacts for the report: their measures, and the statement that computes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from order_audit.audit.analysis import parsed_query
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


def runnable(schema: str) -> Callable[[Rule], str]:
    """Return a function that gives a rule's runnable query: with `schema`, if named, before tables."""
    name = quoted(schema) if schema else ""
    return (lambda rule: parsed_query.qualified(rule, name)) if name else (lambda rule: rule.sql)


def impact_facts(engine: Engine, failed: list[PreparedRule], schema: str, *, named: str) -> ImpactFacts:
    """Return the facts for failed rules of an audit of `schema`; `named` is the schema if the user named it."""
    sql = runnable(named)
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
