"""The configuration file: which one applies, what it may hold, and what comes before it."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.config import keys
from order_audit.audit.config.file import find
from order_audit.audit.config.places import places
from order_audit.audit.database.server import Server
from order_audit.errors import UsageError
from tests.cli.support import Done, in_process
from tests.support import servers
from tests.support.docs import commands

RULE = "-- title: Weight is negative\n-- severity: critical\n-- key: id\nselect id from parcels where weight < 0\n"
FILE = """suites = ["rules"]
schema = "ops"

[connection]
dsn_env = "SHOP"

[output]
out = "audit"
format = ["json"]

[run]
exclude = "parcels.other"

[severity]
"parcels.*" = "info"
"parcels.weight" = "warning"

[env.ci.severity]
"parcels.weight" = "critical"
"""


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> str:
    with psycopg.connect(made := servers.new_database(server_18)) as connection:
        connection.execute(b"create schema ops; create table ops.parcels (id int primary key, weight int)")
        connection.execute("insert into ops.parcels values (1, -1)")
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a suite and a configuration."""
    write(tmp_path, {"order-audit.toml": FILE, "rules/parcels/weight.sql": RULE, "rules/parcels/other.sql": RULE})
    (tmp_path / "below").mkdir()
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def result(folder: Path) -> dict[str, dict[str, object]]:
    document = json.loads((folder / "audit" / "results.json").read_text(encoding="utf-8"))
    return {it["rule"]: it for it in document["results"]} | {"document": document}


def refused(folder: Path, text: str, *words: str) -> str:
    """The one line that a configuration is answered by."""
    write(folder, {"order-audit.toml": text})
    done = in_process(*(words or ("rules",)), cwd=folder)
    assert (done.returncode, done.stdout) == (2, ""), done
    return done.stderr.removeprefix("order-audit: ").rstrip("\n")


# What applies -------------------------------------------------------------------------------------


def test_a_run_needs_no_options(dsn: str, project: Path) -> None:
    """From a folder below, too: paths are relative to the file."""
    done = in_process("run", cwd=project / "below", env={"SHOP": dsn})
    assert done.returncode == 0, done.stderr
    assert f"configuration: {project / 'order-audit.toml'}\n" in done.stderr
    found = result(project)
    assert (found["parcels.weight"]["severity"], found["parcels.weight"]["violations"]) == ("warning", 1)
    assert found["parcels.other"]["status"] == "not_selected"
    assert found["document"]["configuration"] == "order-audit.toml"


@pytest.mark.parametrize("by", ["--env", "ORDER_AUDIT_ENV"])
def test_an_environment_goes_over_the_file(dsn: str, project: Path, by: str) -> None:
    options = ["--env", "ci"] if by == "--env" else []
    environment = {"SHOP": dsn} | ({} if options else {by: "ci"})
    done = in_process("run", "--no-lint", "--no-profile", "--quiet", *options, cwd=project, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert result(project)["parcels.weight"]["severity"] == "critical"
    assert result(project)["document"]["configuration"] == "order-audit.toml [env.ci]"


def test_the_command_line_goes_over_the_file(dsn: str, project: Path) -> None:
    write(project, {"mine/a.sql": RULE.replace("parcels", "ops.parcels")})
    words = ["--suite", "mine", "--schema", "public", "--out", "other", "--dsn", dsn, "--quiet"]
    done = in_process("run", "--no-lint", "--no-profile", "--exclude", "none*", *words, cwd=project)
    assert (done.returncode, done.stderr) == (
        2, "order-audit: no rule 'none*' in the suite mine; 'order-audit rules --suite mine' lists all\n"
    )  # fmt: skip
    done = in_process("run", "--no-lint", "--no-profile", "--rule", "a", "--exclude", "b", *words, cwd=project)
    assert "no rule 'b'" in done.stderr


def test_the_environment_comes_before_a_service_and_a_missing_variable_is_an_error(dsn: str, project: Path) -> None:
    done = in_process("lint", cwd=project, env={"DATABASE_URL": dsn})
    assert (done.returncode, done.stderr) == (
        2, "order-audit: order-audit.toml:5: the environment variable SHOP is not set; set it to the DSN, or give"
        " --dsn\n",
    )  # fmt: skip
    write(project, {"order-audit.toml": FILE.replace('dsn_env = "SHOP"', 'service = "nowhere"')})
    assert in_process("lint", "--rule", "schema.money_is_exact", cwd=project, env={"DATABASE_URL": dsn}).returncode == 0
    done = in_process("lint", cwd=project)
    assert (done.returncode, 'definition of service "nowhere" not found' in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("environment", "words", "found"),
    [({}, [], 1), ({"ORDER_AUDIT_VAR_LEAST": "-9"}, [], 0), ({"ORDER_AUDIT_VAR_LEAST": "-9"}, ["--var", "least=0"], 1)],
)
def test_variables_of_the_file_come_after_the_environment_and_the_command_line(
    dsn: str, project: Path, environment: dict[str, str], words: list[str], found: int
) -> None:
    rule = RULE.replace("-- key", "-- variables: least = -9\n-- key").replace("< 0", "< :least")
    write(project, {"order-audit.toml": "schema = 'ops'\nsuites = 'v'\n[variables]\nleast = 0", "v/a.sql": rule})
    options = ["--no-lint", "--no-profile", "--quiet", "--out", "audit", "--dsn", dsn, "--fail-on", "never"]
    done = in_process("run", *options, *words, cwd=project, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert result(project)["a"]["violations"] == found


def test_rules_are_listed_as_the_file_has_them(project: Path) -> None:
    done = in_process("rules", cwd=project)
    assert [line.split()[:3:2] for line in done.stdout.splitlines()[:2]] == [
        ["parcels.other", "info"], ["parcels.weight", "warning"]
    ]  # fmt: skip
    assert "schema.money_is_exact" in in_process("rules", "schema.money_is_exact", cwd=project).stdout


def test_config_shows_values_and_sources(project: Path) -> None:
    variables = {"SHOP": "host=h password=pw-77 dbname=d", "ORDER_AUDIT_VAR_API_TOKEN": "t-77"}
    done = in_process("config", "--json", "--env", "ci", cwd=project, env=variables)
    assert done.returncode == 0, done.stderr
    assert "77" not in done.stdout
    shown = {it["setting"]: (it["value"], it["source"]) for it in json.loads(done.stdout)["settings"]}
    assert shown["connection"] == ("password=*** dbname=d host=h", "environment SHOP")
    assert shown["suites"] == (["rules"], "order-audit.toml:1")
    assert shown["severity.parcels.weight"] == ("critical", "order-audit.toml:19 [env.ci]")
    assert shown["gate.fail_on"] == ("critical", "default")
    assert shown["variables.api_token"] == ("***", "environment ORDER_AUDIT_VAR_API_TOKEN")
    assert "configuration: order-audit.toml\n" in in_process("config", cwd=project).stdout


# Which file ---------------------------------------------------------------------------------------


def test_the_nearest_file_within_the_repository_applies(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"order-audit.toml": "schema = 'far'", "repository/pyproject.toml": "[tool.order-audit]\nschema = 'a'"},
    )
    write(tmp_path, {"repository/sub/pyproject.toml": "[project]\nname = 'x'", "other/sub/x": ""})
    found = find(tmp_path / "repository" / "sub")
    assert found is not None
    assert (found.path, found.content) == (tmp_path / "repository" / "pyproject.toml", {"schema": "a"})
    assert found.place("schema") == f"{found.path}:2"
    (tmp_path / "other" / ".git").mkdir()
    assert find(tmp_path / "other" / "sub") is None
    assert find(tmp_path / "other" / "sub" / "..") is None
    write(tmp_path, {"repository/order-audit.toml": ""})
    with pytest.raises(UsageError, match="both configure order-audit: keep one of them"):
        find(tmp_path / "repository")


def test_an_environment_needs_a_file_that_has_it(tmp_path: Path) -> None:
    done = in_process("rules", "--env", "ci", cwd=tmp_path)
    assert (done.returncode, "no order-audit.toml here or above" in done.stderr) == (2, True)
    assert in_process("rules", cwd=tmp_path, env={"ORDER_AUDIT_ENV": "ci"}).returncode == 0
    said = refused(tmp_path, "[env.prod]\nschema = 'a'", "rules", "--env", "prd")
    assert said == "--env prd: order-audit.toml has no [env.prd] (did you mean prod?)"


# Faults -------------------------------------------------------------------------------------------

WRONG = {
    "suite = 'x'": "order-audit.toml:1: unknown key or section 'suite' (did you mean suites?)",
    "\nfail_on = 'info'": "order-audit.toml:2: unknown key or section 'fail_on' (did you mean [gate] fail_on?)",
    "[gate]\nfail_onn = 'info'": "order-audit.toml:2: unknown key 'fail_onn' in [gate] (did you mean fail_on?)",
    "[gates]\nfail_on = 'info'": "order-audit.toml:1: unknown key or section 'gates' (did you mean gate?)",
    "[env.ci.gate]\nx = 1": "order-audit.toml:2: unknown key 'x' in [gate] (known: fail_on, fail_on_schema,"
    " fail_on_anomaly, min_pass_rate, baseline, allow, allow_skipped)",
    "[gate]\nfail_on = 'hihg'": "order-audit.toml:2: gate.fail_on 'hihg' is not one of critical, warning, info, never",
    "[run]\njobs = 99": "order-audit.toml:2: run.jobs 99 is not a whole number from 1 to 32",
    "[run]\njobs = true": "order-audit.toml:2: run.jobs True is not a whole number from 1 to 32",
    "suites = []": "order-audit.toml:1: suites is not a path or a name, or a list of them",
    "schema = ['a', 'a']": "order-audit.toml:1: schema: 'a' stands twice",
    "gate = 1": "order-audit.toml:1: gate is a section: [gate]",
    "env = 1": "order-audit.toml:1: an environment is a section: [env.NAME]",
    "[severity]\n'a.*' = 'bad'": "order-audit.toml:2: the severity of 'a.*' is not one of critical, warning, info",
    "[tolerate]\n'a.*' = 'some'": "order-audit.toml:2: tolerate 'a.*': 'some' is not an amount: write '20 rows' or"
    " '0.1 %'",
    "[variables]\n'a-b' = 1": "order-audit.toml:2: 'a-b' is not a name of a variable: letters, digits and _",
    "schema = ": "order-audit.toml:1: not TOML: invalid value",
    "[connection]\ndsn = 'dbname=x'": "order-audit.toml:2: 'dsn' does not belong in a file: name a service or the"
    " environment variable that holds the DSN ([connection] service, dsn_env)",
    "[variables]\na = 'postgresql://me:pw-77@h/d'": "order-audit.toml:2: a password does not belong in a file: name a"
    " service or the environment variable that holds the DSN ([connection] service, dsn_env)",
    "[env.x.variables]\npassword = 'pw-77'": "order-audit.toml:2: 'password' does not belong in a file: name a service"
    " or the environment variable that holds the DSN ([connection] service, dsn_env)",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text) == WRONG[text]


def test_a_pattern_without_a_rule_is_refused_unless_other_suites_are_given(project: Path) -> None:
    said = refused(project, FILE.replace("parcels.*", "parcel.*"))
    assert said == (
        "order-audit.toml:15: no rule 'parcel.*' in the suite rules (did you mean parcels.other?); 'order-audit rules"
        " --suite rules' lists all"
    )
    assert in_process("rules", "--suite", "current", cwd=project).returncode == 0


def test_help_needs_no_sound_file(tmp_path: Path) -> None:
    write(tmp_path, {"order-audit.toml": "x = "})
    done: Done = in_process("run", "--help", cwd=tmp_path)
    assert (done.returncode, "--env NAME" in done.stdout) == (0, True)


def test_each_key_stands_in_for_an_option_that_exists() -> None:
    known = {name.removeprefix("order-audit "): {it.name for it in command.params} for name, command in commands()}
    for key in keys.KEYS:
        for command, parameter in key.options.items():
            assert parameter in known[command], key.path


def test_lines_are_those_of_the_keys() -> None:
    text = '# a\na = 1\n[b."c.d"]\ne.f = 2 # x\n"g" = 3\n[[h]]\ni = 1\n[[h]]\ni = 2\n'
    assert places(text) == {
        ("a",): 2, ("b", "c.d"): 3, ("b", "c.d", "e"): 4, ("b", "c.d", "e", "f"): 4, ("b", "c.d", "g"): 5,
        ("h",): 6, ("h", "0"): 6, ("h", "0", "i"): 7, ("h", "1"): 8, ("h", "1", "i"): 9,
    }  # fmt: skip
