"""Assemble the result document from the collected parts of an audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from order_audit.audit.results.collect import Collected
from order_audit.audit.results.context import Context
from order_audit.audit.results.ddl_files import placed
from order_audit.audit.results.given import given_options
from order_audit.audit.results.linted import against
from order_audit.audit.results.measured import measured
from order_audit.audit.results.options import Options
from order_audit.audit.results.suppressed import Suppressed, apply, of_schema
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.schema import lint
from order_audit.expectations import Rule, shipped
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding import guard as guarding
from order_audit.fixes.guarding.own_guards import own_guards
from order_audit.fixes.planning.guards import guards_of
from order_audit.reports import cause_text, gate
from order_audit.reports.document import (
    FORMAT,
    BaselineChange,
    Consequence,
    Document,
    ErrorPlace,
    Fix,
    Gate,
    Guard,
    Level,
    Overlap,
    Question,
    Requirement,
    Result,
    RowsAffected,
    Run,
    SchemaCause,
    SchemaFinding,
    SchemaRule,
    Summary,
    Suppression,
    decode,
)
from order_audit.reports.history.audited import Audited
from order_audit.reports.history.past import Past
from order_audit.reports.previous_values import with_previous
from order_audit.reports.results_file import Audit, Keys

if TYPE_CHECKING:
    from order_audit.reports.history.kept import Kept


@dataclass(frozen=True)
class _Judged:
    """The input of the gate."""

    run: Run
    results: tuple[Result, ...]
    schema_findings: tuple[SchemaFinding, ...]
    schema_rules: tuple[SchemaRule, ...]


def assemble(
    collected: Collected,
    options: Options,
    folder: Path,
    baseline: Audit | None,
    ddl: Sequence[tuple[Path, str]] = (),
    kept: Kept | None = None,
) -> Document:
    """Return the document. `folder` has the violations file, if written; `ddl` are files of DDL with their texts;
    `kept` is the history.

    Raises DocumentError where the baseline's violations file is none.
    """
    before = baseline.keys if baseline else None
    results = tuple(_results(collected, options))
    changes: Mapping[str, BaselineChange] = {}
    if before:
        from order_audit.reports import compare  # not needed otherwise

        changes = compare.against_baseline(before, _keys(results, collected, folder))
    results = tuple(replace(it, baseline=changes.get(it.rule)) for it in results)
    day = collected.run.started_at.date()
    now, then = (_file(it) for it in (_keys(results, collected, folder), before))
    suppressed = apply(results, options.suppressions, day, now, then)
    results = suppressed.results
    on_schema = of_schema(options.suppressions, collected.unused, day) if options.lint else ()
    suppressions = tuple(map(_without_folder, (*suppressed.suppressions, *on_schema)))
    results = with_previous(results, before.results) if before else results
    found = placed(lint.findings(collected.linted), ddl, collected.run.database.schema)
    linted = against(baseline.document if baseline else None, found, collected.linted)
    run = _with_note(collected.run, kept.note if kept else "")
    audited = Audited(
        run, results, linted.findings, lint.rules(collected.linted), collected.key_digests, now, collected.profile
    )
    past = kept.compare(audited) if kept else Past()
    results = tuple(map(past.result, results))
    judged = _Judged(run, results, tuple(map(past.finding, linted.findings)), audited.schema_rules)
    verdict = gate.decide(
        judged,
        fail_on=options.fail_on,
        min_pass_rate=options.min_pass_rate,
        new={it.rule: _new(it, it.baseline, suppressed) for it in results if it.baseline} if before else None,
        fail_on_schema=options.fail_on_schema,
        allow_skipped=options.allow_skipped,
        anomalies=past.use.anomalies if past.use else None,
        fail_on_anomaly=options.fail_on_anomaly,
        expired=[it for it in suppressions if it.status == "expired"],
    )
    return Document(
        format=FORMAT,
        run=judged.run,
        summary=_summary(results, collected.overlaps.rows_affected, verdict),
        results=results,
        violations=collected.violations if "violations" in options.formats else None,
        schema_findings=judged.schema_findings,
        schema_rules=judged.schema_rules,
        unused_suppressions=tuple(map(_without_folder, collected.unused)),
        suppressions=suppressions,
        profile=collected.profile,
        ddl=collected.ddl,
        requirements=tuple(Requirement(it.says, it.source, it.rules) for it in collected.suite.requirements),
        questions=tuple(
            Question(it.asks, it.because, it.assumed, it.otherwise, it.rules) for it in collected.suite.questions
        ),
        fixes=collected.fixes,
        impact_measures=collected.impacts.measures,
        fix_plan=collected.fix_plan,
        coverage=collected.coverage,
        key_digests=collected.key_digests,
        configuration=options.configuration,
        given=given_options(options, collected.suite.rules),
        resolved_schema_findings=linted.resolved,
        history=past.use,
    )


def _with_note(run: Run, note: str) -> Run:
    return replace(run, notes=(*run.notes, note)) if note else run


def _keys(results: tuple[Result, ...], collected: Collected, folder: Path) -> Keys:
    return Keys(results, collected.violations, folder, collected.key_digests)


def _new(result: Result, change: BaselineChange, suppressed: Suppressed) -> int:
    """Return the violations that are new against the baseline and not suppressed."""
    if change.counts_only:  # which of the suppressed ones are new is unknown
        return min(change.new, result.open)
    return change.new - suppressed.new.get(result.rule, 0)


def _without_folder(suppression: Suppression) -> Suppression:
    """A suppression as results have it: they name no folder of the machine that they are from."""
    return replace(suppression, place=Path(suppression.place).name)


def _file(keys: Keys | None) -> Path | None:
    """The violations file of an audit, if it has one."""
    return keys.folder / Path(keys.violations.file).name if keys and keys.violations else None


def _summary(results: Iterable[Result], affected: tuple[RowsAffected, ...], verdict: Gate) -> Summary:
    count = Counter(result.status for result in results)
    judged = count["passed"] + count["failed"] + count["errored"]
    return Summary(
        expectations=count.total(),
        passed=count["passed"],
        failed=count["failed"],
        errored=count["errored"],
        skipped=count["skipped"],
        not_checkable=count["not_checkable"],
        not_selected=count["not_selected"],
        pass_rate=round(float(Fraction(100 * count["passed"], judged)), 2) if judged else None,
        rows_affected=affected,
        gate=verdict,
    )


def _results(collected: Collected, options: Options) -> Iterator[Result]:
    repairs = {id: decode(Fix, fix.document()) for id, fix in fixes(collected.rules, options.fixes).items()}
    guards = guards_of(collected.rules, own_guards(options.guards, collected.rules).values())
    on_schema = {(it.rule, it.object): it for verdict in collected.linted for it in verdict.findings}
    for rule in collected.rules:
        guard, unguarded = _guard(rule, guards, collected.schema)
        causes = (
            it
            for it in rule.schema_causes
            if (finding := on_schema.get((it.rule, it.object))) and (not it.allows or _refuses_rows(finding))
        )
        yield _result(
            rule,
            collected.outcomes[rule.id],
            sql=collected.sql(rule),
            impact_sql=collected.impacts.sql.get(rule.id, ""),
            context=collected.contexts.get(rule.id, Context()),
            overlaps=collected.overlaps.by_rule.get(rule.id),
            follows_from=collected.overlaps.follows_from.get(rule.id, ()),
            schema_causes=tuple(SchemaCause(it.rule, it.object, it.allows, it.which) for it in causes),
            fix=repairs.get(rule.id),
            guard=guard,
            unguarded=unguarded,
        )


def _refuses_rows(finding: SchemaFinding) -> bool:
    """Whether the suggestion refuses some of the rows. One that accepts all of them has allowed none."""
    return finding.outcome is not None and any(it.rows for it in finding.outcome.obstacles)


def _result(
    rule: Rule,
    outcome: Outcome,
    *,
    sql: str,
    impact_sql: str,
    context: Context,
    overlaps: tuple[Overlap, ...] | None,
    follows_from: tuple[Consequence, ...],
    schema_causes: tuple[SchemaCause, ...],
    fix: Fix | None,
    guard: Guard | None,
    unguarded: str,
) -> Result:
    requires = tuple(map(str, rule.requires))
    trouble = outcome.failure if outcome.status == "errored" else None
    where = f" ({trouble.file}:{trouble.line}:{trouble.column})" if trouble and trouble.line else ""
    return Result(
        rule=rule.id,
        suite=rule.suite,
        title=rule.title,
        severity=outcome.severity or rule.severity,
        status=outcome.status,
        key=", ".join(rule.key),
        key_order=outcome.ordered_by,
        table=outcome.table or None,
        checked=outcome.checked,
        violations=outcome.violations,
        rows=outcome.rows,
        examples=tuple(outcome.examples),
        impact=outcome.impact,
        why=rule.why,
        limitations=rule.limitations,
        fix=fix,
        guard=guard,
        requires=requires,
        sql=sql,
        file=rule.path,
        line=None if rule.suite in shipped() or not rule.lines else rule.lines[0].number,
        duration_ms=outcome.milliseconds,
        unguarded=unguarded,
        do_now=rule.do_now,
        reason=cause_text.reason(outcome.cause, requires, rule.without) if outcome.cause else "",
        cause=outcome.cause,
        missing_tables=outcome.missing,
        error=trouble.message + where if trouble else "",
        error_at=ErrorPlace(trouble.sqlstate, trouble.file, trouble.line, trouble.column) if trouble else None,
        highlight=context.highlight,
        highlight_in=context.highlight_in,
        schema_causes=schema_causes,
        overlaps=overlaps,
        follows_from=follows_from,
        no_diagram_reason=context.no_diagram_reason,
        diagram=context.diagram,
        impact_sql=impact_sql if outcome.impact else "",
        owner=rule.ownership.owner,
        tags=rule.ownership.tags,
        links=rule.ownership.links,
        variables=dict(rule.values) or None,
        instance_of=rule.base,
        measure=measured(rule, outcome),
        key_is_digest=outcome.has_digests,
        tolerate=tuple(Level(it.severity, str(it.above)) for it in rule.levels),
    )


def _guard(rule: Rule, guards: Iterable[guarding.Guard], schema: str) -> tuple[Guard | None, str]:
    """Return the guard of a rule; else the reason for a missing one, if known."""
    if rule.unguarded:
        return None, rule.unguarded
    guard = next((guard for guard in guards if rule.id in {it.id for it in guard.protects}), None)
    return (decode(Guard, guard.document(schema)) if guard else None), ""
