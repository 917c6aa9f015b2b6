"""Standard output or error that cannot be written: the work is done, and the exit code says what was lost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, TextIO
from unittest import mock

import pytest

from order_audit.audit.cli.app import main
from tests.cli.support import RULE, Place
from tests.support import program

#: Refuses everything that is written.
FULL: Final = Path("/dev/full")


def ended(*words: str, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Run the program in this process with these streams, None for one that was closed before; gives the exit code."""
    with (
        mock.patch.multiple(sys, argv=["order-audit", *words], stdout=stdout, stderr=stderr),
        program.signals_restored(),
        pytest.raises(SystemExit) as end,
    ):
        main()
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize(("condition", "otherwise"), [("where false", 0), ("", 1)], ids=["passed", "failed"])
def test_an_audit_that_cannot_print_has_written_its_files(
    place: Place, databases: dict[str, str], condition: str, otherwise: int
) -> None:
    """Exit code 4; stderr says what the gate decided."""
    mine = place.folder / f"unprinted-{otherwise}"
    mine.mkdir()
    (mine / "rule.sql").write_text(RULE + condition + "\n")
    out = place.out()
    words = ["run", "--dsn", databases["sample"], "--suite", str(mine), "--quiet", "--no-lint", "--no-profile"]
    errors = mine / "stderr"
    with FULL.open("w") as full, errors.open("w") as stderr:
        assert ended(*words, "--fail-on", "info", "--out", str(out), stdout=full, stderr=stderr) == 4
    assert errors.read_text() == (
        "order-audit: cannot write to stdout: No space left on device; all other work is done; "
        f"the exit code would have been {otherwise}\n"
    )
    assert (out / "results.json").exists()
    with FULL.open("w") as full:
        assert ended(*[word for word in words if word != "--quiet"], "--out", str(place.out()), stderr=full) == 4


@pytest.mark.parametrize("words", [["rules"], ["--help"], ["--version"], ["fixes", "--help"]], ids=" ".join)
@pytest.mark.parametrize("closed", [False, True], ids=["full", "closed"])
def test_what_is_not_printed_is_told_by_the_exit_code(words: list[str], closed: bool, tmp_path: Path) -> None:
    """In every command, the program's own and typer's output alike."""
    errors = tmp_path / "stderr"
    with FULL.open("w") as full, errors.open("w") as stderr:
        assert ended(*words, stdout=None if closed else full, stderr=stderr) == 4
    reason = "Bad file descriptor" if closed else "No space left on device"
    assert errors.read_text().startswith(f"order-audit: cannot write to stdout: {reason}; ")


def test_wrong_use_keeps_its_exit_code_where_nothing_can_be_printed() -> None:
    """A message that is lost does not look like a failed gate."""
    with FULL.open("w") as full:
        assert ended("run", stdout=full, stderr=full) == 2
    assert ended("run") == 2
