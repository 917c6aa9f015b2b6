"""violations-safe.csv: the violations for a spreadsheet. The exact file stays, and comparisons take that alone."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path
from typing import Final

import psycopg

from order_audit.reports import spreadsheet, violations
from tests.support.program import order_audit

#: Keys that a spreadsheet would run, and others; harmless ones.
RISKY: Final = ("=1+1", "+1+1", "-1+1", "@sum(1)", "\t=1", "\r=1", "'quoted", "＝1+1", "\n=1", '="a,b"')
OTHERS: Final = ("a", "-5", "+5.25", "", "a=1", '["=1", 2]', " =1")


def keys(file: Path) -> list[str]:
    """The keys, as a reader of CSV has them."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [key for _, key in csv.reader(lines)][1:]


def test_no_key_is_a_formula(dsn: str, tmp_path: Path) -> None:
    """Nor is anything lost: without the first apostrophe a key is as it was. Comparisons refuse the file."""
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("create table codes (code text)")
        cursor.executemany("insert into codes values (%s)", [(it,) for it in (*RISKY, *OTHERS, None)])
    rule = tmp_path / "code.sql"
    rule.write_text("-- title: A\n-- severity: info\n-- key: code\nselect code from codes\n", encoding="utf-8")
    out = tmp_path / "out"
    words = ["run", "--dsn", dsn, "--suite", str(rule), "--no-lint", "--no-profile", "--quiet", "--out", str(out)]
    assert order_audit(*words).returncode == 0
    assert not (out / "violations-safe.csv").exists()
    exact = (out / "violations.csv").read_bytes()
    done = order_audit(*words, "--csv-safe", "--rows", "20")
    assert done.returncode == 0, done.stderr
    assert (out / "violations.csv").read_bytes() == exact
    safe = keys(out / "violations-safe.csv")
    assert len(safe) == len(RISKY) + len(OTHERS) + 1
    for file in (safe, keys_of_rows(out)):
        assert not any(it.startswith(("=", "@", "\t", "\r", "\n", "＝")) for it in file)
        assert {it for it in file if it[:1] in "+-"} <= {"", "-5", "+5.25"}
    assert [it.removeprefix("'") for it in safe] == keys(out / "violations.csv")
    # NULL and an empty text are still told apart
    lines = (out / "violations-safe.csv").read_bytes().split(b"\n")
    assert {b"code,", b'code,""'} <= set(lines)
    compared = tmp_path / "compared"
    shutil.copytree(out, compared)
    shutil.copy(compared / "violations-safe.csv", compared / "violations.csv")
    done = order_audit("compare", str(out), str(compared), "--out", str(tmp_path / "difference"))
    assert "violations.csv beside it is not the one it was written with" in done.stdout
    done = order_audit(*words, "--baseline", str(compared / "results.json"))
    assert done.returncode == 2
    assert "is not the one it was written with" in done.stderr
    done = order_audit(*words, "--csv-safe", "--format", "html,json")
    assert (done.returncode, "add violations to --format" in done.stderr) == (2, True)
    assert order_audit(*words).returncode == 0
    assert not (out / "violations-safe.csv").exists()  # as every file of an earlier run


def keys_of_rows(out: Path) -> list[str]:
    """The keys of violations/code.csv."""
    with (out / "violations" / "code.csv").open(encoding="utf-8", newline="") as lines:
        return ["".join(row[:1]) for row in csv.reader(lines)][1:]


def test_rules_are_neutral_as_well(tmp_path: Path) -> None:
    """An id comes from a file's name."""
    exact, safe = tmp_path / "exact.csv", tmp_path / "safe.csv"
    exact.write_bytes(violations.HEADER + violations.prefix("=rule") + b"1\n" + violations.prefix("a,b") + b"\n")
    spreadsheet.write(exact, safe)
    assert safe.read_bytes() == violations.HEADER + b"'=rule,1\n" + b'"a,b",\n'


def test_lines_that_stay_are_those_that_would_be_written_again(tmp_path: Path) -> None:
    """Most lines are copied as they are, because to read and write each of them takes long."""
    exact, safe = tmp_path / "exact.csv", tmp_path / "safe.csv"
    texts = (*RISKY, *OTHERS, "7", "-7", "-7.5", "-7x", "+", "1,2", "x y", "é", 'a"b', "a\nb", "_a", "\u0660", "x\ry")
    pairs = [(rule, key) for rule in ("a.b", "a,b", "=r", "a.b[-1]", "é", 'q"') for key in (*texts, None)]
    lines = [
        violations.prefix(rule) + (violations.field(key) if key is not None else b"") + b"\n" for rule, key in pairs
    ]
    exact.write_bytes(violations.HEADER + b"".join(lines))
    spreadsheet.write(exact, safe)
    with safe.open("rb") as written:
        next(written)
        found = [(rule, key.decode() if key is not None else None) for rule, key in violations.rows(written)]

    def expected(text: str) -> str:
        return text if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else spreadsheet.neutral(text)

    assert found == [(spreadsheet.neutral(rule), expected(key) if key is not None else None) for rule, key in pairs]
