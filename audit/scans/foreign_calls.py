"""Rules whose text may call functions and operators of other roles, which the search path has beside the server's.

The server decides by the types of arguments; here names count, so that no call is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from order_audit.expectations import Rule
from order_audit.foreign_code import ForeignCode
from order_audit.reports.formatting import plural

#: Comments, literals and what is qualified with pg_catalog.
_OTHER: Final = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'[^']*'|\boperator\s*\(\s*pg_catalog\s*\.[^)]*\)|\bpg_catalog\s*\.\s*\w+\s*\(""",
    re.DOTALL | re.IGNORECASE,
)
_CALL: Final = re.compile(r'(\w+|"(?:[^"]|"")+")\s*\(')
_OPERATOR: Final = re.compile(r"[-+*/<>=~!@#%^&|`?]+")
#: Operators that words stand for.
_WORDS: Final = {
    r"\bin\b|\bcase\b|\bnullif\b|\bdistinct\s+from\b|\busing\b|\bnatural\b": ("=",),
    r"\bnot\s+in\b|!=": ("<>",),
    r"\bbetween\b": (">=", "<="),
    r"\blike\b": ("~~", "!~~"),
    r"\bilike\b": ("~~*", "!~~*"),
    r"\bsimilar\b": ("~", "!~"),
}


def foreign_calls(rules: Iterable[Rule], foreign: Sequence[ForeignCode]) -> list[str]:
    """Return a sentence for each rule that may call a function or operator of another role."""
    return [text for rule in rules for it in foreign if (text := _sentence(rule, it))] if foreign else []


def _sentence(rule: Rule, foreign: ForeignCode) -> str:
    functions, operators = _names(" ".join(_texts(rule)))
    called = [it for it in foreign.objects if it.name in (functions if it.kind == "function" else operators)]
    if not called:
        return ""
    more = f" and {plural(len(called) - 1, 'other')}" if len(called) > 1 else ""
    return f"rule {rule.id} may call {called[0].kind} {foreign.schema}.{called[0].text} of role {called[0].role}{more}"


def _names(text: str) -> tuple[set[str], set[str]]:
    """Return the functions and operators in a text that are looked up by the search path."""
    text = _OTHER.sub(" ", text)
    calls = (found[1] for found in _CALL.finditer(text))
    functions = {name[1:-1].replace('""', '"') if name[0] == '"' else name.lower() for name in calls}
    operators = set(_OPERATOR.findall(text))
    operators |= {it for words, them in _WORDS.items() if re.search(words, text, re.IGNORECASE) for it in them}
    return functions, operators


def _texts(rule: Rule) -> Iterator[str]:
    yield rule.sql
    if rule.highlight is not None and rule.highlight.test:
        yield rule.highlight.test
    if rule.prefilter is not None:
        yield rule.prefilter.query
