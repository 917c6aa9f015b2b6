"""What to do about a result: the verdict in a sentence, and a plan of at most seven actions, as facts of the result."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from order_audit import search_path
from order_audit.reports import limit_text, schema_findings, standing_text
from order_audit.reports.document import Document, GivenOptions, PlannedFix, Result
from order_audit.reports.formatting import plural

#: The number of actions in a plan.
LONGEST: Final = 7
#: The number of findings with an action of their own that come first.
_NOW: Final = 2
_TABLES: Final = 3


@dataclass(frozen=True)
class Action:
    """One step: what to do, the command for it if any, and the rule or section of the page that it is about."""

    text: str
    command: str = ""
    rule: str = ""
    section: str = ""


@dataclass(frozen=True)
class Fixable:
    """How many violations of a rule are fixed automatically, and how many wait for a decision.

    Without a plan of the fixes, the numbers are upper bounds. `remaining` has the violations after the automatic fixes
    of all rules; None without a plan.
    """

    automatic: int
    undecided: int
    remaining: int | None = None

    @property
    def exact(self) -> bool:
        """Whether the numbers are those of a plan."""
        return self.remaining is not None


def verdict(document: Document) -> str:
    """Return whether the data are fit, and why, as a sentence without its final stop."""
    gate, failed = document.summary.gate, _failed(document)
    critical = [result for result in failed if result.severity == "critical"]
    if not document.summary.judged:
        return "nothing was judged" if document.summary.expectations else "no rules were run"
    if gate.passed and not critical:
        schema, unusual = schema_findings.grave(document), standing_text.grave(document)
        why = limit_text.accepted(document) or "no expectation found a violation"
        if failed:
            none = (
                "no rule has a critical finding" if unusual else f"no critical finding{' in the data' * bool(schema)}"
            )
            why = f"{none}; {plural(len(failed), 'milder finding')}"
        others = "; ".join(it for it in (schema, unusual) if it)
        return f"fit for the gate: {why}; {others}" if others else f"fit: {why}"
    if gate.passed:
        return f"the gate passed, with {plural(len(critical), 'critical finding')}"
    return f"not fit: {plural(len(critical), 'critical finding')}" if critical else "not fit"


def tone(document: Document) -> str:
    """Return the kind of the verdict, for its colour: passed, failed, or limited by critical findings."""
    if not document.summary.gate.passed:
        return "failed"
    is_grave = any(it.severity == "critical" for it in _failed(document)) or bool(
        schema_findings.grave(document) or standing_text.grave(document)
    )
    return "limited" if is_grave or not document.summary.judged else "passed"


def rows_concerned(document: Document) -> str:
    """Return in how many rows of how many there are violations, by table; empty if there are none."""
    tables = document.run.tables
    parts = [
        f"{it.rows:,}" + (f" of {tables[it.table].rows:,}" if it.table in tables else "") + f" rows of {it.table}"
        for it in document.summary.rows_affected[:_TABLES]
    ]
    more = len(document.summary.rows_affected) - len(parts)
    if more > 0:
        parts.append(f"rows of {plural(more, 'more table')}")
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def fixable(result: Result, document: Document) -> Fixable | None:
    """Return how many violations of a failed rule are fixed without a decision; None if there is no fix for it."""
    if result.fix is None:
        return None
    if planned := _planned(document).get(result.rule):
        automatic = min(planned.automatic, result.violations)
        return Fixable(automatic, min(planned.undecided, result.violations), planned.remaining)
    automatic = result.violations if result.fix.automatic else 0
    return Fixable(automatic, result.violations if result.fix.options else 0)


def actions(document: Document) -> list[Action]:
    """Return the plan, in the order in which to work."""
    return list(_actions(document))[:LONGEST]


def next_command(document: Document) -> str:
    """Return the command to go on with, one that changes nothing; empty if the plan has none."""
    commands = [action.command for action in actions(document) if action.command]
    apply = _command(document, "fixes", "apply")
    if apply in commands:
        return _command(document, "fixes", "plan", "--out", "decisions.toml")
    return commands[0] if commands else ""


def _actions(document: Document) -> Iterator[Action]:
    failed = _failed(document)
    for result in [it for it in failed if it.do_now][:_NOW]:
        of = f" of {result.table}" if result.table else ""
        yield Action(f"Now: {result.do_now} ({plural(result.violations, 'row')}{of})", rule=result.rule)
    if errored := document.summary.errored:
        yield Action(f"Repair {plural(errored, 'rule')} that ended in an error: they prove nothing", section="errored")
    yield from _automatic(document, failed)
    yield from _decisions(document, failed)
    by_hand = [it for it in failed if not it.fix or not (it.fix.automatic or it.fix.options)]
    if by_hand:
        violations = sum(it.violations for it in by_hand)
        left = "what other fixes leave of " if len(by_hand) < len(failed) else ""
        yield Action(
            f"Correct by hand {left}{plural(violations, 'violation')} of {plural(len(by_hand), 'rule')} without a fix",
            _new_fix(document, by_hand),
            rule=by_hand[0].rule,
        )
    yield from _schema(document)
    yield from _guards(document)


def _automatic(document: Document, failed: list[Result]) -> Iterator[Action]:
    command = _command(document, "fixes", "apply")
    plan = document.fix_plan
    if plan and not plan.reason:
        if plan.changes:
            deleted = (
                f", of which {plan.deleted:,} {'is' if plan.deleted == 1 else 'are'} deleted" if plan.deleted else ""
            )
            yield Action(
                f"Fix what needs no decision: {plural(plan.changes, 'change')} to {plural(plan.rows, 'row')}{deleted};"
                f" {plural(sum(it.violations for it in failed), 'violation')} today, {plan.remaining:,} afterwards",
                command,
            )
        return
    most = sum(it.violations for it in failed if it.fix and it.fix.automatic)
    if most:
        yield Action(
            f"Fix what needs no decision: at most {plural(most, 'violation')} (--plan-fixes counts them)", command
        )


def _decisions(document: Document, failed: list[Result]) -> Iterator[Action]:
    waiting = [it for it in failed if (found := fixable(it, document)) and found.undecided]
    if not waiting:
        return
    planned = _planned(document)
    if all(it.rule in planned for it in waiting):
        verb = "changes" if len(waiting) == 1 else "change"
        scope = f"which {verb} at most {plural(sum(planned[it.rule].undecided for it in waiting), 'row')}"
    else:
        scope = f"of rules with {plural(sum(it.violations for it in waiting), 'violation')}"
    yield Action(
        f"Answer {plural(len(waiting), 'question')}, {scope}, in decisions.toml; then apply it with --decisions",
        _command(document, "fixes", "plan", "--out", "decisions.toml"),
    )


def _new_fix(document: Document, by_hand: Iterable[Result]) -> str:
    """The command that begins a fix of the first rule that may have one; empty if none may."""
    # a rule with the header 'unfixed' has a fix without options, and a fix knows neither groups nor repeated values
    open_to_fixes = (it.rule for it in by_hand if not (it.fix or it.measure or it.instance_of))
    rule = next(open_to_fixes, "")
    return _command(document, "fixes", "new", rule) if rule else ""


def _schema(document: Document) -> Iterator[Action]:
    open_findings = [it for it in document.schema_findings if not it.accepted and it.severity != "info"]
    if not open_findings:
        return
    counts = [
        f"{count:,} {severity}"
        for severity in ("critical", "warning")
        if (count := sum(it.severity == severity for it in open_findings))
    ]
    noun = "finding" if len(open_findings) == 1 else "findings"
    kinds = sum(bool(group.open) and group.severity != "info" for group in schema_findings.groups(document))
    yield Action(
        f"Correct the schema: {' and '.join(counts)} {noun} of {plural(kinds, 'kind')}",
        lint_command(document),
        section="schema",
    )


def _guards(document: Document) -> Iterator[Action]:
    plan = document.fix_plan
    if plan and not plan.reason and plan.guards:
        yield Action(
            f"Guards: {len(plan.guards_ready):,} of {plan.guards:,} can be in place today,"
            f" {len(plan.guards_ready_then):,} after the automatic fixes; 'fixes apply' installs those that are not"
        )


def _failed(document: Document) -> list[Result]:
    return [result for result in document.results if result.status == "failed" and result.open]


def _planned(document: Document) -> dict[str, PlannedFix]:
    return {it.rule: it for it in document.fix_plan.fixes} if document.fix_plan else {}


def _command(document: Document, *words: str) -> str:
    """A command for the audited database, whose DSN it reads from DATABASE_URL, with the options of the audit."""
    run, given = document.run, document.given or GivenOptions()
    is_default = run.suites == ("current",) and not document.configuration
    suites = run.suites if words[0] == "fixes" and not is_default else ()
    schema = search_path.text(run.database.schemas)
    wanted = ("--fixes", "--var") if "new" in words[:2] else ("--fixes", "--guards", "--var")
    options = given_words(given, wanted if words[0] == "fixes" else ("--allow",))
    return command(*words, *options, suites=suites, schema=given.schema or (schema if schema != "public" else ""))


def lint_command(document: Document) -> str:
    """Return the command that lists the schema findings."""
    return _command(document, "lint")


def given_words(given: GivenOptions, wanted: Iterable[str]) -> list[str]:
    """Return the words of an audit's options that were given, and of its environment; … for a secret."""
    values: dict[str, Iterable[str]] = {
        "--fixes": [given.fixes],
        "--guards": [given.guards],
        "--allow": [given.allow],
        "--rule": given.rules,
        "--exclude": given.exclude,
        "--tag": given.tags,
        "--var": [f"{name}={'…' if value is None else value}" for name, value in (given.variables or {}).items()],
        "--env": [given.environment],
    }
    return [word for option in (*wanted, "--env") for value in values[option] if value for word in (option, value)]


def command(*words: str, suites: Iterable[str] = (), schema: str = "") -> str:
    """Return a command of this program, with its suites and schema if any, quoted for a shell."""
    options = [word for suite in suites for word in ("--suite", suite)]
    options += ["--schema", schema] if schema else []
    return shlex.join(["order-audit", *words, *options])
