"""Several schemas of one database: `--schema ops,ref`, in the order of the search path."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import psycopg
import pytest

from order_audit import search_path
from order_audit.audit.database.server import Server
from order_audit.errors import UsageError
from tests.support import servers
from tests.support.clients import one
from tests.support.program import order_audit

pytestmark = pytest.mark.both_versions

TABLES = """
create schema ops; create schema "r,ef";
create table ops.flights (id int primary key, plane text);
create table "r,ef".planes (plane text primary key, seats int);
create table "r,ef".flights (id int primary key);
insert into "r,ef".planes values ('A', 100), ('B', -1);
insert into ops.flights values (1, 'A'), (2, 'C');
"""
SCHEMAS = 'ops,"r,ef"'
RULES = {
    "flights/plane_exists": "-- title: Unknown plane\n-- severity: critical\n-- key: id\n"
    "select f.id, f.plane from flights as f left join planes as p on p.plane = f.plane where p.plane is null\n",
    "planes/has_seats": "-- title: Plane without seats\n-- severity: warning\n-- key: plane\n"
    "select p.plane, p.seats from planes as p where p.seats < 0\n",
}
FIX = "-- assumes: nothing\n-- leave: a person has to know\n\n-- automatic: sign turned\n-- update planes by plane:\n" \
    "select v.plane, -v.seats as seats from violation as v;\n"  # fmt: skip


@pytest.fixture(scope="module")
def dsn(server: Server) -> str:
    with psycopg.connect(made := servers.new_database(server)) as connection:
        connection.execute(TABLES.encode())
    return made


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    for name, text in {**RULES, "../fixes/planes/has_seats": FIX}.items():
        (path := folder / "mine" / f"{name}.sql").parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("given", "schemas"),
    [
        ("", ()), ("ops", ("ops",)), ("ops, ref", ("ops", "ref")), ("Ops", ("Ops",)), ('"a,b",c', ("a,b", "c")),
        ('"say ""so"""', ('say "so"',)), ('a "b" c', ('a "b" c',)), ('" x "', (" x ",)),
    ],
)  # fmt: skip
def test_a_list_of_names_is_read_and_written(given: str, schemas: tuple[str, ...]) -> None:
    assert search_path.names(given) == schemas
    assert search_path.names(search_path.text(schemas)) == schemas


@pytest.mark.parametrize("given", [",", "a,", "a,,b", '"a', '"a"b', '""', " "])
def test_what_is_no_list_of_names_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="no list of schemas"):
        search_path.names(given)


def test_a_schema_that_stands_twice_or_is_missing_is_refused(dsn: str, tmp_path: Path) -> None:
    for command in (
        ["lint"],
        ["profile"],
        ["run", "--out", str(tmp_path / "out"), "--suite", "none"],
        ["fixes", "status"],
    ):
        done = order_audit(*command, "--dsn", dsn, "--schema", "ops,reff")
        assert (done.returncode, done.stderr.splitlines()[-1]) == (
            3, f"order-audit: there is no schema 'reff' in database {one(dsn, 'select current_database()')}"
        )  # fmt: skip
    done = order_audit("lint", "--dsn", dsn, "--schema", "ops,ops")
    assert (done.returncode, done.stderr) == (2, "order-audit: --schema: 'ops' stands twice\n")
    done = order_audit("scenario", "load", "--dsn", dsn, "--schema", "ops,ref")
    assert (done.returncode, done.stderr) == (
        2, "order-audit: --schema: ops,ref are 2 schemas; this command creates its tables in one\n"
    )  # fmt: skip


def test_a_run_reads_all_of_them(dsn: str, suite: Path, tmp_path: Path) -> None:
    done = order_audit(
        "run",
        "--dsn",
        dsn,
        "--schema",
        SCHEMAS,
        "--suite",
        str(suite / "mine"),
        "--out",
        str(tmp_path),
        "--no-lint",
        "--quiet",
    )
    assert done.returncode == 1, done.stderr
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    database = document["run"]["database"]
    assert (database["schema"], database["further_schemas"]) == ("ops", ["r,ef"])
    found = {it["rule"]: (it["table"], it["violations"]) for it in document["results"]}
    assert found == {"flights.plane_exists": ("flights", 1), "planes.has_seats": ("r,ef.planes", 1)}
    assert set(document["profile"]) == {"flights", "r,ef.planes"}
    for result in document["results"]:  # the shown query runs as it is, with no search path
        with psycopg.connect(dsn) as connection:
            assert connection.execute(result["sql"].encode()).rowcount == 1, result["sql"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "schemas ops, r,ef" in page
    assert f"--schema {shlex.quote(SCHEMAS)}".replace("'", "&#39;").replace('"', "&#34;") in page


def test_lint_and_profile_name_the_first_schema_nowhere(dsn: str) -> None:
    figures = json.loads(order_audit("profile", "--dsn", dsn, "--schema", SCHEMAS, "--json").stdout)
    assert list(figures) == ["flights", "r,ef.flights", "r,ef.planes"]
    found = json.loads(order_audit("lint", "--dsn", dsn, "--schema", SCHEMAS, "--json").stdout)["schema_findings"]
    assert any(it["object"].startswith("flights") for it in found)
    assert not any(it["object"].startswith("ops.") for it in found)


def test_fixes_change_tables_of_each(dsn: str, suite: Path, tmp_path: Path) -> None:
    options = ["--dsn", dsn, "--schema", SCHEMAS, "--suite", str(suite / "mine"), "--fixes", str(suite / "fixes")]
    done = order_audit("fixes", "plan", *options)
    assert (done.returncode, f"--schema {shlex.quote(SCHEMAS)}" in done.stdout) == (0, True), done.stderr + done.stdout
    done = order_audit("fixes", "emit", *options, "--out", str(tmp_path / "project"))
    assert done.returncode == 0, done.stderr
    assert order_audit("fixes", "apply", *options).returncode == 0
    assert one(dsn, """select seats from "r,ef".planes where plane = 'B'""") == 1
    done = order_audit("fixes", "revert", "--dsn", dsn, "--schema", SCHEMAS)
    assert done.returncode == 0, done.stderr
    assert one(dsn, """select seats from "r,ef".planes where plane = 'B'""") == -1
