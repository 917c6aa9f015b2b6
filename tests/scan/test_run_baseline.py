"""Whole audits against a baseline: only new violations count."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.server import Server
from order_audit.errors import UsageError
from order_audit.reports.document import DocumentError
from order_audit.scenario.load import TRUTH
from tests.scan.whole import SAMPLE_FINDINGS, Audited, audit, database, keys, suite
from tests.support import servers


def new_of(document: dict[str, Any]) -> dict[str, int]:
    """The new violations per rule that the gate speaks of."""
    pairs = re.findall(r"([a-z_.]+) \(([\d,]+) new\)", " ".join(document["summary"]["gate"]["reasons"]))
    return {rule: int(count.replace(",", "")) for rule, count in pairs}


@pytest.fixture(scope="module")
def grown(servers_by_major: dict[int, Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """An audit of the sample data, before the labelled issues were added to its database."""
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
    # its folder will do
    of_folder = audit(grown.dsn, tmp_path / "of folder", baseline=grown.out, fail_on="info")
    assert of_folder["summary"]["gate"] == document["summary"]["gate"]
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
    """It is read to its end before it is replaced."""
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
    """A baseline with such keys is valid, and its keys are matched."""
    with psycopg.connect(sample_18) as connection:
        connection.execute(
            r"""create table lines (k text); insert into lines values (E'a\nb'), (E'"\n"\n'), (''), (null)"""
        )
    mine = suite(tmp_path / "mine", lines="select k from lines")
    audit(sample_18, tmp_path / "out", suites=(mine,))
    document = audit(sample_18, tmp_path / "out", suites=(mine,), baseline=tmp_path / "out" / "results.json")
    assert document["violations"]["rows"] == 4
    assert document["summary"]["gate"]["passed"] is True


@contextmanager
def database_called(server: Server, name: str, *statements: str) -> Iterator[str]:
    """A database of this name with what the statements make."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {name} template template0".encode())
    try:
        with psycopg.connect(server.dsn(name), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
        yield server.dsn(name)
    finally:
        servers.drop_database(server, server.dsn(name))


THINGS = "create table things (id int); insert into things values (1), (2)"


def test_a_baseline_is_known_by_name_and_not_by_server(servers_by_major: dict[int, Server], tmp_path: Path) -> None:
    """CI makes a new server each time, and checks out into another folder: equal databases are recognised."""
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
    """One line with the difference, without a change to the folder; --different allows it."""
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
    assert [it["baseline"] for it in document["results"] if it["status"] == "failed"] == [
        {"new": 1, "known": 4, "resolved": 1}
    ]


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
