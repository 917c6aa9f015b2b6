"""Settings that a role or a database brings along: results without them, and causes that are named."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.scans.prepared_rule import failure
from order_audit.expectations import load
from tests.support import servers
from tests.support.program import order_audit

#: What is another in each run: times, and the name of the secret of a run without a key file.
_TIMES: Final = {"run", "duration_ms", "key_id"}
_ODD: Final = {
    "old": {
        "standard_conforming_strings": "off",
        "escape_string_warning": "on",
        "backslash_quote": "off",
        "quote_all_identifiers": "on",
        "array_nulls": "off",
        "xmlbinary": "hex",
        "xmloption": "document",
        "bytea_output": "escape",
        "DateStyle": "SQL, DMY",
        "IntervalStyle": "postgres_verbose",
        "TimeZone": "Asia/Kathmandu",
        "extra_float_digits": "-15",
        "transform_null_equals": "on",
        "default_transaction_isolation": "serializable",
        "default_transaction_deferrable": "on",
        "default_transaction_read_only": "on",
        "row_security": "on",
        "client_min_messages": "debug1",
        "search_path": "nowhere",
        "lo_compat_privileges": "on",
        "plan_cache_mode": "force_generic_plan",
        "from_collapse_limit": "1",
        "enable_hashagg": "off",
        "work_mem": "64kB",
        "lc_messages": "C.UTF-8",
        "lc_monetary": "C.UTF-8",
        "lc_numeric": "C.UTF-8",
        "lc_time": "C.UTF-8",
    },
    "strict": {
        "backslash_quote": "on",
        "DateStyle": "German, YMD",
        "IntervalStyle": "sql_standard",
        "TimeZone": "America/St_Johns",
        "extra_float_digits": "3",
        "default_transaction_isolation": "read uncommitted",
        "row_security": "off",
        "client_min_messages": "error",
        "search_path": "pg_temp, nowhere, public",
        "constraint_exclusion": "on",
        "enable_hashjoin": "off",
        "enable_nestloop": "off",
        "geqo_threshold": "2",
        "check_function_bodies": "off",
        "statement_timeout": "1h",
        "plan_cache_mode": "force_custom_plan",
    },
}


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> Iterator[str]:
    """A database with issues."""
    with servers.database(server_18, "issues") as made:
        yield made


@pytest.fixture(scope="module")
def plain(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the commands say without any setting."""
    return said(dsn, tmp_path_factory.mktemp("plain"))


def said(dsn: str, out: Path) -> dict[str, Any]:
    """The result of an audit, and the plan of the fixes."""
    run = order_audit("run", "--dsn", dsn, "--schema", "public", "--out", str(out), "--quiet", "--fail-on", "never")
    assert (run.returncode, run.stderr) == (0, "")
    plan = order_audit("fixes", "plan", "--dsn", dsn, "--schema", "public", "--quiet", COLUMNS="120")
    assert (plan.returncode, plan.stderr) == (0, "")
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return {**_timeless(document), "violations": (out / "violations.csv").read_bytes(), "plan": plan.stdout}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(it) for name, it in value.items() if name not in _TIMES}
    return [_timeless(it) for it in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", list(_ODD))
def test_results_do_not_depend_on_settings(name: str, dsn: str, plain: dict[str, Any], tmp_path: Path) -> None:
    """Settings that change what a query means, finds or shows are ours."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        database = connection.info.dbname
        for setting, value in _ODD[name].items():
            given = value if setting == "search_path" else f"'{value}'"
            connection.execute(f"alter database {database} set {setting} = {given}".encode())
        try:
            found = said(dsn, tmp_path)
        finally:
            connection.execute(f"alter database {database} reset all".encode())
    assert found.keys() == plain.keys()
    for part, there in plain.items():
        assert found[part] == there, part


def test_a_default_of_reading_only_is_named(server_15: Server) -> None:
    """Commands that change nothing work; the others say which setting it is, whose, and what to do."""
    with servers.database(server_15, "sample") as made:
        with psycopg.connect(made, autocommit=True) as connection:
            database = connection.info.dbname
            connection.execute(f"alter database {database} set default_transaction_read_only = on".encode())
        reading: tuple[tuple[str, ...], ...] = (
            ("fixes", "plan", "--quiet"),
            ("fixes", "status"),
            ("migrate", "plan", "--quiet"),
        )
        for words in reading:
            done = order_audit(*words, DATABASE_URL=made)
            assert (done.returncode, done.stderr) == (0, ""), words
        said = (
            f"order-audit: default_transaction_read_only is on for database {database}, so this connection may only"
            " read: use the DSN of a role that may write, or set PGOPTIONS='-c default_transaction_read_only=off'\n"
        )
        for words in (
            ("fixes", "apply", "--quiet"),
            ("fixes", "apply", "--rehearse", "--quiet"),
            ("fixes", "revert", "--quiet"),
            ("migrate", "run", "--quiet"),
            ("migrate", "rollback", "--quiet"),
            ("scenario", "load", "--schema", "other"),
            ("scenario", "generate", "--orders", "1", "--customers", "1", "--quiet"),
        ):
            done = order_audit(*words, DATABASE_URL=made)
            assert (done.returncode, done.stdout, done.stderr) == (3, "", said), words
        writing = {"DATABASE_URL": made, "PGOPTIONS": "-c default_transaction_read_only=off"}
        assert order_audit("fixes", "apply", "--rehearse", "--quiet", **writing).returncode == 0


def test_few_connections(dsn: str, server_18: Server, tmp_path: Path) -> None:
    """An audit takes the connections that it gets, and says how many it needs."""
    options = (
        "--plan-fixes",
        "--jobs",
        "4",
        "--quiet",
        "--no-lint",
        "--no-profile",
        "--fail-on",
        "never",
        "--out",
        str(tmp_path),
    )
    with psycopg.connect(server_18.dsn(), autocommit=True) as connection:
        connection.execute("create role few login connection limit 2 in role pg_read_all_data")
        try:
            limited = psycopg.conninfo.make_conninfo(dsn, user="few")
            done = order_audit("run", *options, DATABASE_URL=limited)
            assert (done.returncode, done.stderr) == (0, "")
            document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
            assert document["summary"]["errored"] == 0
            note = '1 of 4 connections for scans were opened: too many connections for role "few"'
            assert document["run"]["notes"] == [note]
            assert note in html.unescape((tmp_path / "report.html").read_text(encoding="utf-8"))
            loud = order_audit("run", *(it for it in options if it != "--quiet"), DATABASE_URL=limited)
            assert f"note: {note}\n" in loud.stderr
            assert document["fix_plan"].get("reason") is None
            assert document["fix_plan"]["fixes"]
            connection.execute("alter role few connection limit 1")
            done = order_audit("run", *options, DATABASE_URL=limited)
            assert done.returncode == 3
            said = 'too many connections for role "few"; one connection is open, and an audit needs two'
            assert said in done.stderr
        finally:
            connection.execute("drop role few")


def test_a_limit_is_named_in_any_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own words depend on lc_messages: here they are German, where it has them."""
    monkeypatch.setenv("LANGUAGE", "de")
    with servers.running(15) as server, Snapshot(server.dsn(), settings=(("lc_messages", "C.UTF-8"),)) as snapshot:
        connection = snapshot.connection
        connection.execute("set local statement_timeout = '2s'")
        with pytest.raises(psycopg.errors.QueryCanceled) as canceled, connection.transaction():
            connection.execute("select pg_sleep(600)")
        said = failure(connection, load("current").rules[0], canceled.value, offset=None, unmask=False).message
        assert said.endswith("; statement_timeout is 2s: --statement-timeout SECONDS sets another")
        # a cancel by an administrator has the same code, and no limit is its cause
        with pytest.raises(psycopg.errors.QueryCanceled) as canceled, connection.transaction():
            connection.execute("select pg_cancel_backend(pg_backend_pid()), pg_sleep(600)")
        said = failure(connection, load("current").rules[0], canceled.value, offset=None, unmask=False).message
        assert "statement_timeout" not in said
