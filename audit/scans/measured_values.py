"""Take in the values of a measured rule's groups."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

from order_audit.audit import mask
from order_audit.audit.digest_key import DigestKey
from order_audit.audit.scans.outcome import GroupValue
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.expectations import SEVERITIES, Severity
from order_audit.reports.formatting import plural


@dataclass
class Values:
    """The number of groups, the worst broken severity, and the values, the worst first, up to a limit."""

    digest_key: DigestKey
    groups: int = 0
    distinct: int = 0
    severity: Severity | None = None
    worst: list[GroupValue] = field(default_factory=list)

    def count(self, text: str) -> None:
        """Take the numbers of groups."""
        self.groups, self.distinct, broken = json.loads(text)
        self.severity = SEVERITIES[broken] if broken is not None else None

    def add(self, text: str, prepared: PreparedRule, *, unmask: bool) -> None:
        """Take the value of a group."""
        group, value, number, broken = json.loads(text, strict=False)
        if group and prepared.key_is_personal:
            group = self.digest_key.digest(group)
        names = prepared.names(prepared.measured)
        if value is not None and not unmask and mask.is_personal(names):
            value, number = mask.value(value, mask.TEXT, names), None
        position = float(number) if number is not None else math.nan
        self.worst.append(
            GroupValue(
                (group or "") if prepared.key else None,
                None if value == "NaN" else value,
                position if math.isfinite(position) else None,
                SEVERITIES[broken] if broken is not None else None,
            )
        )

    def fault(self, prepared: PreparedRule) -> str:
        """Return an error if several rows are of one group; empty if none are."""
        place = prepared.rule.measure.place if prepared.rule.measure else ""
        if not prepared.key and self.groups > 1:
            return f"{place}: the query gives {self.groups:,} rows, and without 'key' it may give one: name the groups"
        if self.distinct < self.groups:
            key = ", ".join(prepared.rule.key)
            groups = plural(self.distinct, "group")
            return f"{place}: the query gives {self.groups:,} rows for {groups} by {key}: group by the key"
        return ""
