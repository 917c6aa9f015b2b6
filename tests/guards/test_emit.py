"""Emitted guards: installed over no violation, finished or taken away where half made, and patient."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.emission.emit import emit
from tests.fixes.emitted import FIXES
from tests.support import servers
from tests.support.clients import PSQL, environment, one, psql

pytestmark = pytest.mark.both_versions

TRIGGERS: Final = ("guard.is_covered_by_balance", "guard.root_is_not_closed")
#: Where a file adds its constraint.
_ADD: Final = "call order_audit.patiently($sql$\ndo $do$\nbegin\n  if not exists ("
_PAUSING: Final = "select count(*) from pg_stat_activity where application_name = 'patient' and wait_event = 'PgSleep'"
_OURS: Final = """
select (select count(*) from pg_constraint where conname like 'order\\_audit%')
  + (select count(*) from pg_class where relname like 'order\\_audit%' and relkind = 'i')
  + (select count(*) from pg_trigger where tgname like 'order\\_audit%')
"""
_ORDER: Final = (
    "insert into orders (order_id, order_ref, customer_id, order_status, order_amount)"
    " values ({id}, {ref}, 1, '{status}', {amount})"
)


@pytest.fixture(scope="module")
def emitted(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The sample data without its few faults, its journal, and the project of all guards: to be copied."""
    folder = tmp_path_factory.mktemp("emitted")
    with servers.database(server, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("update orders set order_status = 'expired'")
            changes = emit(connection, FIXES, {}, folder).changes
        guards = {name for name in changes if name.startswith("guard.")}
        assert {"guard.amount_is_not_negative", "guard.order_ref_exists", "guard.one_live_order", *TRIGGERS} <= guards
        assert psql(dsn, folder / "deploy" / "journal.sql").returncode == 0
        yield dsn, folder


@pytest.fixture
def sound(server: Server, emitted: tuple[str, Path], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A copy of the database and of the project."""
    template, folder = emitted
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with servers.database(server, servers.name_of(template)) as dsn:
        yield dsn, tmp_path


@pytest.mark.parametrize(
    ("guard", "fault", "mended"),
    [
        (
            "amount_is_not_negative",
            [_ORDER.format(id=901, ref=901, status="expired", amount=-5)],
            "update orders set order_amount = 5 where order_id = 901",
        ),
        (
            "order_ref_exists",
            [_ORDER.format(id=901, ref=900, status="expired", amount=5)],
            "update orders set order_ref = 901 where order_id = 901",
        ),
        (
            "one_live_order",
            [_ORDER.format(id=id, ref=901, status="paused", amount=5) for id in (901, 902)],
            "update orders set order_status = 'recreated' where order_id = 901",
        ),
        (
            "root_is_not_closed",
            [
                _ORDER.format(id=901, ref=901, status="cancelled", amount=5),
                _ORDER.format(id=902, ref=901, status="paused", amount=5),
            ],
            "update orders set order_status = 'recreated' where order_id = 901",
        ),
    ],
)
def test_a_guard_refuses_to_be_installed_over_violations_and_then_to_have_any(
    sound: tuple[str, Path], guard: str, fault: list[str], mended: str
) -> None:
    dsn, project = sound
    needed = [project / "deploy" / "guard.order_ref_exists.sql"] if guard == "root_is_not_closed" else []
    file = project / "deploy" / f"guard.{guard}.sql"
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in fault:
            connection.execute(statement.encode())
        assert not needed or psql(dsn, *needed).returncode == 0
        before = one(dsn, _OURS)
        done = psql(dsn, file)
        assert done.returncode == 3
        assert f"guard {guard} is not installed" in done.stderr
        assert one(dsn, _OURS) == before
        assert psql(dsn, project / "verify" / f"guard.{guard}.sql").returncode == 3
        connection.execute(mended.encode())
        for _ in range(2):
            done = psql(dsn, file)
            assert done.returncode == 0, done.stderr
        assert psql(dsn, project / "verify" / f"guard.{guard}.sql").returncode == 0
        connection.execute("delete from orders where order_id in (901, 902)")
        with pytest.raises(psycopg.errors.IntegrityError):
            connection.execute(";".join(fault).encode())
        # what it is made of is needed
        if guard == "root_is_not_closed":
            done = psql(dsn, project / "revert" / "journal.sql")
            assert done.returncode == 3
            assert "guards are installed that need the schema order_audit" in done.stderr
        for _ in range(2):
            done = psql(dsn, project / "revert" / f"guard.{guard}.sql")
            assert done.returncode == 0, done.stderr
        assert one(dsn, _OURS) == before


def test_a_guard_that_was_left_half_made_is_finished_or_taken_away(sound: tuple[str, Path]) -> None:
    dsn, project = sound
    check, unique = (project / "deploy" / f"guard.{name}.sql" for name in ("amount_is_not_negative", "one_live_order"))
    with psycopg.connect(dsn, autocommit=True) as connection:
        for id, amount in [(901, -5), (902, 5)]:
            connection.execute(_ORDER.format(id=id, ref=901, status="paused", amount=amount).encode())
        connection.execute(
            "alter table orders add constraint order_audit_amount_is_not_negative check (order_amount >= 0) not valid"
        )
        # as the file has it: a build that meets two live orders leaves an index behind that is of no use
        build = re.search(r"create unique index concurrently .*?;", unique.read_text(encoding="utf-8"), re.DOTALL)
        assert build
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(build[0].encode())
        assert one(dsn, _OURS) == 2
        for file in (check, unique):
            assert psql(dsn, file).returncode == 3
        assert one(dsn, _OURS) == 0
        # and once more half made, of rows that they would not refuse
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(build[0].encode())
        connection.execute("update orders set order_amount = 5, order_status = 'recreated' where order_id = 901")
        connection.execute(
            "alter table orders add constraint order_audit_amount_is_not_negative check (order_amount >= 0) not valid"
        )
        for file in (check, unique):
            done = psql(dsn, file, project / "verify" / file.name)
            assert done.returncode == 0, done.stderr
        assert one(dsn, "select count(*) from pg_index where not indisvalid") == 0


@pytest.mark.parametrize(
    ("guard", "place"),
    [("root_is_not_closed", "-- a trigger does not check"), ("amount_is_not_negative", _ADD)],
)
def test_a_violation_that_comes_while_a_guard_is_installed_takes_it_away_again(
    sound: tuple[str, Path], guard: str, place: str
) -> None:
    dsn, project = sound
    file = project / "deploy" / f"guard.{guard}.sql"
    text = file.read_text(encoding="utf-8")
    assert place in text
    at = text.rindex(place)
    came = "".join(
        f"{_ORDER.format(id=id, ref=901, status=status, amount=-5)};\n"
        for id, status in [(901, "cancelled"), (902, "paused")]
    )
    came = f"set session_replication_role = replica;\n{came}set session_replication_role = origin;\n"
    file.write_text(text[:at] + came + text[at:], encoding="utf-8")
    if guard == "root_is_not_closed":
        assert psql(dsn, project / "deploy" / "guard.order_ref_exists.sql").returncode == 0
    before = one(dsn, _OURS)
    done = psql(dsn, file)
    assert done.returncode == 3
    assert "is violated by some row" in done.stderr or "is not installed" in done.stderr
    assert one(dsn, _OURS) == before
    assert one(dsn, "select count(*) from orders where order_id in (901, 902)") == 2


def test_a_guard_waits_for_others_without_being_in_their_way(sound: tuple[str, Path]) -> None:
    dsn, project = sound
    with psycopg.connect(dsn) as other:
        other.execute("select from orders")
        process = subprocess.Popen(
            [*PSQL, "-f", str(project / "deploy" / "guard.amount_is_not_negative.sql")],
            env=environment(dsn, project) | {"PGAPPNAME": "patient"},
            stderr=subprocess.PIPE,
            text=True,
        )
        while not one(dsn, _PAUSING):
            assert process.poll() is None
        other.commit()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
