"""Which violations the suppressions of an audit accept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from order_audit.reports.document import Suppression


@dataclass(frozen=True)
class AcceptedKeys:
    """Keys by rule, and the rules of which all violations are accepted."""

    keys: frozenset[tuple[str, str]] = frozenset()
    rules: frozenset[str] = frozenset()

    @staticmethod
    def of(suppressions: Iterable[Suppression]) -> AcceptedKeys:
        """Return those that suppressions accept."""
        used = [it for it in suppressions if it.suppressed]
        return AcceptedKeys(
            frozenset((it.rule, key) for it in used for key in it.keys),
            frozenset(it.rule for it in used if it.at_most is not None),
        )

    def has(self, rule: str, key: str) -> bool:
        """Return whether a violation is accepted."""
        return rule in self.rules or (rule, key) in self.keys
