"""Functions and operators of another role never run with our rights: shadows of all that our statements call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database import sampling
from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.install import install
from order_audit.fixes.guarding.own_guards import own_guards
from tests.support import servers, shadows
from tests.support.program import Done, order_audit

ROLE = "shadow_maker"
GOODS = """
create table goods (
  id int primary key, code varchar(20) not null unique, name text not null, mail varchar(60), weight numeric not null,
  price float8 not null, made timestamptz not null, part_of int, flags bit(4) not null, doc jsonb not null
);
comment on table goods is 'Goods.';
insert into goods
select n, 'c' || n, case n % 4 when 0 then 'n/a' else 'name ' || n % 7 end, n || '@example.org', n - 10, n * 2.5,
  timestamptz '2026-01-01 00:00 UTC' + n * interval '1 hour', nullif(n - 1, 0), (n % 3)::bit(4), '{"a": 1}'
from generate_series(1, 60) as n;
analyze goods;
"""
HEAD = "-- title: {0}\n-- severity: warning\n"
#: Rules whose own text calls nothing that a shadow matches better: all calls are of the statements around them.
RULES = {
    "light": "-- key: id\n-- tolerate: 1 %\n-- highlight: code, name where value = 'n/a'\n"
    "select g.id, g.code, g.name, g.doc from goods as g where g.weight < numeric '0'",
    "dear": "-- key: code\nselect g.code, g.made, g.price from goods as g where g.price > float8 '140'",
    "placed": "-- key: code, id\n-- critical: above 50 %\nselect g.code, g.id from goods as g where g.id > 55",
    "mailed": "-- key: mail\nselect g.mail, g.name from goods as g where g.name = 'n/a'",
    "flagged": "-- key: id\nselect g.id, g.flags from goods as g where g.flags = bit(4) '0001'",
    "named": "-- key: id\nselect g.id, g.name from goods as g where g.name = 'name 1'",
    "part": "-- key: id\n-- follows_from: goods.named by part_of\n"
    "select g.id, g.part_of from goods as g where g.id < 12",
    "most": "-- measure: n\n-- at_most: 5\nselect g.id as n from goods as g where g.id = 9",
    "by_name": "-- key: name\n-- measure: weight\n-- warning: between 0 and 3\n-- critical: at_most 20\n"
    "select distinct on (g.name) g.name, g.weight from goods as g order by g.name, g.id",
    "age": "-- measure: age\n-- at_most: 3 days\nselect interval '2 months' as age",
    "newest": "-- measure: made\n-- at_least: 2026-02-01\nselect g.made from goods as g where g.id = 60",
    "each": "-- for_each: select g.id as value from goods as g where g.id < 3\n-- key: id\n"
    "select g.id from goods as g where g.id = :value",
    "small_order": "-- key: order_id\nselect o.order_id, o.order_status from orders as o where o.order_amount < 300",
    "first_customer": "-- key: customer_id\nselect c.customer_id from customers as c where c.customer_id < 9",
}
#: The violations of each rule.
FOUND = {
    "goods.light": 0, "goods.dear": 4, "goods.placed": 5, "goods.mailed": 15, "goods.flagged": 20, "goods.named": 7,
    "goods.part": 11, "goods.most": 1, "goods.by_name": 0, "goods.age": 1, "goods.newest": 1, "goods.each[1]": 1,
    "goods.each[2]": 1, "goods.small_order": 7, "goods.first_customer": 5,
}  # fmt: skip
FIXES = {
    "light": "-- assumes: nothing\n-- leave: nothing\n\n-- automatic: no weight\n-- update goods by code:\n"
    "select v.code, numeric '0' as weight from violation as v;\n",
    "dear": "-- assumes: nothing\n-- leave: nothing\n\n-- option cheap (recommended): a price\n"
    "-- update goods by code:\nselect v.code, float8 '1' as price, v.code as unit from violation as v;\n\n"
    "-- option out: it goes\n-- delete goods by code:\nselect v.code from violation as v;\n",
}
GUARDS = {
    "is_light": HEAD.format("CHECK rejects").split("\n")[0]
    + "\n-- protects: goods.light\n\n-- check goods:\nweight >= 0 and price < 100000 and name <> 'none'\n"
}


def written(folder: Path, files: dict[str, str], head: str = "") -> Path:
    for name, text in files.items():
        file = folder / "goods" / f"{name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{head.format(name)}{text}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("shadows")
    written(top / "suite", RULES, HEAD)
    written(top / "fixes", FIXES)
    written(top / "guards", GUARDS)
    return top


@pytest.fixture(scope="module", params=[18, 15])
def shadowed(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A database with a guard, and then with shadows in the schema of its tables."""
    server: Server = request.getfixturevalue(f"server_{request.param}")
    with servers.database(server, "sample") as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(GOODS)
        order_audit(*fixes("apply", dsn, folder))
        guarded = connection.execute("select from pg_constraint where conname = 'order_audit_is_light'").rowcount
        assert guarded == 1
        connection.execute(f"create role {ROLE} login")
        connection.execute(f"grant create on schema public to {ROLE}")
        assert shadows.make(dsn, ROLE) > 2000
        yield dsn
        connection.execute(f"drop owned by {ROLE} cascade")
        connection.execute(f"drop role {ROLE}")


def fixes(command: str, dsn: str, folder: Path) -> list[str]:
    named = ["--suite", str(folder / "suite"), "--fixes", str(folder / "fixes"), "--guards", str(folder / "guards")]
    return ["fixes", command, "--dsn", dsn, *named, "--quiet"]


def results(out: Path) -> dict[str, int | str]:
    """The violations by rule, or the error."""
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return {it["rule"]: it.get("error") or it["violations"] for it in document["results"]}


def test_no_statement_of_ours_calls_one(
    shadowed: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with all kinds of scans, lint, profile, init and the plan of fixes; their results are right."""
    monkeypatch.setattr(sampling, "SMALL", 0)  # else no column is judged by its different values
    named = ["--suite", str(folder / "suite"), "--fixes", str(folder / "fixes"), "--plan-fixes"]
    ran = order_audit("run", "--dsn", shadowed, *named, "--out", str(tmp_path / "out"))
    assert shadows.called(shadowed, ROLE) == []
    assert results(tmp_path / "out") == FOUND
    warnings = [line for line in ran.stderr.splitlines() if line.startswith("warning: ")]
    assert warnings[0].startswith(f"warning: role {ROLE} may create functions and operators in schema public, which")
    assert f"role {ROLE} may create functions" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    commands = (
        ["lint", "--dsn", shadowed],
        ["profile", "--dsn", shadowed],
        ["init", str(tmp_path / "mine"), "--dsn", shadowed],
        [*fixes("plan", shadowed, folder), "--accept-recommended"],
    )
    for command in commands:
        done = order_audit(*command)
        assert done.returncode == 0, (command, done.stderr)
        assert shadows.called(shadowed, ROLE) == [], command


def test_a_rule_whose_text_reaches_one_is_named(shadowed: str, tmp_path: Path) -> None:
    """It runs, since the text is the user's, and the terminal and results.json say so."""
    text = "-- key: id\nselect g.id from goods as g where lower(g.code) = 'c1' and g.code operator(pg_catalog.<>) 'c2'"
    suite = str(written(tmp_path / "suite", {"reaching": text}, HEAD))
    ran = order_audit("run", "--dsn", shadowed, "--suite", suite, "--out", str(tmp_path), "--no-lint", "--no-profile")
    assert set(shadows.called(shadowed, ROLE)) >= {"public.lower(character varying)"}
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    said = document["run"]["database"]["foreign_code"][1]
    assert said.startswith("rule goods.reaching may call function public.lower(")
    assert f"warning: {said}\n" in ran.stderr


def test_commands_that_write_refuse(shadowed: str, folder: Path, tmp_path: Path) -> None:
    """In one line that names the role and the statement that helps."""
    says = f"role {ROLE} may create functions and operators in schema public"
    for command in (
        fixes("apply", shadowed, folder),
        [*fixes("apply", shadowed, folder), "--rehearse"],
        [*fixes("emit", shadowed, folder), "--out", str(tmp_path / "out")],
        ["fixes", "revert", "--dsn", shadowed],
        ["migrate", "run", "--dsn", shadowed],
    ):
        done: Done = order_audit(*command)
        assert (done.returncode, done.stderr.count("\n")) == (3, 1), (command, done.stderr)
        assert says in done.stderr
        assert f"revoke create on schema public from {ROLE}" in done.stderr
    assert shadows.called(shadowed, ROLE) == []


def test_a_guard_calls_none(shadowed: str, folder: Path) -> None:
    """Neither one that was installed before, nor one that would find a shadow: that is taken away again."""
    rules = load(str(folder / "suite")).rules
    guard = own_guards(folder / "guards", rules)["is_light"]
    with psycopg.connect(shadowed, autocommit=True) as connection:
        connection.execute("update goods set weight = weight, price = price, name = name")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("update public.goods set weight = numeric '-1'")
        assert shadows.called(shadowed, ROLE) == []
        connection.execute("alter table goods drop constraint order_audit_is_light")
        with pytest.raises(GuardError, match=rf"it would call operator .* of role {ROLE}, with the rights of the role"):
            install(connection, guard, Throttle())
        assert not connection.execute("select from pg_constraint where conname = 'order_audit_is_light'").rowcount
