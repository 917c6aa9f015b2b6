"""Requirements and open questions of a suite: the file `requirements.toml` in its folder.

    [[requirement]]
    says = "the requirement, in business terms"
    source = "its author or document"
    rules = ["rule.id", "rule.id"]

    [[question]]
    asks = "an open question"
    because = "the reason for it"
    assumed = "the answer that the rules assume"
    otherwise = "the effect of another answer on the findings"
    rules = ["rule.id"]

The rules of a question are optional, all other keys mandatory. Reports of a suite without the file omit both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from order_audit.expectations.error import SuiteError

FILE: Final = "requirements.toml"


@dataclass(frozen=True)
class Requirement:
    """Something that must be so, who says that, and the rules that look whether it is."""

    says: str
    source: str
    rules: tuple[str, ...]
    path: str = ""

    def document(self) -> dict[str, Any]:
        """As results hold it."""
        return _document(self)


@dataclass(frozen=True)
class Question:
    """An open question, the answer that rules assume, and the effect of another answer."""

    asks: str
    because: str
    assumed: str
    otherwise: str
    rules: tuple[str, ...] = ()
    path: str = ""

    def document(self) -> dict[str, Any]:
        """As results hold it."""
        return _document(self)


_TEXTS: Final = {"requirement": ("says", "source"), "question": ("asks", "because", "assumed", "otherwise")}


def read(path: Path, shown: str) -> tuple[tuple[Requirement, ...], tuple[Question, ...]]:
    """Read a file, named `shown` in messages; empty without a file.

    Raises SuiteError that names the place.
    """
    try:
        made = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return (), ()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{shown}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{shown}: {error}") from None
    if strange := made.keys() - _TEXTS.keys():
        raise SuiteError(f"{shown}: unknown part '{min(strange)}' (known: {', '.join(_TEXTS)})")
    entries = {kind: [_entry(it, kind, place, shown) for place, it in _numbered(made, kind, shown)] for kind in _TEXTS}
    return (
        tuple(Requirement(**entry, path=shown) for entry in entries["requirement"]),
        tuple(Question(**entry, path=shown) for entry in entries["question"]),
    )


def check(entries: Collection[Requirement | Question], rules: Collection[str]) -> None:
    """Raise SuiteError where one names a rule that is not there."""
    for entry in entries:
        sentence = entry.says if isinstance(entry, Requirement) else entry.asks
        for rule in entry.rules:
            if rule not in rules:
                raise SuiteError(f"{entry.path}: '{sentence}' names rule {rule}, which no suite that was given has")


def _document(entry: Requirement | Question) -> dict[str, Any]:
    return {name: value for name, value in vars(entry).items() if name != "path"} | {"rules": list(entry.rules)}


def _numbered(made: dict[str, Any], kind: str, shown: str) -> list[tuple[int, Any]]:
    entries = made.get(kind, [])
    if not isinstance(entries, list):
        raise SuiteError(f"{shown}: write [[{kind}]] for each {kind}")
    return list(enumerate(entries, start=1))


def _entry(entry: Any, kind: str, place: int, shown: str) -> dict[str, Any]:
    where = f"{shown}: {kind} {place}"
    if not isinstance(entry, dict):
        raise SuiteError(f"{where}: write [[{kind}]], and below it a line for each of {', '.join(_TEXTS[kind])}, rules")
    if strange := entry.keys() - {*_TEXTS[kind], "rules"}:
        raise SuiteError(f"{where}: unknown key '{min(strange)}' (known: {', '.join(_TEXTS[kind])}, rules)")
    for name in _TEXTS[kind]:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise SuiteError(f"{where} lacks '{name}', which is a text")
    rules = entry.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise SuiteError(f"{where}: 'rules' is a list of rules' ids")
    if kind == "requirement" and not rules:
        raise SuiteError(f"{where} lacks 'rules': which ones look whether it is so?")
    if len(set(rules)) < len(rules):
        raise SuiteError(f"{where} names a rule twice")
    return {name: " ".join(entry[name].split()) for name in _TEXTS[kind]} | {"rules": tuple(rules)}
