"""What `order-audit run` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from order_audit.progress import ProgressCallback, StartProgress, ignore_progress, start_ignored
from order_audit.reports.document import FailOn
from order_audit.reports.writers import DEFAULT


@dataclass
class Options:
    """What an audit is to do.

    `timeout` is in seconds; `gentle` has one job, whatever `jobs` says; `sample` is the percentage of each table's
    pages that the profile reads; `plan_fixes` tries the automatic fixes on temporary copies. `different` allows a
    baseline of another database or suite.
    `on_progress` reports the progress of rules, `start_progress` gives such a callback for lint and for the profile.
    """

    suites: tuple[str, ...] = ("current",)
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schema: str = ""
    formats: tuple[str, ...] = DEFAULT
    fail_on: FailOn = "critical"
    min_pass_rate: Fraction | None = None
    baseline: Path | None = None
    different: bool = False
    allow_skipped: bool = False
    examples: int = 20
    jobs: int = 2
    gentle: bool = False
    lint: bool = True
    profile: bool = True
    plan_fixes: bool = False
    sample: float | None = None
    allow: Path | None = None
    fail_on_schema: FailOn = "never"
    timeout: float | None = None
    unmask: bool = False
    on_progress: ProgressCallback = ignore_progress
    start_progress: StartProgress = start_ignored
