"""The findings of a result: one list for all formats that other programs read.

A finding is a rule that failed, could not be judged or has lost its violations since the baseline; or a fault that the
schema lint found; or a suppression that has expired; or a figure that is unusual against its own past. All texts come
from the result, in which values are masked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Final, Literal, TypeAlias

from order_audit.expectations import SEVERITIES, Severity
from order_audit.reports import limit_text, measure_text, schema_findings, standing_text
from order_audit.reports.control_characters import clean, escape
from order_audit.reports.document import AnomalyKind, Document, Result, SchemaFinding, Suppression
from order_audit.reports.formatting import plural

Kind: TypeAlias = Literal["rule", "schema", "suppression", "anomaly"]
#: What became of it against the baseline. Without one it is empty.
State: TypeAlias = Literal["", "new", "known", "resolved"]

#: Fingerprints stay the same between versions of the program, as long as this does.
_VERSION: Final = "order-audit/1"
#: The keys that a finding names.
_KEYS: Final = 5


@dataclass(frozen=True)
class Place:
    """A line (from 1) of a file of the user's: a path with `/`, relative to the working folder if it is below it."""

    file: str
    line: int


@dataclass(frozen=True)
class Finding:
    """A finding. `object` is the table of a rule, the object of a schema finding, or what a suppression is for.

    `message` is one line; `details` are further lines: why it matters, the first keys, what to do. Control characters
    and marks of text direction are spelled out in both; `rule` and `object` are as they are. `suppressed` is the
    reason why it is accepted; empty if it is open. `fails` says whether the gate fails because of it. `count` has the
    open violations, 0 where there are none to count. `since` is the run that first saw it, by the history: None without
    one, and for what is not there. `fingerprint` (64 hexadecimal digits) depends on the kind, rule
    and object only: no run, number or value changes it.
    """

    kind: Kind
    rule: str
    title: str
    severity: Severity
    object: str
    message: str
    details: tuple[str, ...] = ()
    place: Place | None = None
    state: State = ""
    suppressed: str = ""
    fails: bool = False
    count: int = 0
    owner: str = ""
    links: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """The same for the same finding of all audits."""
        parts = [_VERSION, self.kind, self.rule, self.object]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def is_open(self) -> bool:
        """Whether it is neither accepted nor resolved."""
        return not self.suppressed and self.state != "resolved"


def findings(document: Document) -> list[Finding]:
    """Return all findings of a result, the worst first: what fails the gate, then by severity, new ones, and number."""
    found = [*_rules(document), *_schema(document), *_suppressions(document), *_anomalies(document)]
    return [_printable(it) for it in sorted(found, key=_urgency)]


def _printable(it: Finding) -> Finding:
    """Return a finding without control characters and marks of text direction in its texts: readers would run them."""
    return replace(
        it,
        title=escape(it.title),
        message=escape(it.message),
        details=tuple(map(clean, it.details)),
        suppressed=escape(it.suppressed),
    )


def _urgency(it: Finding) -> tuple[int, bool, int, bool, int, str, str]:
    done = 2 if it.state == "resolved" else 1 if it.suppressed else 0
    return done, not it.fails, SEVERITIES.index(it.severity), it.state != "new", -it.count, it.rule, it.object


def _rules(document: Document) -> Iterator[Finding]:
    failing = {
        it.rule for reason in document.summary.gate.failures for it in reason.rules if reason.kind != "anomalies"
    }
    for result in document.results:
        fails = result.rule in failing
        match result.status:
            case "failed":
                yield _failed(result, document, fails=fails)
            case "errored":
                yield _of_rule(result, f"{result.title}: could not be judged: {_one_line(result.error)}", fails=True)
            case "skipped" if result.missing_tables:
                yield _of_rule(result, f"{result.title}: skipped: {_one_line(result.reason)}", fails=fails)
            case "not_checkable" if result.cause is not None and result.cause.kind == "engine":
                yield _of_rule(result, f"{result.title}: {_one_line(result.reason)}", fails=fails)
            case "passed" if result.baseline and result.baseline.resolved and not result.violations:
                resolved = plural(result.baseline.resolved, "violation")
                yield _of_rule(result, f"{result.title}: {resolved} of the baseline resolved", state="resolved")


def _failed(result: Result, document: Document, *, fails: bool) -> Finding:
    state: State = ""
    if result.baseline:
        state = "new" if result.baseline.new else "known"
    accepted = [it.words for it in document.suppressions if it.rule == result.rule and it.suppressed]
    return _of_rule(
        result,
        f"{result.title}: {count_text(result)}",
        fails=fails,
        state=state,
        suppressed="; ".join(accepted) if not result.open else "",
        count=result.open,
    )


def count_text(result: Result) -> str:
    """Return the violations of a failed rule in words, or its measured values."""
    if result.measure is not None:
        return measure_text.line(result)
    text = plural(result.violations, "violation")
    if result.rows > result.violations:
        text += f" ({result.rows:,} rows: the key repeats)"
    if result.checked is not None:
        text += f" in {plural(result.checked, 'row')}"
    if result.suppressed:
        text += f", {result.suppressed:,} of them suppressed"
    return f"{text}; {limit_text.levels(result)}" if result.tolerate else text


def _of_rule(
    result: Result,
    message: str,
    *,
    fails: bool = False,
    state: State = "",
    suppressed: str = "",
    count: int = 0,
) -> Finding:
    keys = [limit_text.key(result, row) for row in result.examples[:_KEYS]] if result.violations else []
    more = ", …" if result.violations > len(keys) else ""
    named = f"{result.key}: {', '.join(keys)}{more}" if keys and result.key else ""
    details = [result.why, standing_text.line(result.since) if result.since else "", named, result.do_now]
    return Finding(
        kind="rule",
        rule=result.rule,
        title=result.title,
        severity=result.severity,
        object=result.table or "",
        message=message,
        details=tuple(it for it in details if it),
        place=_place(result),
        state=state,
        suppressed=suppressed,
        fails=fails,
        count=count,
        owner=result.owner,
        links=result.links,
        since=result.since.finding if result.since else None,
    )


def _place(result: Result) -> Place | None:
    """Return where the user's rule stands; the included suites have no file there."""
    if result.error_at and result.error_at.file and result.error_at.line:
        return place(result.error_at.file, result.error_at.line)
    return place(result.file, result.line) if result.line else None


def place(file: str, line: int) -> Place | None:
    """Return the place in a file; None for a file outside of the working folder, which no consumer could open."""
    path = PurePath(file)
    return None if path.is_absolute() or ".." in path.parts else Place(path.as_posix(), line)


def _schema(document: Document) -> Iterator[Finding]:
    fail_on = document.summary.gate.fail_on_schema
    for it in document.schema_findings:
        yield _of_schema(it, it.baseline, fails=bool(schema_findings.failing([it], fail_on)))
    for it in document.resolved_schema_findings:
        yield _of_schema(it, "resolved", fails=False)


def _of_schema(it: SchemaFinding, state: State, *, fails: bool) -> Finding:
    outcome = schema_findings.outcome_lines(it.outcome) if it.outcome else []
    return Finding(
        kind="schema",
        rule=it.rule,
        title=it.title,
        severity=it.severity,
        object=it.object,
        message=_one_line(it.message),
        details=tuple(text for text in (standing_text.first_seen(it.since), it.suggestion, *outcome) if text),
        place=place(it.place.file, it.place.line) if it.place else None,
        state=state,
        suppressed=it.accepted,
        fails=fails,
        since=it.since,
    )


def _suppressions(document: Document) -> Iterator[Finding]:
    for it in document.suppressions:
        if it.status == "expired":
            yield Finding(
                kind="suppression",
                rule=it.rule,
                title="Suppression has expired",
                severity="critical",
                object=it.what,
                message=f"Suppression has expired: {it.rule} {it.what}: {it.words}",
                place=_configured(it),
                fails=True,
                owner=it.owner,
            )


#: The titles of unusual figures.
_UNUSUAL: Final[dict[AnomalyKind, str]] = {
    "volume": "Unusual number of rows",
    "freshness": "Unusually old values",
    "violations": "Unusual number of violations",
}


def _anomalies(document: Document) -> Iterator[Finding]:
    fail_on = schema_findings.down_to(document.summary.gate.fail_on_anomaly)
    for it in document.history.anomalies if document.history else ():
        yield Finding(
            kind="anomaly",
            rule=f"anomaly.{it.kind}",
            title=_UNUSUAL[it.kind],
            severity=it.severity,
            object=it.name,
            message=f"{_UNUSUAL[it.kind]}: {_one_line(it.message)}",
            fails=it.severity in fail_on,
        )


def _configured(it: Suppression) -> Place | None:
    file, _, line = it.place.rpartition(":")
    return place(file, int(line)) if file and line.isdigit() else None


def _one_line(text: str) -> str:
    return " ".join(text.split())
