"""Generated data, and what an audit finds in it."""

from __future__ import annotations

import io
from typing import Any

import psycopg

from order_audit import scenario


def generate(dsn: str, **arguments: Any) -> tuple[scenario.Generated, str]:
    """Generate data; gives what was made, and the truth as text."""
    truth = io.StringIO()
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = scenario.generate(connection, truth=truth, **arguments)
    return made, truth.getvalue()
