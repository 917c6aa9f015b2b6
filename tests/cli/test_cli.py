"""The command line as people and CI jobs use it: real processes, real servers, wrong use first."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import jsonschema
import psycopg
import pytest
import typer
from psycopg import conninfo

from order_audit import expectations
from order_audit.audit.analysis import parsed_query
from order_audit.audit.cli.app import app
from order_audit.audit.database.server import Server
from tests.rules import CHECKABLE
from tests.support import servers

ROOT: Final = Path(__file__).parents[2]
FILES: Final = ["junit.xml", "report.html", "results.json", "summary.md", "violations.csv"]
PASSWORD: Final = "hunter2-Zx81"
ENVIRONMENT: Final = {"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": str(ROOT)}
Done = subprocess.CompletedProcess[str]
_WORKERS: Final = max(2, os.cpu_count() or 2)


def order_audit(*words: str, env: dict[str, str] | None = None, cwd: Path = ROOT, timeout: float = 120) -> Done:
    """Run the program in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "order_audit", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        env=ENVIRONMENT | (env or {}),
        cwd=cwd,
    )


# -- where it runs -------------------------------------------------------------------------------------------------


@dataclass
class Place:
    """What the command lines below speak of, by name."""

    folder: Path
    names: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def out(self) -> Path:
        """A folder that is not there yet."""
        return self.folder / f"out-{next(self.numbers)}"


@pytest.fixture(scope="module")
def guarded(server_18: Server) -> Iterator[str]:
    """The password of a role that the server asks for one; beside it one that may read nothing."""
    hba = server_18.data / "pg_hba.conf"
    before = hba.read_text(encoding="utf-8")
    hba.write_text("local all oa_guarded scram-sha-256\n" + before, encoding="utf-8")
    with psycopg.connect(server_18.dsn(), autocommit=True) as connection:
        connection.execute(f"create role oa_guarded login password '{PASSWORD}'".encode())
        connection.execute("create role oa_stranger login")
        connection.execute("select pg_reload_conf()")
    yield PASSWORD
    hba.write_text(before, encoding="utf-8")
    with psycopg.connect(server_18.dsn(), autocommit=True) as connection:
        connection.execute("drop role oa_guarded")
        connection.execute("drop role oa_stranger")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="module")
def databases(server_18: Server) -> Iterator[dict[str, str]]:
    """The sample data, the issues, and nothing at all."""
    made = {name: servers.new_database(server_18, name) for name in ("sample", "issues")}
    made["empty"] = servers.new_database(server_18)
    yield made
    for dsn in made.values():
        servers.drop_database(server_18, dsn)


RULE: Final = "-- title: A\n-- severity: info\n-- key: order_id\nselect order_id from orders\n"
#: Suites that cannot be used, as files by name, and what the message must name.
BROKEN: Final[dict[str, tuple[dict[str, str | bytes], str]]] = {
    "no_header": ({"a.sql": "select 1 as order_id\n"}, "a.sql"),
    "unknown_header": ({"a.sql": RULE.replace("-- key", "-- colour: red\n-- key")}, "a.sql:3"),
    "header_twice": ({"a.sql": RULE.replace("-- key", "-- title: B\n-- key")}, "a.sql:3"),
    "no_title": ({"a.sql": RULE.replace("-- title: A\n", "")}, "'title'"),
    "no_severity": ({"a.sql": RULE.replace("-- severity: info\n", "")}, "'severity'"),
    "no_key": ({"a.sql": RULE.replace("-- key: order_id\n", "")}, "'key'"),
    "empty_key": ({"a.sql": RULE.replace("key: order_id", "key: order_id,,x")}, "a.sql"),
    "key_twice": ({"a.sql": RULE.replace("key: order_id", "key: a, a")}, "a.sql"),
    "bad_severity": ({"a.sql": RULE.replace("info", "urgent")}, "'urgent'"),
    "bad_needs": ({"a.sql": RULE.replace("-- key", "-- requires: order_ref\n-- key")}, "'order_ref'"),
    "no_statement": ({"a.sql": RULE.split("select")[0]}, "a.sql"),
    "empty_file": ({"a.sql": ""}, "a.sql"),
    "two_statements": ({"a.sql": RULE + ";\nselect 2\n"}, "a.sql"),
    "update": ({"a.sql": RULE.split("select")[0] + "update orders set order_ref = 1 returning order_id\n"}, "a.sql"),
    "delete_in_with": (
        {"a.sql": RULE.split("select")[0] + "with d as (delete from orders returning *) select order_id from d\n"},
        "a.sql",
    ),
    "select_into": ({"a.sql": RULE.split("select")[0] + "select order_id into t from orders\n"}, "a.sql"),
    "for_update": ({"a.sql": RULE.split("select")[0] + "select order_id from orders for update\n"}, "a.sql"),
    "not_utf8": ({"a.sql": RULE.encode() + b"-- \xe9\n"}, "a.sql"),
    "same_id": ({"a/b.sql": RULE, "a.b.sql": RULE}, "a.b"),
    "nothing_in_it": ({"readme.txt": "no rule"}, "nothing_in_it"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, databases: dict[str, str], guarded: str) -> Iterator[Place]:
    """Files, folders and databases that are wrong in one way each."""
    folder = tmp_path_factory.mktemp("cli")
    found = Place(folder)
    for name, (files, _) in BROKEN.items():
        for path, content in files.items():
            file = folder / "broken" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "text.json").write_text("not json", encoding="utf-8")
    (folder / "list.json").write_text("[1, 2]", encoding="utf-8")
    (folder / "other.json").write_text('{"format": "order-audit/99", "results": []}', encoding="utf-8")
    (folder / "binary.json").write_bytes(b"\xff\xfe\x00\x01")
    (folder / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    (folder / "damaged.json").write_text(
        '{"format": "order-audit/2", "run": {}, "summary": {}, "results": [{"rule": "a"}]}', encoding="utf-8"
    )
    (folder / "file").write_text("in the way", encoding="utf-8")
    (folder / "no-server").mkdir()
    words = conninfo.conninfo_to_dict(databases["sample"])
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        found.names = {
            "folder": str(folder),
            "sample": databases["sample"],
            "empty": databases["empty"],
            "socket": str(words["host"]),
            "port": str(words["port"]),
            "db": str(words["dbname"]),
            "closed": str(port),  # bound, and not listening
            "password": guarded,
        }
        yield found


@dataclass(frozen=True)
class Wrong:
    """A command that must fail: its words, its exit code, and a part of the one line that it prints."""

    words: list[str]
    code: int
    says: str = ""
    env: dict[str, str] = field(default_factory=dict)


_RUN = ["run", "--out", "{out}", "--quiet"]
_ON_SAMPLE = [*_RUN, "--dsn", "{sample}"]
_LINT = ["lint", "--dsn", "{sample}"]
_PROFILE = ["profile", "--dsn", "{sample}"]
_MALFORMED = {
    "no equals sign": "postgres:/oa:{password}@localhost/shop",
    "bad percent": "postgresql://oa:{password}%zz@localhost/shop",
    "unknown parameter": "postgresql://oa:{password}@localhost/shop?colour={password}",
    "open quote": "host=localhost password='{password}",
    "slash in the password": "postgresql://oa:{password}/{password}@localhost/shop",
    "at sign in the password": "postgresql://oa:{password}@{password}@localhost/shop",
}

WRONG: Final[dict[str, Wrong]] = {
    # the database
    "no database given": Wrong(_RUN, 2, "--dsn"),
    "malformed DATABASE_URL": Wrong(_RUN, 2, "", {"DATABASE_URL": "postgres:/oa:{password}@localhost/shop"}),
    "wrong password": Wrong(
        [*_RUN, "--dsn", "host={socket} port={port} dbname={db} user=oa_guarded password={password}-wrong"],
        3, "password authentication failed",
    ),
    "wrong password in PGPASSWORD": Wrong(
        _RUN, 3, "password authentication failed",
        {"PGHOST": "{socket}", "PGDATABASE": "{db}", "PGUSER": "oa_guarded", "PGPASSWORD": "{password}-wrong"},
    ),
    "connection refused": Wrong(
        [*_RUN, "--dsn", "postgresql://oa:{password}@127.0.0.1:{closed}/shop"], 3, "refused"
    ),
    "server down": Wrong([*_RUN, "--dsn", "host={folder}/no-server dbname=shop"], 3, "no-server"),
    "unknown host": Wrong([*_RUN, "--dsn", "host=no-such-host.invalid dbname=shop password={password}"], 3, "no-such"),
    "no such database": Wrong(
        [*_RUN, "--dsn", "host={socket} port={port} user=postgres dbname=no_such_db"], 3, '"no_such_db" does not exist'
    ),
    "no tables": Wrong([*_RUN, "--dsn", "{empty}"], 3, "--schema"),
    "no such schema": Wrong([*_ON_SAMPLE, "--schema", "nowhere"], 3, "'nowhere'"),
    "no permission": Wrong(
        [*_RUN, "--dsn", "host={socket} port={port} user=oa_stranger dbname={db}"], 3, "permission denied"
    ),
    "load without permission": Wrong(
        ["scenario", "load", "--dsn", "{empty} user=oa_stranger"], 3, "permission denied"
    ),
    "load twice": Wrong(["scenario", "load", "--dsn", "{sample}"], 2, "customers and orders"),
    # rules and suites
    "unknown rule": Wrong([*_ON_SAMPLE, "--rule", "lineage.nothing"], 2, "'lineage.nothing'"),
    "unknown rule excluded": Wrong([*_ON_SAMPLE, "--exclude", "lineage.nothing"], 2, "'lineage.nothing'"),
    "unknown rule explained": Wrong(["rules", "lineage.is_cyclic"], 2, "did you mean lineage.is_acyclic?"),
    "unknown suite": Wrong([*_ON_SAMPLE, "--suite", "nosuch"], 2, "'nosuch'"),
    "broken suite in a run": Wrong([*_ON_SAMPLE, "--suite", "{folder}/broken/no_title"], 2, "'title'"),
    # where files go
    "out is missing": Wrong(["run", "--dsn", "{sample}"], 2, "--out"),
    "out below a file": Wrong(["run", "--out", "/dev/null/x", "--dsn", "{sample}", "--quiet"], 2, "/dev/null/x"),
    "out is a file": Wrong(["run", "--out", "{folder}/file", "--dsn", "{sample}", "--quiet"], 2, "{folder}/file"),
    "report below a file": Wrong(["report", "{results}", "--out", "/dev/null/x/y.html"], 2, "/dev/null/x"),
    "report on a folder": Wrong(["report", "{results}", "--out", "{folder}"], 2, "{folder}"),
    "report on this folder": Wrong(["report", "{results}", "--out", "."], 2, "."),
    "compare below a file": Wrong(["compare", "{results}", "{results}", "--out", "/dev/null/x"], 2, "/dev/null/x"),
    # values of options
    "unknown format": Wrong([*_ON_SAMPLE, "--format", "json,pdf"], 2, "'pdf'"),
    "no format": Wrong([*_ON_SAMPLE, "--format", " , "], 2, "--format"),
    "pass rate is a word": Wrong([*_ON_SAMPLE, "--min-pass-rate", "most"], 2, "--min-pass-rate"),
    "pass rate above 100": Wrong([*_ON_SAMPLE, "--min-pass-rate", "100.01"], 2, "--min-pass-rate"),
    "pass rate below 0": Wrong([*_ON_SAMPLE, "--min-pass-rate", "-1"], 2, "--min-pass-rate"),
    "bad fail-on": Wrong([*_ON_SAMPLE, "--fail-on", "fatal"], 2, "--fail-on"),
    "bad examples": Wrong([*_ON_SAMPLE, "--examples", "-1"], 2, "--examples"),
    "infinite time-out": Wrong([*_ON_SAMPLE, "--statement-timeout", "inf"], 2, "--statement-timeout"),
    "time-out without end": Wrong([*_ON_SAMPLE, "--statement-timeout", "1e15"], 2, "--statement-timeout"),
    "lint: time-out below 0": Wrong([*_LINT, "--statement-timeout", "-1"], 2, "--statement-timeout"),
    "lint: unknown rule": Wrong([*_LINT, "--rule", "schema.nothing"], 2, "'schema.nothing'"),
    "lint: no rule left": Wrong([*_LINT, "--exclude", "*", "--fail-on", "info"], 2, "leave no rule"),
    "a gate on no lint": Wrong([*_ON_SAMPLE, "--no-lint", "--fail-on-schema", "info"], 2, "--no-lint"),
    "lint: no such file": Wrong([*_LINT, "--allow", "{folder}/none.txt"], 2, "none.txt"),
    "lint: no connection": Wrong(["lint", "--dsn", "host={socket} port={port} dbname=no_such_db user=postgres"], 3, ""),
    "profile: time-out is no number": Wrong([*_PROFILE, "--statement-timeout", "nan"], 2, "--statement-timeout"),
    "profile: sample of nothing": Wrong([*_PROFILE, "--sample", "0"], 2, "--sample"),
    "profile: no such table": Wrong([*_PROFILE, "--table", "nowhere"], 2, "'nowhere'"),
    "profile: no tables": Wrong(["profile", "--dsn", "{empty}"], 3, "--schema"),
    "sample above 100": Wrong([*_ON_SAMPLE, "--sample", "101"], 2, "--sample"),
    # files that are read
    "suppressions are not there": Wrong([*_ON_SAMPLE, "--allow", "{folder}/none.txt"], 2, "none.txt"),
    "baseline is not there": Wrong([*_ON_SAMPLE, "--baseline", "{folder}/none.json"], 2, "none.json"),
    "baseline is no JSON": Wrong([*_ON_SAMPLE, "--baseline", "{folder}/text.json"], 2, "text.json"),
    "baseline without its keys": Wrong(
        [*_ON_SAMPLE, "--baseline", "{folder}/bare.json"], 2, "bare.json: violations.csv is not beside it"
    ),
    "baseline is damaged": Wrong([*_ON_SAMPLE, "--baseline", "{folder}/damaged.json"], 2, "damaged.json"),
    "baseline of another database": Wrong([*_ON_SAMPLE, "--baseline", "{other}"], 2, "--different"),
    **{
        f"report on {what}": Wrong(["report", f"{{folder}}/{what}", "--out", "{out}/x"], 2, what)
        for what in ("none.json", "list.json", "other.json", "binary.json", "deep.json", "damaged.json", "no-server")
    },
    "compare with nothing": Wrong(["compare", "{folder}/none.json", "{results}", "--out", "{out}"], 2, "none.json"),
    "compare with a damaged file": Wrong(
        ["compare", "{results}", "{folder}/damaged.json", "--out", "{out}"], 2, "damaged.json"
    ),
    # the words themselves
    "unknown command": Wrong(["audit"], 2, "'audit'"),
    "unknown option": Wrong(["run", "--otu", "x"], 2, "--otu"),
    "argument missing": Wrong(["compare", "{results}"], 2, "AFTER"),
    "report without out": Wrong(["report", "{results}"], 2, "--out"),
    **{f"malformed DSN: {what}": Wrong([*_RUN, "--dsn", dsn], 2, "") for what, dsn in _MALFORMED.items()},
    **{
        f"suite: {name}": Wrong(["rules", "--suite", f"{{folder}}/broken/{name}"], 2, BROKEN[name][1])
        for name in ("unknown_header", "two_statements", "not_utf8", "same_id")
    },
}  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """What became of a wrong command."""

    done: Done
    out: Path
    says: str


@pytest.fixture(scope="module")
def tried(place: Place, audits: dict[str, Path]) -> Iterator[dict[str, Future[Tried]]]:
    """All wrong commands, two at a time; a test waits for its own."""
    names = place.names | {
        "results": str(audits["sample"] / "results.json"), "other": str(audits["issues"] / "results.json")
    }  # fmt: skip

    shutil.copy(audits["sample"] / "results.json", place.folder / "bare.json")

    def attempt(wrong: Wrong) -> Tried:
        out = place.out()
        filled = names | {"out": str(out)}
        env = {name: value.format(**filled) for name, value in wrong.env.items()}
        words = [word.format(**filled) for word in wrong.words]
        return Tried(order_audit(*words, env=env, cwd=place.folder), out, wrong.says.format(**filled))

    with ThreadPoolExecutor(_WORKERS) as pool:
        yield {name: pool.submit(attempt, wrong) for name, wrong in WRONG.items()}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_one_line(tried: dict[str, Future[Tried]], name: str) -> None:
    """One line on stderr that names the place, the exit code that says of what kind, and nothing left behind."""
    found = tried[name].result()
    done = found.done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("order-audit: ")
    assert found.says in lines[0]
    assert done.stdout == ""
    assert done.returncode == WRONG[name].code, lines[0]
    assert not found.out.exists() or list(found.out.iterdir()) == []


def _shapes(suite: Path) -> list[parsed_query.ParsedQuery]:
    return [parsed_query.parse(rule) for rule in expectations.load(suite).rules]


@pytest.mark.parametrize("name", BROKEN)
def test_a_suite_that_cannot_be_used_is_named(place: Place, name: str) -> None:
    """Each kind of mistake, as the commands above meet it: one line that names the file, and where it can the line."""
    with pytest.raises(expectations.SuiteError) as caught:
        _shapes(place.folder / "broken" / name)
    assert BROKEN[name][1] in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_passwords_are_in_no_message(tried: dict[str, Future[Tried]]) -> None:
    """Whatever is wrong with a DSN, its password is not printed."""
    told = [name for name, future in tried.items() if PASSWORD in future.result().done.stderr]
    assert told == []


def test_nothing_is_left_where_the_commands_ran(tried: dict[str, Future[Tried]], place: Place) -> None:
    """No draft, hidden or not, in the folder that they were started in."""
    for future in tried.values():
        future.result()
    there = {path.name for path in place.folder.iterdir() if not path.name.startswith("out-")}
    assert there == {
        "broken", "file", "no-server", "text.json", "list.json", "other.json", "binary.json", "deep.json",
        "damaged.json", "bare.json",
    }  # fmt: skip
    assert (place.folder / "file").read_text(encoding="utf-8") == "in the way"


_DEBUGGED: Final = {
    "usage": ["run", "--out", "{out}", "--dsn", "{sample}", "--rule", "nothing"],
    "option": ["run", "--otu"],
    "connection": ["run", "--out", "{out}", "--dsn", "host={folder}/no-server dbname=x password={password}"],
    "malformed": ["run", "--out", "{out}", "--dsn", "postgresql://oa:{password}%zz@localhost/shop"],
    "document": ["report", "{folder}/list.json", "--out", "{out}/x"],
}


@pytest.mark.parametrize("name", _DEBUGGED)
def test_debug_shows_a_traceback(place: Place, name: str) -> None:
    """With --debug before or after the command: the traceback, then the same line; no password."""
    filled = place.names | {"out": str(place.out())}
    words = [word.format(**filled) for word in _DEBUGGED[name]]
    first = name in ("usage", "document")
    done = order_audit(*(["--debug", *words] if first else [*words, "--debug"]), cwd=place.folder)
    assert done.returncode in (2, 3)
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("order-audit: ")
    assert PASSWORD not in done.stderr


# -- good use ------------------------------------------------------------------------------------------------------


def _variables(dsn: str) -> dict[str, str]:
    words = conninfo.conninfo_to_dict(dsn)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    return {name: str(words[word]) for word, name in names.items()}


@pytest.fixture(scope="module")
def own_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rules of a user's own, one of which finds nothing."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "large.sql").write_text(
        "-- title: Order of 300 and more\n-- severity: info\n-- key: order_id\n"
        "-- why: To see whether\n--   lines join.\n"
        "select order_id, order_amount from orders where order_amount >= 300;\n",
        encoding="utf-8",
    )
    (folder / "none.sql").write_text(
        "-- title: Order of a million\n-- severity: critical\n-- key: order_id\n"
        "select order_id from orders where order_amount > 1000000\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def runs(
    databases: dict[str, str], own_suite: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Done, Path]]:
    """Audits that end well: sample, issues, the sample in a schema with a suite of one's own."""
    folder = tmp_path_factory.mktemp("runs")
    loaded = order_audit(
        "scenario", "load", "--schema", "Crm 2", env={"DATABASE_URL": _with_schema(databases["empty"])}
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")
    asked: dict[str, tuple[list[str], dict[str, str]]] = {
        "sample": ([], {"DATABASE_URL": databases["sample"], "PGDATABASE": "no_such_db"}),
        "issues": (["--quiet"], _variables(databases["issues"])),
        "own": (
            [
                "--dsn",
                databases["empty"],
                "--schema",
                "Crm 2",
                "--suite",
                str(own_suite),
                "--format",
                "json,violations",
            ],
            {"DATABASE_URL": "host=/nonexistent"},
        ),
    }

    def audit(name: str) -> tuple[Done, Path]:
        words, env = asked[name]
        out = folder / name / "deep"
        return order_audit("run", "--out", str(out), *words, env=env), out

    with ThreadPoolExecutor(_WORKERS) as pool:
        started = {name: pool.submit(audit, name) for name in asked}
        return {name: run.result() for name, run in started.items()}


def _with_schema(dsn: str) -> str:
    """The database, with a schema that the search path does not name."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('create schema if not exists "Crm 2"')
    return dsn


@pytest.fixture(scope="module")
def audits(runs: dict[str, tuple[Done, Path]]) -> dict[str, Path]:
    """The folders that the audits wrote."""
    return {name: out for name, (_, out) in runs.items()}


def _document(folder: Path, name: str = "results.json") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return document


def _keys(folder: Path) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    with (folder / "violations.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            keys.setdefault(row["rule"], set()).add(row["key"])
    return keys


def test_a_run_that_fails_the_gate_exits_1(runs: dict[str, tuple[Done, Path]]) -> None:
    """The sample data holds secrets: DATABASE_URL says where it is, and wins over PGDATABASE."""
    done, out = runs["sample"]
    assert done.returncode == 1, done.stderr
    assert sorted(path.name for path in out.iterdir()) == FILES
    document = _document(out)
    assert document["summary"]["gate"]["passed"] is False
    assert "orders.delivery_args_hold_no_secret" in document["summary"]["gate"]["reasons"][0]
    assert document["run"]["complete"] is True
    assert "gate failed" in done.stdout


def test_progress_goes_to_stderr(runs: dict[str, tuple[Done, Path]]) -> None:
    """Plain lines where there is no terminal; none of them among the results."""
    done, _ = runs["sample"]
    lines = done.stderr.splitlines()
    assert lines[0] == f"judging rules: 0 of {len(CHECKABLE)}"
    assert lines[-1] == f"judging rules: {len(CHECKABLE)} of {len(CHECKABLE)}"
    assert all(re.fullmatch(rf"judging rules: \d+ of {len(CHECKABLE)}", line) for line in lines)
    assert "judging rules" not in done.stdout


def test_quiet_prints_nothing_on_stderr(runs: dict[str, tuple[Done, Path]]) -> None:
    """Results are printed all the same; PG* variables say where the database is."""
    done, out = runs["issues"]
    assert done.returncode == 1
    assert done.stderr == ""
    assert "[lineage.is_acyclic]" in done.stdout
    assert _document(out)["run"]["tables"]["orders"]["rows"] > 100


def test_a_run_that_passes_the_gate_exits_0(runs: dict[str, tuple[Done, Path]], databases: dict[str, str]) -> None:
    """A suite of one's own in a schema of its own: ids by path, only the formats asked for; --dsn wins."""
    done, out = runs["own"]
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["results.json", "violations.csv"]
    document = _document(out)
    assert {found["rule"]: (found["status"], found["violations"]) for found in document["results"]} == {
        "deep.er.large": ("failed", 3),
        "none": ("passed", 0),
    }
    assert document["results"][0]["why"] == "To see whether lines join."
    assert document["run"]["database"]["schema"] == "Crm 2"
    assert document["run"]["database"]["name"] == conninfo.conninfo_to_dict(databases["empty"])["dbname"]
    assert (out / "violations.csv").read_text(encoding="utf-8") == (
        "rule,key\ndeep.er.large,1002\ndeep.er.large,1004\ndeep.er.large,1009\n"
    )
    assert "gate passed" in done.stdout


def test_a_table_that_is_not_there_fails_the_gate(place: Place, databases: dict[str, str]) -> None:
    """Unless it is said that it may."""
    mine = place.folder / "typo"
    mine.mkdir()
    (mine / "good.sql").write_text(RULE + "where false\n")
    (mine / "typo.sql").write_text(RULE.replace("from orders", "from ordres"))
    words = ["run", "--dsn", databases["sample"], "--suite", str(mine), "--quiet", "--no-lint", "--no-profile"]
    done = order_audit(*words, "--out", str(place.out()))
    assert done.returncode == 1, done.stderr
    assert "gate failed: 1 expectation was skipped (--allow-skipped allows this): typo (no table ordres)" in done.stdout
    done = order_audit(*words, "--out", str(place.out()), "--allow-skipped")
    assert (done.returncode, done.stderr) == (0, "")
    assert "? skipped  typo: no table ordres" in done.stdout


def test_a_baseline_of_another_database_can_be_taken(
    audits: dict[str, Path], place: Place, databases: dict[str, str]
) -> None:
    """--different does; what it has fails nothing, and the terminal says so."""
    words = ["run", "--dsn", databases["sample"], "--quiet", "--baseline", str(audits["issues"] / "results.json")]
    done = order_audit(*words, "--out", str(place.out()), "--different")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[lines.index("gate passed") + 1] == (
        "  1 critical expectation failed, without a violation that is new against the baseline; "
        "3 expectations failed, at a severity that does not fail the gate."
    )


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("critical", 1), ("warning", 1), ("info", 1)])
def test_an_errored_schema_rule_fails_every_lint_that_may_fail(
    server_18: Server, guarded: str, fail_on: str, code: int
) -> None:
    """Nothing is known of what it looks for; `run` does the same, and the line that sums up counts it."""
    assert guarded
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("revoke select on pg_trigger from public")
    done = order_audit("lint", "--dsn", f"{dsn} user=oa_stranger", "--fail-on", fail_on)
    servers.drop_database(server_18, dsn)
    assert done.returncode == code
    assert "? errored  schema.trigger_is_enabled: permission denied for table pg_trigger" in done.stdout
    assert re.search(r"0 critical, 0 warning, 0 info, 0 accepted, \d+ errored$", done.stdout.rstrip())


def test_results_agree_with_their_schema(audits: dict[str, Path]) -> None:
    """`run --json-schema` prints the schema of every results.json, and does nothing else."""
    done = order_audit("run", "--json-schema")
    assert (done.returncode, done.stderr) == (0, "")
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for out in audits.values():
        assert list(validator.iter_errors(_document(out))) == []
    broken = _document(audits["sample"])
    broken["results"][0]["status"] = "fine"
    assert list(validator.iter_errors(broken)) != []


def test_report_draws_the_same_page_again(audits: dict[str, Path], tmp_path: Path) -> None:
    """From results.json alone, in another folder."""
    (tmp_path / "results.json").write_bytes((audits["issues"] / "results.json").read_bytes())
    out = tmp_path / "new" / "again.html"
    done = order_audit("report", str(tmp_path / "results.json"), "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out}\n"
    assert out.read_bytes() == (audits["issues"] / "report.html").read_bytes()
    assert [path.name for path in out.parent.iterdir()] == ["again.html"]


def _compare(before: Path, after: Path, out: Path) -> tuple[Done, dict[str, Any]]:
    results = [str(folder / "results.json") for folder in (before, after)]
    done = order_audit("compare", *results, "--out", str(out), "--different")  # databases of their own
    assert done.stderr == ""
    return done, _document(out, "compare.json")


def test_audits_of_two_databases_are_not_compared_by_accident(audits: dict[str, Path], tmp_path: Path) -> None:
    results = [str(audits[name] / "results.json") for name in ("sample", "issues")]
    done = order_audit("compare", *results, "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "one is of database" in done.stderr
    assert "--different" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("before", "after", "code"), [("sample", "issues", 1), ("issues", "sample", 0)])
def test_compare_counts_exactly(audits: dict[str, Path], tmp_path: Path, before: str, after: str, code: int) -> None:
    """Resolved, remaining and new, by keys; 1 only where a critical violation is new."""
    done, document = _compare(audits[before], audits[after], tmp_path / "out")
    assert done.returncode == code
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["compare.html", "compare.json"]
    old, new = _keys(audits[before]), _keys(audits[after])
    assert document["by_keys"]
    for found in document["rules"]:
        then, now = old.get(found["rule"], set()), new.get(found["rule"], set())
        if found["after"]["status"] == "not_checkable":
            assert found["new"] is None
            continue
        counts = (len(then - now), len(then & now), len(now - then))
        assert (found["resolved"], found["remaining"], found["new"]) == counts, found["rule"]
    total = document["summary"]
    assert f"{total['resolved']} resolved, {total['remaining']} remaining, {total['new']} new" in done.stdout


def test_compare_without_keys_says_so(audits: dict[str, Path], tmp_path: Path) -> None:
    """With one violations.csv missing, counts are compared, in the document and in what is printed."""
    (tmp_path / "results.json").write_bytes((audits["issues"] / "results.json").read_bytes())
    done, document = _compare(audits["sample"], tmp_path, tmp_path / "out")
    assert done.returncode == 1
    assert document["by_keys"] is False
    assert "counts only" in done.stdout
    assert "violations.csv" in document["note"]
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert "violations.csv is not beside it" in page


def test_rules_are_listed_and_explained() -> None:
    """The catalogue, a line per rule, and one of them in full."""
    rules = expectations.load("current").rules
    listed = order_audit("rules")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [rule.id for rule in rules]
    told = order_audit("rules", rules[0].id)
    assert (told.returncode, told.stderr) == (0, "")
    assert rules[0].title in told.stdout
    assert rules[0].sql in told.stdout
    assert " ".join(rules[0].why.split()) in " ".join(told.stdout.split())


def test_own_rules_are_listed(own_suite: Path) -> None:
    """`--suite` with a file, and with a folder beside the shipped suite."""
    file = order_audit("rules", "large", "--suite", str(own_suite / "deep" / "er" / "large.sql"))
    assert file.returncode == 0
    assert "order_amount >= 300" in file.stdout
    both = order_audit("rules", "--suite", "current", "--suite", str(own_suite))
    listed = [line.split()[0] for line in both.stdout.splitlines()]
    assert len(listed) == 2 + len(expectations.load("current").rules)
    assert {"deep.er.large", "none"} <= set(listed)


def test_output_into_a_closed_pipe_is_no_error() -> None:
    """`order-audit rules | head -1`."""
    words = [sys.executable, "-m", "order_audit", "rules"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, env=ENVIRONMENT, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def test_output_where_letters_are_few() -> None:
    """A terminal of another encoding costs the marks, and not the result."""
    done = order_audit("rules", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "lineage.is_acyclic" in done.stdout


def on_terminal(*words: str) -> tuple[str, str]:
    """Run the program with stderr on a terminal; gives stdout and what the terminal was sent."""
    ours, theirs = pty.openpty()
    words = (sys.executable, "-m", "order_audit", *words)
    with (
        subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=theirs, env=ENVIRONMENT | {"TERM": "xterm"}, cwd=ROOT
        ) as process,
        ThreadPoolExecutor(1) as reader,
    ):
        os.close(theirs)
        sent = reader.submit(_all_of, ours)
        assert process.stdout is not None
        said = process.stdout.read().decode()
        assert process.wait(60) in (0, 1)
        return said, sent.result(60)


def _all_of(terminal: int) -> str:
    parts = []
    with contextlib.suppress(OSError), open(terminal, "rb", buffering=0) as stream:
        while part := stream.read(4096):
            parts.append(part)
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["lint"], {"checking the schema": "2/2"}),
        (["profile"], {"profiling tables": "3/3"}),
        (
            ["run"],
            {
                "judging rules": f"{len(CHECKABLE)}/{len(CHECKABLE)}",
                "checking the schema": "2/2",
                "profiling tables": "2/2",
            },
        ),
        (
            ["fixes", "apply", "--accept-recommended"],
            {"changing rows": "48/48", "installing guards": "37/37", "putting back": "48/48"},
        ),
    ],
    ids=["lint", "profile", "run", "apply"],
)
def test_progress_is_a_bar_on_a_terminal(
    server_18: Server, tmp_path: Path, words: list[str], shown: dict[str, str]
) -> None:
    """For each piece of work; a table's name cannot write to the terminal, or look like markup of the bar's own."""
    dsn = servers.new_database(server_18, "issues" if "fixes" in words else "sample")
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute('create table "[/bold][red]\x1b[31mz" (id int primary key)')
        out = ["--out", str(tmp_path)] if words == ["run"] else []
        said, sent = on_terminal(*words, *out, "--dsn", dsn)
        if "fixes" in words:
            sent += on_terminal("fixes", "revert", "--dsn", dsn)[1]
    finally:
        servers.drop_database(server_18, dsn)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sent)
    for what, done in shown.items():
        assert re.search(rf"{what} +[^\n\r]* {done} ", plain), plain[-500:]
        assert what not in said
    assert "\x1b[31mz" not in sent


@pytest.mark.parametrize("command", ["lint", "profile"])
def test_no_progress_where_there_is_no_terminal(databases: dict[str, str], command: str) -> None:
    """The findings and figures are all there is."""
    done = order_audit(command, "--dsn", databases["sample"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_a_profile_fits_the_terminal(databases: dict[str, str]) -> None:
    """COLUMNS says how wide it is."""
    for columns in ("80", "120"):
        done = order_audit("profile", "--dsn", databases["issues"], env={"COLUMNS": columns})
        assert 60 < max(map(len, done.stdout.splitlines())) <= int(columns)


def test_scenario_loads_once(server_18: Server) -> None:
    """The second time nothing is touched, whatever is in the tables by then; another schema is another place."""
    dsn = servers.new_database(server_18)
    count_rows = "select (select count(*) from {0}customers), (select count(*) from {0}orders)"
    try:
        first = order_audit("scenario", "load", "--issues", "--dsn", dsn)
        assert (first.returncode, first.stderr) == (0, "")
        with psycopg.connect(dsn, autocommit=True) as connection:
            assert connection.execute(count_rows.format("").encode()).fetchone() == (58, 133)
            connection.execute("drop table orders")
            connection.execute("delete from customers where customer_id > 5")
            again = order_audit("scenario", "load", "--dsn", dsn)
            assert again.returncode == 2
            assert len(again.stderr.splitlines()) == 1
            assert "customers already exists" in again.stderr
            assert connection.execute("select count(*), to_regclass('orders') from customers").fetchone() == (5, None)
            connection.execute("create schema elsewhere")
            other = order_audit("scenario", "load", "--schema", "elsewhere", "--dsn", dsn)
            assert (other.returncode, other.stderr) == (0, "")
            assert connection.execute(count_rows.format("elsewhere.").encode()).fetchone() == (5, 10)
            assert connection.execute("select count(*) from customers").fetchone() == (5,)
    finally:
        servers.drop_database(server_18, dsn)


# -- help ----------------------------------------------------------------------------------------------------------


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every command with its words, and whether it is a group of others."""
    below = getattr(command, "commands", {})
    yield words, bool(below)
    for name, sub in below.items():
        yield from _commands(sub, (*words, name))


COMMANDS: Final = dict(_commands(typer.main.get_command(app)))


@pytest.fixture(scope="module")
def helped() -> Iterator[dict[tuple[str, ...], Future[Done]]]:
    """`--help` of every command, with the modules that it imports, two at a time."""

    def ask(words: tuple[str, ...]) -> Done:
        command = [sys.executable, "-X", "importtime", "-m", "order_audit", *words, "--help"]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=60)

    with ThreadPoolExecutor(_WORKERS) as pool:
        yield {words: pool.submit(ask, words) for words in COMMANDS}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_answers_at_once(helped: dict[tuple[str, ...], Future[Done]], words: tuple[str, ...]) -> None:
    """Every command explains itself, with an example, and imports nothing heavy for it."""
    done = helped[words].result()
    assert done.returncode == 0
    assert "Usage: order-audit" in done.stdout
    if not COMMANDS[words] and words != ("version",):
        assert f"Example: order-audit {' '.join(words)} " in done.stdout
    modules = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    imported = {name.split(".")[0] for name in modules}
    assert "typer" in imported
    assert not imported & {"great_expectations", "pandas", "sqlglot", "sqlalchemy", "numpy", "jinja2", "psycopg"}
    assert not modules & {"order_audit.expectations", "order_audit.reports.document"}, "they take a third of the time"


@pytest.mark.parametrize("words", [(), ("scenario",)], ids=["nothing", "a group"])
def test_without_a_command_the_help_is_shown(words: tuple[str, ...]) -> None:
    """The commands there are, a line each, and not one long line."""
    done = order_audit(*words)
    shown = done.stdout or done.stderr
    assert done.returncode in (0, 2)
    assert len(shown.splitlines()) > 5
    assert "Traceback" not in shown
    assert re.search(r"^\s+(run|load)\s", shown, re.MULTILINE)


def test_version() -> None:
    """`order-audit version`."""
    done = order_audit("version")
    assert re.fullmatch(r"order-audit \d+\.\d+\.\d+\S*\n", done.stdout)


def test_every_command_is_documented_here() -> None:
    """The commands that scripts rely on are there."""
    assert {("run",), ("rules",), ("report",), ("compare",), ("demo",), ("scenario", "load")} <= COMMANDS.keys()
    assert COMMANDS[("scenario",)], "a group"
