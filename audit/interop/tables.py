"""The tables of the documentation: what becomes of the checks of each format."""

from __future__ import annotations

from collections.abc import Mapping

from order_audit.audit.interop import dbt_tests, gx_expectations, odcs_checks, soda_checks


def dbt() -> str:
    """Return the table of dbt's tests."""
    return _table("test", "violations", dbt_tests.KINDS)


def gx() -> str:
    """Return the table of the expectations."""
    return _table("expectation", "violations, or the measured value", gx_expectations.KINDS)


def soda() -> str:
    """Return the table of Soda's checks."""
    return _table("check", "violations, or the measured value", soda_checks.KINDS)


def odcs() -> str:
    """Return the table of the parts of a data contract."""
    return _table("part of the contract", "violations, or the measured value", odcs_checks.KINDS)


def _table(check: str, meaning: str, kinds: Mapping[str, str]) -> str:
    lines = [f"| {check} | {meaning} |", "| --- | --- |"]
    lines += [f"| `{name}` | {text} |" for name, text in kinds.items()]
    return "\n".join(lines) + "\n"
