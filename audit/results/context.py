"""What stands around the examples of violations, looked up in the snapshot by key once the rules are judged: which of
several columns is the wrong one, the ancestors of an order, what a customer's live orders come to.

It explains a few rows and decides nothing. A look-up is left out where a large table has no index for it, and one that
fails (for want of a right, or of time) costs nothing but its diagram; the result then says why, and what would help.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import psycopg

from order_audit.audit.analysis.highlight import highlight
from order_audit.audit.database.quoting import quoted
from order_audit.audit.results.balances import balances
from order_audit.audit.results.lineages import lineages
from order_audit.audit.results.look_up import finds, listed, look
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.reports.document import Balance, JsonObject, Lineage, NoDiagram


@dataclass(frozen=True)
class Context:
    """What there is to add to a failed rule's result; parts are as in the result document."""

    highlight: tuple[str, ...] | None = None
    highlight_in: tuple[tuple[str, ...], ...] | None = None
    no_diagram_reason: NoDiagram | None = None
    lineages: tuple[Lineage, ...] | None = None
    balances: tuple[Balance, ...] | None = None


def context(
    connection: psycopg.Connection,
    prepared_rules: Iterable[PreparedRule],
    outcomes: Mapping[str, Outcome],
    *,
    unmask: bool,
) -> dict[str, Context]:
    """The context of each failed rule's examples, by the rule's id."""
    failed = [prepared for prepared in prepared_rules if outcomes[prepared.rule.id].status == "failed"]
    found: dict[str, Context] = {}
    for prepared in failed:
        found[prepared.rule.id] = context = Context(highlight(prepared.rule))
        if prepared.rule.highlight is not None and prepared.rule.highlight.test:
            each = _offending(connection, prepared, outcomes[prepared.rule.id].examples)
            found[prepared.rule.id] = replace(context, highlight_in=tuple(map(tuple, each)))
    for schema, some in _drawn(failed, "lineage").items():
        for rule, drawn in lineages(connection, schema, some, outcomes, unmask=unmask).items():
            found[rule] = _with_lineages(found[rule], drawn)
    for schema, some in _drawn(failed, "balance").items():
        for rule, shown in balances(connection, schema, some, outcomes).items():
            found[rule] = _with_balances(found[rule], shown)
    return found


def _with_lineages(context: Context, drawn: tuple[Lineage, ...] | NoDiagram) -> Context:
    if isinstance(drawn, NoDiagram):
        return replace(context, no_diagram_reason=drawn)
    return replace(context, lineages=drawn)


def _with_balances(context: Context, drawn: tuple[Balance, ...] | NoDiagram) -> Context:
    if isinstance(drawn, NoDiagram):
        return replace(context, no_diagram_reason=drawn)
    return replace(context, balances=drawn)


def _drawn(failed: Iterable[PreparedRule], kind: str) -> dict[str, list[PreparedRule]]:
    """The failed rules with a kind of diagram, by the schema of their table."""
    by_schema: dict[str, list[PreparedRule]] = {}
    for prepared in failed:
        if prepared.rule.diagram is not None and prepared.rule.diagram.kind == kind and prepared.table is not None:
            by_schema.setdefault(prepared.table.schema, []).append(prepared)
    return by_schema


def context_without_queries(
    prepared_rules: Iterable[PreparedRule], outcomes: Mapping[str, Outcome], reason: str
) -> dict[str, Context]:
    """The same as far as it is known without a look at the database, and why there is no more."""
    found: dict[str, Context] = {}
    for rule in (prepared.rule for prepared in prepared_rules if outcomes[prepared.rule.id].status == "failed"):
        # which of several columns is wrong in which row takes a look
        known = rule.highlight is None or not rule.highlight.test
        no_diagram = NoDiagram(reason, "") if rule.diagram is not None else None
        found[rule.id] = Context(highlight(rule) if known else (), no_diagram_reason=no_diagram)
    return found


# -- which column ------------------------------------------------------------------------------------------------


def _offending(
    connection: psycopg.Connection, prepared: PreparedRule, examples: Sequence[JsonObject]
) -> list[list[str]]:
    """Per example, the columns for whose value the rule's test holds; none where that is not known."""
    table, wrong = prepared.table, prepared.rule.highlight
    unknown: list[list[str]] = [[] for _ in examples]
    if table is None or wrong is None or len(prepared.key) > 1 or prepared.key_is_personal:
        return unknown
    sources = {
        column.name: column.source for column in prepared.columns if column.relation == table.oid and column.source
    }
    key = sources.get(prepared.rule.key[0])
    named = [(name, sources[name]) for name in wrong.columns if name in sources]
    if key is None or not named or not finds(connection, table, key):
        return unknown
    values = ", ".join(f"({place}, t.{quoted(source)}::text)" for place, (_, source) in enumerate(named))
    keys = [row[prepared.rule.key[0]] for row in examples]
    rows = look(
        connection,
        f"select json_build_array(t.{quoted(key)}::text, array(\n"
        f"  select v.place from (values {values}) as v (place, value) where ({wrong.test}\n) order by v.place\n"
        f")) from {quoted(table)} as t where t.{quoted(key)} in ({listed(keys)})",
    )
    by_key = {key: [named[place][0] for place in places] for key, places in rows}
    return [by_key.get(str(key), []) for key in keys]
