"""What is masked of views, aggregates and computed columns: what stems from personal columns, and no number or code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options, run
from order_audit.reports.document import encode
from tests.support import servers

HIDDEN = ("Maren", "Oduya", "4111", "1971", "ann@")
TABLES = """
create schema s;
create table s.people (id int primary key, first_name text, "nameLast" text, email text, card_number text, born date,
  birth_year int, code text, made date, amount numeric, payload jsonb);
insert into s.people
select g, 'Maren', 'Oduya', 'ann@example.com', '4111111111111111', '1971-02-03', 1971, 'K' || g % 3,
  date '2024-01-31' + g, g * 10, '{"note": "Maren Oduya"}' from generate_series(1, 5) as g;
create table s.shops (id int primary key, code text, title text);
insert into s.shops select g, 'K' || g, 'Shop ' || g from generate_series(0, 2) as g;
create view s.plain as select id, code, made, amount, amount * 2 as twice, upper(code) as large from s.people;
create view s.joined as select p.id, s.title, p.first_name as label, s.code || '-' || p.id as tag
from s.people as p join s.shops as s on s.code = p.code;
create view s.renamed (id, a, b, c, d, e) as
select id, first_name, lower("nameLast"), born, birth_year + 1, card_number || '' from s.people;
create view s.nested as select r.id, r.a as x, r.c as y, p.code as z from s.renamed as r join s.plain as p using (id);
create materialized view s.months as
select date_trunc('month', made)::date as month, count(*) as n, count(email) as reached, sum(amount) as total,
  min(code) as least, max(first_name) as most, extract(year from born)::int as years
from s.people group by 1, 7;
create view s.documents as select id, payload ->> 'note' as note, payload, 'Maren Oduya' as fixed from s.people;
create view s.cases as select id, case when amount > 20 then code else 'none' end as kind,
  case when amount > 20 then first_name else 'none' end as who from s.people;
"""
#: By rule: its key, its query, the columns that are shown, and those that are masked.
RULES: dict[str, tuple[str, str, str, str]] = {
    "plain": ("code", "select code, made, amount, twice, large from s.plain", "code made amount twice large", ""),
    "joined": ("id", "select id, title, label, tag from s.joined", "id title tag", "label"),
    "renamed": ("id", "select id, a, b, c, d, e from s.renamed", "id", "a b c d e"),
    "nested": ("id", "select id, x, y, z from s.nested", "id z", "x y"),
    "months": ("month", "select month, n, reached, total, least, most, years from s.months",
               "month n reached total least", "most years"),
    "documents": ("id", "select id, note, payload, fixed from s.documents", "id", "note payload fixed"),
    "cases": ("id", "select id, kind, who from s.cases", "id kind", "who"),
    "of_a_view": ("k", "select lower(v.code) as k, date_trunc('month', v.made) as m from s.plain as v", "k m", ""),
    "aggregate": ("month", "select date_trunc('month', made)::date as month, count(email) as n, max(born) as b"
                  " from s.people group by 1", "month n", "b"),
    "extracted": ("id", "select id, extract(year from made) as y, extract(year from born) as b from s.people", "id y",
                  "b"),
    "catalog": ("table_name", "select c.table_name, c.column_name, c.data_type from information_schema.columns as c"
                " where c.table_schema = 's'", "table_name column_name", "data_type"),
    "classes": ("name", "select c.oid::regclass as name, c.relname from pg_catalog.pg_class as c"
                " where c.relnamespace = 's'::regnamespace", "name relname", ""),
    "of_function": ("id", "select id, whose(id) as w, born_of(id) as b from s.people", "id", "w b"),
}  # fmt: skip


@pytest.fixture(scope="module")
def database(server_18: Server) -> Iterator[str]:
    """Tables and views, with functions that give what is personal."""
    with servers.database(server_18) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(TABLES.encode())
            connection.execute(
                "create function whose(int) returns text language sql as"
                " $$ select first_name from s.people where id = $1 $$;"
                "create function born_of(int) returns date language sql as"
                " $$ select born from s.people where id = $1 $$"
            )
        yield dsn


def audited(dsn: str, folder: Path, rules: dict[str, str], **options: Any) -> dict[str, Any]:
    """Audit by rules, and return the result."""
    (folder / "mine").mkdir()
    for name, text in rules.items():
        (folder / "mine" / f"{name}.sql").write_text(f"-- title: t\n-- severity: info\n{text}\n", encoding="utf-8")
    document: dict[str, Any] = encode(
        run(dsn, folder / "out", Options(suites=(str(folder / "mine"),), lint=False, **options))
    )
    assert [it.get("error") for it in document["results"] if it["status"] == "errored"] == []
    return document


@pytest.fixture(scope="module")
def results(database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Any]:
    """The results of all rules, and the values unmasked."""
    rules = {name: f"-- key: {key}\n{query}" for name, (key, query, *_) in RULES.items()}
    found: dict[Any, Any] = {}
    for unmask in (False, True):
        folder = tmp_path_factory.mktemp("audit")
        document = audited(database, folder, rules, unmask=unmask, profile=False)
        found[unmask] = {it["rule"]: it["examples"] for it in document["results"]}
        found[f"{unmask} keys"] = (folder / "out" / "violations.csv").read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize("name", RULES)
def test_what_stems_from_a_personal_column_is_masked(results: dict[Any, Any], name: str) -> None:
    """And all else is as it is."""
    _, _, shown, hidden = RULES[name]
    masked, clear = results[False][name], results[True][name]
    assert masked
    for column in shown.split():
        assert [row[column] for row in masked] == [row[column] for row in clear], column
    for column in hidden.split():
        pairs = [(row[column], known[column]) for row, known in zip(masked, clear, strict=True)]
        assert all("•" in str(now) for now, then in pairs if then != "none"), column  # a placeholder
    said = json.dumps(masked, ensure_ascii=False)
    assert not [secret for secret in HIDDEN if secret in said]


def test_keys_are_readable_unless_they_are_personal(results: dict[Any, Any]) -> None:
    assert "sha256" not in results["False keys"]
    assert results["False keys"] == results["True keys"]


def test_a_profile_of_views_masks_what_is_personal(database: str, tmp_path: Path) -> None:
    """Numbers, dates and codes of views and materialized views are shown."""
    views = ("plain", "joined", "renamed", "nested", "months", "documents", "cases")
    rules = {name: f"-- key: one\nselect 1 as one from s.{name}" for name in views}
    document = audited(database, tmp_path, rules)
    profile = {view: document["profile"][view]["columns"] for view in views}
    assert (profile["plain"]["amount"]["min"], profile["plain"]["amount"]["max"]) == (10, 50)
    assert profile["plain"]["code"]["min"] == "K0"
    assert (profile["months"]["n"]["max"], profile["months"]["month"]["min"]) == (5, "2024-02-01")
    assert profile["joined"]["title"]["min"] == "Shop 0"
    assert "•" in profile["renamed"]["a"]["min"]
    assert "•" in str(profile["renamed"]["d"]["min"])
    said = json.dumps(profile, ensure_ascii=False)
    assert not [secret for secret in HIDDEN if secret in said]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "from s.plain" in page.replace('"s"', "s")
    assert "from public." not in page


def test_a_header_marks_columns(database: str, tmp_path: Path) -> None:
    """As personal, and as harmless; addresses in a harmless text are masked all the same."""
    rules = {
        "marked": "-- key: code\n-- personal: code, made, amount\n-- harmless: first_name, email\n"
        "select code, made, amount, first_name, email, card_number from s.people",
        "key": "-- key: first_name\n-- harmless: first_name\nselect first_name from s.people",
    }
    document = audited(database, tmp_path, rules, profile=False)
    examples = {it["rule"]: it["examples"] for it in document["results"]}
    for row in examples["marked"]:
        assert {name for name, value in row.items() if "•" in str(value)} == {
            "code", "made", "amount", "email", "card_number"
        }  # fmt: skip
        assert row["first_name"] == "Maren"
    keys = (tmp_path / "out" / "violations.csv").read_text(encoding="utf-8")
    assert "key,Maren" in keys
    assert keys.count("marked,hmac-sha256:") == 3


def test_a_mark_names_a_column(database: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    text = "-- title: t\n-- severity: info\n-- key: id\n-- harmless: nme\nselect id from s.people\n"
    (tmp_path / "mine" / "one.sql").write_text(text, encoding="utf-8")
    document = encode(run(database, tmp_path / "out", Options(suites=(str(tmp_path / "mine"),), lint=False)))
    assert document["results"][0]["error"] == (
        "the statement gives no column 'nme', which the header names under personal or harmless; it gives id"
    )
