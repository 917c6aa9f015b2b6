"""Emitted projects under Sqitch and under psql alone do what the program does, and twice is as once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from order_audit.audit.database.server import Server
from tests.fixes.emitted import CHOICES, applied_to, emit_project, files_of, rows_of, there
from tests.support.clients import one, psql, sqitch

BY_SQITCH: Final = "recommended"


def test_sqitch_deploys_verifies_reverts_and_deploys_again(server: Server, issues: str, tmp_path: Path) -> None:
    choices, project = CHOICES[BY_SQITCH], tmp_path / "project"
    before, wanted = rows_of(issues), applied_to(server, issues, choices)
    emitted = emit_project(issues, choices, project)
    assert (rows_of(issues), there(issues)) == (before, False)
    assert {name for name in emitted.left_out if not name.startswith("guard.")} == set()
    assert [name for name in emitted.changes if name.startswith("guard.")]
    assert before != wanted
    for words, after in [
        (["deploy", "--verify"], wanted),
        (["revert", "-y"], before),
        (["deploy"], wanted),
        (["verify"], wanted),
    ]:
        done = sqitch(issues, project, *words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        assert "not" not in re.findall(r"\.\. (.*)", done.stdout), done.stdout
        assert rows_of(issues) == after, words
        assert there(issues) == (words[0] != "revert")
    assert one(issues, "select count(*) from sqitch.changes") == len(emitted.changes)
    status = sqitch(issues, project, "status")
    assert "Nothing to deploy (up-to-date)" in status.stdout
    assert status.stderr == ""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.both_versions if name == "option 1" else ())
        for name in CHOICES
        if name != BY_SQITCH
    ],
)
def test_psql_alone_does_the_same_and_twice_is_as_once(server: Server, issues: str, tmp_path: Path, name: str) -> None:
    choices = CHOICES[name]
    before, wanted = rows_of(issues), applied_to(server, issues, choices)
    emitted = emit_project(issues, choices, tmp_path)
    deploy = files_of(tmp_path, "deploy", emitted)
    done = psql(issues, *(file for file in deploy for _ in range(2)))
    assert done.returncode == 0, done.stderr
    assert rows_of(issues) == wanted
    journaled = one(issues, "select count(*) from order_audit.journal")
    assert psql(issues, *deploy, *files_of(tmp_path, "verify", emitted)).returncode == 0
    assert rows_of(issues) == wanted
    assert one(issues, "select count(*) from order_audit.journal") == journaled
    revert = files_of(tmp_path, "revert", emitted)
    done = psql(issues, *(file for file in revert for _ in range(2)), *revert)
    assert done.returncode == 0, done.stderr
    assert (rows_of(issues), there(issues)) == (before, False)


def test_the_rows_that_a_file_names_are_those_that_it_changes(issues: str, tmp_path: Path) -> None:
    emitted = emit_project(issues, CHOICES["option 1"], tmp_path)
    for name in emitted.changes:
        done = psql(issues, tmp_path / "deploy" / f"{name}.sql")
        assert done.returncode == 0, done.stderr
        if name != "journal":
            changed = sum(map(int, re.findall(r"(\d+) rows changed", done.stderr)))
            told = (tmp_path / "deploy" / f"{name}.sql").read_text(encoding="utf-8").split("\nset ")[0]
            assert sum(map(int, re.findall(r"--   (?:sets .* in|deletes) (\d+) row", told))) == changed, name
    assert sum(emitted.rows.values()) > 20
