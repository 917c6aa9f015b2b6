"""Where DDL files define what schema findings name."""

from __future__ import annotations

from pathlib import Path

import pytest

from order_audit.audit.analysis.ddl_places import Finder, definitions
from order_audit.audit.results import ddl_files
from order_audit.errors import UsageError
from order_audit.scenario.load import SCHEMA

#: A dump: rows with semicolons and quotation marks, commands of psql, comments, names of all kinds.
DUMP = r"""\restrict abc
SET search_path = '';
/* create table
   public.ghost (a int); */
CREATE TABLE public.orders (
    order_id bigint NOT NULL,
    "Unit; Price" numeric(10, 2) DEFAULT 0 CHECK ("Unit; Price" >= 0),
    note text, -- create table public.other (b int);
    CONSTRAINT "orders check" CHECK (order_id > 0)
);
COPY public.orders (order_id, note) FROM stdin;
1	it's; CREATE TABLE public.ghost (a int);
\.
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$begin
  create table x (y int);
end$$;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS orders_note ON public.orders (note);
CREATE TRIGGER stamped BEFORE UPDATE ON ONLY public.orders EXECUTE FUNCTION public.f();
ALTER TABLE ONLY public.orders ALTER COLUMN order_id SET DEFAULT nextval('s');
ALTER TABLE public.orders
    ADD COLUMN IF NOT EXISTS paid timestamptz,
    ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id),
    ALTER note TYPE varchar(10);
create table if not exists Later (id int);
ALTER TABLE later RENAME COLUMN id TO "Id";
create schema sales; create view sales.open as select 1;
"""


def lines(text: str, schema: str) -> dict[tuple[str, ...], int]:
    """The line of each object."""
    return {name: line for name, (_, line) in definitions(text, schema).items()}


def test_each_object_has_the_line_that_defines_it_last() -> None:
    assert lines(DUMP, "app") == {
        ("public", "orders"): 5,
        ("public", "orders", "order_id"): 6,
        ("public", "orders", "Unit; Price"): 7,
        ("public", "orders", "note"): 23,
        ("public", "orders", "orders check"): 9,
        ("public", "f"): 14,
        ("public", "orders_note"): 17,
        ("public", "orders", "stamped"): 18,
        ("public", "orders", "paid"): 21,
        ("public", "orders", "orders_pkey"): 22,
        ("app", "later"): 24,
        ("app", "later", "id"): 24,
        ("app", "later", "Id"): 25,
        ("sales",): 26,
        ("sales", "open"): 26,
    }


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        ("orders.note", 23),
        ('orders."Unit; Price"', 7),
        ("orders.(order_id, note)", 6),
        ("orders.unknown", 5),
        ("orders", 5),
        ("sales.open", 26),
        ("sales.closed", None),
        ("sales", 26),
        ("unknown", None),
    ],
)
def test_an_object_that_no_line_defines_has_that_of_its_table(shown: str, line: int | None) -> None:
    assert Finder(definitions(DUMP, "public", "a.sql"), "public").place(shown) == (("a.sql", line) if line else None)


#: Migrations: names that need quotation marks, renamed tables, a search path, comments and rows that look like SQL.
FIRST = r"""\set ON_ERROR_STOP on
\echo 'create table ghost (a int);'
-- see /* the wiki
create table "Old Name" ("Unit; Price" money, "dot.ted" int);
create table old_orders (id int,
  amount money);
comment on table old_orders is 'a /* b';
create table plain (a int); /* create table ghost (b int); */
\copy plain from stdin
it's
create table ghost (c int);
\.
create table after (a int);
"""
SECOND = """alter table old_orders rename to orders;
alter table orders rename column amount to total;
set search_path = sales, public;
create table open (a int);
reset search_path;
create table closed (a int);
alter table "Old Name" rename to "New Name";
"""


@pytest.mark.parametrize(
    ("shown", "place"),
    [
        ("Old Name", ("1.sql", 4)),
        ("New Name", ("2.sql", 7)),
        ("New Name.Unit; Price", ("1.sql", 4)),
        ("New Name.dot.ted", ("1.sql", 4)),
        ("New Name.unknown", ("2.sql", 7)),
        ("orders.id", ("1.sql", 5)),
        ("orders.total", ("2.sql", 2)),
        ("orders", ("2.sql", 1)),
        ("Orders", None),
        ("plain.a", ("1.sql", 8)),
        ("after", ("1.sql", 13)),
        ("sales.open.a", ("2.sql", 4)),
        ("closed", ("2.sql", 6)),
        ("ghost", None),
    ],
)
def test_migrations_have_names_and_comments_of_every_kind(shown: str, place: tuple[str, int] | None) -> None:
    """Names as the catalogs have them, in the state that the last file leaves."""
    known = definitions(SECOND, "public", "2.sql", definitions(FIRST, "public", "1.sql"))
    assert Finder(known, "public").place(shown) == place


def test_the_scenario_has_its_places() -> None:
    for file in SCHEMA:
        text = file.read_text(encoding="utf-8")
        for name, line in lines(text, "public").items():
            assert name[-1] in text.splitlines()[line - 1]


def test_migrations_count_by_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last that defines an object; in a folder 10 comes after 9."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ddl").mkdir()
    for name in ("9_new.sql", "10_newer.sql"):
        (tmp_path / "ddl" / name).write_text("create table shop (id int);\n")
    files = ddl_files.read([Path("ddl")])
    assert [file.name for file, _ in files] == ["9_new.sql", "10_newer.sql"]


def test_wrong_paths_are_wrong_use(tmp_path: Path) -> None:
    """A line each that names the path."""
    (tmp_path / "bad.sql").write_bytes(b"\xff")
    for path, said in (("missing.sql", "No such file"), ("bad.sql", "not UTF-8 text"), ("", "there is no .sql file")):
        folder = tmp_path / "empty"
        folder.mkdir(exist_ok=True)
        with pytest.raises(UsageError, match=said):
            ddl_files.read([tmp_path / path if path else folder])
