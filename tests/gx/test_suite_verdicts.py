"""The rules as expectations of Great Expectations: the verdicts and the evidence of the audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.run import Options
from order_audit.gx import suite
from tests.gx.support import LACKING, Verdict, verdicts, write
from tests.support.results import run

RULES = {rule.id: rule for rule in expectations.load("current").rules if rule.id not in LACKING}


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
    """The asset only determines the connection; the rules read their own tables."""
    left_out = {id for id in RULES if id.startswith(("orders.", "recreation."))} | {*LACKING}
    assert verdicts(database, suite("current", name="some", exclude=left_out)) == {
        id: verdict for id, verdict in found.items() if id not in left_out
    }


def test_what_the_schema_lacks_raises_and_disturbs_nobody(database: str, found: dict[str, Verdict]) -> None:
    """Rules with missing columns are not omitted silently."""
    only = {id for id in RULES if not id.startswith("recreation.")}
    asked = verdicts(database, suite("current", exclude=only))
    assert {id for id, verdict in asked.items() if verdict.raised} == {*LACKING}
    assert "does not exist" in asked["recreation.happens_daily"].raised
    assert not any(asked[id].success for id in LACKING)
    assert {id: verdict for id, verdict in asked.items() if id not in LACKING} == {
        id: verdict for id, verdict in found.items() if id.startswith("recreation.")
    }


# The details of an expectation ------------------------------------------------------------------------


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
    """Value by value, but for JSON, which is written with other spaces; secrets have no numbers."""
    for id, verdict in found.items():
        for mine, theirs in zip(audited[id]["examples"], verdict.examples, strict=True):
            for name, value in mine.items():
                if name != "delivery_script_args":
                    assert theirs[name] == ("[secret]" if str(value).startswith("[secret ") else value), (id, name)
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


def test_a_tolerated_number_of_violations_is_a_success(database: str, tmp_path: Path) -> None:
    """As `mostly` of other expectations; beyond it, it is none."""
    query = "select o.order_id from orders as o where o.order_id in (select min(order_id) from orders)"
    amounts = {"few": "1 row", "none": "0 rows", "share": "50 %"}
    folder = write(tmp_path / "s", {name: f"-- tolerate: {amount}\n{query}" for name, amount in amounts.items()})
    found = verdicts(database, suite(folder))
    assert {name: (found[name].success, found[name].observed) for name in amounts} == {
        "few": (True, 1), "none": (False, 1), "share": (True, 1)
    }  # fmt: skip


def test_a_measured_rule_shows_its_value(database: str, tmp_path: Path) -> None:
    """Of the whole table as the observed value; of groups, those that break a bound are counted."""
    (folder := tmp_path / "s").mkdir()
    header = "-- title: T\n-- severity: info\n-- measure: v\n"
    rules = {
        "few": f"{header}-- at_least: 3\nselect count(*) as v from orders where order_id < 0",
        "many": f"{header}-- at_least: 3\nselect count(*) as v from customers",
        "groups": f"{header}-- key: g\n-- at_most: 50 %\nselect * from (values ('a', 0.6), ('b', 0.5)) as x (g, v)",
    }
    for name, text in rules.items():
        (folder / f"{name}.sql").write_text(text + "\n")
    found = verdicts(database, suite(folder))
    assert (found["few"].success, found["few"].observed) == (False, "0")
    assert found["many"].success
    assert int(found["many"].observed) > 3
    groups = found["groups"]
    assert (groups.success, groups.observed, groups.examples) == (False, 1, [{"g": "•", "v": 0.6}])
