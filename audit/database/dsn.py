"""Where the database is, and how to say so without its password."""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg import conninfo

from order_audit.audit.database import pooler, watchdog
from order_audit.errors import ConnectError, UsageError

#: A connection is bounded in time, and its end is noticed where the network only falls silent (seconds; the last in
#: milliseconds).
_DEFAULTS: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
#: Parts of libpq's words for secrets: password, sslpassword, oauth_client_secret, scram_client_key, scram_server_key.
_SECRETS: Final = ("password", "secret", "scram_")
_NOTHING = "no database given: use --dsn, set DATABASE_URL or PGHOST and the like, or try --dsn embedded"


def resolve(given: str | None) -> str:
    """The DSN of a command: `--dsn`, else DATABASE_URL, else what libpq finds in PG* variables and service files.

    Raises UsageError without any DSN, or for an invalid one.
    """
    dsn = given or os.environ.get("DATABASE_URL") or ""
    if dsn.strip() == "embedded":
        from order_audit.audit.database import embedded

        return embedded.use()
    if not dsn.strip():
        if not any(
            os.environ.get(name) for name in ("PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE", "PGPORT", "PGUSER")
        ):
            raise UsageError(_NOTHING)
        return ""
    try:
        conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        # libpq quotes the unreadable part, which may be the password
        message = " ".join(str(error).split())
        if not message.startswith('missing "="'):
            message = re.sub('".*"', '"…"', message)
        message = re.sub('(missing "=") after ".*"', r"\1 after a word", message)
        raise UsageError(
            f"not a DSN ({message}): give a URL like postgresql://user@host/database,"
            " or words like 'host=... dbname=...'"
        ) from None
    if "://" in dsn and _is_misread(conninfo.conninfo_to_dict(dsn)):
        raise UsageError(
            "not a DSN: its host or port is invalid; in a password, write / @ : ? # % as %2F %40 %3A %3F %23 %25"
        )
    return dsn


def _is_misread(words: dict[str, Any]) -> bool:
    """Whether a URL fell apart in the wrong places, as it does when its password holds a slash or an at sign."""
    ports = str(words.get("port") or "").split(",")
    return (
        "@" in str(words.get("host") or "")
        or "@" in str(words.get("dbname") or "")
        or not all(port.isdecimal() for port in ports if port)
    )


class OneStatement(psycopg.Cursor[Any]):
    """A cursor that sends everything by the extended protocol, which takes one statement and refuses a second one.

    Without parameters psycopg would use the simple protocol, where text from a file could end our transaction and go
    on with a statement of its own. COPY has no parameters, and no public option to choose the protocol.
    """

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:  # noqa: ARG002
        super()._execute_send(query, force_extended=True, binary=binary)


# a psycopg that sends in another way must not fall back to the simple protocol in silence
if not {"force_extended", "binary"} <= inspect.signature(psycopg.Cursor._execute_send).parameters.keys():
    raise ImportError(f"psycopg {psycopg.__version__} sends statements in an unknown way: install a version below 4")


def connect(dsn: str, *, autocommit: bool = False, one_statement: bool = False) -> psycopg.Connection:
    """Connect as application `order-audit` with UTF-8; `one_statement` rejects texts of several statements.

    Raises ConnectError with the server's message in one line.
    """
    factory = OneStatement if one_statement else psycopg.Cursor
    try:
        connection = psycopg.connect(dsn, autocommit=autocommit, cursor_factory=factory, **_defaults(dsn))
        with closing_on_error(connection):
            if not watchdog.watch(connection, another(connection, dsn)):
                pooler.enter(connection)
        return connection
    except psycopg.OperationalError as error:
        # the first line has the error, the others are hints; the address precedes the last "failed: "
        messages = [line.split("failed: ")[-1].strip() for line in str(error).splitlines() if line.strip()]
        message = messages[0] if messages else "no answer"
        if message == "No such file or directory" and (socket := re.search(r'on socket "([^"]*)"', str(error))):
            message = f"no server at socket {socket[1]}"
        raise ConnectError(masked(dsn), _without_password(dsn, message)) from None


@contextmanager
def closing_on_error(connection: psycopg.Connection) -> Iterator[None]:
    """Close the connection if the body fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def another(connection: psycopg.Connection, dsn: str) -> Callable[[float], psycopg.Connection]:
    """Return what makes another connection to the same host as one of this DSN, which may name several, in seconds."""
    info = connection.info
    place = {"host": info.host, "hostaddr": info.hostaddr, "port": info.port, "target_session_attrs": "any"}
    return functools.partial(_another, dsn, place)


def _another(dsn: str, place: dict[str, Any], seconds: float) -> psycopg.Connection:
    words = _defaults(dsn) | place | {"connect_timeout": max(2, round(seconds))}
    return psycopg.connect(dsn, autocommit=True, **words)


def _defaults(dsn: str) -> dict[str, Any]:
    """Return what DSN, environment and service file leave open."""
    given: dict[str, Any] = {option.keyword.decode(): option.val for option in psycopg.pq.Conninfo.get_defaults()}
    given |= conninfo.conninfo_to_dict(dsn)
    defaults = {name: value for name, value in _DEFAULTS.items() if not given.get(name)}
    return defaults | {"fallback_application_name": "order-audit", "client_encoding": "utf8"}


def masked(dsn: str) -> str:
    """The DSN in words, with the password masked."""
    words = conninfo.conninfo_to_dict(dsn)
    shown = {name: "***" if is_secret(name) else str(value) for name, value in words.items() if value is not None}
    return " ".join(f"{name}={value}" for name, value in shown.items()) or "the database that the PG* variables name"


def _without_password(dsn: str, text: str) -> str:
    for name, value in conninfo.conninfo_to_dict(dsn).items():
        if is_secret(name) and value:
            text = text.replace(str(value), "***").replace(quote(str(value), safe=""), "***")
    return text


def is_secret(word: str) -> bool:
    """Return whether a word of libpq's holds a secret: a password, a key, and no file of one."""
    return any(part in word for part in _SECRETS)


def described(connection: psycopg.Connection) -> tuple[str, str]:
    """The database's name and the host of a connection; a socket's folder is shown as `local socket`."""
    host = connection.info.host
    return connection.info.dbname, "local socket" if Path(host).is_absolute() or not host else host
