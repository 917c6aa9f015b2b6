"""The benchmark of what a user waits for: its ratios, what it says of worse ones, its targets and its commands."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.contenders import contenders
from benchmarks.measure import FailedError, server_seconds
from benchmarks.whole import page, rows
from benchmarks.whole.__main__ import parser
from benchmarks.whole.ratios import RATIOS, faults, not_measured, regressions
from benchmarks.whole.targets import TARGETS
from order_audit.audit.database.server import Server
from tests.support import servers

ROOT = Path(__file__).parents[2]
OURS, HAND = (rows.ALL, rows.RUN), (rows.ALL, rows.HAND)


def document(costs: dict[rows.Place, tuple[float, float]], orders: int = 200_000) -> dict[str, Any]:
    """A result in which these commands took these seconds of CPU, of the client and of the server."""
    found = []
    for place, (client, server) in costs.items():
        row = rows.Row(*place)
        row.runs = [{"wall": 2.0, "client": client, "server": server, "memory": 5e7}]
        found.append(row.json())
    return {"tables": [orders, orders // 10], "defects": 0.001, "seed": 1, "revision": "abc", "repeats": 1, "load": 0.5,
            "changed": {}, "whole": {}, "in_full": {}, "rows": found}  # fmt: skip


def test_a_ratio_that_is_worse_by_more_than_a_fifth_is_a_regression() -> None:
    committed = document({OURS: (1.0, 2.0), HAND: (0.5, 1.0)})
    assert regressions(document({OURS: (1.0, 2.6), HAND: (0.5, 1.0)}), committed) == []
    assert regressions(document({OURS: (1.0, 2.8), HAND: (0.5, 1.0)}), committed) == [
        "42 rules, order-audit run over SQL by hand, two connections: 2.53, was 2.00, 27% worse"
    ]
    # a machine of half the speed
    assert regressions(document({OURS: (2.0, 4.0), HAND: (1.0, 2.0)}), committed) == []


def test_results_of_other_data_are_not_compared() -> None:
    committed = document({OURS: (1.0, 2.0), HAND: (0.5, 1.0)})
    with pytest.raises(ValueError, match=r"defects is 0\.5, and 0\.001 in the committed results"):
        regressions(committed | {"defects": 0.5}, committed)


def test_a_ratio_that_was_not_measured_is_named() -> None:
    committed = document({OURS: (1.0, 2.0), HAND: (0.5, 1.0)})
    found = document({OURS: (1.0, 9.0)})
    assert regressions(found, committed) == []
    assert list(not_measured(found, committed)) == ["42 rules, order-audit run over SQL by hand, two connections"]


def test_a_command_of_ours_that_fails_or_differs_is_a_fault() -> None:
    found = document({})
    found["rows"] = [
        rows.Row(rows.ALL, rows.RUN, error="FailedError: no").json(),
        rows.Row(rows.SIXTEEN, rows.RUN, counts="differs: a 1 for 2").json(),
        rows.Row(rows.SIXTEEN, "dbt", error="not installed: no network").json(),
        rows.Row(rows.ALL, rows.EARLIER, counts="differs: a 1 for 2").json(),
    ]
    assert list(faults(found)) == [
        "42 rules, order-audit run: FailedError: no",
        "16 rules, order-audit run: violations: differs: a 1 for 2",
    ]


def test_ratios_are_of_tools_that_are_measured() -> None:
    assert {rows.HAND, rows.RUN, *rows.PEERS} <= {it.name for it in contenders()}
    names = {ratio.name for ratio in RATIOS}
    assert len(names) == len(RATIOS)
    assert {f"16 rules, order-audit run over {name}" for name in (rows.HAND, *rows.PEERS)} <= names


def test_targets_say_whether_they_are_met_and_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(target.why for target in TARGETS)
    soda, ours = (rows.SIXTEEN, "Soda Core 4"), (rows.SIXTEEN, rows.RUN)
    monkeypatch.setattr(page, "documents", lambda: [document({soda: (1.0, 1.0), ours: (1.0, 3.0)}, 10_000)])
    lines = page.targets().splitlines()
    (line,) = (it for it in lines if "Soda Core 4" in it and "| 10,000 |" in it)
    assert line.startswith("| 16 rules, Soda Core 4 over ours | 10,000 | – | at least 1 | 0.50 | no. With so few rows,")
    (line,) = (it for it in lines if "Soda Core 4" in it and "| 2,000,000 |" in it)
    assert line.endswith("| at least 2.3 | – | not measured |")


def test_table_of_a_size() -> None:
    found = document({OURS: (1.0, 2.0), HAND: (0.5, 1.0), (rows.SIXTEEN, "dbt"): (3.0, 1.0)})
    found["rows"].append(rows.Row(rows.SIXTEEN, "Pointblank", error="not installed: no network").json())
    found["changed"] = {"0.001": {"updated": 4, "inserted": 3, "deleted": 2, "customers": 1}}
    found["in_full"] = {"0.001": ["a.b", "a.c"]}
    text = page.size_tables(found)
    assert (
        "0.1% changed: orders 4 updated, 3 new, 2 deleted; 1 customers. Rules that judged all rows: a.b, a.c." in text
    )
    assert "| order-audit run | 2.00 | 1.00 | 2.00 | 2.00 | 50 |  |" in text
    assert "| Pointblank | – | – | – | – | – | not installed: no network |" in text
    assert "| dbt, 16 rules, all again | 2.00 | 3.00 | 1.00 | – | 50 |  |" in text


@pytest.mark.parametrize("target", ["bench", "bench-quick"])
def test_make_calls_the_benchmark(target: str) -> None:
    command = ["make", "--dry-run", "--no-print-directory", "--assume-old", ".venv/.installed", target,
               "BENCH=--without GX"]  # fmt: skip
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of `make test`
    said = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout
    words = shlex.split(said.replace("\\\n", " "))
    given = parser().parse_args(words[words.index("benchmarks.whole") + 1 :])
    assert given.without[-1] == "GX"
    if target == "bench":
        assert (given.orders[0], given.orders[-1], given.minutes) == (10_000, 10_000_000, None)
    else:
        # where the results do not replace what they are compared with
        assert (given.orders, given.minutes, given.out) == ([200_000], 4.8, Path("out/bench"))


def test_server_seconds_are_of_sessions_that_have_ended(server_15: Server) -> None:
    with servers.database(server_15, "schema") as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute("select")
            with pytest.raises(FailedError, match="another session"):
                server_seconds(server_15, dsn, 0)
        assert server_seconds(server_15, dsn) > 0
