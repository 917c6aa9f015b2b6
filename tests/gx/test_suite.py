"""The rules as expectations of Great Expectations, in a project that knows nothing of audits."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    from great_expectations.data_context.data_context.file_data_context import FileDataContext

from order_audit import expectations, scenario
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.gx import store, suite
from tests.gx.support import LACKING, Verdict, python, url, verdicts, write
from tests.support import servers
from tests.support.results import run

RULES = {rule.id: rule for rule in expectations.load("current").rules if rule.id not in LACKING}


@pytest.fixture(scope="module")
def database(servers_by_major: dict[int, Server]) -> Iterator[str]:
    """The sample data with the labelled issues on PostgreSQL 18."""
    dsn = servers.new_database(servers_by_major[18])
    with psycopg.connect(dsn) as connection:
        scenario.load(connection, issues=True)
    yield dsn
    servers.drop_database(servers_by_major[18], dsn)


@pytest.fixture(scope="module")
def found(database: str) -> dict[str, Verdict]:
    """The verdicts on the shipped suite, asked with a table asset."""
    return verdicts(database, suite("current", exclude=LACKING), table="orders")


@pytest.fixture(scope="module")
def audited(database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Our own results by rule."""
    document = run(database, tmp_path_factory.mktemp("audited"), Options(formats=("json",), exclude=LACKING))
    return {found["rule"]: found for found in document["results"] if found["rule"] in RULES}


# The same verdicts --------------------------------------------------------------------------------


def test_verdicts_are_the_audit_s(found: dict[str, Verdict], audited: dict[str, dict[str, Any]]) -> None:
    """Rule by rule: passed or failed, and how many violations."""
    assert {id: (verdict.success, verdict.observed) for id, verdict in found.items()} == {
        id: (result["status"] == "passed", result["violations"]) for id, result in audited.items()
    }
    assert {verdict.raised for verdict in found.values()} == {""}


def test_examples_are_the_audit_s(found: dict[str, Verdict], audited: dict[str, dict[str, Any]]) -> None:
    """The same rows by the same keys."""
    for id, verdict in found.items():
        (key,) = RULES[id].key
        assert [row[key] for row in verdict.examples] == [row[key] for row in audited[id]["examples"]], id
        assert [list(row) for row in verdict.examples] == [list(row) for row in audited[id]["examples"]], id


def test_a_query_asset_does_as_well(database: str, found: dict[str, Verdict]) -> None:
    """The asset only tells the connection; the rules read what they read."""
    left_out = {id for id in RULES if id.startswith(("orders.", "recreation."))} | {*LACKING}
    assert verdicts(database, suite("current", name="some", exclude=left_out)) == {
        id: verdict for id, verdict in found.items() if id not in left_out
    }


def test_what_the_schema_lacks_raises_and_disturbs_nobody(database: str, found: dict[str, Verdict]) -> None:
    """Rules whose columns are not there are not left out silently."""
    only = {id for id in RULES if not id.startswith("recreation.")}
    asked = verdicts(database, suite("current", exclude=only))
    assert {id for id, verdict in asked.items() if verdict.raised} == {*LACKING}
    assert "does not exist" in asked["recreation.happens_daily"].raised
    assert not any(asked[id].success for id in LACKING)
    assert {id: verdict for id, verdict in asked.items() if id not in LACKING} == {
        id: verdict for id, verdict in found.items() if id.startswith("recreation.")
    }


# What an expectation tells ------------------------------------------------------------------------


def test_expectations_carry_what_the_rules_say() -> None:
    """Severity, title, explanation and origin are where Great Expectations keeps such things."""
    made = suite("current", exclude=LACKING)
    assert made.name == "order-audit current"
    assert suite("current", name="mine").name == "mine"
    assert len(suite("current").expectations) == len(RULES) + len(LACKING) + 1
    *of_rules, last = made.expectations
    assert [each.meta["rule"] for each in of_rules if each.meta] == list(RULES)
    assert last.meta == {"order_audit_rules": list(RULES)}
    assert str(last.description).startswith(f"Each of the {len(RULES)} order-audit rules is run")
    for each in of_rules:
        assert each.meta is not None
        rule = RULES[each.meta["rule"]]
        assert each.severity.value == rule.severity
        assert each.description == rule.title
        assert each.notes == rule.why
        assert each.meta == {"rule": rule.id, "suite": "current", "path": rule.path}


def test_a_suite_survives_being_stored(found: dict[str, Verdict]) -> None:
    """Great Expectations keeps suites as JSON."""
    stored = json.loads(json.dumps(suite("current", exclude=LACKING).to_json_dict()))
    kept = {each["kwargs"]["rule"]: each for each in stored["expectations"][:-1]}
    assert kept.keys() == found.keys()
    for id, each in kept.items():
        assert each["severity"] == RULES[id].severity
        assert each["description"] == RULES[id].title


# Stored suites ------------------------------------------------------------------------------------


#: The sound rules of a suite of one's own.
SOUND = {f"rule_{n}": f"select o.order_id from orders as o where o.order_id = -{n}" for n in range(1, 4)}
#: What a program does with a suite that another one stored: it validates in each way that there is.
RUNS = """
import json, os
import great_expectations as gx
{first}
context = gx.get_context(mode="file", project_root_dir=os.environ["ROOT"])
suite = context.suites.get("mine")
{last}
batch = context.data_sources.get("shop").get_asset("query").get_batch_definition("all").get_batch()
done = context.checkpoints.get("check").run()
results = [context.validation_definitions.get("rules").run(), *done.run_results.values(), batch.validate(suite)]
ends = []
for result in [*results, batch.validate(suite, result_format="BOOLEAN_ONLY")]:
    last = result.results[-1]
    ends.append([result.success, done.success, len(result.results), last.success, last.result])
    assert last.expectation_config.type == "expect_table_column_count_to_equal"
    assert "`import order_audit.gx`" in last.expectation_config.description
    assert not last.exception_info["raised_exception"]
print(json.dumps(ends))
"""


@pytest.fixture
def project(
    tmp_path: Path, servers_by_major: dict[int, Server], request: pytest.FixtureRequest
) -> Iterator[FileDataContext]:
    """A project of Great Expectations on disk: server and kind of data source as the parameter says, no wrong order."""
    major, kind = request.param
    dsn = servers.new_database(servers_by_major[major])
    with psycopg.connect(dsn) as connection:
        connection.execute("create table orders (order_id int primary key); insert into orders values (1), (2)")
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    context.variables.save()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        add = {"sql": context.data_sources.add_sql, "postgres": context.data_sources.add_postgres}[kind]
        source = add("shop", connection_string=url(dsn, {"sql": "", "postgres": "localhost"}[kind]))
        data = source.add_query_asset("query", query="select 1 as one").add_batch_definition_whole_table("all")
        source.get_engine().dispose()
    stored = store(context, suite(str(write(tmp_path / "mine", SOUND)), name="mine"))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="rules", data=data, suite=stored))
    context.checkpoints.add(gx.Checkpoint(name="check", validation_definitions=[definition]))
    yield context
    source.get_engine().dispose()
    servers.drop_database(servers_by_major[major], dsn)


def runs(project: FileDataContext, **lines: str) -> list[list[Any]]:
    """What a fresh process says: success of run and checkpoint, number of expectations, the last one's answer."""
    code = RUNS.format_map({"first": "", "last": ""} | lines)
    return list(json.loads(python(code, ROOT=str(Path(project.root_directory).parent)).splitlines()[-1]))


@pytest.mark.parametrize("project", [(15, "sql"), (18, "postgres")], ids=str, indirect=True)
def test_a_stored_suite_cannot_pass_without_its_rules(project: FileDataContext) -> None:
    """In a fresh process it passes with our module, and fails without it, however it is run."""
    told = {"observed_value": "3 of 3", "details": {"missing": []}}
    passes = [[True, True, 4, True, result] for result in (told, told, told, {})]
    assert runs(project, first="import order_audit.gx") == passes
    fails = [[False, False, 1, False, result] for result in ({"observed_value": 1},) * 3 + ({},)]
    assert runs(project) == fails


@pytest.mark.parametrize("project", [(18, "sql")], ids=str, indirect=True)
def test_a_suite_that_was_loaded_too_early_fails(project: FileDataContext) -> None:
    """The rules were left out when it was loaded; whatever loads it anew has them."""
    late = runs(project, last="import order_audit.gx")
    told = {"observed_value": "3 of 3", "details": {"missing": []}}
    none = {"observed_value": "0 of 3", "details": {"missing": list(SOUND)}}
    assert [late[0], late[1]] == [[True, True, 4, True, told]] * 2
    assert [late[2], late[3]] == [[False, True, 1, False, none], [False, True, 1, False, {}]]


@pytest.mark.parametrize("project", [(18, "sql")], ids=str, indirect=True)
def test_a_rule_that_was_deleted_is_missed(project: FileDataContext) -> None:
    """The last expectation names it, and stays when the suite is saved."""
    stored = project.suites.get("mine")
    stored.delete_expectation(stored.expectations[1])
    stored.save()
    for found in runs(project, first="import order_audit.gx")[:3]:
        assert found == [False, False, 3, False, {"observed_value": "2 of 3", "details": {"missing": ["rule_2"]}}]
    again = suite(str(Path(project.root_directory).parent / "mine"), name="mine", exclude=["rule_2"])
    project.suites.add_or_update(again)
    for found in runs(project, first="import order_audit.gx")[:3]:
        assert found == [True, True, 3, True, {"observed_value": "2 of 2", "details": {"missing": []}}]


@pytest.mark.parametrize("project", [(18, "sql")], ids=str, indirect=True)
def test_ids_stay_when_a_suite_is_stored_again(project: FileDataContext) -> None:
    """They are made of the suite's name and the rule's id; a rule that changes keeps its own."""
    folder = Path(project.root_directory).parent / "mine"

    def ids(name: str = "mine") -> dict[str, str]:
        return {(each.meta or {}).get("rule", ""): str(each.id) for each in project.suites.get(name).expectations}

    first = ids()
    assert list(first) == [*SOUND, ""]
    assert len(set(first.values())) == 4
    project.suites.get("mine").save()
    assert ids() == first
    (folder / "rule_1.sql").unlink()
    text = (folder / "rule_2.sql").read_text().replace("title: rule_2", "title: Another title")
    (folder / "rule_2.sql").write_text(text)
    stored = store(project, suite(str(folder), name="mine"))
    assert ids() == {rule: id for rule, id in first.items() if rule != "rule_1"}
    assert stored.expectations[0].description == "Another title"
    assert stored.is_fresh().success
    stored.expectations[0].notes = "mine"
    stored.expectations[0].save()  # type: ignore[no-untyped-call]
    assert ids() == {rule: id for rule, id in first.items() if rule != "rule_1"}
    store(project, suite(str(folder), name="other"))
    assert not {*ids("other").values()} & {*first.values()}
    project.suites.delete("mine")
    store(project, suite(str(folder), name="mine"))
    assert ids() == {rule: id for rule, id in first.items() if rule != "rule_1"}


def test_other_expectations_of_the_class_answer_as_before(database: str) -> None:
    """Ours changes nothing of a number of columns that somebody else expects."""
    code = """
import os
import great_expectations as gx
{}
context = gx.get_context(mode="ephemeral")
source = context.data_sources.add_sql("shop", connection_string=os.environ["URL"])
batch = source.add_query_asset("q", query="select 1 as a, 2 as b").add_batch_definition_whole_table("all").get_batch()
for value in (2, 3, -1):
    found = batch.validate(gx.expectations.ExpectTableColumnCountToEqual(value=value, meta={{"mine": 1}}))
    print(found.describe())
"""
    plain, ours = (python(code.format(line), URL=url(database)) for line in ("", "import order_audit.gx"))
    assert '"observed_value": 2' in plain
    assert ours == plain


def test_names_are_ours_alone() -> None:
    """Great Expectations takes the last class of a name: ours says whose it is, and no other is replaced."""
    code = """
from great_expectations.expectations.registry import _registered_expectations, _registered_metrics
before = {*_registered_expectations}, {*_registered_metrics}
import order_audit.gx
print(sorted({*_registered_expectations} - before[0]), sorted({*_registered_metrics} - before[1]))
"""
    assert python(code) == "['expect_order_audit_rule_to_find_no_violations'] ['order_audit.violations_of_rule']"


# Rules that raise ---------------------------------------------------------------------------------


def test_a_rule_that_raises_is_run_once_and_alone(database: str, server_18: Server, tmp_path: Path) -> None:
    """A mistake is asked for once more without its neighbours, not three times over, and they keep their verdicts."""
    mine = write(
        tmp_path / "mine",
        {
            "a_good": "select o.order_id from orders as o where o.order_id = 1001",
            "b_division": "select o.order_id from orders as o where 1 / (o.order_amount - 75) > 5 and 'once' <> ''",
            "c_missing": "select o.order_id from orders as o where o.nothing = 'once'",
            "d_writes": "select nextval('orders_order_id_seq') as order_id, 'once' as mark",
            "e_good": "select o.order_id from orders as o where o.order_id in (1002, 1003)",
            "f_good": "select o.order_id from orders as o where false",
        },
    )
    log = server_18.data / "server.log"
    before = len(log.read_text(errors="replace"))
    asked = verdicts(database, suite(str(mine)))
    assert {id: (verdict.success, verdict.observed) for id, verdict in asked.items() if not verdict.raised} == {
        "a_good": (False, 1),
        "e_good": (False, 2),
        "f_good": (True, 0),
    }
    assert "division by zero" in asked["b_division"].raised
    assert "does not exist" in asked["c_missing"].raised
    assert "read-only transaction" in asked["d_writes"].raised
    said = log.read_text(errors="replace")[before:]
    # with the rules that it shares a scan with, and then alone
    assert said.count("ERROR:  division by zero") == 2
    assert said.count("ERROR:  column o.nothing does not exist") == 1
    assert said.count("ERROR:  cannot execute nextval() in a read-only transaction") == 1


def test_nothing_is_written(database: str, tmp_path: Path) -> None:
    """A rule cannot change the database, whatever its functions do and whoever the user is."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "create or replace function sneak() returns int language plpgsql as"
            " $$ begin delete from orders; return 1; end $$"
        )
    mine = write(tmp_path / "mine", {"sneak": "select sneak() as order_id"})
    asked = verdicts(database, suite(str(mine)), table="orders")
    assert "read-only transaction" in asked["sneak"].raised
    with psycopg.connect(database) as connection:
        (number,) = connection.execute("select count(*) from orders").fetchone() or (0,)
    assert number > 100


def test_messages_do_not_quote_data(database: str, tmp_path: Path) -> None:
    """Neither in the message nor in the traceback that comes with it."""
    mine = write(
        tmp_path / "mine",
        {"cast": "select c.customer_id from customers as c where c.customer_email::int = 1"},
        "customer_id",
    )
    asked = verdicts(database, suite(str(mine)))
    assert "integer" in asked["cast"].raised
    assert "@" not in asked["cast"].raised
    assert "example" not in asked["cast"].raised


# Evidence -----------------------------------------------------------------------------------------


def test_examples_are_masked(database: str, found: dict[str, Verdict]) -> None:
    """Secrets and personal data are masked as in the audit's own files."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select unnest(array[customer_email, customer_contact_name, customer_phone, address]) from customers"
        ).fetchall()
    held = {line.strip() for (value,) in rows for line in (value or "").splitlines() if len(line.strip()) > 4}
    text = json.dumps([verdict.examples for verdict in found.values()], ensure_ascii=False)
    assert [value for value in held if value in text] == []
    assert "made-up-" not in text
    assert "not-a-real-key" not in text
    assert "•" in text


def test_examples_are_masked_as_in_the_audit(found: dict[str, Verdict], audited: dict[str, dict[str, Any]]) -> None:
    """Value by value, but for JSON, which is written with other spaces."""
    for id, verdict in found.items():
        for mine, theirs in zip(audited[id]["examples"], verdict.examples, strict=True):
            for name, value in mine.items():
                if name != "delivery_script_args":
                    assert theirs[name] == value, (id, name)
                else:
                    assert (theirs[name] is None) == (value is None), (id, name)


def test_number_of_examples_is_bounded(database: str, tmp_path: Path) -> None:
    """The first twenty by key."""
    mine = write(tmp_path / "mine", {"all": "select o.order_id from orders as o order by o.order_amount"})
    asked = verdicts(database, suite(str(mine)))
    with psycopg.connect(database) as connection:
        ids = [row[0] for row in connection.execute("select order_id from orders order by order_id")]
    assert asked["all"].observed == len(ids)
    assert [row["order_id"] for row in asked["all"].examples] == ids[:20]


def test_columns_may_have_any_name(database: str, tmp_path: Path) -> None:
    """Those that the query around a rule uses, too."""
    names = ["x", "v", "k", "json_agg", "a b", "select", "%", ":x", "É"]
    listed = ", ".join(f'{number} as "{name}"' for number, name in enumerate(names))
    sql = f"select o.order_id, {listed} from orders as o where o.order_id = 1001"
    asked = verdicts(database, suite(str(write(tmp_path / "mine", {"odd": sql}))))
    assert asked["odd"].raised == ""
    assert asked["odd"].examples == [{"order_id": 1001} | {name: number for number, name in enumerate(names)}]


def test_a_column_s_name_may_come_twice(database: str, tmp_path: Path) -> None:
    """As in an audit, where the first one of its name is the key."""
    sql = "select o.order_id, o.customer_id as order_id from orders as o where o.order_id = 1001"
    mine = write(tmp_path / "mine", {"twice": sql})
    document = run(database, tmp_path / "out", Options(suites=(str(mine),), formats=("json",)))
    assert document["results"][0]["violations"] == 1
    asked = verdicts(database, suite(str(mine)))
    assert (asked["twice"].raised, asked["twice"].observed) == ("", 1)


def test_values_that_json_has_no_word_for(database: str, tmp_path: Path) -> None:
    """NaN, infinity, numbers out of range, half a surrogate pair: a result can still be stored as JSON."""
    mine = write(
        tmp_path / "mine",
        {
            "numbers": "select 1 as order_id, 'NaN'::float8 as a, 'Infinity'::float8 as b, 1e400 as c, 1e400 + .5 as d",
            "json": r"""select 1 as order_id, '{"a": 1e400000, "b": "\ud83d", "c": "\u0000"}'::json as a""",
            "null": "select null::int as order_id, null::text as a",
        },
    )
    asked = verdicts(database, suite(str(mine)))
    assert {id: (verdict.observed, verdict.raised) for id, verdict in asked.items()} == dict.fromkeys(asked, (1, ""))
    for verdict in asked.values():
        json.dumps(verdict.examples, allow_nan=False, ensure_ascii=False).encode()


# Good manners -------------------------------------------------------------------------------------


def test_nothing_else_imports_great_expectations() -> None:
    """It takes seconds: the command line, the rules, and everything before rules are run do without."""
    code = """
import sys
import order_audit.audit.cli.app, order_audit.audit.run, order_audit.audit.scans.executor, order_audit.audit.cli.demo
import order_audit.reports.terminal.summary, order_audit.reports.compare, order_audit.reports.atomic_files
import order_audit.reports.junit, order_audit.reports.markdown
from order_audit import expectations
from order_audit.audit.analysis import parsed_query
suite = expectations.load("current")
for rule in suite.rules:
    parsed_query.parse(rule)
print(len(suite.rules), [name for name in ("great_expectations", "sqlalchemy", "pandas") if name in sys.modules])
"""
    assert python(code) == f"{len(RULES) + len(LACKING)} []"


def test_nothing_is_sent_anywhere(database: str) -> None:
    """Usage statistics are off: neither Data Docs nor a checkpoint open a connection but the database's."""
    code = """
import os, sys
seen = []
def hook(event, args):
    if event in ("socket.getaddrinfo", "urllib.Request") or (event == "socket.connect" and isinstance(args[1], tuple)):
        seen.append((event, args[-1]))
sys.addaudithook(hook)
from order_audit.audit.run import Options, run
import pathlib, tempfile
with tempfile.TemporaryDirectory() as folder:
    options = Options(formats=("json", "gx"), rules=("customers.phone_is_dialable",))
    document = run(os.environ["WHERE"], pathlib.Path(folder), options)
    import great_expectations as gx
    done = gx.get_context(mode="file", project_root_dir=folder).checkpoints.get("order-audit current").run()
print(
    done.success,
    document.summary.failed,
    os.environ["GX_ANALYTICS_ENABLED"],
    gx.get_context(mode="ephemeral").variables.analytics_enabled or False,
    [name for name in sys.modules if "posthog" in name],
    seen,
)
"""
    said = python(code, WHERE=database, ORDER_AUDIT_GX_URL=url(database))
    assert said.splitlines()[-1] == "False 1 false False [] []"
