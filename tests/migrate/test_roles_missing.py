"""What the commands say of roles that do not exist, or have no privileges yet."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.cli.migrate_connection import roles_line
from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import steps
from tests.migrate.migrating import migrate
from tests.migrate.steps import take
from tests.migrate.with_roles import ROLES, database

NONE = f"roles that do not exist: {', '.join(ROLES)}. An administrator runs scenario/proposed/roles.sql with psql"
GRANT = "select sales_private.grant_roles()"


@pytest.mark.both_versions
def test_the_line_says_what_to_do_and_that_helps(server: Server, sample: str) -> None:
    """Before the schema exists, with it, with the roles, and with their privileges."""
    with psycopg.connect(sample, autocommit=True) as connection:
        assert roles_line(connection) == f"\n\n{NONE}"
        said: list[str | None] = []
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary))
        take(connection, steps(PROPOSED), "expand")
        assert f"roles that do not exist: {', '.join(ROLES)}" in said
        assert roles_line(connection) == f"\n\n{NONE}; then run as the owner: {GRANT}"
        with database(server, "schema"):
            unused = f"roles without privileges: {', '.join(ROLES)}. Run as the owner: {GRANT}"
            assert roles_line(connection) == f"\n\n{unused}"
            assert connection.execute(GRANT.encode()).fetchone() == ([],)
            assert roles_line(connection) == ""
            connection.execute(f"drop owned by {', '.join(ROLES)}".encode())


def test_the_commands_print_it(sample: str) -> None:
    """`plan` before the schema exists, the others with it."""
    assert NONE in migrate(sample, "plan").splitlines()
    for words in (["run", "--to", "expand"], ["status"]):
        assert f"{NONE}; then run as the owner: {GRANT}" in migrate(sample, *words).splitlines()
