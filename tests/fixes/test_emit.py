"""Emitted projects under Sqitch, under psql alone, and before squawk; nothing in them that should not be."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
import pytest
from psycopg import conninfo, sql

from order_audit import scenario
from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import Emitted, emit
from order_audit.fixes.emission.sqitch import EmitError
from order_audit.fixes.engine.status import status
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.fix import LEAVE, fixes
from order_audit.session import advisory_lock
from tests.fixes.test_live import dirty, rows
from tests.support import servers
from tests.support.application import Application

RULES: Final = load("current").rules
FIXES: Final = fixes(RULES)
STATUS: Final = "orders.status_is_known"
#: Every option of every rule is in one of these.
CHOICES: Final = {
    "recommended": {id: fix.recommended for id, fix in FIXES.items()},
    **{
        f"option {number + 1}": {id: fix.options[:number + 1][-1].name for id, fix in FIXES.items() if fix.options}
        for number in range(max(len(fix.options) for fix in FIXES.values()))
    },
}  # fmt: skip
BY_SQITCH: Final = ("recommended", "option 2")
#: Of each kind one: an update, units, several tables, secrets.
FEW: Final = (
    STATUS,
    "lineage.order_ref_exists",
    "lineage.root_is_not_closed",
    "customers.no_duplicate",
    "orders.delivery_args_hold_no_secret",
)


PSQL: Final = ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1")


def _words(dsn: str) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo.conninfo_to_dict(dsn).items()}


def environment(dsn: str, home: Path) -> dict[str, str]:
    words = _words(dsn)
    return {
        # Debian's psql is a program that looks for the other
        "PATH": f"{servers.binaries(15)}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PGHOST": words["host"],
        "PGPORT": words["port"],
        "PGUSER": words["user"],
        "PGDATABASE": words["dbname"],
    }


def psql(dsn: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run files one after the other, up to the first that fails."""
    return subprocess.run(
        [*PSQL, *(word for file in files for word in ("-f", str(file)))],
        env=environment(dsn, files[0].parent),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def sqitch(dsn: str, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Sqitch with nobody's configuration but the project's."""
    there = _words(dsn)
    # a name that is a name to Sqitch's own driver stands in the target, another in the environment
    name = there["dbname"] if there["dbname"].isalnum() else ""
    target = f"db:pg://{there['user']}@/{name}?host={quote(there['host'], safe='')}" if name else "db:pg:"
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    if shutil.which("sqitch") is None:
        raise RuntimeError("Sqitch is not installed: apt-get install sqitch libdbd-pg-perl")
    return subprocess.run(
        ["sqitch", *words, target],
        env=environment(dsn, home),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _emit(dsn: str, choices: Mapping[str, str], out: Path, schema: str = "") -> Emitted:
    with psycopg.connect(dsn, autocommit=True) as connection:
        if schema:
            connection.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        return emit(connection, FIXES, choices, out)


def _rows(dsn: str) -> list[tuple[str]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return rows(connection)


def _files(project: Path, folder: str, emitted: Emitted) -> list[Path]:
    """The files of a folder in the order in which they are run."""
    order = emitted.changes if folder != "revert" else emitted.changes[::-1]
    return [project / folder / f"{name}.sql" for name in order]


def one(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _there(dsn: str) -> object:
    return one(dsn, "select to_regnamespace('order_audit') is not null")


def _applied(server: Server, dsn: str, choices: Mapping[str, str]) -> list[tuple[str]]:
    """What the program itself makes of a copy of the database."""
    copy = servers.new_database(server, template=_words(dsn)["dbname"])
    with psycopg.connect(copy, autocommit=True) as connection:
        apply(connection, RULES, FIXES, choices, None, Throttle())
        found = rows(connection)
    servers.drop_database(server, copy)
    return found


@pytest.mark.parametrize("name", [pytest.param(BY_SQITCH[0], marks=pytest.mark.both_versions), *BY_SQITCH[1:]])
def test_sqitch_deploys_verifies_reverts_and_deploys_again(
    server: Server, issues: str, tmp_path: Path, name: str
) -> None:
    choices, project = CHOICES[name], tmp_path / "project"
    before, wanted = _rows(issues), _applied(server, issues, choices)
    emitted = _emit(issues, choices, project)
    assert (_rows(issues), _there(issues)) == (before, False)
    assert {name for name in emitted.left_out if not name.startswith("guard.")} == set()
    assert [name for name in emitted.changes if name.startswith("guard.")]
    assert before != wanted
    for words, after in [
        (["deploy", "--verify"], wanted),
        (["revert", "-y"], before),
        (["deploy"], wanted),
        (["verify"], wanted),
    ]:
        done = sqitch(issues, project, *words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        assert "not" not in re.findall(r"\.\. (.*)", done.stdout), done.stdout
        assert _rows(issues) == after, words
        assert _there(issues) == (words[0] != "revert")
    assert one(issues, "select count(*) from sqitch.changes") == len(emitted.changes)
    status = sqitch(issues, project, "status")
    assert "Nothing to deploy (up-to-date)" in status.stdout
    assert status.stderr == ""


@pytest.mark.parametrize("name", [name for name in CHOICES if name not in BY_SQITCH])
@pytest.mark.both_versions
def test_psql_alone_does_the_same_and_twice_is_as_once(server: Server, issues: str, tmp_path: Path, name: str) -> None:
    choices = CHOICES[name]
    before, wanted = _rows(issues), _applied(server, issues, choices)
    emitted = _emit(issues, choices, tmp_path)
    deploy = _files(tmp_path, "deploy", emitted)
    done = psql(issues, *(file for file in deploy for _ in range(2)))
    assert done.returncode == 0, done.stderr
    assert _rows(issues) == wanted
    journaled = one(issues, "select count(*) from order_audit.journal")
    assert psql(issues, *deploy, *_files(tmp_path, "verify", emitted)).returncode == 0
    assert _rows(issues) == wanted
    assert one(issues, "select count(*) from order_audit.journal") == journaled
    revert = _files(tmp_path, "revert", emitted)
    done = psql(issues, *(file for file in revert for _ in range(2)), *revert)
    assert done.returncode == 0, done.stderr
    assert (_rows(issues), _there(issues)) == (before, False)


def test_the_rows_that_a_file_names_are_those_that_it_changes(issues: str, tmp_path: Path) -> None:
    emitted = _emit(issues, CHOICES["option 1"], tmp_path)
    for name in emitted.changes:
        done = psql(issues, tmp_path / "deploy" / f"{name}.sql")
        assert done.returncode == 0, done.stderr
        if name != "journal":
            changed = sum(map(int, re.findall(r"(\d+) rows changed", done.stderr)))
            told = (tmp_path / "deploy" / f"{name}.sql").read_text(encoding="utf-8").split("\nset ")[0]
            assert sum(map(int, re.findall(r"--   (?:sets .* in|deletes) (\d+) row", told))) == changed, name
    assert sum(emitted.rows.values()) > 20


@pytest.mark.parametrize("name", CHOICES)
def test_squawk_has_nothing_to_say(server_18: Server, tmp_path: Path, name: str) -> None:
    dsn = servers.new_database(server_18, "issues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        emit(connection, FIXES, CHOICES[name], tmp_path / "project")
    servers.drop_database(server_18, dsn)
    files = sorted(map(str, (tmp_path / "project").rglob("*.sql")))
    done = _squawk(tmp_path, *files)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    # what it is not told to ignore, it finds
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
        done = psql(dsn, *_files(tmp_path / "project", "deploy", emitted))
        assert done.returncode == 0, done.stderr
        assert rows(connection) != before
        done = psql(dsn, *_files(tmp_path / "project", "verify", emitted))
        assert done.returncode == 0, done.stderr
        done = psql(dsn, *_files(tmp_path / "project", "revert", emitted))
        assert done.returncode == 0, done.stderr
        assert rows(connection) == before
        done = sqitch(dsn, tmp_path / "project", "deploy", "--verify", "--to", "lineage.order_ref_exists")
        assert done.returncode == 0, done.stdout + done.stderr
        assert rows(connection) != before
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_no_password_gets_into_a_file(server_18: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server_18, "issues")
    _emit(conninfo.make_conninfo(dsn, password="hunter2-secret"), CHOICES["recommended"], tmp_path)
    servers.drop_database(server_18, dsn)
    texts = [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()]
    assert len(texts) > 10
    assert not [text for text in texts if "hunter2" in text]
    # nor where the server is
    assert not [text for text in texts if _words(dsn)["host"] in text]


@pytest.fixture
def statuses(dsn: str, tmp_path: Path) -> tuple[str, Emitted, Path]:
    """Two thousand orders of which each second has a status to be put right, and the project that does it."""
    dirty(dsn, 2_000)
    with psycopg.connect(dsn, autocommit=True) as connection:
        emitted = emit(connection, FIXES, {}, tmp_path, rules=[STATUS], guards=False)
    assert emitted == Emitted(("journal", STATUS), {STATUS: 1_000}, {})
    return dsn, emitted, tmp_path


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_it_may_be_killed_at_any_moment_and_run_again(
    server: Server, statuses: tuple[str, Emitted, Path], tmp_path: Path
) -> None:
    dsn, _, _ = statuses
    before, wanted = _rows(dsn), _applied(server, dsn, {})
    deploy, revert = tmp_path / "deploy" / f"{STATUS}.sql", tmp_path / "revert" / f"{STATUS}.sql"
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    # many short transactions, to be killed between and within
    _edit(deploy, "$list$);", "$list$, batch => 10);")
    _edit(revert, f"revert('{STATUS}')", f"revert('{STATUS}', batch => 10)")
    chance = random.Random(7)
    for file, end, done in [
        (deploy, wanted, "select count(*) from order_audit.journal"),
        (revert, before, "select count(*) from order_audit.journal where reverted_at is not null"),
    ]:
        with psycopg.connect(dsn) as other:
            # with one row held it cannot come to its end before it is killed
            other.execute("select from orders where order_id = 1 for update")
            for least in sorted(chance.sample(range(1_000), 6)):
                process = subprocess.Popen(
                    [*PSQL, "-f", str(file)],
                    env=environment(dsn, tmp_path) | {"PGAPPNAME": "victim"},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                while int(str(one(dsn, done))) < least:
                    assert process.poll() is None
                time.sleep(chance.uniform(0, 0.02))
                process.send_signal(signal.SIGKILL)
                process.wait()
                one(
                    dsn,
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'victim'",
                )
                assert _rows(dsn) not in (before, wanted)
        again = psql(dsn, file)
        assert again.returncode == 0, again.stderr
        assert _rows(dsn) == end
    # nothing was done twice: each change was journaled once, and put back
    assert one(
        dsn, "select array_agg(distinct n) from (select count(*) as n from order_audit.journal group by key) as k"
    ) == [1]
    assert one(dsn, "select count(*) from order_audit.journal where reverted_at is null") == 0


def test_rows_in_somebodys_hands_are_passed_over_and_told(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    deploy, revert = tmp_path / "deploy" / f"{STATUS}.sql", tmp_path / "revert" / f"{STATUS}.sql"
    _edit(deploy, "$list$);", "$list$, rounds => 2);")
    _edit(revert, f"revert('{STATUS}')", f"revert('{STATUS}', rounds => 2)")
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    bad = f"select count(*) from ({FIXES[STATUS].rule.sql}) as v"
    with psycopg.connect(dsn) as other:
        other.execute("update orders set order_amount = 3 where order_id = 1")
        done = psql(dsn, deploy)
        assert done.returncode == 3
        assert "999 rows changed; other sessions lock the others" in done.stderr
        assert "Run this again" in done.stderr
        assert one(dsn, bad) == 1
        verified = psql(dsn, tmp_path / "verify" / f"{STATUS}.sql")
        assert verified.returncode == 3
        assert f"{STATUS}, automatic: 1 rows still to change" in verified.stderr
        other.commit()
        assert psql(dsn, deploy, tmp_path / "verify" / f"{STATUS}.sql").returncode == 0
        assert one(dsn, bad) == 0
        other.execute("update orders set order_amount = 4 where order_id = 1")
        done = psql(dsn, revert)
        assert done.returncode == 3
        assert "999 rows reverted; other sessions lock the others" in done.stderr
        other.commit()
    assert psql(dsn, revert).returncode == 0
    assert one(dsn, bad) == 1_000
    # what they wrote is there
    assert one(dsn, "select order_amount from orders where order_id = 1") == 4


@pytest.mark.both_versions
def test_a_table_in_somebodys_hands_is_not_waited_for(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    deploy = tmp_path / "deploy" / f"{STATUS}.sql"
    _edit(deploy, "$list$);", "$list$, rounds => 2);")
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    with psycopg.connect(dsn) as other:
        other.execute("lock table orders in share mode")
        done = psql(dsn, deploy)
        assert done.returncode == 3
        assert "0 rows changed; other sessions lock the others" in done.stderr
    assert psql(dsn, deploy).returncode == 0


def test_no_write_of_an_application_is_lost(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    deploy = tmp_path / "deploy" / f"{STATUS}.sql"
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    application = Application(dsn)
    hurried = tmp_path / "hurried.sql"
    shutil.copy(deploy, hurried)
    _edit(hurried, "$list$);", "$list$, batch => 50, rounds => 3);")
    with application.at_work():
        # it may fail: the application goes on making rows to change
        for _ in range(4):
            psql(dsn, hurried)
    assert application.troubles == []
    assert application.transactions > 50
    assert psql(dsn, deploy).returncode == 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert application.lost(connection) == []


def test_what_was_changed_since_is_left_alone_and_keeps_the_journal(
    statuses: tuple[str, Emitted, Path], tmp_path: Path
) -> None:
    dsn, emitted, _ = statuses
    assert sqitch(dsn, tmp_path, "deploy").returncode == 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update orders set order_status = 'cancelled' where order_id = 1")
    done = sqitch(dsn, tmp_path, "revert", "-y")
    assert done.returncode != 0
    assert 'conflict: public.orders {"order_id": "1"}: changed or deleted since' in done.stderr
    assert "1 changes in order_audit.journal are not reverted" in done.stderr
    assert _there(dsn)
    assert one(dsn, "select order_status from orders where order_id = 1") == "cancelled"
    assert one(dsn, f"select count(*) from ({FIXES[STATUS].rule.sql}) as v") == 999
    # once it is again as we left it, it goes
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update orders set order_status = 'active' where order_id = 1")
    assert psql(dsn, *_files(tmp_path, "revert", emitted)).returncode == 0
    assert not _there(dsn)


def test_secrets_that_orders_made_meanwhile_refer_to_are_kept(issues: str, tmp_path: Path) -> None:
    rule = "orders.delivery_args_hold_no_secret"
    with psycopg.connect(issues, autocommit=True) as connection:
        emitted = emit(connection, FIXES, {rule: "move_to_secret_store"}, tmp_path, rules=[rule], guards=False)
        before = rows(connection)
        assert psql(issues, *_files(tmp_path, "deploy", emitted)).returncode == 0
        made = connection.execute(
            "insert into orders (order_id, order_ref, customer_id, delivery_script_args)"
            " select 90000, 90000, 1, replace(delivery_script_args::text, 'audit/', 'audit\\/')::json from orders"
            " where delivery_script_args::text like '%secret-ref:order-audit/%' order by order_id limit 1"
        )
        assert made.rowcount == 1
        done = psql(issues, *_files(tmp_path, "revert", emitted))
        assert done.returncode == 3
        assert "1 rows of public.orders refer to secrets that order_audit.secret keeps" in done.stderr
        assert one(issues, "select count(*) from order_audit.secret")
        connection.execute("delete from orders where order_id = 90000")
        assert psql(issues, *_files(tmp_path, "revert", emitted)).returncode == 0
        assert (rows(connection), _there(issues)) == (before, False)


@pytest.mark.both_versions
def test_the_run_of_a_file_is_known_and_ends_with_a_vacuum(statuses: tuple[str, Emitted, Path]) -> None:
    dsn, emitted, project = statuses
    files = _files(project, "deploy", emitted)
    for _ in range(2):  # the second time, there is nothing to do and nothing to tell
        done = psql(dsn, *files)
        assert done.returncode == 0, done.stderr
        with psycopg.connect(dsn, autocommit=True) as connection:
            told = status(connection)
            runs = connection.execute(
                "select plan, ended_at is not null, detail -> 'choices', detail -> 'changed' from order_audit.run"
            ).fetchall()
        assert told is not None
        assert [entry.rule for entry in told.entries] == ["orders.status_is_known"]
        assert not told.interrupted
        assert runs == [("file", True, {"orders.status_is_known": "automatic"}, told.entries[0].changed)]
    assert one(dsn, "select vacuum_count from pg_stat_user_tables where relname = 'orders'") == 2


@pytest.mark.both_versions
def test_what_fails_for_whatever_reason_is_taken_away_again(statuses: tuple[str, Emitted, Path]) -> None:
    """As a constraint whose validation meets a row that its condition cannot be asked of."""
    dsn, _, project = statuses
    assert psql(dsn, project / "deploy" / "journal.sql").returncode == 0
    file = project / "deploy" / "odd.sql"
    file.write_text(
        """alter table orders add constraint odd check (1 / (order_id - order_id) > 0) not valid;
call order_audit.patiently(
  'alter table orders validate constraint odd', 'alter table orders drop constraint if exists odd'
);
""",
        encoding="utf-8",
    )
    done = psql(dsn, file)
    assert done.returncode == 3
    assert "division by zero" in done.stderr
    assert one(dsn, "select count(*) from pg_constraint where conname = 'odd'") == 0


def test_one_run_at_a_time(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    with psycopg.connect(dsn, autocommit=True) as connection, advisory_lock(connection):
        for file in (tmp_path / "deploy" / f"{STATUS}.sql", tmp_path / "revert" / f"{STATUS}.sql"):
            done = psql(dsn, file)
            assert done.returncode == 3
            assert "another run of fixes is active in this database" in done.stderr
        assert "a run of fixes is at work" in psql(dsn, tmp_path / "revert" / "journal.sql").stderr
    assert psql(dsn, tmp_path / "deploy" / f"{STATUS}.sql").returncode == 0


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

    more = _emit(dsn, CHOICES["option 1"], project)
    first = texts()
    _emit(dsn, CHOICES["option 1"], project)
    assert texts() == first
    fewer = _emit(dsn, dict.fromkeys(FIXES, LEAVE), project)
    assert set(fewer.changes) < set(more.changes)
    assert {Path(name).stem for name in texts() if name.endswith(".sql")} == set(fewer.changes)
    _emit(dsn, CHOICES["option 1"], project)
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
    done = psql(sample, *_files(tmp_path, "deploy", emitted))
    assert done.returncode == 0, done.stderr


def test_a_project_that_was_half_written_is_written_anew(issues: str, tmp_path: Path) -> None:
    out = tmp_path / "project"
    emitted = _emit(issues, {}, out)
    whole = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    # as a kill leaves it: our plan, without changes, and some of the files
    plan = out / "sqitch.plan"
    plan.write_text("".join(plan.read_text().splitlines(keepends=True)[:2]))
    for path in [*(out / "verify").iterdir()][:3]:
        path.unlink()
    assert sqitch(issues, out, "deploy").returncode != 0 or not emitted.changes
    _emit(issues, {}, out)
    assert {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()} == whole
