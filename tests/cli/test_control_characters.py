"""No control character of a database's or of a file's reaches the terminal, by any command, warning or error."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

from order_audit.audit.cli.output import cleaned
from order_audit.audit.database.server import Server
from order_audit.reports.control_characters import clean, escape
from tests.cli.support import Done, in_process
from tests.support import servers

#: ESC, BEL, CR, DEL, a C1 control character, a mark of text direction, an isolate, a line separator; none does harm.
HOSTILE: Final = "a\x1b[0mb\x07c\rd\x7fe\x9bmf\u202eg\u2066h\u2028i"
#: A rule of such words.
RULE: Final = f"""-- title: Title {HOSTILE.replace(chr(13), "").replace(chr(0x2028), "")}
-- severity: warning
-- key: id
-- owner: owner \x1b[0m\x07
-- why: why \x1b[0m\x07\u202e
select id from "{HOSTILE}" where "{HOSTILE}" <> '\x1b[0m'
"""
BROKEN: Final = RULE.replace("select id", "select id, no\x1b[0mpe\x07")


def unprintable(text: str) -> set[str]:
    """Characters that a terminal acts on, but for the end of a line."""
    return {letter for letter in text if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl")}


@pytest.fixture(scope="module")
def hostile(server_18: Server) -> Iterator[str]:
    """A database with such names of everything that has one, beside the issues."""
    dsn = servers.new_database(server_18, "issues")
    name, text = sql.Identifier(HOSTILE), sql.Literal(HOSTILE)
    statements = (
        "create type \"t{text_in}\" as enum ({text}, 'plain')",
        'create table {name} (id int, {name} "t{text_in}" default {text}, email text, amount_eur real, code text,'
        " constraint {name} check (code <> 'x' || {text}), orders_id int)",
        "comment on table {name} is {text}",
        "comment on column {name}.{name} is {text}",
        "insert into {name} values (1, {text}, {text}, 1, {text}), (2, {text}, {text}, 2, {text})",
        'create view "v{text_in}" as select *, {text} as {name} from customers',
        "create schema {name}",
        "create table {name}.{name} ({name} text)",
        "insert into {name}.{name} values ({text})",
        "update customers set customer_name = {text} where customer_id = 1",
        "update orders set order_status = {text} where order_id = 1001",
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(name=name, text=text, text_in=sql.SQL(HOSTILE)))
    yield dsn
    servers.drop_database(server_18, dsn)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rule files, a configuration and results of such content and names."""
    folder = tmp_path_factory.mktemp("hostile")
    for path, rule in {
        "rules/one.sql": RULE,
        "broken/two.sql": BROKEN,
        "unread/three.sql": "-- tit\x1ble: a\n" + RULE,
        f"named/{HOSTILE}.sql": RULE,
    }.items():
        (folder / path).parent.mkdir()
        (folder / path).write_text(rule, encoding="utf-8")
    (folder / "configured").mkdir()
    (folder / "configured" / "order-audit.toml").write_text(f"schema = {json.dumps(HOSTILE)}\n", encoding="utf-8")
    (folder / "wrong").mkdir()
    (folder / "wrong" / "order-audit.toml").write_text(f"{json.dumps(HOSTILE)} = 1\n", encoding="utf-8")
    (folder / HOSTILE).write_text("{}", encoding="utf-8")
    return folder


def checked(done: Done, *codes: int) -> Done:
    """The output of a command, once it has no character that a terminal acts on."""
    assert done.returncode in (codes or (0, 1)), done.stderr
    assert done.stdout + done.stderr
    for stream in (done.stdout, done.stderr):
        assert unprintable(stream) == set(), done.args
        # what an end of a line in a name would forge
        assert not re.search(r"^i", stream, re.MULTILINE), done.args
    return done


def test_reading_commands(hostile: str, files: Path, tmp_path: Path) -> None:
    """Names, values, comments, rule files: run, report, compare, lint, profile, init, rules, config, export."""
    env = {"DATABASE_URL": hostile}
    out = tmp_path / "out"
    rules = ["--suite", str(files / "rules"), "--suite", "current"]
    chosen = ["--suite", str(files / "broken"), "--rule", "one", "--rule", "two", "--rule", "orders.status_is_known"]
    for words in (
        ["run", *rules, *chosen, "--out", str(out), "--verbose", "--rows", "2"],
        ["compare", str(out / "results.json"), str(out / "results.json"), "--out", str(tmp_path / "compared")],
        ["report", str(out / "results.json"), "--out", str(tmp_path / f"{HOSTILE}.html")],
        ["lint", "--examples", "9"],
        ["lint", "--sql", str(tmp_path / f"{HOSTILE}.sql")],
        ["profile", "--unmask"],
        ["init", str(tmp_path / f"in-{HOSTILE}"), "--explain"],
        ["rules", "--suite", str(files / "rules")],
        ["rules", "one", "--suite", str(files / "rules")],
        ["fixes", "plan", *rules, "--verbose"],
        ["fixes", "status"],
        ["migrate", "plan"],
        ["migrate", "status"],
        ["export", "--to", "odcs", "--suite", str(files / "rules"), "--out", str(tmp_path / "contract.yaml")],
    ):
        checked(in_process(*words, env=env))
    checked(in_process("run", "--out", str(out), env=env, cwd=files / "configured"), 3)
    checked(in_process("config", env=env, cwd=files / "configured"))
    assert "a\\u001b[0mb" in checked(in_process("lint", env=env)).stdout
    for words in (["lint", "--json"], ["profile", "--json", "--unmask"]):
        # spelled out as JSON does it: a program reads what is there
        assert json.dumps(json.loads(checked(in_process(*words, env=env)).stdout)).count(json.dumps(HOSTILE)[1:-1])


def test_writing_commands(server_18: Server, hostile: str) -> None:
    """Fixes and the migration, which stop at the hostile rows and dependents."""
    dsn = servers.new_database(server_18, servers.name_of(hostile))
    env = {"DATABASE_URL": dsn}
    try:
        for words in (
            ["fixes", "apply", "--accept-recommended", "--rehearse"],
            ["fixes", "apply", "--no-guards"],
            ["fixes", "revert", "--rule", HOSTILE],
            ["migrate", "run", "--to", HOSTILE],
            ["migrate", "run"],
            ["scenario", "load", "--schema", HOSTILE],
            ["fixes", "revert"],
        ):
            checked(in_process(*words, env=env), 0, 1, 2, 3)
    finally:
        servers.drop_database(server_18, dsn)


def test_errors(hostile: str, files: Path, tmp_path: Path) -> None:
    """Options, names, files and servers' messages, with a traceback above the line; the mark of a failed run, too."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.json").touch()
    for words in (
        [HOSTILE],
        ["run", f"--{HOSTILE}"],
        ["run", "--out", str(out), "--dsn", f"host=/nowhere dbname='{HOSTILE}'"],
        ["run", "--out", str(out), "--dsn", hostile, "--schema", HOSTILE + "x"],
        ["run", "--out", str(out), "--dsn", hostile, "--suite", HOSTILE],
        ["run", "--out", str(out), "--dsn", hostile, "--suite", str(files / "unread")],
        ["run", "--out", str(out), "--dsn", hostile, "--suite", str(files / "named")],
        ["run", "--out", str(out), "--dsn", hostile, "--rule", HOSTILE],
        ["run", "--out", str(out), "--dsn", hostile, "--format", HOSTILE],
        ["run", "--out", str(out), "--dsn", hostile, "--var", HOSTILE],
        ["run", "--out", str(tmp_path / "broken"), "--dsn", hostile, "--suite", str(files / "broken")],
        ["rules", HOSTILE],
        ["compare", str(files / HOSTILE), str(files / HOSTILE), "--out", str(out)],
        ["import", str(files / HOSTILE), "--out", str(out)],
        ["profile", "--dsn", hostile, "--table", HOSTILE + "x"],
        ["fixes", "new", HOSTILE, "--dsn", hostile],
        ["fixes", "plan", "--dsn", hostile, "--decisions", str(files / HOSTILE)],
    ):
        checked(in_process(*words, "--debug"), 1, 2, 3)
    checked(in_process("config", cwd=files / "wrong"), 2)
    assert not unprintable((out / "FAILED.txt").read_text(encoding="utf-8"))


def test_whoever_prints() -> None:
    """Libraries that log, and what is printed on a stream that a progress bar has put in the place of stderr."""
    raw = io.StringIO()
    with redirect_stderr(raw), cleaned():
        assert logging.lastResort
        logging.lastResort.handle(logging.makeLogRecord({"msg": HOSTILE, "levelno": logging.ERROR}))
        print(HOSTILE, file=sys.stderr)
    assert not unprintable(raw.getvalue())
    assert raw.getvalue().count("a\\u001b[0mb\\u0007c\\rd\\u007fe\\u009bmf\\u202eg\\u2066h\\u2028i") == 2


def test_json_is_the_same_once_it_is_clean() -> None:
    """Each character that is spelled out reads as itself, beyond U+FFFF too; a clean text costs nothing."""
    text = "\x00\x1b\x7f\x85\u061c\u200f\u202e\ufeff\U000e0041 \\ é 👍"
    written = json.dumps([text], ensure_ascii=False)
    assert json.loads(clean(written)) == [text]
    assert not unprintable(clean(written))
    plain = "a table\n\twith 5 % – “marks” · ◆"
    assert clean(plain) is plain
    assert escape("a\n\tb\x1b") == r"a\n\tb\u001b"
