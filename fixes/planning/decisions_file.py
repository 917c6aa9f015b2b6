"""Write a decisions file: a plan as TOML that a person fills in."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Mapping

from order_audit.fixes.fix import LEAVE
from order_audit.fixes.names import row_count
from order_audit.fixes.planning.decisions import FORMAT, RowsFingerprint
from order_audit.fixes.planning.plan import Plan


def decisions_toml(plan: Plan, choices: Mapping[str, str], personal: Collection[str] = ()) -> str:
    """Return a decisions file for a plan: each rule with rows to decide on, its options, and the choice.

    Rules in `personal` have a personal key: the file holds the number and fingerprint of their rows, and no key.
    """
    steps = [
        step
        for step in plan.steps
        if any(offer.rows for offer in step.offers) or choices.get(step.fix.rule.id, LEAVE) != LEAVE
    ]
    undecided = [step.fix.rule.id for step in steps if step.fix.rule.id not in choices]
    lines = [
        "# What becomes of rows for which there is no one right answer. Put one of the options named above it behind",
        f"# each rule, then: order-audit fixes apply --decisions FILE. '{LEAVE}' lists the rows and touches none.",
        f"# Rules under 'undecided' have no decision yet: for them, --accept-recommended may replace '{LEAVE}' by the",
        f"# recommended option. To decide for '{LEAVE}', remove the rule's name from that list.",
        "#",
        "# All that was found, and what would become of it, is compared with the database before anything is changed:",
        "# where it is not the same any more, nothing is changed, and the difference is shown.",
        "",
        "[plan]",
        f"format = {_quoted(FORMAT)}",
        *(f"{name} = {_quoted(value)}" for name, value in plan.identity.items()),
        "undecided = [",
        *(f"  {_quoted(id)}," for id in undecided),
        "]",
        "",
        "[decisions]",
    ]
    for step in steps:
        id = step.fix.rule.id
        lines += ["", f"# {step.fix.rule.title}: {step.found:,} found"]
        if step.automatic:
            words = "has one right answer and needs" if step.automatic == 1 else "have one right answer and need"
            lines.append(f"#   {row_count(step.automatic)} {words} no decision")
        if step.fix.assumes:
            lines += _comment(f"assumes: {step.fix.assumes}")
        for offer in step.offers:
            name = offer.option.name + (" (recommended)" if offer.option.recommended else "")
            lines += _comment(f"{name}: {offer.option.does}; {offer.obstacle or row_count(offer.rows)}")
        lines += _comment(f"{LEAVE}: {step.fix.leave or 'the rows stay as they are'}")
        keys = next((offer.keys for offer in step.offers if offer.keys), ())
        if keys and id not in personal:
            lines += _comment(f"for example {', '.join(step.fix.rule.key)} {', '.join(keys)}")
        lines.append(f"{_quoted(id)} = {_quoted(choices.get(id, LEAVE))}")
    for id, reviewed in plan.reviewed.items():
        lines += [
            "",
            f"[reviewed.{_quoted(id)}]",
            *([f"choice = {_quoted(reviewed.choice)}"] if reviewed.choice != LEAVE else []),
            f"found = {_inline(reviewed.found, with_keys=id not in personal)}",
            *(
                f"options.{name} = {_inline(one, with_keys=id not in personal)}"
                for name, one in reviewed.options.items()
            ),
        ]
    return "\n".join(lines) + "\n"


def _inline(reviewed: RowsFingerprint, *, with_keys: bool) -> str:
    named = reviewed.keys if with_keys else {}
    keys = ", ".join(f"{_quoted(key)} = {_quoted(one)}" for key, one in named.items())
    return f"{{rows = {reviewed.rows}, fingerprint = {_quoted(reviewed.fingerprint)}, keys = {{{keys}}}}}"


def _comment(text: str) -> list[str]:
    """Comment lines; whatever a text holds, it stays in them."""
    return textwrap.wrap(
        " ".join(text.split()), 118, initial_indent="#   ", subsequent_indent="#     ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


def _quoted(text: str) -> str:
    """Return a TOML basic string. JSON's escapes are TOML's, except for DEL, which JSON does not escape."""
    return json.dumps(text).replace("\x7f", "\\u007f")
