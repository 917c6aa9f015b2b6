"""What commands print: to a pipe, on a terminal and where letters are few; what they say of tables and rules."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.database.server import Server
from tests.cli.support import ENVIRONMENT, RULE, Place, in_process, order_audit
from tests.rules import CHECKABLE
from tests.support import servers

ROOT: Final = Path(__file__).parents[2]


def test_a_table_that_is_not_there_fails_the_gate(place: Place, databases: dict[str, str]) -> None:
    """Unless it is said that it may."""
    mine = place.folder / "typo"
    mine.mkdir()
    (mine / "good.sql").write_text(RULE + "where false\n")
    (mine / "typo.sql").write_text(RULE.replace("from orders", "from ordres"))
    words = ["run", "--dsn", databases["sample"], "--suite", str(mine), "--quiet", "--no-lint", "--no-profile"]
    done = in_process(*words, "--out", str(place.out()))
    assert done.returncode == 1, done.stderr
    assert "gate failed: 1 expectation was skipped (--allow-skipped allows this): typo (no table ordres)" in done.stdout
    done = in_process(*words, "--out", str(place.out()), "--allow-skipped")
    assert (done.returncode, done.stderr) == (0, "")
    assert "? skipped  typo: no table ordres" in done.stdout


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("critical", 1)])
def test_an_errored_schema_rule_fails_every_lint_that_may_fail(
    server_18: Server, guarded: str, fail_on: str, code: int
) -> None:
    """Its violations are unknown; `run` does the same, and the summary counts it."""
    assert guarded
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("revoke select on pg_trigger from public")
    words = ["--rule", "schema.trigger_*", "--fail-on", fail_on]
    done = in_process("lint", "--dsn", f"{dsn} user=oa_stranger", *words)
    servers.drop_database(server_18, dsn)
    assert done.returncode == code
    assert "? errored  schema.trigger_is_enabled: permission denied for table pg_trigger" in done.stdout
    assert re.search(r"0 critical, 0 warning, 0 info, 0 accepted, \d+ errored$", done.stdout.rstrip())


def test_rules_are_listed_and_explained() -> None:
    """The catalogue, a line per rule, and one of them in full."""
    rules = expectations.load("current").rules
    listed = in_process("rules")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [rule.id for rule in rules]
    told = in_process("rules", rules[0].id)
    assert (told.returncode, told.stderr) == (0, "")
    assert rules[0].title in told.stdout
    assert rules[0].sql in told.stdout
    assert " ".join(rules[0].why.split()) in " ".join(told.stdout.split())


def test_output_into_a_closed_pipe_is_no_error() -> None:
    """`order-audit rules | head -1`."""
    words = [sys.executable, "-m", "order_audit", "rules"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, env=ENVIRONMENT, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def test_output_where_letters_are_few() -> None:
    """A terminal of another encoding costs the marks, and not the result."""
    done = order_audit("rules", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "lineage.is_acyclic" in done.stdout


def on_terminal(*words: str) -> tuple[str, str]:
    """Run the program with stderr on a terminal; gives stdout and what the terminal was sent."""
    ours, theirs = pty.openpty()
    words = (sys.executable, "-m", "order_audit", *words)
    with (
        subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=theirs, env=ENVIRONMENT | {"TERM": "xterm"}, cwd=ROOT
        ) as process,
        ThreadPoolExecutor(1) as reader,
    ):
        os.close(theirs)
        sent = reader.submit(all_of, ours)
        assert process.stdout is not None
        said = process.stdout.read().decode()
        assert process.wait(60) in (0, 1)
        return said, sent.result(60)


def all_of(terminal: int) -> str:
    """Everything that is sent to a terminal."""
    parts = []
    with contextlib.suppress(OSError), open(terminal, "rb", buffering=0) as stream:
        while part := stream.read(4096):
            parts.append(part)
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["lint"], {"checking the schema": "3/3"}),
        (["profile"], {"profiling tables": "3/3"}),
        (
            ["run"],
            {
                "judging rules": f"{len(CHECKABLE)}/{len(CHECKABLE)}",
                "checking the schema": "3/3",
                "profiling tables": "2/2",
            },
        ),
        (
            ["fixes", "apply", "--accept-recommended"],
            {"changing rows": "48/48", "installing guards": "37/37", "reverting": "48/48"},
        ),
    ],
    ids=["lint", "profile", "run", "apply"],
)
def test_progress_is_a_bar_on_a_terminal(
    server_18: Server, tmp_path: Path, words: list[str], shown: dict[str, str]
) -> None:
    """For each piece of work; a table's name cannot write to the terminal, or look like markup of the bar's own."""
    dsn = servers.new_database(server_18, "issues" if "fixes" in words else "sample")
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute('create table "[/bold][red]\x1b[31mz" (id int primary key)')
        out = ["--out", str(tmp_path)] if words == ["run"] else []
        said, sent = on_terminal(*words, *out, "--dsn", dsn)
        if "fixes" in words:
            sent += on_terminal("fixes", "revert", "--dsn", dsn)[1]
    finally:
        servers.drop_database(server_18, dsn)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sent)
    for what, done in shown.items():
        assert re.search(rf"{what} +[^\n\r]* {done} ", plain), plain[-500:]
        assert what not in said
    assert "\x1b[31mz" not in sent


@pytest.mark.parametrize("command", ["lint", "profile"])
def test_no_progress_where_there_is_no_terminal(databases: dict[str, str], command: str) -> None:
    """The findings and figures are all there is."""
    done = in_process(command, "--dsn", databases["sample"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_a_profile_fits_the_terminal(databases: dict[str, str]) -> None:
    """COLUMNS says how wide it is."""
    for columns in ("80", "120"):
        done = in_process("profile", "--dsn", databases["issues"], env={"COLUMNS": columns})
        assert 60 < max(map(len, done.stdout.splitlines())) <= int(columns)


def test_scenario_loads_once(server_18: Server) -> None:
    """The second time nothing is touched, whatever is in the tables by then; another schema is another place."""
    dsn = servers.new_database(server_18)
    count_rows = "select (select count(*) from {0}customers), (select count(*) from {0}orders)"
    try:
        first = in_process("scenario", "load", "--issues", "--dsn", dsn)
        assert (first.returncode, first.stderr) == (0, "")
        with psycopg.connect(dsn, autocommit=True) as connection:
            assert connection.execute(count_rows.format("").encode()).fetchone() == (58, 133)
            connection.execute("drop table orders")
            connection.execute("delete from customers where customer_id > 5")
            again = in_process("scenario", "load", "--dsn", dsn)
            assert again.returncode == 2
            assert len(again.stderr.splitlines()) == 1
            assert "customers already exists" in again.stderr
            assert connection.execute("select count(*), to_regclass('orders') from customers").fetchone() == (5, None)
            for words in (["load"], ["generate", "--orders", "3", "--customers", "1", "--quiet"]):
                nowhere = in_process("scenario", *words, "--schema", "elsewhere", "--dsn", dsn)
                assert (nowhere.returncode, nowhere.stdout) == (3, "")
                assert "order-audit: there is no schema 'elsewhere' in database" in nowhere.stderr
                assert nowhere.stderr.endswith(", or the role may not use it: create it first\n")
            connection.execute("create schema elsewhere")
            other = in_process("scenario", "load", "--schema", "elsewhere", "--dsn", dsn)
            assert (other.returncode, other.stderr) == (0, "")
            assert connection.execute(count_rows.format("elsewhere.").encode()).fetchone() == (5, 10)
            assert connection.execute("select count(*) from customers").fetchone() == (5,)
    finally:
        servers.drop_database(server_18, dsn)
