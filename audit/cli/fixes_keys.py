"""Keys of violations in the output of the commands about fixes, masked as an audit masks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.scans.prepared_rule import PreparedRule, prepare
from order_audit.expectations import Rule


def masked_keys(
    connection: psycopg.Connection, rules: Iterable[Rule], keys: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return keys by rule, masked; whole where the key is personal or of unknown origin."""
    names = _names(connection, [rule for rule in rules if rule.id in keys])
    return {id: tuple(mask.key(key, names[id]) for key in some) for id, some in keys.items()}


def personal_keys(connection: psycopg.Connection, rules: Iterable[Rule]) -> set[str]:
    """Return the rules whose key is personal or of unknown origin."""
    return {id for id, names in _names(connection, list(rules)).items() if mask.is_personal(names)}


def _names(connection: psycopg.Connection, rules: list[Rule]) -> dict[str, frozenset[str] | None]:
    """Return by rule the names that decide how its key is masked; None: unknown."""
    prepared_rules, _ = prepare(connection, [(rule, parsed_query.parse(rule)) for rule in rules])
    return dict.fromkeys(rule.id for rule in rules) | {it.rule.id: _names_of_key(it) for it in prepared_rules}


def _names_of_key(prepared: PreparedRule) -> frozenset[str] | None:
    each = [None if prepared.columns[place].is_json else prepared.names(place) for place in prepared.key]
    known = frozenset[str]().union(*(names for names in each if names is not None))
    return known if None not in each or mask.is_secret(known) else None
