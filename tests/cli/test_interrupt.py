"""Ctrl-C and worse: what had finished is kept, what had not is not counted, and no server is left working."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import psycopg
import pytest
from psycopg import conninfo

from order_audit.audit.database.server import Server
from tests.support import servers
from tests.support.proxy import proxy
from tests.support.xunit import faults

ROOT: Final = Path(__file__).parents[2]
#: Two rules that end at once, and one that would sleep for longer than any test waits.
RULES: Final = {
    "found": (
        "critical",
        "-- diagram: lineage of order_id\nselect order_id, order_amount from orders where order_amount < 1000000",
    ),
    "nothing_found": ("critical", "select order_id from orders where order_id < 0"),
    "slow": ("critical", "select o.order_id from orders as o, pg_sleep(300) as s"),
}
SLEEPING: Final = "state = 'active' and query like '%pg_sleep(300)%'"


@dataclass
class Running:
    """An audit at work."""

    process: subprocess.Popen[str]
    out: Path
    stderr: Path
    dsn: str

    def backends(self, condition: str = "true") -> int:
        """How many of its sessions the server has."""
        statement = (
            "select count(*) from pg_stat_activity where application_name = 'order-audit' "
            f"and datname = current_database() and ({condition})"
        )
        with psycopg.connect(self.dsn, autocommit=True, application_name="watching") as connection:
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def wait_until(self, condition: str, number: int, seconds: float = 60) -> None:
        """Wait for so many sessions, or more, of which `condition` holds."""
        deadline = time.monotonic() + seconds
        while self.backends(condition) < number:
            assert self.process.poll() is None, self.stderr.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, f"never {number} sessions with {condition}"
            time.sleep(0.05)

    def wait_for_progress(self, line: str, seconds: float = 60) -> None:
        """Wait for a line of progress."""
        deadline = time.monotonic() + seconds
        while line not in self.stderr.read_text(encoding="utf-8"):
            assert self.process.poll() is None, self.stderr.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, f"never '{line}'"
            time.sleep(0.05)

    def stop(self, number: signal.Signals) -> float:
        """Send a signal, wait for the end, and say how long that took."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> float:
        """Wait for the end, and say how long that took."""
        began = time.monotonic()
        self.process.wait(25)
        return time.monotonic() - began

    def gone_within(self, seconds: float) -> bool:
        """Whether the server has none of its sessions any more, in time."""
        deadline = time.monotonic() + seconds
        while self.backends():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


@pytest.fixture(scope="module")
def sample_18(server_18: Server) -> Iterator[str]:
    """The sample data."""
    dsn = servers.new_database(server_18, "sample")
    yield dsn
    servers.drop_database(server_18, dsn)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The rules above."""
    folder = tmp_path / "suite"
    folder.mkdir()
    for name, (severity, sql) in RULES.items():
        text = f"-- title: {name}\n-- severity: {severity}\n-- key: order_id\n{sql}\n"
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def _started(dsn: str, suite: Path, tmp_path: Path) -> Iterator[Running]:
    words = ["run", "--dsn", dsn, "--suite", str(suite), "--out", str(tmp_path / "out")]
    stderr = tmp_path / "stderr"
    with (
        stderr.open("w", encoding="utf-8") as errors,
        (tmp_path / "stdout").open("w", encoding="utf-8") as output,
        subprocess.Popen(
            [sys.executable, "-m", "order_audit", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            text=True,
            env={"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONUTF8": "1"},
            cwd=ROOT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Running(process, tmp_path / "out", stderr, dsn)
        finally:
            process.kill()


def _document(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_audit_keeps_what_had_finished(
    sample_18: str, suite: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """Exit code 130 soon; all files are there and say that they are incomplete; the server is left in peace."""
    with _started(sample_18, suite, tmp_path) as running:
        running.wait_for_progress("judging rules: 2 of 3")
        running.wait_until(SLEEPING, 1)
        running.wait_until("true", 3)
        took = running.stop(number)
        assert running.process.returncode == 130
        assert took < 20
        assert running.gone_within(20)

    out = running.out
    files = ["junit.xml", "report.html", "results.json", "summary.md", "violations.csv"]
    assert sorted(path.name for path in out.iterdir()) == files
    document = _document(out)
    assert document["run"]["complete"] is False
    assert document["summary"]["gate"]["passed"] is False
    assert document["summary"]["gate"]["reasons"][0] == "the audit was interrupted"
    results = {found["rule"]: found for found in document["results"]}
    assert {rule: found["status"] for rule, found in results.items()} == {
        "found": "failed",
        "nothing_found": "passed",
        "slow": "skipped",
    }
    assert results["found"]["violations"] == 10
    assert results["found"]["highlight"] == ["order_amount"]
    assert results["found"]["no_diagram_reason"]["reason"] == "the audit was interrupted before"
    assert results["slow"]["violations"] == 0
    assert "interrupted" in results["slow"]["reason"]
    summary = document["summary"]
    assert {name: summary[name] for name in ("passed", "failed", "errored", "skipped", "pass_rate")} == {
        "passed": 1, "failed": 1, "errored": 0, "skipped": 1, "pass_rate": 50.0,
    }  # fmt: skip

    violations = (out / "violations.csv").read_bytes()
    rows = list(csv.reader(violations.decode().splitlines()))
    assert rows == [["rule", "key"], *(["found", str(key)] for key in range(1001, 1011))]
    assert document["violations"]["sha256"] == hashlib.sha256(violations).hexdigest()

    assert faults((out / "junit.xml").read_text(encoding="utf-8")) == []
    assert ElementTree.parse(out / "junit.xml").getroot()[0].attrib["skipped"] == "1"  # the schema's suite follows
    assert "Interrupted" in (out / "summary.md").read_text(encoding="utf-8")
    assert "interrupted" in (out / "report.html").read_text(encoding="utf-8").lower()
    stdout = (tmp_path / "stdout").read_text(encoding="utf-8")
    assert "interrupted: the result is incomplete" in stdout
    stderr = (tmp_path / "stderr").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith(("judging rules: ", "note: ")) for line in stderr[:-1]), stderr
    assert stderr[-1] == "order-audit: interrupted"


def test_a_killed_audit_leaves_no_work_behind(sample_18: str, suite: Path, tmp_path: Path) -> None:
    """SIGKILL: without a cancel request, the server still notices and ends the sessions."""
    with _started(sample_18, suite, tmp_path) as running:
        running.wait_until(SLEEPING, 1)
        running.stop(signal.SIGKILL)
        assert running.process.returncode == -signal.SIGKILL
        assert running.gone_within(20), "the server is still at work"


@contextmanager
def _silent_server() -> Iterator[socket.socket]:
    """Something that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(30)
        yield listening


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "a closed terminal"])
def test_an_audit_that_has_not_begun_leaves_nothing(tmp_path: Path, suite: Path, number: signal.Signals) -> None:
    """While the server has not answered yet: 130, no more than a line, and no file, hidden or not."""
    with _silent_server() as listening:
        host, port = listening.getsockname()
        dsn = conninfo.make_conninfo(
            host=host, port=port, user="x", dbname="x", sslmode="disable", gssencmode="disable"
        )
        with _started(dsn, suite, tmp_path) as running:
            client, _ = listening.accept()
            with client:
                time.sleep(0.2)
                took = running.stop(number)
    assert running.process.returncode == 130
    assert took < 20
    assert running.stderr.read_text(encoding="utf-8") in ("", "order-audit: interrupted\n")
    assert not running.out.exists() or list(running.out.iterdir()) == []


@pytest.mark.parametrize("signals", [1, 2], ids=["in order", "at once"])
def test_signals_end_it_in_a_silent_network(sample_18: str, suite: Path, tmp_path: Path, signals: int) -> None:
    """The first ends it soon, whatever it waits for, and the second at once; no hidden file is left."""
    with proxy(sample_18) as network, _started(network.dsn, suite, tmp_path) as running:
        running.dsn = sample_18
        running.wait_until(SLEEPING, 1)
        network.fall_silent()
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        took = running.stop(signal.SIGHUP) if signals == 2 else running.wait()
        assert running.process.returncode == 130, (took, running.stderr.read_text(encoding="utf-8"))
        assert took < (5 if signals == 2 else 20)
    assert running.gone_within(20)
    if running.out.exists() and signals == 1:
        assert not [path.name for path in running.out.iterdir() if path.name.startswith(".")]


def test_an_audit_is_interrupted_while_it_judges_the_schema(sample_18: str, tmp_path: Path) -> None:
    """Lint asks nothing more, however many rules it has left, and none counts as judged."""
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "found.sql").write_text(
        "-- title: found\n-- severity: info\n-- key: order_id\nselect order_id from orders\n"
    )
    with (
        psycopg.connect(sample_18) as holding,
        _started(sample_18, folder, tmp_path) as running,
    ):
        holding.execute("lock table pg_catalog.pg_sequence in access exclusive mode")
        running.wait_for_progress("judging rules: 1 of 1")
        running.wait_until("wait_event_type = 'Lock'", 1)
        running.stop(signal.SIGINT)
        assert running.process.returncode == 130
    document = _document(running.out)
    assert document["run"]["complete"] is False
    assert [found["status"] for found in document["results"]] == ["failed"]
    assert document["schema_findings"] == []
    assert {(rule["status"], rule["reason"]) for rule in document["schema_rules"]} == {
        ("errored", "interrupted before it was judged")
    }
