"""A real hot standby: reading commands work, writing ones are refused in one line with the remedy."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options, run
from order_audit.audit.schema import probes
from order_audit.errors import RunError
from order_audit.reports.document import Document
from tests.support import program


def order_audit(dsn: str, *words: str) -> program.Done:
    quiet = [] if words in (("fixes", "status"), ("lint",)) else ["--quiet"]
    return program.order_audit(*words, *quiet, DATABASE_URL=dsn)


def test_fixes_are_refused_there_and_what_reads_works(
    standby: tuple[str, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, second = standby
    dsn = second.dsn(str(psycopg.conninfo.conninfo_to_dict(primary)["dbname"]))
    out = tmp_path / "out"
    refused = {
        ("fixes", "apply"): "this server is a standby: give the DSN of the primary",
        ("fixes", "apply", "--rehearse"): "this server is a standby: give the DSN of the primary",
        ("fixes", "revert"): "this server is a standby: give the DSN of the primary",
        ("fixes", "plan", "--out", str(out)): "a standby cannot create the temporary tables of a plan:"
        " use the DSN of the primary",
        ("fixes", "emit", "--out", str(out)): "a standby cannot create the temporary tables of a plan:"
        " use the DSN of the primary",
    }
    # with nothing applied, and with something
    for _ in range(2):
        for words, said in refused.items():
            done = order_audit(dsn, *words)
            assert (done.returncode, done.stdout, done.stderr) == (3, "", f"order-audit: {said}\n"), words
        assert not out.exists()
        assert order_audit(primary, "fixes", "apply", "--no-guards").returncode == 0
        caught_up(primary, dsn)
    status = order_audit(dsn, "fixes", "status")
    assert (status.returncode, status.stderr) == (0, "")
    assert status.stdout == order_audit(primary, "fixes", "status").stdout
    lint, there = order_audit(dsn, "lint"), order_audit(primary, "lint")
    assert (lint.returncode, lint.stdout, lint.stderr) == (there.returncode, there.stdout, there.stderr)
    assert "schema.money_is_exact" in lint.stdout
    run = order_audit(dsn, "run", "--out", str(tmp_path / "run"))
    assert (run.returncode, run.stderr) == (1, "")
    document = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert document["summary"]["passed"] == 38
    assert document["fixes"]["proof"] is not None
    conflicts(primary, dsn, tmp_path, monkeypatch)


def conflicts(primary: str, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that the standby ends is read again once; after the second one, the settings that help are named."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("alter system set max_standby_streaming_delay = '50ms'")
        connection.execute("select pg_reload_conf()")

    def remove_rows() -> None:
        with psycopg.connect(primary, autocommit=True) as connection:
            connection.execute("update customers set customer_balance = customer_balance")
            connection.execute("vacuum customers")
        caught_up(primary, dsn)

    def audit(times: int) -> Document:
        """Audit, while rows that the first snapshots need are removed."""
        left = [None] * times

        def on_progress(done: int, _total: int, _note: str) -> None:
            if done == 0 and left:
                left.pop()
                remove_rows()

        options = Options(lint=False, profile=False, on_progress=on_progress)
        return run(dsn, tmp_path / f"ended {times} times", options)

    undisturbed, once = audit(0), audit(1)
    assert once.summary == undisturbed.summary
    assert undisturbed.run.notes == ()
    (note,) = once.run.notes
    assert note.startswith("the standby ended the first snapshot (")
    assert note.endswith("); all results are of a second one")
    with pytest.raises(RunError) as twice:
        audit(2)
    assert str(twice.value).startswith("the standby ended two snapshots, one after the other: ")
    assert str(twice.value).endswith(
        "; set hot_standby_feedback = on there, or a longer max_standby_streaming_delay, or use the DSN of the primary"
    )
    assert not (tmp_path / "ended 2 times" / "results.json").exists()
    look, removing = probes.look, iter([remove_rows])

    def look_later(connection: psycopg.Connection, batch: list[list[probes.Probe]], stop: Callable[[], bool]) -> None:
        for remove in removing:
            remove()
        look(connection, batch, stop)

    monkeypatch.setattr(probes, "look", look_later)
    lint = order_audit(dsn, "lint", "--json")
    (note,) = json.loads(lint.stdout)["notes"]
    assert note.startswith("the standby ended the first snapshot (")
    assert lint.stderr == ""


def caught_up(primary: str, standby: str) -> None:
    """Wait until the standby has what the primary has written."""
    with psycopg.connect(primary) as one, psycopg.connect(standby, autocommit=True) as other:
        written = one.execute("select pg_current_wal_insert_lsn()::text").fetchone()
        assert written is not None
        for _ in range(600):
            row = other.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", [written[0]]).fetchone()
            if row == (True,):
                return
            time.sleep(0.1)
    pytest.fail("the standby did not catch up")
