"""How many rows of each table any rule finds fault with, each counted once, and which find fault with the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from order_audit.audit.scans.violation_store import Spool
from order_audit.reports.document import KeyOrder


def affected(results: Iterable[dict[str, Any]], spool: Spool) -> list[dict[str, Any]]:
    """Per table, and per key where its rules do not go by the same one, the number of different violating keys.

    Each failed result is told which others have keys of its own (`overlaps`), those with the most first.
    """
    groups: defaultdict[tuple[str, str, KeyOrder], list[dict[str, Any]]] = defaultdict(list)
    for found in results:
        if found["status"] == "failed":
            found["overlaps"] = []
            if found["table"]:
                groups[found["table"], found["key"], found["key_order"]].append(found)
    told = []
    for (table, key, order), failed in sorted(groups.items()):
        by_rule = {found["rule"]: found for found in failed}
        together = spool.together(by_rule, order)
        told.append({"table": table, "key": key, "rows": together.keys})
        for (one, other), rows in sorted(together.shared.items(), key=lambda it: (-it[1], it[0])):
            by_rule[one]["overlaps"].append({"rule": other, "rows": rows})
            by_rule[other]["overlaps"].append({"rule": one, "rows": rows})
    return told
