"""`order-audit gx export`: a runnable project without a connection that never passes empty."""

from __future__ import annotations

import json
import re
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    from great_expectations.data_context.data_context.context_factory import project_manager

from order_audit.audit.database.server import Server
from order_audit.gx import Exported, export
from tests.gx.fresh import Fresh
from tests.gx.support import LACKING, python, write
from tests.support import servers
from tests.support.program import order_audit

NAME = "order-audit current"
SHARED = "scans shared by the rules of the run, on one snapshot"
PASSWORD = "Tr0ub4dor/&"
#: Runs the checkpoint, and then the validation definition, of a project.
RUNS = """
import json, os
{first}
import great_expectations as gx
context = gx.get_context(mode="file", project_root_dir=os.environ["ROOT"])
done = context.checkpoints.get(os.environ["NAME"]).run()
(result,) = done.run_results.values()
again = context.validation_definitions.get(os.environ["NAME"]).run()
how = {{str((each.result or {{}}).get("details", {{}}).get("evaluation")) for each in result.results[:-1]}}
last = result.results[-1]
print(json.dumps([done.success, again.success, len(result.results), len(again.results), sorted(how), last.result]))
"""


def runs(fresh: Fresh, folder: Path, url: str, *, first: str = "", name: str = NAME) -> list[Any]:
    """Return the output of a fresh process on an exported project."""
    words = {"ROOT": str(folder), "NAME": name, "ORDER_AUDIT_GX_URL": url}
    return list(json.loads(fresh(RUNS.format(first=first), **words).splitlines()[-1]))


def texts(folder: Path) -> str:
    """All that stands in a folder, names of files too."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join([*map(str, files), *(path.read_text(errors="replace") for path in files)])


def contents(made: Exported) -> dict[str, str]:
    """The files of a project that define it."""
    files = (
        path for path in made.folder.rglob("*") if path.suffix in (".json", ".yml") and "uncommitted" not in path.parts
    )
    return {str(path.relative_to(made.folder)): path.read_text() for path in files}


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The sample data for a role with a password, over TCP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with servers.running(18) as own:
        made = servers.name_of(servers.new_database(own, "sample"))
        with psycopg.connect(own.dsn(), autocommit=True) as connection:
            connection.execute(f"alter database {made} rename to shop_of_spring".encode())
            connection.execute(f"create role auditor_of_shop login password '{PASSWORD}'".encode())
            connection.execute("grant pg_read_all_data to auditor_of_shop")
        rules = own.data / "pg_hba.conf"
        rules.write_text(f"host all auditor_of_shop 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        own.stop()
        own.start("listen_addresses=127.0.0.1", f"port={port}")
        yield f"host=127.0.0.1 port={port} user=auditor_of_shop password='{PASSWORD}' dbname=shop_of_spring"


@pytest.mark.server
def test_a_project_runs_with_our_module_and_fails_without_it(fresh: Fresh, guarded: str, tmp_path: Path) -> None:
    """Neither the command's output nor the folder has the password; the folder has no host and no user either."""
    done = order_audit("gx", "export", str(tmp_path), "--dsn", guarded)
    assert (done.returncode, done.stderr) == (0, "")
    words = psycopg.conninfo.conninfo_to_dict(guarded)
    shown = f"postgresql+psycopg://auditor_of_shop:***@127.0.0.1:{words['port']}/{words['dbname']}"
    lines = done.stdout.splitlines()
    assert lines[0] == f"project: {tmp_path / 'gx'} (suite and checkpoint '{NAME}', 42 rules)"
    assert [line.split(": ")[1] for line in lines[1:4]] == sorted(LACKING)
    assert f"  export ORDER_AUDIT_GX_URL='{shown}'" in lines
    address = shown.replace("***", "Tr0ub4dor%2F%26")
    # without it first: a run writes results, which are looked at in the end
    for first, expected in (
        ("", [False, False, 1, 1, [], {"observed_value": 1}]),
        ("import order_audit.gx", [False, False, 43, 43, [SHARED],
                                   {"observed_value": "42 of 42", "details": {"missing": []}}]),
    ):  # fmt: skip
        assert runs(fresh, tmp_path, address, first=first) == expected
    pages = [*(tmp_path / "gx/uncommitted/data_docs/local_site/validations").rglob("*.html")]
    assert len(pages) == 2  # the checkpoint builds them
    text = texts(tmp_path)
    assert "${ORDER_AUDIT_GX_URL}" in text
    for secret in ("127.0.0.1", "auditor_of_shop", PASSWORD, "Tr0ub4dor", f":{words['port']}", str(words["dbname"])):
        assert secret not in text.replace(str(tmp_path), ""), secret
        if secret.startswith("Tr0"):
            assert secret not in done.stdout


def test_the_program_that_is_printed_runs(sample: str, tmp_path: Path) -> None:
    """A socket's address, which `add_postgres` would reject, and a project with only passing rules."""
    mine = write(tmp_path / "mine", {"none": "select o.order_id from orders as o where o.order_id < 0"})
    done = order_audit("gx", "export", str(tmp_path), "--dsn", sample, "--suite", str(mine))
    lines = done.stdout.splitlines()
    assert lines[0] == f"project: {tmp_path / 'gx'} (suite and checkpoint 'order-audit mine', 1 rule)"
    assert lines[2].startswith("  export ORDER_AUDIT_GX_URL='postgresql+psycopg://postgres@/")
    address = lines[2].split("'")[1]
    code = "\n".join(line.removeprefix("  ") for line in lines[3:])
    assert python(code, ORDER_AUDIT_GX_URL=address).splitlines()[-1] == "True"


def test_another_export_adds_to_a_project_and_replaces_its_own(sample: str, tmp_path: Path) -> None:
    """Ids stay, so that references remain valid; objects of other programs stay as well."""
    before = gx.get_context(mode="ephemeral")
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    context.suites.add(gx.ExpectationSuite(name="theirs"))
    project_manager.set_project(before)
    first = contents(export(tmp_path, sample))
    assert project_manager.get_current_project() is before
    assert contents(export(tmp_path, sample)) == first
    mine = write(tmp_path / "mine", {"none": "select o.order_id from orders as o where o.order_id < 0"})
    export(tmp_path, sample, suites=[mine])
    both = contents(export(tmp_path, sample, rules=["lineage.*"], exclude=["lineage.is_acyclic"]))
    assert {name for name in both if name.startswith("expectations")} == {
        f"expectations/{name}.json" for name in (NAME, "order-audit mine", "theirs")
    }
    for folder in ("validation_definitions", "checkpoints"):
        assert both[f"{folder}/{NAME}.json"] == first[f"{folder}/{NAME}.json"]
    rules = [each["kwargs"].get("rule") for each in json.loads(both[f"expectations/{NAME}.json"])["expectations"]]
    assert len(rules) == 8
    assert all(rule is None or rule.startswith("lineage.") for rule in rules)


def test_the_tables_may_be_in_another_schema(fresh: Fresh, dsn: str, tmp_path: Path) -> None:
    """The project knows which, whatever the address says. Where rules have no tables, nothing is written."""
    with psycopg.connect(dsn) as connection:
        connection.execute('create schema "Old ""shop"" \\"')
    order_audit("scenario", "load", "--dsn", dsn, "--schema", 'Old "shop" \\')
    refused = order_audit("gx", "export", str(tmp_path / "none"), "--dsn", dsn)
    assert refused.returncode == 3
    assert refused.stderr == (
        "order-audit: no rule can be judged in the schemas of the search path: no table customers;"
        " --schema names the schema that holds the tables\n"
    )  # fmt: skip
    assert not (tmp_path / "none").exists()
    done = order_audit("gx", "export", str(tmp_path), "--dsn", dsn, "--schema", 'Old "shop" \\', "--rule", "lineage.*")
    address = next(line.split("'")[1] for line in done.stdout.splitlines() if "ORDER_AUDIT_GX_URL=" in line)
    _, _, number, _, how, last = runs(fresh, tmp_path, address, first="import order_audit.gx")
    assert (number, how, last["observed_value"]) == (9, [SHARED], "8 of 8")  # one that raised has no "how"


@pytest.mark.server
def test_wrong_use_is_one_line(sample: str, tmp_path: Path) -> None:
    """With the exit code 2, or 3 where there is no connection; nothing is written."""
    (tmp_path / "file").touch()
    mine = write(tmp_path / "mine", {"bad": "select o.order_id from orders as o where o.nothing = 1"})
    for words, code, said in (
        (("none", "--rule", "nothing.*"), 2, "nothing.*"),
        (("none", "--suite", "nothing"), 2, "no suite 'nothing'"),
        (("none", "--rule", "lineage.is_acyclic", "--exclude", "lineage.*"), 2, "leave no rule to export"),
        (("file",), 2, "cannot write to"),
        (("none", "--dsn", "host=/nowhere dbname=none"), 3, "cannot connect to"),
    ):
        folder, *more = words
        done = order_audit(
            "gx", "export", str(tmp_path / folder), *(["--dsn", sample] if "--dsn" not in more else []), *more
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), words
        assert said in done.stderr
    assert not (tmp_path / "none").exists()
    done = order_audit("gx", "export", str(tmp_path / "bad"), "--dsn", sample, "--suite", str(mine))
    assert "exported with an error: bad: column o.nothing does not exist" in done.stdout


def test_server_is_not_asked_for_rows(server_18: Server, tmp_path: Path) -> None:
    """Export looks at the catalogs and lets the server parse the rules."""
    with servers.database(server_18, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("vacuum orders, customers")
            connection.execute(f"alter database {servers.name_of(dsn)} set log_statement = 'all'".encode())
        log = server_18.data / "server.log"
        before = log.stat().st_size
        export(tmp_path, dsn)
        said = log.read_bytes()[before:].decode(errors="replace")
    assert "pg_class" in said
    assert re.findall(r"(?:statement|execute [^:]*):.*(?:copy|from \"?(?:orders|customers))", said) == []
