"""The engine that judges rules in one snapshot of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from order_audit.audit.analysis.query_facts import ParsedQuery
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.scans import impact, prepared_rule
from order_audit.audit.scans.batch import Batch, batched
from order_audit.audit.scans.beside import Beside
from order_audit.audit.scans.cost import most_expensive_first
from order_audit.audit.scans.engine import (
    NO_COUNTS,
    NO_RESTRICTIONS,
    NOTHING_BESIDE,
    OnOutcome,
    ScanOptions,
    ignore_outcome,
)
from order_audit.audit.scans.executor import Executor
from order_audit.audit.scans.impact import RelatedRows
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.planner import plan
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.restriction import Restriction
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.domain import Impact
from order_audit.expectations import Rule


class PostgresEngine:
    """Judges rules by SQL, several in one statement where they read the same. `impacts` are those of domains."""

    def __init__(self, snapshot: Snapshot, impacts: Iterable[Impact] = ()) -> None:
        self._snapshot = snapshot
        self._defined = tuple(impacts)
        self._impacts = impact.NO_IMPACTS

    def prepare(
        self, parsed_rules: Iterable[tuple[Rule, ParsedQuery]]
    ) -> tuple[list[PreparedRule], dict[str, Outcome]]:
        """Check rules against the catalog and the server's parser."""
        prepared_rules, outcomes = prepared_rule.prepare(self._snapshot.connection, parsed_rules)
        if self._defined:
            self._impacts = impact.find_impacts(self._snapshot.connection, self._defined, prepared_rules)
        return prepared_rules, outcomes

    def impact(self, prepared: PreparedRule) -> Impact | None:
        """Return the impact of a rule; None where its tables do not exist or this role may not read them."""
        return self._impacts.of(prepared)

    def related(self, prepared: PreparedRule) -> RelatedRows | None:
        """Return the rows of another table that the impact of a rule adds up."""
        return self._impacts.related(prepared)

    def impact_sql(self, prepared: PreparedRule, sql: str) -> str:
        """Return a separate statement for a rule's impact."""
        return impact.reproduce_sql(prepared, sql, self._impacts)

    def start(
        self,
        prepared_rules: list[PreparedRule],
        store: ViolationStore,
        options: ScanOptions,
        on_outcome: OnOutcome = ignore_outcome,
        restrictions: Mapping[str, Restriction] = NO_RESTRICTIONS,
        counts: Mapping[int, int] = NO_COUNTS,
        beside: Mapping[str, Beside] = NOTHING_BESIDE,
    ) -> Executor:
        """Plan the scans and begin them, on connections of their own."""
        connection = self._snapshot.connection
        prepared_rules = [replace(it, salt=store.digest_key.salt) for it in prepared_rules]
        whole = [prepared for prepared in prepared_rules if prepared.rule.id not in restrictions]
        batches = batched(connection, plan(connection, whole), self._impacts)
        batches = most_expensive_first(connection, batches, self._impacts)
        batches = [batch.with_beside(beside) for batch in batches]
        restricted: dict[Restriction, list[PreparedRule]] = {}
        for prepared in prepared_rules:
            if prepared.rule.id in restrictions:
                restricted.setdefault(restrictions[prepared.rule.id], []).append(prepared)
        batches += [
            Batch(tuple(plan(connection, rules, few_rows=True)), restriction=restriction)
            for restriction, rules in restricted.items()
        ]
        return Executor(self._snapshot, batches, self._impacts, store, options, on_outcome, counts)
