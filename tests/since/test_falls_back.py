"""When an audit since an earlier one judges all rows all the same, and says why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.results.options import Options
from order_audit.audit.run import run
from order_audit.audit.since import changes, state_file
from order_audit.errors import RunError, UsageError
from order_audit.reports.document import Document, Since
from tests.support import servers

_RULES: Final = {
    "a/negative": "select p.id, p.score from person as p where p.score < 0",
    "a/alone": "select p.id from person as p left join city as c on c.id = p.city_id where c.id is null",
    "a/now": "select p.id from person as p where p.born > now()",
}
_TABLES: Final = """
create table city (id int primary key, name text);
create table person (id int primary key, city_id int, score numeric, born date, kind text);
insert into city select i, 'n' || i from generate_series(1, 20) as i;
insert into person select i, i % 22, i - 5, '2000-01-01', 'a' from generate_series(1, 3000) as i;
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    for rule, query in _RULES.items():
        path = folder / f"{rule}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"-- title: {rule}\n-- severity: warning\n-- key: id\n{query}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(server: Server, suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database, and the first audit of it with its state."""
    dsn = servers.new_database(server)
    with psycopg.connect(dsn) as connection:
        connection.execute(_TABLES)
    first = tmp_path_factory.mktemp("results") / "first"
    run(dsn, first, _options(suite))
    yield dsn, first
    servers.drop_database(server, dsn)


def _options(suite: Path, **more: Any) -> Options:
    plain = Options(suites=(str(suite),), lint=False, profile=False, formats=("json", "violations"), state=True, jobs=1)
    return replace(plain, **more)


def _since(dsn: str, out: Path, suite: Path, last: Path, **more: Any) -> tuple[Document, Since]:
    document = run(dsn, out, _options(suite, since=last, **more))
    assert document.run.since is not None
    return document, document.run.since


def test_only_changes_are_judged(made: tuple[str, Path], suite: Path, tmp_path: Path) -> None:
    dsn, first = made
    document, since = _since(dsn, tmp_path / "out", suite, first)
    assert since.whole is None
    assert since.in_full == {"a.now": "it calls now, whose result may be another in each audit"}
    assert {name: (it.inserted, it.updated, it.deleted) for name, it in since.changed.items()} == {
        "city": (0, 0, 0),
        "person": (0, 0, 0),
    }
    assert [it.violations for it in document.results] == [272, 4, 0]


def _changed_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the facts of a state, as an audit elsewhere would have written them."""
    state = state_file.read(folder / "state")
    change(state.facts)
    state_file.write(folder / "state", state)


_ELSEWHERE: Final[dict[str, tuple[str, Any]]] = {
    "the server's data folder is another": ("system", "1"),
    "the database is another": ("database", [1, "other"]),
    "the role that reads is another": ("role", "other"),
    "the version of the server is another": ("version", 140000),
    "the version of order-audit is another": ("product", "0.0.1"),
    "the encoding is another": ("encoding", "LATIN1"),
    "the collation is another": ("collation", "other"),
    "settings of the session are others": ("settings", "other"),
    "the schemas that are read are others": ("schema", "other"),
    "the server was restored, or another one has taken over since (its timeline is another)": ("timeline", 7),
    "the server has gone back in time: its next transaction is an earlier one": ("next", 1 << 40),
    "too many transactions have ended since": ("oldest", -(1 << 31)),
    "its state is of another audit": ("run", "other"),
}


@pytest.mark.parametrize("why", _ELSEWHERE)
def test_another_place_or_time(made: tuple[str, Path], suite: Path, tmp_path: Path, why: str) -> None:
    dsn, first = made
    last = tmp_path / "last"
    shutil.copytree(first, last)
    name, value = _ELSEWHERE[why]
    _changed_manifest(last, lambda facts: facts.__setitem__(name, value))
    document, since = _since(dsn, tmp_path / "out", suite, last)
    assert since.whole == why
    assert [it.violations for it in document.results] == [272, 4, 0]


def _damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


_DAMAGES: Final[dict[str, Callable[[Path], object]]] = {
    "part-0.zip is damaged": lambda folder: _damage(folder / "state" / "part-0.zip"),
    "manifest.json was changed": lambda folder: (folder / "state" / "manifest.json").write_text(
        (folder / "state" / "manifest.json").read_text().replace('"role"', '"rule"')
    ),
    "manifest.json cannot be read": lambda folder: (folder / "state" / "manifest.json").write_text("{"),
    "part-0.zip is missing": lambda folder: (folder / "state" / "part-0.zip").unlink(),
    "it has no state: --state writes one": lambda folder: shutil.rmtree(folder / "state"),
    "violations.csv is not beside it": lambda folder: (folder / "violations.csv").unlink(),
    "is not the one it was written with": lambda folder: _damage(folder / "violations.csv"),
}


@pytest.mark.parametrize("why", _DAMAGES)
def test_a_damaged_result(made: tuple[str, Path], suite: Path, tmp_path: Path, why: str) -> None:
    dsn, first = made
    last = tmp_path / "last"
    shutil.copytree(first, last)
    _DAMAGES[why](last)
    document, since = _since(dsn, tmp_path / "out", suite, last)
    assert why in (since.whole or "")
    assert [it.violations for it in document.results] == [272, 4, 0]


def test_full_asks_for_it(made: tuple[str, Path], suite: Path, tmp_path: Path) -> None:
    dsn, first = made
    _, since = _since(dsn, tmp_path / "out", suite, first, full=True)
    assert since.whole == "--full asks for it"
    _, after = _since(dsn, tmp_path / "after", suite, tmp_path / "out")
    assert after.whole is None


def test_rows_of_another_history(
    made: tuple[str, Path], suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that was rolled back on its disk, and has gone on past the transactions of the audit."""
    dsn, first = made
    monkeypatch.setattr(changes, "_writers", lambda ages, following: (following - ages.astype("int64") + 1) % (1 << 32))
    document, since = _since(dsn, tmp_path / "rewritten", suite, first, full=True)
    monkeypatch.undo()
    _, since = _since(dsn, tmp_path / "out", suite, tmp_path / "rewritten")
    assert since.whole == "the database has rows from another history: it was restored"
    assert document.run.complete


def test_a_changed_rule_and_a_new_one(made: tuple[str, Path], suite: Path, tmp_path: Path) -> None:
    dsn, first = made
    other = tmp_path / "suite"
    shutil.copytree(suite, other)
    path = other / "a" / "negative.sql"
    path.write_text(path.read_text().replace("< 0", "< 1"), encoding="utf-8")
    (other / "a" / "odd.sql").write_text(path.read_text().replace("< 1", "= 1"), encoding="utf-8")
    document, since = _since(dsn, tmp_path / "out", other, first)
    assert since.in_full == {
        "a.negative": "its query was changed",
        "a.now": "it calls now, whose result may be another in each audit",
        "a.odd": "the earlier audit did not judge it",
    }
    assert [it.violations for it in document.results] == [272, 5, 0, 1]


def test_a_lie_is_found(made: tuple[str, Path], suite: Path, tmp_path: Path) -> None:
    """A verdict that is wrong in the earlier audit, and is tested by --verify-since."""
    dsn, _ = made
    last = tmp_path / "last"
    run(dsn, last, _options(suite))
    with psycopg.connect(dsn, autocommit=True) as connection:
        _, since = _since(dsn, tmp_path / "sound", suite, last, verify_since=10.0)
        assert since.verified > 100
        # a change that leaves no trace in the state: as if the audit had not seen it
        connection.execute("update person set score = -1 where id between 100 and 400")
    run(dsn, tmp_path / "now", _options(suite))
    for name in ("results.json", "violations.csv"):
        shutil.copy(last / name, tmp_path / "now" / name)
    run_id = json.loads((last / "results.json").read_text())["run"]["id"]
    _changed_manifest(tmp_path / "now", lambda facts: facts.__setitem__("run", run_id))
    with pytest.raises(RunError, match=r"a\.negative: .* keys of .* that were judged again have another verdict"):
        _since(dsn, tmp_path / "out", suite, tmp_path / "now", verify_since=30.0)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update person set score = id - 5 where id between 100 and 400")


def test_wrong_use(made: tuple[str, Path], suite: Path, tmp_path: Path) -> None:
    dsn, _ = made
    with pytest.raises(UsageError, match="--full belongs to --since"):
        run(dsn, tmp_path / "out", _options(suite, full=True))
    with pytest.raises(UsageError, match=r"need violations\.csv"):
        run(dsn, tmp_path / "out", _options(suite, formats=("json",)))


# They change the tables, so that the tests above come first.


def test_too_many_changes(made: tuple[str, Path], suite: Path, tmp_path: Path) -> None:
    dsn, first = made
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update person set born = born where id % 2 = 0")
    _, since = _since(dsn, tmp_path / "out", suite, first)
    assert since.in_full["a.negative"] == "more than a fifth of the 3,000 rows of person would have to be read again"


@pytest.mark.parametrize(
    ("statement", "undo", "reason"),
    [
        ("alter table person add column note text default 'x'", "alter table person drop column note", "was altered"),
        ("alter table person alter column score type float8", "alter table person alter column score type numeric",
         "was altered"),
        ("alter table person drop constraint person_pkey", "alter table person add primary key (id)", "has no key"),
        ("alter table person enable row level security; alter table person force row level security",
         "alter table person disable row level security; alter table person no force row level security",
         "was altered"),
        ("create table child () inherits (person)", "drop table child", "other tables inherit from it"),
    ],
)  # fmt: skip
def test_an_altered_table(
    made: tuple[str, Path], suite: Path, tmp_path: Path, statement: str, undo: str, reason: str
) -> None:
    dsn, first = made
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())
        try:
            _, since = _since(dsn, tmp_path / "out", suite, first)
        finally:
            connection.execute(undo.encode())
    assert since.whole is None
    assert reason in since.in_full["a.negative"], since
