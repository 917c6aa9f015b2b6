"""Commands of a report, pasted into a shell in the folder of the run: they have its options and its numbers."""

from __future__ import annotations

import html
import inspect
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import typer

import order_audit as api
from order_audit.audit.cli.app import app
from order_audit.audit.database.server import Server
from order_audit.audit.results.given import given_options
from order_audit.audit.results.options import Options
from order_audit.reports.document import Document, KeyDigests, decode
from order_audit.reports.html import reproduce
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

COMMANDS: Final[dict[str, Any]] = vars(typer.main.get_command(app))["commands"]


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


def test_the_command_that_repeats_a_run_has_all_of_its_options(run: tuple[Path, Done]) -> None:
    """Each option of `run` but those of the terminal, and --csv-safe, which is a format."""
    document = decode(Document, json.loads((run[0] / "out" / "results.json").read_text()))
    some, digests = Path("some"), KeyDigests(kind="key_file", key_id="0" * 16)
    options = Options(
        fixes=some, guards=some, allow=some, rules=("a",), exclude=("b",), tags=("c",), variables={"d": "1"},
        environment="ci", configuration="order-audit.toml", history=some, since=some, full=True, verify_since=0.5,
        rows=5, timeout=2.5, sample=10.0, different=True, gentle=True, lint=False, profile=False, exact=True,
        plan_fixes=True, formats=("html", "csv-safe"), ddl=(some,), engine="duckdb", lake=("lake",), memory="2GB",
    )  # fmt: skip
    gate = replace(document.summary.gate, allow_skipped=True, fail_on_anomaly="info", min_pass_rate=99.5, baseline=True)
    said = set()
    for each in (options, replace(options, since=None, state=True)):
        given = replace(
            document, given=given_options(each, ()), summary=replace(document.summary, gate=gate), key_digests=digests,
            run=replace(document.run, masked=False),
        )  # fmt: skip
        words = shlex.split(reproduce.command(given))
        said |= {*words}
        known = {name: value for name, value in zip(words, [*words[1:], ""], strict=True) if name.startswith("--")}
        assert (known["--examples"], known["--jobs"], known["--fail-on"], known["--format"]) == (
            "20", "2", "critical", "html,csv-safe",
        )  # fmt: skip
        assert (known["--verify-since"], known["--sample"], known["--statement-timeout"]) == ("0.5", "10", "2.5")
    options_of_run = {option for it in COMMANDS["run"].params for option in it.opts}
    assert options_of_run - said == {"--quiet", "--verbose", "--json-schema", "--csv-safe"}


def test_python_has_the_options_of_a_run() -> None:
    """Each option of the command is a parameter of `order_audit.run`, and each parameter an option."""
    names = {"formats": "format", "rules": "rule", "tags": "tag", "suites": "suite", "variables": "var",
             "timeout": "statement-timeout", "lint": "no-lint", "profile": "no-profile"}  # fmt: skip
    parameters = {names.get(it, it).replace("_", "-") for it in inspect.signature(api.run).parameters}
    options_of_run = {option.removeprefix("--") for it in COMMANDS["run"].params for option in it.opts}
    assert options_of_run - parameters == {"env", "quiet", "verbose", "json-schema", "csv-safe"}
    assert not parameters - options_of_run
    for wrong in ({"sample": 500.0}, {"sample": 5.0, "exact": True}, {"min_pass_rate": "x"}, {"rows": 5}):
        with pytest.raises(api.UsageError):
            api.run("host=/nowhere", **wrong)


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
