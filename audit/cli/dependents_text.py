"""The output of `order-audit migrate plan` on dependents of the old tables, and on what the migration takes."""

from __future__ import annotations

from collections.abc import Sequence

from order_audit.reports.formatting import plural, size
from order_audit.scenario.migrate.capacity import Capacity
from order_audit.scenario.migrate.dependents import Dependent, RetireDependent


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


def retire_text(depending: Sequence[RetireDependent]) -> str:
    """Return what depends on the objects that `retire` drops, and what happens to it."""
    if not depending:
        return "no other object depends on what 'retire' drops"
    lines = ["objects that depend on what 'retire' drops:"]
    return "\n".join([*lines, *(f"  {it.name}: {it.effect}" for it in depending)])


def capacity_text(it: Capacity) -> str:
    """Return the disk space, write-ahead log and time of the migration, as the dry run measured them."""
    return "\n".join(
        [
            f"the dry run copied {plural(it.copied, 'row')} and measured:",
            f"  disk: {size(it.new)} for the new tables, besides {size(it.old)} of the old ones"
            f"{_times(it.new, it.old)}. SQL cannot say how much is free",
            f"  write-ahead log: {size(it.log)}{_times(it.log, it.old)}, with what other sessions wrote meanwhile",
            f"  backfill: {_time(it, 'backfill')} without pauses and waits",
            f"  verify: {_time(it, 'verify')}, and again in contract; until it ends, VACUUM keeps all rows that die"
            " meanwhile",
            "  the other steps up to the switch: about a second each, once they have their locks",
        ]
    )


def _times(part: int, whole: int) -> str:
    return f" ({part / whole:.1f} times as much)" if whole else ""


def _time(it: Capacity, step: str) -> str:
    seconds = it.seconds.get(step, 0.0)
    if seconds < 1:
        return "less than a second"
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} minutes"
