"""Fixtures of the tests of judged suggestions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lint import support


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    """Close the connection that the tests of a module share."""
    yield
    support.close()
