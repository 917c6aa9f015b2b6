"""Rules in somebody's own context: judged together on one snapshot, or each by a query of its own, with a reason."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    import sqlalchemy
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options, run
from order_audit.gx import ExpectOrderAuditRuleToFindNoViolations, suite
from tests.gx.support import LACKING, raised, url, write
from tests.support import servers

SHARED = "scans shared by the rules of the run, on one snapshot"
OWN = "a query of its own"
#: Three rules that find as many orders as they are called.
THREE = {f"rule_{n}": f"select o.order_id from orders as o where o.order_id <= 1000 + {n}" for n in (1, 2, 3)}
FOUND = {"rule_1": 1, "rule_2": 2, "rule_3": 3}
#: Text that would be three statements, the second of which leaves a trace.
SNEAKED = "select 1 as order_id) as v; commit; create table sneaked (a int); select * from (select 1 as order_id"


class Log:
    """What a server logged since this was made."""

    def __init__(self, server: Server) -> None:
        self._file = server.data / "server.log"
        self._before = self._file.stat().st_size

    def _text(self) -> str:
        return self._file.read_bytes()[self._before :].decode(errors="replace")

    def scans(self) -> int:
        """How many statements read the tables, shared or a rule's own."""
        reading = r"(?:statement|execute [^:]*): (?:copy \(|select count\(\*\) from \"|with v \()"
        return len(re.findall(reading, self._text()))

    def snapshots(self) -> set[str]:
        """The snapshots that were exported and joined."""
        return set(re.findall(r"set transaction snapshot '([^']+)'", self._text(), re.IGNORECASE))


class Told:
    """What Great Expectations says of a suite's rules."""

    def __init__(self, found: ExpectationSuiteValidationResult) -> None:
        json.dumps(found.describe_dict(), allow_nan=False)
        ours = {
            str(each.expectation_config.kwargs["rule"]): each
            for each in found.results
            if each.expectation_config is not None and "rule" in each.expectation_config.kwargs
        }
        self.observed = {id: (each.result or {}).get("observed_value") for id, each in ours.items()}
        details = [(each.result or {}).get("details", {}) for each in ours.values()]
        self.how = {it["evaluation"] for it in details if it}
        self.reasons = {it.get("reason", "") for it in details if it}
        self.raised = {id: said for id, each in ours.items() if (said := raised(each.exception_info))}


@pytest.fixture
def sources() -> Iterator[list[Any]]:
    """Data sources whose connections are closed in the end."""
    made: list[Any] = []
    yield made
    for source in made:
        source.get_engine().dispose()
        source.get_execution_engine().engine.dispose()


def source(sources: list[Any], address: str, **kwargs: Any) -> Any:
    """A data source of a context of its own; `kwargs` go to SQLAlchemy's create_engine."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = context.data_sources.add_sql("shop", connection_string=address, kwargs=kwargs)  # type: ignore[call-arg]
    sources.append(made)
    return made


def whole(made: Any) -> Any:
    """A batch that has little to do with the tables."""
    return made.add_query_asset("query", query="select 1 as one").add_batch_definition_whole_table("all").get_batch()


def address(dsn: str, driver: str = "psycopg", user: str = "") -> str:
    """A database's address by its socket."""
    words = psycopg.conninfo.conninfo_to_dict(dsn)
    socket = f"host={quote(str(words['host']))}&port={words['port']}"
    return f"postgresql+{driver}://{user or words['user']}@/{words['dbname']}?{socket}"


def does(dsn: str, *statements: str) -> Any:
    """The first value that the last statement gives, if it gives any."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


@pytest.fixture
def few(issues: str) -> Iterator[str]:
    """A role that may read orders, and may have two connections: those of a data source."""
    does(issues, "create role few login connection limit 2", "grant select on orders to few")
    yield "few"
    does(issues, "drop owned by few", "drop role few")


@pytest.fixture
def logged(issues: str) -> str:
    """The labelled issues in a database whose statements are logged."""
    does(issues, f"alter database {servers.name_of(issues)} set log_statement = 'all'")
    return issues


@pytest.fixture
def three(tmp_path: Path) -> gx.ExpectationSuite:
    """The three rules."""
    return suite(str(write(tmp_path / "mine", THREE)))


# Together -----------------------------------------------------------------------------------------


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
    """Its search path and role, wherever they were set: other tables would be judged, or as somebody else."""
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


# Each by itself -----------------------------------------------------------------------------------


def test_without_a_second_connection_each_rule_runs_its_own_query(
    logged: str,
    few: str,
    server: Server,
    sources: list[Any],
    three: gx.ExpectationSuite,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The result says so, without host and user; the log says what the server said."""
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


def test_a_database_that_went_away_is_asked_for_once(
    server: Server, sources: list[Any], three: gx.ExpectationSuite, caplog: pytest.LogCaptureFixture
) -> None:
    """Each rule raises; Great Expectations would try each of them three times, with a time-out each."""
    with servers.database(server, "sample") as dsn:
        batch = whole(source(sources, url(dsn)))
    told = Told(batch.validate(three))
    assert told.raised == dict.fromkeys(FOUND, "no connection to the database; the log of order_audit.gx says why")
    assert len([it for it in caplog.records if it.name == "order_audit.gx"]) == 1
