"""Fixtures of the tests of the scenario: its files loaded, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.scenario.facts import SAMPLE, SCHEMA, load

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def empty(dsn: str) -> Iterator[Connection]:
    """A connection to an empty database."""
    with psycopg.connect(dsn) as connection:
        yield connection


@pytest.fixture
def current(empty: Connection) -> Connection:
    """A connection to the current schema, without data."""
    load(empty, SCHEMA)
    return empty


@pytest.fixture
def handed_out(current: Connection) -> Connection:
    """A connection to the current schema and its sample data."""
    load(current, SAMPLE)
    return current
