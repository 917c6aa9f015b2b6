"""Keys of several columns, partitioned tables, tables in another schema: plan, apply, files, revert."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fix_plan_text import plan_text
from order_audit.audit.cli.fixes_text import applied_text
from order_audit.audit.scans.count import count
from order_audit.fixes.apply import ReviewError, apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import revert as revert_rule
from order_audit.fixes.engine.status import conflicts, status
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.planning.decisions import read
from order_audit.fixes.planning.decisions_file import decisions_toml
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.rehearse import rehearse
from order_audit.fixes.revert import revert
from tests.fixes.keyed import POSITIVE, TRIMMED, filled, flights, keyed
from tests.fixes.own import changed
from tests.support.clients import psql

ROOT = Path(__file__).parents[2]
PACE = Throttle()
REMOVED = {POSITIVE: "remove"}

Connection = psycopg.Connection


@pytest.fixture
def connection(dsn: str) -> Iterator[Connection]:
    """A database with the tables, whose schema is not on the search path."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        filled(connection)
        yield connection


@pytest.mark.both_versions
def test_a_plan_tells_what_apply_does_and_a_revert_undoes_it(connection: Connection, tmp_path: Path) -> None:
    rules, fixes = keyed(tmp_path)
    before = flights(connection)
    made = plan(connection, rules, fixes, REMOVED)
    assert [(step.fix.rule.id, step.found, step.automatic, step.changed, step.left) for step in made.steps] == [
        (TRIMMED, 24, 24, 0, 0),
        (POSITIVE, 24, 12, 12, 0),
    ]
    assert flights(connection) == before, "a plan changes nothing"
    rehearsed = rehearse(connection, rules, fixes, REMOVED, PACE)
    assert rehearsed.after == {TRIMMED: 0, POSITIVE: 0}
    done = apply(connection, rules, fixes, REMOVED, None, PACE, count=count)
    assert changed(done) == {TRIMMED: 24, POSITIVE: 12}  # of the last option
    assert done.changed == 48
    assert done.verification is not None
    assert done.verification.others == {}
    assert "ops.flights: " in applied_text(done, rehearsed=False)
    assert count(connection, rules) == {TRIMMED: 0, POSITIVE: 0}
    assert apply(connection, rules, fixes, REMOVED, None, PACE).changed == 0, "twice is as once"
    found = status(connection)
    assert found is not None
    assert [(entry.rule, entry.option, entry.changed) for entry in found.entries] == [
        (TRIMMED, "automatic", 24), (POSITIVE, "automatic", 12), (POSITIVE, "remove", 12)
    ]  # fmt: skip
    keys = connection.execute(
        "select count(distinct key), min(key::text) from order_audit.journal where rule = %s", [TRIMMED]
    ).fetchone()
    assert keys == (24, '{"day": "2024-12-30", "site": "O\'Hare", "number": "2"}')
    back = revert(connection, [], PACE)
    assert back is not None
    assert {rule: it.changed for rule, it in back.rules.items()} == {TRIMMED: 24, POSITIVE: 24}
    assert flights(connection) == before


@pytest.mark.both_versions
def test_files_do_the_same(connection: Connection, dsn: str, tmp_path: Path) -> None:
    rules, fixes = keyed(tmp_path)
    before = flights(connection)
    emitted = emit(connection, fixes, REMOVED, tmp_path / "project")
    assert emitted.rows == {TRIMMED: 24, POSITIVE: 24}
    assert emitted.left_out == {}
    for folder, order in (("deploy", 1), ("verify", 1), ("revert", -1)):
        names = [*emitted.changes][::order]
        if folder == "verify":
            assert count(connection, rules) == {TRIMMED: 0, POSITIVE: 0}
            assert len(flights(connection)) == len(before) - 12
        done = psql(dsn, *(tmp_path / "project" / folder / f"{name}.sql" for name in names))
        assert done.returncode == 0, done.stderr
    assert flights(connection) == before


@pytest.mark.both_versions
def test_a_review_names_the_rows_that_differ(connection: Connection, tmp_path: Path) -> None:
    rules, fixes = keyed(tmp_path)
    path = tmp_path / "decisions.toml"
    path.write_text(decisions_toml(plan(connection, rules, fixes, REMOVED), REMOVED), encoding="utf-8")
    decided = read(path, fixes)
    found = decided.reviewed[TRIMMED].found
    assert (found.rows, len(found.keys), len({*found.keys.values()})) == (24, 24, 24)
    assert found.keys == decided.reviewed[TRIMMED].options["automatic"].keys | found.keys
    assert "(day=2025-01-01, number=2, site=a)" in found.keys
    connection.execute("update ops.flights set note = 'x' where (site, day, number) = ('a', '2025-01-01', 2)")
    with pytest.raises(
        ReviewError, match=r"carrier_is_trimmed: \(day=2025-01-01, number=2, site=a\) with other values"
    ):
        apply(connection, rules, fixes, REMOVED, decided, PACE)
    connection.execute("update ops.flights set note = 'éé' where (site, day, number) = ('a', '2025-01-01', 2)")
    assert apply(connection, rules, fixes, REMOVED, decided, PACE).changed == 48


@pytest.mark.both_versions
def test_rows_that_share_a_part_of_their_key_are_told_apart(connection: Connection, dsn: str, tmp_path: Path) -> None:
    rules, fixes = keyed(tmp_path)
    before = flights(connection)
    with psycopg.connect(dsn) as other:
        other.execute("select from ops.flights where (site, day, number) = ('a', '2024-12-30', 2) for update")
        done = apply(connection, rules, fixes, {}, None, Throttle(max_rounds=1, batch_size=2))
        assert changed(done)[TRIMMED] == 23
        assert done.left == 1
        held = connection.execute("select site, day::text, number from ops.flights where carrier = ' ha'").fetchall()
        assert held == [("a", "2024-12-30", 2)]
    assert apply(connection, rules, fixes, {}, None, PACE).changed == 1
    connection.execute("update ops.flights set carrier = 'x' where (site, day, number) = ('O''Hare', '2025-01-02', 4)")
    assert revert_rule(connection, TRIMMED, TARGET, PACE).changed == 23
    assert [it.key for it in conflicts(connection)] == ["(day=2025-01-02, number=4, site=O'Hare)"]
    assert revert_rule(connection, POSITIVE, TARGET, PACE).changed == 12
    differs = {*before} ^ {*flights(connection)}
    assert sorted(row for _, row in differs) == [
        "(O'Hare,2025-01-02,4,\" ha\",200,éééé)", "(O'Hare,2025-01-02,4,x,200,éééé)"
    ]  # fmt: skip


@pytest.mark.both_versions
def test_what_others_changed_is_seen_by_the_proof(connection: Connection, tmp_path: Path) -> None:
    """A trigger changes a row that shares a part of its key with rows of the fix."""
    connection.execute(
        """
        create function ops.besides() returns trigger language plpgsql as $$ begin
          update ops.flights set note = 'other' where (site, day, number) = (new.site, new.day, 1); return null;
        end $$;
        create trigger besides after update on ops.flights for each row
          when (new.number = 2 and new.day = '2025-01-02' and new.site = 'a') execute function ops.besides();
        """
    )
    rules, fixes = keyed(tmp_path)
    done = apply(connection, rules, fixes, {}, None, PACE)
    assert done.verification is not None
    assert [*done.verification.others] == ["ops.flights"]


@pytest.mark.both_versions
def test_rejected_rows_are_named(connection: Connection, tmp_path: Path) -> None:
    rules, fixes = keyed(tmp_path)
    connection.execute(
        "update ops.flights set carrier = ' ' || btrim(carrier) where site = 'a' and day = '2025-01-01';"
        "alter table ops.flights add constraint kept check (site <> 'a' or day <> '2025-01-01' or carrier like ' %')"
    )
    said = " ".join(plan_text(plan(connection, rules, fixes, {})).split())
    assert "4 rows of ops.flights (day=2025-01-01, number=1, site=a), (day=2025-01-01, number=2, site=a)," in said
    assert "(kept)" in said or '"kept"' in said
    done = apply(connection, rules, fixes, {}, None, PACE)
    assert [(it.table, it.by, it.rows, it.keys[0]) for it in done.rejected] == [
        ("ops.flights", "kept", 4, "(day=2025-01-01, number=1, site=a)")
    ]
    assert changed(done)[TRIMMED] == 22


def test_it_may_be_killed_at_any_moment_and_run_again(dsn: str, tmp_path: Path) -> None:
    rules, _ = keyed(tmp_path)
    words = ["fixes", "apply", "--suite", str(tmp_path / "rules"), "--fixes", str(tmp_path / "fixes"), "--quiet"]
    command = [sys.executable, "-m", "order_audit", *words, "--dsn", dsn, "--batch-size", "25"]
    chance = random.Random(7)
    with psycopg.connect(dsn, autocommit=True) as connection:
        filled(connection, 200)
        before = flights(connection)
        for _ in range(2):
            process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=dict(os.environ))
            while (
                process.poll() is None
                and not connection.execute(
                    "select from pg_locks where relation = to_regclass('order_audit.journal') and mode like 'RowEx%'"
                ).rowcount
            ):
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert count(connection, rules)[TRIMMED] == 0
        journal = connection.execute("select count(*), count(distinct (rule, key)) from order_audit.journal").fetchone()
        assert journal == (1_212, 1_212), "nothing is done twice, and nothing is lost"
        assert revert(connection, [], PACE) is not None
        assert flights(connection) == before
