"""Run a part of a profile so that its error is a figure, and the connection stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from order_audit.audit import mask


def guarded(connection: psycopg.Connection, unmask: bool, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of `work`, or its error; its session settings are rolled back."""
    try:
        with connection.transaction(force_rollback=True):
            return work()
    except psycopg.Error as error:
        if connection.closed:
            raise
        return {"error": mask.error(error, unmask=unmask)}
