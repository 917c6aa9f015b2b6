"""The tables that fixes change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psycopg

from order_audit.fixes.fix import Fix


def tables(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> dict[str, tuple[str, ...]]:
    """The tables that fixes change, each with its key, as far as they are there. Our own are not among them.

    A table without the columns of a key is another one that happens to have the name.
    """
    query = (
        "select from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attname = any(%s) and a.attnum > 0 and not a.attisdropped"
    )
    keys = {
        table: key
        for table, key in _keys_of(fixes)
        if connection.execute(query, [table, list(key)]).rowcount == len(set(key))
    }
    return dict(sorted(keys.items()))


def _keys_of(fixes: Mapping[str, Fix]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for fix in fixes.values():
        for option in [*([fix.automatic] if fix.automatic else []), *fix.options]:
            yield from ((change.table, change.key) for change in option.changes if change.op != "insert")


def none_there(fixes: Mapping[str, Fix]) -> str:
    """Return the message if none of the tables exists, with their keys."""
    names = ", ".join(sorted({f"{table} ({', '.join(key)})" for table, key in _keys_of(fixes)}))
    return (
        f"the tables that fixes change are not here: {names}. --schema names the schema that holds them, --suite and"
        " --fixes rules and fixes of your own"
    )
