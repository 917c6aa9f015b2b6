"""Whole audits: the files that they write, and the evidence in them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import psycopg
import pytest

from order_audit import reports
from order_audit.errors import UsageError
from order_audit.scenario.load import TRUTH
from tests.scan.whole import RULES, Audited, audit, keys

FILES = ("results.json", "junit.xml", "summary.md", "violations.csv")


# The files ----------------------------------------------------------------------------------


def test_results_file_holds_the_document(dirty: Audited) -> None:
    """`run` returns the written document."""
    assert json.loads((dirty.out / "results.json").read_text(encoding="utf-8")) == dirty.document
    assert sorted(path.name for path in dirty.out.iterdir()) == sorted(FILES)


def test_results_follow_their_schema(clean_18: Audited, dirty_18: Audited) -> None:
    """The JSON Schema that the package ships accepts what an audit writes."""
    schema = json.loads(Path(reports.__file__).with_name("results.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for found in (clean_18, dirty_18):
        validator.validate(found.document)


@pytest.mark.both_versions
def test_results_say_what_was_read(dirty: Audited) -> None:
    """The run has the server, the snapshot, the tables and the times."""
    told = dirty.document["run"]
    with psycopg.connect(dirty.dsn) as connection:
        (version,) = connection.execute("show server_version").fetchone() or ("",)
    assert told["database"]["server_version"] == version
    assert told["database"]["name"] == psycopg.conninfo.conninfo_to_dict(dirty.dsn)["dbname"]
    assert told["database"]["schema"] == "public"
    assert told["database"]["snapshot"]
    assert told["complete"] is True
    assert told["masked"] is True
    assert datetime.fromisoformat(told["started_at"]) <= datetime.fromisoformat(told["finished_at"])
    assert [found["rule"] for found in dirty.document["results"]] == sorted(RULES)
    for id, found in dirty.results().items():
        assert (found["title"], found["severity"], found["why"]) == (RULES[id].title, RULES[id].severity, RULES[id].why)


def test_violations_file_is_the_one_that_the_results_name(dirty: Audited) -> None:
    """Its name, SHA-256 and number of rows."""
    named = dirty.document["violations"]
    content = (dirty.out / named["file"]).read_bytes()
    assert named["sha256"] == hashlib.sha256(content).hexdigest()
    assert named["rows"] == content.count(b"\n") - 1 == sum(found["violations"] for found in dirty.results().values())


def test_junit_counts_what_the_results_count(dirty: Audited) -> None:
    """Each rule is a test case; failures carry their severity, rules that were not judged are skipped."""
    root = ElementTree.parse(dirty.out / "junit.xml").getroot()
    suite, schema = root.findall("testsuite")
    summary = dirty.document["summary"]
    assert int(suite.attrib["tests"]) == len(RULES)
    assert int(schema.attrib["tests"]) == len(dirty.document["schema_rules"])
    assert int(root.attrib["tests"]) == len(RULES) + len(dirty.document["schema_rules"])
    assert int(suite.attrib["skipped"]) == sum(summary[name] for name in ("not_checkable", "skipped", "not_selected"))
    for node in (root, suite):
        assert int(node.attrib["failures"]) == summary["failed"]
        assert int(node.attrib["errors"]) == 0
        assert float(node.attrib["time"]) >= 0
    cases = {f"{case.attrib['classname']}.{case.attrib['name']}": case for case in suite.findall("testcase")}
    assert cases.keys() == RULES.keys()
    kinds = {"failed": ["failure"], "passed": [], "not_checkable": ["skipped"]}
    for id, found in dirty.results().items():
        assert [child.tag for child in cases[id]] == kinds[found["status"]]
        if found["status"] == "failed":
            assert cases[id][0].attrib["type"] == found["severity"]


def test_summary_names_every_finding(dirty: Audited) -> None:
    """The Markdown has a line for each failed rule and for each that could not be checked."""
    lines = (dirty.out / "summary.md").read_text(encoding="utf-8").splitlines()
    for id, found in dirty.results().items():
        if found["status"] == "failed":
            assert [line for line in lines if f"`{id}`" in line and f"| {found['violations']:,} |" in line]
        elif found["status"] == "not_checkable":
            assert [line for line in lines if line.startswith(f"- `{id}`: ")]


def test_only_the_wanted_files_are_written(clean_18: Audited, tmp_path: Path) -> None:
    """`violations` is null where the file was not asked for."""
    document = audit(clean_18.dsn, tmp_path / "new" / "folder", formats=("json",))
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["results.json"]
    assert document["violations"] is None
    assert document["summary"]["failed"] == 4


def test_a_folder_that_cannot_be_one_is_wrong_use(clean_18: Audited, tmp_path: Path) -> None:
    """The message names the place."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="file"):
        audit(clean_18.dsn, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


# Evidence -----------------------------------------------------------------------------------------


def example_keys(found: Mapping[str, Any]) -> list[str]:
    """The keys of a rule's examples."""
    return [str(row[found["key"]]) for row in found["examples"]]


@pytest.mark.parametrize(("number", "jobs"), [(0, 1), (3, 6), (10_000, 3)])
def test_examples_are_the_first_by_key(dirty_18: Audited, tmp_path: Path, number: int, jobs: int) -> None:
    """As many as were asked for, or all; nothing else depends on their number or on that of the connections."""
    document = audit(dirty_18.dsn, tmp_path, examples=number, jobs=jobs, lint=True)
    expected = keys(TRUTH)
    for found in document["results"]:
        assert example_keys(found) == expected.get(found["rule"], [])[:number], found["rule"]
    assert (tmp_path / "violations.csv").read_bytes() == TRUTH.read_bytes()
    assert numbers(document) == numbers(dirty_18.document)


def numbers(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of a document but for the evidence, what explains it, and the time that they took."""
    other = ("duration_ms", "examples", "highlight_in", "diagram")
    return [{name: value for name, value in found.items() if name not in other} for found in document["results"]]


def test_twenty_examples_unless_told_otherwise(sample_18: str, tmp_path: Path) -> None:
    """Keys are ordered as numbers: 900 comes before 1001."""
    with psycopg.connect(sample_18) as connection:
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, order_amount, order_status)"
            " select id, id, 1, -1, 'cancelled' from generate_series(990, 1000) as g (id)"
            " union all select id, id, 1, -1, 'cancelled' from generate_series(2000, 2020) as g (id)"
        )
    document = audit(sample_18, tmp_path, rules=("orders.amount_is_not_negative",))
    (found,) = [found for found in document["results"] if found["status"] == "failed"]
    assert found["violations"] == 32
    assert example_keys(found) == [str(id) for id in [*range(990, 1001), *range(2000, 2009)]]
    assert keys(tmp_path / "violations.csv")[found["rule"]] == [
        str(id) for id in [*range(990, 1001), *range(2000, 2021)]
    ]


def test_examples_hold_the_columns_of_the_rule(dirty_18: Audited) -> None:
    """Evidence has the values that the rule selects, under their names."""
    with psycopg.connect(dirty_18.dsn) as connection:
        for id, found in dirty_18.failed().items():
            columns = [column.name for column in connection.execute(RULES[id].sql.encode()).description or []]
            assert [list(row) for row in found["examples"]] == [columns] * len(found["examples"]), id


def sensitive(dsn: str) -> set[str]:
    """Texts that no file may contain: contacts, addresses, phones and secrets."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select unnest(array[customer_email, customer_contact_name, customer_phone, address]) from customers"
        ).fetchall()
        args = connection.execute(
            "select coalesce(string_agg(delivery_script_args::text, ' '), '') from orders"
        ).fetchone()
    assert args is not None
    values = {line.strip() for (value,) in rows for line in (value or "").splitlines()}
    harmless = {"N/A", "TEST", "Tbd", "none"}
    found = {value for value in values if len(value) > 4 and value not in harmless}
    return found | set(re.findall(r"(?:made-up|not-a-real-key)-[\w-]+|[\w.-]+@[\w.-]+\w", args[0]))


def test_no_file_holds_secrets_or_personal_data(dirty: Audited) -> None:
    """Evidence is masked unless it is asked for."""
    secret = sensitive(dirty.dsn)
    assert len(secret) > 150
    for path in dirty.out.iterdir():
        text = path.read_text(encoding="utf-8")
        assert [value for value in secret if value in text] == [], path.name


def test_unmasked_evidence_is_what_the_table_holds(dirty_18: Audited, tmp_path: Path) -> None:
    """`--unmask` shows the original, invisible characters and bad escapes included."""
    wanted = {
        "customers.text_is_clean": "customer_name, customer_email, customer_contact_name, customer_phone, address",
        "orders.delivery_args_convert_to_jsonb": "delivery_script_name, delivery_script_args::text",
    }
    document = audit(dirty_18.dsn, tmp_path, unmask=True, rules=tuple(wanted))
    assert document["run"]["masked"] is False
    with psycopg.connect(dirty_18.dsn) as connection:
        for found in (found for found in document["results"] if found["status"] == "failed"):
            for row in found["examples"]:
                table = found["key"].replace("_id", "s")
                query = f"select {wanted[found['rule']]} from {table} where {found['key']} = %s"
                columns = [name.partition(":")[0] for name in wanted[found["rule"]].split(", ")]
                assert (
                    tuple(row[name] for name in columns)
                    == connection.execute(query.encode(), [row[found["key"]]]).fetchone()
                )
