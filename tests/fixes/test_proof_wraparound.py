"""The proof by row versions on a server whose transaction ids have begun again."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.fixes.proven import BEFORE, TABLE, method, ranges, run
from tests.support import servers


def test_after_a_wraparound(tmp_path: Path) -> None:
    """Frozen rows keep the ids of an earlier round: those below the present one change nothing, others are told."""
    with servers.running(18) as server, psycopg.connect(server.dsn(), autocommit=True) as first:
        dsn = server.dsn()
        first.execute(TABLE)
        first.execute("vacuum freeze")
        first.close()

        def restart(*words: str) -> None:
            server.stop()
            server._run("pg_resetwal", "-f", *words, str(server.data))
            server.start("fsync=off", "autovacuum=off")

        def another(note: str) -> None:
            if note == BEFORE:
                with psycopg.connect(dsn, autocommit=True) as other:
                    other.execute("update parcels set note = 'x' where id = 50000")

        restart("-e", "1")
        with psycopg.connect(dsn, autocommit=True) as connection:
            done = run(connection, tmp_path / "1", another)
            assert (done.changed, ranges(done), method(done)) == (14, [0], ("row versions", ""))
            connection.execute(
                "do $$ begin for i in 1..300 loop perform pg_current_xact_id(); commit; end loop; end $$"
            )
            connection.execute("update parcels set weight = 300 where id = 1000000")
            connection.execute("vacuum freeze")
            (now,) = connection.execute("select pg_current_xact_id()::text::bigint %% 4294967296", []).fetchone() or (
                0,
            )
        restart("-e", "2", "-x", str(now - 150))
        with psycopg.connect(dsn, autocommit=True) as connection:
            assert connection.execute("select age(xmin) < 0 from parcels where id = 1000000").fetchone() == (True,)
            done = run(connection, tmp_path / "2")
        why = "rows of parcels carry transaction ids from before the last wraparound"
        assert (done.changed, ranges(done), method(done)) == (1, [], ("checksums", why))
