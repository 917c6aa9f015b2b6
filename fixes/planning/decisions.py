"""Decisions: a TOML file with a person's choices for rows whose data do not determine the right value.

    [plan]            the reviewed database, tables and fix files; rules without a decision
    [decisions]       "rule" = "option"
    [reviewed."rule"] violations and rows of each option: number, fingerprint, keys unless they are many

A file without `[plan]` and `[reviewed]` is a policy: it applies to any database, without a comparison.
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
    """Reviewed rows, with a fingerprint of their old and new values.

    `keys` has one for each key, unless there were many or the key is personal.
    """

    rows: int = 0
    fingerprint: str = f"{0:016x}"
    keys: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Reviewed:
    """The violations of a rule and the rows of each option when the plan was made.

    `choice` is the option that was chosen then.
    """

    found: RowsFingerprint
    options: dict[str, RowsFingerprint] = field(default_factory=dict)
    choice: str = LEAVE


@dataclass(frozen=True)
class Decisions:
    """The chosen options by rule, and their plan (empty for a policy).

    `undecided` has the rules whose `leave` is not yet a decision.
    """

    choices: dict[str, str]
    plan: dict[str, str] = field(default_factory=dict)
    reviewed: dict[str, Reviewed] = field(default_factory=dict)
    undecided: frozenset[str] = frozenset()
    path: str = ""


def choose(fixes: Mapping[str, Fix], decisions: Decisions | None, *, recommended: bool) -> dict[str, str]:
    """Return the chosen option by rule: the decision, `leave` included; else, if `recommended`, the recommended one."""
    choices = {id: fix.recommended for id, fix in fixes.items() if fix.recommended != LEAVE} if recommended else {}
    if decisions is not None:
        choices |= {rule: option for rule, option in decisions.choices.items() if rule not in decisions.undecided}
    return choices


def chosen(fixes: Mapping[str, Fix], choices: Mapping[str, str]) -> Iterator[tuple[Fix, Option]]:
    """Yield the options to apply, in order: for each fix `automatic`, then the chosen option."""
    for id, fix in fixes.items():
        if fix.automatic:
            yield fix, fix.automatic
        if (option := fix.option(choices.get(id, LEAVE))) is not None and option.name != AUTOMATIC:
            yield fix, option


def read(path: Path, fixes: Mapping[str, Fix]) -> Decisions:
    """Read a decisions file. Raises DecisionError for an unknown rule or option."""
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
        raise DecisionError(f"{path}: plan and reviewed must be tables")
    if plan and plan.get("format") != FORMAT:
        raise DecisionError(
            f"{path}: its format is {plan.get('format')!r}, not {FORMAT!r}:"
            " write it again with 'order-audit fixes plan'"
        )
    undecided = plan.pop("undecided", [])
    if not isinstance(undecided, list) or not all(isinstance(rule, str) for rule in undecided):
        raise DecisionError(f"{path}: plan.undecided must be a list of rules")
    chosen = document.pop("decisions", {})
    if not isinstance(chosen, dict):
        raise DecisionError(f"{path}: decisions must be a table")
    choices: dict[str, str] = {}
    for rule, option in [*_flat(document), *_flat(chosen)]:
        if rule in choices:
            raise DecisionError(f"{path}: {rule} is decided twice")
        choices[rule] = check(rule, option, fixes, str(path))
    try:
        reviewed_rows = {
            rule: Reviewed(
                _fingerprint(review["found"]),
                {name: _fingerprint(one) for name, one in review.get("options", {}).items()},
                str(review.get("choice", LEAVE)),
            )
            for rule, review in reviewed.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DecisionError(f"{path}: [reviewed] was changed: write it again with 'order-audit fixes plan'") from None
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
    """Return the option if the rule's fix has it. Raises DecisionError with the known options."""
    if rule not in fixes:
        raise DecisionError(f"{where}: no fix for rule '{rule}'; 'order-audit fixes plan' lists all")
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
