"""Keys of JSON documents in several spellings."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.profiling.json_keys import variants
from tests.profile.profiled import profile_of


@pytest.mark.both_versions
@pytest.mark.parametrize("kind", ["json", "jsonb"])
def test_keys_that_differ_in_case_and_separators_are_listed(dsn: str, kind: str) -> None:
    """With their counts, the most frequent first; other keys are not."""
    with psycopg.connect(dsn) as connection:
        connection.execute(f"create table t (id int primary key, doc {kind})".encode())
        connection.execute(
            """insert into t values (1, '{"api-key": 1, "user id": 1}'), (2, '{"api-key": 1, "user": 1}'),
            (3, '{"apiKey": 1, "API_KEY": 2, "keys": 1}'), (4, '{"key": {"Key": 1}, "userId": 1, "-": 1, "_": 1}')"""
        )
    found = profile_of(dsn, "t")["t"]["columns"]["doc"]["variants"]
    assert [[(it["key"], it["count"]) for it in ways] for ways in found] == [
        [("api-key", 2), ("API_KEY", 1), ("apiKey", 1)],
        [("user id", 1), ("userId", 1)],
    ]


def test_a_column_without_variants_says_nothing(sample: str) -> None:
    """As the sample data has none."""
    assert "variants" not in profile_of(sample, "orders")["orders"]["columns"]["delivery_script_args"]
    assert variants([("a", 1), ("b", 2), ("", 3), ("-", 1)]) == []
