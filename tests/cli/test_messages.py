"""Messages on wrong use and on servers that are not there: one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from order_audit.audit.cli.app import app
from tests.support.program import order_audit

WRONG = {
    "choice": (
        ["run", "--out", "{folder}", "--fail-on", "hihg"], 2,
        "Invalid value for '--fail-on': 'hihg' is not one of 'critical', 'warning', 'info', 'never'; see"
        " 'order-audit run --help'",
    ),
    "words": (
        ["lint", "--dsn", "s3cret words"], 2,
        'not a DSN (missing "=" after a word in connection info string): give a URL like'
        " postgresql://user@host/database, or words like 'host=... dbname=...'",
    ),
    "socket": (
        ["lint", "--dsn", "dbname=flights host={folder}/none"], 3,
        "cannot connect to dbname=flights host={folder}/none: no server at socket {folder}/none/.s.PGSQL.5432",
    ),
    "file": (
        ["run", "--out", "{folder}/file", "--dsn", "dbname=x"], 2, "--out: {folder}/file is a file; name a folder",
    ),
    "twice": (
        ["lint", "--dsn", "dbname=a", "--schema", "a", "--dsn=dbname=b"], 2,
        "--dsn is given 2 times and takes one value; see 'order-audit lint --help'",
    ),
    "command": (["rnu"], 2, "No such command 'rnu' (did you mean 'run'?); see 'order-audit --help'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_a_message_says_what_is_wrong(tmp_path: Path, kind: str) -> None:
    words, code, said = WRONG[kind]
    (tmp_path / "file").touch()
    done = order_audit(*(word.replace("{folder}", str(tmp_path)) for word in words))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"order-audit: {said.replace('{folder}', str(tmp_path))}\n"


def test_the_version_is_an_option_too() -> None:
    done = order_audit("--version")
    assert (done.returncode, done.stdout) == (0, order_audit("version").stdout)


def commands(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    """All commands of the program, those of groups too, with the words that call them."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*path, name))
        elif isinstance(command, TyperCommand):
            yield (*path, name), command


def test_every_option_with_one_value_may_be_given_once() -> None:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    tried = []
    for path, command in commands(root):
        for option in command.params:
            if isinstance(option, TyperOption) and not option.is_flag and not option.multiple:
                done = order_audit(*path, option.opts[0], "1", option.opts[0], "1")
                assert (done.returncode, done.stderr) == (
                    2, f"order-audit: {option.opts[0]} is given 2 times and takes one value; see 'order-audit"
                    f" {' '.join(path)} --help'\n",
                )  # fmt: skip
                tried.append((path, option.opts[0]))
    assert {("run",), ("scenario", "generate"), ("fixes", "apply"), ("gx", "export")} <= {path for path, _ in tried}
    assert any(path[0] == "migrate" for path, _ in tried)
