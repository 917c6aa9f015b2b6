"""The demo: audits, fixes and a comparison in a new database on the embedded server."""

from __future__ import annotations

from pathlib import Path

import psycopg

from order_audit import scenario
from order_audit.audit.cli.progress_bar import progress_bar, progress_bars
from order_audit.audit.database import embedded
from order_audit.audit.run import Options, run
from order_audit.audit.scans.count import count
from order_audit.expectations import load
from order_audit.fixes.applied import Applied
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.fix import fixes
from order_audit.fixes.planning.decisions import read
from order_audit.fixes.planning.plan import Plan
from order_audit.fixes.planning.planner import plan
from order_audit.reports import atomic_files, compare, html, results_file
from order_audit.reports.document import Summary, encode
from order_audit.reports.formatting import changes_text
from order_audit.reports.writers import DEFAULT
from order_audit.scenario.load import DECISIONS, TRUTH


def demo(out: Path, *, quiet: bool) -> str:
    """Audit the sample data, add the labelled issues and audit again, fix them, audit once more and compare.

    Returns the summary.
    """
    dsn = embedded.use("order_audit_demo", fresh=True)
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
        clean = _audit(dsn, out / "sample", "1. auditing the sample data", quiet)
        scenario.add_issues(connection)
        dirty = _audit(dsn, out / "issues", "2. auditing the labelled issues", quiet, data_docs=True)
        planned, applied = _fix(connection, out, quiet)
    fixed = _audit(dsn, out / "fixed", "4. auditing the fixed data", quiet)
    before, after = (results_file.read(out / name / "results.json") for name in ("issues", "fixed"))
    comparison = compare.compare(before, after)
    with atomic_files.draft(out / "comparison") as folder:
        atomic_files.write_json(folder / "compare.json", encode(comparison))
        (folder / "compare.html").write_text(html.comparison(comparison), encoding="utf-8")
    truth, keys = _lines(TRUTH), _lines(out / "issues" / "violations.csv")
    new = {rule.rule: set(rule.examples.new) for rule in comparison.rules if rule.new}
    as_planned = new == {rule: set(keys) for rule, keys in planned.new.items()}
    changes, verification = comparison.summary, applied.verification
    lines = [
        "1. sample data:",
        f"   {_counts(clean)}",
        "2. sample data with labelled issues:",
        f"   {_counts(dirty)}",
        f"   {len(truth & keys)} of {len(truth)} labelled violations found, {len(keys - truth)} unlabelled",
        "3. after automatic fixes and the scenario's decisions:",
        f"   {changes_text(applied.totals.changes, applied.totals.changed, applied.totals.deleted)}; "
        + (
            "proven that no other value changed"
            if verification is not None and not verification.others
            else "the proof shows other changes"
        ),
        "4. third audit, compared with 2:",
        f"   {_counts(fixed)}",
        f"   {changes.resolved} resolved, {changes.remaining} remaining, {changes.new} new"
        + (", as planned" if as_planned else ", unlike the plan"),
        "",
        f"report:     {out / 'issues' / 'report.html'}",
        f"data docs:  {out / 'issues' / 'gx/uncommitted/data_docs/local_site/index.html'}",
        f"fixes:      {out / 'fixes'} (a Sqitch project)",
        f"comparison: {out / 'comparison' / 'compare.html'}",
    ]
    return "\n".join(lines)


def _audit(dsn: str, out: Path, label: str, quiet: bool, *, data_docs: bool = False) -> Summary:
    formats = (*DEFAULT, "gx") if data_docs else DEFAULT
    with progress_bar(label, quiet=quiet) as on_progress:
        return run(dsn, out, Options(formats=formats, plan_fixes=True, on_progress=on_progress)).summary


def _fix(connection: psycopg.Connection, out: Path, quiet: bool) -> tuple[Plan, Applied]:
    """Plan, write and apply the fixes."""
    rules = load("current").rules
    repairs = fixes(rules)
    choices = read(DECISIONS, repairs).choices
    with progress_bar("3. planning the fixes", quiet=quiet) as on_progress:
        planned = plan(connection, rules, repairs, choices, on_progress=on_progress)
    emit(connection, repairs, choices, out / "fixes")
    with progress_bars(quiet=quiet) as start_progress:
        return planned, apply(
            connection,
            rules,
            repairs,
            choices,
            None,
            Throttle(),
            guarding=True,
            count=count,
            on_progress=start_progress("3. applying the fixes", lines=True),
            on_guard_progress=start_progress("3. installing guards", lines=True),
        )


def _counts(summary: Summary) -> str:
    return (
        f"{summary.passed} of {summary.judged} expectations passed, {summary.failed} failed, "
        f"{summary.not_checkable} not checkable"
    )


def _lines(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8").splitlines()[1:])
