"""Context of the example violations, looked up in the snapshot by key: the wrong columns, and diagrams of domains.

It explains a few rows and decides nothing. A look-up is left out where a large table has no index for it. One that
fails, for want of a right or of time, costs its diagram only; the result then says why, and what would help.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg

from order_audit.audit.analysis.highlight import highlight
from order_audit.audit.analysis.own_columns import own_columns
from order_audit.audit.database.quoting import quoted
from order_audit.audit.results.look_up import SchemaLookup, finds, listed, look
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.domain import Example, NoDiagram, diagram_kinds
from order_audit.foreign_code import array_text, equals, whole_path
from order_audit.reports.document import DiagramFacts, JsonObject


@dataclass(frozen=True)
class Context:
    """The context of a failed rule's result; parts are as in the result document."""

    highlight: tuple[str, ...] | None = None
    highlight_in: tuple[tuple[str, ...], ...] | None = None
    no_diagram_reason: NoDiagram | None = None
    diagram: DiagramFacts | None = None


def context(
    connection: psycopg.Connection,
    prepared_rules: Iterable[PreparedRule],
    outcomes: Mapping[str, Outcome],
    *,
    unmask: bool,
) -> dict[str, Context]:
    """Return the context of each failed rule's examples, by the rule's id."""
    failed = [prepared for prepared in prepared_rules if outcomes[prepared.rule.id].status == "failed"]
    contexts: dict[str, Context] = {}
    for prepared in failed:
        contexts[prepared.rule.id] = context = Context(highlight(prepared.rule))
        if prepared.rule.highlight is not None and prepared.rule.highlight.test:
            each = _highlighted(connection, prepared, outcomes[prepared.rule.id].examples)
            contexts[prepared.rule.id] = replace(context, highlight_in=tuple(map(tuple, each)))
    kinds = diagram_kinds()
    for (kind, schema), some in _with_diagram(failed).items():
        examples = {prepared.rule.id: _examples(prepared, outcomes[prepared.rule.id]) for prepared in some}
        lookup = SchemaLookup(connection, schema, unmask=unmask)
        for rule, facts in kinds[kind].collect(lookup, examples).items():
            contexts[rule] = (
                replace(contexts[rule], no_diagram_reason=facts)
                if isinstance(facts, NoDiagram)
                else replace(contexts[rule], diagram=DiagramFacts(kind, tuple(facts)))
            )
    return contexts


def _with_diagram(failed: Iterable[PreparedRule]) -> dict[tuple[str, str], list[PreparedRule]]:
    """Return the failed rules with a diagram, by its kind and the schema of their table."""
    grouped: dict[tuple[str, str], list[PreparedRule]] = {}
    for prepared in failed:
        if prepared.rule.diagram is not None and prepared.table is not None:
            grouped.setdefault((prepared.rule.diagram.kind, prepared.table.schema), []).append(prepared)
    return grouped


def _examples(prepared: PreparedRule, outcome: Outcome) -> list[Example]:
    columns = prepared.rule.diagram.keys if prepared.rule.diagram is not None else ()
    return [
        Example(tuple(row[column] for column in columns if row.get(column) is not None), row)
        for row in outcome.examples
    ]


def context_without_queries(
    prepared_rules: Iterable[PreparedRule], outcomes: Mapping[str, Outcome], reason: str
) -> dict[str, Context]:
    """Return the context that is known without a query, with the reason why there is no more."""
    contexts: dict[str, Context] = {}
    for rule in (prepared.rule for prepared in prepared_rules if outcomes[prepared.rule.id].status == "failed"):
        # a query finds the wrong column of each row
        known = rule.highlight is None or not rule.highlight.test
        no_diagram = NoDiagram(reason, "") if rule.diagram is not None else None
        contexts[rule.id] = Context(highlight(rule) if known else (), no_diagram_reason=no_diagram)
    return contexts


# -- highlight ---------------------------------------------------------------------------------------------------


def _highlighted(
    connection: psycopg.Connection, prepared: PreparedRule, examples: Sequence[JsonObject]
) -> list[list[str]]:
    """Return for each example the columns whose values meet the rule's test; none if unknown."""
    table, wrong = prepared.table, prepared.rule.highlight
    unknown: list[list[str]] = [[] for _ in examples]
    if table is None or wrong is None or len(prepared.key) > 1 or prepared.key_is_personal:
        return unknown
    of_table = {
        column.name: column.source for column in prepared.columns if column.relation == table.oid and column.source
    }
    own = own_columns(prepared.rule.key, prepared.query.rows, of_table)
    sources = {name: source for name, source in of_table.items() if name in own}
    key = sources.get(prepared.rule.key[0])
    named = [(name, sources[name]) for name in wrong.columns if name in sources]
    if key is None or not named or not finds(connection, table, key):
        return unknown
    values = ", ".join(f"({place}, t.{quoted(source)}::text)" for place, (_, source) in enumerate(named))
    keys = [row[prepared.rule.key[0]] for row in examples]
    wanted = f"t.{quoted(key)} {equals(connection)} any ({listed([array_text(map(str, keys))])})"
    with whole_path(connection):
        rows = look(
            connection,
            f"select pg_catalog.json_build_array(t.{quoted(key)}::text, array(\n"
            f"  select v.place from (values {values}) as v (place, value) where ({wrong.test}\n) order by v.place\n"
            f")) from {quoted(table)} as t where {wanted}",
        )
    by_key = {key: [named[place][0] for place in places] for key, places in rows}
    return [by_key.get(str(key), []) for key in keys]
