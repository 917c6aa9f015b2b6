"""An audit since an earlier one gives what an audit of all rows gives, after random changes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.results.options import Options
from order_audit.audit.run import run
from order_audit.reports.document import Document
from order_audit.scenario.generate import generate
from tests.since import orders
from tests.since.world import World
from tests.support import servers, soak

#: Rules of every shape that the analysis knows, and of some that it does not.
SUITE: Final = Path(__file__).parent / "suite"
#: Audits one after the other, each since the one before.
AUDITS: Final = 4
OPTIONS: Final = Options(lint=False, profile=False, formats=("json", "violations"), state=True, examples=3, jobs=1)


def compared(document: Document) -> dict[str, object]:
    """Return what must be equal in both results: not what it took, and of rows with one key any may be shown."""
    results = {
        it.rule: replace(it, duration_ms=0, examples=it.examples if it.rows == it.violations else ())
        for it in document.results
    }
    return {**results, "summary": document.summary, "tables": document.run.tables}


def hold(dsn: str, folder: Path, options: Options, change: Callable[[], None], log: list[str]) -> int:
    """Audit after each change, since the audit before and on all rows, and compare; return how many were spared."""
    last = folder / "0"
    options = replace(options, key_file=folder / "key")  # personal keys are equal in all audits
    run(dsn, last, options)
    spared = 0
    for number in range(1, AUDITS + 1):
        change()
        out = folder / str(number)
        since = run(dsn, out, replace(options, since=last))
        full = run(dsn, folder / "full", replace(options, state=False))
        told = since.run.since
        assert told is not None
        context = f"{told}\n" + "\n".join(log)
        assert (out / "violations.csv").read_bytes() == (folder / "full" / "violations.csv").read_bytes(), context
        one, other = compared(since), compared(full)
        for name in one:
            assert one[name] == other[name], f"{name}\n{context}"
        spared += not told.whole
        last = out
    return spared


@pytest.mark.both_versions
@pytest.mark.parametrize("seed", range(soak.times(2)))
def test_rules_of_every_shape(server: Server, tmp_path: Path, seed: int) -> None:
    dsn = servers.new_database(server)
    world = World(dsn, seed)

    def change() -> None:
        for _ in range(world.random.randint(0, 6)):
            world.step()

    try:
        assert hold(dsn, tmp_path, replace(OPTIONS, suites=(str(SUITE),)), change, world.log)
    finally:
        world.close()
        servers.drop_database(server, dsn)


@pytest.mark.parametrize("seed", range(soak.times(1)))
def test_included_rules(server: Server, tmp_path: Path, seed: int) -> None:
    dsn = servers.new_database(server)
    at = random.Random(seed)
    log: list[str] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=700, customers=60, defects=0.003, seed=seed)

        def change() -> None:
            for _ in range(at.randint(0, 8)):
                orders.change(connection, at, log)

        assert hold(dsn, tmp_path, OPTIONS, change, log) == AUDITS
    servers.drop_database(server, dsn)
