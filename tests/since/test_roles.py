"""A state that a role may keep, or may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg

from order_audit.audit.database.server import Server
from order_audit.audit.results.options import Options
from order_audit.audit.run import run
from tests.support import servers

_ROLES: Final = """
create role state_reader login;
create table person (id int primary key, score int);
insert into person values (1, -1), (2, 1);
grant select on person to state_reader;
"""


def test_a_reader_keeps_a_state_unless_it_may_not(server: Server, tmp_path: Path) -> None:
    """SELECT is enough; a role that cannot tell servers apart keeps none, and the result says so."""
    dsn = servers.new_database(server)
    reader = f"{dsn} user=state_reader"
    rule = tmp_path / "suite" / "score.sql"
    rule.parent.mkdir()
    rule.write_text("-- title: t\n-- severity: info\n-- key: id\nselect id from person where score < 0\n")
    options = Options(suites=(str(rule.parent),), lint=False, profile=False, formats=("json", "violations"), state=True)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_ROLES)
        try:
            kept = run(reader, tmp_path / "kept", options)
            assert kept.run.notes == ()
            later = run(reader, tmp_path / "later", replace(options, since=tmp_path / "kept"))
            assert later.run.since is not None
            assert (later.run.since.whole, later.run.since.in_full) == (None, {})
            connection.execute("revoke execute on function pg_control_system() from public")
            none = run(reader, tmp_path / "none", options)
            assert not (tmp_path / "none" / "state").exists()
            assert none.run.notes == (
                "no state was kept: this role may not call pg_control_system(), which identifies the server",
            )
            told = run(reader, tmp_path / "after", replace(options, since=tmp_path / "kept")).run.since
            assert told is not None
            assert told.whole == "this role may not call pg_control_system(), which identifies the server"
        finally:
            connection.execute("drop owned by state_reader; drop role state_reader")
    servers.drop_database(server, dsn)
