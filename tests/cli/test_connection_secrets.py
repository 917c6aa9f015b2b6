"""The secrets of a connection are nowhere: every command, every way to give one, errors of every kind, tracebacks."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
import pytest
from psycopg import conninfo

from order_audit.audit.cli.output import without_secrets
from order_audit.audit.database import dsn as dsns
from order_audit.audit.database.server import Server
from tests.cli.support import in_process
from tests.support import servers
from tests.support.soak import SOAKING

#: Parts of passwords: a part that is left over is found, too. Between them are the characters that need quoting.
PARTS: Final = ("Hunter2Zx", "Qv81Tail", "Mid5Part")
PASSWORDS: Final = (
    "-".join(PARTS), "/".join(PARTS), "@".join(PARTS), ":".join(PARTS), "'".join(PARTS), "\\".join(PARTS),
    " ".join(PARTS), "%".join(PARTS), "&".join(PARTS), '"'.join(PARTS), "=".join(PARTS), "#?;".join(PARTS),
    "é".join(PARTS),
)  # fmt: skip
#: Every command that connects, with the words that it needs.
COMMANDS: Final = (
    "run --out {out}", "lint", "lint --json", "profile", "init {out}", "config", "config --json", "fixes plan",
    "fixes apply", "fixes status", "fixes revert", "fixes emit --out {out}", "fixes new orders.customer_exists",
    "migrate plan", "migrate run", "migrate verify", "migrate status", "migrate rollback --to expand",
    "migrate contract", "migrate retire", "scenario load", "scenario generate --orders 1 --customers 1",
    "gx export {out}", "import {file} --out {out}",
)  # fmt: skip
#: Of the commands with a way and a password, one in so many is tried.
_EVERY: Final = 1 if SOAKING else 397


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def ways(password: str, port: int, folder: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Options and variables that give a password, in every form that libpq knows and in some that it does not."""
    host = f"127.0.0.1:{port}"
    encoded = quote(password, safe="")
    forms = (
        f"postgresql://oa:{encoded}@{host}/shop",
        f"postgres://{host}/shop?user=oa&password={encoded}",
        f"postgres://{host}/shop?user=oa&sslpassword={encoded}",
        f"host=127.0.0.1 port={port} user=oa password={_quoted(password)} dbname=shop",
        f"host=127.0.0.1 port={port} user=oa sslpassword = {_quoted(password)}",
        # as somebody writes it who does not know better
        f"postgresql://oa:{password}@{host}/shop",
        f"postgres:/oa:{password}@{host}/shop",
        f"host=127.0.0.1 port={port} password={password} dbname=shop",
        f"host=127.0.0.1 port={port} passwrod={encoded}",
        f"postgresql://oa:{encoded}@{host}/shop?colour=1",
    )
    for form in forms:
        yield ["--dsn", form], {}
        yield [], {"DATABASE_URL": form}
    # in the place of another word
    yield [forms[0]], {}
    yield [f"--{forms[3]}"], {}
    yield ["--dns", forms[0]], {}
    yield ["--schema", forms[0], "--dsn", forms[0]], {}
    around = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "oa"}
    yield [], around | {"PGPASSWORD": password}
    passfile = folder / "passfile"
    passfile.write_text(f"*:*:*:*:{password}\n", encoding="utf-8")
    passfile.chmod(0o644)  # libpq warns that it is open to others
    yield [], around | {"PGPASSFILE": str(passfile)}
    service = folder / "service.conf"
    service.write_text(f"[mine]\nhost=127.0.0.1\nport={port}\npassword={password}\n[bad]\npasswrod {password}\n")
    for name in ("mine", "bad", "missing"):
        yield [], {"PGSERVICE": name, "PGSERVICEFILE": str(service)}
    yield ["--dsn", "service=mine"], {"PGSERVICEFILE": str(service)}


def configured(password: str, port: int) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Configuration files with or beside a password, with options and variables: as meant, and in wrong places."""
    encoded = quote(password, safe="")
    url = f"postgresql://oa:{encoded}@127.0.0.1:{port}/shop"
    words = f"host=127.0.0.1 port={port} user=oa password={_quoted(password)}"
    for form in (
        url,
        words,
        f"host=127.0.0.1 password={password}",
        f"postgresql://oa:{password}@127.0.0.1:{port}/shop",
    ):
        text = json.dumps(form, ensure_ascii=False)
        yield '[connection]\ndsn_env = "MINE"', [], {"MINE": form}
        yield f"[connection]\ndsn_env = {text}", [], {}
        yield f"[connection]\nservice = {text}", [], {}
        yield f"dsn = {text}", [], {}
        yield f"dsn = {form}", [], {}
        yield f"{text} = 1", [], {}
        yield f"[connection]\n{text} = 1", [], {}
        yield f"schema = {text}", [], {}
        yield f"suites = [{text}]", [], {}
        yield f"[variables]\na = {text}", [], {}
        yield f"[env.{text}]\nschema = 1", ["--env", form], {}
        yield f"[connection]\npassword = {json.dumps(password, ensure_ascii=False)}", [], {}
        yield "", ["--env", form], {"DATABASE_URL": form}
        yield "", ["--var", form], {"DATABASE_URL": form}
        yield "", ["--var", f"a={form}"], {"DATABASE_URL": form}
        yield "", [], {"DATABASE_URL": form, "ORDER_AUDIT_ENV": form, "ORDER_AUDIT_VAR_A": form}


@pytest.fixture(scope="module")
def closed() -> Iterator[int]:
    """A port at which no server answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


def test_no_command_shows_a_secret(closed: int, tmp_path: Path) -> None:
    """A part of all commands, ways and passwords, another one each time; `make soak` tries all."""
    rest = random.randrange(_EVERY)
    file = tmp_path / "contract.yaml"
    file.write_text("{}")
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.json").touch()  # so that FAILED.txt has the message of a run, too
    tried = 0
    configuration = tmp_path / "order-audit.toml"
    for number, (command, password) in enumerate(product(COMMANDS, PASSWORDS)):
        plain = (("", *it) for it in ways(password, closed, tmp_path))
        for place, (text, options, variables) in enumerate(chain(plain, configured(password, closed))):
            if (number + place) % _EVERY != rest:
                continue
            configuration.write_text(text, encoding="utf-8")
            words = command.format(out=out, file=file).split()
            done = in_process("--debug", *words, *options, env=variables, cwd=tmp_path)
            mark = out / "FAILED.txt"
            texts = [done.stdout, done.stderr, mark.read_text(encoding="utf-8") if mark.exists() else ""]
            leaked = [part for part in PARTS for text in texts if part in text]
            assert not leaked, (words, options, variables, texts)
            assert done.returncode in (0, 2, 3), done.stderr
            tried += 1
    assert tried > 30


def test_no_secret_of_a_connection_that_works(server_18: Server, tmp_path: Path) -> None:
    """Nor what a command suggests to run next, writes into its files, or says of a failure later on."""
    dsn = servers.new_database(server_18, "sample")
    password = PARTS[0]
    given = f"{dsn} password={password} sslpassword={PARTS[1]}"
    try:
        for command in (
            "run --out {out} --rule orders.* --no-lint --no-profile", "lint --sql {out}/lint.sql", "fixes plan",
            "gx export {out}/gx", "profile --table nowhere", "run --schema nowhere --out {out}",
        ):  # fmt: skip
            done = in_process("--debug", *command.format(out=tmp_path).split(), "--dsn", given)
            assert not any(part in done.stdout + done.stderr for part in PARTS), command
        for command in ("config", "config --json", "lint"):
            done = in_process(*command.split(), env={"DATABASE_URL": given})
            assert not any(part in done.stdout + done.stderr for part in PARTS), command
        texts = [it.read_bytes() for it in tmp_path.rglob("*") if it.is_file()]
        assert len(texts) > 10
        assert not any(part.encode() in text for text in texts for part in PARTS)
    finally:
        servers.drop_database(server_18, dsn)


@pytest.mark.parametrize("words", ["init {url}", "run --out {url}", "lint --sql={url}", "rules --fixes {url}"])
def test_a_dsn_is_nothing_else(tmp_path: Path, words: str) -> None:
    """It would be made as a folder, with the password in its name, if another DSN was given beside it."""
    url = f"postgresql://oa:{PARTS[0]}@localhost/shop"
    done = in_process(*words.format(url=url).split(), env={"DATABASE_URL": "host=/nowhere"}, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a DSN belongs to --dsn" in done.stderr
    assert PARTS[0] not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_words_of_libpq_for_secrets_are_known() -> None:
    """What this libpq marks as one, and what later versions have besides."""
    marked = {it.keyword.decode() for it in psycopg.pq.Conninfo.get_defaults() if it.dispchar == b"*"}
    assert marked
    assert all(map(dsns.is_secret, marked | {"oauth_client_secret", "scram_client_key", "scram_server_key"}))
    assert not any(map(dsns.is_secret, ("passfile", "sslkey", "user", "require_auth", "sslcert")))
    words = {"host": "h", "password": PARTS[0], "sslpassword": PARTS[1], "user": "oa"}
    shown = dsns.masked(conninfo.make_conninfo("", **words))
    assert sorted(shown.split()) == ["host=h", "password=***", "sslpassword=***", "user=oa"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("unexpected argument (postgresql://oa:a/b@c@host/db)", "unexpected argument (postgresql://oa:***@host/db)"),
        ("not this: host=x password = 'a\\'b c' user=y", "not this: host=x password = *** user=y"),
        ("not this: host=x password=a&b c=d user=y: wrong", "not this: host=x password=*** user=y: wrong"),
        ("cannot connect to host=x password=***: no answer", "cannot connect to host=x password=***: no answer"),
        ("see https://example.org/a:b and mail me@example.org", "see https://example.org/a:b and mail me@example.org"),
        ("no [env.postgresql://oa:a b@c@host/db]", "no [env.postgresql://oa:***@host/db]"),
        ("rules/a.sql:3: column x = 1, user@host", "rules/a.sql:3: column x = 1, user@host"),
    ],
)
def test_messages_lose_secrets_alone(text: str, shown: str) -> None:
    """Other addresses, places and conditions stay."""
    assert without_secrets(text) == shown
