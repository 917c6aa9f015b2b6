"""Messages on wrong use and on servers that are not there: one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

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
