"""Rows that any rule finds fault with are counted once, however many rules do."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from audit.spool import Spool, field


def test_each_row_counts_once(audits: dict[str, Path]) -> None:
    """The figures in the summary are those of violations.csv, and the report says them."""
    folder = audits["issues"]
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    of = {found["rule"]: (found["table"], found["key"]) for found in document["results"]}
    keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    with (folder / "violations.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            keys[of[row["rule"]]].add(row["key"])
    told = {(it["table"], it["key"]): it["rows"] for it in document["summary"]["affected"]}
    assert told == {name: len(found) for name, found in keys.items()}
    assert sum(told.values()) < document["violations"]["rows"]
    page = " ".join(re.sub(r"<[^>]+>", "", (folder / "report.html").read_text(encoding="utf-8")).split())
    for (table, _), rows in told.items():
        assert f"{rows} of {document['run']['tables'][table]['rows']} rows of {table}" in page


@pytest.mark.parametrize(
    ("order", "keys", "different"),
    [
        ("number", [["-5", "2", "10", "NaN"], ["2.0", "3", "10", "NaN"], ["10"]], 5),
        ("number", [["", "-Infinity", "0", "Infinity", "NaN"], ["", "-3"]], 6),
        ("bytes", [['"a, ""b"""', '"x\n""y"', "é"], ['"x\n""y"', '"x\n""z"'], ["10", "9", "é"]], 6),
        ("bytes", [["", "a"], ["", '""']], 2),
    ],
)
def test_streams_are_merged_as_they_are_ordered(
    tmp_path: Path, order: str, keys: list[list[str]], different: int
) -> None:
    """Numbers as numbers, texts by their bytes, over quotes and ends of lines in them."""
    spool = Spool(tmp_path)
    rules = [f'rule, "{place}"' for place in range(len(keys))]
    for rule, of_rule in zip(rules, keys, strict=True):
        with spool.open(rule) as file:
            for key in of_rule:
                file.write(field(rule) + b"," + key.encode() + b"\n")
        spool.close(rule, len(of_rule))
    assert spool.distinct([*rules, "of nothing"], order) == different
