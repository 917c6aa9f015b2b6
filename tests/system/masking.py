"""Helpers for the tests of masks: runs of the program, and what must not be seen of them."""

from __future__ import annotations

import csv
import html
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.support.program import order_audit

ROOT: Final = Path(__file__).parents[2]
#: Placeholders are no personal values.
PLACEHOLDERS: Final = {"n/a", "none", "null", "unknown", "test", "testing", "tbd", "todo", "placeholder"}
SECRET_KEY: Final = re.compile(
    r"api[-_ ]?key|secret|token|password|passwd|pwd|credential|private[-_ ]?key|authorization", re.IGNORECASE
)
EMAIL: Final = re.compile(r"[^\s@\"<>,;]+@[^\s@\"<>,;]+")


@dataclass(frozen=True)
class Audited:
    """One run of the program: its files and its output."""

    done: subprocess.CompletedProcess[str]
    out: Path

    def texts(self) -> dict[str, str]:
        """Every file and stream, by name."""
        files = {path.name: path.read_text(encoding="utf-8") for path in sorted(self.out.iterdir())}
        return files | {"stdout": self.done.stdout, "stderr": self.done.stderr}

    def document(self) -> dict[str, Any]:
        """results.json."""
        return _read(self.out / "results.json")

    def result(self, rule: str) -> dict[str, Any]:
        """One rule's result."""
        found: dict[str, Any] = next(found for found in self.document()["results"] if found["rule"] == rule)
        return found

    def keys(self, rule: str) -> list[str]:
        """One rule's lines in violations.csv."""
        csv.field_size_limit(1 << 24)
        with (self.out / "violations.csv").open(encoding="utf-8", newline="") as lines:
            return [key for name, key in csv.reader(lines) if name == rule]


@cache
def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def run_program(words: list[str], home: Path, out: Path) -> Audited:
    """Run an audit that fails the gate."""
    done = order_audit("run", "--out", str(out), "--examples", "1000", *words, HOME=str(home))
    assert done.returncode == 1, done.stderr
    return Audited(done, out)


def strings(node: Any, secret: bool) -> Iterator[tuple[str, bool]]:
    """Every text value of a document, and whether it stands below a key that names a secret."""
    if isinstance(node, _Pairs):
        for key, below in node:
            yield from strings(below, secret or SECRET_KEY.search(key) is not None)
    elif isinstance(node, list):
        for below in node:
            yield from strings(below, secret)
    elif isinstance(node, str):
        yield node, secret


class _Pairs(list[tuple[str, Any]]):
    """An object with its repeated keys."""


def what_is_hidden(database: str) -> frozenset[str]:
    """All personal values and secrets in the database, and their revealing parts."""
    values: set[str] = set()
    with psycopg.connect(database) as connection:
        for email, phone, address, contact in connection.execute(
            "select customer_email, customer_phone, address, customer_contact_name from customers"
        ):
            values |= {email, phone or "", address, contact, address.split(",")[0], *contact.split()}
            values |= {email.split("@")[0], re.sub(r"\D", "", phone or "")} if "@" in email else {email}
        arguments = [text for (text,) in connection.execute("select delivery_script_args::text from orders") if text]
    for text in arguments:
        for value, secret in strings(json.loads(text, object_pairs_hook=_Pairs), secret=False):
            values |= set(EMAIL.findall(value))
            if secret and not re.fullmatch(r"secret-ref:[A-Za-z0-9_./-]+", value):
                values.add(value)
    made_up = re.findall(r"made-up-[a-z]+-\d+|not-a-real-key-[a-z0-9-]+", " ".join(arguments))
    assert len(set(made_up)) >= 15
    values = {value.strip().casefold() for value in values | set(made_up)}
    return frozenset(value for value in values if len(value) >= 5 and value not in PLACEHOLDERS)


def what_is_allowed(database: str, suite: Path) -> str:
    """Where a hidden value's part may stand for another reason: in suites' texts, and in the names of companies."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(suite.rglob("*.sql"))]
    with psycopg.connect(database) as connection:
        texts += [name for (name,) in connection.execute("select customer_name from customers")]
    ours = (
        path for kind in ("*.sql", "*.toml") for path in sorted((ROOT / "order_audit" / "expectations").rglob(kind))
    )
    texts += [path.read_text(encoding="utf-8") for path in ours]
    return " ".join(texts).casefold()


@cache
def _spellings(value: str) -> set[str]:
    """A value as the formats write it."""
    as_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(text)[1:-1] for text in as_json}
    as_markup = {html.escape(value), html.escape(value, quote=False), value.replace("'", "&#39;").replace('"', "&#34;")}
    as_markdown = re.sub(r"([\\`*_{}\[\]<>|#!~])", r"\\\1", value)
    return {value, " ".join(value.split()), value.replace('"', '""'), as_markdown} | as_json | twice | as_markup


def seen(text: str, hidden: frozenset[str], allowed: str = "") -> list[str]:
    """The hidden values that a text shows, in any spelling, whatever the case, tags left out."""
    text = text.casefold()
    bare = re.sub(r"<[^>]*>", "", text)
    return sorted(
        value
        for value in hidden
        if any(spelt in text or spelt in bare for spelt in _spellings(value))
        and not (value in allowed and re.fullmatch(r"[\w’']+", value))
    )
