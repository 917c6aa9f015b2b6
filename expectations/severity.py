"""The severities of rules: those of Great Expectations."""

from __future__ import annotations

from typing import Final, Literal

Severity = Literal["critical", "warning", "info"]
#: From worst to mildest.
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning", "info")
