"""Fixtures of the tests of the command line."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import conninfo

from order_audit.audit.database.server import Server
from tests.cli.support import BROKEN, PASSWORD, Place
from tests.support import servers


@pytest.fixture(scope="module")
def guarded(server_18: Server) -> Iterator[str]:
    """The password of a role that the server asks for one; beside it one that may read nothing."""
    hba = server_18.data / "pg_hba.conf"
    before = hba.read_text(encoding="utf-8")
    hba.write_text("local all oa_guarded scram-sha-256\n" + before, encoding="utf-8")
    with psycopg.connect(server_18.dsn(), autocommit=True) as connection:
        connection.execute(f"create role oa_guarded login password '{PASSWORD}'".encode())
        connection.execute("create role oa_stranger login")
        connection.execute("select pg_reload_conf()")
    yield PASSWORD
    hba.write_text(before, encoding="utf-8")
    with psycopg.connect(server_18.dsn(), autocommit=True) as connection:
        connection.execute("drop role oa_guarded")
        connection.execute("drop role oa_stranger")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="module")
def databases(server_18: Server) -> Iterator[dict[str, str]]:
    """The sample data, the issues, and nothing at all."""
    made = {name: servers.new_database(server_18, name) for name in ("sample", "issues")}
    made["empty"] = servers.new_database(server_18)
    yield made
    for dsn in made.values():
        servers.drop_database(server_18, dsn)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, databases: dict[str, str], guarded: str) -> Iterator[Place]:
    """Files, folders and databases that are wrong in one way each."""
    folder = tmp_path_factory.mktemp("cli")
    found = Place(folder)
    for name, (files, _) in BROKEN.items():
        for path, content in files.items():
            file = folder / "broken" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "text.json").write_text("not json", encoding="utf-8")
    (folder / "list.json").write_text("[1, 2]", encoding="utf-8")
    (folder / "other.json").write_text('{"format": "order-audit/99", "results": []}', encoding="utf-8")
    (folder / "binary.json").write_bytes(b"\xff\xfe\x00\x01")
    (folder / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    (folder / "damaged.json").write_text(
        '{"format": "order-audit/2", "run": {}, "summary": {}, "results": [{"rule": "a"}]}', encoding="utf-8"
    )
    (folder / "file").write_text("in the way", encoding="utf-8")
    (folder / "no-server").mkdir()
    words = conninfo.conninfo_to_dict(databases["sample"])
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        found.names = {
            "folder": str(folder),
            "sample": databases["sample"],
            "empty": databases["empty"],
            "socket": str(words["host"]),
            "port": str(words["port"]),
            "db": str(words["dbname"]),
            "closed": str(port),  # bound, and not listening
            "password": guarded,
        }
        yield found
