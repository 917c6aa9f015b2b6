"""Schema lint: rules on the system catalogs, with evidence from the data if necessary."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import psycopg

from order_audit.audit import mask
from order_audit.audit.schema import masked as masking
from order_audit.audit.schema import probes
from order_audit.audit.schema.judge import judged
from order_audit.audit.schema.probes import FAILED, Probe
from order_audit.audit.secret_numbers import SecretNumbers
from order_audit.expectations import SEVERITIES, Rule, catalog
from order_audit.foreign_code import at_home
from order_audit.progress import ProgressCallback, ignore_progress
from order_audit.reports.document import JsonObject, SchemaFinding, SchemaRule, encode

#: Of what stands in a WITH the planner knows nothing. It thinks it small, or larger than memory, and would go through
#: it for each row rather than make a hash table of it once. Without nested loops every cost is beyond what makes the
#: server compile a plan, which would take it the better part of a minute. Joins in the order in which they are written
#: are as fast, and to compare their orders takes a quarter of the time of a lint of a few tables.
_PLANNING: Final = (
    "select set_config('enable_nestloop', 'off', true), set_config('hash_mem_multiplier', '1000', true),"
    " set_config('jit', 'off', true), set_config('from_collapse_limit', '2', true),"
    " set_config('join_collapse_limit', '2', true)"
)


@dataclass(frozen=True)
class Verdict:
    """The outcome of a rule: `checked`, `not_checkable` or `errored`, with the reason for the latter two."""

    rule: Rule
    status: Literal["checked", "not_checkable", "errored"]
    reason: str = ""
    findings: tuple[SchemaFinding, ...] = ()


@dataclass(frozen=True)
class _Row:
    """A rule's row on one object, its probes, and their answers.

    `probe` names aggregates over its `from`: `holds` is false where there is nothing to find after all, `message` and
    `severity` take the place of what the rule says, `evidence` is an object of more evidence, the others are evidence
    by their own names. With `measures`, an object of aggregates, the others are expressions over those, named as in
    `v.orphans`. `instead` holds other suggestions, each with or without another `remedy`, for data that violates the
    suggested constraint. The first one applies of whose `where`, names of the evidence, a count is not zero; its
    `comment` becomes SQL comment lines before its `suggestion`.
    """

    place: int
    found: JsonObject
    probe: Probe
    instead: list[JsonObject] = field(default_factory=list)


def lint(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    on_progress: ProgressCallback = ignore_progress,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Verdict]:
    """Check the schema by rules, on a connection in the snapshot.

    All rules are one statement, because they read the same catalogs. If it fails, each rule runs separately, so that a
    faulty rule does not affect the others. Then probes read the data: all probes of a table together, and many small
    tables in one statement. Table locks end with their statement. After `stopped` (which comes with a cancelled
    statement), no work starts and no rule counts as judged.
    """
    on_progress(0, 1, "reading the catalogs")
    errors: dict[int, str] = {}
    try:
        rows, sizes = _ask(connection, rules)
    except psycopg.Error:
        rows, sizes = [], {}
        for place, rule in enumerate(rules):
            if stopped():
                break
            try:
                of_rule, sizes = _ask(connection, [rule])
                rows += [replace(row, place=place) for row in of_rule]
            except psycopg.Error as error:
                errors[place] = mask.error(error)
    asking = [row.probe for row in rows if row.probe.source]
    batches = list(probes.batches(asking, sizes))
    for done, batch in enumerate(batches, start=1):
        if stopped():
            break
        on_progress(done, 2 + len(batches), "reading tables")
        probes.look(connection, batch, stopped)
    known = {place: value for it in asking for place, value in it.known().items()}
    by_rule: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        by_rule[row.place].append(row)
    verdicts = [
        Verdict(rule, "errored", errors[place]) if place in errors else _judge(rule, by_rule[place])
        for place, rule in enumerate(rules)
    ]
    on_progress(1 + len(batches), 2 + len(batches), "judging suggestions")
    verdicts = _with_outcomes(connection, verdicts, known, stopped)
    if stopped():
        return [Verdict(rule, "errored", "interrupted before it was judged") for rule in rules]
    on_progress(2 + len(batches), 2 + len(batches), "")
    return verdicts


def _with_outcomes(
    connection: psycopg.Connection, verdicts: list[Verdict], known: probes.Known, stopped: Callable[[], bool]
) -> list[Verdict]:
    """Judge the suggestions of all findings."""
    found = iter(judged(connection, [it for verdict in verdicts for it in verdict.findings], known, stopped))
    return [replace(verdict, findings=tuple(next(found) for _ in verdict.findings)) for verdict in verdicts]


def findings(verdicts: Iterable[Verdict]) -> tuple[SchemaFinding, ...]:
    """All findings, the worst first."""
    all_findings = [finding for verdict in verdicts for finding in verdict.findings]
    return tuple(sorted(all_findings, key=lambda it: (SEVERITIES.index(it.severity), it.rule, it.object)))


def masked(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return verdicts with literals of definitions masked as data are; secrets are marks, to be numbered."""
    return [replace(it, findings=masking.findings(it.findings)) for it in verdicts]


def shown(verdicts: Iterable[Verdict], *, unmask: bool) -> list[Verdict]:
    """Return verdicts as they are shown outside of a result: masked unless `unmask`, with numbered secrets."""
    if unmask:
        return list(verdicts)
    numbers = SecretNumbers()
    return [replace(it, findings=numbers.of(it.findings)) for it in masked(verdicts)]


def rules(verdicts: Iterable[Verdict]) -> tuple[SchemaRule, ...]:
    """Return the outcome of each rule."""
    return tuple(
        SchemaRule(
            rule=it.rule.id,
            title=it.rule.title,
            severity=it.rule.severity,
            status=it.status,
            findings=len(it.findings),
            why=it.rule.why,
            reason=it.reason,
        )
        for it in verdicts
    )


def document(verdicts: Sequence[Verdict]) -> JsonObject:
    """The part of results.json that is about the schema."""
    return {"schema_findings": encode(findings(verdicts)), "schema_rules": encode(rules(verdicts))}


def statement(rules: Iterable[Rule]) -> str:
    """The statement that asks the catalogs by all the rules, and how many rows there are to look at, by source.

    `offset 0` keeps each rule a query of its own. Else the planner would merge them into one, and walk through all of
    them for each of their parts: for 56 rules, that takes more than half of its time.
    """
    asked = "\nunion all\n".join(
        f"(select {place} as place, to_jsonb(f.*) as found\nfrom (\n{rule.sql}\n) as f\noffset 0)"
        for place, rule in enumerate(rules)
    )
    sizes = "select null, jsonb_object_agg(s.source, s.rows) from sample as s"
    return f"with\n{at_home(catalog())}\n{asked}\nunion all\n{sizes}"


def _ask(connection: psycopg.Connection, rules: Sequence[Rule]) -> tuple[list[_Row], dict[str, float]]:
    with connection.transaction(force_rollback=True):
        connection.execute(_PLANNING)
        answer = connection.execute(statement(rules).encode()).fetchall()
    sizes = next(answers for place, answers in answer if place is None) or {}
    rows = [_row(place, answers) for place, answers in answer if place is not None]
    return rows, sizes


def _row(place: int, columns: JsonObject) -> _Row:
    asked = columns.pop("probe", None) or {}
    probe = Probe(asked.pop("from", ""), asked, measures=asked.pop("measures", {}))
    return _Row(place, columns, probe, columns.pop("instead", None) or [])


def _judge(rule: Rule, rows: Iterable[_Row]) -> Verdict:
    findings: list[SchemaFinding] = []
    unknown = ""
    for row in rows:
        answer = row.probe.answer
        if "holds" in row.probe.aggregates and FAILED in answer:
            unknown = f"{row.found['object']}: {answer[FAILED]}"
            continue
        if answer.pop("holds", True) is False:
            continue
        answer |= answer.pop("evidence", {})
        columns = row.found | {name: answer.pop(name) for name in ("message", "severity") if answer.get(name)}
        other = next((it for it in row.instead if any(answer.get(name) for name in it["where"])), {})
        columns |= other
        if comment := other.get("comment"):
            columns["suggestion"] = f"{_comment(comment)}\n{columns['suggestion']}"
        findings.append(_finding(rule, columns, answer))
    findings.sort(key=lambda finding: finding.object)
    if unknown and not findings:
        return Verdict(rule, "not_checkable", unknown)
    return Verdict(rule, "checked", unknown, tuple(findings))


def _comment(text: str) -> str:
    """Text as SQL comment lines. A name in it may contain line ends, which would end the comment."""
    return "\n".join(f"-- {line}" for line in re.split(r"\r\n|\r|\n", text))


def _finding(rule: Rule, columns: JsonObject, evidence: JsonObject) -> SchemaFinding:
    return SchemaFinding(
        rule=rule.id,
        title=rule.title,
        severity=columns.get("severity") or rule.severity,
        object=columns["object"],
        message=columns["message"],
        evidence=(columns.get("evidence") or {}) | evidence,
        suggestion=columns["suggestion"],
        remedy=columns.get("remedy") or "statement",
    )
