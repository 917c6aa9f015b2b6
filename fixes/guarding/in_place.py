"""The guards that a database has: those that are shipped, and those of one's own that it has a record of."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.guard_state import state
from order_audit.fixes.guarding.installed import on_search_path, recorded


@dataclass(frozen=True)
class InPlace:
    """The names of guards: those that work, and those of which an object is missing, changed, invalid or disabled."""

    valid: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


def in_place(connection: psycopg.Connection) -> InPlace:
    """Return the guards of a database; the connection is in autocommit mode.

    A shipped guard is incomplete only if an object of it is there and does not work.
    """
    states = {}
    for name, guard in guards().items():
        if (found := state(connection, guard)) in ("valid", "invalid"):
            states[name] = found
    for one in recorded(connection):
        with on_search_path(connection, one.search_path):
            found = state(connection, one.guard)
        # of one name on two search paths, the one that does not work is listed
        if states.get(one.guard.name) != "invalid":
            states[one.guard.name] = "valid" if found == "valid" else "invalid"
    return InPlace(
        tuple(name for name, found in states.items() if found == "valid"),
        tuple(name for name, found in states.items() if found != "valid"),
    )
