"""Generated data: sound where it says so, and otherwise with exactly the violations that its truth lists."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import expectations, scenario
from order_audit.audit import run
from order_audit.audit.cli import app
from order_audit.audit.database.server import Server
from order_audit.scenario import defects as kinds
from tests.rules import CHECKABLE
from tests.support import results, servers

_COLUMNS = {
    "customers": "customer_id",
    "orders": "order_id",
}


def _generate(dsn: str, **arguments: Any) -> tuple[scenario.Generated, str]:
    truth = io.StringIO()
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = scenario.generate(connection, truth=truth, **arguments)
    return made, truth.getvalue()


def _violations(dsn: str, out: Path) -> tuple[str, dict[str, Any]]:
    document = results.run(dsn, out, run.Options(formats=("violations",)))
    return (out / "violations.csv").read_text(encoding="utf-8"), document


def _rows(dsn: str, table: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(f"select {table}::text from {table} order by {_COLUMNS[table]}".encode()).fetchall()


def _constraints(dsn: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            """
            select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
            from pg_constraint
            where conrelid in ('customers'::regclass, 'orders'::regclass)
            order by 1, 2
            """
        ).fetchall()


def test_the_kinds_are_the_rules_that_can_be_checked() -> None:
    """All of those that were there when it was made, and no rule that is not."""
    assert set(kinds.RULES) <= CHECKABLE
    assert len(kinds.RULES) >= 42


def test_what_kinds_say_stands_in_the_sql() -> None:
    """Each place that a kind has something for is there once, and each place that is there is some kind's."""
    bulk = Path(scenario.__file__).parent / "bulk"
    texts = [path.read_text(encoding="utf-8") for path in sorted(bulk.glob("*.sql"))]
    places = [place for text in texts for place in re.findall(r"-- defects: (\w+)", text)]
    assert sorted(places) == sorted(kinds.PLACES)
    assert not any("-- defects:" in kinds.spelled_out(text) for text in texts)


@pytest.mark.parametrize(
    ("orders", "customers", "seed", "defects"),
    [
        (200, 50, 1, 0.01),
        (200, 50, 2, 0.3),
        (3000, 400, 3, 0.0001),
        (3000, 400, 4, 0.036),
        (50, 3000, 5, 0.01),
        (3000, 20, 6, 0.01),
        (20000, 2000, 7, 0.004),
    ],
)
def test_an_audit_finds_the_truth_and_nothing_else(
    dsn: str, tmp_path: Path, orders: int, customers: int, seed: int, defects: float
) -> None:
    made, truth = _generate(dsn, orders=orders, customers=customers, seed=seed, defects=defects)
    found, document = _violations(dsn, tmp_path)
    assert found == truth
    assert truth.startswith("rule,key\n")
    assert made.violations == truth.count("\n") - 1
    assert not made.left_out
    assert document["run"]["tables"]["orders"]["rows"] == made.orders == orders
    assert document["run"]["tables"]["customers"]["rows"] == made.customers == customers
    assert {line.partition(",")[0] for line in truth.splitlines()[1:]} == set(kinds.RULES)


@pytest.mark.parametrize(("orders", "customers"), [(3000, 400), (1, 1), (0, 0)])
def test_without_defects_every_rule_passes(dsn: str, tmp_path: Path, orders: int, customers: int) -> None:
    made, truth = _generate(dsn, orders=orders, customers=customers, seed=1, defects=0)
    found, document = _violations(dsn, tmp_path)
    assert found == truth == "rule,key\n"
    assert not made.left_out
    assert document["summary"]["passed"] == len(kinds.RULES)
    assert len(_rows(dsn, "orders")) == orders
    assert len(_rows(dsn, "customers")) == customers


@pytest.mark.parametrize(
    ("orders", "customers", "seed"),
    [
        (200, 50, 1),
        (3001, 397, 1),
        # two customers whose address is unknown draw the same words for a name, and the same city
        (300, 300, 10932),
    ],
)
def test_at_a_rate_of_one_no_row_is_sound(dsn: str, tmp_path: Path, orders: int, customers: int, seed: int) -> None:
    made, truth = _generate(dsn, orders=orders, customers=customers, seed=seed, defects=1)
    assert _violations(dsn, tmp_path)[0] == truth
    assert not made.left_out
    keys: dict[str, set[str]] = {"customer_id": set(), "order_id": set()}
    of = {rule.id: rule.key[0] for rule in expectations.load("current").rules}
    for line in truth.splitlines()[1:]:
        rule, _, key = line.partition(",")
        keys[of[rule]].add(key)
    assert len(keys["order_id"]) == orders
    assert len(keys["customer_id"]) == customers


@pytest.mark.parametrize("rate", [0.002, 0.01])
def test_each_kind_hits_the_rate(server_18: Server, rate: float) -> None:
    dsn = servers.new_database(server_18)
    _, truth = _generate(dsn, orders=20_000, customers=5_000, seed=3, defects=rate)
    lines = [line.partition(",")[0] for line in truth.splitlines()[1:]]
    counts = {rule: lines.count(rule) for rule in kinds.RULES}
    of = {rule.id: rule.key[0] for rule in expectations.load("current").rules}
    for rule, count in counts.items():
        wanted = rate * (20_000 if of[rule] == "order_id" else 5_000)
        # some are what follows from others as well, and kinds that take several orders do not divide without a rest
        assert count > wanted * 0.97 - 5, rule
        if rule not in _FOLLOWING:
            assert count < wanted * 1.03 + 5, rule
    servers.drop_database(server_18, dsn)


#: What other kinds of defects violate as well.
_FOLLOWING = {
    "customers.balance_is_finite",
    "customers.balance_is_not_negative",
    "customers.balance_is_whole_cents",
    "lineage.ancestor_is_older",
    "lineage.recreated_order_has_successor",
    "orders.active_order_has_delivery",
    "orders.script_name_is_identifier",
    "recreation.closed_is_covered_by_balance",
    "recreation.customer_is_not_overcommitted",
}


def test_the_same_arguments_give_the_same_data_on_each_version(servers_by_major: dict[int, Server]) -> None:
    made = []
    for major, seed in ((15, 1), (18, 1), (18, 2)):
        dsn = servers.new_database(servers_by_major[major])
        _, truth = _generate(dsn, orders=3000, customers=400, seed=seed, defects=0.01)
        made.append((_rows(dsn, "customers"), _rows(dsn, "orders"), truth))
        servers.drop_database(servers_by_major[major], dsn)
    assert made[0] == made[1]
    assert all(one != other for one, other in zip(made[1], made[2], strict=True))


@pytest.mark.parametrize(("orders", "customers"), [(30, 12), (10, 10), (1, 1), (0, 40), (500, 1), (500, 5)])
def test_what_there_is_no_room_for_is_named(server_18: Server, tmp_path: Path, orders: int, customers: int) -> None:
    dsn = servers.new_database(server_18)
    made, truth = _generate(dsn, orders=orders, customers=customers, seed=2, defects=0.1 if orders == 500 else 1)
    assert _violations(dsn, tmp_path)[0] == truth
    planted = {line.partition(",")[0] for line in truth.splitlines()[1:]}
    assert made.left_out == tuple(sorted(set(kinds.RULES) - planted))
    assert made.left_out
    assert (len(_rows(dsn, "orders")), len(_rows(dsn, "customers"))) == (orders, customers)
    servers.drop_database(server_18, dsn)


@pytest.mark.both_versions
def test_sound_data_keeps_the_constraints_and_leaves_the_sequences_ahead(dsn: str, server: Server) -> None:
    _generate(dsn, orders=300, customers=40, seed=1, defects=0)
    other = servers.new_database(server, "sample")
    assert _constraints(dsn) == _constraints(other)
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
        _generate(dsn, orders=orders, customers=40, seed=1, defects=0.01)
        names = {row[1] for row in _constraints(dsn)}
        full = full or names | away
        assert full - names == away
        servers.drop_database(server_18, dsn)


def test_lineages_grow_among_each_other(server_18: Server) -> None:
    dsn = servers.new_database(server_18)
    _generate(dsn, orders=20_000, customers=2_000, seed=1, defects=0)
    with psycopg.connect(dsn) as connection:
        lineages = connection.execute(
            "select count(*), max(order_id) - min(order_id) from orders group by order_ref order by 1"
        ).fetchall()
        lengths = [row[0] for row in lineages]
        assert lengths[len(lengths) // 2] <= 7
        assert lengths[-1] > 60
        # a day has more than a hundred orders
        assert all(far > 20 * length for length, far in lineages if length > 7)
        schedules = connection.execute("select count(distinct order_schedule) from orders").fetchone()
        assert schedules is not None
        assert schedules[0] > 24
        counts = [row[0] for row in connection.execute("select count(*) from orders group by customer_id order by 1")]
        assert counts[-1] > 10 * counts[len(counts) // 2]
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
    sizes = ("--orders", "10", "--customers", "10")
    assert _run(monkeypatch, "scenario", "generate", "--dsn", server_18.dsn(), "--quiet", *sizes, *words) == 2
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
