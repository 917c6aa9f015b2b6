"""A guard that the server's trouble or a lock keeps out: the rest is done, and the exit code asks for another run."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support import program

FILES = {
    "mine/light.sql": "-- title: heavy\n-- severity: info\n-- key: id\nselect id from parcel where weight > 9",
    "guards/is_light.sql": """-- title: CHECK rejects heavy parcels
-- protects: light

-- function:
create or replace function order_audit.is_light(weight integer) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if pg_catalog.current_setting('test.full', true) = 'yes' then
    raise exception 'the disk is full' using errcode = 'disk_full';
  end if;
  return weight <= 9;
end
$$;

-- check parcel:
order_audit.is_light(weight)
""",
}


WORDS = ("fixes", "apply", "--max-lock-wait", "10", "--quiet")


def _made(dsn: str, folder: Path) -> tuple[str, ...]:
    """Make the table and the files; return the command."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table parcel (id int primary key, weight int); insert into parcel values (1, 2)")
    return (*WORDS, "--suite", str(folder / "mine"), "--guards", str(folder / "guards"))


def test_it_asks_for_another_run(dsn: str, tmp_path: Path) -> None:
    """The second run installs it."""
    words = _made(dsn, tmp_path)
    full = program.order_audit(*words, DATABASE_URL=dsn, PGOPTIONS="-c test.full=yes")
    assert full.returncode == 1, full.stdout + full.stderr
    assert "guard is_light is not installed: " in full.stdout
    assert ": run the same command again" in full.stdout
    again = program.order_audit(*words, DATABASE_URL=dsn)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "installed: is_light" in again.stdout


def test_so_does_a_lock(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_audit.fixes.guarding.object_changes.TRIES", 2)
    words = _made(dsn, tmp_path)
    with psycopg.connect(dsn) as holder:
        holder.execute("select from parcel")
        held = program.order_audit(*words, DATABASE_URL=dsn)
        assert held.returncode == 1, held.stdout + held.stderr
        said = " ".join(held.stdout.split())
        who = f"held by process {holder.info.backend_pid} ({holder.info.user}, idle in transaction)"
        assert f"guard is_light: canceling statement due to lock timeout, 2 times: {who}: run the same command" in said
        rehearsed = program.order_audit(*words, "--rehearse", DATABASE_URL=dsn)
        assert rehearsed.returncode == 0, rehearsed.stdout + rehearsed.stderr
    again = program.order_audit(*words, DATABASE_URL=dsn)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "installed: is_light" in again.stdout
