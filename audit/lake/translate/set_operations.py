"""UNION, EXCEPT and INTERSECT: both sides brought to the same types."""

from __future__ import annotations

from dataclasses import replace

from order_audit.audit.lake.translate.coerce import coerce
from order_audit.audit.lake.translate.collations import combined
from order_audit.audit.lake.translate.compare import common_type, key
from order_audit.audit.lake.translate.context import Compiled, Context
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.typed import TEXTS, Typed


def united(context: Context, word: str, left: Compiled, right: Compiled) -> Compiled:
    """Join two queries by a set operation."""
    if len(left.columns) != len(right.columns):
        raise NotTranslatable(f"{word} of different numbers of columns")
    columns = []
    for (name, one), (_, other) in zip(left.columns, right.columns, strict=True):
        to = common_type([one, other])
        made = coerce(context, one, to)
        if to.name in TEXTS:
            made = made.collated(combined([made, coerce(context, other, to)]))
        if not word.endswith(" all"):
            key(made)
            if to.name == "numeric":
                raise NotTranslatable(f"{word} of numerics")
        columns.append((name, made))
    sides = [_side(context, it, [typed for _, typed in columns], left) for it in (left, right)]
    result = tuple(
        (name, replace(typed, sql=old.sql, native=None, ascii=one.ascii and other.ascii, elements=None))
        for (name, typed), (_, old), (_, one), (_, other) in zip(
            columns, left.columns, left.columns, right.columns, strict=True
        )
    )
    return Compiled(f"({sides[0]}) {word} ({sides[1]})", result)


def _side(context: Context, side: Compiled, to: list[Typed], names: Compiled) -> str:
    """Return a side with its columns cast and named as the left one's."""
    own = context.new_name("t")
    shown = []
    for (_, typed), wanted, (_, named) in zip(side.columns, to, names.columns, strict=True):
        column = f"{own}.{typed.sql}"
        native = replace(typed.native, sql=column) if typed.native else None
        sql = f"cast({column} as varchar)" if native else column
        made = coerce(context, replace(typed, sql=sql, native=native), wanted.type)
        shown.append(f"{made.sql} as {named.sql}")
    return f"select {', '.join(shown)} from ({side.sql}) as {own}"
