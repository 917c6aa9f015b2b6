"""Rules in a user's context that are judged by separate queries, with a reason."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx

from order_audit.audit.database.server import Server
from order_audit.gx import ExpectOrderAuditRuleToFindNoViolations, suite
from tests.gx.scans import FOUND, SHARED, Log, Told, address, does, source, whole
from tests.gx.support import url, write
from tests.support import servers

OWN = "a separate query"
#: Text that would be three statements, the second of which leaves a trace.
SNEAKED = "select 1 as order_id) as v; commit; create table sneaked (a int); select * from (select 1 as order_id"


@pytest.fixture
def few(issues: str) -> Iterator[str]:
    """A role that may read orders, and may have two connections: those of a data source."""
    does(issues, "create role few login connection limit 2", "grant select on orders to few")
    yield "few"
    does(issues, "drop owned by few", "drop role few")


def test_without_a_second_connection_each_rule_runs_its_own_query(
    logged: str,
    few: str,
    server: Server,
    sources: list[Any],
    three: gx.ExpectationSuite,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The result says so, without host and user; the log has the server's message."""
    batch = whole(source(sources, address(logged, user=few)))
    log = Log(server)
    told = Told(batch.validate(three))
    assert (told.observed, told.how) == (FOUND, {OWN})
    assert told.reasons == {"no snapshot on a second connection; the log of order_audit.gx says why"}
    assert log.scans() == 3
    (said,) = [it.getMessage() for it in caplog.records if it.name == "order_audit.gx"]
    assert "too many connections for role" in said


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_an_engine_that_commits_by_itself_writes_nothing(
    issues: str, few: str, sources: list[Any], tmp_path: Path, driver: str
) -> None:
    """psycopg 3 begins a transaction all the same; without one, a rule is refused."""
    does(issues, "create sequence counter", "grant all on sequence counter to few")
    rules = {"writes": "select nextval('counter') as order_id", "reads": "select 1 as order_id where false"}
    made = suite(str(write(tmp_path / "mine", rules)))
    batch = whole(source(sources, address(issues, driver, few), isolation_level="AUTOCOMMIT"))
    told = Told(batch.validate(made))
    if driver == "psycopg":
        assert (told.observed, told.how) == ({"reads": 0, "writes": None}, {OWN})
        assert "read-only transaction" in told.raised["writes"]
    else:
        assert ["AUTOCOMMIT" in said for said in told.raised.values()] == [True, True]
    assert does(issues, "select is_called from counter") is False


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
@pytest.mark.parametrize("limit", [2, 9])
def test_a_stored_text_of_several_statements_is_refused(
    issues: str, few: str, sources: list[Any], three: gx.ExpectationSuite, driver: str, limit: int
) -> None:
    """Together or alone, whatever the driver makes of it."""
    does(issues, f"alter role few connection limit {limit}", "grant create on schema public to few")
    first = three.expectations[0]
    assert isinstance(first, ExpectOrderAuditRuleToFindNoViolations)
    first.sql = SNEAKED
    told = Told(whole(source(sources, address(issues, driver, few))).validate(three))
    assert told.observed == FOUND | {"rule_1": None}
    assert told.raised == {"rule_1": "rule_1: a rule is one statement; there is more after a semicolon"}
    assert told.how == {SHARED if (driver, limit) == ("psycopg", 9) else OWN}
    assert does(issues, "select to_regclass('sneaked')") is None


@pytest.mark.parametrize(
    ("driver", "said"), [("psycopg", "unterminated quoted string"), ("psycopg2", "only postgresql+psycopg://")]
)
def test_what_our_parser_cannot_read_goes_through_psycopg_3_alone(
    issues: str, few: str, sources: list[Any], three: gx.ExpectationSuite, driver: str, said: str
) -> None:
    """Which lets the server judge it, as one statement."""
    first = three.expectations[0]
    assert isinstance(first, ExpectOrderAuditRuleToFindNoViolations)
    first.sql = "select 1 as order_id where '' = '"
    told = Told(whole(source(sources, address(issues, driver, few))).validate(three))
    assert list(told.raised) == ["rule_1"]
    assert said in told.raised["rule_1"]


def test_psycopg2_runs_a_query_for_each_rule(issues: str, sources: list[Any], three: gx.ExpectationSuite) -> None:
    """It may find the same, and the result says why it took longer."""
    told = Told(whole(source(sources, address(issues, "psycopg2"))).validate(three))
    assert (told.observed, told.how) == (FOUND, {OWN})
    assert told.reasons == {"the batch's connection is not one of psycopg 3 (postgresql+psycopg://)"}


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_keys_are_counted_however_many_rows_they_have(
    issues: str, sources: list[Any], tmp_path: Path, driver: str
) -> None:
    """Each NULL is one of them, together or alone."""
    rule = "select nullif(n % 3, 0) as order_id from generate_series(1, 7) as n"
    made = suite(str(write(tmp_path / "mine", {"thrice": rule})))
    told = Told(whole(source(sources, address(issues, driver))).validate(made))
    assert (told.observed, told.how) == ({"thrice": 4}, {SHARED if driver == "psycopg" else OWN})


def test_a_database_that_went_away_is_asked_for_once(
    server: Server, sources: list[Any], three: gx.ExpectationSuite, caplog: pytest.LogCaptureFixture
) -> None:
    """Each rule raises; Great Expectations would try each of them three times, with a time-out each."""
    with servers.database(server, "sample") as dsn:
        batch = whole(source(sources, url(dsn)))
    told = Told(batch.validate(three))
    assert told.raised == dict.fromkeys(FOUND, "no connection to the database; the log of order_audit.gx says why")
    assert len([it for it in caplog.records if it.name == "order_audit.gx"]) == 1


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_limits_hold_in_a_separate_query(
    issues: str, few: str, sources: list[Any], tmp_path: Path, driver: str
) -> None:
    """As in shared scans; a share of the checked rows alone is unknown there."""
    (folder := tmp_path / "s").mkdir()
    header = "-- title: T\n-- severity: info\n"
    one = "select min(order_id) as order_id from orders"
    real = "select order_id from orders where order_id in (select min(order_id) from orders)"
    rules = {
        "bound": f"{header}-- measure: v\n-- at_most: 2.5\nselect 2.5::float8 as v",
        "broken": f"{header}-- measure: v\n-- at_most: 3 days\nselect interval '4 days' as v",
        "groups": f"{header}-- key: g\n-- measure: v\n-- at_most: 1\nselect * from (values (1, 1), (2, 2)) as x (g, v)",
        "nothing": f"{header}-- measure: v\n-- at_most: 1\nselect 1 as v where false",
        "rows": f"{header}-- measure: v\n-- at_most: 1\nselect 1 as v from orders",
        "share": f"{header}-- key: order_id\n-- tolerate: 50 %\n{real}",
        "text": f"{header}-- measure: v\n-- at_most: 1\nselect 'a'::text as v",
        "tolerated": f"{header}-- key: order_id\n-- tolerate: 1 row\n{one}",
    }
    for name, text in rules.items():
        (folder / f"{name}.sql").write_text(text + "\n")
    told = Told(whole(source(sources, address(issues, driver, few))).validate(suite(str(folder))))
    assert told.how == {OWN}
    assert told.succeeded == {"bound", "tolerated"}
    wanted = {"bound": "2.5", "broken": "P4D", "groups": 1, "nothing": None, "tolerated": 1}
    assert {name: told.observed[name] for name in wanted} == wanted
    assert set(told.raised) == {"rows", "share", "text"}
