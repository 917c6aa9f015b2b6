"""The gate in sentences: what makes it fail, why it failed, and why some of what failed did not fail it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from order_audit.expectations import SEVERITIES
from order_audit.reports.document import ChangedTable, Document, FailingRule, Gate, Reason
from order_audit.reports.formatting import plural
from order_audit.reports.schema_findings import down_to


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: words, the number at its beginning, a rule's id, or the number of a rule's violations."""

    text: str
    kind: Literal["words", "total", "rule", "count"] = "words"
    rule: str = ""


@dataclass(frozen=True)
class Sentence:
    """A reason of the gate: what it says, and the rules that it names."""

    head: tuple[Piece, ...]
    rules: tuple[Piece, ...] = ()

    def __str__(self) -> str:
        head, rules = ("".join(piece.text for piece in pieces) for pieces in (self.head, self.rules))
        return f"{head}: {rules}" if rules else head


def sentence(
    reason: Reason, changed: Sequence[ChangedTable], *, baseline: bool, min_pass_rate: float | None
) -> Sentence:
    """Why the gate failed; `changed` are the run's tables that did, the rest is what the gate was asked."""
    many = len(reason.rules) != 1
    match reason.kind:
        case "interrupted":
            return _words("the audit was interrupted")
        case "tables_changed":
            changes = ", ".join(f"{it.table} ({it.change})" for it in changed)
            return _words(
                f"tables changed while they were read, so that numbers may not agree: {changes}; run it again"
            )
        case "failed":
            rules = _listed(_counted(it, " new" * baseline) for it in reason.rules)
            return _counting(len(reason.rules), f" {reason.severity} expectation{'s' * many} failed", rules)
        case "errored":
            return _counting(len(reason.rules), f" expectation{'s' * many} could not be judged", _names(reason.rules))
        case "skipped":
            head = f" expectation{'s were' if many else ' was'} skipped (--allow-skipped lets that pass)"
            return _counting(len(reason.rules), head, _by_tables(reason.rules))
        case "schema_findings":
            count = sum(it.count or 0 for it in reason.rules)
            return _counting(count, f" {reason.severity} schema finding{'s' * (count != 1)}", _names(reason.rules))
        case "schema_rules_errored":
            return _counting(len(reason.rules), f" schema rule{'s' * many} could not be judged", _names(reason.rules))
        case "pass_rate":
            return _words(_pass_rate(reason.passed or 0, reason.judged or 0, min_pass_rate or 0.0, baseline=baseline))


def sentences(gate: Gate, changed: Sequence[ChangedTable]) -> list[tuple[Reason, Sentence]]:
    """All reasons of a gate, each with what it says."""
    return [
        (it, sentence(it, changed, baseline=gate.baseline, min_pass_rate=gate.min_pass_rate)) for it in gate.failures
    ]


def conditions(gate: Gate) -> str:
    """What the gate fails on, in a sentence."""
    on = []
    if gate.fail_on != "never":
        news = " that are new against the baseline" if gate.baseline else ""
        on.append(f"{' or '.join(down_to(gate.fail_on))} findings{news}")
    if gate.fail_on_schema != "never":
        on.append(f"{' or '.join(down_to(gate.fail_on_schema))} schema findings")
    if not gate.allow_skipped:
        on.append("tables that are not there")
    said = f"The gate fails on {', on '.join(on)}, and on errors" if on else "The gate fails on an error only"
    if gate.min_pass_rate is not None:
        known = " (what is not new counts as passed)" if gate.baseline else ""
        said += f", and below a pass rate of {gate.min_pass_rate:g} %{known}"
    return f"{said}."


def harmless(document: Document) -> str:
    """Which failed expectations did not fail the gate, and why, in a sentence; empty where there is none.

    Where the gate failed, those too mild for it are not told of: its reasons say what it was.
    """
    gate = document.summary.gate
    failed = [found for found in document.results if found.status == "failed"]
    grave = [found for found in failed if found.severity in down_to(gate.fail_on)]
    mild = len(failed) - len(grave)
    said = []
    if gate.new_violations is not None and (known := [it for it in grave if not gate.new_violations.get(it.rule)]):
        counts = {severity: sum(found.severity == severity for found in known) for severity in SEVERITIES}
        told = " and ".join(f"{count:,} {severity}" for severity, count in counts.items() if count)
        many = "expectation" if len(known) == 1 else "expectations"
        said.append(f"{told} {many} failed, with no violation that is new against the baseline")
    if mild and gate.passed:
        said.append(f"{plural(mild, 'expectation')} failed, of a severity that does not fail the gate")
    return "; ".join(said) + "." * bool(said)


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
    """Skipped rules by the tables that are not there."""
    groups: dict[tuple[str, ...], list[FailingRule]] = {}
    for it in rules:
        groups.setdefault(it.missing_tables, []).append(it)
    return _listed(
        ([*_names(group), Piece(f" (no table {', '.join(tables)})")] for tables, group in groups.items()), "; "
    )


def _pass_rate(passed: int, judged: int, wanted: float, *, baseline: bool) -> str:
    if not judged:
        return f"nothing was judged, and the pass rate must be {wanted:.10g} %"
    # rounded down, so that it reads as less than what was asked for
    rate = math.floor(Fraction(1_000_000 * passed, judged)) / 10_000
    known = ", counting as passed what is not new" if baseline else ""
    return f"the pass rate is {rate:.4f} % ({passed} of {judged}{known}), below {wanted:.10g} %"
