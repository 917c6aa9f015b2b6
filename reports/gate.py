"""The gate: whether a result is good enough for CI."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from order_audit.reports.schema_findings import FailOn, down_to, failing


def decide(
    document: dict[str, Any],
    *,
    fail_on: FailOn,
    min_pass_rate: Fraction | None,
    new: Mapping[str, int] | None = None,
    fail_on_schema: FailOn = "never",
    allow_skipped: bool = False,
) -> dict[str, Any]:
    """Hold a result against the gate; gives `{"passed": …, "reasons": […]}`.

    `new` is the number of new violations per rule against a baseline: with it, a failed rule that brings nothing new
    counts as passed. An errored rule fails the gate whatever its severity, and so does one whose table is not there
    (unless `allow_skipped`), for a typo in a name must not pass; where the rule's `needs` name that table, its author
    has said that it may be missing. An audit that was interrupted fails too: what it did not come to may be wrong.
    Schema findings only do from `fail_on_schema` on, and not where somebody has accepted them.
    """
    results = document["results"]
    failed = [found for found in results if found["status"] == "failed" and (new is None or new[found["rule"]] > 0)]
    errored = [found for found in results if found["status"] == "errored"]
    reasons = [] if document["run"]["complete"] else ["the audit was interrupted"]
    if moved := document["run"].get("changed_tables"):
        changes = ", ".join(f"{it['table']} ({it['change']})" for it in moved)
        reasons.append(f"tables changed while they were read, so that numbers may not agree: {changes}; run it again")
    for severity in down_to(fail_on):
        if hits := [found for found in failed if found["severity"] == severity]:
            names = ", ".join(_counted(found, new) for found in hits)
            reasons.append(f"{len(hits)} {severity} expectation{'s' * (len(hits) > 1)} failed: {names}")
    if errored:
        names = ", ".join(found["rule"] for found in errored)
        reasons.append(f"{len(errored)} expectation{'s' * (len(errored) > 1)} could not be judged: {names}")
    skipped = [found for found in results if found.get("missing_tables")]
    if skipped and not allow_skipped:
        reasons.append(_skipped(skipped))
    on_schema = failing(document["schema_findings"], fail_on_schema)
    for severity in down_to(fail_on_schema):
        if hits := [it for it in on_schema if it["severity"] == severity]:
            names = ", ".join(dict.fromkeys(it["rule"] for it in hits))
            reasons.append(f"{len(hits)} {severity} schema finding{'s' * (len(hits) > 1)}: {names}")
    if fail_on_schema != "never" and (unsure := [it for it in document["schema_rules"] if it["status"] == "errored"]):
        names = ", ".join(it["rule"] for it in unsure)
        reasons.append(f"{len(unsure)} schema rule{'s' * (len(unsure) > 1)} could not be judged: {names}")
    if min_pass_rate is not None:
        judged = sum(found["status"] in ("passed", "failed", "errored") for found in results)
        passed = judged - len(failed) - len(errored)
        if not judged:
            reasons.append(f"nothing was judged, and the pass rate must be {float(min_pass_rate):.10g} %")
        elif 100 * passed < min_pass_rate * judged:
            # rounded down, so that it reads as less than what was asked for
            rate = math.floor(Fraction(1_000_000 * passed, judged)) / 10_000
            known = ", counting as passed what is not new" if new is not None else ""
            reasons.append(
                f"the pass rate is {rate:.4f} % ({passed} of {judged}{known}), below {float(min_pass_rate):.10g} %"
            )
    return {
        "passed": not reasons,
        "reasons": reasons,
        "fail_on": fail_on,
        "fail_on_schema": fail_on_schema,
        "allow_skipped": allow_skipped,
        "min_pass_rate": float(min_pass_rate) if min_pass_rate is not None else None,
        "baseline": new is not None,
        "new_violations": None if new is None else {found["rule"]: new[found["rule"]] for found in failed},
    }


def _skipped(skipped: list[dict[str, Any]]) -> str:
    """Which rules were skipped, by the tables that are not there."""
    by_tables: dict[str, list[str]] = {}
    for found in skipped:
        by_tables.setdefault(", ".join(found["missing_tables"]), []).append(found["rule"])
    names = "; ".join(f"{', '.join(rules)} (no table {tables})" for tables, rules in by_tables.items())
    many = "s were" if len(skipped) > 1 else " was"
    return f"{len(skipped)} expectation{many} skipped (--allow-skipped lets that pass): {names}"


def _counted(found: dict[str, Any], new: Mapping[str, int] | None) -> str:
    return (
        f"{found['rule']} ({found['violations']:,})" if new is None else f"{found['rule']} ({new[found['rule']]:,} new)"
    )
