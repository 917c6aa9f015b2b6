"""Random changes of the scenario's tables."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psycopg

_FILE: Final = Path(__file__).with_suffix(".sql")
#: The statements of the file.
CHANGES: Final = [it.strip() for it in _FILE.read_text(encoding="utf-8").partition("\n")[2].split(";\n") if it.strip()]


def change(connection: psycopg.Connection, at: random.Random, log: list[str], orders: int = 700) -> None:
    """Do one random change; one that a constraint refuses is none."""
    values = {
        ":number": str(at.randint(0, 10_000)),
        ":orders": _array(at.randint(1, orders) for _ in range(at.randint(1, 4))),
        ":customers": _array(at.randint(1, 60) for _ in range(2)),
    }
    text = at.choice(CHANGES)
    for name, value in values.items():
        text = text.replace(name, value)
    log.append(text)
    try:
        connection.execute(text.encode())
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        log[-1] += "  -- refused"


def _array(numbers: Iterable[int]) -> str:
    return f"'{{{','.join(map(str, numbers))}}}'"
