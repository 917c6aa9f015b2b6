"""Handlers of LIKE and of regular expressions."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from sqlglot import exp

from order_audit.audit.lake.patterns.extent import same_extent, same_groups
from order_audit.audit.lake.patterns.parts import Choice, Group, Part, PatternError, lengths, walk
from order_audit.audit.lake.patterns.read import read_pattern
from order_audit.audit.lake.patterns.write import for_python, for_re2, is_ascii_only, needs_python
from order_audit.audit.lake.translate.calls import other_case
from order_audit.audit.lake.translate.coerce import as_text, coerce
from order_audit.audit.lake.translate.collations import letters
from order_audit.audit.lake.translate.context import Context, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.logic import over_elements, quantifier
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import BOOLEAN, OF_DATABASE, TEXT, TEXTS, UNKNOWN, Typed, text_literal


@lru_cache(512)
def _read(text: str, kind: str, any_case: bool) -> Part:
    return read_pattern(text, kind, any_case)


def pattern_part(context: Context, value: Typed, pattern: Typed, any_case: bool = False) -> Part:
    """Read a pattern, which has to be a literal, by the locale of the value's collation."""
    if pattern.literal is None:
        raise NotTranslatable("a pattern that is no literal")
    try:
        return _read(pattern.literal, letters(context, value.collation), any_case)
    except PatternError as error:
        raise NotTranslatable(f"{error}: {text_literal(pattern.literal)[:60]}") from None


def _subject(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Compile the text that a pattern is held against."""
    value = context.expression(node, scope)
    if value.type.name == "character":
        raise NotTranslatable("a pattern against character(n), whose blanks at the end are not kept")
    if value.type.name not in (*TEXTS, "unknown"):
        raise NotTranslatable(f"a pattern against {value.type}")
    return coerce(context, value, TEXT)


def _matches(context: Context, value: Typed, pattern: Typed, any_case: bool) -> Typed:
    part = pattern_part(context, value, pattern, any_case)
    try:
        if needs_python(part):
            sql, dear = f"oa_py_regexp({value.sql}, {text_literal(for_python(part))})", True
        elif is_ascii_only(part) and not value.ascii:
            sql, dear = f"oa_regexp_ascii({value.sql}, {text_literal(for_re2(part))})", True
        else:
            sql, dear = f"regexp_matches({value.sql}, {text_literal(for_re2(part))})", False
    except PatternError as error:
        raise NotTranslatable(f"{error}: {pattern.sql[:60]}") from None
    if needs_python(part) and is_ascii_only(part) and not value.ascii:
        raise NotTranslatable(f"edges of words beyond ASCII: {pattern.sql[:60]}")
    return value.made(sql, BOOLEAN, raises=dear)


def _regexp(context: Context, node: exp.Expr, scope: Scope, any_case: bool) -> Typed:
    value = _subject(context, node.this, scope)
    other = node.args["expression"]
    if isinstance(other, exp.Any | exp.All):
        is_any, array = quantifier(context, other, scope)
        if array.elements is None:
            raise NotTranslatable("patterns that are no literals")
        return over_elements(context, is_any, array, value, lambda it: _matches(context, value, it, any_case))
    return _matches(context, value, context.expression(other, scope), any_case)


@handles(exp.RegexpLike, "this", "expression")
def _regexp_like(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _regexp(context, node, scope, any_case=False)


@handles(exp.RegexpILike, "this", "expression")
def _regexp_ilike(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _regexp(context, node, scope, any_case=True)


@handles(exp.RegexpReplace, "this", "expression", "replacement", "modifiers")
def _regexp_replace(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = _subject(context, node.this, scope)
    pattern, replacement = (context.expression(node.args[it], scope) for it in ("expression", "replacement"))
    flags = context.expression(node.args["modifiers"], scope).literal if node.args.get("modifiers") else ""
    if flags is None or set(flags) - set("gi") or replacement.literal is None:
        raise NotTranslatable(f"regexp_replace with other flags or without a literal: {written(node)}")
    part = pattern_part(context, value, pattern, "i" in flags)
    template = _replacement(replacement.literal, sum(isinstance(it, Group) for it in walk(part)))
    every = "g" in flags
    uses_groups = any(f"\\{it}" in template.replace("\\\\", "") for it in range(1, 10))
    same = same_groups(part) or _is_plain_group(part) if uses_groups else same_extent(part)
    if not same or (every and lengths(part)[0] == 0):
        raise NotTranslatable(f"a pattern with matches of several lengths in regexp_replace: {pattern.sql[:60]}")
    if is_ascii_only(part) and not value.ascii:
        raise NotTranslatable(f"a class of characters beyond ASCII in regexp_replace: {pattern.sql[:60]}")
    try:
        if needs_python(part):
            shown = text_literal(for_python(part))
            sql = f"oa_py_regexp_replace({value.sql}, {shown}, {text_literal(template)}, {0 if every else 1})"
        else:
            options = ", 'g'" if every else ""
            sql = f"regexp_replace({value.sql}, {text_literal(for_re2(part))}, {text_literal(template)}{options})"
    except PatternError as error:
        raise NotTranslatable(f"{error}: {pattern.sql[:60]}") from None
    made = value.made(sql, TEXT, raises=needs_python(part))
    return replace(made, collation=value.collation, ascii=value.ascii and template.isascii())


def _is_plain_group(part: Part) -> bool:
    """Return whether all parts have one length, and no group is in a choice: then groups have one place."""
    chosen = [inner for it in walk(part) if isinstance(it, Choice) for inner in walk(it)]
    fixed = all(lengths(it)[0] == lengths(it)[1] for it in walk(part))
    return fixed and not any(isinstance(it, Group) for it in chosen)


def _replacement(text: str, groups: int) -> str:
    """Return PostgreSQL's replacement for RE2: groups, `\\&` for the match, any other backslash as it is.

    A group that the pattern does not have is empty.
    """
    made, place = "", 0
    while place < len(text):
        sign, following = text[place], text[place + 1 : place + 2]
        place += 1
        if sign != "\\":
            made += sign
            continue
        if following and following in "123456789":
            made += sign + following if int(following) <= groups else ""
        elif following == "&":
            made += "\\0"
        elif following == "\\" or not following:
            made += "\\\\"
        else:
            made += "\\\\" + following
        place += 1
    return made


def match_rows(context: Context, values: list[Typed]) -> Typed:
    """Compile `regexp_matches(text, pattern, flags)` of FROM: a list with an array for each match."""
    if not 2 <= len(values) <= 3:
        raise NotTranslatable("regexp_matches with other arguments")
    value, pattern = coerce(context, values[0], TEXT), values[1]
    flags = values[2].literal if len(values) == 3 else ""
    if flags is None or set(flags) - set("gi"):
        raise NotTranslatable("regexp_matches with other flags")
    part = pattern_part(context, value, pattern, "i" in flags)
    grouped = any(isinstance(it, Group) for it in walk(part))
    if not (same_groups(part) if grouped else same_extent(part)) or lengths(part)[0] == 0 or is_ascii_only(part):
        raise NotTranslatable(f"a pattern with matches of several lengths in regexp_matches: {pattern.sql[:60]}")
    shown = text_literal(for_python(part))
    made = value.made(
        f"oa_py_regexp_matches({value.sql}, {shown}, {0 if 'g' in flags else 1})", TEXT.array, raises=True
    )
    return replace(made, collation=OF_DATABASE)


def _like(context: Context, value: Typed, pattern: Typed, any_case: bool, escape: str = "\\") -> Typed:
    pattern = as_text(context, pattern)
    text = pattern.literal
    if text is not None and escape and _ends_in_escape(text, escape):
        raise NotTranslatable(f"a pattern that ends in its escape character: {pattern.sql}")
    if any_case:
        value, pattern = other_case(context, value, "lower"), other_case(context, pattern, "lower")
    if text is not None and (not escape or escape not in text):
        return value.made(f"({value.sql} like {pattern.sql})", BOOLEAN, pattern)
    if not escape:
        raise NotTranslatable("like with an empty escape")
    return value.made(
        f"({value.sql} like {pattern.sql} escape {text_literal(escape)})", BOOLEAN, pattern, raises=text is None
    )


def _ends_in_escape(text: str, escape: str) -> bool:
    place = 0
    while place < len(text):
        if text[place] == escape:
            if place + 1 == len(text):
                return True
            place += 1
        place += 1
    return False


def _likes(context: Context, node: exp.Expr, scope: Scope, any_case: bool, escape: str = "\\") -> Typed:
    value = _subject(context, node.this, scope)
    other = node.args["expression"]
    if isinstance(other, exp.Any | exp.All):
        if node.args.get("negate"):
            raise NotTranslatable("not like any")
        is_any, array = quantifier(context, other, scope)
        if array.type == UNKNOWN:
            array = coerce(context, array, TEXT.array)
        return over_elements(context, is_any, array, value, lambda it: _like(context, value, it, any_case, escape))
    made = _like(context, value, context.expression(other, scope), any_case, escape)
    return replace(made, sql=f"(not {made.sql})") if node.args.get("negate") else made


@handles(exp.Like, "this", "expression", "negate")
def _like_node(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _likes(context, node, scope, any_case=False)


@handles(exp.ILike, "this", "expression", "negate")
def _ilike_node(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _likes(context, node, scope, any_case=True)


@handles(exp.Escape, "this", "expression")
def _escape_node(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    escape = node.args["expression"]
    if not isinstance(node.this, exp.Like | exp.ILike) or not isinstance(escape, exp.Literal) or len(escape.name) > 1:
        raise NotTranslatable(written(node))
    return _likes(context, node.this, scope, isinstance(node.this, exp.ILike), escape.name)
