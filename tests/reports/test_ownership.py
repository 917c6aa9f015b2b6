"""Owner, tags and links of a rule: read from its header, shown in every output, and a filter."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import SuiteError, rule
from order_audit.reports import html
from order_audit.reports.document import Document, decode
from tests.support import servers
from tests.support.program import order_audit
from tests.support.xunit import faults

HEAD = "-- title: {title}\n-- severity: {severity}\n-- key: id\n"
OWNED = (
    "-- owner: data team\n-- tags: freshness, finance\n-- links: https://wiki.example/a?b=1&c, http://runs.example\n"
)
RULES = {
    "a/owned": HEAD.format(title="Weight is negative", severity="critical") + OWNED
    + "select p.id from parcels as p where p.weight < 0\n",
    "a/tagged": HEAD.format(title="Weight is zero", severity="info") + "-- tags: finance\n"
    + "select p.id from parcels as p where p.weight = 0\n",
    "b/plain": HEAD.format(title="Weight is missing", severity="info")
    + "select p.id from parcels as p where p.weight is null\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite") / "mine"
    for name, text in RULES.items():
        (path := folder / f"{name}.sql").parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> str:
    with psycopg.connect(made := servers.new_database(server_18)) as connection:
        connection.execute("create table parcels (id int primary key, weight int)")
        connection.execute("insert into parcels values (1, -1), (2, 0)")
    return made


@pytest.fixture(scope="module")
def out(dsn: str, suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run, with what it printed as `stdout`."""
    folder = tmp_path_factory.mktemp("out")
    formats = "html,json,junit,markdown,violations,gx"
    options = ["--suite", str(suite), "--dsn", dsn, "--no-lint", "--no-profile", "--quiet", "--format", formats]
    done = order_audit("run", *options, "--out", str(folder))
    assert done.returncode == 1, done.stderr
    (folder / "stdout").write_text(done.stdout, encoding="utf-8")
    return folder


HEAD_OF_WRONG = HEAD.format(title="A", severity="info")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-- tags: a, a", "tags 'a, a' is not a list of different tags"),
        ("-- tags:", "tags '' is not a list of different tags"),
        ("-- links: https://a.example,", "links 'https://a.example,' is not a list of different links"),
        (
            "-- links: javascript:alert(1)",
            "links 'javascript:alert.1.' is no address that begins with https:// or http://",
        ),
        ("-- owner:", "owner is empty"),
    ],
)
def test_a_wrong_header_is_refused_with_its_file(line: str, message: str) -> None:
    with pytest.raises(SuiteError, match=f"a.sql: {message}"):
        rule.parse(f"{HEAD_OF_WRONG}{line}\nselect 1 as id", id="a", suite="s", path="a.sql")


def test_the_results_have_them(out: Path) -> None:
    results = {it["rule"]: it for it in json.loads((out / "results.json").read_text(encoding="utf-8"))["results"]}
    owned = results["a.owned"]
    assert (owned["owner"], owned["tags"]) == ("data team", ["freshness", "finance"])
    assert owned["links"] == ["https://wiki.example/a?b=1&c", "http://runs.example"]
    assert not {"owner", "tags", "links"} & results["b.plain"].keys()


def test_the_pages_and_the_terminal_show_them(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<dt>Owner</dt><dd>data team</dd>" in page
    assert "<dt>Tags</dt><dd>freshness, finance</dd>" in page
    assert '<a href="https://wiki.example/a?b=1&amp;c">https://wiki.example/a?b=1&amp;c</a>' in page
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert "| of rows | owner | tags |" in summary
    assert "| 1 | 2 | data team | freshness, finance |" in summary
    assert "Weight is negative (data team)" in (out / "stdout").read_text(encoding="utf-8")


def test_junit_and_great_expectations_have_them(out: Path) -> None:
    text = (out / "junit.xml").read_text(encoding="utf-8")
    assert faults(text) == []
    root = ElementTree.fromstring(text)
    properties = {it.get("name"): it.get("value") for it in root.iter("property")}
    assert properties["owner[a.owned]"] == "data team"
    assert properties["tags[a.tagged]"] == "finance"
    assert root.get("tests") == "3"
    assert "owner: data team\ntags: freshness, finance\nhttps://wiki.example/a?b=1&c" in "".join(root.itertext())
    (stored,) = (out / "gx" / "expectations").glob("*.json")
    meta = {it["meta"].get("rule"): it["meta"] for it in json.loads(stored.read_text(encoding="utf-8"))["expectations"]}
    assert (meta["a.owned"]["owner"], meta["a.owned"]["tags"]) == ("data team", ["freshness", "finance"])
    assert "owner" not in meta["b.plain"]


def test_a_link_of_a_foreign_results_file_is_no_link(out: Path) -> None:
    content = json.loads((out / "results.json").read_text(encoding="utf-8"))
    next(it for it in content["results"] if it["rule"] == "a.owned")["links"] = ["javascript:alert(1)"]
    page = html.report(decode(Document, content))
    assert "javascript:alert(1)</dd>" in page
    assert 'href="javascript:' not in page


def test_rules_are_listed_by_tag_and_explained_with_their_owner(suite: Path) -> None:
    done = order_audit("rules", "--suite", str(suite), "--tag", "f*nance")
    assert [line.split()[0] for line in done.stdout.splitlines()[:2]] == ["a.owned", "a.tagged"]
    assert "b.plain" not in done.stdout
    done = order_audit("rules", "--suite", str(suite), "a.owned")
    assert "owner     data team\ntags      freshness, finance\nlinks     https://wiki" in done.stdout


def test_a_run_judges_the_rules_of_a_tag(dsn: str, suite: Path, tmp_path: Path) -> None:
    words = ["run", "--suite", str(suite), "--dsn", dsn, "--no-lint", "--no-profile", "--quiet", "--format", "json"]
    done = order_audit(*words, "--tag", "freshness", "--tag", "finance", "--exclude", "a.owned", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["results"]
    assert {it["rule"]: it["status"] for it in results} == {
        "a.owned": "not_selected", "a.tagged": "failed", "b.plain": "not_selected"
    }  # fmt: skip
    done = order_audit(*words, "--tag", "finanse", "--out", str(tmp_path / "other"))
    assert (done.returncode, done.stderr) == (
        2, "order-audit: no rule has the tag 'finanse' (did you mean finance?)\n"
    )  # fmt: skip
    done = order_audit(*words, "--tag", "freshness", "--rule", "b.*", "--out", str(tmp_path / "other"))
    assert (done.returncode, done.stderr) == (
        2, "order-audit: --rule, --tag and --exclude leave no rule to judge\n"
    )  # fmt: skip
