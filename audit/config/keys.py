"""The keys of a configuration file: what each holds, and the options that it stands in for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["text", "texts", "file", "files", "choice", "number", "whole", "flag"]
_SEVERITIES: Final = ("critical", "warning", "info", "never")


@dataclass(frozen=True)
class Key:
    """A key of a section, empty for the top of the file.

    `options` has the parameter of each command that it stands in for. Numbers are from `least` to `most`.
    A variable of the `environment` comes before it.
    """

    section: str
    name: str
    kind: Kind
    meaning: str
    options: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = float("inf")
    environment: str = ""

    @property
    def path(self) -> str:
        """The name with its section: `gate.fail_on`."""
        return f"{self.section}.{self.name}" if self.section else self.name


_FIXES: Final = ("fixes plan", "fixes emit", "fixes apply")


def _all(parameter: str, *commands: str) -> dict[str, str]:
    return dict.fromkeys(commands, parameter)


KEYS: Final = (
    Key("", "suites", "files", "suites: names of shipped ones, or folders and files of rules",
        _all("suite", "run", "rules", "check", "gx export", *_FIXES, "fixes new")),
    Key("", "schema", "texts", "the schema of the tables, or a list, in the order of the search path",
        _all("schema", "init", "run", "check", "lint", "profile", "gx export", *_FIXES, "fixes new", "fixes status",
             "fixes revert")),
    Key("", "fixes", "file", "folder of fix files for your own suites",
        _all("folder", "run", "rules", "check", *_FIXES, "fixes new")),
    Key("", "guards", "file", "folder of guard files for your own suites",
        _all("guard_folder", "run", "rules", "check", *_FIXES)),
    Key("connection", "service", "text", "a service of the file pg_service.conf"),
    Key("connection", "dsn_env", "text", "the environment variable that holds the DSN"),
    Key("output", "out", "file", "folder for the files of a run", _all("out", "run")),
    Key("output", "format", "texts", "formats to write", _all("formats", "run")),
    Key("output", "history", "file", "file of the history, to which each run adds its figures and violating keys",
        _all("history", "run", "trend", "history report")),
    Key("output", "state", "flag", "keep what a later audit since this one needs", _all("state", "run")),
    Key("output", "key_file", "file", "file of the secret key for digests of personal keys; created if it is missing",
        _all("key_file", "run"), environment="ORDER_AUDIT_KEY_FILE"),
    Key("output", "examples", "whole", "evidence rows per rule", _all("examples", "run"), most=10_000),
    Key("output", "rows", "whole", "violating rows per rule in CSV files", _all("rows", "run"), most=10_000_000),
    Key("gate", "fail_on", "choice", "the severity from which on violations fail the gate", _all("fail_on", "run"),
        _SEVERITIES),
    Key("gate", "fail_on_schema", "choice", "the severity from which on schema findings fail the gate",
        {"run": "fail_on_schema", "lint": "fail_on"}, _SEVERITIES),
    Key("gate", "fail_on_anomaly", "choice", "the severity from which on unusual figures fail the gate",
        _all("fail_on_anomaly", "run"), _SEVERITIES),
    Key("gate", "min_pass_rate", "number", "percentage of expectations that must pass", _all("min_pass_rate", "run"),
        most=100),
    Key("gate", "baseline", "file", "an earlier results.json next to its violations.csv", _all("baseline", "run")),
    Key("gate", "allow", "file", "file of accepted schema findings", _all("allow", "run", "lint")),
    Key("run", "ddl", "files", "files or folders of DDL, in which schema findings are located", _all("ddl", "run")),
    Key("gate", "allow_skipped", "flag", "rules whose table is missing do not fail the gate",
        _all("allow_skipped", "run")),
    Key("run", "exclude", "texts", "rules to leave out", _all("exclude", "run", "gx export")),
    Key("run", "tags", "texts", "only rules with one of these tags", _all("tag", "run")),
    Key("run", "jobs", "whole", "number of connections", _all("jobs", "run"), least=1, most=32),
    Key("run", "statement_timeout", "number", "timeout of each statement, in seconds",
        _all("statement_timeout", "init", "run", "lint", "profile"), least=0.001, most=2_147_483),
    Key("run", "trust_suite", "flag",
        "your own suites, fixes and guards may call functions that reach outside of the database (security.md)"),
)  # fmt: skip
#: Sections whose keys are the user's own.
OPEN: Final = {
    "variables": "values of the rules' variables, by name",
    "severity": 'severities by the ids of rules, or by patterns: `"shipping.*" = "info"`; the last that matches counts',
    "tolerate": 'violations that still pass, likewise: `"shipping.*" = "0.1 %"` or `"20 rows"`',
}
SECTIONS: Final = tuple(dict.fromkeys(key.section for key in KEYS if key.section))
BY_PATH: Final = {key.path: key for key in KEYS}
#: Kinds of values in words.
WORDS: Final[dict[Kind, str]] = {
    "text": "a text",
    "texts": "a text or a list of texts",
    "file": "a path",
    "files": "a path or a name, or a list of them",
    "choice": "one",
    "number": "a number",
    "whole": "a whole number",
    "flag": "true or false",
}
#: The section of environments: `[env.ci]` has the same keys and sections.
ENVIRONMENTS: Final = "env"
