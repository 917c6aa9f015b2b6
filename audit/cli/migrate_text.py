"""What the commands of the migration print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from order_audit.reports.formatting import plural
from order_audit.scenario.migrate.quarantine import Quarantined
from order_audit.scenario.migrate.run import StepRun
from order_audit.scenario.migrate.verify import Verified

_DOES: Final = {
    "expand": "the proposed schema beside the current one",
    "prepare": "what keeps both equal, and the views that old applications will read",
    "synchronise": "triggers: a write to either side is on both",
    "backfill": "rows that are there already, in short transactions",
    "verify": "both sides are equal, value by value",
    "switch": "the old names are views of the new tables",
    "contract": "the old tables go, for good",
}
#: Rows that are named on the terminal.
_SHOWN: Final = 20


def plan_text(names: Sequence[str], there: Sequence[str], found: Sequence[Quarantined], columns: Sequence[str]) -> str:
    """The steps, what the new tables cannot hold, and columns that nobody has decided about."""
    lines = [*_steps(names, there), "", *_quarantine(found, "stays" if "backfill" in there else "would stay")]
    return "\n".join([*lines, *_columns(columns)])


def status_text(
    names: Sequence[str], there: Sequence[str], found: Sequence[Quarantined], columns: Sequence[str]
) -> str:
    """The steps, what is in quarantine, and columns that nobody has decided about."""
    lines = _steps(names, there)
    if "prepare" in there and "contract" not in there:
        lines += ["", *_quarantine(found, "is")]
    return "\n".join([*lines, *_columns(columns)])


def taken_text(taken: Sequence[StepRun], to: str) -> str:
    """What was done, and what comes next."""
    lines = [f"{it.name}: {_seconds(it.seconds)}{_tries(it.tries)}" for it in taken]
    lines += [] if taken else [f"nothing to do: {to} is done"]
    if to == "switch":
        lines.append("old applications use views of the new tables. 'rollback --to verify' takes that back;"
                     " 'contract' drops the old tables")  # fmt: skip
    return "\n".join(lines)


def rolled_back_text(taken: Sequence[StepRun], to: str) -> str:
    """What was taken back."""
    lines = [f"{it.name} taken back: {_seconds(it.seconds)}{_tries(it.tries)}" for it in taken]
    lines += [] if taken else ["nothing to take back"]
    if taken and not to:
        lines.append("the schema is as it was before the migration, with every write made meanwhile")
    return "\n".join(lines)


def verified_text(found: Verified) -> str:
    """What a comparison found."""
    compared = " and ".join(plural(rows, table.removesuffix("s")) for table, rows in found.rows.items())
    lines = [f"{compared} compared, value by value: {'both sides are equal' if found.equal else 'both sides differ'}"]
    lines += [f"  {it.table} {it.key}: {it.difference}" for it in found.differences[:_SHOWN]]
    if (more := len(found.differences) - _SHOWN) > 0:
        lines.append(f"  and {more:,}{' or more' if found.more else ''} others")
    if not found.recreations:
        lines.append("the nightly job recreates the same orders by both schemas")
    else:
        lines.append(f"{plural(len(found.recreations), 'order')} that the nightly job recreates by one schema only:")
        lines += [f"  {it.key}: by the {it.by} schema; {it.why}" for it in found.recreations[:_SHOWN]]
        if (more := len(found.recreations) - _SHOWN) > 0:
            lines.append(f"  and {more:,} others")
    return "\n".join(lines)


def _steps(names: Sequence[str], there: Sequence[str]) -> list[str]:
    return [f"{'done' if name in there else 'to do':<6} {name:<12} {_DOES.get(name, '')}" for name in names]


def _quarantine(found: Sequence[Quarantined], verb: str) -> list[str]:
    if not found:
        return ["the new tables hold every row: the quarantine is empty"]
    lines = [f"what {verb} in quarantine, for the new tables cannot hold it; old applications see it all the same:"]
    for it in found:
        keys = ", ".join(map(str, it.keys)) + (", …" if it.rows > len(it.keys) else "")
        lines.append(f"  {it.table:<9} {it.rows:>7,}  {it.reason}: {keys}")
    lines.append("a reason with a dot is a rule: its fix admits the row, which then leaves the quarantine by itself")
    lines.append("'order-audit fixes plan' shows what fixes would change")
    return lines


def _columns(columns: Sequence[str]) -> list[str]:
    if not columns:
        return []
    return [
        "",
        f"columns of the old tables that no step takes along: {', '.join(columns)}",
        "there is no switch before each is taken along ('migrate run --carry TABLE.COLUMN') or dropped; or roll back,"
        " take them into the project, and begin anew",
    ]


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _tries(tries: int) -> str:
    return f", after {plural(tries, 'try', 'tries')} for its locks" if tries else ""
