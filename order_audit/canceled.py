"""A statement that another session canceled, as an administrator does, and one that took longer than its limit."""

from __future__ import annotations

import psycopg

from order_audit import session
from order_audit.errors import RunError


class CanceledError(RunError):
    """Another session canceled a statement (pg_cancel_backend). It is never tried again: a person wants it to end."""

    def __init__(self) -> None:
        super().__init__("another session canceled the statement (pg_cancel_backend)")


def refuse_canceled(connection: psycopg.Connection, error: BaseException) -> None:
    """Raise CanceledError if an error is a statement that another session canceled, and no timeout."""
    if isinstance(error, psycopg.errors.QueryCanceled) and not is_timeout(connection, error):
        raise CanceledError from None


def is_timeout(connection: psycopg.Connection, error: psycopg.errors.QueryCanceled) -> bool:
    """Return whether statement_timeout ended a statement, and no other session.

    The server has one SQLSTATE for both, and translates its messages. So this session runs into its timeout on purpose,
    and the places in the server's source and the messages are compared. Its transaction, if any, must not have failed.
    """
    try:
        with connection.transaction():
            session.set_timeouts(connection, statement=1)
            connection.execute("select pg_catalog.pg_sleep(1) -- order-audit: how the server reports a timeout")
    except psycopg.errors.QueryCanceled as timeout:
        return _place(timeout) == _place(error)
    return False


def _place(error: psycopg.Error) -> tuple[str | None, ...]:
    return error.diag.source_file, error.diag.source_line, error.diag.message_primary
