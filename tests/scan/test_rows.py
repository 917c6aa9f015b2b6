"""Violating rows as CSV: which rows, how they are written, masked and limited, and whose folder it is."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.run import Options
from order_audit.audit.scans.rows_file import field, file_name
from order_audit.errors import UsageError
from tests.support.results import run

pytestmark = pytest.mark.both_versions

_TEXTS = ["=1+1", "+1", "-1", "@a", "'quoted", "\ttab", 'a "b", c', "two\nlines", " edge ", "", None, "plain", "é"]


def rows_of(file: Path) -> list[list[str]]:
    """The lines of a file as a CSV reader has them, the header first; lines end with CR LF."""
    text = file.read_bytes().decode("utf-8")
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def audited(dsn: str, out: Path, **options: Any) -> dict[str, Any]:
    """An audit without lint and profile."""
    return run(dsn, out, Options(lint=False, profile=False, formats=("json",), **options))


@pytest.fixture
def mine(dsn: str, tmp_path: Path) -> Path:
    """A suite on a table of texts that are hard to write down: one rule that works, one that ends in an error."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table notes (id int primary key, note text, amount numeric, is_new boolean)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into notes values (%s, %s, -1.5, %s)",
                [(place, text, place % 2 == 0) for place, text in enumerate(_TEXTS, start=1)],
            )
    folder = tmp_path / "mine" / "notes"
    folder.mkdir(parents=True)
    header = "-- title: A\n-- severity: info\n-- key: id\n"
    (folder / "all.sql").write_text(header + "select n.id, n.note, n.amount, n.is_new from notes as n\n")
    (folder / "late.sql").write_text(header + "select n.id from notes as n where 1 / (n.id - 9) is not null\n")
    (folder / "none.sql").write_text(header + "select n.id from notes as n where n.id < 0\n")
    return tmp_path / "mine"


def test_rows_read_back_as_they_were(dsn: str, mine: Path, tmp_path: Path) -> None:
    """All of them by key; a text that a spreadsheet would run has an apostrophe in front, numbers have none."""
    document = audited(dsn, tmp_path / "out", suites=(str(mine),), rows=100, unmask=True)
    assert [result["status"] for result in document["results"]] == ["failed", "errored", "passed"]
    folder = tmp_path / "out" / "violations"
    assert sorted(path.name for path in folder.iterdir()) == [".order-audit-run", "notes.all.csv"], (
        "neither a rule without violations nor one that ended in an error has a file"
    )
    header, *rows = rows_of(folder / "notes.all.csv")
    assert header == ["id", "note", "amount", "is_new"]
    assert [row[0] for row in rows] == [str(place) for place in range(1, len(_TEXTS) + 1)]
    shown = [row[1] for row in rows]
    assert [text[1:] if text.startswith("'") else text for text in shown] == [text or "" for text in _TEXTS]
    assert [text for text in shown if text[:1] in "=+-@\t" and text] == []
    assert {(row[2], row[3]) for row in rows} == {("-1.5", "true"), ("-1.5", "false")}
    assert b'10,"",-1.5,true\r\n11,,-1.5,false\r\n' in (folder / "notes.all.csv").read_bytes(), "'' is not NULL"


def test_rows_are_limited_and_examples_too(dsn: str, mine: Path, tmp_path: Path) -> None:
    """Each by its own option, whichever is smaller."""
    for rows, examples in ((3, 5), (5, 3), (4, 0)):
        out = tmp_path / f"{rows}-{examples}"
        document = audited(dsn, out, suites=(str(mine),), rows=rows, examples=examples)
        found = document["results"][0]
        assert (len(found["examples"]), found["violations"]) == (examples, len(_TEXTS))
        assert [row[0] for row in rows_of(out / "violations" / "notes.all.csv")[1:]] == [
            str(place) for place in range(1, rows + 1)
        ]


def test_rows_are_masked_like_evidence(issues: str, tmp_path: Path) -> None:
    """Each rule's first rows are its examples; with all rows there is one for each violation."""
    document = audited(issues, tmp_path / "out", rows=1000)
    failed = [result for result in document["results"] if result["status"] == "failed"]
    assert len(failed) == 42
    for result in failed:
        header, *rows = rows_of(tmp_path / "out" / "violations" / f"{result['rule']}.csv")
        assert len(rows) == result["violations"]
        assert header == list(result["examples"][0])
        for row, example in zip(rows, result["examples"], strict=False):
            for text, value in zip(row, example.values(), strict=True):
                shown = json.dumps(value) if isinstance(value, bool) else "" if value is None else str(value)
                assert text.removeprefix("'") == shown
    text = (tmp_path / "out" / "violations" / "customers.email_is_valid.csv").read_text(encoding="utf-8")
    assert "•••" in text
    audited(issues, tmp_path / "open", rows=1000, unmask=True)
    assert "•" not in (tmp_path / "open" / "violations" / "customers.email_is_valid.csv").read_text(encoding="utf-8")


def test_a_later_run_removes_them(dsn: str, mine: Path, tmp_path: Path) -> None:
    """Its own only: a folder of somebody else is refused with --rows, and left alone without it."""
    out = tmp_path / "out"
    audited(dsn, out, suites=(str(mine),), rows=1)
    assert (out / "violations").exists()
    audited(dsn, out, suites=(str(mine),))
    assert sorted(path.name for path in out.iterdir()) == ["results.json"]
    (out / "violations").mkdir()
    (out / "violations" / "notes.txt").write_text("mine")
    audited(dsn, out, suites=(str(mine),))
    with pytest.raises(UsageError, match=r"--rows would replace .*violations, which no run wrote"):
        audited(dsn, out, suites=(str(mine),), rows=1)
    assert (out / "violations" / "notes.txt").read_text() == "mine"


def test_names_and_fields() -> None:
    """A rule's id is its file's name where any file system takes it."""
    assert file_name("orders.customer_exists") == "orders.customer_exists"
    odd = {file_name(rule) for rule in ("a b", "a/b", "a:b", ".a-b", "x" * 500, "x" * 501)}
    assert len(odd) == 6
    assert all(len(name) < 140 and not name.startswith(".") and not set(name) & set(" /:") for name in odd)
    assert [field(value) for value in (None, True, 1, -2.5, "-1", "a,b", "", "'=")] == [
        "", "true", "1", "-2.5", "'-1", '"a,b"', '""', "''=",
    ]  # fmt: skip
    assert field("-infinity", is_plain=True) == "-infinity"
