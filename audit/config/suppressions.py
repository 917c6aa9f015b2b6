"""Suppressions of a configuration file: `[[suppress]]`."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from order_audit.audit.config.file import ConfigFile
from order_audit.errors import UsageError

if TYPE_CHECKING:
    from order_audit.reports.document import Suppression

SECTION: Final = "suppress"
#: The keys of an entry with their meaning.
KEYS: Final = {
    "rule": "the id of a rule, or with `object` the id or pattern of a schema rule",
    "object": "of a schema finding: the object as `lint` shows it, or a pattern",
    "keys": "keys as in `violations.csv`; of several columns each a list",
    "max": "the number of violations up to which all of the rule's are suppressed",
    "reason": "why; required",
    "owner": "the person or team that decided",
    "expires": "the last day on which it holds: `2026-12-31`",
}
_KINDS: Final = ("object", "keys", "max")


def suppressions(file: ConfigFile, entries: Any, above: tuple[str, ...]) -> list[Suppression]:
    """Return the suppressions of a list of entries. Raises UsageError for a wrong one, with its line."""
    place = file.place(*above, SECTION)
    if not isinstance(entries, list) or not all(isinstance(it, dict) for it in entries):
        raise UsageError(f"{place}: a suppression is a section [[{'.'.join((*above, SECTION))}]]")
    return [
        _suppression(entry, functools.partial(file.place, *above, SECTION, str(number)))
        for number, entry in enumerate(entries)
    ]


def _suppression(entry: dict[str, Any], place: Callable[..., str]) -> Suppression:
    """Return the suppression of an entry; `place` gives the file and line of a key, or of the entry."""
    for name in [name for name in entry if name not in KEYS]:
        near = difflib.get_close_matches(name, KEYS, 1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(KEYS)}"
        raise UsageError(f"{place(name)}: [[suppress]]: unknown key '{name}' ({hint})")
    for name in ("rule", "object", "reason", "owner"):
        if name in entry and not (isinstance(entry[name], str) and entry[name].strip()):
            raise UsageError(f"{place(name)}: [[suppress]]: {name} is not a text")
    if missing := [name for name in ("rule", "reason") if name not in entry]:
        raise UsageError(f"{place()}: [[suppress]]: {missing[0]} is missing")
    if len(given := [name for name in _KINDS if name in entry]) != 1:
        raise UsageError(
            f"{place()}: [[suppress]]: give one of {', '.join(_KINDS)}, and not {' and '.join(given) or 'none'}"
        )
    most, keys, expires = entry.get("max"), entry.get("keys", []), entry.get("expires")
    if most is not None and (type(most) is not int or most < 1):
        raise UsageError(f"{place('max')}: [[suppress]]: max is not a whole number above 0")
    if "keys" in entry and (not isinstance(keys, list) or not keys):
        raise UsageError(f"{place('keys')}: [[suppress]]: keys is not a list of keys")
    if expires is not None and (not isinstance(expires, date) or isinstance(expires, datetime)):
        raise UsageError(f"{place('expires')}: [[suppress]]: expires is not a date like 2026-12-31, without quotes")
    if entry["rule"].startswith("schema.") != ("object" in entry):
        wanted = "object" if entry["rule"].startswith("schema.") else "keys or max"
        raise UsageError(f"{place('rule')}: a suppression of {entry['rule']} takes {wanted}")
    from order_audit.reports.document import (
        Suppression,
    )  # of the whole document, which commands that read no result lack

    return Suppression(
        entry["rule"],
        entry.get("object", ""),
        entry["reason"],
        keys=tuple(_key(key, place("keys")) for key in keys),
        at_most=most,
        owner=entry.get("owner", ""),
        expires=expires.isoformat() if expires else "",
        place=place(),
    )


def _key(key: Any, place: str) -> str:
    """Return a key as violations.csv has it."""
    if isinstance(key, list):
        if all(isinstance(it, str | int | bool) for it in key):
            return json.dumps(key, ensure_ascii=False)
    elif isinstance(key, date):
        return key.isoformat()
    elif isinstance(key, str | int) and not isinstance(key, bool):
        return str(key)
    raise UsageError(f"{place}: [[suppress]]: write the key {key} as a text, as in violations.csv")
