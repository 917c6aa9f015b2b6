"""Keys of any type: sorted, counted and written so that they are known again, and never a personal value."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.scans.count import count
from order_audit.expectations import load
from order_audit.reports.writers import DEFAULT
from tests.scan.edges import audit, counts, errors, execute, fetch, keys, results, rule, suite, written

TEXTS = (
    "Z",
    "a",
    "ä",
    "\U0001f600",
    "b,c",
    'say "hi"',
    "line\nend",
    "cr\r",
    " lead",
    "trail ",
    "\\.",
    "10",
    "9",
    "a\u0308",
)


@pytest.fixture
def things(blank: str) -> str:
    """A database with keys of many kinds."""
    with psycopg.connect(blank) as connection:
        connection.execute("create table things (code text, part int, exact numeric, id uuid, made date, ok bool)")
        rows = [
            [text, part, exact]
            for text in TEXTS
            for part, exact in ((1, "1"), (2, "1.0"), (10, "1.00"), (2, "10"), (2, "9.50"))
        ]
        connection.cursor().executemany("insert into things (code, part, exact) values (%s, %s, %s)", rows)
        connection.execute("update things set id = md5(code)::uuid, made = date '2020-01-01' + part, ok = part = 1")
    return blank


def test_text_keys_are_sorted_by_their_bytes(things: str, tmp_path: Path) -> None:
    """Whatever the collation, in the file and in the evidence; quotes, commas and line ends come through."""
    out = tmp_path / "out"
    document = audit(things, out, suite(tmp_path / "mine", {"codes": rule("select t.code from things as t", "code")}))
    expected = sorted(TEXTS, key=lambda text: text.encode())
    assert keys(out, "codes") == expected
    assert [row["code"] for row in results(document)["codes"]["examples"]] == expected
    assert results(document)["codes"]["violations"] == len(TEXTS)
    assert results(document)["codes"]["checked"] == 5 * len(TEXTS)
    assert results(document)["codes"]["impact"] is None
    assert document["violations"]["rows"] == len(TEXTS)


def test_keys_of_other_types(things: str, tmp_path: Path) -> None:
    """Numbers as numbers, equal ones once; all else by the bytes of its text."""
    out = tmp_path / "out"
    files = {
        "numbers": rule("select t.exact from things as t", "exact"),
        "negative": rule("select -t.part as n from things as t", "n"),
        "uuids": rule("select t.id from things as t", "id"),
        "dates": rule("select t.made from things as t", "made"),
        "bools": rule("select t.ok from things as t", "ok"),
    }
    document = audit(things, out, suite(tmp_path / "mine", files))
    assert errors(document) == {}
    assert keys(out, "numbers") == ["1", "9.5", "10"]
    assert keys(out, "negative") == ["-10", "-2", "-1"]
    assert keys(out, "uuids") == sorted(fetch(things, "select distinct md5(code)::uuid::text from things"))
    assert keys(out, "dates") == ["2020-01-02", "2020-01-03", "2020-01-11"]
    assert keys(out, "bools") == ["false", "true"]


def test_composite_keys_are_json_arrays(things: str, tmp_path: Path) -> None:
    """Sorted by their bytes; equal numbers in two spellings are one key."""
    out = tmp_path / "out"
    files = {
        "both": rule("select t.part, t.code, t.ok from things as t", "code, part"),
        "exact": rule("select t.code, t.exact from things as t where t.code in ('a', 'Z')", "code, exact"),
    }
    document = audit(things, out, suite(tmp_path / "mine", files))
    found = keys(out, "both")
    assert {tuple(json.loads(key)) for key in found} == {(text, part) for text in TEXTS for part in (1, 2, 10)}
    assert found == sorted(found, key=lambda key: key.encode())
    assert results(document)["both"]["violations"] == len(found) == 3 * len(TEXTS)
    assert results(document)["exact"]["violations"] == 6  # 1, 9.5 and 10 of each
    assert sorted(json.loads(key) for key in keys(out, "exact")) == [
        [code, number] for code in ("Z", "a") for number in (1, 9.5, 10)
    ]


def test_each_null_key_is_a_row_and_has_its_place(things: str, tmp_path: Path) -> None:
    """A NULL equals no other. It is written as nothing, which is where it is sorted."""
    execute(things, "insert into things (part) values (null), (null), (0)")
    out = tmp_path / "out"
    files = {
        "codes": rule("select t.code from things as t where t.code is null or t.code in ('a', 'Z')", "code"),
        "parts": rule("select t.part from things as t", "part"),
        "both": rule("select t.code, t.part from things as t where t.code is null", "code, part"),
    }
    mine = suite(tmp_path / "mine", files)
    document = audit(things, out, mine)
    assert counts(document) == {"codes": 5, "parts": 6, "both": 3}
    assert keys(out, "codes") == ["", "", "", "Z", "a"]
    assert sorted(keys(out, "parts")) == ["", "", "0", "1", "10", "2"]
    assert keys(out, "both") == ["[null, 0]", "[null, null]", "[null, null]"]
    # the same in the counts for fixes
    with psycopg.connect(things, autocommit=True) as connection:
        assert count(connection, load(mine).rules) == {"codes": 5, "parts": 6, "both": 3}


def test_rows_and_keys_are_counted_apart(things: str, tmp_path: Path) -> None:
    """A key that repeats is one violation; how many rows have it is said."""
    out = tmp_path / "out"
    files = {
        "parts": rule("select t.part from things as t where t.part < 10", "part"),
        "once": rule("select t.part, t.code from things as t where t.part = 10", "part, code"),
    }
    document = audit(things, out, suite(tmp_path / "mine", files), formats=tuple(DEFAULT))
    of_rule = results(document)
    assert (of_rule["parts"]["violations"], of_rule["parts"]["rows"]) == (2, 4 * len(TEXTS))
    assert of_rule["once"]["violations"] == of_rule["once"]["rows"] == len(TEXTS)
    said = f"{4 * len(TEXTS)} rows: the key repeats"
    assert (out / "summary.md").read_text(encoding="utf-8").count(said) == 1
    assert (out / "junit.xml").read_text(encoding="utf-8").count(said) == 1
    assert f"the key repeats: {4 * len(TEXTS)} rows" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("added", "reasons"), [(0, 0), (1, 1)])
def test_one_more_null_key_is_new(things: str, tmp_path: Path, added: int, reasons: int) -> None:
    """Against a baseline; and rules that share NULL keys overlap by as many rows."""
    execute(things, *["insert into things (part) values (null), (0)"] * 1500)
    files = {
        "codes": rule("select t.code from things as t where t.code is null", "code"),
        "none": rule("select t.code from things as t where t.code is null and t.part is null", "code"),
    }
    mine = suite(tmp_path / "mine", files)
    before = audit(things, tmp_path / "before", mine)
    assert counts(before) == {"codes": 3000, "none": 1500}
    assert [it["rows"] for it in before["summary"]["rows_affected"]] == [3000]
    execute(things, *["insert into things (part) values (0)"] * added)
    document = audit(things, tmp_path / "after", mine, baseline=tmp_path / "before" / "results.json", fail_on="info")
    assert len(document["summary"]["gate"]["reasons"]) == reasons
    assert all("codes (1 new)" in reason for reason in document["summary"]["gate"]["reasons"])


def test_null_keys_are_known_again(things: str, tmp_path: Path) -> None:
    """Against a baseline, a NULL that was there before is not new."""
    execute(things, "insert into things (part) values (null), (0)")
    files = {
        "codes": rule("select t.code from things as t where t.code is null or t.code in ('a', 'Z')", "code"),
        "parts": rule("select t.part from things as t", "part"),
    }
    mine = suite(tmp_path / "mine", files)
    audit(things, tmp_path / "before", mine)
    execute(things, "delete from things where code = 'a' or part = 10")
    document = audit(things, tmp_path / "after", mine, baseline=tmp_path / "before" / "results.json", fail_on="info")
    assert document["summary"]["gate"]["reasons"] == []


PERSONAL_KEYS = {
    "plain": ("select c.customer_email from customers as c", "customer_email"),
    "renamed": ("select c.customer_email as k from customers as c", "k"),
    "made": ("select lower(c.customer_email) as k from customers as c", "k"),
    "below": ("select s.k from (select btrim(customer_email) as k from customers) as s", "k"),
    "composite": ("select c.customer_id, c.customer_email from customers as c", "customer_id, customer_email"),
    "contact": ("select c.customer_contact_name from customers as c", "customer_contact_name"),
    "shared": ("select c.customer_email, c.customer_id from customers as c where c.customer_id > 1", "customer_email"),
}


def test_personal_keys_are_never_written_in_clear(data: str, tmp_path: Path) -> None:
    """A digest stands for them, in the file as in the evidence; counts stay exact."""
    files = {id: rule(body, key) for id, (body, key) in PERSONAL_KEYS.items()}
    out = tmp_path / "out"
    document = audit(data, out, suite(tmp_path / "mine", files), examples=50)
    assert errors(document) == {}
    assert counts(document) == dict.fromkeys(files, 5) | {"shared": 4}
    held = fetch(data, "select unnest(array[customer_email, customer_contact_name]) from customers")
    text = written(out)
    assert [value for value in held if value in text] == []
    assert all(re.fullmatch("hmac-sha256:[0-9a-f]{64}", key) for id in files for key in keys(out, id))


def test_numbers_of_a_column_have_one_type(things: str, tmp_path: Path) -> None:
    """As texts, if a float does not hold one of them; else as numbers."""
    files = {
        "mixed": rule(
            "select v.id, v.n, v.f, v.n + 0 as m from (values"
            " (1, 80.4918699186991870, 0.5::float8), (2, 75.250, 'nan'),"
            " (3, 75, null), (4, null, 2)) as v (id, n, f)",
            "id",
        ),
        "exact": rule("select v.id, v.n from (values (1, 75.250), (2, 75), (3, null)) as v (id, n)", "id"),
    }
    document = audit(things, tmp_path / "out", suite(tmp_path / "mine", files))
    mixed, exact = (results(document)[name]["examples"] for name in ("mixed", "exact"))
    assert [row["n"] for row in mixed] == ["80.4918699186991870", "75.250", "75", None]
    assert [row["m"] for row in mixed] == [row["n"] for row in mixed]
    assert [row["f"] for row in mixed] == ["0.5", "NaN", None, "2"]
    assert [row["id"] for row in mixed] == [1, 2, 3, 4]
    assert [row["n"] for row in exact] == [75.25, 75, None]


def test_a_quoted_key_is_shown_as_it_is_written(things: str, tmp_path: Path) -> None:
    execute(things, 'alter table things rename code to "playerID"')
    files = {
        "plain": rule('select t."playerID" from things as t', "playerID"),
        "quoted": rule('select t."playerID" from things as t', '"playerID"'),
        "other": rule('select t."playerID", t.part from things as t', "player"),
    }
    document = audit(things, tmp_path / "out", suite(tmp_path / "mine", files))
    assert errors(document) == {
        "plain": 'the statement gives no column playerid; it gives "playerID": write "playerID" under key, with the'
        " quotes",
        "other": "the statement gives no column 'player', which the header names under key; it gives playerID, part",
    }
