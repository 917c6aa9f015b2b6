"""What a scan with many violations writes to the server's disk, and the examples that are found without it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from tests.scan.edges import keys, results, rule, suite
from tests.support import servers
from tests.support.results import run


@pytest.fixture(scope="module")
def dsn(server: Server) -> Iterator[str]:
    """An empty database."""
    with servers.database(server) as made:
        yield made


@pytest.mark.both_versions
def test_each_key_is_written_twice_at_most(dsn: str, tmp_path: Path) -> None:
    """Once as it was found, and once to be sorted; that of an audit with little memory, which has to write all."""
    rows, length = 20_000, 512
    mine = suite(tmp_path / "mine", {"long": rule("select t.code from long_keys as t", "code")})
    with psycopg.connect(dsn, autocommit=True) as connection:
        keys_sql = f"select repeat(md5(g::text), {length // 32}) as code from generate_series(1, {rows}) as g"
        connection.execute(f"create table long_keys as {keys_sql}".encode())
        connection.execute("select pg_stat_reset()")
        options = Options((str(mine),), lint=False, profile=False, gentle=True, formats=("json", "violations"))
        assert run(dsn, tmp_path / "out", options)["violations"]["rows"] == rows
        gone = "select count(*) = 0 from pg_stat_activity where application_name = 'order-audit'"
        while connection.execute(gone).fetchone() == (False,):
            time.sleep(0.01)  # a session counts its files when it ends
        written = connection.execute(
            "select temp_bytes from pg_stat_database where datname = current_database()"
        ).fetchone()
    assert written is not None
    assert 1.5 * rows * length < written[0] < 2.5 * rows * length, written[0]


@pytest.mark.both_versions
def test_examples_are_the_first_keys_whatever_their_number_of_rows(dsn: str, tmp_path: Path) -> None:
    """Each once: also where the first rows have too few of them, of a rule alone and of several in one scan."""
    text = "select t.code, t.part from repeated as t where t.part >= {}"
    number = text.replace("code", "id")
    rules = {
        "alone": rule("select r.code from (select code from repeated limit 1000) as r", "code"),
        "numbers": rule(f"{number.format(0)} limit 1000", "id"),
        **{f"texts_{part}": rule(text.format(part), "code") for part in (0, 1)},
        **{f"ids_{part}": rule(number.format(part), "id") for part in (0, 1)},
    }
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table repeated as select nullif(n, 0)::text as code, nullif(n, 0) as id, n as part"
            " from generate_series(0, 4) as n, generate_series(1, 100)"
        )
    mine = suite(tmp_path / "mine", rules)
    for examples, shown in ((1, 1), (2, 2), (5, 5), (2000, 5)):
        document = run(
            dsn, tmp_path / "out", Options((str(mine),), lint=False, profile=False, examples=examples, fail_on="never")
        )
        for name, result in results(document).items():
            column = "id" if name in ("numbers", "ids_0", "ids_1") else "code"
            first = 1 if name.endswith("_1") else 0
            expected = [None, "1", "2", "3", "4"][first : first + shown]
            found = [None if it[column] is None else str(it[column]) for it in result["examples"]]
            assert found == expected, (name, examples)
            assert (
                len(keys(tmp_path / "out", name)) == result["violations"] == 104 - 100 * first
            )  # NULL equals no other
