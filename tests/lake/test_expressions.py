"""Each function, operator and cast that is translated has PostgreSQL's values on hostile ones, and its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.lake.translate import NotTranslatable, duckdb_dialect
from order_audit.audit.lake.translate.dialect import Dialect, Signature
from tests.lake.compared import Both
from tests.lake.expressions import EXPRESSIONS
from tests.support import servers

#: Signatures and casts that have been used.
USED: Final[set[str]] = set()


@dataclass(frozen=True)
class _Noted(Signature):
    """A signature that notes its use."""

    def render(self, *operands: str) -> str:
        USED.add(str(self))
        return super().render(*operands)


class _Casts(dict[str, str]):
    """Casts that note their use."""

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        if key in self:
            USED.add(key)
        return super().get(key, default)


def _noting() -> Dialect:
    of = duckdb_dialect()

    def noted(table: Mapping[str, tuple[Signature, ...]]) -> Mapping[str, tuple[Signature, ...]]:
        return {name: tuple(_Noted(**vars(it)) for it in found) for name, found in table.items()}

    return replace(
        of,
        functions=noted(of.functions),
        operators=noted(of.operators),
        lists=noted(of.lists),
        implicit=_Casts(of.implicit),
        explicit=_Casts(of.explicit),
    )


@pytest.fixture(scope="module")
def both(server: Server) -> Iterator[Both]:
    """Both engines with the tables of values."""
    with servers.database(server) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        yield Both.made(connection)


@pytest.mark.both_versions
@pytest.mark.parametrize("table", EXPRESSIONS)
def test_expressions_have_the_same_values(both: Both, table: str) -> None:
    """Compare each expression on all rows of its table."""
    wrong = {}
    for expression in EXPRESSIONS[table]:
        try:
            difference = both.difference(table, expression)
        except NotTranslatable as error:
            difference = f"not translatable: {error}"
        if difference:
            wrong[expression] = difference
    assert not wrong, "\n".join(f"{key}: {value}" for key, value in wrong.items())


def test_every_signature_has_an_expression(both: Both) -> None:
    """What is on the list of the dialect is in the table of expressions."""
    noting = _noting()
    for table, expressions in EXPRESSIONS.items():
        for expression in expressions:
            both.translated(table, expression, noting)
    tables = (noting.functions, noting.operators, noting.lists)
    listed = {str(it) for table in tables for found in table.values() for it in found}
    listed |= {*noting.implicit, *noting.explicit}
    assert not listed - USED, ", ".join(sorted(listed - USED))
