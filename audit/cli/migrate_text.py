"""The output of the commands of the migration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from order_audit.reports.formatting import plural
from order_audit.scenario.migrate.quarantine import Quarantined
from order_audit.scenario.migrate.run import StepRun
from order_audit.scenario.migrate.verify import Verified

_DOES: Final = {
    "expand": "the proposed schema next to the current one",
    "prepare": "functions that keep both equal, and the views for old applications",
    "synchronise": "triggers: a write to one side is copied to the other",
    "backfill": "copies existing rows in short transactions",
    "verify": "both sides are equal, value by value",
    "switch": "the old names are views of the new tables",
    "contract": "drops the old tables for good",
}
#: The number of rows that the terminal lists.
_SHOWN: Final = 20


def plan_text(
    names: Sequence[str], finished: Sequence[str], quarantined: Sequence[Quarantined], columns: Sequence[str]
) -> str:
    """Return the steps, rows that the new tables reject, and columns that need a decision."""
    lines = [
        *_steps(names, finished),
        "",
        *_quarantine(quarantined, "stay" if "backfill" in finished else "would stay"),
    ]
    return "\n".join([*lines, *_columns(columns)])


def status_text(
    names: Sequence[str], finished: Sequence[str], quarantined: Sequence[Quarantined], columns: Sequence[str]
) -> str:
    """Return the steps, rows in quarantine, and columns that need a decision."""
    lines = _steps(names, finished)
    if "prepare" in finished and "contract" not in finished:
        lines += ["", *_quarantine(quarantined, "are")]
    return "\n".join([*lines, *_columns(columns)])


def taken_text(taken: Sequence[StepRun], to: str) -> str:
    """Return the finished steps, and the next one."""
    lines = [f"{it.name}: {_seconds(it.seconds)}{_tries(it.tries)}" for it in taken]
    lines += [] if taken else [f"nothing to do: {to} is done"]
    if to == "switch":
        lines.append("old applications use views of the new tables. 'rollback --to verify' undoes this;"
                     " 'contract' drops the old tables")  # fmt: skip
    return "\n".join(lines)


def rolled_back_text(taken: Sequence[StepRun], to: str) -> str:
    """Return the steps that were rolled back."""
    lines = [f"{it.name} rolled back: {_seconds(it.seconds)}{_tries(it.tries)}" for it in taken]
    lines += [] if taken else ["nothing to roll back"]
    if taken and not to:
        lines.append("the schema is that of before the migration, with all writes of the meantime")
    return "\n".join(lines)


def verified_text(verified: Verified) -> str:
    """Return the result of a comparison."""
    compared = " and ".join(plural(rows, table.removesuffix("s")) for table, rows in verified.rows.items())
    lines = [
        f"{compared} compared, value by value: {'both sides are equal' if verified.equal else 'both sides differ'}"
    ]
    lines += [f"  {it.table} {it.key}: {it.difference}" for it in verified.differences[:_SHOWN]]
    if (more := len(verified.differences) - _SHOWN) > 0:
        lines.append(f"  and {more:,}{' or more' if verified.more else ''} others")
    if not verified.recreations:
        lines.append("the nightly job recreates the same orders on both schemas")
    else:
        lines.append(f"{plural(len(verified.recreations), 'order')} that the nightly job recreates on one schema only:")
        lines += [f"  {it.key}: by the {it.by} schema; {it.why}" for it in verified.recreations[:_SHOWN]]
        if (more := len(verified.recreations) - _SHOWN) > 0:
            lines.append(f"  and {more:,} others")
    return "\n".join(lines)


def _steps(names: Sequence[str], finished: Sequence[str]) -> list[str]:
    return [f"{'done' if name in finished else 'to do':<6} {name:<12} {_DOES.get(name, '')}" for name in names]


def _quarantine(quarantined: Sequence[Quarantined], verb: str) -> list[str]:
    if not quarantined:
        return ["the new tables accept every row: the quarantine is empty"]
    lines = [f"rows that {verb} in quarantine, because the new tables reject them; old applications still see them:"]
    for it in quarantined:
        keys = ", ".join(map(str, it.keys)) + (", …" if it.rows > len(it.keys) else "")
        lines.append(f"  {it.table:<9} {it.rows:>7,}  {it.reason}: {keys}")
    lines.append("a reason with a dot is a rule: a row that no longer violates any leaves the quarantine by itself")
    lines.append("'order-audit fixes plan' shows which of them fixes repair, and which need a decision or a person")
    return lines


def _columns(columns: Sequence[str]) -> list[str]:
    if not columns:
        return []
    return [
        "",
        f"columns of the old tables that are not migrated: {', '.join(columns)}",
        "before the switch, carry each ('migrate run --carry TABLE.COLUMN') or drop it; or roll back, add it to the"
        " project, and start again",
    ]


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _tries(tries: int) -> str:
    return f", after {plural(tries, 'try', 'tries')} for its locks" if tries else ""
