"""Helpers for the tests of the command line: the program as a process, and places where it is used wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final
from unittest import mock

from psycopg import conninfo

from tests.support import program

ROOT: Final = Path(__file__).parents[2]
PASSWORD: Final = "hunter2-Zx81"
ENVIRONMENT: Final = {"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": str(ROOT)}
Done = subprocess.CompletedProcess[str]
WORKERS: Final = max(2, os.cpu_count() or 2)


def order_audit(*words: str, env: dict[str, str] | None = None, cwd: Path = ROOT, timeout: float = 120) -> Done:
    """Run the program in a process and a separate environment."""
    return subprocess.run(
        [sys.executable, "-m", "order_audit", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        env=ENVIRONMENT | (env or {}),
        cwd=cwd,
    )


def in_process(*words: str, env: dict[str, str] | None = None, cwd: Path = ROOT) -> Done:
    """Run the program in this process, with nothing of its environment: a start costs most of a short command."""
    with mock.patch.dict(os.environ, ENVIRONMENT | (env or {}), clear=True), chdir(cwd):
        return program.order_audit(*words)


@dataclass
class Place:
    """The objects of the command lines below, by name."""

    folder: Path
    names: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def out(self) -> Path:
        """A folder that is not there yet."""
        return self.folder / f"out-{next(self.numbers)}"


RULE: Final = "-- title: A\n-- severity: info\n-- key: order_id\nselect order_id from orders\n"
#: Suites that cannot be used, as files by name, and what the message must name.
BROKEN: Final[dict[str, tuple[dict[str, str | bytes], str]]] = {
    "no_header": ({"a.sql": "select 1 as order_id\n"}, "a.sql"),
    "unknown_header": ({"a.sql": RULE.replace("-- key", "-- colour: red\n-- key")}, "a.sql:3"),
    "header_twice": ({"a.sql": RULE.replace("-- key", "-- title: B\n-- key")}, "a.sql:3"),
    "no_title": ({"a.sql": RULE.replace("-- title: A\n", "")}, "'title'"),
    "no_severity": ({"a.sql": RULE.replace("-- severity: info\n", "")}, "'severity'"),
    "no_key": ({"a.sql": RULE.replace("-- key: order_id\n", "")}, "'key'"),
    "empty_key": ({"a.sql": RULE.replace("key: order_id", "key: order_id,,x")}, "a.sql"),
    "key_twice": ({"a.sql": RULE.replace("key: order_id", "key: a, a")}, "a.sql"),
    "bad_severity": ({"a.sql": RULE.replace("info", "urgent")}, "'urgent'"),
    "bad_needs": ({"a.sql": RULE.replace("-- key", "-- requires: order_ref\n-- key")}, "'order_ref'"),
    "no_statement": ({"a.sql": RULE.split("select")[0]}, "a.sql"),
    "empty_file": ({"a.sql": ""}, "a.sql"),
    "two_statements": ({"a.sql": RULE + ";\nselect 2\n"}, "a.sql"),
    "update": ({"a.sql": RULE.split("select")[0] + "update orders set order_ref = 1 returning order_id\n"}, "a.sql"),
    "delete_in_with": (
        {"a.sql": RULE.split("select")[0] + "with d as (delete from orders returning *) select order_id from d\n"},
        "a.sql",
    ),
    "select_into": ({"a.sql": RULE.split("select")[0] + "select order_id into t from orders\n"}, "a.sql"),
    "for_update": ({"a.sql": RULE.split("select")[0] + "select order_id from orders for update\n"}, "a.sql"),
    "not_utf8": ({"a.sql": RULE.encode() + b"-- \xe9\n"}, "a.sql"),
    "same_id": ({"a/b.sql": RULE, "a.b.sql": RULE}, "a.b"),
    "nothing_in_it": ({"readme.txt": "no rule"}, "nothing_in_it"),
}


def variables(dsn: str) -> dict[str, str]:
    """A DSN as libpq's variables."""
    words = conninfo.conninfo_to_dict(dsn)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    return {name: str(words[word]) for word, name in names.items()}
