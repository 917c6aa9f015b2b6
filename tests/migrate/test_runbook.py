"""The runbook's commands, run by a shell in their order: the rehearsal, from the copy to the last step."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from tests.migrate import with_roles
from tests.migrate.migrating import rows
from tests.migrate.monitoring import alerts, table
from tests.support import servers
from tests.support.docs import ROOT

TEXT = (PROPOSED / "runbook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
ROLES = ", ".join(with_roles.ROLES)
#: The owner of the tables, who is no superuser.
OWNER = "shop_owner"
#: Printed before each block, for the messages of this test.
MARK = "== block %s =="


def shell(script: str, folder: Path, server: Server, **variables: str) -> str:
    """What a script prints to stdout, run to its end in the folder, with the server's programs and the project's."""
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | variables | {"PATH": f"{folder / 'bin'}:{server.bin}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the project's files, and the program under its name."""
    (tmp_path / "scenario").symlink_to(ROOT / "scenario")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "order-audit"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m order_audit "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def of_owner(dsn: str) -> str:
    """The DSN of the tables' owner."""
    return make_conninfo(dsn, user=OWNER)


@contextmanager
def owned(server: Server, template: str) -> Iterator[str]:
    """A database whose owner, and that of its tables, is no superuser; return its DSN as an administrator."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create role {OWNER} login".encode())
        try:
            with servers.database(server, template) as dsn:
                connection.execute(f"alter database {servers.name_of(dsn)} owner to {OWNER}".encode())
                with psycopg.connect(dsn, autocommit=True) as other:
                    other.execute(
                        f"alter table customers owner to {OWNER}; alter table orders owner to {OWNER}".encode()
                    )
                yield dsn
        finally:
            connection.execute("drop database if exists shop_rehearsal with (force)")
            connection.execute(f"drop owned by {OWNER}; drop role {OWNER}; drop role if exists {ROLES}".encode())


def test_every_command_of_the_runbook_runs_in_its_order(server: Server, folder: Path) -> None:
    """As the roles that the page names: the owner of the tables, and an administrator where it says so.

    `--both-versions` runs it on 15, too, where its parts run in tests of their own.
    """
    with owned(server, "issues") as production:
        copy = of_owner(server.dsn("shop_rehearsal"))
        script = "\n".join(f"echo '{MARK % number}'\n{block}" for number, block in enumerate(BLOCKS))
        for name, dsn in (
            ("PRODUCTION_URL", of_owner(production)),
            ("ADMIN_URL", production),
            ("RESTORE_URL", server.dsn("shop_rehearsal")),
            ("DATABASE_URL", copy),
            ("OWNER", OWNER),
        ):
            script, changed = re.subn(rf"^export {name}=.*$", f"export {name}='{dsn}'", script, flags=re.MULTILINE)
            assert changed == 1
        said = shell(script, folder, server)
        for words in (
            "the new tables accept every row: the quarantine is empty",
            "both sides are equal",
            "retire: ",
        ):
            assert words in said
        assert not re.search(f"^({'|'.join(alert.name for alert in alerts())}): ", said, re.MULTILINE)
        # the drill gave the schema back
        before, after = ((folder / f"schema-{when}.sql").read_text() for when in ("before", "after"))
        assert before == after
        assert "CREATE TABLE public.orders" in before
        assert "secret-ref:order-audit" not in said
        with psycopg.connect(copy) as connection:
            row = connection.execute(
                "insert into sales.orders (order_id, customer_id, amount) values (3000000000, 1, 10.50) returning 1"
            ).fetchone()
            assert row == (1,)
            assert connection.execute("select to_regnamespace('order_audit')").fetchone() == (None,)
            found = connection.execute("select count(*) from sales.deliveries where args::text ~ 'secret-ref:order-a'")
            assert found.fetchone() == (0,)
            connection.rollback()


@pytest.mark.both_versions
def test_step_0_is_undone_by_its_dump_and_other_rows_stay(server: Server, folder: Path) -> None:
    (restore,) = re.findall(r"^```bash\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (dump,) = re.findall(r"^pg_dump .*--file=before-step-0.*$", TEXT, re.MULTILINE)
    (by_hand,) = (
        block.partition("order-audit")[0] for block in BLOCKS if "update customers set customer_email" in block
    )
    with servers.database(server, "issues") as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        before = rows(dsn)
        shell(f"{dump}\n{by_hand}", folder, server, DATABASE_URL=dsn)
        connection.execute("update customers set customer_name = 'meanwhile' where customer_id = 1")
        connection.execute("update customers set customer_name = 'overwritten' where customer_id = 105")
        changed = rows(dsn)
        assert len(before["orders"]) == len(changed["orders"]) + 1
        shell(restore, folder, server, DATABASE_URL=dsn)
        after = rows(dsn)
    assert after["orders"] == before["orders"]
    assert [row for row in after["customers"] if row not in before["customers"]] == [
        row for row in changed["customers"] if "meanwhile" in row
    ]


@pytest.mark.both_versions
def test_the_disk_space_before_plan(server: Server, folder: Path) -> None:
    (block,) = (block.partition("order-audit")[0] for block in BLOCKS if "free disk space before plan" in block)
    with servers.database(server, "sample") as dsn, psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select pg_size_pretty(3 * t + 2 * l), pg_size_pretty(21 * t + 2 * l) from (select"
            " pg_total_relation_size('customers') + pg_total_relation_size('orders'),"
            " (select setting::bigint * 1048576 from pg_settings where name = 'max_wal_size' and unit = 'MB')"
            ") as s (t, l)"
        ).fetchone()
        assert row
        said = shell(block, folder, server, DATABASE_URL=dsn)
    assert said.startswith(f"free disk space before plan: at least {row[0]}; {row[1]}, if ")


def test_the_runbook_has_the_table_of_alerts() -> None:
    assert table() in TEXT


def test_the_rehearsal_leaves_the_production_server_alone() -> None:
    """Its administrator prepares the server of the copy, and only the first variable names another one."""
    urls = re.findall(r"^export (\w+)_URL=postgresql://\w+@([\w.]+)/", TEXT, re.MULTILINE)
    (copy,) = {host for name, host in urls if name != "PRODUCTION"}
    assert dict(urls)["PRODUCTION"] != copy
    assert len(urls) == len(dict(urls)) == 4
