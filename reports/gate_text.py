"""The gate as sentences: its conditions, why it failed, and which failures it allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from order_audit.expectations import SEVERITIES
from order_audit.reports.document import ChangedTable, Document, FailingRule, Gate, Reason
from order_audit.reports.formatting import plural
from order_audit.reports.limit_text import all_tolerated
from order_audit.reports.schema_findings import down_to


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: words, the number at its start, a rule's id, or a rule's number of violations."""

    text: str
    kind: Literal["words", "total", "rule", "count"] = "words"
    rule: str = ""


@dataclass(frozen=True)
class Sentence:
    """A reason of the gate: its sentence, and the rules that it names."""

    head: tuple[Piece, ...]
    rules: tuple[Piece, ...] = ()

    def __str__(self) -> str:
        head, rules = ("".join(piece.text for piece in pieces) for pieces in (self.head, self.rules))
        return f"{head}: {rules}" if rules else head


def sentence(
    reason: Reason, changed: Sequence[ChangedTable], *, baseline: bool, min_pass_rate: float | None
) -> Sentence:
    """Return why the gate failed.

    `changed` has the tables that changed during the run; `baseline` and `min_pass_rate` are the gate's options.
    """
    many = len(reason.rules) != 1
    match reason.kind:
        case "interrupted":
            return _words("the audit was interrupted")
        case "tables_changed":
            changes = ", ".join(f"{it.table} ({it.change})" for it in changed)
            return _words(f"tables changed during the audit, so numbers may be inconsistent: {changes}; run it again")
        case "nothing_judged":
            return _words("no rule could be judged")
        case "failed":
            rules = _listed(_counted(it, " new" * baseline) for it in reason.rules)
            return _counting(len(reason.rules), f" {reason.severity} expectation{'s' * many} failed", rules)
        case "errored":
            return _counting(len(reason.rules), f" expectation{'s' * many} ended in an error", _names(reason.rules))
        case "skipped":
            head = f" expectation{'s were' if many else ' was'} skipped (--allow-skipped allows this)"
            return _counting(len(reason.rules), head, _by_tables(reason.rules))
        case "engine":
            are = f" expectation{'s are' if many else ' is'} not checkable on this engine"
            return _counting(len(reason.rules), f"{are} (--allow-skipped allows this)", _names(reason.rules))
        case "schema_findings":
            count = sum(it.count or 0 for it in reason.rules)
            return _counting(count, f" {reason.severity} schema finding{'s' * (count != 1)}", _names(reason.rules))
        case "schema_rules_errored":
            return _counting(len(reason.rules), f" schema rule{'s' * many} ended in an error", _names(reason.rules))
        case "no_history":
            return _words("the history could not be read, so that no figure was held against it")
        case "anomalies":
            head = f" {reason.severity} {'anomalies' if many else 'anomaly'}"
            return _counting(len(reason.rules), head, _listed([Piece(it.rule)] for it in reason.rules))
        case "suppressions_expired":
            named = _listed([_name(it), Piece(f" ({it.expired})")] for it in reason.rules)
            return _counting(len(reason.rules), f" suppression{'s have' if many else ' has'} expired", named)
        case "pass_rate":
            return _words(_pass_rate(reason.passed or 0, reason.judged or 0, min_pass_rate or 0.0, baseline=baseline))


def sentences(gate: Gate, changed: Sequence[ChangedTable]) -> list[tuple[Reason, Sentence]]:
    """Return all reasons of a gate, each with its sentence."""
    return [
        (it, sentence(it, changed, baseline=gate.baseline, min_pass_rate=gate.min_pass_rate)) for it in gate.failures
    ]


def conditions(gate: Gate) -> str:
    """Return the conditions of the gate as a sentence."""
    on = []
    if gate.fail_on != "never":
        news = " that are new against the baseline" if gate.baseline else ""
        on.append(f"{' or '.join(down_to(gate.fail_on))} findings{news}")
    if gate.fail_on_schema != "never":
        on.append(f"{' or '.join(down_to(gate.fail_on_schema))} schema findings")
    if gate.fail_on_anomaly != "never":
        on.append(f"{' or '.join(down_to(gate.fail_on_anomaly))} anomalies")
    if not gate.allow_skipped:
        on.append("missing tables")
    text = f"The gate fails on {', on '.join(on)}, and on errors" if on else "The gate fails on an error only"
    if gate.min_pass_rate is not None:
        known = " (rules without new violations count as passed)" if gate.baseline else ""
        text += f", and below a pass rate of {gate.min_pass_rate:g} %{known}"
    return f"{text}."


def harmless(document: Document) -> str:
    """Return as sentences which failed expectations did not fail the gate; empty if none.

    Expectations below the gate's severity are only mentioned if the gate passed.
    """
    gate = document.summary.gate
    every = [result for result in document.results if result.status == "failed"]
    failed = [result for result in every if result.open]
    grave = [result for result in failed if result.severity in down_to(gate.fail_on)]
    mild = len(failed) - len(grave)
    sentences = []
    if gate.new_violations is not None and (known := [it for it in grave if not gate.new_violations.get(it.rule)]):
        counts = {severity: sum(result.severity == severity for result in known) for severity in SEVERITIES}
        numbers = " and ".join(f"{count:,} {severity}" for severity, count in counts.items() if count)
        many = "expectation" if len(known) == 1 else "expectations"
        sentences.append(f"{numbers} {many} failed, without a violation that is new against the baseline")
    if mild and gate.passed:
        sentences.append(f"{plural(mild, 'expectation')} failed, at a severity that does not fail the gate")
    if text := all_tolerated(document):
        sentences.append(text)
    if suppressed := len(every) - len(failed):
        sentences.append(f"{plural(suppressed, 'expectation')} failed with suppressed violations only")
    return "; ".join(sentences) + "." * bool(sentences)


def _words(text: str) -> Sentence:
    return Sentence((Piece(text),))


def _counting(count: int, words: str, rules: tuple[Piece, ...]) -> Sentence:
    return Sentence((Piece(f"{count:,}", "total"), Piece(words)), rules)


def _listed(entries: Iterable[Sequence[Piece]], between: str = ", ") -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for entry in entries:
        pieces += [Piece(between)] * bool(pieces) + [*entry]
    return tuple(pieces)


def _name(it: FailingRule) -> Piece:
    return Piece(it.rule, "rule", it.rule)


def _names(rules: Iterable[FailingRule]) -> tuple[Piece, ...]:
    return _listed([_name(it)] for it in rules)


def _counted(it: FailingRule, new: str) -> list[Piece]:
    return [_name(it), Piece(" ("), Piece(f"{it.count or 0:,}", "count", it.rule), Piece(f"{new})")]


def _by_tables(rules: Iterable[FailingRule]) -> tuple[Piece, ...]:
    """Group skipped rules by their missing tables."""
    groups: dict[tuple[str, ...], list[FailingRule]] = {}
    for it in rules:
        groups.setdefault(it.missing_tables, []).append(it)
    return _listed(
        ([*_names(group), Piece(f" (no table {', '.join(tables)})")] for tables, group in groups.items()), "; "
    )


def _pass_rate(passed: int, judged: int, wanted: float, *, baseline: bool) -> str:
    if not judged:
        return f"nothing was judged, and the pass rate must be at least {wanted:.10g} %"
    # rounded down, so that it never reads as the wanted rate
    rate = math.floor(Fraction(1_000_000 * passed, judged)) / 10_000
    known = ", counting rules without new violations as passed" if baseline else ""
    return f"the pass rate is {rate:.4f} % ({passed} of {judged}{known}), below {wanted:.10g} %"
