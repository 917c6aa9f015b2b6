"""`run --key-file`: the file, baselines, suppressions and settings of digests of personal keys."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.cli.support import Done, in_process
from tests.support import servers

RULE = "-- title: No mail\n-- severity: critical\n-- key: email\nselect p.email from people as p where p.is_bad\n"
SUPPRESS = "[[suppress]]\nrule = 'mail'\nkeys = ['{}']\nreason = 'known'\n"


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> Iterator[str]:
    made = servers.new_database(server_18)
    with psycopg.connect(made) as connection:
        connection.execute("create table people (id int primary key, email text, is_bad bool)")
        connection.execute("insert into people select n, 'p' || n, n <= 2 from generate_series(1, 4) as n")
    yield made
    servers.drop_database(server_18, made)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mail.sql").write_text(RULE)
    return tmp_path


def run(dsn: str, folder: Path, out: str, *words: str, env: dict[str, str] | None = None) -> Done:
    given = ("--suite", "mine", "--no-lint", "--no-profile", "--quiet")
    return in_process("run", "--out", out, "--dsn", dsn, *given, *words, cwd=folder, env=env)


def keys(folder: Path) -> list[str]:
    with (folder / "violations.csv").open(newline="") as file:
        return [key for _, key in [*csv.reader(file)][1:]]


def test_a_key_file_makes_digests_comparable(dsn: str, project: Path) -> None:
    """It is created, which is said once; a baseline is then compared by key, and a suppression holds."""
    done = run(dsn, project, "first", "--key-file", "key")
    said = "order-audit: created the key file key: keep it for later runs, away from the results\n"
    assert (done.returncode, done.stderr) == (1, said), done.stdout
    assert (project / "key").stat().st_mode & 0o777 == 0o600
    secret = (project / "key").read_text().strip()
    assert not any(secret in path.read_text() for path in (project / "first").iterdir())

    done = run(dsn, project, "second", "--key-file", "key", "--baseline", "first/results.json")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "against the baseline: 2 known\n" in done.stdout
    assert keys(project / "first") == keys(project / "second")
    page = (project / "second" / "report.html").read_text()
    assert re.search(r"--key-file … [^<\n]*--out …", page)
    assert "of personal keys, in 1 rule; other audits under the same key file have the same ones" in page

    (project / "order-audit.toml").write_text(
        "[output]\nkey_file = 'key'\n" + "".join(map(SUPPRESS.format, keys(project / "first")))
    )
    (project / "below").mkdir()
    done = in_process("config", "--json", cwd=project / "below")
    (shown,) = (it for it in json.loads(done.stdout)["settings"] if it["setting"] == "output.key_file")
    assert shown["value"] == "../key"
    done = run(dsn, project, "third")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 expectation failed with suppressed violations only" in done.stdout


def test_the_environment_names_a_key_file(dsn: str, project: Path) -> None:
    """Before the configuration, as `config` says, and after the command line."""
    (project / "order-audit.toml").write_text("[output]\nkey_file = 'of_file'\n")
    env = {"ORDER_AUDIT_KEY_FILE": str(project / "of_environment")}
    shown = in_process("config", cwd=project, env=env).stdout
    assert f"{project / 'of_environment'}" in shown
    assert "environment ORDER_AUDIT_KEY_FILE" in shown
    run(dsn, project, "out", env=env)
    run(dsn, project, "out", "--key-file", "given", env=env)
    run(dsn, project, "out")
    assert [name for name in ("given", "of_environment", "of_file") if (project / name).is_file()] == [
        "given", "of_environment", "of_file"
    ]  # fmt: skip


def test_a_baseline_under_another_key_is_compared_by_counts(dsn: str, project: Path) -> None:
    """Without a file, under another one, and of an earlier version: a line says what to do, in each output."""
    run(dsn, project, "first")
    page = (project / "first" / "report.html").read_text()
    assert "of personal keys, in 1 rule, under a random key of this audit: other audits are compared with it by" in page
    advice = "give both audits the same --key-file"
    for words, why in (
        ((), "the personal keys are digests, and the earlier and the later audit had no --key-file"),
        (("--key-file", "key"), "the personal keys are digests, and the earlier audit had no --key-file"),
    ):
        done = run(dsn, project, "second", *words, "--baseline", "first/results.json")
        assert done.returncode == 0, done.stdout
        line = f"against the baseline: 2 known (of 1 rule, by counts only: {why}; {advice})"
        assert line in " ".join(done.stdout.split())
        assert " 2 known, by counts only " in done.stdout
        assert line[1:] in (project / "second" / "summary.md").read_text()
        assert why in (project / "second" / "report.html").read_text()
    results = project / "first" / "results.json"
    document = json.loads(results.read_text())
    del document["key_digests"], document["results"][0]["key_is_digest"]
    results.write_text(json.dumps(document))
    done = run(dsn, project, "second", "--baseline", "first/results.json")
    assert done.returncode == 0
    assert "the earlier audit is of an earlier version" in " ".join(done.stdout.split())


def test_counts_that_rise_fail_the_gate_whatever_is_suppressed(dsn: str, project: Path) -> None:
    """Which of the violations are the suppressed ones is unknown: one that may be new is not overlooked."""
    run(dsn, project, "before", "--key-file", "other")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update people set is_bad = true where id = 3")
        try:
            run(dsn, project, "now", "--key-file", "key")
            (project / "order-audit.toml").write_text(SUPPRESS.format(keys(project / "now")[0]))
            done = run(dsn, project, "after", "--key-file", "key", "--baseline", "before/results.json")
        finally:
            connection.execute("update people set is_bad = false where id = 3")
    assert done.returncode == 1, done.stdout
    assert "1 new, 2 known, by counts only" in done.stdout


@pytest.mark.parametrize(
    ("words", "toml", "said"),
    [
        ((), SUPPRESS.format("hmac-sha256:" + "0" * 64), "order-audit.toml:1: [[suppress]]: digests of mail need the"
         " key file that they were made under: --key-file, or key_file in [output]"),
        (("--key-file", "key"), SUPPRESS.format("sha256:" + hashlib.sha256(b"p1").hexdigest()), "order-audit.toml:1:"
         " [[suppress]]: digests of mail are of an earlier version: take them from violations.csv of a run with"
         " --key-file, where they begin with hmac-sha256"),
        (("--key-file", "open"), "", "the key file open is open to others (mode 0644): remove it, and the next run"
         " creates another; or chmod 600, if no other user has read it"),
        (("--key-file", "out/key"), "", "--key-file: out/key is in out, the folder of the results: name another place"),
        ((), "[output]\nkey_file = 'gone/key'\n", "cannot create the key file gone/key: No such file or directory"),
    ],
)  # fmt: skip
def test_wrong_keys_are_one_line(dsn: str, project: Path, words: tuple[str, ...], toml: str, said: str) -> None:
    """And exit code 2, before any row is read."""
    (project / "open").touch()
    (project / "open").chmod(0o644)
    (project / "order-audit.toml").write_text(toml)
    done = run(dsn, project, "out", *words)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("order-audit: created")]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert said in lines[0]
    assert not (project / "out" / "results.json").exists()
