"""Options of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from order_audit.expectations import Override
from order_audit.progress import (
    NoteCallback,
    ProgressCallback,
    StartProgress,
    ignore_note,
    ignore_progress,
    start_ignored,
)
from order_audit.reports.document import FailOn, Suppression
from order_audit.reports.writers import DEFAULT
from order_audit.session import Setting


@dataclass
class Options:
    """Options of an audit.

    `rows` is the number of violating rows per rule in CSV files. `fixes` and `guards` are the folders of the fix and
    guard files for rules that are not shipped, which the findings then show.

    `state` keeps what an audit since this one needs; `since` is the result of an earlier audit, of which it takes over
    what cannot have changed, unless `full`; `verify_since` is the percentage of other keys whose verdicts are tested.

    `timeout` is in seconds; `gentle` has one job, regardless of `jobs`; `sample` is the percentage of each table's
    pages that the profile reads; `exact` has the profile read all rows of large tables; `plan_fixes` tries the
    automatic fixes on temporary copies. `different` allows a baseline of another database or suite. `history` is a file
    that each complete run adds its numbers to. `key_file` has the secret key of digests, and is created if it is
    missing. `ddl` are files or folders of DDL, in which schema findings are located.

    `engine` judges the rules: `postgresql`, or `duckdb` on the files that `lake` names, as the option does; `memory`
    is the most that it may use before it writes to disk.

    `variables` are values of the rules' variables, each of which a rule has to declare; `configured` are those
    of a configuration file, over which the environment and `variables` go. `overrides` replace severities and
    tolerances of rules, by patterns of ids, which must match some unless `all_match` is false; `suppressions` accept
    violations and schema findings; `configuration` is the name of the file that they are from, `environment` the chosen
    one of its environments. `trusted` suites may call functions that reach outside of the database.

    `settings` are those of the connections of another program, and `data_docs` its pages on the same run, as the result
    has them.

    `on_progress` receives the progress of rules; `start_progress` returns such a callback for lint and
    profile. `on_note` receives a sentence that should not wait for the end, `on_warning` one that the result
    does not have: why the history was not kept.
    """

    suites: tuple[str, ...] = ("current",)
    fixes: Path | None = None
    guards: Path | None = None
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, str] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    all_match: bool = True
    trusted: bool = False
    configuration: str = ""
    environment: str = ""
    schema: str = ""
    engine: str = "postgresql"
    lake: tuple[str, ...] = ()
    memory: str = ""
    formats: tuple[str, ...] = DEFAULT
    fail_on: FailOn = "critical"
    min_pass_rate: Fraction | None = None
    baseline: Path | None = None
    history: Path | None = None
    key_file: Path | None = None
    state: bool = False
    since: Path | None = None
    full: bool = False
    verify_since: float | None = None
    different: bool = False
    allow_skipped: bool = False
    examples: int = 20
    rows: int = 0
    jobs: int = 2
    gentle: bool = False
    lint: bool = True
    profile: bool = True
    plan_fixes: bool = False
    sample: float | None = None
    exact: bool = False
    allow: Path | None = None
    ddl: tuple[Path, ...] = ()
    fail_on_schema: FailOn = "never"
    fail_on_anomaly: FailOn = "never"
    timeout: float | None = None
    unmask: bool = False
    settings: tuple[Setting, ...] = ()
    data_docs: tuple[str, ...] = ()
    on_progress: ProgressCallback = ignore_progress
    start_progress: StartProgress = start_ignored
    on_note: NoteCallback = ignore_note
    on_warning: NoteCallback = ignore_note

    @property
    def needs_violations(self) -> bool:
        """Whether the file of all keys is asked for, or keys are compared with other ones."""
        return (
            "violations" in self.formats
            or self.baseline is not None
            or self.history is not None
            or any(it.keys for it in self.suppressions)
        )
