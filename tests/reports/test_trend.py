"""`order-audit trend`: findings over all runs of a history."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from order_audit.reports.terminal.trend import bars
from tests.reports.documents import found
from tests.reports.histories import Audit, add, audit
from tests.support.program import order_audit


def measured(value: int, group: str | None = None) -> dict[str, Any]:
    """A measured rule that has passed."""
    values = [{"group": group, "value": f"PT{value}S", "number": float(value), "severity": None}]
    return found("fresh", "passed", measure={"column": "age", "unit": "duration", "bounds": [], "values": values})


def run(number: int) -> Audit:
    """A run of a day: keys that stay, come, go and come back; a rule that fails now and then."""
    keys = {
        "orders.amount_is_positive": ["1", "2", *(["7"] if number % 3 else []), *(["9"] if number > 3 else [])],
        "customers.email_is_valid": ["4"] if number in (1, 4) else [],
        "orders.fine": [],
    }
    day = (date(2026, 1, 1) + timedelta(days=number)).isoformat()
    return audit(day, keys, measured(60 * number), tables={"orders": {"rows": 1000 + number}})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of six runs."""
    path = tmp_path_factory.mktemp("trend") / "history.db"
    add(path, *map(run, range(6)))
    return path


def said(*words: str, code: int = 0) -> str:
    """What the command prints on 80 columns."""
    done = order_audit("trend", *words, COLUMNS="80")
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_all_rules(file: Path) -> None:
    """Those that fail come first; measured values, tables, and the number of rules without violations follow."""
    text = said("--history", str(file))
    assert text.splitlines() == [
        "leads (public): 6 runs, 2026-01-01 to 2026-01-06",
        "",
        "rule                         last 6 runs  now  first seen   last seen  came back",
        "▲ orders.amount_is_positive  ▅▇▇▅██         4  2026-01-01  2026-01-06  1 key",
        "▲ customers.email_is_valid   ▁█▁▁█▁         0  2026-01-02  2026-01-05  1×",
        "2 rules have had no violation",
        "",
        "measured value  last 6 runs    now",
        "fresh           ▁▃▄▆▇█       300 s",
        "",
        "table   last 6 runs   rows",
        "orders  ▁▃▄▆▇█       1,005",
    ]
    assert max(map(len, text.splitlines())) <= 80


def test_one_rule(file: Path) -> None:
    """With the oldest of its violations, and those that came back."""
    lines = said("--history", str(file), "orders.*").splitlines()
    assert lines[-13:] == [
        "Title of orders.amount_is_positive",
        "  fails since 2026-01-01",
        "  last run: 0 new, 0 gone",
        "  oldest violations:",
        "    1  since 2026-01-01",
        "    2  since 2026-01-01",
        "    7  since 2026-01-05, had been gone 1 time",
        "    9  since 2026-01-05",
        "  violations that came back:",
        "    7  since 2026-01-05, had been gone 1 time",
        "",
        "Title of orders.fine",
        "  passed on 2026-01-06",
    ]


def test_one_key(file: Path) -> None:
    """Each time that it was there."""
    words = ("--history", str(file), "orders.amount_is_positive", "--key")
    assert said(*words, "7").splitlines() == [
        "orders.amount_is_positive: 7",
        "  2026-01-02 to 2026-01-03",
        "  since 2026-01-05, still there",
    ]
    assert said(*words, "8") == "orders.amount_is_positive: 8 was no violation in any run\n"


def test_the_configuration_names_the_file(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a run."""
    (tmp_path / "order-audit.toml").write_text(f'[output]\nhistory = "{file}"\n')
    monkeypatch.chdir(tmp_path)
    assert said().startswith("leads (public): 6 runs")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "--history is missing: name the file of the history"),
        (("--history", "none.db"), "--history none.db: No such file or directory"),
        (("--history", "FILE", "none"), "no rule of the history is called none"),
        (("--history", "FILE", "--database", "none"), "has no run of database none"),
        (("--history", "FILE", "--key", "1"), "--key belongs to one rule: name it"),
    ],
)
def test_wrong_use(file: Path, words: tuple[str, ...], text: str) -> None:
    """One line that says what to do."""
    message = said(*(str(file) if word == "FILE" else word for word in words), code=2)
    assert message.startswith("order-audit: ")
    assert text in message
    assert message.count("\n") == 1


def test_bars() -> None:
    """Only a zero has the lowest bar; a value that is unknown has none; of many values, the last ones are shown."""
    assert bars([0, 1, 1000]) == "▁▂█"
    assert bars([0, 0]) == "▁▁"
    assert bars([5, None, 5]) == "█ █"
    assert bars([5, 6], from_zero=False) == "▁█"
    assert bars([*[1] * 40, 0]) == "█" * 29 + "▁"
