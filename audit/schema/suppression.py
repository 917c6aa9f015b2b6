"""Suppressions: accepted findings with reasons, in a file of lines `rule object: reason`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from order_audit.audit.schema.lint import Verdict
from order_audit.errors import UsageError
from order_audit.reports.document import Suppression

_LINE: Final = re.compile(r"(?P<rule>\S+)\s+(?P<object>.+?):\s+(?P<reason>\S.*)")


def read(path: Path | None, rules: Sequence[str], configured: Iterable[Suppression] = ()) -> list[Suppression]:
    """Return the suppressions of a file, if any, and those of a configuration that are on the schema and hold today.

    Raises UsageError for one that names no rule.
    """
    suppressions = _read(path, rules) if path else []
    today = datetime.now(UTC).date().isoformat()
    for it in configured:
        if not it.object:
            continue
        if not any(fnmatchcase(rule, it.rule) for rule in rules):
            raise UsageError(
                f"{it.place}: [[suppress]]: no rule '{it.rule}'; 'order-audit rules --lint' lists them all"
            )
        if not it.expires or it.expires >= today:
            suppressions.append(it)
    return suppressions


def _read(path: Path, known: Sequence[str]) -> list[Suppression]:
    """Read a file of suppressions: rules and objects, both with `*` for anything, and why the finding is accepted.

    Empty lines and those that begin with `#` are skipped.

    Raises UsageError, naming the line, for one that is no suppression or names no rule.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    suppressions = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        if not (match := _LINE.fullmatch(line)):
            raise UsageError(f"{path}:{number}: a line is 'rule object: reason'")
        if not any(fnmatchcase(rule, match["rule"]) for rule in known):
            raise UsageError(f"{path}:{number}: no rule '{match['rule']}'; 'order-audit rules --lint' lists them all")
        suppressions.append(Suppression(match["rule"], match["object"], match["reason"]))
    return suppressions


def accept(
    verdicts: Sequence[Verdict], suppressions: Iterable[Suppression], rules: Iterable[str]
) -> tuple[list[Verdict], list[Suppression]]:
    """Mark accepted findings; also return unused suppressions.

    Whether one is needed is only known where each of the `rules` that it is for was judged.
    """
    suppressions = list(suppressions)
    used = set()
    marked = []
    for verdict in verdicts:
        findings = []
        for finding in verdict.findings:
            for suppression in suppressions:
                if fnmatchcase(finding.rule, suppression.rule) and fnmatchcase(finding.object, suppression.object):
                    used.add(suppression)
                    finding = replace(finding, accepted=suppression.words)
                    break
            findings.append(finding)
        marked.append(replace(verdict, findings=tuple(findings)))
    unjudged = set(rules) - {it.rule.id for it in verdicts if it.status == "checked" and not it.reason}
    unused = [
        suppression
        for suppression in suppressions
        if suppression not in used and not any(fnmatchcase(rule, suppression.rule) for rule in unjudged)
    ]
    return marked, unused
