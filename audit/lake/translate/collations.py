"""Which collation a comparison of texts has, and whether it is by code points."""

from __future__ import annotations

from collections.abc import Iterable

from order_audit.audit.lake.translate.context import Context
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.typed import NO_COLLATION, TEXTS, Collation, Typed

#: Collations by name that order texts by their code points.
_BINARY = ("C", "POSIX", "ucs_basic", "pg_c_utf8")


def combined(values: Iterable[Typed]) -> Collation:
    """Return the collation of an expression of several. Raises NotTranslatable where PostgreSQL finds two."""
    found = [it.collation for it in values if it.collation.name]
    explicit = {it.name for it in found if it.explicit}
    if len(explicit) > 1:
        raise NotTranslatable("two explicit collations in one expression")
    if explicit:
        return Collation(explicit.pop(), True)
    names = {it.name for it in found}
    if len(names - {"default"}) > 1:
        raise NotTranslatable("two collations in one expression")
    names = (names - {"default"}) or names
    return Collation(names.pop()) if names else NO_COLLATION


def orders_by_code_point(context: Context, collation: Collation) -> bool:
    """Return whether a collation orders texts by their code points."""
    if collation.name in ("", "default"):
        return context.facts.orders_by_code_point
    return collation.name in _BINARY


def check_order(context: Context, *values: Typed) -> None:
    """Raise NotTranslatable where values are texts whose order is another than by code points."""
    if not any(it.type.name in TEXTS for it in values):
        return
    collation = combined(values)
    if not orders_by_code_point(context, collation):
        name = "the database" if collation.name in ("", "default") else collation.name
        raise NotTranslatable(f'an order of texts by the collation of {name}: write collate "C"')


def letters(context: Context, collation: Collation) -> str:
    """Return which letters have another case by a collation: `ascii`, `libc`, `builtin` or `unknown`."""
    if collation.name in ("", "default"):
        return context.facts.letters
    if collation.name in ("C", "POSIX", "ucs_basic"):
        return "ascii"
    return "builtin" if collation.name == "pg_c_utf8" else "unknown"
