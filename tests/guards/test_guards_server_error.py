"""A guard that the server's trouble keeps out: the rest is done, and the exit code asks for another run."""

from __future__ import annotations

from pathlib import Path

import psycopg

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


def test_it_asks_for_another_run(dsn: str, tmp_path: Path) -> None:
    """The second run installs it."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table parcel (id int primary key, weight int); insert into parcel values (1, 2)")
    words = ("fixes", "apply", "--suite", str(tmp_path / "mine"), "--guards", str(tmp_path / "guards"), "--quiet")
    full = program.order_audit(*words, DATABASE_URL=dsn, PGOPTIONS="-c test.full=yes")
    assert full.returncode == 1, full.stdout + full.stderr
    assert "guard is_light is not installed: " in full.stdout
    assert ": run the same command again" in full.stdout
    again = program.order_audit(*words, DATABASE_URL=dsn)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "installed: is_light" in again.stdout
