"""A statement that an administrator cancels ends `fixes`: no batch, guard or later fix follows."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support import program

#: A rule, its fix in batches, and a guard.
FILES = {
    "mine/heavy.sql": "-- title: heavy\n-- severity: info\n-- key: id\nselect id from parcel where weight > 9",
    "fixes/heavy.sql": "-- assumes: it was unpacked\n\n-- automatic: the weight becomes 9\n"
    "-- update parcel by id:\nselect v.id, 9 as weight from violation as v\n",
    "guards/is_light.sql": "-- title: CHECK rejects heavy parcels\n-- protects: heavy\n\n"
    "-- check parcel:\nweight <= 9\n",
}
CANCEL = "perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(10);"
#: When the administrator cancels: in a batch, or while a constraint is validated, which is there by then.
EVENTS = {
    "batch": f"create function canceled() returns trigger language plpgsql as $$ begin {CANCEL} end $$;"
    " create trigger canceled before update on parcel for each row execute function canceled()",
    "guard": "create function canceled() returns event_trigger language plpgsql as"
    f" $$ begin if current_query() ~ 'validate' then {CANCEL} end if; end $$;"
    " create event trigger canceled on ddl_command_start when tag in ('ALTER TABLE') execute function canceled()",
}
STOPPED = (
    "order-audit: another session canceled the statement (pg_cancel_backend); what was committed stays and is in the"
    " undo log: run the command again\n"
)
STOPPED_READING = (
    "order-audit: another session canceled the statement (pg_cancel_backend); the database is unchanged: run the"
    " command again\n"
)


@pytest.mark.parametrize("statement", ["batch", "guard"])
def test_a_cancel_ends_the_command(dsn: str, tmp_path: Path, statement: str) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    words = (
        "fixes", "apply", "--suite", str(tmp_path / "mine"), "--fixes", str(tmp_path / "fixes"),
        "--guards", str(tmp_path / "guards"), "--accept-recommended", "--quiet",
    )  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table parcel (id int primary key, weight int); insert into parcel values (1, 12)")
        connection.execute(EVENTS[statement].encode())
        canceled = program.order_audit(*words, DATABASE_URL=dsn)
        assert (canceled.returncode, canceled.stdout, canceled.stderr) == (3, "", STOPPED)
        assert connection.execute("select from pg_constraint where conname = 'order_audit_is_light'").rowcount == 0
        connection.execute("drop function canceled() cascade")
    again = program.order_audit(*words, DATABASE_URL=dsn)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "installed: is_light" in again.stdout


def test_a_cancel_ends_a_plan(dsn: str, tmp_path: Path) -> None:
    """It is no problem of the fix or the rule that was tried."""
    files = FILES | {"mine/heavy.sql": FILES["mine/heavy.sql"].replace("weight > 9", "is_heavy(weight)")}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table parcel (id int primary key, weight int); insert into parcel values (1, 12);"
            f" create function is_heavy(weight int) returns boolean language plpgsql as $$ begin {CANCEL}"
            " return weight > 9; end $$".encode()
        )
    words = ("--suite", str(tmp_path / "mine"), "--fixes", str(tmp_path / "fixes"), "--quiet")
    for command in (("plan", "--out", str(tmp_path / "decisions.toml")), ("emit", "--out", str(tmp_path / "emitted"))):
        said = program.order_audit("fixes", *command, *words, DATABASE_URL=dsn)
        assert (said.returncode, said.stderr) == (3, STOPPED_READING), (command, said.stdout)
