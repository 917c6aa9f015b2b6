"""`order-audit check`: what is wrong with suite files, with nothing run."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.cli.support import in_process
from tests.support import servers

HEAD = "-- title: T\n-- severity: critical\n-- key: order_id\n"


def _suite(folder: Path, **files: str) -> Path:
    (folder / "mine" / "a").mkdir(parents=True)
    for name, text in files.items():
        (folder / "mine" / "a" / f"{name}.sql").write_text(text)
    return folder


def test_each_wrong_file_has_a_line(tmp_path: Path) -> None:
    """Of headers first, then of statements."""
    _suite(
        tmp_path,
        good=f"{HEAD}select o.order_id from orders as o\n",
        header=f"{HEAD}-- severty: info\nselect 1\n",
        variable=f"{HEAD}select o.order_id from orders as o where o.order_amount > :most\n",
    )
    done = in_process("check", "mine", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0].startswith("mine/a/header.sql:4: unknown header 'severty'")
    assert "mine/a/variable.sql" in lines[1]
    assert lines[2:] == ["0 rules checked: 2 errors, 0 warnings"]
    (tmp_path / "mine/a/header.sql").write_text(f"{HEAD}delete from orders\n")
    (tmp_path / "mine/a/variable.sql").write_text(f"{HEAD}select 1; select 2\n")
    done = in_process("check", "mine", cwd=tmp_path)
    assert [line.split(": ")[0] for line in done.stdout.splitlines()[:2]] == [
        "mine/a/header.sql", "mine/a/variable.sql"
    ]  # fmt: skip


def test_what_the_parser_cannot_read_is_a_warning(tmp_path: Path) -> None:
    _suite(tmp_path, odd=f"{HEAD}select o.order_id from orders as o where (o.order_id + = 1\n")
    done = in_process("check", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines() == [
        "mine/a/odd.sql: a.odd: the parser cannot read this statement; --dsn has a server check it (warning)",
        "1 rule checked: 0 errors, 1 warning",
    ]


def test_the_configuration_is_checked_too(tmp_path: Path) -> None:
    """Suites of it, unknown rules, expired suppressions; and those that a result says are unused."""
    _suite(tmp_path, good=f"{HEAD}select o.order_id from orders as o\n")
    head = 'suites = ["mine"]\nfixes = "none"\n[[suppress]]\nreason = "r"\nmax = 3\n'
    config = tmp_path / "order-audit.toml"
    config.write_text(f'{head}rule = "a.god"\n')
    done = in_process("check", cwd=tmp_path)
    assert "no rule 'a.god'" in done.stdout.splitlines()[0]
    config.write_text(f'{head}rule = "a.good"\nexpires = 2026-01-01\n')
    done = in_process("check", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "--fixes: none is not a folder",
        "order-audit.toml:3: the suppression of a.good up to 3 violations has expired: r (until 2026-01-01)",
        "1 rule checked: 2 errors, 0 warnings",
    ]


def test_unused_suppressions_are_those_of_a_result(tmp_path: Path, audits: dict[str, Path]) -> None:
    made = json.loads((audits["sample"] / "results.json").read_text(encoding="utf-8"))
    made["suppressions"] = [
        {"rule": "orders.status_is_known", "object": "", "reason": "r", "at_most": 2, "status": "unused"},
        {"rule": "orders.status_is_known", "object": "", "reason": "r", "at_most": 3, "status": "used"},
    ]
    (tmp_path / "results.json").write_text(json.dumps(made))
    done = in_process("check", "current", "--results", "results.json", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[:-1] == [
        "unused suppression  orders.status_is_known up to 2 violations: r (warning)"
    ]


@pytest.mark.both_versions
def test_a_server_checks_what_it_does_not_run(server: Server, tmp_path: Path) -> None:
    """Names and types, with the place; a missing table is an error, what `requires` allows a warning."""
    _suite(
        tmp_path,
        absent=f"{HEAD}-- requires: orders.nothing\nselect o.order_id from orders as o where o.nothing > 0\n",
        column=f"{HEAD}select o.order_id from orders as o\nwhere o.nothing > 0\n",
        good=f"{HEAD}select o.order_id from orders as o where 1 / (o.order_id - o.order_id) = 0\n",
        table=f"{HEAD}select order_id from parcels\n",
    )
    with servers.database(server, "sample") as dsn:
        done = in_process("check", "mine", "--dsn", dsn, cwd=tmp_path)
        with psycopg.connect(dsn) as connection:
            waiting = connection.execute("select count(*) from pg_locks where relation = 'orders'::regclass").fetchone()
    assert waiting == (0,)
    assert done.returncode == 1
    assert sorted(line.split(": ")[0] for line in done.stdout.splitlines()[:-1]) == [
        "mine/a/absent.sql", "mine/a/column.sql:5:7", "mine/a/table.sql"
    ]  # fmt: skip
    assert done.stdout.splitlines()[-1] == "4 rules checked: 2 errors, 1 warning"
