"""The gate in sentences: what makes it fail, and why some of what failed did not."""

from __future__ import annotations

from typing import Any

from order_audit.expectations import SEVERITIES
from order_audit.reports.formatting import plural
from order_audit.reports.schema_findings import down_to


def conditions(gate: dict[str, Any]) -> str:
    """What the gate fails on, in a sentence; empty for a result of an earlier version, which does not tell."""
    if "fail_on" not in gate:
        return ""
    on = []
    if gate["fail_on"] != "never":
        news = " that are new against the baseline" if gate.get("baseline") else ""
        on.append(f"{' or '.join(down_to(gate['fail_on']))} findings{news}")
    if (on_schema := gate.get("fail_on_schema", "never")) != "never":
        on.append(f"{' or '.join(down_to(on_schema))} schema findings")
    if gate.get("allow_skipped") is False:
        on.append("tables that are not there")
    said = f"The gate fails on {', on '.join(on)}, and on errors" if on else "The gate fails on an error only"
    if (rate := gate.get("min_pass_rate")) is not None:
        known = " (what is not new counts as passed)" if gate.get("baseline") else ""
        said += f", and below a pass rate of {rate:g} %{known}"
    return f"{said}."


def harmless(document: dict[str, Any]) -> str:
    """Which failed expectations did not fail the gate, and why, in a sentence; empty where there is none.

    Where the gate failed, those too mild for it are not told of: its reasons say what it was.
    """
    gate = document["summary"]["gate"]
    failed = [found for found in document["results"] if found["status"] == "failed"]
    grave = [found for found in failed if found["severity"] in down_to(gate.get("fail_on", "critical"))]
    mild = len(failed) - len(grave)
    said = []
    if known := [found for found in grave if gate.get("baseline") and _is_known(found["rule"], gate)]:
        counts = {severity: sum(found["severity"] == severity for found in known) for severity in SEVERITIES}
        told = " and ".join(f"{count:,} {severity}" for severity, count in counts.items() if count)
        many = "expectation" if len(known) == 1 else "expectations"
        said.append(f"{told} {many} failed, with no violation that is new against the baseline")
    if mild and gate["passed"]:
        said.append(f"{plural(mild, 'expectation')} failed, of a severity that does not fail the gate")
    return "; ".join(said) + "." * bool(said)


def _is_known(rule: str, gate: dict[str, Any]) -> bool:
    """Whether all of a failed rule's violations are the baseline's; results of an earlier version do not tell."""
    new: dict[str, int] | None = gate.get("new_violations")
    return bool(gate["passed"]) if new is None else not new.get(rule)
