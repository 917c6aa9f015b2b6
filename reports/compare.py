"""Compare two audits: resolved, remaining and new violations by rule and key.

Keys are compared as streams of two sorted violations files, so that memory does not depend on their size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeGuard

from order_audit.reports import violations
from order_audit.reports.accepted_keys import AcceptedKeys
from order_audit.reports.changed_variables import changed_variables
from order_audit.reports.compared_digests import counts_only
from order_audit.reports.document import BaselineChange, DocumentError, Result, Run
from order_audit.reports.document.comparison import (
    CHANGES,
    COMPARISON_FORMAT,
    Change,
    ChangedKeys,
    ComparedRun,
    Comparison,
    ComparisonSummary,
    RuleChange,
    Verdict,
)
from order_audit.reports.previous_values import previous
from order_audit.reports.results_file import Audit, Keys

_EXAMPLES: Final = 20
_NONE: Final = AcceptedKeys()
#: Tables that are named in a line.
_TABLES: Final = 6
_JUDGED: Final = ("passed", "failed")


def compare(before: Audit, after: Audit) -> Comparison:
    """The comparison, with counts per rule, and with up to 20 keys of each kind where both have their keys."""
    rules, note = _rules(before.keys, after.keys, AcceptedKeys.of(after.document.suppressions))
    total = {kind: sum(rule.count(kind) for rule in rules) for kind in CHANGES}
    by_rules = {f"rules_{kind}": sum(bool(rule.count(kind)) for rule in rules) for kind in CHANGES}
    return Comparison(
        format=COMPARISON_FORMAT,
        before=_side(before),
        after=_side(after),
        by_keys=not note,
        note=note,
        summary=ComparisonSummary(**total, **by_rules, suppressed=sum(rule.suppressed for rule in rules)),
        rules=tuple(rules),
        fixes=after.document.fixes,
        requirements=after.document.requirements,
    )


def differ(before: Audit, after: Audit) -> str:
    """Why two audits are not of the same thing, in words; empty where they are."""
    old, new = before.document.run, after.document.run
    return differ_runs(old, new.database.name, new.database.schema, new.suites, new.tables)


def differ_runs(old: Run, name: str, schema: str, suites: Iterable[str], tables: Iterable[str]) -> str:
    """The same for an earlier run, and for a database, schema, suites and tables.

    A database is identified by its name, schema and tables, and not by its server, because CI creates a new one each
    time. Tables differ if the audits have no table in common; their numbers of tables depend on the rules.
    """
    for what, then, now in (("database", old.database.name, name), ("schema", old.database.schema, schema)):
        if then and now and then != now:
            return f"one is of {what} {then}, one of {now}"
    by = [" ".join(sorted(map(_suite, names))) for names in (old.suites, suites)]
    if by[0] != by[1]:
        return f"one is by suite {by[0]}, one by {by[1]}"
    read = [list(old.tables), list(tables)]
    if all(read) and not set(read[0]) & set(read[1]):
        return f"one is of {_named(read[0])}, one of {_named(read[1])}"
    return ""


def _suite(name: str) -> str:
    """A suite's name or path without the folder that it stands in, which may be any checkout."""
    return Path(name).name or name


def _named(tables: list[str]) -> str:
    rest = len(tables) - _TABLES
    more = f" and {rest} more" if rest > 0 else ""
    return f"table{'s' * (len(tables) > 1)} {', '.join(tables[:_TABLES])}{more}"


def against_baseline(before: Keys, after: Keys) -> dict[str, BaselineChange]:
    """The change of each rule that `after` judged. Where keys have changed, all violations may be new, and count as
    such. Where keys are digests under other keys, counts are compared.
    """
    rules = _rules(before, after)[0]
    return {
        rule.rule: replace(_against(rule, rule.after.violations), variables=rule.variables)
        for rule in rules
        if _judged(rule.after)
    }


def _judged(verdict: Verdict | None) -> TypeGuard[Verdict]:
    return verdict is not None and verdict.status in _JUDGED


def _against(rule: RuleChange, now: int) -> BaselineChange:
    if rule.by_keys or rule.counts_only or not now:
        return BaselineChange(rule.new or 0, rule.remaining or 0, rule.resolved or 0, counts_only=rule.counts_only)
    is_unknown = _judged(rule.before) and rule.before.violations > 0
    return BaselineChange(now, 0, None if is_unknown else 0)


def has_new_critical(comparison: Comparison) -> bool:
    """Whether a critical violation is new, and not suppressed."""
    return any(it.has_new_critical for it in comparison.rules)


def _side(audit: Audit) -> ComparedRun:
    summary = audit.document.summary
    return ComparedRun(
        **vars(audit.document.run),
        pass_rate=summary.pass_rate,
        gate_passed=summary.gate.passed,
        gate_baseline=summary.gate.baseline,
    )


class _Tally:
    """Counts of one rule's keys, with the first of each kind."""

    def __init__(self) -> None:
        self.counts: dict[Change, int] = dict.fromkeys(CHANGES, 0)
        self.examples: dict[Change, list[str]] = {kind: [] for kind in CHANGES}
        self.suppressed_new = 0
        self.suppressed_keys: list[str] = []

    def add(self, kind: Change, key: str, *, is_accepted: bool) -> None:
        self.counts[kind] += 1
        self.suppressed_new += kind == "new" and is_accepted
        if len(self.examples[kind]) < _EXAMPLES:
            self.examples[kind].append(key)
            self.suppressed_keys += [key] * (kind != "resolved" and is_accepted)

    @property
    def keys(self) -> ChangedKeys:
        return ChangedKeys(**{kind: tuple(keys) for kind, keys in self.examples.items()})


def _rules(before: Keys, after: Keys, accepted: AcceptedKeys = _NONE) -> tuple[list[RuleChange], str]:
    """What changed by rule; and why keys were not compared, empty where they were."""
    tallies, note = _tallies(before, after, accepted)
    old = {result.rule: result for result in before.results}
    new = {result.rule: result for result in after.results}
    differ = partial(counts_only, before=before.digests, after=after.digests)
    return [_rule(id, old.get(id), new.get(id), tallies, note, differ) for id in sorted(old.keys() | new.keys())], note


def _rule(
    id: str,
    old: Result | None,
    new: Result | None,
    tallies: dict[str, _Tally] | None,
    note: str,
    differ: Callable[[Result, Result], str],
) -> RuleChange:
    named = new or old
    assert named is not None  # noqa: S101 - the id is of one of the two

    def made(
        resolved: int | None, remaining: int | None, now: int | None, note: str = "", tally: _Tally | None = None
    ) -> RuleChange:
        suppressed = new.suppressed if new else 0
        # without keys, only a rule of which all violations are suppressed is known to have no other new ones
        all_new = (now or 0) if new and not new.open else 0
        return RuleChange(
            rule=id,
            title=named.title,
            severity=named.severity,
            before=Verdict(old.status, old.violations) if old else None,
            after=Verdict(new.status, new.violations) if new else None,
            by_keys=tally is not None,
            note=note,
            examples=(tally or _Tally()).keys,
            resolved=resolved,
            remaining=remaining,
            new=now,
            measure=previous(new.measure, old.measure if old else None) if new and new.measure else None,
            owner=named.owner,
            tags=named.tags,
            suppressed=suppressed,
            suppressed_new=tally.suppressed_new if tally else all_new,
            suppressed_keys=tuple(tally.suppressed_keys) if tally else (),
            variables=changed_variables(old, new),
        )

    then = old.violations if old and old.status in _JUDGED else None
    now = new.violations if new and new.status in _JUDGED else None
    if now is None:
        note = f"is {new.status.replace('_', ' ')}" if new else "is not there"
        return made(None, None, None, f"the rule {note} in the later audit")
    if then is None:
        note = f"was {old.status.replace('_', ' ')}" if old else "was not there"
        why = f"the rule {note} in the earlier audit: all that it finds counts as new"
        return made(0, 0, now, why if now else "")
    why = note if tallies is None else _other_key(old, new) if then and now else ""
    digests = differ(old, new) if old and new and then and now and not why else ""
    if tallies is None or why or digests:
        counted = made(max(then - now, 0), min(then, now), max(now - then, 0), f"counts only: {why or digests}")
        return replace(counted, counts_only=digests)
    tally = tallies.get(id, _Tally())
    return made(tally.counts["resolved"], tally.counts["remaining"], tally.counts["new"], tally=tally)


def _other_key(old: Result | None, new: Result | None) -> str:
    """Why a rule's keys then and now do not name the same things; empty where they do."""
    if old is None or new is None:
        return ""
    if old.key != new.key:
        return "the key has changed"
    return "the key's type has changed" if old.key_order != new.key_order else ""


def _tallies(before: Keys, after: Keys, accepted: AcceptedKeys) -> tuple[dict[str, _Tally] | None, str]:
    (old, old_why), (new, new_why) = before.file(), after.file()
    if old is None or new is None:
        return None, f"the earlier audit: {old_why}" if old is None else f"the later audit: {new_why}"
    orders: defaultdict[str, set[str]] = defaultdict(set)
    for result in (*before.results, *after.results):
        if result.violations:
            orders[result.rule].add(result.key_order)
    numbers = {rule for rule, order in orders.items() if order == {"number"}}
    tallies: dict[str, _Tally] = {}
    for kind, rule, key in _merge(_rows(old, numbers), _rows(new, numbers)):
        tallies.setdefault(rule, _Tally()).add(kind, key, is_accepted=accepted.has(rule, key))
    return tallies, ""


_Row = tuple[tuple[bytes, violations.Position], str, str]


def _rows(path: Path, numbers: set[str]) -> Iterator[_Row]:
    with path.open("rb") as lines:
        next(lines, None)
        try:
            for rule, key in violations.rows(lines):
                place = violations.position(key, as_number=rule in numbers)
                # in a database without an encoding a key may be no UTF-8
                yield (rule.encode(), place), rule, (key or b"").decode("utf-8", "replace")
        except (violations.FormatError, UnicodeDecodeError, ArithmeticError) as error:
            raise DocumentError(f"{path} is no violations file: {error}") from None


def _merge(old: Iterator[_Row], new: Iterator[_Row]) -> Iterator[tuple[Change, str, str]]:
    left, right = next(old, None), next(new, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None  # noqa: S101 - one of the two is there
            yield "resolved", left[1], left[2]
            left = next(old, None)
        elif left is None or right[0] < left[0]:
            yield "new", right[1], right[2]
            right = next(new, None)
        else:
            yield "remaining", right[1], right[2]
            left, right = next(old, None), next(new, None)
