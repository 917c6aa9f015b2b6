"""The files of the project that other programs read: action, templates, hook, image."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from order_audit.audit.formats import FORMATS
from tests.cli.support import ROOT
from tests.support.validators import validate

CI = ROOT / "docs" / "ci"
METRICS = ROOT / "reports" / "metrics.py"


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("github-actions", ROOT / "action.yml"),
        ("github-workflows", CI / "github.yml"),
        ("gitlab-ci", CI / "gitlab.yml"),
        ("azure-pipelines", CI / "azure-pipelines.yml"),
        ("compose-spec", ROOT / "docker-compose.yml"),
    ],
)
def test_files_are_valid_by_the_schema_of_their_reader(schema: str, file: Path) -> None:
    validate("check-jsonschema", "--builtin-schema", f"vendor.{schema}", file)


def test_linters_of_actions_and_images_find_nothing(tmp_path: Path) -> None:
    """And something where a step lacks its shell."""
    for file in (ROOT / "action.yml", CI / "github.yml"):
        validate("action-validator", file)
    (tmp_path / "action.yml").write_text((ROOT / "action.yml").read_text().replace("      shell: bash\n", ""))
    assert "shell" in validate("action-validator", tmp_path / "action.yml", code=1)
    assert validate("hadolint", ROOT / "Dockerfile") == ""


def test_the_hook_is_a_command() -> None:
    """With the keys that pre-commit needs."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["entry"] == "order-audit check"


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_step_of_the_action_passes_inputs_on(tmp_path: Path, code: int) -> None:
    """As words, whatever is in them; the exit code is that of the audit, and an output."""
    program = tmp_path / "order-audit"
    program.write_text(f'#!/bin/sh\nfor word; do echo "[$word]"; done\necho "<$DATABASE_URL>"\nexit {code}\n')
    if code != 3:
        (tmp_path / "a b").mkdir()
        (tmp_path / "a b" / "findings.sarif").touch()
    program.chmod(0o755)
    output = tmp_path / "output"
    done = subprocess.run(
        ["bash", CI / "github-step.sh"],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "DSN": "postgresql://db/shop",
            "SUITE": "rules\n$(touch hacked)\n",
            "OUT": "a b",
            "ARGS": "--fail-on=warning\n--ddl=my migrations",
            "GITHUB_OUTPUT": str(output),
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == code, done.stderr
    words = ["run", "--format", "auto", "--out", "a b", "--suite", "rules", "--suite", "$(touch hacked)"]
    words += ["--fail-on=warning", "--ddl=my migrations"]
    assert done.stdout.splitlines() == [*(f"[{it}]" for it in words), "<postgresql://db/shop>"]
    assert not (tmp_path / "hacked").exists()
    assert output.read_text().splitlines() == [
        "out=a b",
        f"exit-code={code}",
        *["sarif=a b/findings.sarif"] * (code != 3),
    ]


def test_templates_ask_for_what_there_is() -> None:
    """Files that they publish are written by formats of the CI system."""
    text = "".join(it.read_text() for it in [*CI.iterdir(), ROOT / "action.yml"])
    for name in ("gitlab", "sarif"):
        assert getattr(FORMATS[name], "file", "") in text
    for it in CI.iterdir():
        if it.suffix != ".sh":  # the default is the included suite, which is about the scenario
            assert re.search(r"suite[ =:]+rules", it.read_text()), it.name


def test_the_alerting_rules_ring_when_they_should() -> None:
    """By promtool's unit tests, beside the rules."""
    folder = ROOT / "docs" / "monitoring"
    assert "5 rules found" in validate("promtool", "check", "rules", folder / "alerts.yml")
    assert "SUCCESS" in validate("promtool", "test", "rules", folder / "alerts.test.yml")
    names = set(re.findall(r"order_audit_\w+", (folder / "alerts.yml").read_text()))
    assert names <= {f"order_audit_{name}" for name in re.findall(r'(?:one|many)\(\s*"(\w+)"', METRICS.read_text())}
