"""The history of violating keys: since when and until when each is there."""

from __future__ import annotations

import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import history
from order_audit.reports.document import KeyDigests, SchemaFinding, SchemaRule
from order_audit.reports.history.kept import Kept
from tests.reports.documents import found
from tests.reports.histories import Audit, add, audit, spans

#: Keys of all kinds: NULL (which repeats), empty, numbers that SQLite would change, quotes and lines, JSON, a digest.
KEYS = [
    None, None, "", "0", "-1", "007", "1.50", "1e3", "12345678901234567890", "-", "NaN", "x", 'a"b', '""', "a\nb", " 1",
    '["a", 1]', "é", "hmac-sha256:" + "0f" * 32, "hmac-sha256:" + "0F" * 32, "sha256:1",
]  # fmt: skip


def day(number: int) -> str:
    """A day of 2026, from 0."""
    return (date(2026, 1, 1) + timedelta(days=number)).isoformat()


def moment(number: int) -> datetime:
    """When the audit of a day began."""
    return datetime(2026, 1, 1, 2, tzinfo=UTC) + timedelta(days=number)


def test_keys_of_every_kind_stay_what_they_are(tmp_path: Path) -> None:
    """Each is found again in the next run, as violations.csv has it; then all are gone."""
    add(tmp_path / "h", audit(day(0), {"a": KEYS, "b": ["x"]}), audit(day(1), {"a": KEYS, "b": ["x"]}))
    assert spans(tmp_path / "h") == {("a", it): [(1, None)] for it in KEYS} | {("b", "x"): [(1, None)]}
    add(tmp_path / "h", audit(day(2), {"a": [], "b": ["x"]}))
    assert spans(tmp_path / "h") == {("a", it): [(1, 2)] for it in KEYS} | {("b", "x"): [(1, None)]}


def test_a_bytes_of_another_encoding_is_kept(tmp_path: Path) -> None:
    """Of a database in SQL_ASCII, whose texts need not be UTF-8."""
    one = audit(day(0), {"a": ["x"]})
    parts = one.parts(tmp_path)
    assert parts.violations is not None
    parts.violations.write_bytes(b"rule,key\na,\xff\xfe\n")
    kept = Kept(tmp_path / "h", pytest.fail)
    kept.compare(parts)
    kept.add(one.document)
    kept.close()
    assert spans(tmp_path / "h") == {("a", "\\xff\\xfe"): [(1, None)]}


def test_random_runs_agree_with_a_simple_account(tmp_path: Path) -> None:
    """Keys come, go and come back; rules are left out of runs, fail with an error, and return."""
    draw = random.Random(7)
    wanted: dict[tuple[str, str | None], list[tuple[int, int | None]]] = {}
    compared: dict[str, int] = {}
    for number in range(1, 25):
        keys = {
            rule: sorted({str(draw.randrange(12)) for _ in range(draw.randrange(9))})
            for rule in "abc"
            if draw.random() < 0.8
        }
        errored = [found("e", "errored")]
        past = add(tmp_path / "h", audit(day(number), keys, *errored))[0]
        for rule, of in keys.items():
            standing = {key for (name, key), known in wanted.items() if name == rule and known[-1][1] is None}
            for key in standing - set(of):
                wanted[rule, key][-1] = (wanted[rule, key][-1][0], compared[rule])
            for key in set(of) - standing:
                wanted.setdefault((rule, key), []).append((number, None))
            compared[rule] = number
            change = past.changes[rule]
            stands = {key: known for (name, key), known in wanted.items() if name == rule and known[-1][1] is None}
            oldest = min((known[-1][0] for known in stands.values()), default=None)
            assert change.oldest == (None if oldest == number else oldest)
            assert change.appeared == len(set(of) - standing)
            assert change.ended == len(standing - set(of))
            assert change.came_back == sum(len(known) > 1 for known in stands.values())
    assert spans(tmp_path / "h") == wanted


def test_since_when_a_finding_and_its_oldest_violation_stand(tmp_path: Path) -> None:
    """Two dates: the rule fails without a gap, and the violations that it began with are gone."""
    audits = [audit(day(n), {"a": keys}) for n, keys in enumerate((["1"], [], ["1"], ["1", "2"], ["2"]))]
    pasts = add(tmp_path / "h", *audits)
    since = [past.result(it.document.results[0]).since for past, it in zip(pasts, audits, strict=True)]
    assert [it and (it.finding, it.violation, it.new, it.returned, it.relapses) for it in since] == [
        (moment(0), moment(0), None, 0, 0),  # nothing is new against no run
        None,
        (moment(2), moment(2), 1, 1, 1),
        (moment(2), moment(2), 1, 1, 1),
        (moment(2), moment(3), 0, 0, 1),
    ]


def test_schema_findings_have_theirs(tmp_path: Path) -> None:
    """By rule and object."""
    rule = SchemaRule("schema.r", "R", "info", "checked", 1, "Why")
    one = SchemaFinding("schema.r", "R", "info", "t.a", "m", {}, "s", "statement")

    def linted(number: int, *objects: str) -> Audit:
        made = audit(day(number))
        found = tuple(replace(one, object=it) for it in objects)
        return replace(made, document=replace(made.document, schema_findings=found, schema_rules=(rule,)))

    add(tmp_path / "h", linted(0, "t.a"), linted(1, "t.a", 't."b c"'))
    past = add(tmp_path / "h", linted(2, "t.a", 't."b c"', "t.c"))[0]
    assert [past.finding(replace(one, object=it)).since for it in ("t.a", 't."b c"', "t.c")] == [
        moment(0), moment(1), moment(2),
    ]  # fmt: skip


def test_digests_are_compared_under_one_key_only(tmp_path: Path) -> None:
    """Under a key of one run, only figures are kept. Another key file begins again."""

    def personal(number: int, mark: KeyDigests) -> Audit:
        made = audit(day(number), {"a": ["hmac-sha256:" + "ab" * 32]})
        results = tuple(replace(it, key_is_digest=True) for it in made.document.results)
        return replace(made, document=replace(made.document, results=results, key_digests=mark))

    first = KeyDigests("key_file", "1" * 16)
    pasts = add(tmp_path / "h", *(personal(n, it) for n, it in enumerate((first, KeyDigests("one_run", "2" * 16)))))
    assert pasts[1].changes == {}
    add(tmp_path / "h", personal(2, first), personal(3, KeyDigests("key_file", "3" * 16)))
    assert spans(tmp_path / "h") == {("a", "hmac-sha256:" + "ab" * 32): [(1, 3), (4, None)]}
    assert b"hmac" not in (tmp_path / "h").read_bytes()


def test_other_databases_have_histories_of_their_own(tmp_path: Path) -> None:
    """In the same file, with the same rules."""
    other = audit(day(1), {"a": ["1"]})
    run = replace(other.document.run, database=replace(other.document.run.database, schema="other"))
    other = replace(other, document=replace(other.document, run=run))
    pasts = add(tmp_path / "h", audit(day(0), {"a": ["1"]}), other)
    assert pasts[1].figures == {}
    assert spans(tmp_path / "h") == {("a", "1"): [(1, None), (2, None)]}


def test_runs_at_the_same_time(tmp_path: Path) -> None:
    """Each is whole; one whose snapshot is older adds its figures, and says so."""
    older, newer, warnings = audit(day(1), {"a": ["1"]}), audit(day(2), {"a": ["2"]}), list[str]()
    first, second = (Kept(tmp_path / "h", warnings.append) for _ in range(2))
    for it, made in ((first, older), (second, newer)):
        it.compare(made.parts(tmp_path))
    second.add(newer.document)
    first.add(older.document)
    for it in (first, second):
        it.close()
    assert [f"--history {tmp_path / 'h'} has a later run of this database" in it for it in warnings] == [True]
    assert spans(tmp_path / "h") == {("a", "2"): [(1, None)]}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: add(tmp_path / "many", audit(day(n), {f"rule_{n}": [str(n)]})), [5] * 8))
    with closing(sqlite3.connect(tmp_path / "many")) as connection:
        assert connection.execute("select count(*), count(distinct run) from runs").fetchone() == (1, 1)
    third, fourth = audit(day(3), {"a": ["2"], "b": ["1"]}), audit(day(4), {"a": ["3"], "b": ["1"]})
    first, second = (Kept(tmp_path / "h", pytest.fail) for _ in range(2))
    first.compare(third.parts(tmp_path))
    second.compare(fourth.parts(tmp_path))
    first.add(third.document)
    second.add(fourth.document)
    first.close()
    second.close()
    assert spans(tmp_path / "h") == {("a", "2"): [(1, 3)], ("a", "3"): [(4, None)], ("b", "1"): [(3, None)]}


def test_a_killed_run_adds_nothing(tmp_path: Path) -> None:
    """What it had begun to write is undone by the next one."""
    add(tmp_path / "h", audit(day(0), {"a": ["1"]}))
    kept = Kept(tmp_path / "h", pytest.fail)
    second = audit(day(1), {"a": ["2"]})
    kept.compare(second.parts(tmp_path))
    assert kept._record is not None
    assert kept._connection is not None
    kept._connection.execute("begin immediate")
    kept._record._write(second.document)
    kept.close()  # as the kernel does, without commit
    assert spans(tmp_path / "h") == {("a", "1"): [(1, None)]}
    assert len(add(tmp_path / "h", audit(day(2), {"a": []}))[0].figures["a"]) == 1


@pytest.mark.parametrize("kind", history.KINDS)
def test_a_month_of_nights_stays_small(kind: str) -> None:
    """As the benchmark has it, of a thousandth of the violations: fewer bytes a key than two gigabytes a year allow."""
    found = history.simulate(nights=30, standing=1_000, kind=kind, apart=False)
    kept = 1_000 + 29 * 10
    assert (found["bytes"] - 80_000) / kept < 2e9 / (1_000_000 + 364 * 10_000) / 2
    assert set(found["answers"]) == {
        "since when a key stands", "the trend of all rules", "the oldest and the returning keys of a rule"
    }  # fmt: skip


def test_a_clock_that_was_wrong_once_stops_nothing(tmp_path: Path) -> None:
    """A run of a far day is no later run: keys come and go as before, and each run says that it is there."""
    warnings: list[str] = []
    audits = [audit("2026-01-01", {"a": ["1"]}), audit("2999-01-01", {"a": ["1"]}), audit("2026-01-02", {"a": ["2"]})]
    for it in audits:
        kept = Kept(tmp_path / "h", warnings.append)
        kept.compare(it.parts(tmp_path))
        kept.add(it.document)
        kept.close()
    assert ["later than now: the clock was wrong then" in it for it in warnings] == [True]
    assert spans(tmp_path / "h") == {("a", "1"): [(1, 2)], ("a", "2"): [(3, None)]}
