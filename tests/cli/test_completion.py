"""Words that a shell completes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from order_audit.audit.cli.app import _command_line
from tests.cli.support import ENVIRONMENT, in_process

VARIABLE = "_ORDER_AUDIT_COMPLETE"


@pytest.mark.parametrize(
    ("words", "place", "completed"),
    [
        ("order-audit ru", 1, ["run", "rules"]),
        ("order-audit fixes r", 2, ["revert"]),
        ("order-audit run --fail-on", 2, ["--fail-on", "--fail-on-schema", "--fail-on-anomaly"]),
        ("order-audit run --fail-on ", 3, ["critical", "warning", "info", "never"]),
        ("order-audit config --en", 2, ["--env"]),
    ],
)
def test_commands_options_and_their_values(words: str, place: int, completed: list[str]) -> None:
    """Of all commands, although a command builds no other one."""
    in_process("version")  # builds one command
    _command_line.cache_clear()
    done = in_process(env={VARIABLE: "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)})
    _command_line.cache_clear()
    assert (done.stdout.split(), done.stderr, done.returncode) == (completed, "", 0)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_documented_shells_have_a_script(shell: str) -> None:
    docs = Path(__file__).parents[2] / "docs" / "commands.md"
    assert f"{VARIABLE}=source_{shell} order-audit" in docs.read_text(encoding="utf-8")
    _command_line.cache_clear()
    done = in_process(env={VARIABLE: f"source_{shell}"})
    _command_line.cache_clear()
    assert (done.stderr, done.returncode) == ("", 0)
    assert f"{VARIABLE}=complete_{shell}" in done.stdout


def test_bash_completes(tmp_path: Path) -> None:
    """By the documented line, as bash calls the function that it defines."""
    (tmp_path / "order-audit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m order_audit "$@"\n')
    (tmp_path / "order-audit").chmod(0o755)
    code = f"""eval "$({VARIABLE}=source_bash order-audit)"
      complete -p order-audit
      COMP_WORDS=(order-audit mig) COMP_CWORD=1
      _order_audit_completion order-audit mig order-audit
      echo "${{COMPREPLY[@]}}" """
    done = subprocess.run(
        ["bash", "--norc", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT | {"PATH": f"{tmp_path}:{ENVIRONMENT['PATH']}"},
    )
    assert done.stdout.splitlines() == ["complete -o default -F _order_audit_completion order-audit", "migrate"]
