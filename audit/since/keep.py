"""Write the state that an audit leaves for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import psycopg

from order_audit import session
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.since import pairs, state_file
from order_audit.audit.since.changes import Changes, write_all, write_changes
from order_audit.audit.since.compared import Compared
from order_audit.audit.since.derive import fingerprint
from order_audit.audit.since.pairs import Pairs
from order_audit.audit.since.state_file import PartWriter, State

#: The share of changed rows from which on a new state has all rows, and not what has changed.
_REWRITTEN: Final = 0.1


def keep(
    connection: psycopg.Connection,
    folder: Path,
    facts: Mapping[str, Any],
    compared: Compared,
    rules: Iterable[PreparedRule],
    found: Mapping[str, Changes],
    old: State | None,
    known: Mapping[str, Pairs],
    beside: Callable[[str], Pairs | None],
) -> None:
    """Write a state into a new folder: all rows, or the parts of an old state and what was `found` to have changed.

    `known` are pairs of the old state and of what has changed; `beside` gives those that a rule's statement has given.
    """
    folder.mkdir()
    following = int(session.scalar(connection, "select 3 + pg_catalog.age('3'::xid)::int8")) % (1 << 32)
    parts = list(state_file.reuse(old, folder)) if old is not None and _is_little(compared, found, old, known) else []
    part = PartWriter(folder, len(parts))
    for name, table in compared.tables.items():
        if parts:
            write_changes(table, found[table.name], part)
        else:
            write_all(connection, table, compared.values.get(name, {}), part, following)
    kept: dict[str, str] = {}
    for text, (query, _) in compared.pairs.items():
        found_pairs = known[text] if parts else beside(text) or pairs.read(connection, query)
        if found_pairs is not None:
            pairs.write(query, found_pairs, part)
            kept[query.name] = query.sql
    parts.append(part.close())
    tables = {
        table.name: {
            "oid": table.relation.oid,
            "signature": table.signature,
            "id": table.id.sql,
            "values": {it: value.sql for it, value in compared.values.get(name, {}).items()},
        }
        for name, table in compared.tables.items()
    }
    fingerprints = {prepared.rule.id: fingerprint(prepared) for prepared in rules}
    state_file.write(folder, State({**facts, "tables": tables, "pairs": kept, "rules": fingerprints}, parts))


def _is_little(compared: Compared, found: Mapping[str, Changes], old: State, known: Mapping[str, Pairs]) -> bool:
    """Whether all that has changed is known, and little beside all rows."""
    if len(found) < len(compared.tables) or not compared.pairs.keys() <= known.keys():
        return False
    rows = sum(changes.count for changes in found.values())
    later = sum(int(changes.new.sum()) for changes in found.values())
    earlier = sum(int(table["rows"]) for part in old.parts[1:] for table in part["tables"].values())
    return earlier + later <= _REWRITTEN * rows
