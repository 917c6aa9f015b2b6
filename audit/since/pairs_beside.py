"""Pairs that the statement of a rule gives besides, because it has computed them: to read them again costs as much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from order_audit.audit.analysis.dependence import Dependence
from order_audit.audit.analysis.pairing import divided
from order_audit.audit.analysis.with_texts import with_texts
from order_audit.audit.scans.beside import Beside
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.since.numbers import NONE
from order_audit.audit.since.pairs import PairQuery, Pairs


class PairsBeside:
    """The rules whose statements give pairs, `by_rule`. Only what a rule computes apart anyway is taken out of it."""

    def __init__(
        self, queries: Mapping[str, PairQuery], rules: Iterable[PreparedRule], derived: Mapping[str, Dependence]
    ) -> None:
        self.by_rule: dict[str, Beside] = {}
        self._rules: dict[str, str] = {}
        for prepared in rules:
            rule = prepared.rule.id
            asked = {edge.pairs for edge in derived[rule].edges if edge.pairs} if rule in derived else set()
            texts = with_texts(prepared.query.body) if asked else None
            for query in sorted(asked - self._rules.keys()):
                name, select = divided(query)
                if texts is not None and name in texts.materialized and rule not in self.by_rule:
                    self.by_rule[rule] = Beside(texts.queries, texts.rest, queries[query].of(select))
                    self._rules[query] = rule

    def pairs(self, query: str, wait: Callable[[str], object]) -> Pairs | None:
        """Return the pairs of a query; None if no statement gave them. `wait` waits until a rule is judged."""
        if query not in self._rules:
            return None
        rule = self._rules[query]
        wait(rule)
        found, self.by_rule[rule].found = self.by_rule[rule].found, None
        if found is None:
            return None
        values, _, keys = found[1:-1].partition("}{")
        if not values:
            return Pairs(NONE, NONE)
        numbers = np.fromstring(values, np.int64, sep=",")
        return Pairs(numbers, np.fromstring(keys, np.int64, sep=","), len(numbers))
