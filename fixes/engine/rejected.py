"""Rejected rows: what a constraint or trigger refuses, or what would have kept others waiting for too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg

from order_audit.fixes.engine.key_text import key_text
from order_audit.fixes.engine.work_list import TARGET, Namespace

#: The table that a copy in a dry run stands for.
_ORIGINAL: Final = "select order_audit.qualified(order_audit.original(to_regclass(r.tab))) as name"


@dataclass(frozen=True)
class Rejected:
    """Rows of a table that an option could not change, for one reason.

    `by` is the constraint or the trigger's function that refused them, empty where it has no name; `keys` are those of
    the first ten, of these `columns`.
    """

    rule: str
    option: str
    table: str
    by: str
    reason: str
    rows: int
    keys: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON; `by` is null where it has no name."""
        return {
            "rule": self.rule,
            "option": self.option,
            "table": self.table,
            "by": self.by or None,
            "reason": self.reason,
            "rows": self.rows,
            "keys": list(self.keys),
        }


def rejected(
    connection: psycopg.Connection, namespace: Namespace = TARGET, rule: str | None = None
) -> tuple[Rejected, ...]:
    """Return the rows that the last run could not change, of one rule or of all."""
    rows = connection.execute(
        namespace.text(
            """
            select r.rule, r.option, t.name, r.refused_by, min(r.reason), count(*),
              (array_agg(k.key order by length(k.key), k.key))[1:10],
              array(select jsonb_object_keys((array_agg(r.key))[1]))
            from order_audit.refused as r
            cross join lateral (select {key} as key) as k
            cross join lateral ({table}) as t
            where %(rule)s::text is null or r.rule = %(rule)s
            group by r.rule, r.option, t.name, r.refused_by, r.code
            order by min(r.id)
            """.replace("{key}", key_text("r.key")).replace(
                "{table}", "select r.tab as name" if namespace is TARGET else _ORIGINAL
            )
        ).encode(),
        {"rule": rule},
    ).fetchall()
    return tuple(
        Rejected(rule_id, option, table, by, reason, count, tuple(keys), tuple(columns))
        for rule_id, option, table, by, reason, count, keys, columns in rows
    )
