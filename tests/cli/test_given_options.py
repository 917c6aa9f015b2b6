"""Commands of a report, pasted into a shell in the folder of the run: they have its options and its numbers."""

from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.cli.support import Done, in_process
from tests.support import servers

RULE = """-- title: Heavy
-- severity: critical
-- key: id
-- variables: most = 900, region = 'EU', api_token = 'none'
select id, weight from parcels where weight > :most and region = :'region' and :'api_token' <> ''
"""
FIX = """-- assumes: nothing.
-- leave: heavy.

-- automatic: the weight becomes the highest
-- update parcels by id:
select v.id, 1 as weight
from violation as v;
"""
FILES = {
    "my rules/parcels/heavy.sql": RULE,
    "my rules/parcels/other.sql": RULE.replace("-- key", "-- tags: slow\n-- key"),
    "my fixes/parcels/heavy.sql": FIX,
    "order-audit.toml": "[env.ci.tolerate]\n'parcels.heavy' = '1 row'\n",
}
OPTIONS = (
    "--suite", "my rules", "--schema", "ops", "--fixes", "my fixes", "--var", "most=5", "--var", "api_token=t-77",
    "--env", "ci", "--exclude", "parcels.other",
)  # fmt: skip


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> str:
    with psycopg.connect(made := servers.new_database(server_18)) as connection:
        connection.execute("create schema ops")
        connection.execute("create table ops.parcels (id int primary key, weight real, region text)")
        connection.execute("insert into ops.parcels select i, i, 'US' from generate_series(1, 9) as i")
    return made


@pytest.fixture(scope="module")
def run(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A run with all of these options, and a variable of the environment; its folder and its output."""
    folder = tmp_path_factory.mktemp("given")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    environment = {"DATABASE_URL": dsn, "ORDER_AUDIT_VAR_REGION": "US"}
    done = in_process("run", *OPTIONS, "--out", "out", "--no-profile", "--quiet", cwd=folder, env=environment)
    assert done.returncode == 1, done.stderr
    return folder, done


def commands(folder: Path) -> dict[str, list[str]]:
    """The words of a report's commands, by the command."""
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    found = [html.unescape(it) for it in re.findall(r"order-audit (?:fixes|lint|run) [^<\n]*", page)]
    return {" ".join(it for it in words[1:3] if "-" not in it): words[1:] for words in map(shlex.split, found)}


def filled(words: list[str], folder: Path) -> list[str]:
    """A command with what the reader writes in place of …."""
    return [word.replace("=…", "=t-77").replace("…", str(folder / "again")) for word in words]


def test_the_command_that_repeats_a_run_gives_its_results(dsn: str, run: tuple[Path, Done]) -> None:
    folder, _ = run
    words = commands(folder)["run"]
    assert "t-77" not in " ".join(words)
    words[words.index("--dsn") + 1] = dsn
    assert in_process(*filled(words, folder), cwd=folder).returncode == 1
    before, after = (json.loads((folder / it / "results.json").read_text()) for it in ("out", "again"))

    def judged(document: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [(it["rule"], it["status"], it["violations"], it.get("tolerate")) for it in document["results"]]

    assert judged(before) == judged(after)
    assert (before["results"][0]["violations"], before["given"]) == (4, after["given"])


def test_the_next_steps_find_the_same_violations(dsn: str, run: tuple[Path, Done]) -> None:
    """Of the report, and of the terminal, which have the same options."""
    folder, done = run
    found = commands(folder)
    plan = in_process("fixes", "plan", *filled(found["fixes apply"][2:], folder), cwd=folder, env={"DATABASE_URL": dsn})
    assert (plan.returncode, "4 changes would be made" in plan.stdout) == (0, True), plan
    assert "api_token=…" in plan.stdout
    lint = in_process(*filled(found["lint"], folder), cwd=folder, env={"DATABASE_URL": dsn})
    assert (lint.returncode, "parcels.id" in lint.stdout) == (0, True), lint
    said = next(line for line in done.stdout.splitlines() if line.startswith("next: "))
    assert shlex.split(said)[4:] == ["--out", "decisions.toml", *found["fixes apply"][2:]]
