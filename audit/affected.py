"""How many rows of each table any rule finds fault with, each counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from audit.spool import Spool


def affected(results: Iterable[dict[str, Any]], spool: Spool) -> list[dict[str, Any]]:
    """Per table, and per key where its rules do not go by the same one, the number of different violating keys."""
    groups: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for found in results:
        if found["status"] == "failed" and found["table"]:
            groups[found["table"], found["key"], found["key_order"]].append(found["rule"])
    return [
        {"table": table, "key": key, "rows": spool.distinct(rules, order)}
        for (table, key, order), rules in sorted(groups.items())
    ]
