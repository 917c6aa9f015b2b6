"""Cases of the rules on hygiene: statements, and what a rule finds after them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import psycopg

from order_audit.audit.database.server import Server
from tests.lint.support import findings
from tests.support import servers

#: A table of text with few values, analysed.
FEW = (
    "create table t (id bigint generated always as identity primary key, {0});"
    " insert into t ({1}) select {2} from generate_series(1, {3}) as n; analyze t"
)


@dataclass(frozen=True)
class Case:
    """SQL in an empty schema, and the findings of a rule there: severities by object.

    `mends`: the suggestion can be run, and resolves all findings.
    """

    name: str
    make: str
    found: dict[str, str] = field(default_factory=dict)
    mends: bool = False
    #: Statements for after it, each in a separate transaction. They may fail, to leave something behind.
    then: tuple[str, ...] = ()
    #: The servers on which it is so: from this one on, and before that one.
    since: int = 15
    before: int = 99


def execute(dsn: str, *statements: str) -> None:
    """Run statements one by one, as if pasted into a client."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        # statistics would arrive some time after the end of the session
        connection.execute("select pg_stat_force_next_flush()")


def check_all(server: Server, rule: str, cases: list[Case]) -> None:
    """Check the cases that this server can have, in one database."""
    dsn = servers.new_database(server)
    try:
        with psycopg.connect(dsn) as connection:
            major = connection.info.server_version // 10000
        for case in cases:
            if case.since <= major < case.before:
                check(dsn, rule, case)
    finally:
        servers.drop_database(server, dsn)


def check(dsn: str, rule: str, case: Case) -> None:
    """Create a case, check it, run the suggestion, check again, and remove it."""
    execute(dsn, case.make)
    for statement in case.then:
        with contextlib.suppress(psycopg.errors.UniqueViolation):
            execute(dsn, statement)
    found = findings(dsn, rule)
    assert {finding.object: finding.severity for finding in found} == case.found, case.name
    assert len(found) == len(case.found), case.name
    assert all(finding.suggestion for finding in found), case.name
    # runnable suggestions are run
    assert case.mends or all(finding.remedy != "statement" for finding in found), case.name
    if case.mends:
        for finding in found:
            execute(dsn, *finding.suggestion.split(";\n"))
        assert findings(dsn, rule) == (), case.name
    with psycopg.connect(dsn, autocommit=True) as connection:
        for (schema,) in connection.execute(
            "select format('%I', nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
        ).fetchall():
            connection.execute(f"drop schema {schema} cascade".encode())
        connection.execute("create schema public")
