"""Comparing two audits: files of many keys, and files that are no results."""

from __future__ import annotations

import hashlib
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from order_audit.reports import compare, results_file
from order_audit.reports.document import DocumentError, JsonObject
from tests.reports.compared import compare_audits, counts
from tests.reports.documents import document, found
from tests.support.results import typed

# -- size ----------------------------------------------------------------------------------------------------------


def _large(folder: Path, rows: Iterator[bytes]) -> results_file.Audit:
    folder.mkdir()
    digest = hashlib.sha256(b"rule,key\n")
    count = 0
    with (folder / "violations.csv").open("wb") as file:
        file.write(b"rule,key\n")
        for row in rows:
            digest.update(row)
            file.write(row)
            count += row.count(b"\n")
    orders = (("a.number", "number"), ("b.text", "bytes"))
    made = document(*(found(rule, violations=count // 2, key_order=order) for rule, order in orders))
    made["violations"] = {"file": "violations.csv", "sha256": digest.hexdigest(), "rows": count}
    return results_file.Audit(typed(made), folder)


@pytest.mark.slow
def test_many_keys_are_compared_in_seconds(tmp_path: Path) -> None:
    """A hundred thousand numbers and as many texts, of which every fourth remains."""

    def rows(keys: range) -> Iterator[bytes]:
        for line in (b"a.number,%d\n", b"b.text,k%08d\n"):
            for start in range(0, len(keys), 10_000):
                yield b"".join(line % number for number in keys[start : start + 10_000])

    before, after = (
        _large(tmp_path / "before", rows(range(100_000))),
        _large(tmp_path / "after", rows(range(0, 104_000, 4))),
    )
    began = time.process_time()
    document = compare_audits(before, after)
    took = time.process_time() - began
    for rule in ("a.number", "b.text"):
        assert counts(document, rule) == (75_000, 25_000, 1_000)
    assert took < 10, f"{took:.1f} s of processor time"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    """The peak of what Python holds stays below 20 MB, and is the same for ten times the keys."""
    peaks = []
    for rows in (2_000, 20_000):
        folder = tmp_path / str(rows)
        folder.mkdir()
        lines = (b"a.number,%d\n" % number for number in range(rows))
        later = (b"a.number,%d\n" % number for number in range(5, rows + 5))
        before, after = _large(folder / "before", lines), _large(folder / "after", later)
        tracemalloc.start(1)
        compare.compare(before, after)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 20_000_000
    assert peaks[1] < peaks[0] + 500_000, peaks


# -- files that are no results -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        '"order-audit/2"',
        "{}",
        '{"format": "order-audit/3", "run": {}, "summary": {}, "results": []}',
        '{"format": "order-audit/1", "run": {}, "summary": {}, "results": []}',
        '{"format": "order-audit/2"}',
        "[" * 100_000,
    ],
    ids=["empty", "text", "array", "null", "string", "object", "newer", "older", "parts missing", "deep"],
)
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    """One line that names the file, and never another exception."""
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=r"results\.json"):
        results_file.read(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Not there, a folder, or no text."""
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.json", "", "binary.json"):
        with pytest.raises(DocumentError, match=(tmp_path / name).name):
            results_file.read(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda it: it.pop("run"), "run is missing"),
        (lambda it: it["run"]["database"].pop("name"), "run.database.name is missing"),
        (lambda it: it["run"].update(started_at="yesterday"), "run.started_at is no time"),
        (lambda it: it["results"][1].pop("key"), r"results\[1\].key is missing"),
        (lambda it: it["results"][0].update(status="sound"), r"results\[0\].status is none of passed, failed, "),
        (lambda it: it["results"][0].update(violations=True), r"results\[0\].violations is not an integer"),
        (lambda it: it["results"][0].update(examples={}), r"results\[0\].examples is no list"),
        (lambda it: it.update(summary=[]), "summary is no object"),
        (lambda it: it["run"]["tables"].update(t={"rows": "1"}), "run.tables.t.rows is not an integer"),
    ],
)
def test_a_part_that_is_missing_or_wrong_is_named(
    tmp_path: Path, change: Callable[[JsonObject], object], says: str
) -> None:
    """By its path in the document."""
    made = document(found("a"), found("b"))
    change(made)
    (tmp_path / "results.json").write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(DocumentError, match=rf"results\.json is damaged: {says}"):
        results_file.read(tmp_path / "results.json")
