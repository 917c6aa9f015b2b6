"""The gate: whether a result is good enough for CI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, Protocol

from order_audit.reports import gate_text
from order_audit.reports.document import (
    Anomaly,
    FailingRule,
    FailOn,
    Gate,
    Reason,
    Result,
    Run,
    SchemaFinding,
    SchemaRule,
    Suppression,
)
from order_audit.reports.schema_findings import down_to, failing

#: The SQLSTATE of a denied table.
_DENIED: Final = "42501"


class Judged(Protocol):
    """The input of the gate: a document, or its future parts."""

    @property
    def run(self) -> Run: ...
    @property
    def results(self) -> Sequence[Result]: ...
    @property
    def schema_findings(self) -> Sequence[SchemaFinding]: ...
    @property
    def schema_rules(self) -> Sequence[SchemaRule]: ...


def decide(
    judged: Judged,
    *,
    fail_on: FailOn,
    min_pass_rate: Fraction | None,
    new: Mapping[str, int] | None = None,
    fail_on_schema: FailOn = "never",
    allow_skipped: bool = False,
    anomalies: Sequence[Anomaly] | None = None,
    fail_on_anomaly: FailOn = "never",
    expired: Sequence[Suppression] = (),
) -> Gate:
    """Judge a result by the gate.

    Suppressed violations do not count, and each `expired` suppression fails the gate. `new` has the new violations per
    rule against a baseline, without suppressed ones; with it, a failed rule without new violations counts as
    passed. An errored rule fails the gate at every severity. So does a rule with a missing table (unless
    `allow_skipped`), because a typo in a name must not pass; a table in the rule's `requires` may be missing. So does a
    rule that another engine than PostgreSQL cannot judge. An
    interrupted audit fails, too: rules that did not run may fail. Open schema findings fail the gate from
    `fail_on_schema` on, unusual figures from `fail_on_anomaly` on; `anomalies` are
    None where the history could not be read, which fails the gate then.
    """
    failed = [it for it in judged.results if it.status == "failed" and (it.open if new is None else new[it.rule]) > 0]
    nothing = judged.run.complete and nothing_judged(judged.results)
    failures = [
        *_run(judged.run),
        *([Reason("nothing_judged")] if nothing else []),
        *_results(judged.results, failed, new, fail_on, allow_skipped=allow_skipped or nothing),
        *_schema(judged, fail_on_schema),
        *_anomalies(anomalies, fail_on_anomaly),
        *_pass_rate(judged.results, failed, min_pass_rate),
        *_expired(expired),
    ]
    rate = float(min_pass_rate) if min_pass_rate is not None else None
    return Gate(
        passed=not failures,
        reasons=tuple(
            str(gate_text.sentence(it, judged.run.changed_tables, baseline=new is not None, min_pass_rate=rate))
            for it in failures
        ),
        failures=tuple(failures),
        fail_on=fail_on,
        fail_on_schema=fail_on_schema,
        allow_skipped=allow_skipped,
        min_pass_rate=rate,
        baseline=new is not None,
        fail_on_anomaly=fail_on_anomaly,
        new_violations=None if new is None else {it.rule: new[it.rule] for it in failed},
    )


def nothing_judged(results: Sequence[Result]) -> bool:
    """Return whether no table of any wanted rule exists or is readable; false if no rule was wanted."""
    wanted = [it for it in results if it.status not in ("not_selected", "not_checkable")]
    return bool(wanted) and all(
        it.status == "skipped" or (it.error_at is not None and it.error_at.sqlstate == _DENIED) for it in wanted
    )


def _run(run: Run) -> Iterator[Reason]:
    if not run.complete:
        yield Reason("interrupted")
    if run.changed_tables:
        yield Reason("tables_changed")


def _results(
    results: Sequence[Result],
    failed: Sequence[Result],
    new: Mapping[str, int] | None,
    fail_on: FailOn,
    *,
    allow_skipped: bool,
) -> Iterator[Reason]:
    for severity in down_to(fail_on):
        if hits := [it for it in failed if it.severity == severity]:
            counts = ((it.rule, it.open if new is None else new[it.rule]) for it in hits)
            yield Reason("failed", severity, tuple(FailingRule(rule, count) for rule, count in counts))
    if errored := [it.rule for it in results if it.status == "errored"]:
        yield Reason("errored", rules=_named(errored))
    unable = [it.rule for it in results if it.cause is not None and it.cause.kind == "engine"]
    if unable and not allow_skipped:
        yield Reason("engine", rules=_named(unable))
    skipped = [it for it in results if it.missing_tables]
    if skipped and not allow_skipped:
        yield Reason("skipped", rules=tuple(FailingRule(it.rule, missing_tables=it.missing_tables) for it in skipped))


def _schema(judged: Judged, fail_on: FailOn) -> Iterator[Reason]:
    hits = failing(judged.schema_findings, fail_on)
    for severity in down_to(fail_on):
        if counts := Counter(it.rule for it in hits if it.severity == severity):
            yield Reason("schema_findings", severity, tuple(FailingRule(*it) for it in counts.items()))
    if fail_on != "never" and (errored := [it.rule for it in judged.schema_rules if it.status == "errored"]):
        yield Reason("schema_rules_errored", rules=_named(errored))


def _anomalies(anomalies: Sequence[Anomaly] | None, fail_on: FailOn) -> Iterator[Reason]:
    if anomalies is None:
        yield from [Reason("no_history")] * (fail_on != "never")
        return
    for severity in down_to(fail_on):
        if named := [it.name for it in anomalies if it.severity == severity]:
            yield Reason("anomalies", severity, _named(named))


def _pass_rate(results: Sequence[Result], failed: Sequence[Result], min_pass_rate: Fraction | None) -> Iterator[Reason]:
    if min_pass_rate is None:
        return
    judged = sum(it.status in ("passed", "failed", "errored") for it in results)
    passed = judged - len(failed) - sum(it.status == "errored" for it in results)
    if not judged or 100 * passed < min_pass_rate * judged:
        yield Reason("pass_rate", passed=passed, judged=judged)


def _expired(suppressions: Sequence[Suppression]) -> Iterator[Reason]:
    if suppressions:
        rules = (FailingRule(it.rule, expired=f"{it.what}, until {it.expires}{it.at}") for it in suppressions)
        yield Reason("suppressions_expired", rules=tuple(rules))


def _named(rules: Iterable[str]) -> tuple[FailingRule, ...]:
    return tuple(map(FailingRule, rules))
