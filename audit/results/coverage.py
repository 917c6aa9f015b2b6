"""Which rules read each column of the tables that rules read."""

from __future__ import annotations

from collections.abc import Iterable

from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database.catalog import Relation
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.reports.document import Coverage, TableCoverage


def coverage(prepared_rules: Iterable[PreparedRule], relations: Iterable[Relation], schema: str) -> Coverage:
    """Return the rules by table and column; rules whose queries cannot be parsed are listed apart."""
    relations = list(relations)
    columns: dict[int, dict[str, set[str]]] = {
        it.oid: {name: set() for name, _ in sorted(it.columns.items(), key=lambda item: item[1])} for it in relations
    }
    unknown = []
    for prepared in prepared_rules:
        if prepared.query.columns_read is None:
            unknown.append(prepared.rule.id)
            continue
        of_rule = [it for it in relations if any(_is(name, it) for name in prepared.query.relations)]
        for wanted, column in prepared.query.columns_read:
            for relation in of_rule:
                if column in relation.columns and (wanted is None or _is(wanted, relation)):
                    columns[relation.oid][column].add(prepared.rule.id)
    return Coverage(
        tuple(
            TableCoverage(it.shown(schema), {name: tuple(sorted(rules)) for name, rules in columns[it.oid].items()})
            for it in relations
        ),
        tuple(sorted(unknown)),
    )


def _is(name: RelationName, relation: Relation) -> bool:
    return name.relation == relation.name and name.schema in ("", relation.schema)
