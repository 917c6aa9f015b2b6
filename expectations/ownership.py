"""Who is responsible for a rule, and what it is about: the headers `owner`, `tags` and `links`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Final, Protocol

from order_audit.expectations.error import SuiteError

FIELDS: Final = ("owner", "tags", "links")
#: An address that a browser opens as a page; nothing else becomes a link in a report.
_WEB: Final = re.compile(r"https?://[^\s<>\"'`]+")


@dataclass(frozen=True)
class Ownership:
    """The owner of a rule, its tags, and web addresses about it, in the order of its file."""

    owner: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


UNOWNED: Final = Ownership()


class Owned(Protocol):
    """A rule."""

    @property
    def id(self) -> str: ...
    @property
    def ownership(self) -> Ownership: ...


def is_web_address(text: str) -> bool:
    """Return whether a text is a http or https address."""
    return bool(_WEB.fullmatch(text))


def read(header: Mapping[str, str], path: PurePath | str) -> Ownership:
    """Return the ownership in a header. Raises SuiteError for an empty or repeated item, or a link of another kind."""
    lists = {}
    for field in FIELDS[1:]:
        items = tuple(item.strip() for item in header[field].split(",")) if field in header else ()
        if not all(items) or len(set(items)) < len(items):
            raise SuiteError(f"{path}: {field} '{header[field]}' is not a list of different {field}")
        lists[field] = items
    if wrong := [link for link in lists["links"] if not is_web_address(link)]:
        raise SuiteError(f"{path}: links '{wrong[0]}' is no address that begins with https:// or http://")
    if "owner" in header and not header["owner"]:
        raise SuiteError(f"{path}: owner is empty: name a person or a team, or remove the line")
    return Ownership(header.get("owner", ""), **lists)


def tagged(rules: Iterable[Owned], patterns: Iterable[str]) -> set[str]:
    """The ids of rules with a tag that matches any pattern (`fin*`). Raises SuiteError if a pattern matches none."""
    rules = list(rules)
    tags = {tag for rule in rules for tag in rule.ownership.tags}
    ids: set[str] = set()
    for pattern in patterns:
        if not (hits := {tag for tag in tags if fnmatchcase(tag, pattern)}):
            near = difflib.get_close_matches(pattern, tags, 1)
            known = f" (known: {', '.join(sorted(tags))})" if tags else "; no rule of the suite has tags"
            raise SuiteError(f"no rule has the tag '{pattern}'" + (f" (did you mean {near[0]}?)" if near else known))
        ids |= {rule.id for rule in rules if hits & {*rule.ownership.tags}}
    return ids
