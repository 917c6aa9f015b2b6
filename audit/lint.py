"""What is wrong with a schema: rules on the system catalogs, with evidence from the data where it takes some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

import psycopg
from psycopg import sql

from audit import mask
from audit.progress import Tell, silent
from expectations import SEVERITIES, Rule, Severity, catalog


@dataclass(frozen=True)
class Finding:
    """A fault of one object, named as in `table.column`, in front of it the schema where that is not the audited one.

    `remedy` tells what the suggestion is: a `statement` to run as it is, a `rewrite` of the table by a change of type,
    or a `redesign`, which takes a decision first, on the design or on rows that stand in its way. `accepted` is the
    reason for which somebody has taken it as it is; empty where nobody has.
    """

    rule: str
    title: str
    severity: Severity
    object: str
    message: str
    evidence: dict[str, Any]
    suggestion: str
    remedy: str
    accepted: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of a rule: `checked`, `not_checkable` or `errored`, with the reason for the latter two."""

    rule: Rule
    status: str
    reason: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Row:
    """What a rule says of one object, before the data has been asked.

    `probe` asks the data, one aggregate by name of the evidence. `instead` holds other suggestions, with or without
    another remedy, for rows that stand in the way: the first counts of whose `where`, names of the evidence, one is not
    zero.
    """

    place: int
    found: dict[str, Any]
    probe: dict[str, str] = field(default_factory=dict)
    instead: list[dict[str, Any]] = field(default_factory=list)


def lint(connection: psycopg.Connection, rules: Sequence[Rule], tell: Tell = silent) -> list[Verdict]:
    """Judge the schema by rules, on a connection that stands in the snapshot.

    All rules are one statement, since what they read of the catalogs is the same. Where that fails, each is run by
    itself, so that one bad rule costs no other its result. Then the data is asked, once per rule and table.
    """
    tell(0, len(rules), "reading the catalogs")
    try:
        rows = _ask(connection, rules)
        errors: dict[int, str] = {}
    except psycopg.Error:
        rows, errors = [], {}
        for place, rule in enumerate(rules):
            try:
                rows += [replace(row, place=place) for row in _ask(connection, [rule])]
            except psycopg.Error as error:
                errors[place] = mask.error(error)
    by_rule: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        by_rule[row.place].append(row)
    verdicts = []
    for place, rule in enumerate(rules):
        tell(place, len(rules), rule.id)
        verdicts.append(
            Verdict(rule, "errored", errors[place]) if place in errors else _judge(connection, rule, by_rule[place])
        )
    tell(len(rules), len(rules), "")
    return verdicts


def document(verdicts: Iterable[Verdict]) -> dict[str, list[dict[str, Any]]]:
    """The part of a result document that is about the schema."""
    verdicts = list(verdicts)
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    order = sorted(findings, key=lambda it: (SEVERITIES.index(it.severity), it.rule, it.object))
    return {
        "schema_findings": [
            {name: value for name, value in asdict(it).items() if value or name != "accepted"} for it in order
        ],
        "schema_rules": [
            {
                "rule": verdict.rule.id,
                "title": verdict.rule.title,
                "severity": verdict.rule.severity,
                "status": verdict.status,
                "findings": len(verdict.findings),
                "why": verdict.rule.why,
            }
            | ({"reason": verdict.reason} if verdict.reason else {})
            for verdict in verdicts
        ],
    }


def statement(rules: Iterable[Rule]) -> str:
    """The statement that asks the catalogs by all the rules."""
    asked = "\nunion all\n".join(
        f"select {place} as place, to_jsonb(f.*) as found\nfrom (\n{rule.sql}\n) as f"
        for place, rule in enumerate(rules)
    )
    return f"with\n{catalog()}\n{asked}"


def _ask(connection: psycopg.Connection, rules: Sequence[Rule]) -> list[_Row]:
    with connection.transaction():
        # of what stands in a WITH the planner knows nothing, thinks it small, and would go through it again and again
        connection.execute("select set_config('enable_nestloop', 'off', true)")
        rows = connection.execute(statement(rules).encode()).fetchall()
        connection.execute("set local enable_nestloop to default")
    return [
        _Row(place, found, found.pop("probe", None) or {}, found.pop("instead", None) or []) for place, found in rows
    ]


def _judge(connection: psycopg.Connection, rule: Rule, rows: list[_Row]) -> Verdict:
    findings: list[Finding] = []
    unknown = ""
    probed: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        probed[row.probe.get("from", "")].append(row)
    for source, group in probed.items():
        answers: list[dict[str, Any]] = [{} for _ in group]
        if source:
            try:
                answers = _probe(connection, source, group)
            except psycopg.Error as error:
                said = mask.error(error)
                answers = [{"not looked at": said, "holds": None} for _ in group]
        for row, answer in zip(group, answers, strict=True):
            if "holds" in row.probe and answer.get("holds") is None and "not looked at" in answer:
                unknown = f"{row.found['object']}: {answer['not looked at']}"
                continue
            if answer.pop("holds", True) is False:
                continue
            found = row.found | {name: answer.pop(name) for name in ("message", "severity") if answer.get(name)}
            other = (it for it in row.instead if any(answer.get(name) for name in it["where"]))
            found |= next(other, {})
            findings.append(_finding(rule, found, answer))
    findings.sort(key=lambda finding: finding.object)
    if unknown and not findings:
        return Verdict(rule, "not_checkable", unknown)
    return Verdict(rule, "checked", unknown, tuple(findings))


def _probe(connection: psycopg.Connection, source: str, rows: Sequence[_Row]) -> list[dict[str, Any]]:
    """Ask one table once for what several findings want to know of it: aggregates by name."""
    objects = ", ".join(
        "jsonb_build_object("
        + ", ".join(f"{_literal(name)}, {asked}" for name, asked in row.probe.items() if name != "from")
        + ")"
        for row in rows
    )
    with connection.transaction():
        answer = connection.execute(f"select jsonb_build_array({objects}) from {source}".encode()).fetchone()
    return cast(list[dict[str, Any]], answer[0] if answer else [{} for _ in rows])


def _literal(text: str) -> str:
    return sql.Literal(text).as_string()


def _finding(rule: Rule, found: dict[str, Any], evidence: dict[str, Any]) -> Finding:
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=found.get("severity") or rule.severity,
        object=found["object"],
        message=found["message"],
        evidence=(found.get("evidence") or {}) | evidence,
        suggestion=found["suggestion"],
        remedy=found.get("remedy") or "statement",
    )
