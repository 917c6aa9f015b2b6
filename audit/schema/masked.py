"""Values in definitions and comments of the catalogs, masked as data are. Names stay.

A literal goes by the names of the columns, functions and JSON keys in its condition, which ends at AND, OR, WHEN and at
clauses: with `email` among them all of it is masked, with `api_key` it is a secret. Elsewhere, addresses and phone
numbers are masked, and words that look like a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any, Final

from order_audit.audit import mask
from order_audit.audit.analysis.ddl_tokens import TOKEN
from order_audit.audit.secret_numbers import mark
from order_audit.reports.document import Obstacle, Outcome, SchemaFinding

#: What a suggestion says if values of it are masked.
NOTE: Final = "-- values in it are masked: --unmask shows them, and lint --sql writes them"
#: Words at which a condition ends.
_ENDS: Final = {"and", "or", "when", "select", "from", "where", "join", "group", "having", "union", "using", "with"}
#: Words before the name of a table or an object, which says nothing of a value.
_NAMERS: Final = {
    "table", "only", "into", "references", "of", "constraint", "index", "trigger", "policy", "function", "procedure",
    "exists", "from", "join", "update", "on", "view", "sequence", "concurrently",
}  # fmt: skip
#: Functions whose arguments name objects, and settings of time and language.
_OF_NAMES: Final = {
    "nextval", "currval", "setval", "pg_get_serial_sequence", "to_regclass", "to_tsvector", "timezone", "date_trunc",
    "date_part",
}  # fmt: skip
#: A literal of these types names an object.
_NAMES: Final = re.compile(r"\s*::\s*(?:pg_catalog\.)?reg\w+")
_KEY_OF: Final = re.compile(r"#?->>?\s*\Z")
#: A number that may be a phone's or an account's, and no length or limit.
_LONG_NUMBER: Final = re.compile(r"\d{7,}")
#: A word as keys of programs are: long, of letters and digits.
_CODE: Final = re.compile(r"(?<![\w-])(?<!\[secret )(?=[\w-]*[A-Za-z]{2})(?=[\w-]*\d)[\w-]{16,}")
#: What a comment gives away after the name of a secret: anything after a mark, a word with a digit otherwise.
_GIVEN: Final = re.compile(
    r"((?:api[-_ ]?key|secret|token|password|passwd|pwd|credential|private[-_ ]?key|authorization)s?"
    r"\s*(?:[:=]\s*|\s(?:is\s+)?(?=\S*\d)))(\"[^\"]*\"|[^\s,;]+)",
    re.IGNORECASE,
)
#: A literal in prose: an apostrophe after a letter begins none.
_QUOTED: Final = re.compile(r"(?<!\w)'(?:''|[^'])*'(?!\w)")


def comment(text: str) -> str:
    """Return a comment of the catalogs, masked."""
    text = mask.text(mask.passwords(text), whole=False)
    return _coded(_GIVEN.sub(lambda found: found[1] + mark(found[2]), text))


def definition(sql: str, names: Iterable[str] = ()) -> str:
    """Return a definition, or several, with its literals masked; `names` are further names that they go by."""
    if "'" not in sql and not _LONG_NUMBER.search(sql):
        return sql
    parts: list[tuple[str, str]] = [(found.lastgroup or "", found[0]) for found in TOKEN.finditer(sql)]
    words = [(place, text) for place, (kind, text) in enumerate(parts) if kind not in ("space", "comment")]
    made = [text for _, text in parts]
    starts = list(accumulate(map(len, made), initial=0))
    for condition in _conditions([text for _, text in words]):
        places = [words[at][0] for at in condition]
        for place, text in _hidden([parts[it] for it in places], places, [starts[it] for it in places], sql, names):
            made[place] = text
    for place, (kind, text) in enumerate(parts):
        if kind == "comment":
            made[place] = prose(text)
        elif kind == "body":
            made[place] = mask.passwords(text)
    return "".join(made)


def prose(text: str, names: Iterable[str] = ()) -> str:
    """Return a sentence that may quote a definition, masked."""
    words = {*re.findall(r"[^\W\d]\w*", _QUOTED.sub("", text)), *names} if "'" in text else set()
    secret, whole = mask.is_secret(words), mask.is_personal(words)
    return _coded(mask.text(_QUOTED.sub(lambda found: f"'{_value(found[0][1:-1], secret, whole)}'", text), whole=False))


def findings(found: Iterable[SchemaFinding]) -> tuple[SchemaFinding, ...]:
    """Return findings with their literals masked; a suggestion that has some says so."""
    return tuple(map(_finding, found))


def _finding(found: SchemaFinding) -> SchemaFinding:
    is_sql = found.outcome is not None
    suggestion = definition(found.suggestion) if is_sql else prose(found.suggestion)
    if suggestion != found.suggestion and is_sql:
        suggestion = f"{NOTE}\n{suggestion}"
    return replace(
        found,
        message=prose(found.message),
        evidence=_evidence(found.evidence),
        suggestion=suggestion,
        outcome=_outcome(found.outcome) if found.outcome else None,
    )


def _outcome(outcome: Outcome) -> Outcome:
    return replace(outcome, obstacles=tuple(map(_obstacle, outcome.obstacles)))


def _obstacle(obstacle: Obstacle) -> Obstacle:
    return replace(obstacle, text=prose(obstacle.text), definition=definition(obstacle.definition))


def _evidence(value: Any) -> Any:
    if isinstance(value, str):
        return definition(value) if "'" in value else value
    if isinstance(value, dict):
        return {name: _evidence(it) for name, it in value.items()}
    return [_evidence(it) for it in value] if isinstance(value, list) else value


def _conditions(words: list[str]) -> Iterable[list[int]]:
    """Places of the words of each condition. A comma ends one in the list of a SELECT."""
    part: list[int] = []
    depth, lists = 0, [-1]
    for place, text in enumerate(words):
        word = text.lower()
        depth += (text in "([") - (text in ")]")
        while depth < lists[-1]:
            lists.pop()
        if word == "select":
            lists.append(depth)
        if part and (word in _ENDS or text == ";" or (text == "," and depth == lists[-1])):
            yield part
            part = []
        part.append(place)
    yield part


def _hidden(
    parts: list[tuple[str, str]], places: list[int], starts: list[int], sql: str, further: Iterable[str]
) -> Iterator[tuple[int, str]]:
    """Yield the places of the literals of a condition, with what stands there instead."""
    texts = [text for _, text in parts]
    is_comment = [text.lower() for text in texts[:2]] == ["comment", "on"]
    names, literals = {*further}, []
    skipped = False
    calls = [""]
    for at, (kind, text) in enumerate(parts):
        before = texts[at - 1] if at else ""
        if text == "(":
            calls.append(before.lower())
        elif text == ")" and len(calls) > 1:
            calls.pop()
        if kind in ("word", "name"):
            # the parts of table.column or schema.table after a word such as TABLE
            skipped = before.lower() in _NAMERS or (skipped and before == ".")
            if not skipped:
                names.add(text.strip('"'))
        elif kind == "text":
            if _KEY_OF.search(sql, max(starts[at] - 9, 0), starts[at]):
                names.add(text.strip("'"))
            elif not _NAMES.match(sql, starts[at] + len(text)) and calls[-1] not in _OF_NAMES:
                literals.append(at)
        elif text != ".":
            skipped = False
    secret, whole = mask.is_secret(names), mask.is_personal(names)
    for at in literals:
        head, quote, tail = texts[at].partition("'")
        value = comment(tail[:-1]) if is_comment else _value(tail[:-1], secret, whole)
        yield places[at], f"{head}{quote}{value}'"
    for at, (kind, text) in enumerate(parts):
        if kind == "number" and (secret or whole) and _LONG_NUMBER.search(text):
            yield places[at], "•" * len(text)


def _value(text: str, secret: bool, whole: bool) -> str:
    if secret and text.strip():
        return mark(text)
    return _coded(mask.text(mask.passwords(text), whole=whole))


def _coded(text: str) -> str:
    return _CODE.sub(lambda found: mark(found[0]), text)
