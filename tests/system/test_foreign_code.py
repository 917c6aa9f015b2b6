"""Who counts as another role that may create functions: the ways to be trusted, and the ways not to be."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.foreign_code import foreign_code
from tests.lint.support import findings
from tests.support import servers

ROLES = ("fc_owner", "fc_member", "fc_app", "fc_stranger", "fc_group", "fc_empty", "fc_tables")
#: The schema owner's own rights, a member of it, a group without members, and the only owner of tables.
SOUND = """
create schema shop authorization fc_owner;
grant create on schema shop to fc_member, fc_empty, fc_tables;
grant usage on schema shop to public;
create table shop.t (id int primary key);
alter table shop.t owner to fc_tables;
"""
#: By what is granted or made: the roles that are named, and what they have made.
CASES = {
    "a role": ("grant create on schema shop to fc_app", ("fc_app",), ()),
    "a group": ("grant create on schema shop to fc_group", ("fc_group",), ()),
    "PUBLIC": ("grant create on schema shop to public", ("PUBLIC",), ()),
    "two owners of tables": (
        "create table shop.u (id int); alter table shop.u owner to fc_app; grant create on schema shop to fc_app",
        ("fc_app", "fc_tables"),
        (),
    ),
    "a role that may not connect": (
        "revoke connect on database {database} from public; grant create on schema shop to fc_app",
        (),
        (),
    ),
    "a function that is left": (
        "grant create on schema shop to fc_app; set role fc_app;"
        " create function shop.lower(varchar) returns text language sql as 'select null::text';"
        " create function shop.own(int) returns int language sql as 'select 1';"
        " reset role; revoke create on schema shop from fc_app",
        (),
        ("function lower(character varying) of fc_app",),
    ),
    "a function of the owner": (
        "set role fc_owner; create function shop.lower(varchar) returns text language sql as 'select null::text'",
        (),
        (),
    ),
}


@pytest.fixture(scope="module", params=[18, 15])
def shop(request: pytest.FixtureRequest) -> Iterator[str]:
    server: Server = request.getfixturevalue(f"server_{request.param}")
    with servers.database(server) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        for role in ROLES:
            connection.execute(f"create role {role} {'nologin' if role in ('fc_group', 'fc_empty') else 'login'}")
        connection.execute("grant fc_owner to fc_member")
        connection.execute("grant fc_group to fc_stranger")
        connection.execute(SOUND)
        yield dsn
        connection.execute(f"drop owned by {', '.join(ROLES)} cascade")
        connection.execute(f"drop role {', '.join(ROLES)}")


@pytest.mark.parametrize("case", CASES)
def test_other_roles_are_named(shop: str, case: str) -> None:
    """By what the schema grants, to whom, and whether such a role can connect at all."""
    text, creators, objects = CASES[case]
    with psycopg.connect(shop) as connection:
        assert foreign_code(connection, ["shop", "public", "none"]) == []
        connection.execute(text.format(database=connection.info.dbname).encode())
        connection.execute("reset role")
        found = foreign_code(connection, ["shop"])
        assert [it.creators for it in found] == [creators] * bool(creators or objects)
        assert [f"{it.kind} {it.text} of {it.role}" for code in found for it in code.objects] == list(objects)
        assert not found or ("shop" in found[0].text and all(it in found[0].text for it in creators))
        connection.rollback()


def test_the_schema_lint_names_roles(shop: str) -> None:
    """One finding for PUBLIC, another one for roles, and none for members of the owner."""
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("grant create on schema shop to fc_app, fc_group")
        found = [it for it in findings(shop, "public_cannot_write") if it.object == "shop"]
        assert [it.message for it in found] == [
            "fc_app, fc_group may create objects in schema shop, and are no members of its owner fc_owner"
        ]
        for statement in found[0].suggestion.split(";"):
            connection.execute(statement.encode())
        assert not findings(shop, "public_cannot_write")
