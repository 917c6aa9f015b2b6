"""Say that a connection was lost, why, what state things are in, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from order_audit.audit.database import watchdog
from order_audit.canceled import CanceledError, is_timeout
from order_audit.errors import RunError, SignalError, StandbyError
from order_audit.server_message import server_message

#: The state of things after a command that only reads.
UNCHANGED: Final = "the database is unchanged"


def lost(connections: Iterable[psycopg.Connection], error: psycopg.Error, state: str) -> RunError:
    """Return the error of a lost connection. `state` is that of the database, in a main clause."""
    connections = list(connections)
    reasons = [why for connection in connections if (why := watchdog.reason(connection))]
    if not reasons and any(map(is_standby, connections)):
        return StandbyError(server_message(error))
    said = reasons[0] if reasons else server_message(error)
    return RunError(f"the connection was lost: {said}; {state}: run the command again")


def is_standby(connection: psycopg.Connection) -> bool:
    """Whether a connection is, or was until it was lost, one to a standby."""
    try:
        return connection.pgconn.parameter_status(b"in_hot_standby") == b"on"
    except psycopg.Error:  # we have closed it
        return False


@contextmanager
def telling(connection: psycopg.Connection, state: str) -> Iterator[None]:
    """Within it, these errors have the state of the database: a signal raises SignalError, a lost connection RunError.

    So does a statement that another session canceled, or that a limit ended.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise SignalError(f"interrupted; {state}: run the command again") from None
    except CanceledError as error:
        raise RunError(f"{error}; {state}: run the command again") from None
    except psycopg.Error as error:
        if connection.closed:
            raise lost([connection], error, state) from None
        if not isinstance(error, psycopg.errors.QueryCanceled):
            raise
        said = server_message(error) if is_timeout(connection, error) else CanceledError()
        raise RunError(f"{said}; {state}: run the command again") from None
