"""A database with tables in two schemas, and suites of few rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from tests.support import servers
from tests.support.results import run

#: Values that a program which pastes text into SQL gets wrong.
HOSTILE = (
    "it's", 'a "b" c', "back\\slash", "quote\\'s", "two\nlines", "x'; select 1; --", '"; --', "$$ :limit $$", "/* */",
    "%s {} %(a)s", "a.b", "*", "[x]", "Ünï", "-- end",
)  # fmt: skip

TABLES = """
create table gusts (id int primary key, wind int, region text);
insert into gusts values (1, 100, 'EU'), (2, 260, 'EU'), (3, 310, 'US'), (4, -5, 'US'), (5, null, 'it''s');
create schema ref;
create table ref.planes (tail text primary key, maker text);
insert into ref.planes values ('N1', 'Airbus'), ('N2', ' '), ('N3', '');
create table ref."Odd ""Name" (id int primary key, "te xt" text);
insert into ref."Odd ""Name" values (1, 'full'), (2, '  ');
create table ref.numbers (id int primary key, value int);
create table words (id serial primary key, word text);
"""


@pytest.fixture(scope="module")
def gusts(server: Server) -> Iterator[str]:
    """The database."""
    with servers.database(server) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(TABLES)
            connection.cursor().executemany("insert into words (word) values (%s)", [(word,) for word in HOSTILE])
        yield dsn


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., str]:
    """Write rules (name: header lines, query), and give the suite's folder."""

    def write(**rules: str) -> str:
        folder = tmp_path / "suite"
        for name, text in rules.items():
            path = folder / f"{name.replace('__', '/')}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            title = "" if "-- title:" in text else "-- title: Too much wind\n"
            key = "" if "-- key:" in text else "-- key: id\n"
            path.write_text(f"{title}-- severity: critical\n{key}{text}\n", encoding="utf-8")
        return str(folder)

    return write


@pytest.fixture
def results(gusts: str, tmp_path: Path) -> Callable[..., dict[str, dict[str, Any]]]:
    """Run an audit with few parts; give results by rule."""

    def audit(suite: str, **options: Any) -> dict[str, dict[str, Any]]:
        given = Options(suites=(suite,), lint=False, profile=False, **options)
        return {it["rule"]: it for it in run(gusts, tmp_path / "out", given)["results"]}

    return audit
