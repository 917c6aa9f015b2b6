"""Emitted files: nothing in them that should not be, and written again they are the same."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import conninfo, sql

from order_audit import scenario
from order_audit.audit.database.server import Server
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.emission.sqitch import EmitError
from order_audit.fixes.fix import LEAVE
from tests.fixes.emitted import CHOICES, FIXES, STATUS, emit_project, files_of
from tests.fixes.test_live import rows
from tests.support import servers
from tests.support.clients import psql, sqitch, words_of

#: Of each kind one: an update, units, several tables, secrets.
FEW: Final = (
    STATUS,
    "lineage.order_ref_exists",
    "lineage.root_is_not_closed",
    "customers.no_duplicate",
    "orders.delivery_args_hold_no_secret",
)


@pytest.mark.parametrize("name", CHOICES)
def test_squawk_has_nothing_to_say(server_18: Server, tmp_path: Path, name: str) -> None:
    dsn = servers.new_database(server_18, "issues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        emit(connection, FIXES, CHOICES[name], tmp_path / "project")
    servers.drop_database(server_18, dsn)
    files = sorted(map(str, (tmp_path / "project").rglob("*.sql")))
    done = _squawk(tmp_path, *files)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    # it reports everything that it does not ignore
    Path(files[0]).write_text("alter table orders add column more int;\n", encoding="utf-8")
    assert "prefer-bigint-over-int" in _squawk(tmp_path, *files).stdout


def _squawk(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sysconfig.get_path("scripts")) / "squawk"), "--reporter", "gcc", *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=60,
    )


def test_hostile_names_do_no_harm(server: Server, tmp_path: Path) -> None:
    name, schema = 'it\'s "odd";\n drop table orders; -- %20 $list$ \\', "a \"b\" 'c'\n; $list$ :x \\"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    dsn = server.dsn(name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        # what the files must not take for the tables
        connection.execute("create table public.orders (order_id int); create table public.customers (customer_id int)")
        scenario.load(connection, issues=True, schema=schema)
        connection.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        before = rows(connection)
        emitted = emit(connection, FIXES, CHOICES["option 1"], tmp_path / "project", rules=FEW)
        for file in (tmp_path / "project").rglob("*.sql"):
            head = file.read_text(encoding="utf-8").split("\nset client_encoding")[0]
            assert all(line.startswith("--") for line in head.splitlines() if line), head
        done = psql(dsn, *files_of(tmp_path / "project", "deploy", emitted))
        assert done.returncode == 0, done.stderr
        assert rows(connection) != before
        done = psql(dsn, *files_of(tmp_path / "project", "verify", emitted))
        assert done.returncode == 0, done.stderr
        done = psql(dsn, *files_of(tmp_path / "project", "revert", emitted))
        assert done.returncode == 0, done.stderr
        assert rows(connection) == before
        done = sqitch(dsn, tmp_path / "project", "deploy", "--verify", "--to", "lineage.order_ref_exists")
        assert done.returncode == 0, done.stdout + done.stderr
        assert rows(connection) != before
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_no_password_gets_into_a_file(server_18: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server_18, "issues")
    emit_project(conninfo.make_conninfo(dsn, password="hunter2-secret"), CHOICES["recommended"], tmp_path)
    servers.drop_database(server_18, dsn)
    texts = [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()]
    assert len(texts) > 10
    assert not [text for text in texts if "hunter2" in text]
    # nor where the server is
    assert not [text for text in texts if words_of(dsn)["host"] in text]


def test_written_again_it_is_the_same_and_what_is_no_longer_wanted_goes(server_18: Server, tmp_path: Path) -> None:
    dsn, project = servers.new_database(server_18, "issues"), tmp_path / "project"

    def texts() -> dict[str, str]:
        return {
            file.relative_to(project).as_posix(): re.sub(
                r"on \d{4}-[\d-]+ [\d:]+ UTC", "", " ".join(file.read_text(encoding="utf-8").replace("-- ", "").split())
            )
            for file in project.rglob("*")
            if file.is_file()
        }

    more = emit_project(dsn, CHOICES["option 1"], project)
    first = texts()
    emit_project(dsn, CHOICES["option 1"], project)
    assert texts() == first
    fewer = emit_project(dsn, dict.fromkeys(FIXES, LEAVE), project)
    assert set(fewer.changes) < set(more.changes)
    assert {Path(name).stem for name in texts() if name.endswith(".sql")} == set(fewer.changes)
    emit_project(dsn, CHOICES["option 1"], project)
    assert texts() == first
    servers.drop_database(server_18, dsn)


def test_a_folder_of_something_else_is_left_alone(server_18: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server_18, "sample")
    with psycopg.connect(dsn, autocommit=True) as connection:
        (tmp_path / "taken").mkdir()
        (tmp_path / "taken" / "sqitch.plan").write_text("%project=flipr\n")
        (tmp_path / "file").write_text("")
        for name in ("taken", "file"):
            with pytest.raises(EmitError, match=f"{name} has other content"):
                emit(connection, FIXES, {}, tmp_path / name)
        with pytest.raises(EmitError, match=r"cannot write .*file/below"):
            emit(connection, FIXES, {}, tmp_path / "file" / "below")
        connection.execute("set search_path = pg_catalog")
        with pytest.raises(EmitError, match="the tables that fixes change are not here"):
            emit(connection, FIXES, {}, tmp_path / "new")
    assert {path.name for path in tmp_path.rglob("*")} == {"taken", "file", "sqitch.plan"}
    servers.drop_database(server_18, dsn)


def test_a_rule_that_these_tables_have_no_columns_for_is_left_out(sample: str, tmp_path: Path) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table orders drop column delivery_script_name")
        emitted = emit(connection, FIXES, {}, tmp_path)
    assert "column o.delivery_script_name does not exist" in emitted.left_out["orders.script_name_is_identifier"]
    assert STATUS in emitted.changes
    done = psql(sample, *files_of(tmp_path, "deploy", emitted))
    assert done.returncode == 0, done.stderr


def test_a_project_that_was_half_written_is_written_anew(issues: str, tmp_path: Path) -> None:
    out = tmp_path / "project"
    emitted = emit_project(issues, {}, out)
    whole = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    # as a kill leaves it: our plan, without changes, and some of the files
    plan = out / "sqitch.plan"
    plan.write_text("".join(plan.read_text().splitlines(keepends=True)[:2]))
    for path in [*(out / "verify").iterdir()][:3]:
        path.unlink()
    assert sqitch(issues, out, "deploy").returncode != 0 or not emitted.changes
    emit_project(issues, {}, out)
    assert {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()} == whole
