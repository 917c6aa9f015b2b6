"""What a run prints for the CI system that it runs in, and what of its values is no command there."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from order_audit.audit.cli.output import CleanStream
from order_audit.audit.database.server import Server
from tests.cli.support import in_process
from tests.support import servers

VALUE = "a\n::error::b\n  ::stop-commands::c\nx::text ##[error]d ##VSO[task.complete]e\n"


@pytest.mark.parametrize("system", ["GITHUB_ACTIONS", "TF_BUILD"])
def test_no_printed_value_is_a_command(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """While such a system runs the program; else the text stays as it is."""

    def printed() -> str:
        raw = io.StringIO()
        print(VALUE, end="", file=CleanStream(raw))
        return raw.getvalue()

    for name in ("GITHUB_ACTIONS", "TF_BUILD"):
        monkeypatch.delenv(name, raising=False)
    assert printed() == VALUE
    monkeypatch.setenv(system, "true")
    assert printed() == "a\n: :error::b\n  : :stop-commands::c\nx::text # #[error]d # #VSO[task.complete]e\n"


def test_a_run_speaks_to_its_system(server_18: Server, tmp_path: Path) -> None:
    """Annotations behind the verdict; the summary goes behind what is there, or a note says why not."""
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n")
    words = ("--suite", "current", "--rule", "orders.*", "--no-lint", "--no-profile", "--format")
    with servers.database(server_18, "issues") as dsn:
        github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
        first = in_process("run", *words, "auto", "--out", str(tmp_path / "a"), "--dsn", dsn, env=github)
        github["GITHUB_STEP_SUMMARY"] = str(tmp_path)
        second = in_process("run", *words, "github", "--out", str(tmp_path / "b"), "--dsn", dsn, env=github)
        azure = {"TF_BUILD": "True"}
        third = in_process("run", *words, "auto", "--out", str(tmp_path / "c"), "--dsn", dsn, env=azure)
    assert [it.returncode for it in (first, second, third)] == [1, 1, 1]
    text = summary.read_text()
    assert text.startswith("# Before\n# Audit of ")
    assert text.endswith((tmp_path / "a" / "summary.md").read_text())
    commands = [line for line in first.stdout.splitlines() if line.startswith("::")]
    assert commands[0].startswith("::error title=orders.delivery_args_hold_no_secret::Plaintext secret in")
    assert first.stdout.splitlines()[-len(commands) :] == commands
    assert (tmp_path / "a" / "findings.sarif").exists()
    assert f"the summary of the step was not written: {tmp_path}: Is a directory" in second.stderr
    assert [line for line in second.stdout.splitlines() if line.startswith("::")] == commands
    assert not (tmp_path / "b" / "findings.sarif").exists()
    last = third.stdout.splitlines()[-1]
    assert last == f"##vso[task.uploadsummary]{tmp_path / 'c' / 'summary.md'}"
