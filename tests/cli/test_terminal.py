"""What commands print on a terminal of 80 and of 100 columns: no line is broken by the terminal, and a run fits one."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from order_audit.audit.database.server import Server
from order_audit.reports.formatting import MARKS
from order_audit.reports.terminal import layout
from tests.cli.support import ENVIRONMENT, ROOT, in_process
from tests.cli.test_output import all_of
from tests.support import servers

_HEIGHT: Final = 24


@pytest.fixture(scope="module")
def issues(server_18: Server) -> Iterator[str]:
    """The labelled issues; the DSN is in the environment of each command."""
    dsn = servers.new_database(server_18, "issues")
    yield dsn
    servers.drop_database(server_18, dsn)


def shown(columns: int, dsn: str, *words: str) -> list[str]:
    """The lines that a command prints where the environment has these columns and 24 lines."""
    size = {"COLUMNS": str(columns), "LINES": str(_HEIGHT)}
    done = in_process(*words, env={"DATABASE_URL": dsn} | size)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.rstrip("\n").split("\n")


def sent(columns: int, dsn: str, *words: str) -> list[str]:
    """The lines that a command sends to a terminal of this width and of 24 lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _HEIGHT, columns, 0, 0))
    environment = ENVIRONMENT | {"TERM": "xterm", "DATABASE_URL": dsn}
    with (
        subprocess.Popen(
            [sys.executable, "-m", "order_audit", *words], stdout=theirs, stderr=subprocess.DEVNULL,
            env=environment, cwd=ROOT,
        ) as process,
        ThreadPoolExecutor(1) as reader,
    ):  # fmt: skip
        os.close(theirs)
        found = reader.submit(all_of, ours)
        assert process.wait(120) in (0, 1)
        return found.result(60).replace("\r\n", "\n").rstrip("\n").split("\n")


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("command", ["run", "lint", "rules", "rules --suite proposed", "fixes plan", "rules ID"])
def test_no_line_is_broken_by_the_terminal(issues: str, tmp_path: Path, columns: int, command: str) -> None:
    """Nor is anything lost from an id; a run fits the screen."""
    out = str(tmp_path / "out")
    words = ["rules", "orders.customer_exists"] if command == "rules ID" else command.split()
    words += ["--out", out] if command == "run" else []
    # one of them on a real terminal, which takes a process
    lines = (sent if (command, columns) == ("run", 80) else shown)(columns, issues, *words)
    assert [line for line in lines if len(line) > columns and not line.startswith(("report: ", "next: "))] == []
    assert not any(line.endswith(tuple(f"{mark} " for mark in MARKS.values())) for line in lines)
    if command == "run":
        assert len(lines) < _HEIGHT
        assert sum(line.startswith(f"{MARKS['critical']} ") for line in lines) >= 11
        assert lines[-1] == "next: order-audit fixes plan --out decisions.toml"
    if (command.startswith("rules ") and "ID" not in command) or command == "rules":
        assert all(re.match(r"[a-z]+\.[a-z_]+ ", line) for line in lines if line and line[0] not in MARKS.values())


def test_verbose_lists_all(issues: str, tmp_path: Path) -> None:
    """Findings, options, guards, orders; otherwise they are counted."""
    environment = {"DATABASE_URL": issues}
    words = ["run", "--quiet", "--no-lint", "--no-profile", "--out", str(tmp_path)]
    few, all_ = (in_process(*words, *more, env=environment).stdout for more in ([], ["--verbose"]))
    assert re.search(r"and \d+ more findings: .*5 info; --verbose lists all", few)
    assert len(re.findall(r"^[◆▲○] \w+\.", all_, re.MULTILINE)) == 42
    assert "gate failed: 14 critical expectations failed\n" in few
    assert "gate failed: 14 critical expectations failed: customers.balance_is_finite (3), " in all_
    plans = [in_process("fixes", "plan", *more, env=environment).stdout for more in ([], ["--verbose"])]
    for part in ("order of the fixes:", "is_covered_by_balance: rejects 3 rows now", "leave (or keep_group*, reroot)"):
        assert [part in text for text in plans] == [False, True]
    rule = [in_process("rules", "lineage.keeps_customer", *more).stdout for more in ([], ["--verbose"])]
    assert "order     runs after 3 others (--verbose lists them)\n" in rule[0]
    assert rule[1].count("\nafter     ") == 3


def test_columns_that_do_not_add_up_are_marked(issues: str) -> None:
    """And those that do are not."""
    plan = in_process("fixes", "plan", env={"DATABASE_URL": issues}).stdout
    rows = re.findall(r"^[◆▲○] \S+ +([\d,]+) +([\d–]+) +(\d+) +\d+ +(\d+)(\*?)$", plan, re.MULTILINE)
    assert len(rows) == 42
    for now, auto, chosen, after, mark in rows:
        assert (int(now) - int(auto.replace("–", "0")) - int(chosen) != int(after)) is bool(mark)
    assert any(mark for *_, mark in rows)
    assert "* now − auto − chosen is not the number after: other fixes change these violations too" in plan


def test_next_commands_work(issues: str, tmp_path: Path) -> None:
    """From a run to the rehearsal, each as it was printed."""
    environment = {"DATABASE_URL": issues}
    words = ["order-audit", "run", "--quiet", "--no-lint", "--no-profile", "--out", "out"]
    seen = []
    while words[1:3] not in seen:
        seen.append(words[1:3])
        done = in_process(*words[1:], env=environment, cwd=tmp_path)
        assert done.returncode in (0, 1), done.stderr
        if "--rehearse" in words:
            break
        words = re.search(r"^next: .*?(order-audit .*)$", done.stdout, re.MULTILINE)[1].split()  # type: ignore[index]
        seen = seen if words[1:3] != ["fixes", "plan"] else [it for it in seen if it != words[1:3]]
    assert seen == [["run", "--quiet"], ["fixes", "plan"], ["fixes", "apply"]]
    done = in_process("lint", env=environment)
    command = re.search(r"^next: .*; then (order-audit .*)$", done.stdout, re.MULTILINE)
    assert command
    assert in_process(*command[1].split()[1:], env=environment).returncode == 1


@pytest.mark.parametrize(
    ("dsn", "said"),
    [(" application_name=a", "--dsn 'host="), (" password=hunter2-Zx81", " (with your --dsn)")],
    ids=["without", "with"],
)
def test_next_command_repeats_no_password(issues: str, dsn: str, said: str) -> None:
    """A DSN without one is repeated, so that the command can be copied."""
    last = in_process("lint", "--dsn", issues + dsn).stdout.splitlines()[-1]
    assert said in last
    assert "hunter2" not in last


def test_a_table_without_room_has_ids_on_their_own_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last text is cut, and nothing else; a statement is broken outside of quotes only."""
    rows = [("an.identifier_of_some_length", "1,000,000", "of 2,000,000", "A title of many words")]
    monkeypatch.setenv("COLUMNS", "60")
    assert layout.table(rows, left=(0, 2, -1)) == [
        "an.identifier_of_some_length",
        "    1,000,000  of 2,000,000  A title of many words",
    ]
    monkeypatch.setenv("COLUMNS", "75")
    assert layout.table(rows, left=(0, 2, -1)) == [
        "an.identifier_of_some_length  1,000,000  of 2,000,000  A title of many wor…"
    ]
    text = "select 'a literal   of several words', \"a name\" from some_table where another_column = 'x' and y = 1"
    lines = layout.statement(text, "  ")
    assert all(len(line) <= 75 for line in lines)
    assert len(lines) == 2
    assert "'a literal   of several words', \"a name\"" in lines[0]
    assert " ".join(map(str.strip, lines)) == text


def test_output_into_a_file_is_not_cut(issues: str) -> None:
    """Whoever searches it finds whole titles."""
    assert "…" not in in_process("rules", "--suite", "proposed").stdout
    assert "…" not in in_process("fixes", "plan", env={"DATABASE_URL": issues}).stdout


def test_a_failed_run_marks_the_files_of_an_earlier_one(issues: str, tmp_path: Path) -> None:
    """In the message and in the folder, until a run succeeds; a new folder needs no mark."""
    words = ["run", "--dsn", issues, "--quiet", "--no-lint", "--no-profile", "--out", str(tmp_path / "out")]
    wrong = [*words, "--suite", str(tmp_path / "nothing")]
    first = in_process(*wrong)
    assert first.returncode == 2
    assert "earlier run" not in first.stderr
    assert not (tmp_path / "out").exists()
    in_process(*words)
    before = (tmp_path / "out" / "results.json").read_bytes()
    failed = in_process(*wrong)
    assert failed.stderr == first.stderr.rstrip("\n") + f"; the files in {tmp_path / 'out'} are of an earlier run\n"
    mark = (tmp_path / "out" / "FAILED.txt").read_text(encoding="utf-8")
    assert "The other files here are of an earlier run." in mark
    assert first.stderr.removeprefix("order-audit: ").strip() in mark
    assert (tmp_path / "out" / "results.json").read_bytes() == before, "it may be a baseline"
    in_process(*words)
    assert not (tmp_path / "out" / "FAILED.txt").exists()


def test_version_and_slips() -> None:
    """`--version` is what `version` prints; a suggestion reads well; a rule's list is that of its suite."""
    assert in_process("--version").stdout == in_process("version").stdout
    for words, said in {
        ("rnu",): "No such command 'rnu' (did you mean 'run'?); see 'order-audit --help'",
        ("rules", "ledger.ads_up", "--suite", "proposed"): (
            "no rule 'ledger.ads_up' in the suite proposed (did you mean ledger.adds_up?); 'order-audit rules"
            " --suite proposed' lists all"
        ),
        ("rules", "ledger.*", "--suite", "proposed"): (
            "'ledger.*' is a pattern, which only 'run' and 'lint' take: name one rule"
        ),
        ("rules", "schema.zzz"): "no rule 'schema.zzz'; 'order-audit rules --lint' lists all",
    }.items():
        done = in_process(*words)
        assert (done.returncode, done.stderr) == (2, f"order-audit: {said}\n")
