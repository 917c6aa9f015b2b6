"""The rounds of one size: every command once in each, all on the same data."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import envs
from benchmarks.bed import Bed, bed
from benchmarks.changes import SHARES, change, without_autovacuum
from benchmarks.compare import difference, say
from benchmarks.contenders import Contender, contenders, reported_by_order_audit
from benchmarks.measure import FailedError
from benchmarks.mend import FEW, PLAIN, apply_words, copied, journalled, spoil
from benchmarks.rules import SIXTEEN as RULES
from benchmarks.whole import rows
from benchmarks.whole.bench import Bench
from order_audit.audit.database.server import Server
from tests.support import servers

_ROOT: Final = Path(__file__).parents[2]
_UPDATE: Final = Path(__file__).parent / "update.py"
_RULES_ONLY: Final = ("--no-lint", "--no-profile")
_SIXTEEN: Final = tuple(word for rule in RULES for word in ("--rule", rule))


@dataclass
class Size:
    """What the rounds of one size work on. `earlier` is the tree of the earlier revision, if it was found."""

    bench: Bench
    bed: Bed
    spoilt: Bed
    sample: str
    folder: Path
    earlier: Path | None
    others: list[tuple[Contender, Path]]
    changed: dict[str, dict[str, int]] = field(default_factory=dict)
    whole: dict[str, str | None] = field(default_factory=dict)
    in_full: dict[str, list[str]] = field(default_factory=dict)


def measure(
    running: Server, folder: Path, orders: int, earlier: Path | None, *, repeats: int, seconds: float | None,
    without: list[str], seed: int, defects: float,
) -> dict[str, Any]:  # fmt: skip
    """Return the rows of one size, in medians over `repeats` rounds after a first one that does not count.

    With a limit of `seconds`, there are only as many rounds as fit, but at least one that counts.
    """
    bench = Bench(running, without)
    others = _installed(bench, folder)
    begun, load = time.monotonic(), os.getloadavg()[0]
    say(f"generating {orders:,} orders")
    with bed(running, orders, seed=seed, defects=defects) as made:
        without_autovacuum(made.dsn)  # nor in its copies
        with _spoilt(running, made) as spoilt, servers.database(running, "sample") as sample:
            size = Size(bench, made, spoilt, sample, folder, earlier, others)
            for contender, own in others:
                contender.prepare(made, own)
            for bench.turn in range(repeats + 1):
                started = time.monotonic()
                _round(size)
                now = time.monotonic()
                if seconds and bench.turn and now - begun + (now - started) > seconds:
                    break
    return {
        "tables": list(made.rows),
        "repeats": bench.turn,
        "load": load,
        "seconds": time.monotonic() - begun,
        "changed": size.changed,
        "whole": size.whole,
        "in_full": size.in_full,
        "rows": [row.json() for row in bench.rows.values()],
    }


def _installed(bench: Bench, folder: Path) -> list[tuple[Contender, Path]]:
    """The tools that are installed, each with a folder of its own; where one cannot be, its row says why."""
    found = []
    for number, contender in enumerate(it for it in contenders() if it.rules == "16" and it.name != rows.RUN):
        place = (rows.SIXTEEN, contender.name)
        if bench.wants(place):
            own = folder / str(number)
            own.mkdir()
            bench.row(place).error = envs.install(contender.tool) if contender.tool else ""
            found.append((contender, own))
    return found


@contextmanager
def _spoilt(running: Server, made: Bed) -> Iterator[Bed]:
    """A copy of a bed in which the status of one order in a hundred is wrong."""
    with copied(running, made) as spoilt:
        with psycopg.connect(spoilt.dsn, autocommit=True) as connection:
            spoil(connection, FEW)
        yield spoilt


def _round(size: Size) -> None:
    """Audit and change the data by each share, then fix the copies, then audit the sample."""
    first, second, whole = (size.folder / name for name in ("first", "second", "whole"))
    for number, share in enumerate(SHARES):
        _audit(size, (rows.SECOND, rows.STATE), first, *_RULES_ONLY, "--state")
        size.changed[str(share)] = change(size.bed.dsn, share, len(SHARES) * size.bench.turn + number)
        place = (rows.SECOND, rows.since(share))
        _audit(size, place, second, *_RULES_ONLY, "--since", str(first))
        if number == 0:
            _audit(size, (rows.COMMANDS, rows.SINCE), size.folder / "third", "--since", str(first))
            _others(size)
        _audit(size, (rows.ALL, rows.RUN), whole, *_RULES_ONLY)
        if size.bench.wants(place) and size.bench.wants((rows.ALL, rows.RUN)):
            _check_second(size, place, str(share), second, whole)
    _fixes(size)
    for name, tree in ((rows.RUN, _ROOT), (rows.EARLIER, size.earlier)):
        words = _words(size.sample, size.folder / "sample")
        size.bench.program((rows.SAMPLE, name), size.sample, tree, words, size.folder)


def _others(size: Size) -> None:
    """All that audits the data as it is now, in turn; counts are compared with those of the SQL by hand."""
    truth: dict[str, int] = {}
    for contender in (it for it in contenders() if it.rules == "42" and it.name != rows.RUN):
        found = _contender(size, (rows.ALL, contender.name), contender, size.folder, truth)
        truth = truth or found
    for contender, own in size.others:
        _contender(size, (rows.SIXTEEN, contender.name), contender, own, truth)
    for name, tree, words, group in (
        (rows.RUN, _ROOT, (*_RULES_ONLY, *_SIXTEEN), rows.SIXTEEN),
        (rows.EARLIER, size.earlier, _RULES_ONLY, rows.ALL),
        (rows.RUN, _ROOT, (), rows.COMMANDS),
    ):
        out = size.folder / "other" / "out"
        if size.bench.program((group, name), size.bed.dsn, tree, _words(size.bed.dsn, out, *words), size.folder):
            counts = reported_by_order_audit(out.parent)
            rules = "16" if group == rows.SIXTEEN else "42"
            size.bench.row((group, name)).counts = difference(counts, replace(size.bed, truth=truth), rules)
    for name in (rows.LINT, rows.PROFILE):
        words = (name.rpartition(" ")[2], "--dsn", size.bed.dsn, "--quiet")
        size.bench.program((rows.COMMANDS, name), size.bed.dsn, _ROOT, words, size.folder)


def _contender(size: Size, place: rows.Place, contender: Contender, own: Path, truth: dict[str, int]) -> dict[str, int]:
    """Measure a tool, and return the violations that it counts."""
    if not size.bench.wants(place):
        return {}
    command = contender.command(size.bed, own)
    if not size.bench.run(place, size.bed.dsn, command, env=contender.env, cwd=own, fine=contender.fine):
        return {}
    try:
        reported = contender.reported(own, size.bench.output)
    except (OSError, LookupError, ValueError) as error:
        size.bench.fail(place, error)
        return {}
    contender.tidy(size.bed, own)
    if truth:
        size.bench.row(place).counts = difference(reported, replace(size.bed, truth=truth), contender.rules)
    return reported.counts


def _audit(size: Size, place: rows.Place, out: Path, *words: str) -> None:
    """Measure an audit of the orders by the program."""
    run = size.bench.program(place, size.bed.dsn, _ROOT, _words(size.bed.dsn, out, *words), size.folder)
    if run and "--state" in words:
        run["state_bytes"] = sum(it.stat().st_size for it in (out / "state").iterdir())


def _words(dsn: str, out: Path, *words: str) -> list[str]:
    return ["run", "--dsn", dsn, "--out", str(out), "--quiet", "--fail-on", "never", *words]


def _check_second(size: Size, place: rows.Place, share: str, second: Path, whole: Path) -> None:
    """Compare an audit since an earlier one with one of all rows; record which rules judged all rows all the same."""
    said = json.loads((second / "results.json").read_text(encoding="utf-8"))["run"]["since"]
    size.whole[share], size.in_full[share] = said["whole"], sorted(said["in_full"])
    if (second / "violations.csv").read_bytes() != (whole / "violations.csv").read_bytes():
        size.bench.fail(place, FailedError("the audit since the earlier one has found other violations"))
    else:
        size.bench.row(place).counts = "equal"


def _fixes(size: Size) -> None:
    """Fix the status of one order in a hundred, each time in a new copy."""
    for name, tree in ((rows.UPDATE, None), (rows.APPLY, _ROOT), (rows.APPLY_EARLIER, size.earlier)):
        place = (rows.FIXES, name)
        if not size.bench.wants(place):
            continue
        with copied(size.bench.running, size.spoilt) as made:
            if name == rows.UPDATE:
                if run := size.bench.run(place, made.dsn, [sys.executable, str(_UPDATE), made.dsn, PLAIN]):
                    run |= json.loads(size.bench.output)
            else:
                own = size.folder / f"{size.bench.turn} {name}"
                words = apply_words(made.dsn, tree, own) if tree else []
                if run := size.bench.program(place, made.dsn, tree, words, size.folder):
                    changed, _, seconds = journalled(made.dsn)
                    run |= {"changed": changed, "changing": seconds}
