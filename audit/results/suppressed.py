"""Suppressed violations: which of a result's violations a configuration accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from order_audit.errors import UsageError
from order_audit.expectations import Rule, SuiteError, unknown_rule
from order_audit.reports import violations
from order_audit.reports.document import Result, Suppression

_DIGEST: Final = re.compile("hmac-sha256:[0-9a-f]{64}")
#: The plain SHA-256 of a key.
_OLD_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")
#: A rule and a key.
Violation = tuple[str, bytes]


@dataclass(frozen=True)
class Suppressed:
    """Results with their numbers of suppressed violations, suppressions with what became of them, and, by rule, the
    suppressed violations that are not in the baseline.
    """

    results: tuple[Result, ...]
    suppressions: tuple[Suppression, ...]
    new: Mapping[str, int]


def refuse_unknown(suppressions: Iterable[Suppression], rules: Sequence[Rule]) -> None:
    """Raise SuiteError if a suppression of violations names no rule; of an instance `a.b[x]`, the rule `a.b`."""
    known = {rule.id for rule in rules}
    for it in suppressions:
        if not it.object and it.rule.partition("[")[0] not in known:
            raise SuiteError(f"{it.place}: [[suppress]]: no rule '{it.rule}'{unknown_rule(it.rule, rules)}")


def refuse_digests(suppressions: Iterable[Suppression], key_file: Path | None) -> None:
    """Raise UsageError if a suppression names a digest, and no key file makes the same one again."""
    for it in suppressions:
        if key_file is None and any(map(_DIGEST.fullmatch, it.keys)):
            raise UsageError(
                f"{it.place}: [[suppress]]: digests of {it.rule} need the key file that they were made under:"
                " --key-file, or key_file in [output]"
            )


def refuse_old_digests(suppressions: Iterable[Suppression], rules: Iterable[str]) -> None:
    """Raise UsageError if a suppression names a digest of an earlier version; `rules` have personal keys."""
    personal = set(rules)
    for it in suppressions:
        if it.rule in personal and any(map(_OLD_DIGEST.fullmatch, it.keys)):
            raise UsageError(
                f"{it.place}: [[suppress]]: digests of {it.rule} are of an earlier version: take them from"
                " violations.csv of a run with --key-file, where they begin with hmac-sha256"
            )


def is_expired(suppression: Suppression, day: date) -> bool:
    """Return whether a suppression no longer holds on a day."""
    return bool(suppression.expires) and date.fromisoformat(suppression.expires) < day


def apply(
    results: Sequence[Result], suppressions: Iterable[Suppression], day: date, now: Path | None, before: Path | None
) -> Suppressed:
    """Suppress violations on a day. `now` and `before` are the violations files of the audit and of its baseline.

    Keys are suppressed one by one. A maximum suppresses what keys leave of a rule, all or nothing. An expired
    suppression suppresses nothing.
    """
    given = [it for it in suppressions if not it.object]
    wanted = {(it.rule, key.encode()) for it in given for key in it.keys if not is_expired(it, day)}
    found = _among(wanted, now)
    known = _among(found, before)
    by_rule = {result.rule: result for result in results}
    counts: dict[str, int] = {}
    new: dict[str, int] = {}
    for rule, key in found:
        counts[rule] = counts.get(rule, 0) + 1
        new[rule] = new.get(rule, 0) + ((rule, key) not in known)
    judged: list[Suppression] = []
    for it in sorted(given, key=lambda it: it.at_most is not None):
        if (result := by_rule.get(it.rule)) is None or result.status == "not_selected":
            continue
        if is_expired(it, day):
            judged.append(replace(it, status="expired"))
        elif result.status not in ("passed", "failed"):
            continue
        elif it.at_most is None:
            missing = tuple(key for key in it.keys if (it.rule, key.encode()) not in found)
            accepted = len(it.keys) - len(missing)
            judged.append(
                replace(it, status="used" if accepted else "unused", suppressed=accepted, unused_keys=missing)
            )
        else:
            rest = result.violations - counts.get(it.rule, 0)
            if 0 < rest <= it.at_most:
                counts[it.rule] = new[it.rule] = result.violations
                judged.append(replace(it, status="used", suppressed=rest))
            else:
                judged.append(replace(it, status="exceeded" if rest else "unused"))
    changed = tuple(replace(result, suppressed=counts.get(result.rule, 0)) for result in results)
    return Suppressed(changed, tuple(judged), new)


def _among(wanted: set[Violation], file: Path | None) -> set[Violation]:
    """Return those of the violations that a violations file has."""
    if not wanted or file is None:
        return set()
    with file.open("rb") as lines:
        next(lines)
        return {(rule, key) for rule, key in violations.rows(lines) if key is not None and (rule, key) in wanted}


def of_schema(suppressions: Iterable[Suppression], unused: Sequence[Suppression], day: date) -> Iterator[Suppression]:
    """Yield the suppressions of schema findings with what became of them."""
    for it in suppressions:
        if it.object and is_expired(it, day):
            yield replace(it, status="expired")
        elif it.object:
            yield replace(it, status="unused" if it in unused else "used")
