"""Guards of a user, on the user's tables: another schema, keys of several columns, names that need quotes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.expectations import Rule, load
from order_audit.fixes.fix import FixError
from order_audit.fixes.guarding.own_guards import own_guards
from tests.support import program
from tests.support.clients import psql

TABLE = """ops."stock of O'Hare, 100 %" """.strip()
TABLES = f"""
create schema ops;
create schema ref;
create table ref."Sites" ("Site" text, region int, primary key ("Site", region));
insert into ref."Sites" values ('a', 1), ('b', 1);
create table {TABLE} (site text, region int, "on" int, qty int, label text, primary key (site, region, "on"));
insert into {TABLE} values ('a', 1, 1, -5, 'x'), ('a', 1, 2, 7, 'y'), ('b', 1, 1, -1, 'z');
"""
RULE = """-- title: Negative stock
-- severity: warning
-- key: site, region, on
select s.site, s.region, s."on", s.qty from {table} as s where {condition}
"""
FILES = {
    "mine/stock/counted.sql": RULE.format(table=TABLE, condition="s.qty < 0"),
    "mine/stock/small.sql": RULE.format(table=TABLE, condition="s.qty > 1000"),
    "mine/stock/labelled_once.sql": RULE.format(
        table=TABLE, condition=f"exists (select from {TABLE} as o where o.label = s.label and o.ctid <> s.ctid)"
    ),
    "mine/stock/site_exists.sql": RULE.format(
        table=TABLE, condition='(s.site, s.region) not in (select r."Site", r.region from ref."Sites" as r)'
    ),
    "repairs/stock/counted.sql": f"""-- assumes: nothing
-- leave: nothing

-- automatic: nothing is left
-- update {TABLE} by site, region, "on":
select v.site, v.region, v."on", 0 as qty from violation as v;
""",
    "protect/is_counted.sql": f"""-- title: CHECK rejects negative stock
-- protects: stock.counted
-- requires: key {TABLE} (site, region, "on"), not null {TABLE}.site

-- check {TABLE}:
qty >= 0
""",
    "protect/labels/labelled_once.sql": f"""-- title: Unique index rejects a label of two rows
-- protects: stock.labelled_once

-- unique index {TABLE}:
(label)
""",
    "protect/site_exists.sql": f"""-- title: Foreign key rejects unknown sites
-- protects: stock.site_exists

-- index {TABLE}:
(site, region)

-- foreign key {TABLE}:
(site, region) references ref."Sites" ("Site", region)
deferrable initially deferred
""",
    "protect/is_small.sql": f"""-- title: Trigger rejects more than a thousand
-- protects: stock.small
-- requires: guard is_counted

-- function:
create or replace function order_audit.is_small() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '% is more than a thousand', new.qty using errcode = 'check_violation', constraint = tg_name;
end
$$;
revoke all on function order_audit.is_small() from public

-- trigger {TABLE} changed:
after insert or update of "on", qty on {TABLE} for each row
when (new.qty > 1000) execute function order_audit.is_small()
""",
}
#: By guard: a row that it rejects.
REJECTED = {
    "is_counted": "('a', 1, 9, -1, 'p')",
    "labelled_once": "('a', 1, 9, 1, 'x')",
    "site_exists": "('a', 2, 9, 1, 'p')",
    "is_small": "('a', 1, 9, 1001, 'p')",
}
OBJECTS = """
select conname from pg_constraint where conname like 'order\\_audit\\_%'
union all select relname from pg_class where relname like 'order\\_audit\\_%'
union all select tgname from pg_trigger where tgname like 'order\\_audit\\_%'
union all select proname from pg_proc where oid = to_regproc('order_audit.is_small')
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a user."""
    return written(tmp_path_factory.mktemp("own"), FILES)


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES.encode())
        yield connection


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def order_audit(dsn: str, *words: str, code: int = 0) -> str:
    """Run a command on fixes; return its output."""
    done = program.order_audit("fixes", *words, *["--quiet"][: words != ("status",)], DATABASE_URL=dsn)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def options(folder: Path, *names: str) -> list[str]:
    folders = {"--suite": "mine", "--fixes": "repairs", "--guards": "protect"}
    return [word for name in names or folders for word in (name, str(folder / folders[name]))]


def rows(connection: psycopg.Connection) -> list[str]:
    return [row[0] for row in connection.execute(f"select t::text from {TABLE} as t order by 1".encode())]


def refuse_bad_rows(connection: psycopg.Connection) -> None:
    for guard, row in REJECTED.items():
        with pytest.raises(psycopg.errors.IntegrityError) as caught:
            connection.execute(f"insert into {TABLE} values {row}".encode())
        assert str(caught.value.diag.constraint_name).startswith(f"order_audit_{guard}")


@pytest.mark.both_versions
def test_guards_are_installed_and_a_revert_removes_them_without_their_files(
    dsn: str, connection: psycopg.Connection, folder: Path
) -> None:
    before = rows(connection)
    assert "guards: 4 of 4 can be in place" in order_audit(dsn, "plan", *options(folder))
    names = "installed: is_counted, is_small, labelled_once, site_exists"
    assert f"can be {names}" in order_audit(dsn, "apply", *options(folder), "--rehearse")
    assert f"guards    {names}" in order_audit(dsn, "apply", *options(folder))
    assert "nothing to change" in order_audit(dsn, "apply", *options(folder)), "twice is as once"
    refuse_bad_rows(connection)
    connection.execute(f"alter table {TABLE} disable trigger user".encode())
    said = order_audit(dsn, "status")
    assert "guards    in place: is_counted, labelled_once, site_exists\n          incomplete: is_small: " in said
    said = order_audit(dsn, "revert", "--rule", "stock.small")
    assert said.startswith("guard is_small removed\n"), "a rule of which nothing was changed"
    assert order_audit(dsn, "revert") == (
        "guard site_exists removed\nguard labelled_once removed\nguard is_counted removed\n"
        "stock.counted: 2 rows reverted\n"
    )
    assert rows(connection) == before
    assert connection.execute(OBJECTS.encode()).fetchall() == []


@pytest.mark.both_versions
def test_files_do_the_same(dsn: str, connection: psycopg.Connection, folder: Path, tmp_path: Path) -> None:
    before, project = rows(connection), tmp_path / "project"
    assert "6 changes" in order_audit(dsn, "emit", *options(folder), "--out", str(project))
    lines = (project / "sqitch.plan").read_text(encoding="utf-8").splitlines()
    names = [line.split()[0] for line in lines if line and line[0] not in "%#"]
    for kind, order in (("deploy", 1), ("verify", 1), ("deploy", 1), ("revert", -1)):
        done = psql(dsn, *(project / kind / f"{name}.sql" for name in names[::order]))
        assert done.returncode == 0, done.stderr
        if kind == "verify":
            refuse_bad_rows(connection)
    assert rows(connection) == before
    assert connection.execute(OBJECTS.encode()).fetchall() == []


@pytest.mark.usefixtures("connection")
def test_guards_need_no_fixes_and_violations_keep_them_out(dsn: str, folder: Path, tmp_path: Path) -> None:
    suite = options(folder, "--suite", "--guards")
    assert "guards    installed: labelled_once, site_exists\n" in (said := order_audit(dsn, "apply", *suite))
    assert "not installed, because rows violate them: is_counted (2)" in said
    assert "guard is_small is not installed: it builds on the guard is_counted, which is not" in said
    emitted = order_audit(dsn, "emit", *suite, "--out", str(tmp_path / "project"))
    assert "skipped: guard.is_counted: it would reject 2 rows" in emitted
    shown = program.order_audit("rules", "stock.small", *suite).stdout
    assert "guard     is_small: Trigger rejects more than a thousand\n" in shown
    order_audit(dsn, "revert")
    assert "guards" not in order_audit(dsn, "apply", *options(folder), "--no-guards")


@pytest.mark.both_versions
def test_a_revert_finds_the_tables_of_the_schema_that_was_given(
    dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("create table ops.boxes (id int primary key, weight int); insert into ops.boxes values (1, -1)")
    folder = written(tmp_path, {
        "mine/boxes/weighs.sql": "-- title: t\n-- severity: info\n-- key: id\nselect id from boxes where weight < 0",
        "repairs/boxes/weighs.sql": "-- automatic: x\n-- update boxes by id:\nselect id, 1 as weight from violation;",
        "protect/weighs.sql": "-- title: t\n-- protects: boxes.weighs\n"
        "-- index boxes:\n(id)\n-- check boxes:\nweight > 0",
    })  # fmt: skip
    assert "installed: weighs" in order_audit(dsn, "apply", *options(folder), "--schema", "ops")
    assert order_audit(dsn, "revert") == "guard weighs removed\nboxes.weighs: 1 row reverted\n"
    assert connection.execute(OBJECTS.encode()).fetchall() == []


def test_a_name_that_something_else_has_is_never_taken(dsn: str, connection: psycopg.Connection, folder: Path) -> None:
    connection.execute("create view ops.order_audit_labelled_once as select 1 as one")
    said = order_audit(dsn, "apply", *options(folder))
    assert "order_audit_labelled_once already exists with another definition: rename or drop it" in said
    order_audit(dsn, "revert")
    assert connection.execute(OBJECTS.encode()).fetchall() == [("order_audit_labelled_once",)]


HEAD = "-- title: t\n-- protects: stock.counted\n"
REFUSED = {
    "unknown rule": ("-- title: t\n-- protects: stock.cuonted\n-- check a:\ntrue", "2: no rule stock.cuonted in "),
    "need": (HEAD + "-- requires: key a.b.c.d\n-- check a:\ntrue", "3: cannot determine whether there is key a.b.c.d:"),
    "head": (HEAD + "-- check a Big:\ntrue", "3: neither a header (title, protects, requires, assumes) nor a part"),
    "second head": (HEAD + "-- check a:\ntrue\n-- check a Big:\ntrue", "5: not '-- check TABLE:'"),
    "function": (HEAD + "-- function:\ncreate function f() returns int\n", "3: function order_audit_g: not 'create or"),
    "quotes": (
        HEAD + "-- function:\ncreate or replace function order_audit.g() returns int return 1",
        "3: function order_audit_g: the text of the function does not stand between $$ and $$",
    ),
    "foreign key": (
        HEAD + "-- foreign key a:\n(b) references c (d) on delete cascade",
        "3: foreign key order_audit_g: not '(COLUMN) references TABLE (COLUMN)'",
    ),
    "trigger": (HEAD + "-- trigger a:\nafter insert on b for each row execute function f()", "3: trigger order_"),
    "statement": (HEAD + "-- statement:\nselect 1", "3: statement order_audit_g: a statement without a part 'there'"),
    "rule": ("-- title: t\n-- severity: info\nselect 1", "2: this looks like a rule file; its folder belongs to"),
    "fix": ("-- assumes: t\n-- automatic: x\n", "2: this looks like a fix file; its folder belongs to --fixes"),
    "guard": (HEAD + "-- requires: guard other\n-- check a:\ntrue", " it requires the guard other, of which there is"),
    "no part": (HEAD, " a guard has a title, rules that it protects, and parts"),
}  # fmt: skip


@pytest.fixture(scope="module")
def rules(folder: Path) -> tuple[Rule, ...]:
    return load(str(folder / "mine")).rules


@pytest.mark.parametrize("kind", REFUSED)
def test_a_wrong_file_is_named_with_its_line(rules: tuple[Rule, ...], tmp_path: Path, kind: str) -> None:
    text, said = REFUSED[kind]
    written(tmp_path, {"g.sql": text})
    with pytest.raises(FixError) as caught:
        own_guards(tmp_path, rules)
    assert str(caught.value).startswith(f"{tmp_path / 'g.sql'}:{said}")
    assert "\n" not in str(caught.value)


def test_a_measured_rule_needs_the_rows_that_its_guard_refuses(tmp_path: Path) -> None:
    """Its query gives groups, most of which are sound."""
    rule = "-- title: t\n-- severity: info\n-- measure: n\n-- at_most: 1\nselect count(*) as n from a"
    known = load(str(written(tmp_path / "mine", {"stock/counted.sql": rule}))).rules
    part = HEAD + "-- check a:\nb > 0\n"
    with pytest.raises(FixError, match=r"counted\.sql is a measured rule, which finds no rows: add the part 'refuses'"):
        own_guards(written(tmp_path / "bare", {"g.sql": part}), known)
    guards = written(tmp_path / "whole", {"g.sql": f"{part}-- refuses:\nselect from a where b <= 0"})
    assert [*own_guards(guards, known)] == ["g"]


FUNCTION = "-- function:\ncreate or replace function order_audit.{}() returns int language sql as $$ select 1 $$"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Big.sql", HEAD + "-- check a:\ntrue", "the name of a guard's file has small letters, digits and _ alone"),
        ("below/g.sql", HEAD + "-- check a:\ntrue", "has the same name: rename one, since g names its objects"),
        ("journal.sql", HEAD + FUNCTION.format("journal"), "order_audit.journal is an object of the undo log"),
        ("own_guard.sql", HEAD + FUNCTION.format("own_guard"), "order_audit.own_guard is an object of the undo log"),
        ("email_is_valid.sql", HEAD + FUNCTION.format("email_is_valid"), "a guard that is shipped has this name"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(
    rules: tuple[Rule, ...], tmp_path: Path, name: str, text: str, said: str
) -> None:
    written(tmp_path, {"g.sql": HEAD + "-- check a:\ntrue", name: text})
    with pytest.raises(FixError, match=said):
        own_guards(tmp_path, rules)


def test_a_folder_without_guards_is_refused(rules: tuple[Rule, ...], tmp_path: Path) -> None:
    with pytest.raises(FixError, match=r"has no guard: a file NAME\.sql is one"):
        own_guards(tmp_path, rules)
    with pytest.raises(FixError, match=r"--guards: .*/none is not a folder"):
        own_guards(tmp_path / "none", rules)
