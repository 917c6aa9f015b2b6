"""Violations that follow from violations of another rule, as headers `follows_from` state it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.expectations import FollowsFrom
from order_audit.foreign_code import whole_path
from order_audit.reports import violations
from order_audit.reports.document import Consequence

#: Keys that are fetched at once.
_BLOCK: Final = 10_000
#: Keys that a statement names; of more, the rule's query finds them again.
_NAMED: Final = 200_000
#: Types of keys that a statement names.
_INTEGERS: Final = {20: "int8", 21: "int2", 23: "int4"}


@dataclass(frozen=True)
class Consequences:
    """By rule, its violations that follow from violations of other rows, as numbers by cause.

    `own` has the rules of which the store keeps a second file: keys that follow from nothing, under the name given.
    """

    by_rule: Mapping[str, tuple[Consequence, ...]]
    own: Mapping[str, str]


def consequences(
    connection: psycopg.Connection,
    prepared_rules: Iterable[PreparedRule],
    outcomes: Mapping[str, Outcome],
    store: ViolationStore,
) -> Consequences:
    """Return what follows from violations of other rows, by a column that has their key.

    A rule whose query fails, for want of time, is left out: all of its violations count as causes.
    """
    failed = {it.rule.id: it for it in prepared_rules if outcomes[it.rule.id].status == "failed"}
    by_rule: dict[str, tuple[Consequence, ...]] = {}
    own: dict[str, str] = {}
    for prepared in failed.values():
        rule = prepared.rule
        causes = [(it, failed[it.rule]) for it in rule.follows_from if it.by and it.rule in failed]
        # other keys are not written as they are
        if not causes or len(rule.key) > 1 or outcomes[rule.id].ordered_by != "number":
            continue
        name = f"{rule.id} by itself"
        try:
            by_rule[rule.id] = _counted(connection, prepared, causes, store, name)
        except psycopg.Error:
            if connection.closed:
                raise
            continue
        own[rule.id] = name
    return Consequences(by_rule, own)


def _counted(
    connection: psycopg.Connection,
    prepared: PreparedRule,
    causes: list[tuple[FollowsFrom, PreparedRule]],
    store: ViolationStore,
    name: str,
) -> tuple[Consequence, ...]:
    """Count the consequences of each cause; write the keys that follow from none to the store, in their order."""
    rule = prepared.rule
    key = f"v.{quoted(rule.key[0])}"
    tests = ", ".join(
        f"coalesce(pg_catalog.bool_or(v.{quoted(it.by)} operator(pg_catalog.=) any"
        f" ({_keys(cause, it.by, prepared, store)})), false)"
        for it, cause in causes
    )
    some = _named(prepared, rule.key[0], prepared, store)
    where = f" where {key} operator(pg_catalog.=) any ({some})" if some else ""
    query = f"select {key}::text, array[{tests}] from (\n{rule.sql}\n) as v{where} group by {key} order by {key}"
    counts = [0] * len(causes)
    kept = 0
    start = violations.prefix(name)
    with (
        connection.transaction(force_rollback=True),
        whole_path(connection),
        connection.cursor(name="consequences") as cursor,
        store.open(name) as file,
    ):
        cursor.itersize = _BLOCK
        for text, follows in cursor.execute(query.encode()):
            counts = [count + is_one for count, is_one in zip(counts, follows, strict=True)]
            if not any(follows):
                file.write(start + (violations.field(text) if text is not None else b"") + b"\n")
                kept += 1
    store.close(name, kept)
    return tuple(Consequence(it.rule, rows) for (it, _), rows in zip(causes, counts, strict=True) if rows)


def _keys(cause: PreparedRule, by: str, prepared: PreparedRule, store: ViolationStore) -> str:
    """Return SQL of the keys of a cause, for a column of another rule's result."""
    named = _named(cause, by, prepared, store)
    return named or f"select c.{quoted(cause.rule.key[0])} from (\n{cause.rule.sql}\n) as c"


def _named(rule: PreparedRule, column: str, shown: PreparedRule, store: ViolationStore) -> str:
    """Return SQL of a rule's violating keys, which are known, to compare with a column; empty if there are too many."""
    types = {it.name: it.type for it in shown.columns}
    kind = _INTEGERS.get(types.get(column, 0))
    if kind is None or rule.columns[rule.key[0]].type != types[column]:
        return ""
    keys = store.integers(rule.rule.id, _NAMED)
    return "" if keys is None else f"'{{{','.join(map(str, keys))}}}'::{kind}[]"
