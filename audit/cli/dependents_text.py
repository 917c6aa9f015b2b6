"""The output of `order-audit migrate plan` on objects that depend on the old tables, and on disk space."""

from __future__ import annotations

from collections.abc import Sequence

from order_audit.scenario.migrate.dependents import Dependent


def dependents_text(depending: Sequence[Dependent]) -> str:
    """Return what depends on the old tables, and what each step does to it."""
    if not depending:
        return "no other object depends on the old tables"
    lines = ["objects that depend on the old tables; the steps before the switch change none of them:"]
    for it in depending:
        lines.append(f"  {it.kind} {it.name} ({it.table})")
        if it.stops:
            lines.append(f"    the migration cannot begin: {it.stops}")
        else:
            lines += [f"    switch: {it.at_switch}", f"    contract: {it.at_contract}"]
    return "\n".join(lines)


def space_text(size: str) -> str:
    """Return the disk space that the migration takes, given the size of the old tables. Factors: measured."""
    return (
        f"the old tables take {size} on disk: the new ones take about 3 times as much besides, and the steps write"
        " about 8 times as much to the write-ahead log. SQL cannot say how much is free"
    )
