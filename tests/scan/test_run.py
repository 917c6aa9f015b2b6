"""Whole audits: what they find, what they write, when the gate lets them pass."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cache
from math import ceil, floor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import psycopg
import pytest

from order_audit import expectations, reports, scenario
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.errors import UsageError
from order_audit.expectations import SuiteError
from order_audit.reports.document import DocumentError, FailOn
from order_audit.scenario.load import TRUTH
from tests.rules import CHECKABLE
from tests.support import servers
from tests.support.results import decided, run

FILES = ("results.json", "junit.xml", "summary.md", "violations.csv")
SAMPLE_FINDINGS = {
    "customers.phone_is_dialable": [1, 2, 3, 4, 5],
    "lineage.one_live_order": [1004, 1005],
    "orders.delivery_args_hold_no_secret": [1002, 1008],
    "orders.schedule_repeats_by_day": [1001, 1007, 1010],
}
#: What the current schema cannot answer, and the column that would make it checkable.
LACKING = {
    "recreation.happens_daily": "orders.recreated_at",
    "recreation.was_covered_at_the_time": "orders.balance_at_recreation",
    "recreation.follows_latest_state": "orders.recreated_from",
}
LIVE = ["pending", "active", "paused"]
RULES = {rule.id: rule for rule in expectations.load("current").rules}
#: The pass rate of the sample data, in per cent.
SAMPLE_RATE = Fraction(100 * (len(CHECKABLE) - len(SAMPLE_FINDINGS)), len(CHECKABLE))


def rounded(way: Callable[[Fraction], int], places: int) -> Fraction:
    """That pass rate with so many decimal places, rounded down (`floor`) or up (`ceil`)."""
    return Fraction(way(SAMPLE_RATE * 10**places), 10**places)


@dataclass(frozen=True)
class Audited:
    """A database, and an audit of it."""

    dsn: str
    out: Path
    document: dict[str, Any]

    def results(self) -> dict[str, dict[str, Any]]:
        """The results by rule."""
        return {found["rule"]: found for found in self.document["results"]}

    def failed(self) -> dict[str, dict[str, Any]]:
        """The results of the rules that failed."""
        return {id: found for id, found in self.results().items() if found["status"] == "failed"}


def audit(dsn: str, out: Path, **options: Any) -> dict[str, Any]:
    """Run an audit that writes everything but the HTML."""
    options.setdefault("formats", ("json", "junit", "markdown", "violations"))
    return run(dsn, out, Options(**options))


def keys(path: Path) -> dict[str, list[str]]:
    """A violations file: keys by rule, in the order of the file."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        assert next(reader) == ["rule", "key"]
        for rule, key in reader:
            found[rule].append(key)
    return dict(found)


@contextmanager
def database(server: Server, *, issues: bool) -> Iterator[str]:
    """A database with the scenario in it."""
    with servers.database(server, "issues" if issues else "sample") as dsn:
        yield dsn


@pytest.fixture(scope="module")
def audited(
    servers_by_major: dict[int, Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int, bool], Audited]]:
    """Audits of the sample data, with or without the labelled issues, by the server's version; each is made once."""
    with ExitStack() as stack:

        @cache
        def made(major: int, issues: bool) -> Audited:
            dsn = stack.enter_context(database(servers_by_major[major], issues=issues))
            out = tmp_path_factory.mktemp("audited")
            return Audited(dsn, out, audit(dsn, out))

        yield made


@pytest.fixture
def clean(major: int, audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the sample data. Its database stays as it is."""
    return audited(major, False)


@pytest.fixture
def dirty(major: int, audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the sample data with the labelled issues."""
    return audited(major, True)


@pytest.fixture
def clean_18(audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the sample data on PostgreSQL 18."""
    return audited(18, False)


@pytest.fixture
def dirty_18(audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the labelled issues on PostgreSQL 18."""
    return audited(18, True)


@pytest.fixture
def sample_18(server_18: Server) -> Iterator[str]:
    """The sample data on PostgreSQL 18, to be changed."""
    with database(server_18, issues=False) as dsn:
        yield dsn


# What is found ------------------------------------------------------------------------------------


@pytest.mark.both_versions
def test_sample_data_has_four_findings(clean: Audited) -> None:
    """Those that the data is known to have, key by key, and no other."""
    assert keys(clean.out / "violations.csv") == {rule: list(map(str, ids)) for rule, ids in SAMPLE_FINDINGS.items()}
    assert {rule: found["violations"] for rule, found in clean.failed().items()} == {
        rule: len(ids) for rule, ids in SAMPLE_FINDINGS.items()
    }


def test_sample_data_passes_everything_else(clean: Audited) -> None:
    """Four rules fail, three cannot be checked, and the gate fails on the one critical finding."""
    summary = dict(clean.document["summary"])
    verdict = summary.pop("gate")
    assert summary == {
        "expectations": len(RULES),
        "passed": len(CHECKABLE) - len(SAMPLE_FINDINGS),
        "failed": 4,
        "errored": 0,
        "skipped": 0,
        "not_checkable": 3,
        "not_selected": 0,
        "pass_rate": round(float(SAMPLE_RATE), 2),
        "rows_affected": [
            {"key": "customer_id", "rows": 5, "table": "customers"},
            {"key": "order_id", "rows": 7, "table": "orders"},
        ],
    }
    assert verdict["passed"] is False
    assert len(verdict["reasons"]) == 1
    assert "orders.delivery_args_hold_no_secret (2)" in verdict["reasons"][0]


def test_what_cannot_be_checked_names_the_column_that_it_takes(clean: Audited) -> None:
    """Neither passed nor failed, with a reason."""
    unchecked = {id: found for id, found in clean.results().items() if found["status"] == "not_checkable"}
    assert unchecked.keys() == LACKING.keys()
    for id, column in LACKING.items():
        assert column in unchecked[id]["reason"]
        assert RULES[id].without in unchecked[id]["reason"]
        assert unchecked[id]["violations"] == 0
        assert unchecked[id]["checked"] is None


@pytest.mark.both_versions
def test_labelled_issues_are_found_to_the_byte(dirty: Audited) -> None:
    """The violations file is the truth: nothing missed, no false alarm, in order."""
    assert (dirty.out / "violations.csv").read_bytes() == TRUTH.read_bytes()
    counts = {rule: len(ids) for rule, ids in keys(TRUTH).items()}
    assert {rule: found["violations"] for rule, found in dirty.failed().items()} == counts
    assert dirty.document["summary"]["passed"] == len(CHECKABLE) - len(counts)


# What is written ----------------------------------------------------------------------------------


def test_results_file_holds_the_document(dirty: Audited) -> None:
    """What `run` returns is what it has written."""
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
    """The run tells of the server, the snapshot, the tables and the times."""
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
    """Each rule is a test case; failures carry their severity, what was not judged is skipped."""
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
    document = audit(dirty_18.dsn, tmp_path, examples=number, jobs=jobs)
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
    """What nobody may read in a file: contacts, addresses, phones and secrets."""
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
    """`--unmask` shows it as it is, invisible characters and bad escapes included."""
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


# Impact, checked, duration ------------------------------------------------------------------------


@pytest.mark.both_versions
def test_impact_is_exact(dirty: Audited) -> None:
    """Customers, orders and amounts of every failed rule, against sums of our own over the violating keys."""
    with psycopg.connect(dirty.dsn) as connection:
        for id, found in dirty.failed().items():
            ids = [int(key) for key in keys(dirty.out / "violations.csv")[id]]
            if found["key"] == "order_id":
                query = (
                    "select count(distinct customer_id), count(*), coalesce(sum(order_amount), 0)"
                    " from orders where order_id = any(%s)"
                )
                row = connection.execute(query, [ids]).fetchone()
            else:
                query = (
                    "select (select count(*) from customers where customer_id = any(%s)), count(*),"
                    " coalesce(sum(order_amount), 0) from orders where customer_id = any(%s) and order_status = any(%s)"
                )
                row = connection.execute(query, [ids, ids, LIVE]).fetchone()
            assert row is not None
            if id == "orders.customer_exists":  # who is not there is not reached
                row = (0, *row[1:])
            assert tuple(found["impact"].values()) == row, id
            assert list(found["impact"]) == ["customers", "orders", "amount"]
    assert {found["impact"] for found in dirty.results().values() if found["status"] != "failed"} <= {None}


def test_checked_is_the_rows_of_the_table(dirty: Audited) -> None:
    """Of the table whose key it is; unknown where nothing was judged."""
    with psycopg.connect(dirty.dsn) as connection:
        row = connection.execute("select (select count(*) from orders), (select count(*) from customers)").fetchone()
    assert row is not None
    rows = dict(zip(("orders", "customers"), row, strict=True))
    assert dirty.document["run"]["tables"] == {name: {"rows": number} for name, number in rows.items()}
    tables = {"order_id": "orders", "customer_id": "customers"}
    for id, found in dirty.results().items():
        if found["status"] in ("passed", "failed"):
            assert (found["table"], found["checked"]) == (tables[found["key"]], rows[tables[found["key"]]]), id


def test_durations_are_there(clean: Audited) -> None:
    """Each judged rule took some time, and all together no more than the connections had."""
    told = clean.document["run"]
    took = {id: found["duration_ms"] for id, found in clean.results().items()}
    judged = {id for id, found in clean.results().items() if found["status"] in ("passed", "failed")}
    assert all(took[id] > 0 for id in judged)
    assert all(took[id] == 0 for id in took.keys() - judged)
    passed = datetime.fromisoformat(told["finished_at"]) - datetime.fromisoformat(told["started_at"])
    assert sum(took.values()) / 1000 <= 2 * passed.total_seconds() + 0.1


def test_progress_counts_each_rule_once(clean_18: Audited, tmp_path: Path) -> None:
    """From none to all, with what became of each."""
    told: list[tuple[int, int, str]] = []
    document = audit(
        clean_18.dsn, tmp_path, rules=("customers.*",), on_progress=lambda done, of, what: told.append((done, of, what))
    )
    judged = {f"{id}: {status}" for id, status in statuses(document).items() if status in ("passed", "failed")}
    assert told[0] == (0, len(judged), "")
    assert [done for done, _, _ in told] == list(range(len(judged) + 1))
    assert {what for _, _, what in told[1:]} == judged


# Which rules --------------------------------------------------------------------------------------


def statuses(document: dict[str, Any]) -> dict[str, str]:
    """The status of each rule."""
    return {found["rule"]: found["status"] for found in document["results"]}


def test_rules_that_were_not_selected_are_shown_as_such(clean_18: Audited, tmp_path: Path) -> None:
    """`--rule` and `--exclude` take patterns, and nothing disappears from the results."""
    document = audit(clean_18.dsn, tmp_path, rules=("lineage.*", "orders.customer_exists"), exclude=("*.is_acyclic",))
    asked = {id for id in RULES if id.startswith("lineage.")} - {"lineage.is_acyclic"} | {"orders.customer_exists"}
    assert {id for id, status in statuses(document).items() if status != "not_selected"} == asked
    left_out = [found for found in document["results"] if found["status"] == "not_selected"]
    assert not any("reason" in found for found in left_out)
    assert document["summary"]["not_selected"] == len(RULES) - len(asked)
    assert document["summary"]["skipped"] == 0
    assert document["summary"]["pass_rate"] == 87.5  # 7 of 8


@pytest.mark.parametrize("options", [{"rules": ("linage.*",)}, {"exclude": ("orders.nothing",)}])
def test_a_pattern_that_matches_no_rule_is_wrong_use(
    clean_18: Audited, tmp_path: Path, options: dict[str, tuple[str, ...]]
) -> None:
    """The message names the pattern; nothing is written."""
    with pytest.raises(SuiteError, match=re.escape(next(iter(options.values()))[0])):
        audit(clean_18.dsn, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_nothing_judged_has_no_pass_rate(clean_18: Audited, tmp_path: Path) -> None:
    """Null, and not 0 or 100 percent; a rate that is asked for is then not reached."""
    document = audit(clean_18.dsn, tmp_path, rules=tuple(LACKING), min_pass_rate=Fraction(1))
    assert document["summary"]["pass_rate"] is None
    assert document["summary"]["not_checkable"] == 3
    assert document["summary"]["gate"]["passed"] is False


# The gate -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fail_on", "rules"),
    [
        ("critical", ["orders.delivery_args_hold_no_secret"]),
        (
            "warning",
            ["orders.delivery_args_hold_no_secret", "lineage.one_live_order", "orders.schedule_repeats_by_day"],
        ),
        ("info", list(SAMPLE_FINDINGS)),
        ("never", []),
    ],
)
def test_gate_fails_by_severity(clean_18: Audited, fail_on: FailOn, rules: list[str]) -> None:
    """A failed rule of the given severity or worse fails it, and is named."""
    verdict = decided(clean_18.document, fail_on=fail_on, min_pass_rate=None)
    assert verdict["passed"] is not bool(rules)
    assert named(verdict["reasons"]) == set(rules)


def named(reasons: Iterable[str]) -> set[str]:
    """The rules that reasons speak of."""
    return {id for id in RULES if any(re.search(rf"{re.escape(id)}(?!\w)", reason) for reason in reasons)}


@pytest.mark.parametrize(
    ("rules", "fail_on", "passed"),
    [
        ("customers.*", "warning", True),  # info alone
        ("customers.*", "info", False),
        ("lineage.*", "critical", True),  # a warning alone
        ("lineage.*", "warning", False),
        ("*", "never", True),
    ],
)
def test_run_asks_the_gate(clean_18: Audited, tmp_path: Path, rules: str, fail_on: FailOn, *, passed: bool) -> None:
    """The verdict stands in the results."""
    document = audit(clean_18.dsn, tmp_path, rules=(rules,), fail_on=fail_on)
    assert document["summary"]["gate"]["passed"] is passed
    assert document["summary"]["gate"]["fail_on"] == fail_on


@pytest.mark.parametrize(
    ("rate", "passed"),
    [
        (Fraction("0"), True),
        (Fraction("90"), True),
        (rounded(floor, 2), True),
        (rounded(floor, 4), True),
        (SAMPLE_RATE, True),  # exactly what is there
        (SAMPLE_RATE + Fraction(1, 10**12), False),
        (rounded(ceil, 4), False),
        (rounded(ceil, 2), False),
        (Fraction("100"), False),
    ],
)
def test_pass_rate_is_held_against_the_exact_ratio(clean_18: Audited, rate: Fraction, *, passed: bool) -> None:
    """It is no decimal: rounding neither helps nor harms."""
    verdict = decided(clean_18.document, fail_on="never", min_pass_rate=rate)
    assert verdict["passed"] is passed
    assert len(verdict["reasons"]) == (0 if passed else 1)


def test_a_missed_pass_rate_is_told_so_that_it_makes_sense(clean_18: Audited) -> None:
    """Of two numbers of which one is below the other, the reason shows which."""
    verdict = decided(clean_18.document, fail_on="never", min_pass_rate=rounded(ceil, 4))
    rate, wanted = (Fraction(number) for number in re.findall(r"(\d+\.\d+) %", verdict["reasons"][0]))
    assert rate < wanted


def test_errored_rules_fail_the_gate_whatever_is_asked(clean_18: Audited, tmp_path: Path) -> None:
    """`never` is about failed rules; a rule that ended in an error is no pass."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.sql").write_text(
        "-- title: Broken\n-- severity: info\n-- key: order_id\n"
        "select o.order_id from orders as o where o.nothing = 1\n"
    )
    document = audit(
        clean_18.dsn, tmp_path / "out", suites=("current", str(tmp_path / "mine")), rules=("lineage.*", "broken"),
        fail_on="never",
    )  # fmt: skip
    assert statuses(document)["broken"] == "errored"
    assert document["summary"]["errored"] == 1
    assert document["summary"]["pass_rate"] == 77.78  # 7 of 9
    assert document["summary"]["gate"]["passed"] is False
    assert "broken" in document["summary"]["gate"]["reasons"][0]
    root = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()
    assert root.attrib["errors"] == "1"
    assert "broken" in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")


MISSING = {
    "found": "select order_id from orders where false",
    "typo": "select id from ops.flghts",
    "two": "select id from flghts join wares using (id)",
    "left_out": "select id from nowhere",
}


def test_a_table_that_is_not_there_fails_the_gate(sample_18: str, tmp_path: Path) -> None:
    """A typo in a name is no pass, whatever the severity: the reason names rule and table, and what lets it pass."""
    options: dict[str, Any] = {"suites": (suite(tmp_path / "mine", **MISSING),), "exclude": ("left_out",)}
    document = audit(sample_18, tmp_path / "out", **options, fail_on="never")
    assert statuses(document) == {"found": "passed", "left_out": "not_selected", "two": "skipped", "typo": "skipped"}
    assert document["summary"]["gate"]["reasons"] == [
        "2 expectations were skipped (--allow-skipped allows this): "
        "two (no table flghts, wares); typo (no table ops.flghts)"
    ]
    validate(document)
    document = audit(sample_18, tmp_path / "out", **options, allow_skipped=True)
    assert document["summary"]["gate"]["passed"] is True
    assert document["summary"]["gate"]["allow_skipped"] is True
    validate(document)


def test_rules_that_were_not_selected_fail_no_gate(sample_18: str, tmp_path: Path) -> None:
    """Whether their tables are there is not asked either."""
    mine = suite(tmp_path / "mine", **MISSING)
    document = audit(sample_18, tmp_path / "out", suites=(mine,), rules=("found",))
    assert document["summary"]["not_selected"] == 3
    assert document["summary"]["gate"]["passed"] is True


def test_a_table_that_a_rule_says_it_needs_may_be_missing(sample_18: str, tmp_path: Path) -> None:
    """Like a column: its author has thought of it. Another table of the same rule may not."""
    mine = tmp_path / "mine"
    suite(mine, found=MISSING["found"])
    head = "-- title: A\n-- severity: info\n-- key: id\n-- requires: later.wares.id, orders.later\n"
    (mine / "column.sql").write_text(f"{head.replace('later.wares.id, ', '')}select order_id as id from orders\n")
    (mine / "table.sql").write_text(f"{head}select w.id from later.wares as w, orders\n".replace(", orders.later", ""))
    document = audit(sample_18, tmp_path / "out", suites=(str(mine),))
    assert statuses(document) == {"column": "not_checkable", "found": "passed", "table": "skipped"}
    assert document["summary"]["gate"]["passed"] is True
    (mine / "table.sql").write_text(f"{head}select w.id from later.wares as w, flghts\n".replace(", orders.later", ""))
    document = audit(sample_18, tmp_path / "out", suites=(str(mine),))
    assert document["summary"]["gate"]["reasons"] == [
        "1 expectation was skipped (--allow-skipped allows this): table (no table flghts)"
    ]


def test_a_column_that_is_not_there_is_an_error(sample_18: str, tmp_path: Path) -> None:
    """It fails the gate, and --allow-skipped is about tables."""
    mine = suite(tmp_path / "mine", found=MISSING["found"], typo="select order_id, amuont from orders")
    document = audit(sample_18, tmp_path / "out", suites=(mine,), fail_on="never", allow_skipped=True)
    assert document["summary"]["gate"]["reasons"] == ["1 expectation ended in an error: typo"]


def validate(document: dict[str, Any]) -> None:
    """Hold a document against the JSON Schema that the package ships."""
    schema = json.loads(Path(reports.__file__).with_name("results.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)


def test_a_gate_on_the_schema_needs_the_lint(tmp_path: Path) -> None:
    """Without it nothing could fail, and the gate would pass."""
    with pytest.raises(UsageError, match=r"--fail-on-schema .* --no-lint"):
        audit("host=/nowhere", tmp_path / "out", fail_on_schema="info", lint=False)


# The baseline -------------------------------------------------------------------------------------


def new_of(document: dict[str, Any]) -> dict[str, int]:
    """The new violations per rule that the gate speaks of."""
    pairs = re.findall(r"([a-z_.]+) \(([\d,]+) new\)", " ".join(document["summary"]["gate"]["reasons"]))
    return {rule: int(count.replace(",", "")) for rule, count in pairs}


@pytest.fixture(scope="module")
def grown(servers_by_major: dict[int, Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """An audit of the sample data, to whose database the labelled issues were added since."""
    with database(servers_by_major[18], issues=False) as dsn:
        out = tmp_path_factory.mktemp("before")
        document = audit(dsn, out)
        with psycopg.connect(dsn) as connection:
            scenario.add_issues(connection)
        yield Audited(dsn, out, document)


def test_baseline_lets_only_what_is_new_fail(grown: Audited, tmp_path: Path) -> None:
    """The gate counts the new violations of each rule, key by key."""
    document = audit(grown.dsn, tmp_path, baseline=grown.out / "results.json", fail_on="info")
    expected = {rule: len(set(ids) - set(map(str, SAMPLE_FINDINGS.get(rule, [])))) for rule, ids in keys(TRUTH).items()}
    assert new_of(document) == expected
    assert document["summary"]["gate"]["baseline"] is True
    # the results themselves are whole
    assert (tmp_path / "violations.csv").read_bytes() == TRUTH.read_bytes()


def test_an_audit_is_its_own_baseline(dirty_18: Audited, tmp_path: Path) -> None:
    """Nothing is new, so nothing fails, and the pass rate is full; the results still say what failed."""
    document = audit(
        dirty_18.dsn, tmp_path, baseline=dirty_18.out / "results.json", fail_on="info", min_pass_rate=Fraction(100),
        rules=("customers.*",),
    )  # fmt: skip
    assert document["summary"]["gate"]["passed"] is True
    assert document["summary"]["failed"] == sum(rule.startswith("customers.") for rule in keys(TRUTH))


def test_baseline_may_stand_where_the_results_go(clean_18: Audited, tmp_path: Path) -> None:
    """It is read to its end before anything takes its place."""
    audit(clean_18.dsn, tmp_path, rules=("customers.phone*",))
    for _ in range(2):
        document = audit(
            clean_18.dsn, tmp_path, rules=("customers.phone*",), baseline=tmp_path / "results.json", fail_on="info"
        )
        assert document["summary"]["gate"]["passed"] is True


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        ("deleted", "violations.csv is not beside it; keep violations.csv and results.json of one audit together"),
        ("a folder", "violations.csv is not beside it; keep"),
        ("longer", "violations.csv beside it is not the one it was written with; keep"),
        ("cut", "violations.csv beside it is not the one it was written with; keep"),
        ("of another run", "violations.csv beside it is not the one it was written with; keep"),
        ("miscounted", "violations.csv beside it has 12 rows, and not 11; keep"),
        ("not written", "it was written without violations.csv; give an audit that wrote it"),
    ],
)
def test_a_baseline_without_its_keys_is_wrong_use(grown: Audited, tmp_path: Path, loss: str, says: str) -> None:
    """By counts, a violation in the place of another would pass: it is refused before anything is done."""
    before = tmp_path / "before"
    before.mkdir()
    document = copy.deepcopy(grown.document)
    whole = (grown.out / "violations.csv").read_bytes()
    if loss == "a folder":
        (before / "violations.csv").mkdir()
    elif loss == "not written":
        document["violations"] = None
    elif loss == "miscounted":
        document["violations"]["rows"] -= 1
    if content := {"longer": whole + b"x.y,1\n", "cut": whole[:-2], "of another run": TRUTH.read_bytes()}.get(loss):
        (before / "violations.csv").write_bytes(content)
    elif loss in ("not written", "miscounted"):
        (before / "violations.csv").write_bytes(whole)
    (before / "results.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(DocumentError) as raised:
        audit("host=/nowhere", tmp_path / "out", baseline=before / "results.json")
    assert str(raised.value).startswith(f"--baseline {before / 'results.json'}: {says}")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_line_ends_within_keys_are_no_rows(sample_18: str, tmp_path: Path) -> None:
    """A baseline whose keys hold them is sound, and its keys are known again."""
    with psycopg.connect(sample_18) as connection:
        connection.execute(
            r"""create table lines (k text); insert into lines values (E'a\nb'), (E'"\n"\n'), (''), (null)"""
        )
    mine = suite(tmp_path / "mine", lines="select k from lines")
    audit(sample_18, tmp_path / "out", suites=(mine,))
    document = audit(sample_18, tmp_path / "out", suites=(mine,), baseline=tmp_path / "out" / "results.json")
    assert document["violations"]["rows"] == 4
    assert document["summary"]["gate"]["passed"] is True


def suite(folder: Path, **rules: str) -> str:
    """A suite of critical rules, each a select whose first column is its key."""
    folder.mkdir()
    for id, body in rules.items():
        key = body.split()[1].strip(",").rpartition(".")[2]
        (folder / f"{id}.sql").write_text(f"-- title: {id}\n-- severity: critical\n-- key: {key}\n{body}\n")
    return str(folder)


@contextmanager
def database_called(server: Server, name: str, *statements: str) -> Iterator[str]:
    """A database of this name with what the statements make."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {name} template template0".encode())
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    yield server.dsn(name)
    servers.drop_database(server, server.dsn(name))


THINGS = "create table things (id int); insert into things values (1), (2)"


def test_a_baseline_is_known_by_name_and_not_by_server(servers_by_major: dict[int, Server], tmp_path: Path) -> None:
    """CI makes a new server each time, and checks out into another folder: what is the same is known again."""
    for place, (major, folder) in enumerate([(15, "one"), (18, "two")]):
        (tmp_path / folder).mkdir()
        mine = suite(tmp_path / folder / "mine", things="select id from things")
        with database_called(servers_by_major[major], "shop", THINGS) as dsn:
            baseline = tmp_path / "out" / "results.json" if place else None
            document = audit(dsn, tmp_path / "out", suites=(mine,), baseline=baseline)
            assert document["summary"]["gate"]["passed"] is bool(place)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("name", "one is of database shop, one of shop2"),
        ("schema", "one is of schema public, one of s"),
        ("suite", "one is by suite mine, one by mine other"),
        ("tables", "one is of table things, one of tables items, wares"),
    ],
)
def test_a_baseline_of_another_database_or_suite_is_wrong_use(
    server_18: Server, tmp_path: Path, how: str, says: str
) -> None:
    """One line that says what differs, and leaves the folder alone; --different lets it be."""
    mine = suite(tmp_path / "mine", things="select id from things")
    options: dict[str, Any] = {"suites": (mine,), "formats": ("json", "violations")}
    with database_called(server_18, "shop", THINGS) as dsn:
        before = audit(dsn, tmp_path / "before", **options)
    assert before["run"]["database"]["name"] == "shop"
    if how == "schema":
        options["schema"] = "s"
    elif how == "suite":
        options["suites"] = (mine, suite(tmp_path / "other", more="select id from things"))
    elif how == "tables":
        (tmp_path / "elsewhere").mkdir()
        rules = {"a": "select id from items", "b": "select id from wares"}
        options["suites"] = (suite(tmp_path / "elsewhere" / "mine", **rules),)
    more = "create schema s; create table s.things as table things; create table items as table things;"
    with database_called(
        server_18, "shop2" if how == "name" else "shop", THINGS, f"{more} create table wares (id int)"
    ) as dsn:
        options["baseline"] = tmp_path / "before" / "results.json"
        with pytest.raises(UsageError) as raised:
            audit(dsn, tmp_path / "out", **options)
        assert str(raised.value) == (
            f"--baseline {options['baseline']} cannot be compared: {says}; --different compares them anyway"
        )
        assert not (tmp_path / "out").exists()
        document = audit(dsn, tmp_path / "out", **options, different=True)
    assert new_of(document) == {"name": {}, "schema": {}, "suite": {"more": 2}, "tables": {"a": 2}}[how]


@pytest.mark.parametrize("status", ["errored", "skipped", "not_checkable"])
def test_a_rule_that_the_baseline_did_not_judge_has_no_excuse(grown: Audited, tmp_path: Path, status: str) -> None:
    """All that it finds now is new."""
    document = copy.deepcopy(grown.document)
    for found in document["results"]:
        found |= {"status": status, "violations": 0}
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "results.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "before" / "violations.csv").write_bytes((grown.out / "violations.csv").read_bytes())
    found = audit(grown.dsn, tmp_path / "out", baseline=tmp_path / "before" / "results.json", fail_on="info")
    assert new_of(found) == {rule: len(ids) for rule, ids in keys(TRUTH).items()}


@pytest.mark.parametrize("key", ["b", "a::text as a"])
def test_a_rule_whose_key_has_changed_is_new_in_full(server_18: Server, tmp_path: Path, key: str) -> None:
    """Its keys then name other things than those now, though they may look alike."""
    options: dict[str, Any] = {"suites": (suite(tmp_path / "mine", pairs="select a from pairs"),)}
    with database_called(
        server_18, "shop", "create table pairs (a int, b int); insert into pairs values (1, 2), (2, 1)"
    ) as dsn:
        audit(dsn, tmp_path / "before", **options)
        text = f"-- title: p\n-- severity: critical\n-- key: {key[0]}\nselect {key} from pairs\n"
        (tmp_path / "mine" / "pairs.sql").write_text(text)
        document = audit(dsn, tmp_path / "after", **options, baseline=tmp_path / "before" / "results.json")
    assert new_of(document) == {"pairs": 2}


def test_baseline_tells_keys_apart_where_counts_are_the_same(sample_18: str, tmp_path: Path) -> None:
    """One phone mended, another broken: one is new."""
    audit(sample_18, tmp_path / "before", rules=("customers.phone_is_dialable",))
    with psycopg.connect(sample_18) as connection:
        connection.execute("update customers set customer_phone = '+1 212 555 0100' where customer_id = 3")
        connection.execute(
            "insert into customers values (10, 'Tenth', 'ten@example.com', 'T. Enth', '1', '10 Street', 'CA', 1)"
        )
    options: dict[str, Any] = {
        "rules": ("customers.phone_is_dialable",), "fail_on": "info", "baseline": tmp_path / "before" / "results.json"
    }  # fmt: skip
    document = audit(sample_18, tmp_path / "by keys", **options)
    assert new_of(document) == {"customers.phone_is_dialable": 1}
    assert document["summary"]["gate"]["new_violations"] == {"customers.phone_is_dialable": 1}


def test_baseline_works_without_a_violations_file_of_ones_own(grown: Audited, tmp_path: Path) -> None:
    """Keys are compared although the file was not asked for."""
    document = audit(
        grown.dsn, tmp_path, baseline=grown.out / "results.json", formats=("json",), rules=("lineage.one_live_order",),
        fail_on="info",
    )  # fmt: skip
    assert new_of(document) == {"lineage.one_live_order": 2}
    assert document["violations"] is None
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_what_the_baseline_did_not_judge_counts_as_new(grown: Audited, tmp_path: Path) -> None:
    """A rule that was left out then has no excuse now."""
    audit(grown.dsn, tmp_path / "before", rules=("lineage.one*",))
    document = audit(
        grown.dsn, tmp_path / "after", baseline=tmp_path / "before" / "results.json", fail_on="info",
        rules=("lineage.one*", "orders.amount_is_not_negative"),
    )  # fmt: skip
    assert new_of(document) == {"orders.amount_is_not_negative": 1}


@pytest.mark.parametrize("content", [None, "no json", "{}", '{"format": "order-audit/2"}'])
def test_a_baseline_that_is_none_is_wrong_use(clean_18: Audited, tmp_path: Path, content: str | None) -> None:
    """One line that names the file, before anything is done."""
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    with pytest.raises(DocumentError, match=r"results\.json") as raised:
        audit(clean_18.dsn, tmp_path / "out", baseline=tmp_path / "results.json")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()
