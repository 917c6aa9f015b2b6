"""Errors of fix files: each names the file, the line, the table and the column, in every command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.program import order_audit

RULE = """-- title: Quantity is below zero
-- severity: critical
-- key: site, sku
select s.site, s.sku, s.qty
from stock as s
where s.qty < 0
"""
HEAD = "-- assumes: nothing\n-- leave: nothing\n\n-- automatic: the sign goes\n"
RIGHT = HEAD + "-- update stock by site, sku:\nselect v.site, v.sku, -v.qty as qty\nfrom violation as v;\n"
#: By kind: the file, and what is said of it below `FILE:`.
REFUSED = {
    "key": (
        HEAD + "-- update stock by sku:\nselect v.sku, -v.qty as qty from violation as v;\n",
        "5: 'update stock by sku': sku is not unique in stock: that takes a valid unique index on it, without a"
        " condition",
    ),
    "keys": (
        HEAD + "-- delete stock by site, qty:\nselect v.site, v.qty from violation as v;\n",
        "5: 'delete stock by site, qty': (site, qty) is not unique in stock: that takes a valid unique index on it,"
        " without a condition",
    ),
    "child": (
        HEAD + "-- update Parents by id:\nselect v.sku as id, 'x' as name from violation as v;\n",
        "5: 'update parents by id': id is not unique in parents and the tables that inherit from it",
    ),
    "two keys": (
        RIGHT + "\n-- option other: another way\n-- update stock by id:\nselect s.id, 1 as qty from stock as s;\n",
        "10: 'update stock by id': FILE:5 has the key (site, sku) for this table: give all changes of a table the same"
        " key",
    ),
}
FAILED = {
    "table": (
        HEAD + "-- update ops.stock by site, sku:\nselect v.site, v.sku, 1 as qty from violation as v;\n",
        '5: there is no table "ops.stock"',
    ),
    "read table": (
        HEAD + "-- update stock by site, sku:\nselect v.site, v.sku, p.qty\nfrom violation as v, ops.plan as p;\n",
        '7: there is no table "ops.plan"',
    ),
    "given": (
        "-- assumes: nothing\n\n-- given one: x\nselect 1 as a,\n  v.no_such\nfrom violation as v;\n"
        "-- given two: y\nselect a from one;\n"
        "-- automatic: z\n-- update stock by site, sku:\nselect v.site, v.sku, a as qty from violation as v, two;\n",
        "5: column v.no_such does not exist",
    ),
    "with": (
        HEAD + "-- update stock by site, sku:\n-- a remark\nwith w as (\n  select v.site, v.sku, v.gty as qty"
        " from violation as v\n)\n"
        "select * from w;\n",
        "8: column v.gty does not exist",
    ),
    "column": (
        HEAD + "-- update stock by site, sku:\nselect v.site, v.sku, 1 as gty from violation as v;\n",
        "5: 'update stock by site, sku': the query gives gty, which is no column of stock, or a generated one",
    ),
    "key of the table": (
        HEAD + "-- update stock by sight, sku:\nselect v.site as sight, v.sku, 1 as qty from violation as v;\n",
        "5: 'update stock by sight, sku': stock has no column sight",
    ),
    "key of the query": (
        HEAD + "-- update stock by site, sku:\nselect v.sku, 1 as qty from violation as v;\n",
        "5: 'update stock by site, sku': the query gives no column site; it gives sku, qty",
    ),
    "nothing to set": (
        HEAD + "-- update stock by site, sku:\nselect v.site, v.sku from violation as v;\n",
        "5: 'update stock by site, sku': the query gives the key alone, and no column to set",
    ),
    "delete that sets": (
        HEAD + "-- delete stock by site, sku:\nselect v.site, v.sku, 1 as qty from violation as v;\n",
        "5: 'delete stock by site, sku': the query gives qty besides the key, but a delete sets no column",
    ),
    "value": (
        HEAD
        + "-- update stock by site, sku:\nselect v.site, v.sku, (v.site || 'x')::int as qty from violation as v;\n",
        '5: invalid input syntax for type integer: "…"',
    ),
}


@pytest.fixture
def database(dsn: str) -> Iterator[psycopg.Connection]:
    """A table whose key has two columns, and one whose key is not unique for a table that inherits from it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            """
            create table stock (site text, sku integer, qty integer, id integer unique, primary key (site, sku));
            insert into stock values ('a', 1, -5, 1), ('a', 2, 7, 2), ('b', 1, -1, 3);
            create table parents (id integer primary key, name text);
            create table children () inherits (parents);
            insert into parents values (1, 'x'); insert into children values (1, 'y');
            """
        )
        yield connection


def files(folder: Path, fix: str) -> list[str]:
    """Write the rule, its fix, and one of another rule that works; gives the options of a command."""
    for name, text in {
        "rules/stock/qty.sql": RULE, "fixes/stock/qty.sql": fix,
        "rules/stock/sku.sql": RULE.replace("s.qty < 0", "s.sku = 2"),
        "fixes/stock/sku.sql": RIGHT.replace("-v.qty", "v.qty + 1"),
    }.items():  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return ["--suite", str(folder / "rules"), "--fixes", str(folder / "fixes"), "--quiet"]


def said_by(dsn: str, *words: str) -> tuple[int, str]:
    done = order_audit("fixes", *words, DATABASE_URL=dsn)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("kind", REFUSED)
def test_a_plan_refuses_what_apply_refuses(database: psycopg.Connection, dsn: str, tmp_path: Path, kind: str) -> None:
    fix, said = REFUSED[kind]
    file = str(tmp_path / "fixes" / "stock" / "qty.sql")
    words = files(tmp_path, fix)
    if kind == "two keys":
        policy = tmp_path / "policy.toml"
        policy.write_text('"stock.qty" = "other"\n', encoding="utf-8")
        words += ["--decisions", str(policy)]
    before = database.execute("select * from stock order by id").fetchall()
    wanted = f"order-audit: {file}:{said.replace('FILE', file)}"
    for command in (["plan"], ["apply"], ["apply", "--rehearse"], ["emit", "--out", str(tmp_path / "out")]):
        assert said_by(dsn, *command, *words) == (3, wanted), command
    assert database.execute("select * from stock order by id").fetchall() == before


@pytest.mark.parametrize("kind", FAILED)
@pytest.mark.both_versions
def test_what_fails_is_named_and_the_others_go_on(
    database: psycopg.Connection, dsn: str, tmp_path: Path, kind: str
) -> None:
    """The exit code says so in each command."""
    fix, said = FAILED[kind]
    words = files(tmp_path, fix)
    wanted = f"{tmp_path / 'fixes' / 'stock' / 'qty.sql'}:{said}"
    code, planned = said_by(dsn, "plan", *words)
    assert (code, f"✗ stock.qty: {wanted}" in planned, "1 change would be made" in planned) == (1, True, True), planned
    code, rehearsed = said_by(dsn, "apply", "--rehearse", *words)
    assert (code, f"failed stock.qty: {wanted}" in rehearsed) == (1, True), rehearsed
    code, applied = said_by(dsn, "apply", *words)
    assert (code, f"failed stock.qty: {wanted}" in applied, "1 row changed" in applied) == (1, True, True), applied
    assert database.execute("select id, qty from stock order by id").fetchall() == [(1, -5), (2, 8), (3, -1)]
    code, emitted = said_by(dsn, "emit", "--out", str(tmp_path / "out"), *words)
    assert f"skipped: stock.qty: {wanted}" in emitted


def test_a_rule_or_guard_that_fails_is_named(database: psycopg.Connection, dsn: str, tmp_path: Path) -> None:
    """Whatever command judges it."""
    words = files(tmp_path, RIGHT)
    file = tmp_path / "rules" / "stock" / "qty.sql"
    failing = RULE.replace("s.qty < 0", "s.id / (s.qty + 5) > 1")
    file.write_text(failing, encoding="utf-8")
    for command in (["plan"], ["apply", "--rehearse"]):
        said = f"order-audit: {file}: rule stock.qty cannot be judged: division by zero"
        assert said_by(dsn, *command, *words) == (3, said), command
    guard = tmp_path / "guards" / "has_qty.sql"
    guard.parent.mkdir()
    guard.write_text(
        "-- title: x\n-- protects: stock.sku\n\n-- check stock:\nqty <> 0\n\n"
        "-- refuses:\nselect s.id from stock as s where s.id / (s.qty + 5) > 1\n"
    )
    file.write_text(RULE, encoding="utf-8")
    said = f"order-audit: {guard}: guard has_qty cannot be judged: division by zero"
    assert said_by(dsn, "plan", *words, "--guards", str(guard.parent)) == (3, said)
    file.write_text(failing, encoding="utf-8")
    code, said = said_by(dsn, "apply", *words)
    assert (code, "failed stock.qty: " in said, ": division by zero" in said) == (1, True, True), said
    assert database.execute("select id, qty from stock order by id").fetchall() == [(1, -5), (2, 8), (3, -1)]


@pytest.mark.usefixtures("database")
def test_an_option_that_is_not_chosen_says_why_it_cannot_be(dsn: str, tmp_path: Path) -> None:
    option = "\n-- option by_sku: x\n-- update stock by sku:\nselect v.sku, 1 as qty from violation as v;\n"
    code, planned = said_by(dsn, "plan", *files(tmp_path, RIGHT + option))
    file = tmp_path / "fixes" / "stock" / "qty.sql"
    assert f"✗ stock.qty: {file}:10: 'update stock by sku': sku is not unique in stock" in planned
    assert (code, "3 changes would be made" in planned) == (0, True)
    assert said_by(dsn, "apply", *files(tmp_path, RIGHT + option))[0] == 0


@pytest.mark.parametrize("kind", ["table", "key of the table"])
@pytest.mark.usefixtures("database")
def test_where_no_table_is_there_the_first_file_is_named(dsn: str, tmp_path: Path, kind: str) -> None:
    fix, said = FAILED[kind]
    words = files(tmp_path, fix)
    (tmp_path / "fixes" / "stock" / "sku.sql").unlink()
    for command, code in (("plan", 3), ("apply", 3), ("emit", 2)):
        out = ["--out", str(tmp_path / "out")] if command == "emit" else []
        assert said_by(dsn, command, *out, *words) == (
            code, f"order-audit: {tmp_path / 'fixes' / 'stock' / 'qty.sql'}:{said}"
        )  # fmt: skip


@pytest.mark.usefixtures("database")
def test_folders_of_the_wrong_kind_are_recognised(dsn: str, tmp_path: Path) -> None:
    files(tmp_path, RIGHT)
    rules, fixes = str(tmp_path / "rules"), str(tmp_path / "fixes")
    code, said = said_by(dsn, "plan", "--suite", fixes)
    assert (code, "qty.sql:1: unknown header 'assumes': this looks like a fix file; its folder belongs to --fixes" in
            said) == (2, True)  # fmt: skip
    (tmp_path / "fixes" / "stock" / "qty.sql").write_text(RIGHT[RIGHT.index("-- update") :], encoding="utf-8")
    code, said = said_by(dsn, "plan", "--suite", fixes)
    assert "the header lacks 'title': this looks like a fix file; its folder belongs to --fixes" in said
    code, said = said_by(dsn, "plan", "--suite", rules, "--fixes", rules)
    assert (code, "qty.sql:1: this looks like a rule file; its folder belongs to --suite" in said) == (2, True)
    empty = tmp_path / "empty"
    empty.mkdir()
    code, said = said_by(dsn, "plan", "--suite", rules, "--fixes", str(empty))
    assert (code, f"that of stock.qty would be {empty}/stock/qty.sql" in said) == (2, True)


@pytest.mark.usefixtures("database")
def test_an_audit_and_the_list_of_rules_know_fixes_of_ones_own(dsn: str, tmp_path: Path) -> None:
    words = files(tmp_path, RIGHT)
    out = tmp_path / "out"
    done = order_audit("run", "--out", str(out), *words, "--no-lint", "--no-profile", DATABASE_URL=dsn)
    assert done.returncode == 1, done.stderr
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))["results"]
    assert {it["rule"]: it["fix"]["automatic"] for it in found} == {
        "stock.qty": "the sign goes", "stock.sku": "the sign goes"
    }  # fmt: skip
    assert "the sign goes" in (out / "report.html").read_text(encoding="utf-8")
    done = order_audit("run", "--out", str(out), *words, "--no-lint", "--plan-fixes", DATABASE_URL=dsn)
    planned = json.loads((out / "results.json").read_text(encoding="utf-8"))["fix_plan"]["fixes"]
    assert [(it["rule"], it["automatic"]) for it in planned] == [("stock.qty", 2), ("stock.sku", 1)]
    shown = order_audit("rules", "stock.qty", *words[:4])
    assert "fix       automatic: the sign goes" in shown.stdout
    for command in (["run", "--out", str(out)], ["rules", "stock.qty"]):
        done = order_audit(*command, "--suite", words[1], "--fixes", str(tmp_path / "none"), DATABASE_URL=dsn)
        assert done.returncode == 2
        assert done.stderr.startswith(f"order-audit: --fixes: {tmp_path / 'none'} is not a folder")


@pytest.mark.usefixtures("database")
def test_a_rule_named_by_its_file_keeps_its_area_and_its_fix(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, *words = files(tmp_path, RIGHT)
    for folder, suite, id in (
        (tmp_path, "rules/stock/qty.sql", "stock.qty"),
        (tmp_path, "./rules/../rules/stock/qty.sql", "stock.qty"),
        (tmp_path, str(tmp_path / "rules" / "stock" / "qty.sql"), "stock.qty"),
        (tmp_path / "rules", "stock/qty.sql", "qty"),
        (tmp_path / "fixes", str(tmp_path / "rules" / "stock" / "qty.sql"), "qty"),
    ):
        monkeypatch.chdir(folder)
        code, said = said_by(dsn, "plan", "--suite", suite, *words)
        assert (code, f" {id} 2 2" in said) == (0, True), said
