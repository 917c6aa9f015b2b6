"""Keys of rows that the commands about fixes print are masked as an audit masks them."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.support.program import order_audit

FILES = {
    "rules/people/is_known.sql": ("email", "select p.email, p.kind from people as p where p.kind = 'old'"),
    "rules/people/is_new.sql": ("email", "select p.email, p.kind from people as p where p.kind = 'new'"),
    "rules/people/is_numbered.sql": ("id", "select p.id, p.kind from people as p where p.kind = 'new'"),
    "rules/people/is_viewed.sql": ("k, code", "select lower(v.k) as k, v.code from seen as v where v.kind = 'new'"),
}
FIX = "-- assumes: x\n\n-- automatic: renewed\n-- update people by email:\n" + (
    "select v.email, 'new' as kind from violation as v;\n"
)


@pytest.fixture
def words(dsn: str, tmp_path: Path) -> list[str]:
    """Rules on a table whose key is an address, and the fix of one that makes violations of the others."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table people (email text primary key, id int, code text, kind text);"
            "insert into people values ('maren@example.com', 7001, 'K1', 'old'),"
            " ('oduya@example.com', 7002, 'K2', 'x');"
            "create view seen as select email as k, code, kind from people"
        )
    for name, (key, query) in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"-- title: t\n-- severity: info\n-- key: {key}\n{query}\n", encoding="utf-8")
    fix = tmp_path / "fixes" / "people" / "is_known.sql"
    fix.parent.mkdir(parents=True)
    fix.write_text(FIX, encoding="utf-8")
    return ["--suite", str(tmp_path / "rules"), "--fixes", str(tmp_path / "fixes"), "--quiet"]


@pytest.mark.both_versions
def test_keys_of_new_violations_are_masked(dsn: str, words: list[str]) -> None:
    done = order_audit("fixes", "plan", *words, DATABASE_URL=dsn)
    assert done.returncode == 0, done.stderr
    assert "people.is_new: 1 new (m••••@•••••••.•••)" in done.stdout
    assert "people.is_numbered: 1 new (7001)" in done.stdout
    assert "maren" not in done.stdout + done.stderr


@pytest.mark.both_versions
def test_keys_of_rejected_rows_and_conflicts_are_masked(dsn: str, words: list[str], tmp_path: Path) -> None:
    """In plan, apply, status and revert, and in results.json."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("alter table people add constraint kept check (kind <> 'new')")
        said = [order_audit("fixes", command, *words, DATABASE_URL=dsn) for command in ("plan", "apply")]
        said.append(order_audit("fixes", "status", DATABASE_URL=dsn))
        for done in said:
            assert "of people (m••••@•••••••.•••)" in " ".join(done.stdout.split()).replace("public.", ""), done.stdout
        out = tmp_path / "out"
        run = order_audit("run", "--out", str(out), *words, "--no-lint", "--no-profile", DATABASE_URL=dsn)
        assert run.returncode == 0, run.stderr
        refused = json.loads((out / "results.json").read_text(encoding="utf-8"))["fixes"]["refused"]
        assert [it["keys"] for it in refused] == [["m••••@•••••••.•••"]]
        connection.execute("alter table people drop constraint kept")
        assert order_audit("fixes", "apply", *words, DATABASE_URL=dsn).returncode == 0
        connection.execute("update people set kind = 'other' where kind = 'new'")
        reverted = order_audit("fixes", "revert", "--quiet", DATABASE_URL=dsn)
        assert "conflict: public.people m••••@•••••••.•••" in reverted.stdout
        assert reverted.returncode == 1
    assert not [done for done in [*said, run, reverted] if "maren" in done.stdout + done.stderr]
