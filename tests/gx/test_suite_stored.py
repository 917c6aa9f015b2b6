"""Suites that a project of Great Expectations stores and another process loads."""

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

from order_audit.audit.database.server import Server
from order_audit.gx import store, suite
from tests.gx.fresh import Fresh
from tests.gx.support import url, write
from tests.support import servers

#: The sound rules of a suite of one's own.
SOUND = {f"rule_{n}": f"select o.order_id from orders as o where o.order_id = -{n}" for n in range(1, 4)}
#: A program that validates a suite stored by another one, in each possible way.
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


def runs(fresh: Fresh, project: FileDataContext, *first: str, last: str = "") -> list[list[list[Any]]]:
    """Return the output of a fresh process for each of its runs, after executing `first`.

    That is, in each way to validate: success of run and checkpoint, number of expectations, the last one's answer.
    """
    code = "\n".join(RUNS.format(first=line, last=last) for line in first)
    said = fresh(code, ROOT=str(Path(project.root_directory).parent)).splitlines()
    return [json.loads(line) for line in said if line.startswith("[[")]


@pytest.mark.parametrize("project", [(15, "sql"), (18, "postgres")], ids=str, indirect=True)
def test_a_stored_suite_cannot_pass_without_its_rules(fresh: Fresh, project: FileDataContext) -> None:
    """In another process it fails without our module, and passes with it, however it is run."""
    told = {"observed_value": "3 of 3", "details": {"missing": []}}
    passes = [[True, True, 4, True, result] for result in (told, told, told, {})]
    fails = [[False, False, 1, False, result] for result in ({"observed_value": 1},) * 3 + ({},)]
    # one process does for both: once our module is there, nothing takes it away
    assert runs(fresh, project, "", "import order_audit.gx") == [fails, passes]


@pytest.mark.parametrize("project", [(18, "sql")], ids=str, indirect=True)
def test_a_suite_that_was_loaded_too_early_fails(fresh: Fresh, project: FileDataContext) -> None:
    """The rules were left out when it was loaded; whatever loads it anew has them."""
    (late,) = runs(fresh, project, "", last="import order_audit.gx")
    told = {"observed_value": "3 of 3", "details": {"missing": []}}
    none = {"observed_value": "0 of 3", "details": {"missing": list(SOUND)}}
    assert [late[0], late[1]] == [[True, True, 4, True, told]] * 2
    assert [late[2], late[3]] == [[False, True, 1, False, none], [False, True, 1, False, {}]]


@pytest.mark.parametrize("project", [(18, "sql")], ids=str, indirect=True)
def test_a_rule_that_was_deleted_is_missed(fresh: Fresh, project: FileDataContext) -> None:
    """The last expectation names it, and stays when the suite is saved."""
    stored = project.suites.get("mine")
    stored.delete_expectation(stored.expectations[1])
    stored.save()
    for found in runs(fresh, project, "import order_audit.gx")[0][:3]:
        assert found == [False, False, 3, False, {"observed_value": "2 of 3", "details": {"missing": ["rule_2"]}}]
    again = suite(str(Path(project.root_directory).parent / "mine"), name="mine", exclude=["rule_2"])
    project.suites.add_or_update(again)
    (result,) = project.checkpoints.get("check").run().run_results.values()
    last = result.results[-1]
    assert (result.success, len(result.results), last.success) == (True, 3, True)
    assert last.result == {"observed_value": "2 of 2", "details": {"missing": []}}


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


def test_other_expectations_of_the_class_answer_as_before(fresh: Fresh, database: str) -> None:
    """Ours does not affect other expectations of a number of columns, nor replace another class by its name."""
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
    loading = """
from great_expectations.expectations.registry import _registered_expectations, _registered_metrics
before = {*_registered_expectations}, {*_registered_metrics}
import order_audit.gx
new = sorted({*_registered_expectations} - before[0]), sorted({*_registered_metrics} - before[1])
"""
    program = "\n".join([code.format(""), loading, code.format(""), "print(*new)"])
    *said, new = fresh(program, URL=url(database)).splitlines()
    assert new == "['expect_order_audit_rule_to_find_no_violations'] ['order_audit.violations_of_rule']"
    plain, ours = said[: len(said) // 2], said[len(said) // 2 :]
    assert any('"observed_value": 2' in line for line in plain)
    assert ours == plain
