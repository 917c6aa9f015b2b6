"""The benchmarks' hand-written SQL counts what the rules count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks import rules, table, yardstick
from benchmarks.contenders import contenders
from benchmarks.peers import page
from benchmarks.peers.job import CHECKS
from benchmarks.peers.tools import HOME, PEERS, written
from order_audit.audit.database.server import Server
from tests.scenario.facts import read_truth
from tests.support import servers

SQL = Path(yardstick.__file__).parent / "sql"


@pytest.fixture(scope="module")
def labelled(server_15: Server) -> Iterator[str]:
    """The labelled bad data on PostgreSQL 15."""
    with servers.database(server_15, "issues") as dsn:
        yield dsn


@pytest.mark.parametrize("connections", [1, 2])
@pytest.mark.parametrize(("file", "wanted"), [("sixteen.sql", rules.SIXTEEN), ("all.sql", rules.ALL)])
def test_sql_counts_the_truth(labelled: str, file: str, wanted: tuple[str, ...], connections: int) -> None:
    counts, _ = yardstick.counts(labelled, SQL / file, connections)
    truth = Counter(rule for rule, _ in read_truth())
    assert counts == {rule: truth[rule] for rule in wanted}


def test_queries_count_the_truth(labelled: str) -> None:
    """What the other tools are given, where they have no check of their own."""
    truth = Counter(rule for rule, _ in read_truth())
    with psycopg.connect(labelled) as connection:
        for rule, query in rules.queries().items():
            assert len(connection.execute(query.encode()).fetchall()) == truth[rule], rule


def test_every_set_is_measured_for_us_and_by_hand() -> None:
    assert len(rules.SIXTEEN) == 16
    assert len(rules.ALL) == 42
    measured = Counter((it.name, it.rules) for it in contenders())
    assert set(measured.values()) == {1}
    assert {("order-audit run", "16"), ("order-audit run", "42")} <= set(measured)


def test_table_of_a_contender_that_could_not_run() -> None:
    row = {"name": "dbt", "rules": "16", "runs": [], "counts": "", "error": "not installed: no network", "median": {}}
    text = table.tables(
        {
            "compare-10": {
                "tables": [10, 1],
                "defects": 0.0,
                "repeats": 1,
                "rows": [row],
                "controls": {
                    name: {"wall": 0.1, "cpu": 0.1, "memory": 1e6}
                    for name in ("order-audit --help", "order-audit run on the sample")
                },
                "machine": {"cores": 2, "processor": "x", "memory_bytes": 2**30, "system": "y", "python": "3.11",
                            "postgresql": "15", "settings": {}},
                "versions": {},
            }
        }
    )  # fmt: skip
    assert "| dbt | 16 | not installed: no network |" in text
    assert "| 16 rules, whole process, dbt over ours | at least 2 | – | not measured |" in text


def test_each_figure_has_its_own_machine() -> None:
    def on(processor: str) -> dict[str, object]:
        return {
            "machine": {"cores": 2, "processor": processor, "memory_bytes": 2**30, "system": "y", "python": "3.11",
                        "postgresql": "15", "settings": {}},
            "versions": {},
        }  # fmt: skip

    text = table.tables({"other": on("one"), "thing-7": on("another"), "thing-8": on("another")})
    assert "`--other`: measured on 2 cores (one)" in text
    assert "`--thing`: measured on 2 cores (another)" in text


def test_table_of_the_client() -> None:
    """The earlier revision comes first, and divides the current values."""
    costs = {"run": {"abc": {"cpu": 2.0, "memory": 2e8}, "now": {"cpu": 1.5, "memory": 1e8}}}
    text = table.tables({"client": {"revision": "abc", "repeats": 11, "costs": costs}})
    assert "| run | abc | 2.000 | 1.00 | 200 | 1.00 |\n| run | now | 1.500 | 0.75 | 100 | 0.50 |" in text
    assert "| run on the sample, client CPU, over abc | at most 0.5 | 0.75 | no |" in text
    assert "| the same: client memory | at most 0.55 | 0.50 | yes |" in text


def test_table_of_a_migration() -> None:
    times = {"transactions": 100, "p50_ms": 1.0, "p99_ms": 2.0, "longest_ms": 30.0}
    life = {
        "end": "rollback",
        "tables": [1_000, 100],
        "rate": 150.0,
        "clients": 6,
        "phases": {
            "no migration": {"seconds": 20.0, "old": times, "new": None},
            "switch": {"seconds": 2.0, "old": times | {"p99_ms": 5.0}, "new": times | {"longest_ms": 300.0}},
        },
        "errors": [["switch", "old", "spend", "40001", 2]],
        "said": [],
        "wrong": {"at the end": [0, []]},
        "changed": {"transactions": 300},
    }
    filled = {"rows": 1_100, "seconds": 2.0, "bytes": 10**6, "dead": 7} | times
    fill = {
        "tables": [1_000, 100],
        "transactions_per_second": 150,
        "contenders": {"nothing": filled | {"rows": 0}, "plain": filled | {"seconds": 1.0}, "ours": filled},
    }
    text = table.tables({"migrate": {"lives": [life]}, "fill": fill})
    assert "Failed: 2 with SQLSTATE 40001 (old side, spend, switch)" in text
    assert "| switch | 2.0 | 100 | 1.00 | 5.00 | 30 | 2.50 | 100 | 1.00 | 2.00 | 300 |" in text
    assert "| the same: longest transaction around the switch | at most 200 ms | 300.00 ms | no |" in text
    assert "| at least 0.7 | 0.50 | no |" in text


def test_the_page_on_other_tools_is_of_the_files_that_are_there() -> None:
    """What was recorded is what is shipped: checks, packages, commands, and files as long as then."""
    recorded = page.recorded_results()
    assert [(it["id"], it["question"]) for it in recorded["checks"]] == [(it.id, it.question) for it in CHECKS]
    found = [(it["name"], it["packages"], it["commands"], (it["files"], it["lines"])) for it in recorded["tools"]]
    assert found == [
        (it.name, list(it.tool.packages) if it.tool else [], list(it.commands), written(HOME / it.folder))
        for it in PEERS
    ]
