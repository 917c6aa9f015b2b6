"""The command that generates data: all or nothing, and one line about wrong use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.cli import app
from order_audit.audit.database.server import Server
from tests.scenario.generated import generate
from tests.support import servers


def constraints(dsn: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            """
            select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
            from pg_constraint
            where conrelid in ('customers'::regclass, 'orders'::regclass)
            order by 1, 2
            """
        ).fetchall()


@pytest.mark.both_versions
def test_sound_data_keeps_the_constraints_and_leaves_the_sequences_ahead(dsn: str, server: Server) -> None:
    generate(dsn, orders=300, customers=40, seed=1, defects=0)
    other = servers.new_database(server, "sample")
    assert constraints(dsn) == constraints(other)
    with psycopg.connect(dsn) as connection:
        customer = connection.execute(
            "insert into customers select (jsonb_populate_record(c, jsonb_build_object('customer_id',"
            " nextval('customers_customer_id_seq')))).* from customers as c limit 1 returning customer_id"
        ).fetchone()
        order = connection.execute(
            "insert into orders (order_ref, customer_id) select 1, max(customer_id) from customers returning order_id"
        ).fetchone()
        assert customer == connection.execute("select max(customer_id) from customers").fetchone()
        assert order == connection.execute("select max(order_id) from orders").fetchone()
    servers.drop_database(server, other)


def test_only_the_constraints_that_a_defect_breaks_are_away(server_18: Server) -> None:
    full = None
    for orders, away in ((300, {"chk_status", "orders_customer_id_fkey"}), (1, set())):
        dsn = servers.new_database(server_18)
        generate(dsn, orders=orders, customers=40, seed=1, defects=0.01)
        names = {row[1] for row in constraints(dsn)}
        full = full or names | away
        assert full - names == away
        servers.drop_database(server_18, dsn)


def test_all_or_nothing(server_18: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server_18)

    def interrupt(_done: int, _of: int, step: str) -> None:
        if step == "constraints":
            raise KeyboardInterrupt

    truth = tmp_path / "truth.csv"
    with psycopg.connect(dsn, autocommit=True) as connection:
        with pytest.raises(KeyboardInterrupt):
            scenario.generate(connection, orders=50, customers=9, seed=1, defects=1, truth=truth, on_progress=interrupt)
        assert connection.execute("select to_regclass('orders'), to_regclass('customers')").fetchone() == (None, None)
    assert not list(tmp_path.iterdir())
    servers.drop_database(server_18, dsn)


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["order-audit", *words])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command(
    server_18: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('create schema "Other One"')
    sizes = ("--orders", "200", "--customers", "50")
    words = ("scenario", "generate", "--dsn", dsn, *sizes, "--schema", "Other One", "--defects", "0.01")
    assert _run(monkeypatch, *words, "--truth", str(tmp_path / "truth.csv")) == 0
    said = capsys.readouterr()
    truth = (tmp_path / "truth.csv").read_bytes()
    violations = len(truth.splitlines()) - 1
    assert said.out == f"created 200 orders and 50 customers with {violations} violations\n"
    assert "generating: 7 of 7" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["truth.csv"]
    assert _run(monkeypatch, "run", "--dsn", dsn, "--schema", "Other One", "--out", str(tmp_path / "out")) == 1
    assert (tmp_path / "out" / "violations.csv").read_bytes() == truth

    capsys.readouterr()
    assert _run(monkeypatch, *words, "--quiet", "--truth", str(tmp_path / "truth.csv")) == 2
    assert "customers and orders already exists" in capsys.readouterr().err
    assert (tmp_path / "truth.csv").read_bytes() == truth

    sizes = ("--orders", "9", "--customers", "9")
    assert _run(monkeypatch, "scenario", "generate", "--dsn", dsn, "--quiet", *sizes, "--defects", "0.5") == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1].startswith("too few rows for ")
    assert said.err == ""
    servers.drop_database(server_18, dsn)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--orders", "-1"), "orders and customers are from 0 to 1000000000"),
        (("--customers", "-1"), "orders and customers are from 0 to 1000000000"),
        (("--orders", "1000000001"), "orders and customers are from 0 to 1000000000"),
        (("--customers", "0"), "orders need at least one customer"),
        (("--seed", "-1"), "the seed is from 0 to 2147483647"),
        (("--defects", "1.01"), "the rate of defects is from 0 to 1"),
        (("--defects", "nan"), "the rate of defects is from 0 to 1"),
        (("--truth", "/"), "/ is a folder"),
        (("--truth", "/no/such/folder/truth.csv"), "cannot write /no/such/folder/truth.csv: No such file"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    server_18: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    sizes = {"--orders": "10", "--customers": "10"} | {words[0]: words[1]}
    given = [word for pair in sizes.items() for word in pair]
    assert _run(monkeypatch, "scenario", "generate", "--dsn", server_18.dsn(), "--quiet", *given) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_another_encoding_is_refused(
    server_18: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = servers.new_database(server_18, options="encoding 'LATIN1' locale 'C'")
    sizes = ("--orders", "10", "--customers", "10")
    assert _run(monkeypatch, "scenario", "generate", "--dsn", dsn, "--quiet", *sizes) == 2
    assert "the database's encoding is not UTF-8" in capsys.readouterr().err
    servers.drop_database(server_18, dsn)
