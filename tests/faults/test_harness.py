"""The short form of the harness of faults: some commands, each fault once; `make soak` runs the long one for hours.

Also: the harness notices what it is there to notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.attempt import Bed
from tests.faults.commands import command
from tests.faults.faults import FAULTS, Fault
from tests.faults.judge import Ended, Left, judge
from tests.faults.state import difference, state
from tests.support import servers

#: The command that meets each fault here; in the long form, all do.
SHORT = {
    "SIGKILL": "fixes apply", "SIGTERM": "migrate rollback", "SIGINT twice": "run", "SIGHUP": "profile",
    "client stopped for a while": "profile", "pg_terminate_backend": "fixes revert", "pg_cancel_backend": "run",
    "server restart, immediate": "run", "connections reset": "migrate run --to backfill",
    "network silent": "profile", "tables locked by others": "profile", "locks in another order": "fixes revert",
    "statement_timeout": "run", "disk full at the client": "run", "database dropped": "profile",
}  # fmt: skip


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A server that the faults may kill."""
    with servers.running(18) as server:
        yield Bed(server, tmp_path_factory.mktemp("faults"), servers._FAST)


@pytest.mark.server
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in SHORT], ids=lambda fault: fault.name)
def test_a_command_is_finished_refused_or_resumed(bed: Bed, fault: Fault) -> None:
    assert bed.attempt(command(SHORT[fault.name]), fault, "1").lost == ""


def test_the_harness_notices_lost_rows_and_changed_objects(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t as select g from generate_series(1, 9) as g")
        before = state(dsn)
        connection.execute("delete from t where g = 3")
        assert difference(state(dsn), before) == "public.t: 8 rows, not 9"
        connection.execute("insert into t values (4)")
        assert difference(state(dsn), before) == "public.t: other values"
        connection.execute("update t set g = 3 where ctid = (select max(ctid) from t)")
        assert difference(state(dsn), before) == ""
        connection.execute("create index on t (g)")
        assert difference(state(dsn), before).startswith("definitions: ['index t CREATE INDEX")


def test_the_harness_notices_wrong_ends(tmp_path: Path) -> None:
    run, lint = command("run"), command("lint")
    plain = Ended(0, "no findings", "")
    wanted = Left({}, "no findings")
    assert judge(lint, plain, wanted, plain, wanted) == ("finished", "")
    assert judge(lint, Ended(0, "other", ""), Left({}, "other"), plain, wanted)[0] == "wrong"
    assert judge(lint, Ended(3, "", "order-audit: lost"), Left({}, ""), plain, wanted) == ("stopped", "")
    assert judge(lint, Ended(3, "", ""), Left({}, ""), plain, wanted)[1]
    assert judge(lint, Ended(3, "", "Traceback (most"), Left({}, ""), plain, wanted)[0] == "crashed"
    assert judge(lint, Ended("hung", "", ""), Left({}, ""), plain, wanted)[1] == "the command did not end"
    whole = Left({"results.json": '{"results": [], "run": {"complete": true}}', "violations.csv": "a\n"}, "")
    whole.write_earlier(tmp_path)
    mixed = Left(Left.of(tmp_path, plain).files | {"violations.csv": "a\n"}, "")
    killed = Ended(-9, "", "")
    assert judge(run, killed, Left.of(tmp_path, plain), plain, whole) == ("killed", "")
    assert judge(run, killed, mixed, plain, whole)[1].startswith("files of two audits")
