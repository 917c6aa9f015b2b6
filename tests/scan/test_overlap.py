"""Rows that any rule finds fault with are counted once, however many rules do."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.reports.document import KeyOrder
from order_audit.reports.violations import prefix


def test_each_row_counts_once(audits: dict[str, Path]) -> None:
    """The figures in the summary are those of violations.csv, and the report says them."""
    folder = audits["issues"]
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    of = {found["rule"]: (found["table"], found["key"]) for found in document["results"]}
    keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    of_rule: defaultdict[str, set[str]] = defaultdict(set)
    with (folder / "violations.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            keys[of[row["rule"]]].add(row["key"])
            of_rule[row["rule"]].add(row["key"])
    told = {(it["table"], it["key"]): it["rows"] for it in document["summary"]["rows_affected"]}
    assert told == {name: len(found) for name, found in keys.items()}
    assert sum(told.values()) < document["violations"]["rows"]
    for one, other in combinations([it for it in document["results"] if it["status"] == "failed"], 2):
        same = of_rule[one["rule"]] & of_rule[other["rule"]] if of[one["rule"]] == of[other["rule"]] else set()
        for it, of_it in ((one, other), (other, one)):
            assert sum(row["rows"] for row in it["overlaps"] if row["rule"] == of_it["rule"]) == len(same)
    page = " ".join(re.sub(r"<[^>]+>", "", (folder / "report.html").read_text(encoding="utf-8")).split())
    for (table, _), rows in told.items():
        assert f"{rows} of {document['run']['tables'][table]['rows']} rows of {table}" in page


@pytest.mark.parametrize(
    ("order", "keys", "different"),
    [
        ("number", [["-5", "2", "10", "NaN"], ["2.0", "3", "10", "NaN"], ["10"]], 5),
        ("number", [["", "-Infinity", "0", "Infinity", "NaN"], ["", "-3"]], 6),
        ("bytes", [['"a, ""b"""', '"x\n""y"', "é"], ['"x\n""y"', '"x\n""z"'], ["10", "9", "é"]], 6),
        ("bytes", [["", "a"], ["", '""']], 3),  # NULL is no empty text
    ],
)
def test_streams_are_merged_as_they_are_ordered(
    tmp_path: Path, order: KeyOrder, keys: list[list[str]], different: int
) -> None:
    """Numbers as numbers, texts by their bytes, over quotes and ends of lines in them."""
    store = ViolationStore(tmp_path)
    rules = [f'rule, "{place}"' for place in range(len(keys))]
    for rule, of_rule in zip(rules, keys, strict=True):
        with store.open(rule) as file:
            for key in of_rule:
                file.write(prefix(rule) + key.encode() + b"\n")
        store.close(rule, len(of_rule))
    together = store.overlap([*rules, "of nothing"], order)
    assert together.keys == different
    assert together.overlaps == {
        pair: count
        for pair in combinations(rules, 2)
        if (
            count := len(
                {_same(key, order) for key in keys[rules.index(pair[0])]}
                & {_same(key, order) for key in keys[rules.index(pair[1])]}
            )
        )
    }


def _same(key: str, order: str) -> str:
    """A key as others that are the same are written."""
    return "2" if order == "number" and key == "2.0" else key


def test_each_key_is_of_another_set_of_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers and texts, over several blocks: the sums are those of all."""
    monkeypatch.setattr("order_audit.audit.scans.violation_store._BLOCK", 5)
    store = ViolationStore(tmp_path)
    of = {f"r{place}": [key for key in range(64) if key >> place & 1] for place in range(6)}
    for order in ("number", "bytes"):
        for rule, keys in of.items():
            with store.open(rule) as file:
                for key in sorted(keys, key=int if order == "number" else str):
                    file.write(f"{rule},{key}\n".encode())
            store.close(rule, len(keys))
        together = store.overlap(of, order)
        assert together.keys == 63
        assert together.overlaps == dict.fromkeys(combinations(of, 2), 16)


def test_keys_out_of_order_are_no_endless_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be counted more than once, but they are counted."""
    monkeypatch.setattr("order_audit.audit.scans.violation_store._BLOCK", 4)
    store = ViolationStore(tmp_path)
    for rule in ("one", "other"):
        with store.open(rule) as file:
            file.writelines(f"{rule},{key}\n".encode() for key in (9, 10, 2, 1, 30, 3, 4, 5, 0))
        store.close(rule, 9)
    for order in ("number", "bytes"):
        together = store.overlap(["one", "other"], order)
        assert 9 <= together.keys <= 18


def test_blocks_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of random keys, however long the files are and wherever they stop: as sets have it."""
    chance = random.Random(3)
    for turn in range(60):
        monkeypatch.setattr("order_audit.audit.scans.violation_store._BLOCK", chance.randint(1, 9))
        store = ViolationStore(tmp_path / str(turn))
        store.folder.mkdir()
        of = {
            f"r{place}": set(chance.sample(range(-30, 30), chance.randint(0, 40)))
            for place in range(chance.randint(1, 5))
        }
        for rule, keys in of.items():
            with store.open(rule) as file:
                file.writelines(f"{rule},{key}\n".encode() for key in sorted(keys))
            store.close(rule, len(keys))
        together = store.overlap(of, "number")
        assert together.keys == len(set().union(*of.values()))
        assert together.overlaps == {(a, b): len(of[a] & of[b]) for a, b in combinations(of, 2) if of[a] & of[b]}
