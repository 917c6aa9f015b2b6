"""Which function or operator of a name PostgreSQL takes for operands of certain types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.lake.translate.coerce import can_coerce, coerce
from order_audit.audit.lake.translate.collations import combined
from order_audit.audit.lake.translate.context import Context
from order_audit.audit.lake.translate.dialect import Signature
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.typed import DOUBLE, NUMBERS, TEXT, TEXTS, UNKNOWN, Typed

_FAR: Final = 1000


def call(
    context: Context, kind: str, table: Mapping[str, tuple[Signature, ...]], name: str, values: Sequence[Typed]
) -> Typed:
    """Compile a call. `kind` is `function` or `operator`, for the message where none fits."""
    signature = choose(context, kind, table, name, values)
    operands = [coerce(context, it, to) for it, to in zip(values, signature.arguments, strict=True)]
    sql = signature.render(*(it.sql for it in operands))
    made = Typed(
        sql,
        signature.result,
        raises=signature.raises or any(it.raises for it in operands),
        subquery=any(it.subquery for it in operands),
    )
    if signature.result.name in TEXTS:
        made = replace(made, collation=combined(operands))
    return made


def choose(
    context: Context, kind: str, table: Mapping[str, tuple[Signature, ...]], name: str, values: Sequence[Typed]
) -> Signature:
    """Return the signature that fits best. Raises NotTranslatable where none does, or several do."""
    rated = [
        (sum(_distance(context, it.type, to) for it, to in zip(values, one.arguments, strict=True)), one)
        for one in table.get(name, ())
        if len(one.arguments) == len(values)
    ]
    rated = [it for it in rated if it[0] < _FAR]
    if not rated:
        raise NotTranslatable(_named(kind, name, values))
    least = min(it[0] for it in rated)
    best = [one for rate, one in rated if rate == least]
    if len(best) > 1:
        raise NotTranslatable(f"{_named(kind, name, values)}, of which there are several")
    return best[0]


def unified_floats(context: Context, values: Sequence[Typed]) -> list[Typed]:
    """Return operands with `real` beside other numbers as double precision, as PostgreSQL's operators take them."""
    names = {it.type.name for it in values if it.type != UNKNOWN and not it.type.is_array}
    if "real" in names and len(names) > 1 and names <= set(NUMBERS):
        return [it if it.type == UNKNOWN else coerce(context, it, DOUBLE) for it in values]
    return list(values)


def _named(kind: str, name: str, values: Sequence[Typed]) -> str:
    types = [str(it.type.base) for it in values]
    if kind == "operator":
        return f"the operator {' '.join([types[0], name, types[1]] if len(types) == 2 else [name, *types])}"
    return f"the {kind} {name}({', '.join(types)})"


def _distance(context: Context, value: PgType, to: PgType) -> int:
    if value.name == to.name and value.is_array == to.is_array:
        return 0
    if value == UNKNOWN:
        return 1 if to == TEXT else 2
    if not can_coerce(context, value, to):
        return _FAR
    if value.name in NUMBERS and to.name in NUMBERS:
        return 1 + NUMBERS.index(to.name) - NUMBERS.index(value.name)
    return 1
