"""What the statement of a rule gives besides: numbers out of the WITH queries that it has computed anyway."""

from __future__ import annotations

from dataclasses import dataclass, replace

from order_audit.audit.scans.planner import Scan


@dataclass(eq=False)
class Beside:
    """A query of two columns of integers, `values`, which reads the WITH queries of a rule.

    `queries` is the text of those, `rest` that of the rule's query without them. `found` are the columns, as the server
    has sent them; None until it has, or if it could not.
    """

    queries: str
    rest: str
    values: str
    found: str | None = None

    def without_queries(self, scan: Scan) -> Scan:
        """Return the scan of the rule whose WITH queries stand in front of the whole statement."""
        query = replace(scan.rules[0].query, body=self.rest)
        return replace(scan, rules=(replace(scan.rules[0], query=query),))

    @property
    def line(self) -> str:
        """The line of the statement with both columns, each an array."""
        columns = "pg_catalog.array_agg(d.value)::text || pg_catalog.array_agg(d.key)::text"
        return f"(select 'p', 0, null::text, {columns} from (\n{self.values}\n) as d (value, key))"
