"""The output of the commands about fixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from order_audit.audit import mask
from order_audit.fixes.applied import Applied
from order_audit.fixes.engine.bloat import Bloat
from order_audit.fixes.engine.rejected import Rejected
from order_audit.fixes.engine.status import Status
from order_audit.fixes.engine.verification import Verification
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.in_place import InPlace
from order_audit.fixes.planning.fixpoint import MAX_PASSES
from order_audit.fixes.revert import Reverted
from order_audit.reports.formatting import bracketed, changes_text, plural, size
from order_audit.reports.terminal.layout import paragraph
from order_audit.reports.terminal.layout import table as aligned


def applied_text(applied: Applied, *, rehearsed: bool) -> str:
    """Return the changes by rule; for a rehearsal, also the violations before and after."""
    lines = []
    for rule, option, done in applied.done:
        if done.changed or done.locked or done.changed_concurrently or done.rejected:
            left = f", {done.locked:,} locked by other sessions" if done.locked else ""
            left += f", {done.changed_concurrently:,} changed concurrently" if done.changed_concurrently else ""
            left += f", {done.rejected:,} rejected" if done.rejected else ""
            lines.append(f"{rule}: {option}: {plural(done.changed, 'row')}{left}")
    lines += rejected_lines(applied.rejected)
    for rule, why in applied.unable.items():
        lines += _entry("failed" if rule in applied.errored else "skipped", f"{rule}: {why}")
    if rehearsed:
        lines += ["", "violations by rule:"]
        order = sorted(applied.after, key=lambda rule: rule)
        for rule in order:
            before, after = applied.before[rule], applied.after[rule]
            if before != after and before is not None and after is not None:
                lines.append(f"  {rule}: {before:,} now, {after:,} after the fixes")
        same = sum((count or 0) > 0 and count == applied.before[rule] for rule, count in applied.after.items())
        lines += [f"  unchanged: {plural(same, 'other failed rule')}" if same else "  no other rule fails", ""]
        lines += _guards(applied, "can be installed", "cannot be installed, because rows violate them")
        if applied.installed or applied.guard_errors:
            lines.append("a rehearsal installs no guards, because their locks would block other sessions until it ends")
        lines.append(f"rehearsed: {plural(applied.changed, 'change')}, rolled back")
        return "\n".join(lines)
    lines.append(changes_text(applied.totals.changes, applied.totals.changed, applied.totals.deleted))
    if applied.verification is not None:
        lines.append(verification_text(applied.verification, applied.totals.changes))
        if applied.verification.reason:
            lines += _entry("", f"by checksums, because {applied.verification.reason}")
    lines += bloat_lines(applied.bloat)
    lines += _guards(applied, "installed", "not installed, because rows violate them")
    if applied.left:
        lines.append(f"{plural(applied.left, 'row')} stayed locked or changed concurrently: run the same command again")
    if applied.not_converging:
        lines += _entry(
            "",
            f"after {MAX_PASSES} passes, fixes of {', '.join(applied.not_converging)} still find rows: run the command"
            " again. If that does not help, other fixes or an application undo them: choose another option for one",
        )
    if applied.rejected:
        count = plural(sum(it.rows for it in applied.rejected), "row")
        lines += _entry(
            "",
            f"{count} rejected and unchanged: correct the rows or the constraint, and run the same command again;"
            " 'order-audit fixes status' lists them",
        )
    return "\n".join(lines)


def verification_text(found: Verification, changes: int) -> str:
    """Return the line on the proof after `changes` changes."""
    others = sum(map(len, found.others.values()))
    if others:
        text = f"in {found.ranges - others:,} of {found.ranges:,} key ranges only values in the undo log changed;"
        text += f" in {others:,}, other sessions or triggers changed rows, too: " + "; ".join(
            f"{table} from {', '.join(map(str, first[:5]))}{' …' if len(first) > 5 else ''}"
            for table, first in found.others.items()
        )
    else:
        changed = "only values in the undo log" if changes else "nothing"
        text = f"in {plural(found.ranges, 'key range')} ({plural(found.rows, 'row')}) {changed} changed"
    return f"{found.method}: {text}{'; meanwhile, ' if found.altered else ''}{', '.join(found.altered)}"


def rejected_lines(groups: Sequence[Rejected]) -> list[str]:
    """Return the rejected rows, with the constraint or trigger that rejected them."""
    lines = []
    for one in groups:
        keys = bracketed([mask.key(key, one.columns) for key in one.keys], more=one.rows > len(one.keys))
        by = f" ({one.by})" if one.by not in one.reason else ""
        where = f"{one.rule}: {one.option}: {plural(one.rows, 'row')} of {one.table} {keys}"
        lines += _entry("rejected", f"{where}: {one.reason}{by}")
    return lines


def _guards(applied: Applied, installed: str, blocked: str) -> list[str]:
    """Return the installed guards, and the reasons why others are not installed."""
    lines = _entry("guards", f"{installed}: {', '.join(applied.installed)}") if applied.installed else []
    if waiting := {name: why.rows for name, why in applied.guard_errors.items() if why.rows}:
        named = ", ".join(f"{name} ({count:,})" for name, count in waiting.items())
        lines += _entry("" if lines else "guards", f"{blocked}: {named}")
    alike: dict[str, list[str]] = {}
    for name, error in applied.guard_errors.items():
        if not error.rows:
            alike.setdefault(error.why, []).append(name)
    for why, names in alike.items():
        one = len(names) == 1
        lines += (
            [str(applied.guard_errors[names[0]])] if one else _entry("", f"not installed ({why}): {', '.join(names)}")
        )
    return lines


def bloat_lines(bloat: Mapping[str, Bloat]) -> list[str]:
    """Return the sizes of the changed tables before and after, a line each."""
    lines = []
    for table, grown in bloat.items():
        text = f"{table}: {_grown(grown.heap_before, grown.heap_after)}, indexes"
        text += f" {_grown(grown.indexes_before, grown.indexes_after)}"
        if grown.dead_rows:
            vacuum = "the next VACUUM removes them" if grown.may_vacuum else "VACUUM needs the table's owner"
            text += f"; about {plural(grown.dead_rows, 'dead row')}: {vacuum}"
        lines += _entry("size", text)
    return lines


def _grown(before: int, after: int) -> str:
    if after == before:
        return f"{size(after)} (unchanged)"
    return f"{size(before)} before, {size(after)} now ({100 * (after - before) / max(before, 1):+.1f} %)"


def status_text(status: Status | None, guards: InPlace) -> str:
    """Return the applied and reverted changes by rule, and the guards."""
    if status is None:
        return "no fix was ever applied here: the schema order_audit does not exist"
    cells: list[tuple[str, ...]] = [("rule", "changed", "reverted", "conflicts", "option")]
    cells += [
        (entry.rule, f"{entry.changed:,}", f"{entry.reverted:,}", f"{entry.conflicts:,}", entry.option)
        for entry in status.entries
    ]
    lines = aligned(cells) if status.entries else ["no fix is applied"]
    if status.entries:
        lines.append(changes_text(status.totals.changes, status.totals.changed, status.totals.deleted))
    lines += rejected_lines(status.rejected)
    lines += bloat_lines(status.bloat)
    lines += _entry("guards", f"in place: {', '.join(guards.valid)}") if guards.valid else []
    if guards.incomplete:
        names = ", ".join(guards.incomplete)
        words = f"incomplete: {names}: 'fixes apply' completes them or says why not, 'fixes revert' removes them"
        lines += _entry("" if guards.valid else "guards", words)
    if status.running:
        lines.append("'fixes apply' or 'fixes revert' is active")
    if status.interrupted:
        lines.append("the last run was interrupted: run the same command or file again to continue")
    return "\n".join(lines)


def reverted_text(reverted: Reverted | None) -> str:
    """Return the reverted rows by rule, conflicts, and rejected rows; removed guards are not included."""
    if reverted is None:
        return "no fix was ever applied here: the schema order_audit does not exist"
    lines = []
    for rule, done in reverted.rules.items():
        locked = f", {done.locked:,} locked by other sessions" if done.locked else ""
        lines.append(f"{rule}: {plural(done.changed, 'row')} reverted{locked}")
    lines += [
        f"conflict: {row.table} {mask.key(row.key, row.columns)} ({row.rule}): {row.reason}"
        for row in reverted.conflicts
    ]
    lines += [
        f"{table} has triggers ({', '.join(names)}): rows that they wrote are not in the undo log and stay"
        for table, names in reverted.tables_with_triggers.items()
    ]
    if not reverted.rules:
        lines.append("no fix is applied")
    if reverted.locked:
        lines.append("run the same command again for the locked rows")
    if reverted.changed_since:
        lines.append(
            f"{plural(reverted.changed_since, 'change')} not reverted, because the row has changed since or is deleted:"
            " order_audit.journal has the old values"
        )
    if reverted.rejected:
        lines.append(
            f"{plural(reverted.rejected, 'row')} not reverted, because the database rejects the old values:"
            " remove the constraint or trigger, and run the same command again"
        )
    return "\n".join(lines)


def fix_text(fix: Fix | None, *, verbose: bool = False) -> str:
    """Return the description of a rule's fix; `verbose` names the fixes that run before it."""
    if fix is None:
        return "fix       not shipped"
    lines = []
    if fix.automatic:
        lines += _entry("fix", f"{AUTOMATIC}: {fix.automatic.does}")
    for option in fix.options:
        lines += _entry("" if lines else "fix", f"{option.name}{' (recommended)' if option.recommended else ''}: "
                       f"{option.does}")  # fmt: skip
    if fix.leave or not lines:
        lines += _entry("" if lines else "fix", f"{LEAVE}: {fix.leave or 'the rows are listed and stay unchanged'}")
    if fix.assumes:
        lines += _entry("assumes", fix.assumes)
    if verbose:
        for other, why in fix.after.items():
            lines += _entry("after", f"{other}: {why}")
    elif fix.after:
        lines += _entry("order", f"runs after {plural(len(fix.after), 'other')} (--verbose lists them)")
    return "\n".join(lines)


def guards_text(guards: Sequence[Guard]) -> str:
    """Return the names and titles of the guards of a rule, below its fix."""
    return "".join(f"\n{line}" for guard in guards for line in _entry("guard", f"{guard.name}: {guard.title}"))


def _entry(name: str, text: str) -> list[str]:
    return paragraph(text, f"{name:<10}", "  ")
