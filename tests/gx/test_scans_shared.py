"""Rules in a user's context that are judged together, on one snapshot."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    import sqlalchemy
    from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween

from order_audit.audit import digest_key
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options, run
from order_audit.gx import ExpectOrderAuditRuleToFindNoViolations, suite
from tests.gx.scans import FOUND, SHARED, Log, Told, address, does, source, whole
from tests.gx.support import LACKING, url, write
from tests.support import servers


@pytest.mark.both_versions
def test_42_rules_share_scans_and_one_snapshot(logged: str, server: Server, sources: list[Any], tmp_path: Path) -> None:
    """They take as few statements as in `run` (which adds impacts up in the same ones), and find the same."""
    batch = whole(source(sources, url(logged)))
    log = Log(server)
    told = Told(batch.validate(suite("current", exclude=LACKING)))
    assert (len(told.observed), told.how, told.raised) == (42, {SHARED}, {})
    assert (log.scans() <= 15, len(log.snapshots())) == (True, 1), log.scans()
    log = Log(server)
    document = run(logged, tmp_path, Options(formats=("json",), lint=False, profile=False))
    assert abs(log.scans() - document.run.scans) <= 3
    assert told.observed == {it.rule: it.violations for it in document.results if it.rule in told.observed}


def test_whatever_the_batch_is_rules_read_the_whole_database(
    issues: str, sources: list[Any], three: gx.ExpectationSuite
) -> None:
    """A table asset of another table, a query that gives one day of many."""
    made = source(sources, url(issues))
    day = made.add_query_asset(
        "days", query="select d from generate_series('2026-01-01'::date, '2026-01-09', '1 d') as d"
    )
    for batch in (
        made.add_table_asset("table", table_name="customers").add_batch_definition_whole_table("all").get_batch(),
        day.add_batch_definition_daily("daily", column="d").get_batch(),
    ):
        told = Told(batch.validate(three))
        assert (told.observed, told.how, told.raised) == (FOUND, {SHARED}, {})


def test_each_run_reads_the_tables_anew(issues: str, sources: list[Any], three: gx.ExpectationSuite) -> None:
    """On the same batch too, by a suite or by a single expectation."""
    batch = whole(source(sources, url(issues)))
    assert Told(batch.validate(three)).observed == FOUND
    does(issues, "delete from orders where order_id = 1001")
    assert Told(batch.validate(three)).observed == {"rule_1": 0, "rule_2": 1, "rule_3": 2}
    does(issues, "delete from orders where order_id = 1002")
    alone = batch.validate(three.expectations[2])
    assert (alone.result["observed_value"], alone.result["details"]) == (1, {"evaluation": SHARED})


def test_a_neighbour_that_raises_costs_no_scan_more(
    logged: str, server: Server, sources: list[Any], three: gx.ExpectationSuite
) -> None:
    """Great Expectations asks three times for all metrics of a round of which one raises."""
    made = source(sources, url(logged))
    batch = made.add_table_asset("table", table_name="customers").add_batch_definition_whole_table("all").get_batch()
    log = Log(server)
    assert Told(batch.validate(three)).observed == FOUND
    usual = log.scans()
    three.add_expectation(ExpectColumnMaxToBeBetween(column="nothing", max_value=1))
    log = Log(server)
    told = Told(batch.validate(three))
    assert (told.observed, told.how) == (FOUND, {SHARED})
    assert log.scans() == usual > 0


def test_the_batch_s_own_settings_count(
    issues: str, sources: list[Any], three: gx.ExpectationSuite, tmp_path: Path
) -> None:
    """Its search path and role, wherever they were set: otherwise other tables or another role would be used."""
    does(
        issues, "create role gx_reader", "create schema archive", "grant usage on schema archive to gx_reader",
        "create table archive.orders (order_id int)", "insert into archive.orders values (1001)",
        "grant select on archive.orders to gx_reader",
    )  # fmt: skip
    made = source(sources, url(issues))
    engine = made.get_execution_engine().engine

    @sqlalchemy.event.listens_for(engine, "connect")
    def enter(connection: Any, _record: Any) -> None:
        connection.execute("set search_path = archive")
        connection.execute("set role gx_reader")
        connection.commit()

    engine.dispose()
    whose = write(tmp_path / "whose", {"role": "select 1 as order_id where current_user = 'gx_reader'"})
    batch = whole(made)
    told = Told(batch.validate(three))
    assert (told.observed, told.how) == ({"rule_1": 1, "rule_2": 1, "rule_3": 1}, {SHARED})
    assert Told(batch.validate(suite(str(whose)))).observed == {"role": 1}
    does(issues, "drop owned by gx_reader", "drop role gx_reader")


@pytest.mark.server
def test_a_password_that_the_url_has_is_used(sources: list[Any], three: gx.ExpectationSuite) -> None:
    """Where the server asks for one; no result shows it."""
    with servers.running(18) as own:
        own_rules = own.data / "pg_hba.conf"
        dsn = servers.new_database(own, "sample")
        does(
            dsn, "create role reader login password 'p@ss/wörd'", "grant select on orders to reader",
        )  # fmt: skip
        own_rules.write_text(f"local all reader scram-sha-256\n{own_rules.read_text()}")
        does(dsn, "select pg_reload_conf()")
        found = whole(source(sources, address(dsn, user="reader:p%40ss%2Fw%C3%B6rd"))).validate(three)
        told = Told(found)
        assert (told.observed, told.how) == (FOUND, {SHARED})
        assert "p@ss" not in str(found.describe_dict())
        for made in sources:
            made.get_engine().dispose()
            made.get_execution_engine().engine.dispose()


def test_examples_are_as_many_as_each_expectation_says(
    issues: str, sources: list[Any], three: gx.ExpectationSuite
) -> None:
    """Though a scan gathers them for all of its rules."""
    for each, number in zip(three.expectations, (0, 1, 2), strict=False):
        assert isinstance(each, ExpectOrderAuditRuleToFindNoViolations)
        each.evidence = number
    found = whole(source(sources, url(issues))).validate(three)
    shown = [len((each.result or {})["partial_unexpected_list"]) for each in found.results[:3]]
    assert shown == [0, 1, 2]
    brief = whole(source(sources, url(issues))).validate(three, result_format="BOOLEAN_ONLY")
    assert [(each.success, each.result) for each in brief.results[:3]] == [(False, {})] * 3


def test_columns_said_to_be_personal_are_masked_whole(issues: str, sources: list[Any], tmp_path: Path) -> None:
    """Whatever the planner knows of them."""
    sql = "select c.customer_id, c.customer_name from customers as c where c.customer_id = 1"
    made = suite(str(write(tmp_path / "mine", {"name": sql}, "customer_id")))
    batch = whole(source(sources, url(issues)))
    first, second = made.expectations[0], "customer_name"
    assert isinstance(first, ExpectOrderAuditRuleToFindNoViolations)
    assert batch.validate(made).results[0].result["partial_unexpected_list"][0][second] == "Golden Gate Solar"
    first.personal = [second]
    assert batch.validate(made).results[0].result["partial_unexpected_list"][0][second] == "G••••• •••• •••••"


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_personal_and_harmless_of_a_header_hold_as_in_an_audit(
    issues: str, sources: list[Any], tmp_path: Path, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For values, measured values and their groups, together and in a separate query, with the environment's key."""
    folder = tmp_path / "mine"
    folder.mkdir()
    rules = {
        "group": "-- key: city\n-- personal: city\n-- measure: v\n-- at_most: 1\nselect 'Paris' as city, 2 as v",
        "harmless": "-- key: id\n-- harmless: phone_model\nselect 1 as id, 'X' || 'phone' as phone_model",
        "measured": "-- measure: v\n-- personal: v\n-- at_most: 1\nselect 3100 as v",
    }
    for id, rule in rules.items():
        (folder / f"{id}.sql").write_text(f"-- title: {id}\n-- severity: info\n{rule}\n")
    monkeypatch.setenv(digest_key.ENVIRONMENT, str(tmp_path / "key"))
    batch = whole(source(sources, address(issues, driver)))
    found = batch.validate(suite(folder)).results
    group, harmless, measured = [each.result for each in found[:3]]
    assert harmless["partial_unexpected_list"] == [{"id": 1, "phone_model": "Xphone"}]
    assert measured["observed_value"] == "••••"
    digest = digest_key.read(tmp_path / "key").digest(hashlib.sha256(b"Paris").hexdigest())
    assert group["details"]["values"][0]["group"] == digest
    monkeypatch.delenv(digest_key.ENVIRONMENT)
    again = batch.validate(suite(folder)).results[0].result["details"]["values"][0]["group"]
    assert (again[:12], again == digest) == ("hmac-sha256:", False)
    monkeypatch.setenv(digest_key.ENVIRONMENT, str(tmp_path / "key"))
    (tmp_path / "key").chmod(0o644)
    told = batch.validate(suite(folder)).results[0].exception_info
    assert "is open to others (mode 0644)" in str(told)
