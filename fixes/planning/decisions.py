"""Decisions: a TOML file in which a person says what becomes of rows for which there is no one right answer.

    [plan]            what was reviewed: database, tables, fix files; and the rules that nobody has decided on yet
    [decisions]       "rule" = "option"
    [reviewed."rule"] what the rule found then, and what each option would change: rows, a fingerprint, keys unless many

A file without `[plan]` and `[reviewed]` is a policy: it holds for any database, and nothing is compared.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from order_audit.errors import OrderAuditError
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix, Option

FORMAT: Final = "order-audit-decisions/2"


class DecisionError(OrderAuditError):
    """A decisions file cannot be used; the message is one line that names the place."""

    exit_code = 2


@dataclass(frozen=True)
class RowsFingerprint:
    """Rows that were reviewed, with a fingerprint of their values and of those that they would have got.

    `keys` has one for each key, unless there were many.
    """

    rows: int = 0
    fingerprint: str = f"{0:016x}"
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reviewed:
    """What a rule found when the plan was made, and what each option would have changed in its pass.

    `choice` is the option that was chosen then.
    """

    found: RowsFingerprint
    options: dict[str, RowsFingerprint] = field(default_factory=dict)
    choice: str = LEAVE


@dataclass(frozen=True)
class Decisions:
    """The options chosen, by rule, and what they were chosen for (`plan` is empty for a policy).

    `undecided` are the rules at which `leave` stands because nobody has chosen yet.
    """

    choices: dict[str, str]
    plan: dict[str, str] = field(default_factory=dict)
    reviewed: dict[str, Reviewed] = field(default_factory=dict)
    undecided: frozenset[str] = frozenset()
    path: str = ""


def choose(fixes: Mapping[str, Fix], decisions: Decisions | None, *, recommended: bool) -> dict[str, str]:
    """What is chosen, by rule: what was decided, `leave` too; else, if that is accepted, what is recommended."""
    choices = {id: fix.recommended for id, fix in fixes.items() if fix.recommended != LEAVE} if recommended else {}
    if decisions is not None:
        choices |= {rule: option for rule, option in decisions.choices.items() if rule not in decisions.undecided}
    return choices


def chosen(fixes: Mapping[str, Fix], choices: Mapping[str, str]) -> Iterator[tuple[Fix, Option]]:
    """What is to be applied, in order: of each fix what is automatic, then the option that was chosen."""
    for id, fix in fixes.items():
        if fix.automatic:
            yield fix, fix.automatic
        if (option := fix.option(choices.get(id, LEAVE))) is not None and option.name != AUTOMATIC:
            yield fix, option


def read(path: Path, fixes: Mapping[str, Fix]) -> Decisions:
    """Read a decisions file. Raises DecisionError for a rule or an option that there is not."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise DecisionError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DecisionError(f"{path}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise DecisionError(f"{path}: not TOML: {error}") from None
    plan = document.pop("plan", {})
    reviewed = document.pop("reviewed", {})
    if not isinstance(plan, dict) or not isinstance(reviewed, dict):
        raise DecisionError(f"{path}: plan and reviewed are tables")
    if plan and plan.get("format") != FORMAT:
        raise DecisionError(
            f"{path}: its format is {plan.get('format')!r}, not {FORMAT!r}: write it anew with fixes plan"
        )
    undecided = plan.pop("undecided", [])
    if not isinstance(undecided, list) or not all(isinstance(rule, str) for rule in undecided):
        raise DecisionError(f"{path}: plan.undecided is a list of rules")
    chosen = document.pop("decisions", {})
    if not isinstance(chosen, dict):
        raise DecisionError(f"{path}: decisions is a table")
    choices: dict[str, str] = {}
    for rule, option in [*_flat(document), *_flat(chosen)]:
        if rule in choices:
            raise DecisionError(f"{path}: {rule} is decided twice")
        choices[rule] = check(rule, option, fixes, str(path))
    try:
        reviewed_rows = {
            rule: Reviewed(
                _fingerprint(found["found"]),
                {name: _fingerprint(one) for name, one in found.get("options", {}).items()},
                str(found.get("choice", LEAVE)),
            )
            for rule, found in reviewed.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DecisionError(f"{path}: [reviewed] was changed: write it anew with fixes plan") from None
    return Decisions(
        choices,
        {name: str(value) for name, value in plan.items()},
        reviewed_rows,
        frozenset(rule for rule in undecided if choices.get(rule) == LEAVE),
        str(path),
    )


def _fingerprint(table: Mapping[str, Any]) -> RowsFingerprint:
    keys = {key: str(one) for key, one in table["keys"].items()}
    return RowsFingerprint(int(table["rows"]), str(table["fingerprint"]), keys)


def check(rule: str, option: Any, fixes: Mapping[str, Fix], where: str) -> str:
    """The option, if the rule's fix has it. Raises DecisionError that names those it has."""
    if rule not in fixes:
        raise DecisionError(f"{where}: there is no fix for a rule '{rule}'; 'order-audit fixes plan' names all")
    fix = fixes[rule]
    known = [choice.name for choice in fix.options] + [LEAVE]
    if option not in known:
        raise DecisionError(f"{where}: {rule} has no option {option!r}: choose {' or '.join(known)}")
    return str(option)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
