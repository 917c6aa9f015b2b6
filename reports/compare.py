"""Two audits side by side: what is resolved, what remains, what is new, per rule and per key.

Keys are compared as streams: both violations files are sorted, so that files of any size take the same memory.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from order_audit.reports import violations

FORMAT: Final = "order-audit-comparison/1"
_EXAMPLES: Final = 20
#: Tables that are named in a line.
_TABLES: Final = 6
_JUDGED: Final = ("passed", "failed")


class DocumentError(ValueError):
    """A file is no result of an audit; the message is one line that names it."""


@dataclass(frozen=True)
class Audit:
    """A result document, and the folder that its violations file stands in."""

    document: dict[str, Any]
    folder: Path

    def violations(self) -> tuple[Path | None, str]:
        """The violations file, if it is there and is the one that the document speaks of; else why not."""
        named = self.document.get("violations")
        if not named:
            return None, "it was written without violations.csv"
        path = self.folder / Path(named["file"]).name
        if not path.is_file():
            return None, f"{named['file']} is not beside it"
        try:
            with path.open("rb") as data:
                if hashlib.file_digest(data, "sha256").hexdigest() != named["sha256"]:
                    return None, f"{named['file']} beside it is not the one it was written with"
                data.seek(0)
                rows = violations.count(data) - 1
        except OSError as error:
            return None, f"{named['file']} beside it cannot be read: {error.strerror}"
        if rows != named["rows"]:
            return None, f"{named['file']} beside it has {rows} rows, and not {named['rows']}"
        return path, ""


def read(path: Path) -> Audit:
    """Read a results file. Raises DocumentError where it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DocumentError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise DocumentError(f"{path} is not JSON; give the results.json of an audit") from None
    form = document.get("format") if isinstance(document, dict) else None
    if form != "order-audit/2" or not {"run", "summary", "results"} <= document.keys():
        if form == "order-audit/1":
            raise DocumentError(f"{path} was written by an earlier version (format {form!r}): run that audit again")
        raise DocumentError(f"{path} is no result of an audit (format {form!r}, expected 'order-audit/2')")
    return Audit(document, path.parent)


def baseline(path: Path) -> Audit:
    """Read a results file to hold an audit against, which takes its keys: by counts, a violation that takes the place
    of another is not seen.

    Raises DocumentError where it is no result, or its violations file is not beside it as it was written.
    """
    audit = read(path)
    with sound(path):
        found, why = audit.violations()
    if found is None and not audit.document.get("violations"):
        raise DocumentError(f"--baseline {path}: {why}; give an audit that wrote it (--format json,violations)")
    if found is None:
        raise DocumentError(f"--baseline {path}: {why}; keep violations.csv and results.json of one audit together")
    return audit


@contextmanager
def sound(*paths: Path) -> Iterator[None]:
    """While it lasts, what turns out to lack a part that every result has is said to be damaged."""
    try:
        yield
    except (LookupError, TypeError, AttributeError) as error:
        names = " or ".join(map(str, paths))
        raise DocumentError(f"{names} is damaged: {type(error).__name__} {error}") from error


def compare(before: Audit, after: Audit) -> dict[str, Any]:
    """The comparison document, with counts per rule, and with up to 20 keys of each kind where both have their keys."""
    tallies, note = _tallies(before, after)
    old = {found["rule"]: found for found in before.document["results"]}
    new = {found["rule"]: found for found in after.document["results"]}
    rules = [_rule(id, old.get(id), new.get(id), tallies, note) for id in sorted(old.keys() | new.keys())]
    total = {kind: sum(rule[kind] or 0 for rule in rules) for kind in ("resolved", "remaining", "new")}
    return {
        "format": FORMAT,
        "before": _side(before),
        "after": _side(after),
        "by_keys": tallies is not None,
        "note": note,
        "summary": total | {f"rules_{kind}": sum(bool(rule[kind]) for rule in rules) for kind in total},
        "rules": rules,
        "fixes": after.document.get("fixes"),
        "requirements": after.document.get("requirements", []),
    }


def differ(before: Audit, after: Audit) -> str:
    """Why two audits are not of the same thing, in words; empty where they are."""
    return differ_runs(before.document["run"], after.document["run"])


def differ_runs(old: dict[str, Any], new: dict[str, Any]) -> str:
    """The same of the `run` parts of two documents.

    A database is known by its name, its schema and its tables, and not by its server: CI makes a new one each time.
    Tables differ where there is none that both audits read; that one of them read more is a matter of its rules.
    """
    for what, name in (("database", "name"), ("schema", "schema")):
        then, now = old["database"].get(name), new["database"].get(name)
        if then and now and then != now:
            return f"one is of {what} {then}, one of {now}"
    suites = [" ".join(sorted(_suite(name) for name in run.get("suites", ()))) for run in (old, new)]
    if suites[0] != suites[1]:
        return f"one is by suite {suites[0]}, one by {suites[1]}"
    tables = [list(run.get("tables", ())) for run in (old, new)]
    if all(tables) and not set(tables[0]) & set(tables[1]):
        return f"one is of {_named(tables[0])}, one of {_named(tables[1])}"
    return ""


def _suite(name: str) -> str:
    """A suite's name or path without the folder that it stands in, which may be any checkout."""
    return Path(name).name or name


def _named(tables: list[str]) -> str:
    rest = len(tables) - _TABLES
    more = f" and {rest} more" if rest > 0 else ""
    return f"table{'s' * (len(tables) > 1)} {', '.join(tables[:_TABLES])}{more}"


def new_violations(before: Audit, after: Audit) -> dict[str, int]:
    """The number of violations per failed rule of `after` that `before` did not have.

    Where a rule's keys cannot be compared, all of them: any of them may be new.
    """
    return {rule["rule"]: _new(rule) for rule in compare(before, after)["rules"]}


def _new(rule: dict[str, Any]) -> int:
    count = rule["new"] if rule["by_keys"] or rule["new"] is None else rule["after"]["violations"]
    return count or 0


def has_new_critical(comparison: dict[str, Any]) -> bool:
    """Whether a critical violation is new."""
    return any(rule["severity"] == "critical" and rule["new"] for rule in comparison["rules"])


def _side(audit: Audit) -> dict[str, Any]:
    summary = audit.document["summary"]
    run: dict[str, Any] = audit.document["run"]
    return run | {
        "pass_rate": summary["pass_rate"],
        "gate_passed": summary.get("gate", {}).get("passed"),
    }


class _Tally:
    """Counts of one rule's keys, with the first of each kind."""

    def __init__(self) -> None:
        self.counts = {"resolved": 0, "remaining": 0, "new": 0}
        self.examples: dict[str, list[str]] = {kind: [] for kind in self.counts}

    def add(self, kind: str, key: str) -> None:
        self.counts[kind] += 1
        if len(self.examples[kind]) < _EXAMPLES:
            self.examples[kind].append(key)


def _rule(
    id: str,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    tallies: dict[str, _Tally] | None,
    note: str,
) -> dict[str, Any]:
    named = new or old or {}
    rule: dict[str, Any] = {
        "rule": id,
        "title": named["title"],
        "severity": named["severity"],
        "before": {"status": old["status"], "violations": old["violations"]} if old else None,
        "after": {"status": new["status"], "violations": new["violations"]} if new else None,
        "by_keys": False,
        "note": "",
        "examples": {"resolved": [], "remaining": [], "new": []},
    }
    then = old["violations"] if old and old["status"] in _JUDGED else None
    now = new["violations"] if new and new["status"] in _JUDGED else None
    if now is None:
        said = f"is {new['status'].replace('_', ' ')}" if new else "is not there"
        return rule | {
            "resolved": None,
            "remaining": None,
            "new": None,
            "note": f"the rule {said} in the later audit",
        }
    if then is None:
        said = f"was {old['status'].replace('_', ' ')}" if old else "was not there"
        why = f"the rule {said} in the earlier audit: all that it finds counts as new"
        return rule | {"resolved": 0, "remaining": 0, "new": now, "note": why if now else ""}
    why = note if tallies is None else _other_key(old or {}, new or {}) if then and now else ""
    if tallies is None or why:
        return rule | {
            "resolved": max(then - now, 0),
            "remaining": min(then, now),
            "new": max(now - then, 0),
            "note": f"counts only: {why}",
        }
    tally = tallies.get(id, _Tally())
    return rule | tally.counts | {"by_keys": True, "examples": tally.examples}


def _other_key(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Why a rule's keys then and now do not name the same things; empty where they do."""
    if old.get("key") != new.get("key"):
        return "the key has changed"
    return "the key's type has changed" if old.get("key_order") != new.get("key_order") else ""


def _tallies(before: Audit, after: Audit) -> tuple[dict[str, _Tally] | None, str]:
    (old, old_why), (new, new_why) = before.violations(), after.violations()
    if old is None or new is None:
        return None, f"the earlier audit: {old_why}" if old is None else f"the later audit: {new_why}"
    orders: defaultdict[str, set[str]] = defaultdict(set)
    for audit in (before, after):
        for found in audit.document["results"]:
            if found["violations"]:
                orders[found["rule"]].add(found.get("key_order", ""))
    numbers = {rule for rule, order in orders.items() if order == {"number"}}
    tallies: dict[str, _Tally] = {}
    for kind, rule, key in _merge(_rows(old, numbers), _rows(new, numbers)):
        tallies.setdefault(rule, _Tally()).add(kind, key)
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


def _merge(old: Iterator[_Row], new: Iterator[_Row]) -> Iterator[tuple[str, str, str]]:
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
