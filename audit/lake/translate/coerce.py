"""Casts: those that a rule writes, and those that PostgreSQL applies by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from order_audit.audit.lake.functions.json_text import JsonError, check_json
from order_audit.audit.lake.pg_types import MAX_DIGITS, PgType
from order_audit.audit.lake.translate.context import Context
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.typed import (
    BYTEA,
    DOUBLE,
    INTEGERS,
    NO_COLLATION,
    NUMERIC,
    OF_DATABASE,
    TEXT,
    TEXTS,
    UNKNOWN,
    Native,
    Typed,
    is_built_in,
    text_literal,
)

#: Digits of the integer types.
DIGITS: Final = {"smallint": 5, "integer": 10, "bigint": 19}


def cast(context: Context, value: Typed, to: PgType) -> Typed:
    """Compile `value::to` as a rule writes it."""
    if to.is_array:
        return _array(context, value, to)
    made = _modified(_converted(context, value, to.base, explicit=True), to)
    collation = value.collation if value.collation.name else OF_DATABASE
    return replace(made, collation=collation if to.name in TEXTS else NO_COLLATION)


def coerce(context: Context, value: Typed, to: PgType) -> Typed:
    """Compile the cast that PostgreSQL applies by itself. Raises NotTranslatable where it has none."""
    if to.is_array or value.type.is_array:
        return _array(context, value, to)
    made = _converted(context, value, to.base, explicit=False)
    if to.name in TEXTS and not made.collation.name:
        made = replace(made, collation=value.collation if value.type != UNKNOWN else OF_DATABASE)
    return made


def can_coerce(context: Context, value: PgType, to: PgType) -> bool:
    """Return whether PostgreSQL casts a type by itself."""
    same = value.name == to.name and value.is_array == to.is_array
    return same or value == UNKNOWN or f"{value.base} -> {to.base}" in context.dialect.implicit


def as_text(context: Context, value: Typed) -> Typed:
    """Compile `value::text`."""
    return value if value.type == TEXT else cast(context, value, TEXT)


def _converted(context: Context, value: Typed, to: PgType, explicit: bool) -> Typed:
    source = value.type.base
    if source == UNKNOWN:
        return _of_literal(context, value, to)
    if source.name == to.name and not source.is_array:
        return replace(value, type=to)
    if source.is_array:
        return _array_text(context, value, to, explicit)
    dialect = context.dialect
    template = dialect.implicit.get(f"{source} -> {to}")
    if template is None and (explicit or (to == TEXT and source.name in TEXTS)):
        template = dialect.explicit.get(f"{source} -> {to}")
    if template is None and to.name in TEXTS and source.name in (*TEXTS, "boolean", *INTEGERS):
        inner = _converted(context, value, TEXT, explicit)
        return replace(inner, type=to)
    if template is None and explicit and to == TEXT and not is_built_in(source):
        return replace(value, type=TEXT)
    if template is None:
        raise NotTranslatable(f"the cast from {source} to {to}")
    zone = context.facts.time_zone
    if "{zone}" in template and not zone:
        raise NotTranslatable(f"the cast from {source} to {to} without the time zone of the session")
    sql = template.removeprefix("!").format(value.sql, zone=text_literal(zone))
    made = value.made(sql, to, raises=template.startswith("!"))
    if to == NUMERIC and source.name in DIGITS:
        made = replace(made, native=Native(value.sql, DIGITS[source.name], 0))
    keeps = source.name in ("bit", "bit varying", "uuid", *DIGITS) or (source.name in TEXTS and value.ascii)
    return replace(made, ascii=keeps and to.name in TEXTS, collation=value.collation)


def _array_text(context: Context, value: Typed, to: PgType, explicit: bool) -> Typed:
    """Cast an array to text, as `{a,"b c",NULL}`."""
    if not explicit or to != TEXT:
        raise NotTranslatable(f"the cast from {value.type.base} to {to}")
    name = context.new_name("e")
    item = cast(context, Typed(name, value.type.element), TEXT)
    made = value.made(f"oa_array_text(list_transform({value.sql}, lambda {name}: {item.sql}))", TEXT)
    return replace(made, collation=OF_DATABASE)


def _of_literal(context: Context, value: Typed, to: PgType) -> Typed:
    """Cast a literal without a type: its text is the type's input."""
    if value.literal is None:  # NULL
        return replace(value, sql=f"cast(null as {context.dialect.type_name(to)})", type=to)
    text = value.literal
    if to.name in TEXTS:
        return replace(value, type=to, ascii=text.isascii(), collation=NO_COLLATION)
    if to.name == "json":
        try:
            check_json(text)
        except JsonError as error:
            raise NotTranslatable(f"the text {text_literal(text)}, which is no json: {error}") from None
        return Typed(value.sql, to, literal=text)
    if to == BYTEA:
        return _bytea(value, text)
    if to.name in ("bit", "bit varying"):
        if not re.fullmatch("[01]*", text):
            raise NotTranslatable(f"the text {text_literal(text)} as bits")
        return Typed(value.sql, to, literal=text, ascii=True)
    template = context.dialect.explicit.get(f"text -> {to}")
    if template is None:
        if not is_built_in(to):
            raise NotTranslatable(f"a value of the type {to}")
        raise NotTranslatable(f"a literal of the type {to}")
    made = Typed(template.removeprefix("!").format(value.sql), to, raises=template.startswith("!"))
    if to.name in DIGITS and re.fullmatch(r"\s*[-+]?[0-9]+\s*", text):
        return replace(made, sql=f"cast({text_literal(text.strip())} as {context.dialect.type_name(to)})", raises=False)
    if to == DOUBLE and text.lower().lstrip("-") in ("nan", "infinity"):
        return replace(made, sql=f"cast({text_literal(text)} as double)", raises=False)
    return made


def _bytea(value: Typed, text: str) -> Typed:
    if text.startswith("\\x") and re.fullmatch(r"([0-9a-fA-F]{2})*", text[2:]):
        text = bytes.fromhex(text[2:]).decode("latin-1")
    elif "\\" in text or not text.isascii():
        raise NotTranslatable(f"the literal {value.sql} of bytes")
    if "\x00" in text:
        raise NotTranslatable("a literal of bytes with a zero byte")
    return Typed(text_literal(text), BYTEA, literal=text, ascii=text.isascii())


def _modified(value: Typed, to: PgType) -> Typed:
    """Apply a type's modifier as an explicit cast does: texts are cut, numbers rounded."""
    if not to.modifier or (value.type.name == to.name and value.type.modifier == to.modifier):
        return value
    if to.name == "character varying":
        return replace(value, sql=f"left({value.sql}, {int(to.modifier)})", type=to, literal=None)
    if to.name == "character":
        return replace(value, sql=f"rtrim(left({value.sql}, {int(to.modifier)}), ' ')", type=to, literal=None)
    if digits := to.digits:
        precision, scale = digits
        if not 0 <= scale <= precision <= MAX_DIGITS:
            raise NotTranslatable(f"the type {to}")
        made = value.made(f"oa_num_typmod({value.sql}, {precision}, {scale})", to, raises=True)
        return replace(made, type=NUMERIC)
    raise NotTranslatable(f"a cast to {to}")


def _array(context: Context, value: Typed, to: PgType) -> Typed:
    if value.type == UNKNOWN and value.literal is not None:
        return _array_literal(context, value.literal, to)
    if value.type == UNKNOWN:
        return replace(value, sql=f"cast(null as {context.dialect.type_name(to)})", type=to)
    if value.type.is_array and to.is_array:
        source, target = value.type.element, to.element
        if source.name == target.name:
            return replace(value, type=to)
        item = _converted(context, Typed("x", source, value.collation), target.base, explicit=True)
        made = value.made(f"list_transform({value.sql}, lambda x: {item.sql})", to, raises=item.raises)
        return replace(made, collation=value.collation)
    raise NotTranslatable(f"the cast from {value.type} to {to}")


def _array_literal(context: Context, text: str, to: PgType) -> Typed:
    """Read `{a,b,"c d"}`: one dimension, no escapes."""
    found = re.fullmatch(r'\{\s*((?:"[^"\\]*"|[^",{}\\\s]+)(?:\s*,\s*(?:"[^"\\]*"|[^",{}\\\s]+))*)?\s*\}', text)
    if not found:
        raise NotTranslatable(f"the array {text_literal(text)}")
    items = re.findall(r'"[^"\\]*"|[^",{}\\\s]+', found[1] or "")
    values = []
    for item in items:
        if item.lower() == "null":
            null = Typed("null", UNKNOWN)
            values.append(_converted(context, null, to.element.base, explicit=False))
            continue
        plain = item[1:-1] if item.startswith('"') else item
        literal = Typed(text_literal(plain), UNKNOWN, literal=plain)
        values.append(_converted(context, literal, to.element.base, explicit=False))
    return array_of(context, to.element.base, values)


def array_of(context: Context, element: PgType, values: list[Typed]) -> Typed:
    """Compile an array of values of one type."""
    inner = ", ".join(it.sql for it in values)
    made = Typed(f"cast([{inner}] as {context.dialect.type_name(element.array)})", element.array)
    return replace(
        made,
        elements=tuple(values),
        raises=any(it.raises for it in values),
        subquery=any(it.subquery for it in values),
        collation=OF_DATABASE if element.name in TEXTS else NO_COLLATION,
    )
