"""`order-audit run --format gx`: a project with what the run found, as Great Expectations would have written it."""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.expectations.metadata_types import FailureSeverity

from order_audit import expectations
from order_audit.audit.database.server import Server
from order_audit.audit.formats import FORMATS as ALL
from order_audit.audit.gx.result import write as write_result
from order_audit.audit.run import Options, run
from order_audit.reports.document import Document, decode, encode
from tests.gx.support import LACKING, raised, write
from tests.support import servers
from tests.support.program import order_audit

FORMATS: tuple[str, ...] = ("json", "gx")


@pytest.fixture(scope="module")
def database(server_18: Server) -> Iterator[str]:
    """The sample data with the labelled issues; nothing here changes them."""
    with servers.database(server_18, "issues") as dsn:
        yield dsn


@pytest.fixture(scope="module")
def audited(database: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder and the document of an audit that wrote it all."""
    folder = tmp_path_factory.mktemp("audited")
    document = run(database, folder, Options(formats=FORMATS, exclude=("orders.status_is_known",), examples=3))
    return folder, encode(document)


def result_in(folder: Path) -> ExpectationSuiteValidationResult:
    """The validation result in a run's folder, as Great Expectations reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store = gx.get_context(mode="file", project_root_dir=folder).validation_results_store
        (key,) = store.list_keys()
        found = store.get(key)
    assert isinstance(found, ExpectationSuiteValidationResult)
    return found


def meta_of(found: ExpectationSuiteValidationResult) -> dict[str, Any]:
    """The metadata of an audit in its result, and the id of the run."""
    meta: dict[str, Any] = {**found.meta}
    return {**meta["order_audit"], "run_id": meta["run_id"]}


def pages(folder: Path) -> list[str]:
    """Data Docs' pages on results."""
    site = folder / "gx/uncommitted/data_docs/local_site"
    assert (site / "index.html").is_file()
    return [page.read_text(encoding="utf-8") for page in (site / "validations").rglob("*.html")]


# The results of the run -------------------------------------------------------------------------------


def test_the_result_is_the_run_s(audited: tuple[Path, dict[str, Any]]) -> None:
    """Rule by rule, in the words of Great Expectations. A rule that was not judged is not there; the meta says why."""
    folder, document = audited
    found = result_in(folder)
    *results, last = found.results
    by_rule = {each.expectation_config.kwargs["rule"]: each for each in results if each.expectation_config}
    judged = {it["rule"]: it for it in document["results"] if it["status"] in ("passed", "failed")}
    assert len(by_rule) == len(judged) == 41
    for id, it in judged.items():
        each = by_rule[id]
        config = each.expectation_config
        assert config is not None
        assert each.result == {
            "observed_value": it["violations"],
            "element_count": it["checked"],
            "unexpected_count": it["violations"],
            "unexpected_percent": 100 * it["violations"] / it["checked"],
            "partial_unexpected_list": it["examples"],
        }
        assert len(it["examples"]) == min(3, it["violations"])
        assert (each.success, FailureSeverity(config.severity).value, config.description) == (
            it["status"] == "passed", it["severity"], it["title"],
        )  # fmt: skip
        assert not each.exception_info["raised_exception"]
    assert (last.success, last.result["observed_value"]) == (True, "41 of 41")
    assert found.statistics["evaluated_expectations"] == 42
    assert found.success is False
    ours = meta_of(found)
    assert ours["not_judged"].keys() == {*LACKING, "orders.status_is_known"}
    assert ours["not_judged"]["orders.status_is_known"] == {"status": "not_selected", "reason": ""}
    assert ours["gate"] == document["summary"]["gate"]
    assert ours["run_id"]["run_name"] == document["run"]["id"]


def test_the_project_is_one_that_runs(audited: tuple[Path, dict[str, Any]]) -> None:
    """Its suite has the rules of the result, and its checkpoint the suite; neither holds the connection."""
    folder, _ = audited
    context = gx.get_context(mode="file", project_root_dir=folder)
    checkpoint = context.checkpoints.get("order-audit current")
    (definition,) = checkpoint.validation_definitions
    found = result_in(folder)
    assert [each.id for each in definition.suite.expectations] == [
        each.expectation_config.id for each in found.results if each.expectation_config
    ]
    assert (found.meta["validation_id"], found.meta["checkpoint_id"]) == (definition.id, checkpoint.id)
    assert "connection_string: ${ORDER_AUDIT_GX_URL}" in (folder / "gx/great_expectations.yml").read_text()
    files = (path for path in (folder / "gx").rglob("*") if path.suffix in (".json", ".yml", ".html"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert "/dev/shm" not in text
    assert str(folder) not in text
    assert "postgres@" not in text


def test_data_docs_show_the_violating_rows(audited: tuple[Path, dict[str, Any]]) -> None:
    """Masked, in a table for each rule. The pages load styles from other hosts, which our report does not."""
    folder, document = audited
    (page,) = pages(folder)
    seen = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Customer balance is NaN or infinite 3 violations in 58 rows" in seen
    assert "customer_id customer_balance customer_name 153 NaN Kelp Bay Nan" in seen
    assert "unexpected Exception occurred during data docs rendering" not in seen
    shown = {value for it in document["results"] for row in it["examples"] for value in row.values()}
    assert any("•" in str(value) for value in shown)
    assert "made-up-" not in page
    assert len(set(re.findall(r'(?:src|href)="https://([^/"]+)', page))) > 5


def test_nothing_more_is_asked_of_the_database(server_18: Server, tmp_path: Path) -> None:
    """The result is made of what the run has."""
    with servers.database(server_18, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"alter database {servers.name_of(dsn)} set log_statement = 'all'".encode())
        counts = []
        for formats in (("json",), FORMATS):
            log = server_18.data / "server.log"
            before = log.stat().st_size
            run(dsn, tmp_path, Options(formats=formats, rules=("lineage.*",), jobs=1))
            said = log.read_bytes()[before:].decode(errors="replace")
            counts.append(len(re.findall("LOG:  (?:statement|execute)", said)))
    assert counts[0] == counts[1] > 20


def test_rules_that_could_not_be_judged(database: str, tmp_path: Path) -> None:
    """An errored rule raised; one without its table is omitted. Values of data and rules are text in Data Docs."""
    rules = {
        "divides": "select o.order_id from orders as o where 1 / (o.order_amount - 75) > 5",
        "lost": "select 1 as order_id from nowhere",
        "marked": "select 1 as order_id, '<i>slanted</i> & $value ${x} %s' as b, null as c",
        "passes": "select 1 as order_id where false",
    }
    mine = write(tmp_path / "mine", rules)
    run(database, tmp_path, Options(suites=(str(mine),), formats=FORMATS))
    found = result_in(tmp_path)
    *results, last = found.results
    by_rule = {each.expectation_config.kwargs["rule"]: each for each in results if each.expectation_config}
    assert {id: each.success for id, each in by_rule.items()} == {"divides": False, "marked": False, "passes": True}
    assert raised(by_rule["divides"].exception_info).startswith("division by zero")
    assert last.result["observed_value"] == "3 of 3"
    assert meta_of(found)["not_judged"] == {"lost": {"status": "skipped", "reason": "no table nowhere"}}
    (page,) = pages(tmp_path)
    assert "&lt;i&gt;slanted&lt;/i&gt; &amp; $value ${x} %s" in page
    assert "slanted</i>" not in page
    assert "division by zero" in page
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    assert context.suites.get("order-audit mine").notes == [
        "lost was not judged: no table nowhere"
    ]  # fmt: skip


def test_secrets_are_shown_where_the_run_shows_them(database: str, tmp_path: Path) -> None:
    """With --unmask, as in results.json."""
    words = ("--rule", "customers.email_is_valid", "--unmask", "--format", "json,gx", "--fail-on", "never")
    done = order_audit("run", "--dsn", database, "--out", str(tmp_path), "--no-lint", "--no-profile", *words)
    assert done.returncode == 0, done.stderr
    first = result_in(tmp_path).results[0].result["partial_unexpected_list"]
    document = json.loads((tmp_path / "results.json").read_text())
    assert first == next(it["examples"] for it in document["results"] if it["rule"] == "customers.email_is_valid")
    assert "•" not in str(first)


def test_an_interrupted_run_does_not_pass(audited: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """The last expectation names the rules that it did not come to."""
    document = copy.deepcopy(audited[1])
    document["run"]["complete"] = False
    for it in document["results"]:
        if it["status"] == "failed":
            it |= {"status": "passed", "violations": 0, "examples": []}
    it = next(it for it in document["results"] if it["status"] == "passed")
    it |= {"status": "skipped", "reason": "interrupted before it was judged", "cause": {"kind": "interrupted"}}
    write_result(tmp_path, decode(Document, document), expectations.load("current").rules)
    found = result_in(tmp_path)
    *results, last = found.results
    assert all(each.success for each in results)
    assert (len(results), found.success) == (40, False)
    assert last.result == {"observed_value": "40 of 41", "details": {"missing": [it["rule"]]}}


# The folder ---------------------------------------------------------------------------------------


def test_a_run_replaces_its_own_folder_alone(database: str, tmp_path: Path) -> None:
    """The project of an earlier run is removed; that of another program stays, and the format is refused at once."""

    def ran(out: Path, *formats: str) -> None:
        run(database, out, Options(formats=formats, rules=("lineage.is_acyclic",), lint=False, profile=False))

    ran(tmp_path, "json", "gx")
    first = result_in(tmp_path).meta["run_id"]
    ran(tmp_path, "json", "gx")
    assert result_in(tmp_path).meta["run_id"] != first
    ran(tmp_path, "json")
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    theirs = tmp_path / "theirs" / "gx"
    theirs.mkdir(parents=True)
    (theirs / "great_expectations.yml").write_text("theirs")
    ran(tmp_path / "theirs", "json")
    done = order_audit("run", "--dsn", "host=/nowhere", "--out", str(tmp_path / "theirs"), "--format", "gx")
    assert done.returncode == 2
    assert done.stderr == (
        f"order-audit: --format gx would replace {theirs}, which no run wrote: choose another --out;"
        f" the files in {tmp_path / 'theirs'} are of an earlier run\n"
    )  # fmt: skip
    assert [path.name for path in theirs.iterdir()] == ["great_expectations.yml"]


def test_it_is_written_only_where_it_is_asked_for() -> None:
    """Though it is a format that is known."""
    assert "gx" not in Options().formats
    done = order_audit("run", "--out", "nowhere", "--dsn", "host=/nowhere", "--format", "json,gy")
    known = ", ".join([*ALL, "auto"])
    assert "gx" in ALL
    assert (done.returncode, done.stderr) == (2, f"order-audit: --format: no format 'gy' (known: {known})\n")
