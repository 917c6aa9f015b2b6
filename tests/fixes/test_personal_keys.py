"""Fixes of rules whose key is personal: neither the plan nor its file names a person."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support.program import order_audit

RULE = (
    "-- title: {0}\n-- severity: warning\n-- key: {0}\n-- why: x\n"
    "select m.email, m.id, m.age from members as m where m.age < 0\n"
)
FIX = (
    "-- assumes: x\n-- leave: stays\n-- option turned: sign turned\n"
    "-- update members by {0}:\nselect v.{0}, -v.age as age from violation as v;\n"
)


@pytest.mark.parametrize("key", ["email", "id"])
def test_a_decisions_file_holds_no_personal_key(dsn: str, tmp_path: Path, key: str) -> None:
    """What was reviewed is compared all the same, by its fingerprint."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table members (id int primary key, email text not null unique, age int)")
        connection.execute("insert into members values (71, 'robin@example.org', -5), (72, 'kim@example.org', 7)")
        for folder, text in (("rules", RULE), ("fixes", FIX)):
            (tmp_path / folder / "a").mkdir(parents=True)
            (tmp_path / folder / "a" / f"{key}.sql").write_text(text.format(key))
        words = ["--suite", str(tmp_path / "rules"), "--fixes", str(tmp_path / "fixes"), "--quiet"]
        file = tmp_path / "decisions.toml"
        done = order_audit("fixes", "plan", *words, "--out", str(file), DATABASE_URL=dsn)
        assert done.returncode == 0, done.stderr
        written = file.read_text(encoding="utf-8")
        assert "robin" not in done.stdout + written
        assert ('"71"' in written) is (key == "id")
        file.write_text(written.replace(f'"a.{key}" = "leave"', f'"a.{key}" = "turned"').replace(f'  "a.{key}",\n', ""))
        connection.execute("update members set age = -6 where id = 71")
        words += ["--decisions", str(file)]
        refused = order_audit("fixes", "apply", *words, DATABASE_URL=dsn)
        assert refused.returncode == 2, refused.stdout
        assert "robin" not in refused.stderr
        assert ("71 with other values" in refused.stderr) is (key == "id")
        connection.execute("update members set age = -5 where id = 71")
        assert order_audit("fixes", "apply", *words, DATABASE_URL=dsn).returncode == 0
        assert connection.execute("select age from members where id = 71").fetchone() == (5,)


def test_the_command_after_a_run_has_the_folder_of_fixes(dsn: str, tmp_path: Path) -> None:
    """It can be copied."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table members (id int primary key, email text not null unique, age int)")
        connection.execute("insert into members values (71, 'robin@example.org', -5)")
    for folder, text in (("rules", RULE), ("my fixes", FIX.replace("option turned", "automatic"))):
        (tmp_path / folder / "a").mkdir(parents=True)
        (tmp_path / folder / "a" / "id.sql").write_text(text.format("id"))
    words = ["--suite", str(tmp_path / "rules"), "--fixes", str(tmp_path / "my fixes"), "--quiet", "--no-profile"]
    done = order_audit("run", *words, "--out", str(tmp_path / "out"), "--fail-on", "never", DATABASE_URL=dsn)
    assert f"--fixes '{tmp_path / 'my fixes'}'" in done.stdout.splitlines()[-1]
