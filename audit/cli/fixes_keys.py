"""Keys of violations in the output of the commands about fixes, masked as an audit masks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.scans.prepared_rule import prepare
from order_audit.expectations import Rule


def masked_keys(
    connection: psycopg.Connection, rules: Iterable[Rule], keys: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return keys by rule, masked; whole where the key is personal or of unknown origin."""
    hidden = personal_keys(connection, [rule for rule in rules if rule.id in keys])
    return {id: tuple(mask.text(key, whole=id in hidden) for key in some) for id, some in keys.items()}


def personal_keys(connection: psycopg.Connection, rules: Iterable[Rule]) -> set[str]:
    """Return the rules whose key is personal or of unknown origin."""
    wanted = [(rule, parsed_query.parse(rule)) for rule in rules]
    prepared_rules, _ = prepare(connection, wanted)
    readable = {prepared.rule.id for prepared in prepared_rules if not prepared.key_is_personal}
    return {rule.id for rule, _ in wanted} - readable
