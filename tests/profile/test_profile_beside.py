"""When an audit makes its profile: beside the rules, but for --gentle, which does one thing at a time."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit.audit.run import Options, run
from order_audit.progress import ProgressCallback


@pytest.mark.parametrize("gentle", [False, True])
def test_the_profile_is_made_beside_the_rules(dsn: str, tmp_path: Path, gentle: bool) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("create table s as select 1 as id")
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "slow.sql").write_text(
        "-- title: Slow\n-- severity: info\n-- key: id\nselect s.id from s cross join pg_sleep(2) where s.id > 1\n"
    )
    events: list[str] = []

    def noting(label: str) -> ProgressCallback:
        return lambda _done, _total, name: events.append(f"{label}: {name}")

    def start(label: str, *, lines: bool = False) -> ProgressCallback:
        assert not lines
        return noting(label)

    run(
        dsn,
        tmp_path / "out",
        Options(
            suites=(str(suite),),
            lint=False,
            gentle=gentle,
            formats=("json",),
            on_progress=noting("rules"),
            start_progress=start,
        ),
    )
    assert (events.index("profiling tables: s") > events.index("rules: slow: passed")) is gentle
