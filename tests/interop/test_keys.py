"""The keys of tables that `import` looks up in a database."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.interop.check import Table
from order_audit.audit.interop.keys import primary_keys
from tests.support import servers

TABLES = """
create schema "My Data";
create table "My Data"."Both" (b int not null unique, a int, c int, primary key (c, a));
create table parted (day date, n int, primary key (n, day)) partition by range (day);
create table covered (a int not null, b int not null, note text);
create unique index on covered (b, a) include (note);
create unique index on covered (a) where b > 0;
create table without (a int, b int not null);
create unique index on without (a);
create unique index on without ((b + 1));
"""


@pytest.mark.both_versions
def test_keys_are_the_primary_key_or_a_unique_index_without_null(
    servers_by_major: dict[int, Server], major: int
) -> None:
    both, parted, covered = Table("Both", "My Data"), Table("parted"), Table("covered")
    with servers.database(servers_by_major[major]) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(TABLES.encode())
        found = primary_keys(dsn, [both, parted, covered, Table("without"), Table("nowhere")])
        assert found == {both: ("c", "a"), parted: ("n", "day"), covered: ("b", "a")}
        # the schema is that of tables without one
        assert primary_keys(dsn, [Table("Both"), parted], "My Data") == {Table("Both"): ("c", "a")}
