"""Handlers of functions: by the class of a node that stands for a function, or by a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlglot import exp

from order_audit.audit.lake.translate.arrays import cardinality
from order_audit.audit.lake.translate.coerce import as_text, coerce
from order_audit.audit.lake.translate.collations import combined, letters
from order_audit.audit.lake.translate.context import Context, ExpressionHandler, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.resolve import call
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import (
    HASH,
    INTEGER,
    INTEGERS,
    NUMERIC,
    OF_DATABASE,
    TEXT,
    TEXTS,
    UNKNOWN,
    Native,
    Typed,
    type_of,
)

#: Functions for which sqlglot has a class: the name, and the parts of the node that are the arguments, in order.
_CLASSES: Final[dict[type[exp.Expr], tuple[str, tuple[str, ...]]]] = {
    exp.Length: ("length", ("this",)),
    exp.BitLength: ("bit_length", ("this",)),
    exp.Left: ("left", ("this", "expression")),
    exp.Right: ("right", ("this", "expression")),
    exp.Substring: ("substr", ("this", "start", "length")),
    exp.StrPosition: ("strpos", ("this", "substr")),
    exp.Replace: ("replace", ("this", "expression", "replacement")),
    exp.Translate: ("translate", ("this", "from_", "to")),
    exp.Ascii: ("ascii", ("this",)),
    exp.Repeat: ("repeat", ("this", "times")),
    exp.Reverse: ("reverse", ("this",)),
    exp.SplitPart: ("split_part", ("this", "delimiter", "part_index")),
    exp.MD5: ("md5", ("this",)),
    exp.Hex: ("to_hex", ("this",)),
    exp.Abs: ("abs", ("this",)),
    exp.Sign: ("sign", ("this",)),
    exp.Floor: ("floor", ("this",)),
    exp.Ceil: ("ceil", ("this",)),
    exp.Trunc: ("trunc", ("this", "decimals")),
    exp.Round: ("round", ("this", "decimals")),
    exp.Sqrt: ("sqrt", ("this",)),
}
#: Functions by name alone. What is not in the dialect's table has no meaning.
_NAMED: Final = frozenset(("octet_length", "json_typeof", "json_array_length", "convert_to", "isfinite"))
#: Functions of texts whose result has ASCII only where all texts that go in do.
_KEEPS_ASCII: Final = frozenset(
    (
        "left",
        "right",
        "substr",
        "replace",
        "translate",
        "btrim",
        "ltrim",
        "rtrim",
        "split_part",
        "repeat",
        "lpad",
        "rpad",
    )
)


def function(context: Context, name: str, values: list[Typed]) -> Typed:
    """Compile a call of a function of the dialect's table."""
    made = call(context, "function", context.dialect.functions, name, values)
    if made.type.name in TEXTS:
        texts = [it for it in values if it.type.name in (*TEXTS, "unknown")]
        made = replace(made, ascii=name in _KEEPS_ASCII and all(it.ascii for it in texts))
        if not made.collation.name:
            made = made.collated(OF_DATABASE)
    if name == "round" and made.type == NUMERIC:
        made = _rounded(context, values, made)
    if name == "convert_to" and values[0].ascii and (values[1].literal or "").lower() == "utf8":
        made = replace(made, sql=values[0].sql, raises=values[0].raises)
    return made


def _rounded(context: Context, values: list[Typed], made: Typed) -> Typed:
    """Round a decimal to a literal number of decimals as a decimal."""
    native = coerce(context, values[0], NUMERIC).native
    places = int(values[1].literal or "") if len(values) > 1 and (values[1].literal or "").isdigit() else None
    if native is None or places is None or places >= native.scale:
        return made
    precision = native.precision - native.scale + places + 1
    if precision > 38:
        return made
    return replace(made, native=Native(f"cast({native.sql} as decimal({precision}, {places}))", precision, places))


def _by_class(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    name, parts = _CLASSES[type(node)]
    given = [node.args[it] for it in parts if node.args.get(it) is not None]
    return function(context, name, [context.expression(it, scope) for it in given])


for _kind, (_name, _parts) in _CLASSES.items():
    handles(_kind, *_parts)(_by_class)


@handles(exp.Anonymous, "this", "expressions")
def _by_name(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    name = str(node.this)
    if name != name.lower():
        name = name.lower()
    if special := _SPECIAL.get(name):
        return special(context, node, scope)
    if name not in _NAMED:
        raise NotTranslatable(f"the function {name}")
    if name == "json_typeof" and len(node.expressions) == 1:
        value = context.expression(node.expressions[0], scope)
        if value.sql.startswith("oa_json_get("):  # the type alone does not need the value's own text
            return replace(value, sql="oa_json_get_type(" + value.sql[len("oa_json_get(") :], type=TEXT).collated(
                OF_DATABASE
            )
    return function(context, name, [context.expression(it, scope) for it in node.expressions])


@handles(exp.Chr, "expressions")
def _chr(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    values = [context.expression(it, scope) for it in node.expressions]
    made = function(context, "chr", values)
    text = values[0].literal or ""
    if text.isdigit() and 0 < int(text) < 55296:
        made = replace(made, sql=f"chr({text})", raises=False, ascii=int(text) < 128)
    return made


@handles(exp.Trim, "this", "expression", "position")
def _trim(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or "BOTH").upper(), "btrim")
    given = [it for it in (node.this, node.args.get("expression")) if it is not None]
    return function(context, name, [context.expression(it, scope) for it in given])


@handles(exp.Pad, "this", "expression", "fill_pattern", "is_left")
def _pad(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    given = [it for it in (node.this, node.args["expression"], node.args.get("fill_pattern")) if it is not None]
    name = "lpad" if node.args.get("is_left") else "rpad"
    return function(context, name, [context.expression(it, scope) for it in given])


@handles(exp.Normalize, "this", "form")
def _normalize(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    form = str(node.args["form"].name).lower() if node.args.get("form") else "nfc"
    if form not in ("nfc", "nfd", "nfkc", "nfkd"):
        raise NotTranslatable(written(node))
    value = context.expression(node.this, scope)
    return function(context, "normalize", [value, Typed(f"'{form}'", UNKNOWN, literal=form, ascii=True)])


@handles(exp.Lower, "this")
def _lower(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return other_case(context, context.expression(node.this, scope), "lower")


@handles(exp.Upper, "this")
def _upper(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return other_case(context, context.expression(node.this, scope), "upper")


#: By function and kind of locale.
_CASES: Final = {
    ("lower", "ascii"): "oa_lower_ascii({0})",
    ("lower", "libc"): "lower({0})",
    ("lower", "builtin"): "oa_lower_builtin({0})",
    ("upper", "ascii"): "oa_upper_ascii({0})",
    ("upper", "libc"): "oa_upper_libc({0})",
    ("upper", "builtin"): "oa_upper_builtin({0})",
}


def other_case(context: Context, value: Typed, name: str) -> Typed:
    """Compile `lower(value)` or `upper(value)` by the locale of its collation."""
    if value.type.name not in (*TEXTS, "unknown"):
        raise NotTranslatable(f"the function {name}({value.type})")
    value = coerce(context, value, TEXT)
    template = (
        "lower({0})" if value.ascii and name == "lower" else _CASES.get((name, letters(context, value.collation)))
    )
    if template is None:
        raise NotTranslatable(f"{name} by the letters of this database's locale")
    return replace(value, sql=template.format(value.sql), literal=None)


@handles(exp.ConcatWs, "expressions")
def _concat_ws(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _variadic(context, node, scope, "concat_ws")


@handles(exp.Concat, "expressions")
def _concat(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _variadic(context, node, scope, "concat")


def _variadic(context: Context, node: exp.Expr, scope: Scope, name: str) -> Typed:
    values = []
    for one in node.expressions:
        value = context.expression(one, scope)
        if value.type.name not in (*TEXTS, *INTEGERS, "unknown", "numeric"):  # a boolean would be t or f
            raise NotTranslatable(f"{name} of {value.type}")
        values.append(as_text(context, value))
    made = values[0].made(f"{name}({', '.join(it.sql for it in values)})", TEXT, *values[1:])
    collation = combined(values)
    return replace(made, collation=collation if collation.name else OF_DATABASE, ascii=all(it.ascii for it in values))


def _current_setting(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    values = [context.expression(it, scope) for it in node.expressions]
    if len(values) != 1 or values[0].literal != "server_encoding":
        raise NotTranslatable(written(node))
    return Typed(f"'{context.facts.encoding}'", TEXT, OF_DATABASE, ascii=True)


def _encoding(context: Context, node: exp.Expr, _scope: Scope) -> Typed:
    if node.expressions:
        raise NotTranslatable(written(node))
    return Typed(f"'{context.facts.encoding}'", type_of("name"), OF_DATABASE, ascii=True)


def _hash(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Compile a hash of a text to group by: equal texts have equal hashes, and others hardly ever."""
    values = [context.expression(it, scope) for it in node.expressions]
    return replace(call(context, "function", context.dialect.functions, node.name.lower(), values), type=HASH)


def _count_nulls(word: str) -> ExpressionHandler:
    def handler(context: Context, node: exp.Expr, scope: Scope) -> Typed:
        values = [context.expression(it, scope) for it in node.expressions]
        if not values:
            raise NotTranslatable(written(node))
        inner = " + ".join(f"cast({it.sql} {word} null as integer)" for it in values)
        return values[0].made(f"({inner})", INTEGER, *values[1:])

    return handler


_SPECIAL: Final[dict[str, ExpressionHandler]] = {
    "current_setting": _current_setting,
    "getdatabaseencoding": _encoding,
    "hashtextextended": _hash,
    "hashtext": _hash,
    "num_nulls": _count_nulls("is"),
    "num_nonnulls": _count_nulls("is not"),
    "cardinality": cardinality,
}
