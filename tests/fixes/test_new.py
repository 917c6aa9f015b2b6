"""From a table that nobody here designed to a fix and a guard of one's own: `fixes new`, plan, apply, revert."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.expectations import rule
from order_audit.fixes.fix import FixError, parse
from tests.support import program

TABLES = """
create schema library;
create table library.branches (branch text primary key);
create table library."Books" (
  branch text references library.branches, number int, pages int, title varchar(40),
  shelf text generated always as (branch || number) stored,
  primary key (branch, number), constraint is_thin check (pages < 5000)
);
create table library.loans (loan int primary key, branch text, number int,
  constraint of_book foreign key (branch, number) references library."Books");
create function library.log() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger logged after insert or update on library."Books" for each row execute function library.log();
create trigger off after delete on library."Books" for each row execute function library.log();
alter table library."Books" disable trigger off;
insert into library.branches values ('north'), ('south');
insert into library."Books" values ('north', 1, -120, 'Emma'), ('north', 2, 300, 'Emma'), ('south', 1, null, 'Ivy');
analyze library."Books";
"""
HEAD = "-- title: {}\n-- severity: warning\n-- key: {}\n"
FILES = {
    "mine/books/has_pages.sql": HEAD.format("Book without pages", "place, number") + 'select b.branch as place,'
    ' b.number, b.pages, b.shelf from library."Books" as b where b.pages is null or b.pages <= 0',
    "mine/books/title_is_new.sql": HEAD.format("Title of two books", "title")
    + 'select b.title from library."Books" as b group by b.title having count(*) > 1',
    "mine/books/is_new.sql": HEAD.format("Duplicate book", "branch, number")
    + 'select b.branch, b.number, b.title, a.branch as first_branch, a.number as first_number, a.pages as first_pages,'
    ' b.title as name from library."Books" as a join library."Books" as b on b.title = a.title and b.number > a.number',
    "mine/books/is_pair.sql": HEAD.format("Pair of books", "branch, number, other")
    + 'select b.*, a.number as other, a.pages as more from library."Books" as a join library."Books" as b'
    ' using (branch, title) where a.number < b.number',
    "mine/books/are_many.sql": HEAD.format("Too few books", "what")
    + """select 'books' as what, count(*) as books from library."Books" having count(*) < 10""",
    "mine/books/is_wrong.sql": HEAD.format("No such column", "no") + 'select b.no from library."Books" as b',
    "protect/has_pages.sql": "-- title: CHECK rejects books without pages\n-- protects: books.has_pages\n"
    '-- requires: key library."Books" (branch, number)\n\n-- check library."Books":\npages is not null and pages > 0',
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a user, in the current folder."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES.encode())
        yield connection


def order_audit(dsn: str, *words: str, code: int = 0) -> str:
    """Run a command on fixes; return its output."""
    done = program.order_audit("fixes", *words, DATABASE_URL=dsn)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def books(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return connection.execute('select branch, number, pages from library."Books" order by 1, 2').fetchall()


@pytest.mark.both_versions
def test_a_rule_becomes_a_fix_and_a_guard(dsn: str, connection: psycopg.Connection, folder: Path) -> None:
    before, own = books(connection), ["--suite", "mine", "--fixes", "repairs"]
    said = order_audit(dsn, "new", "books.has_pages", *own)
    assert said == (
        "repairs/books/has_pages.sql: 7 lines with FILL_IN\n"
        "next: write what belongs in place of each FILL_IN; then order-audit fixes plan --fixes repairs --suite mine\n"
    )
    path = folder / "repairs/books/has_pages.sql"
    text = path.read_text(encoding="utf-8")
    for line in (
        "the rule finds 2 rows now.",
        "\n--   place   text, key, library.\"Books\".branch\n",
        "\n--   pages   integer, library.\"Books\".pages\n",
        "\n-- Table library.\"Books\" (about 3 rows, ",
        "\n--   Rows are named by branch, number, which the unique index \"Books_pkey\" covers.\n",
        "\n--   Triggers that a change fires:\n--     logged (update): library.log\n--   Foreign keys that new values",
        '"Books_branch_fkey" of library."Books": FOREIGN KEY (branch) REFERENCES library.branches(branch)',
        'of_book of library.loans: FOREIGN KEY (branch, number) REFERENCES library."Books"(branch, number)',
        "is_thin: CHECK ((pages < 5000))",
        '\n-- update library."Books" by branch, number:\nselect\n  v.place as branch,\n  v.number,\n'
        "  FILL_IN as pages\nfrom violation as v\nwhere FILL_IN;\n",
    ):  # fmt: skip
        assert line in text, line
    number = text[: text.index("FILL_IN")].count("\n") + 1
    refused = order_audit(dsn, "plan", *own, code=2)
    assert refused == (
        f"order-audit: repairs/books/has_pages.sql:{number}: FILL_IN in this line and in 6 more: write what belongs"
        " there\n"
    )
    assert "exists already, and is not overwritten" in order_audit(dsn, "new", "books.has_pages", *own, code=2)
    assert path.read_text(encoding="utf-8") == text

    for value in (
        "the sign is wrong",
        "nobody knows",
        "the sign goes",
        "abs(v.pages)",
        "v.pages < 0",
        "thin: thin",
        "1",
    ):
        text = re.sub("FILL_IN: FILL_IN|FILL_IN", value, text, count=1)
    path.write_text(text, encoding="utf-8")
    own += ["--guards", "protect", "--accept-recommended"]
    assert "1 change would be made" in order_audit(dsn, "plan", *own, "--quiet")
    policy = folder / "policy.toml"
    policy.write_text('"books.has_pages" = "thin"\n', encoding="utf-8")
    own += ["--decisions", str(policy)]
    assert "guards: 1 of 1 can be in place after the fixes" in order_audit(dsn, "plan", *own, "--quiet")
    said = order_audit(dsn, "apply", *own, "--quiet")
    assert "2 rows changed" in said
    assert "guards    installed: has_pages" in said
    assert books(connection) == [("north", 1, 120), ("north", 2, 300), ("south", 1, 1)]
    with pytest.raises(psycopg.errors.CheckViolation, match="order_audit_has_pages"):
        connection.execute("insert into library.\"Books\" values ('north', 3, 0, 'Sanditon')")
    said = order_audit(dsn, "revert", "--quiet")
    assert said.startswith("guard has_pages removed\nbooks.has_pages: 2 rows reverted\n")
    assert books(connection) == before
    assert not re.search("customer|order_ref|lineage", text + said)


@pytest.mark.usefixtures("connection")
def test_of_a_self_join_the_row_that_the_key_names_is_changed(dsn: str, folder: Path) -> None:
    """The result also has columns of another row of the same table, the same ones and others."""
    for name in ("is_new", "is_pair"):
        order_audit(dsn, "new", f"books.{name}", "--suite", "mine")
    text = (folder / "fixes/books/is_new.sql").read_text(encoding="utf-8")
    query = "select\n  v.branch,\n  v.number,\n  FILL_IN as title\nfrom violation as v"
    assert text.count(f'-- update library."Books" by branch, number:\n{query}') == 2, text
    text = (folder / "fixes/books/is_pair.sql").read_text(encoding="utf-8")
    assert text.count('-- update library."Books" by branch, number:\n') == 2, text


@pytest.mark.usefixtures("connection")
def test_a_key_that_names_no_row_leads_to_one_that_does(dsn: str, folder: Path) -> None:
    """Those of a group, through a join; of a rule that shows no column of a table, the person has to name it."""
    for name, query in (
        ("title_is_new", "  t.branch,\n  t.number,\n  FILL_IN as title\nfrom violation as v\n"
         'join library."Books" as t on t.title = v.title\nwhere FILL_IN;\n'),
        ("are_many", "  t.FILL_IN,\n  FILL_IN as FILL_IN\nfrom violation as v\njoin FILL_IN as t on FILL_IN\n"),
    ):  # fmt: skip
        order_audit(dsn, "new", f"books.{name}", "--suite", "mine")
        text = (folder / f"fixes/books/{name}.sql").read_text(encoding="utf-8")
        assert text.count(query) == 2, text
        assert f":{text[: text.index('FILL_IN')].count(chr(10)) + 1}: FILL_IN" in order_audit(
            dsn, "plan", "--suite", f"mine/books/{name}.sql", "--fixes", "fixes", code=2
        )


@pytest.mark.usefixtures("connection", "folder")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["books.has_page", "--suite", "mine"], "no rule 'books.has_page' in the suite mine (did"),
        (["books.has_pages"], "no rule 'books.has_pages' in the suite current"),
        (["books.is_wrong", "--suite", "mine"], "mine/books/is_wrong.sql: column b.no does not exist"),
        (["lineage.is_acyclic"], "a fix of lineage.is_acyclic is shipped: "),
        (["books.has_pages", "--suite", "mine", "--fixes", "mine/books/has_pages.sql"], "cannot write mine/books/has_"),
    ],
)
def test_what_has_no_new_fix_is_said_in_one_line(dsn: str, words: list[str], said: str) -> None:
    done = order_audit(dsn, "new", *words, code=2)
    assert done.startswith(f"order-audit: {said}")
    assert done.count("\n") == 1


RULE = rule.parse(HEAD.format("t", "id") + "select 1 as id", id="a.b", suite="s", path="rule.sql")
CHANGE = "-- automatic: x\n-- update t by id:\nselect 1 as id;\n"


def test_comments_stand_between_blocks_and_wrong_headers_do_not() -> None:
    text = (
        f"-- The fix: of t\n--   and more: of it\n--\n-- assumes: one\n-- Why: this\n-- leave: two\n\n"
        f"-- What: that\n{CHANGE}\n-- Below: it\n"
    )
    fix = parse(text, RULE, "f.sql")
    assert (fix.assumes, fix.leave) == ("one", "two")
    assert fix.automatic
    assert fix.automatic.changes[0].sql == "select 1 as id"
    with pytest.raises(FixError, match=r"f\.sql:1: a query without a header line for its change: -- asumes: one"):
        parse(f"-- asumes: one\n{CHANGE}", RULE, "f.sql")
    with pytest.raises(FixError, match=r"f\.sql:2: FILL_IN in this line: write what belongs there"):
        parse(f"-- assumes: one\n-- leave: FILL_IN\n{CHANGE}", RULE, "f.sql")
