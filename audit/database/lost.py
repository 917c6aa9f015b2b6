"""Say that a connection was lost, why, what state things are in, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from order_audit.audit.database import watchdog
from order_audit.errors import RunError, SignalError
from order_audit.server_message import server_message

#: The state of things after a command that only reads.
UNCHANGED: Final = "the database is unchanged"


def lost(connections: Iterable[psycopg.Connection], error: psycopg.Error, state: str) -> RunError:
    """Return the error of a lost connection. `state` is that of the database, in a main clause."""
    reasons = [why for connection in connections if (why := watchdog.reason(connection))]
    said = reasons[0] if reasons else server_message(error)
    return RunError(f"the connection was lost: {said}; {state}: run the command again")


@contextmanager
def telling(connection: psycopg.Connection, state: str) -> Iterator[None]:
    """Within it, a lost connection raises RunError and a signal SignalError, both with the state of the database."""
    try:
        yield
    except KeyboardInterrupt:
        raise SignalError(f"interrupted; {state}: run the command again") from None
    except psycopg.Error as error:
        if not connection.closed:
            raise
        raise lost([connection], error, state) from None
