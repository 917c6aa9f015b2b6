"""The output of the commands of the migration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from order_audit.audit.cli.quarantine_text import (
    accepted_text,
    due_lines,
    night_lines,
    quarantine_lines,
    temporary_lines,
)
from order_audit.reports.formatting import plural
from order_audit.scenario.migrate.night import Night
from order_audit.scenario.migrate.quarantine import Quarantine
from order_audit.scenario.migrate.run import StepRun
from order_audit.scenario.migrate.temporary import Temporary
from order_audit.scenario.migrate.verify import Due, Verified

_DOES: Final = {
    "expand": "the proposed schema next to the current one",
    "prepare": "functions that keep both equal, and the views for old applications",
    "synchronise": "triggers: a write to one side is copied to the other",
    "backfill": "copies existing rows in short transactions",
    "verify": "both sides are equal, value by value",
    "switch": "the old names are views of the new tables",
    "contract": "drops the old tables for good",
    "retire": "drops the views for old applications for good",
}
#: What holds after a step, and what comes next.
_NEXT: Final = {
    "switch": "old applications use views of the new tables. 'rollback --to verify' undoes this;"
    " 'contract' drops the old tables",
    "contract": "old applications use views of the new tables. 'retire' drops the views, once nothing uses them",
    "retire": "the migration is complete: applications use the schema sales",
}
#: The number of rows that the terminal lists.
_SHOWN: Final = 20


def plan_text(names: Sequence[str], finished: Sequence[str], held: Quarantine, columns: Sequence[str]) -> str:
    """Return the steps, rows that the new tables reject, and columns that need a decision."""
    verb = "are" if "backfill" in finished else "would be"
    lines = _steps(names, finished)
    if "contract" not in finished:
        lines += ["", *quarantine_lines(held, verb), *_columns(columns)]
    elif "retire" in finished:
        lines += ["", f"nothing to do: {_NEXT['retire']}"]
    return "\n".join(lines)


def status_text(
    names: Sequence[str],
    finished: Sequence[str],
    held: Quarantine,
    columns: Sequence[str],
    night: Night | None,
    due: Due | None,
    temporary: Sequence[Temporary],
) -> str:
    """Return the steps, rows in quarantine, the nightly job, what is temporary, columns to decide on.

    `night` is None before the end of the backfill, `due` where the two sides cannot be compared.
    """
    lines = _steps(names, finished)
    if "prepare" in finished and "contract" not in finished:
        lines += ["", *quarantine_lines(held, "are")]
    if night is not None:
        lines += ["", *night_lines(night)]
    if due is not None:
        lines += due_lines(due)
    if "retire" in finished and not temporary:
        lines += ["", "nothing is temporary"]
    return "\n".join([*lines, *temporary_lines(temporary), *_columns(columns)])


def taken_text(taken: Sequence[StepRun], to: str, held: Quarantine, finished: Sequence[str], whole: float) -> str:
    """Return the steps that were taken now, the rows in quarantine, and the next step.

    `whole` is the duration of the command in seconds, with all that it did before and after the steps.
    """
    if not taken and "retire" in finished:
        return f"nothing to do: {_NEXT['retire']}"
    lines = [f"{it.name}: {_seconds(it.seconds)}{_tries(it.tries)}" for it in taken]
    lines += [whole_line(whole)] if taken else [f"nothing to do: {to} is done"]
    if held.rows:
        lines.append(f"{accepted_text(held)}: 'order-audit migrate status' lists them")
    if to in _NEXT:
        lines.append(_NEXT[finished[-1]])
    return "\n".join(lines)


def rolled_back_text(taken: Sequence[StepRun], to: str, whole: float) -> str:
    """Return the steps that were rolled back; `whole` is the duration of the command in seconds."""
    lines = [f"{it.name} rolled back: {_seconds(it.seconds)}{_tries(it.tries)}" for it in taken]
    lines += [whole_line(whole)] if taken else ["nothing to roll back"]
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


def whole_line(seconds: float) -> str:
    """Return the duration of a whole command, which is longer than the sum of its steps."""
    return f"the whole command: {_seconds(seconds)}"


def _steps(names: Sequence[str], finished: Sequence[str]) -> list[str]:
    return [f"{'done' if name in finished else 'to do':<6} {name:<12} {_DOES.get(name, '')}" for name in names]


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
