"""The output of the migration's commands on rows in quarantine, orders that a nightly job skips, temporary objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from order_audit.reports.formatting import plural
from order_audit.scenario.migrate.night import Night
from order_audit.scenario.migrate.quarantine import Quarantine
from order_audit.scenario.migrate.temporary import Temporary
from order_audit.scenario.migrate.verify import Due

_HOW: Final = {
    "automatic": "order-audit fixes apply",
    "recommended": "order-audit fixes apply --accept-recommended",
    "decision": "order-audit fixes plan --out decisions.toml; choose options in the file;"
    " order-audit fixes apply --decisions decisions.toml",
}


def quarantine_lines(held: Quarantine, verb: str) -> list[str]:
    """Return the rows in quarantine: number and money, each reason with its fix, and the commands of the fixes."""
    if not held.rows:
        return ["the new tables accept every row: the quarantine is empty"]
    lines = [
        f"{_size(held)} {verb} in quarantine, because the new tables reject them",
        "old applications still see them; the nightly job of new applications skips the orders",
        "by reason (a row with several counts for each), with dollars and the first keys:",
    ]
    needed: dict[str, None] = {}
    for it in held.reasons:
        keys = ", ".join(map(str, it.keys)) + (", …" if it.rows > len(it.keys) else "")
        ways = _fixes().get(it.reason, ())
        needed |= dict.fromkeys(ways)
        words = "" if it.reason.endswith("in quarantine") else f"; fix: {_ways_text(ways)}"
        lines.append(f"  {it.table:<9} {it.rows:>7,} {it.money:>16,.2f}  {it.reason}: {keys}{words}")
    lines.append(
        "a row leaves the quarantine as soon as a change lets it violate no rule, and so do the rows that wait for it"
    )
    lines += [
        "a fix may leave some rows of its rule: 'order-audit fixes plan' shows their number,"
        " and 'order-audit rules RULE' which rows they are"
    ] * bool(needed)
    return [*lines, *(f"{name}: {command}" for name, command in _HOW.items() if name in needed)]


def refused_text(held: Quarantine, accepted: int) -> str:
    """Return why the switch was refused, and what to do."""
    return "\n".join(
        [
            f"not switched: {plural(held.rows, 'row')} in quarantine, {accepted:,} accepted",
            *quarantine_lines(held, "are"),
            "then run 'order-audit migrate run' again; or leave them in quarantine: 'order-audit migrate run"
            f" --accept-quarantine {held.rows}' accepts so many customers and orders together",
        ]
    )


def accepted_text(held: Quarantine) -> str:
    """Return the number and money of the rows in quarantine, as a clause."""
    return f"in quarantine: {_size(held)}"


def night_lines(night: Night) -> list[str]:
    """Return how far the nightly job of the present business day is."""
    lines = [
        f"nightly job, business day {night.day}: {plural(night.due, 'order')} due and not yet recreated,"
        f" {night.recreated:,} recreated"
    ]
    if night.has_gaps:
        lines.append(
            "  the rows were copied on this day: orders that the old job recreated before count as not yet recreated"
        )
    return lines


def due_lines(due: Due) -> list[str]:
    """Return the orders that are due on the next business day by one schema and not by the other."""
    skipped = sum(it.orders for it in due.reasons if it.by == "old")
    lines = [
        f"next business day, with the present balances: {plural(due.old, 'order')} due by the old schema,"
        f" {due.new:,} by the new one; the new job would skip {skipped:,}"
    ]
    for it in due.reasons:
        keys = ", ".join(map(str, it.keys)) + (", …" if it.orders > len(it.keys) else "")
        by = "due by the old schema only" if it.by == "old" else "due by the new schema only"
        lines.append(f"  {it.orders:>7,} {it.amounts:>16,.2f}  {by}: {it.why}: {keys}")
    return lines


def temporary_lines(temporary: Sequence[Temporary]) -> list[str]:
    """Return the objects that exist only for the migration or for old applications."""
    lines = []
    for step, head in (("contract", "temporary: 'contract' drops"), ("retire", "for old applications: 'retire' drops")):
        if some := [it for it in temporary if it.dropped_by == step]:
            lines += ["", head, *(f"  {it.kind} {', '.join(it.names)}" for it in some)]
    return lines


def _size(held: Quarantine) -> str:
    lacking = f", {held.without_balance:,} without a number" if held.without_balance else ""
    return (
        f"{plural(held.customers, 'customer')} (balances: {held.balances:,.2f} dollars{lacking}) and"
        f" {plural(held.orders, 'order')} (amounts: {held.amounts:,.2f} dollars)"
    )


def _ways_text(ways: Sequence[str]) -> str:
    """Return how the rows of a reason are fixed: one that the automatic fix leaves needs a person."""
    others = ", ".join(way for way in ways if way != "automatic") or "by hand"
    return f"automatic where the data determine the value, else {others}" if "automatic" in ways else others


@cache
def _fixes() -> Mapping[str, tuple[str, ...]]:
    """Return how the fix of each rule is applied."""
    from order_audit.expectations import load
    from order_audit.fixes.fix import fixes

    return {
        rule: (
            *(("automatic",) if fix.automatic else ()),
            *(("recommended",) if any(option.recommended for option in fix.options) else ()),
            *(("decision",) if any(not option.recommended for option in fix.options) else ()),
        )
        for rule, fix in fixes(load("current").rules).items()
    }
