"""What the commands about fixes print."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from order_audit.fixes.applied import Applied
from order_audit.fixes.engine.bloat import Bloat
from order_audit.fixes.engine.rejected import Rejected
from order_audit.fixes.engine.status import Status
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix
from order_audit.fixes.planning.fixpoint import MAX_PASSES
from order_audit.fixes.planning.plan import Plan, Step
from order_audit.fixes.revert import Reverted
from order_audit.reports.formatting import plural, size
from order_audit.reports.terminal.summary import MARKS

_WIDTH = 110


def plan_text(plan: Plan) -> str:
    """A plan as a table: what each fix changes, what is left to a decision, what still fails afterwards."""
    steps = [step for step in plan.steps if step.found or step.automatic or step.changed or step.left]
    cells: list[tuple[str, ...]] = [("", "found", "automatic", "chosen", "undecided", "still fails", "choice")]
    cells += [
        (
            f"{MARKS[step.fix.rule.severity]} {step.fix.rule.id}",
            f"{step.found:,}",
            f"{step.automatic:,}" if step.fix.automatic else "–",
            f"{step.changed:,}",
            f"{step.undecided:,}",
            f"{step.left:,}",
            _choice(step),
        )
        for step in steps
    ]
    lines = _table(cells)
    lines += [
        f"✗ {step.fix.rule.id}: {why}"
        for step in plan.steps
        if step in steps or step.problem
        for why in dict.fromkeys([step.problem, *(offer.obstacle for offer in step.offers)])
        if why
    ]
    for step in steps:
        lines += rejected_lines(step.rejected)
    if plan.new_counts:
        lines += ["", "comes to light by what is changed:"]
        for rule, count in plan.new_counts.items():
            keys = ", ".join(plan.new[rule][:10]) + (" …" if count > 10 else "")
            lines.append(f"  {rule}: {count:,} new ({keys})")
    waits = [
        f"  {step.fix.rule.id} after {other}: {why}"
        for step in steps
        for other, why in step.fix.after.items()
        if any(before.fix.rule.id == other for before in steps)
    ]
    if waits:
        lines += ["", "in this order because", *waits]
    if plan.guards:
        ready = [found.guard.name for found in plan.guards if found.refuses_then == 0]
        lines += [
            "",
            f"guards: {len(ready)} of {len(plan.guards)} could be installed afterwards"
            + (", the others not" if len(ready) < len(plan.guards) else ""),
        ]
        for found in plan.guards:
            if found.refuses_then is None:
                lines.append(f"  {found.guard.name}: cannot be judged here")
            elif found.refuses_then:
                lines.append(
                    f"  {found.guard.name}: would refuse {found.refuses:,} rows now, {found.refuses_then:,} then"
                )
    before = sum(count or 0 for count in plan.before.values())
    after = sum(count or 0 for count in plan.after.values())
    changed = sum(step.automatic + step.changed for step in plan.steps)
    undecided = sum(step.undecided > 0 for step in plan.steps)
    lines += [
        "",
        f"{plural(changed, 'row')} would change; {before:,} violations now, {after:,} afterwards;"
        f" {undecided} {'rule waits' if undecided == 1 else 'rules wait'} for a decision",
    ]
    if undecided:
        lines.append("next: fixes plan --out decisions.toml writes them down to be decided")
    return "\n".join(lines)


def _choice(step: Step) -> str:
    if step.choice != LEAVE:
        return step.choice
    names = [f"{offer.option.name}{'*' if offer.option.recommended else ''}" for offer in step.offers if offer.rows]
    return f"{LEAVE} (or {', '.join(names)})" if names else LEAVE if step.left else ""


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """First and last column to the left, numbers to the right."""
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    last = len(wide) - 1
    return [
        "  ".join(
            cell.ljust(wide[place]) if place in (0, last) else cell.rjust(wide[place]) for place, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def applied_text(applied: Applied, *, rehearsed: bool) -> str:
    """What was done, by rule; in a rehearsal, what an audit would say afterwards."""
    lines = []
    for rule, option, done in applied.done:
        if done.changed or done.locked or done.changed_concurrently or done.rejected:
            left = f", {done.locked:,} held by others" if done.locked else ""
            left += f", {done.changed_concurrently:,} changed by others meanwhile" if done.changed_concurrently else ""
            left += f", {done.rejected:,} refused" if done.rejected else ""
            lines.append(f"{rule}: {option}: {plural(done.changed, 'row')}{left}")
    lines += rejected_lines(applied.rejected)
    for rule, why in applied.unable.items():
        lines += _said("left out", f"{rule}: {why}")
    if rehearsed:
        lines += ["", "an audit would then say:"]
        order = sorted(applied.after, key=lambda rule: rule)
        for rule in order:
            before, after = applied.before[rule], applied.after[rule]
            if before != after and before is not None and after is not None:
                lines.append(f"  {rule}: {before:,} violations now, {after:,} then")
        same = sum((count or 0) > 0 and count == applied.before[rule] for rule, count in applied.after.items())
        lines += [f"  {same} other rules fail as before" if same else "  no other rule fails", ""]
        lines += _guards(applied, "could be installed", "could not, for rows that they would refuse")
        if applied.installed or applied.guard_errors:
            lines.append("no guard is made in a rehearsal: nobody could use the tables until it ended")
        lines.append(f"rehearsed: {plural(applied.changed, 'row')}, rolled back")
        return "\n".join(lines)
    lines.append(f"{plural(applied.changed, 'row')} changed" if applied.changed else "nothing to change")
    if applied.verification is not None:
        others = sum(map(len, applied.verification.others.values()))
        lines.append(
            f"proof: in all {applied.verification.ranges:,} key ranges ({applied.verification.rows:,} rows) exactly "
            f"the journaled"
            " values changed"
            if not others
            else f"proof: {applied.verification.ranges - others:,} of {applied.verification.ranges:,} key ranges "
            f"hold no change but"
            f" the journaled ones; in {others:,} others, or triggers of the table, changed rows meanwhile: "
            + "; ".join(
                f"{table} from {', '.join(map(str, first[:5]))}{' …' if len(first) > 5 else ''}"
                for table, first in applied.verification.others.items()
            )
        )
    lines += bloat_lines(applied.bloat)
    lines += _guards(applied, "installed", "not installed, for rows that they would refuse")
    if applied.left:
        lines.append(f"{applied.left:,} rows were held or changed by others to the last: run the same command again")
    if applied.not_converging:
        lines += _said(
            "",
            f"after {MAX_PASSES} passes there is more to do for {', '.join(applied.not_converging)}: run the command "
            f"again. Where"
            " that does not end it, other fixes, or an application, undo what these do: choose otherwise for one of"
            " them",
        )
    if applied.rejected:
        count = plural(sum(found.rows for found in applied.rejected), "row")
        lines += _said(
            "",
            f"{count} refused, which stay as they were: correct them, or what refuses them, and run the same command"
            " again; 'order-audit fixes status' lists them",
        )
    return "\n".join(lines)


def rejected_lines(found: Sequence[Rejected]) -> list[str]:
    """What was refused, and by what."""
    lines = []
    for one in found:
        keys = ", ".join(one.keys) + (" …" if one.rows > len(one.keys) else "")
        by = f" ({one.by})" if one.by not in one.reason else ""
        where = f"{one.rule}: {one.option}: {plural(one.rows, 'row')} of {one.table} ({keys})"
        lines += _said("refused", f"{where}: {one.reason}{by}")
    return lines


def _guards(applied: Applied, made: str, waits: str) -> list[str]:
    """The guards that were made, and why others were not."""
    lines = _said("guards", f"{made}: {', '.join(applied.installed)}") if applied.installed else []
    if waiting := {name: why.rows for name, why in applied.guard_errors.items() if why.rows}:
        named = ", ".join(f"{name} ({count:,})" for name, count in waiting.items())
        lines += _said("" if lines else "guards", f"{waits}: {named}")
    alike: dict[str, list[str]] = {}
    for name, error in applied.guard_errors.items():
        if not error.rows:
            alike.setdefault(error.why, []).append(name)
    for why, names in alike.items():
        one = len(names) == 1
        lines += (
            [str(applied.guard_errors[names[0]])] if one else _said("", f"not installed ({why}): {', '.join(names)}")
        )
    return lines


def bloat_lines(found: Mapping[str, Bloat]) -> list[str]:
    """How large the changed tables became, a line each."""
    lines = []
    for table, grown in found.items():
        said = f"{table}: {_grown(grown.heap_before, grown.heap_after)}, indexes"
        said += f" {_grown(grown.indexes_before, grown.indexes_after)}"
        if grown.dead_rows:
            who = "the next VACUUM removes" if grown.may_vacuum else "its owner may VACUUM, and this role may not"
            said += f"; about {plural(grown.dead_rows, 'dead row')}, which {who}"
        lines += _said("size", said)
    return lines


def _grown(before: int, after: int) -> str:
    if after == before:
        return f"{size(after)} as before"
    return f"{size(before)} before, {size(after)} now ({100 * (after - before) / max(before, 1):+.1f} %)"


def status_text(status: Status | None) -> str:
    """What was applied and put back."""
    if status is None:
        return "nothing was ever applied here: there is no schema order_audit"
    cells: list[tuple[str, ...]] = [("rule", "changed", "put back", "left alone", "option")]
    cells += [
        (entry.rule, f"{entry.changed:,}", f"{entry.reverted:,}", f"{entry.conflicts:,}", entry.option)
        for entry in status.entries
    ]
    lines = _table(cells) if status.entries else ["nothing is applied"]
    lines += rejected_lines(status.rejected)
    lines += bloat_lines(status.bloat)
    if status.running:
        lines.append("a run is at work")
    if status.interrupted:
        lines.append("the last run was broken off: run the same command, or file, again, and it goes on")
    return "\n".join(lines)


def reverted_text(reverted: Reverted | None) -> str:
    """What was put back, by rule, and what was not; without the guards that were removed."""
    if reverted is None:
        return "nothing was ever applied here: there is no schema order_audit"
    lines = []
    for rule, done in reverted.rules.items():
        held = f", {done.locked:,} held by others" if done.locked else ""
        lines.append(f"{rule}: {plural(done.changed, 'row')} put back{held}")
    lines += [f"left alone: {row.table} {row.key} ({row.rule}): {row.reason}" for row in reverted.conflicts]
    lines += [
        f"{table} has triggers ({', '.join(names)}): what they wrote besides, when rows were changed and when"
        " they were put back, is not in the journal, and stays"
        for table, names in reverted.tables_with_triggers.items()
    ]
    if not reverted.rules:
        lines.append("nothing is applied")
    if reverted.locked:
        lines.append("run the same command again for the rows that were held by others")
    if reverted.rejected:
        lines.append(
            f"{plural(reverted.rejected, 'row')} left alone, for the database refuses the values of before: take away"
            " what refuses them, and run the same command again"
        )
    return "\n".join(lines)


def fix_text(fix: Fix | None) -> str:
    """A rule's fix in words."""
    if fix is None:
        return "fix       none is shipped"
    lines = []
    if fix.automatic:
        lines += _said("fix", f"{AUTOMATIC}: {fix.automatic.does}")
    for option in fix.options:
        lines += _said("" if lines else "fix", f"{option.name}{' (recommended)' if option.recommended else ''}: "
                       f"{option.does}")  # fmt: skip
    if fix.leave or not lines:
        lines += _said("" if lines else "fix", f"{LEAVE}: {fix.leave or 'the rows are listed, and not touched'}")
    if fix.assumes:
        lines += _said("assumes", fix.assumes)
    for other, why in fix.after.items():
        lines += _said("after", f"{other}: {why}")
    return "\n".join(lines)


def _said(name: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"{name:<10}", subsequent_indent=" " * 12)
