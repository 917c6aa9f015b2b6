"""The action of a checkpoint that writes our report."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    from great_expectations.checkpoint.actions import UpdateDataDocsAction
    from great_expectations.expectations.core.expect_table_row_count_to_equal import ExpectTableRowCountToEqual

from order_audit.audit.database.server import Server
from order_audit.errors import UsageError
from order_audit.gx import OrderAuditReportAction, export
from order_audit.reports.escaping import page_link
from tests.gx.fresh import Fresh
from tests.gx.support import url, write
from tests.support import servers

RULES = {
    "wrong": "select o.order_id from orders as o where o.order_id <= 2",
    "right": "select o.order_id from orders as o where o.order_id < 0",
}
#: A program that loads the checkpoint, and does not know the action.
WITHOUT_IMPORT = """
import os
import great_expectations as gx
context = gx.get_context(mode="file", project_root_dir=os.environ["ROOT"])
try:
    context.checkpoints.get("order-audit mine")
except Exception as error:
    print(error)
"""


@pytest.fixture(scope="module")
def database(server_18: Server) -> Iterator[str]:
    """Three orders in a schema that is not on the search path."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create schema shop; create table shop.orders (order_id int primary key);"
            " insert into shop.orders select generate_series(1, 3)"
        )
    yield dsn
    servers.drop_database(server_18, dsn)


@pytest.fixture
def root(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project, in a folder with a space."""
    folder = tmp_path / "a project"
    folder.mkdir()
    write(folder / "mine", RULES)
    export(folder, database, suites=[folder / "mine"], schema="shop")
    monkeypatch.setenv("ORDER_AUDIT_GX_URL", url(database))
    return folder


def checkpoint(root: Path, *actions: Any) -> Any:
    """Store actions in the project's checkpoint, and return it as another context loads it."""
    context = gx.get_context(mode="file", project_root_dir=root)
    stored = context.checkpoints.get("order-audit mine")
    stored.actions = [*actions]
    stored.save()
    again = gx.get_context(mode="file", project_root_dir=root)
    again.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    return again.checkpoints.get("order-audit mine")


def ran(checkpoint: Any) -> Any:
    """Run it, and close its connections."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return checkpoint.run()
        finally:
            for definition in checkpoint.validation_definitions:
                source = definition.data.data_asset.datasource
                source.get_engine().dispose()
                source.get_execution_engine().engine.dispose()


def test_a_stored_action_writes_the_report(root: Path, fresh: Fresh) -> None:
    """Of the rules of the checkpoint, by its connection; report and Data Docs name each other."""
    out = root / "report"
    action = OrderAuditReportAction(out=str(out), formats=["html", "json", "violations"], examples=1, profile=False)
    loaded = checkpoint(root, action, UpdateDataDocsAction(name="docs"))
    assert loaded.actions[0] == action
    assert not ran(loaded).success
    assert {path.name for path in out.iterdir()} == {"report.html", "results.json", "violations.csv"}
    document = json.loads((out / "results.json").read_text())
    assert {it["rule"]: (it["violations"], len(it["examples"])) for it in document["results"]} == {
        "wrong": (2, 1),
        "right": (0, 0),
    }
    assert document["run"]["database"]["schema"] == "shop"
    (docs,) = document["run"]["data_docs"]
    page = (out / unquote(docs)).resolve(strict=True)
    assert f'<a href="{docs}">validation result</a>' in (out / "report.html").read_text()
    (named,) = set(re.findall(r"file://[^\s\"<>&]+/report\.html", page.read_text()))
    assert named == (out / "report.html").as_uri()
    (stored,) = (root / "gx/uncommitted/validations").rglob("*.json")
    assert named in stored.read_text()
    assert "order_audit_report" in fresh(WITHOUT_IMPORT, ROOT=str(root))


def test_without_data_docs_the_report_has_no_link(root: Path) -> None:
    """And only the rules that the suite still has, from the files' new place."""
    context = gx.get_context(mode="file", project_root_dir=root)
    kept = context.suites.get("order-audit mine")
    kept.expectations = [it for it in kept.expectations if getattr(it, "rule", "") != "right"]
    kept.save()
    (root / "mine").rename(root / "moved")
    out = root / "report"
    action = OrderAuditReportAction(out=str(out), suites=[str(root / "moved")], lint=False, profile=False)
    ran(checkpoint(root, action))
    document = json.loads((out / "results.json").read_text())
    assert {it["rule"]: it["status"] for it in document["results"]} == {"wrong": "failed", "right": "not_selected"}
    assert "data_docs" not in document["run"]
    assert "<dt>Data Docs</dt>" not in (out / "report.html").read_text()


def test_what_cannot_be_reported_is_an_error(root: Path, tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(UsageError, match="no format 'pdf'"):
        OrderAuditReportAction(out="report", formats=["pdf"])
    context = gx.get_context(mode="file", project_root_dir=root)
    stored = context.suites.get("order-audit mine")
    stored.expectations = [ExpectTableRowCountToEqual(value=1)]
    stored.save()
    action = OrderAuditReportAction(name="ours", out=str(tmp_path / "report"))
    with pytest.raises(UsageError, match="'ours': no suite of checkpoint 'order-audit mine' has an order-audit rule"):
        ran(checkpoint(root, action))
    assert not (tmp_path / "report").exists()


def test_one_report_is_of_one_database(root: Path, database: str, tmp_path: Path) -> None:
    """A search path belongs to it."""
    context = gx.get_context(mode="file", project_root_dir=root)
    stored = context.checkpoints.get("order-audit mine")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = context.data_sources.add_sql("other", connection_string=url(database))
        data = source.add_query_asset("query", query="select 1 as one").add_batch_definition_whole_table("all")
        source.get_engine().dispose()
    second = gx.ValidationDefinition(name="second", data=data, suite=context.suites.get("order-audit mine"))
    stored.validation_definitions.append(context.validation_definitions.add(second))
    stored.save()
    with pytest.raises(UsageError, match="'order-audit mine', 'second' are of different databases"):
        ran(checkpoint(root, OrderAuditReportAction(out=str(tmp_path / "report"))))
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("address", ["javascript:alert.html", "//host/page.html", "/etc/page.html", "page.txt"])
def test_only_pages_are_links(address: str) -> None:
    """A results file may come from anywhere."""
    assert "<a" not in page_link(address, "page")
    assert page_link("../gx/a%20b.html", "page") == '<a href="../gx/a%20b.html">page</a>'
