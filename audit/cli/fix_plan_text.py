"""The output of `order-audit fixes plan`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from order_audit.audit.cli.fixes_text import rejected_lines
from order_audit.fixes.fix import LEAVE
from order_audit.fixes.planning.plan import Plan, Step
from order_audit.reports.action_plan import command
from order_audit.reports.formatting import MARKS, bracketed, plural
from order_audit.reports.terminal.layout import paragraph, table

_HEADS = ("", "now", "auto", "chosen", "open", "after")
_LEGEND = (
    "now, after: violations before and after the fixes; auto, chosen: rows that they change without and by a decision;"
    " open: rows that wait for a decision"
)
_NOTE = (
    "* now − auto − chosen is not the number after: other fixes change these violations too, or a fix changes more or"
    " fewer rows than it corrects violations"
)


def plan_text(plan: Plan, *, verbose: bool = False) -> str:
    """Return a plan as a table: rows that each fix changes, undecided rows, remaining violations.

    `verbose` adds the options of each fix, the order of the fixes, and what each guard rejects.
    """
    steps = [step for step in plan.steps if step.found or step.automatic or step.changed or step.left]
    lines = table([_HEADS, *(_row(step) for step in steps)], left=(0,))
    if steps:
        lines += ["", *paragraph(_LEGEND, further="  ")]
    if any(_is_mixed(step) for step in steps):
        lines += paragraph(_NOTE, further="  ")
    if any(step.choice != LEAVE for step in steps) or verbose:
        lines += ["", "choices:" if not verbose else "choices (* recommended):"]
        rows = [(f"  {step.fix.rule.id}", _choice(step)) for step in steps if verbose or step.choice != LEAVE]
        lines += table([row for row in rows if row[1]] or [("  none", "")])
    lines += [
        line
        for step in plan.steps
        if step in steps or step.problem
        for why in dict.fromkeys([step.problem, *(offer.obstacle for offer in step.offers)])
        if why
        for line in paragraph(f"✗ {step.fix.rule.id}: {why}")
    ]
    for step in steps:
        lines += rejected_lines(step.rejected)
    if plan.new_counts:
        lines += ["", "new violations after the fixes:"]
        for rule, count in plan.new_counts.items():
            lines += paragraph(f"{rule}: {count:,} new {bracketed(plan.new[rule][:10], more=count > 10)}", "  ")
    if verbose:
        lines += _order(steps)
    lines += _guards(plan, verbose)
    before = sum(count or 0 for count in plan.before.values())
    after = sum(count or 0 for count in plan.after.values())
    changes = sum(step.automatic + step.changed for step in plan.steps)
    undecided = sum(step.undecided > 0 for step in plan.steps)
    lines += ["", *paragraph(
        f"{plural(changes, 'change')} would be made; {plural(before, 'violation')} now, {after:,} after the fixes;"
        f" {undecided} {'rule waits' if undecided == 1 else 'rules wait'} for a decision"
    )]  # fmt: skip
    return "\n".join(lines)


def next_step(
    plan: Plan,
    out: Path | None,
    decisions: Path | None,
    *,
    suite: Sequence[str] | None,
    folders: Mapping[str, Path | None],
    schema: str,
    recommended: bool,
) -> tuple[str, str] | None:
    """Return what to do next and the command for it, with the options of the plan; None if nothing is to be changed.

    `folders` are those of files, by option.
    """
    given = ["--decisions", str(decisions)] if decisions else []
    given += ["--accept-recommended"] if recommended else []
    first = ""
    if any(step.undecided for step in plan.steps):
        words = ["plan", "--out", "decisions.toml", *given]
        if out is not None:
            first, words = f"choose options in {out}; then ", ["apply", "--rehearse", "--decisions", str(out)]
    elif any(step.automatic or step.changed for step in plan.steps):
        words = ["apply", "--rehearse", *(["--decisions", str(out)] if out is not None else given)]
    else:
        return None
    words += [word for option, folder in folders.items() if folder for word in (option, str(folder))]
    return first, command("fixes", *words, suites=suite or (), schema=schema)


def _row(step: Step) -> tuple[str, ...]:
    return (
        f"{MARKS[step.fix.rule.severity]} {step.fix.rule.id}",
        f"{step.found:,}",
        f"{step.automatic:,}" if step.fix.automatic else "–",
        f"{step.changed:,}",
        f"{step.undecided:,}",
        f"{step.left:,}{'*' if _is_mixed(step) else ' '}",
    )


def _is_mixed(step: Step) -> bool:
    """Whether the columns do not add up."""
    return step.found - step.automatic - step.changed != step.left


def _choice(step: Step) -> str:
    if step.choice != LEAVE:
        return step.choice
    names = [f"{offer.option.name}{'*' if offer.option.recommended else ''}" for offer in step.offers if offer.rows]
    return f"{LEAVE} (or {', '.join(names)})" if names else LEAVE if step.left else ""


def _order(steps: Sequence[Step]) -> list[str]:
    planned = {step.fix.rule.id for step in steps}
    waits = [
        line
        for step in steps
        for other, why in step.fix.after.items()
        if other in planned
        for line in paragraph(f"{step.fix.rule.id} after {other}: {why}", "  ")
    ]
    return ["", "order of the fixes:", *waits] if waits else []


def _guards(plan: Plan, verbose: bool) -> Iterator[str]:
    if not plan.guards:
        return
    ready = plan.guards_ready_then
    is_listed = verbose and len(ready) < len(plan.guards)
    yield ""
    yield f"guards: {len(ready)} of {len(plan.guards)} can be in place after the fixes{'; not these:' * is_listed}"
    for check in plan.guards if verbose else ():
        if check.refuses_then is None:
            yield f"  {check.guard.name}: cannot be checked here"
        elif not check.refuses_then and check.guard.name not in ready:
            yield f"  {check.guard.name}: builds on {', '.join(sorted({*check.guard.after} - {*ready}))}"
        elif check.refuses_then:
            now = plural(check.refuses or 0, "row")
            yield f"  {check.guard.name}: rejects {now} now, {check.refuses_then:,} after the fixes"
