"""The parsed query of a rule: the relations that it reads, and whether it can share a scan.

The parser only reads. Statements are made of slices of the author's text, so that the parser cannot change the meaning
of a rule. A statement that it cannot parse runs unchanged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from order_audit import compiled
from order_audit.audit.analysis.query_facts import ParsedQuery
from order_audit.expectations import Prefilter, Rule, SuiteError, load, shipped


@cache
def analysis() -> bytes:
    """Return a digest of the modules that analyse statements: what they found is kept as long as it stays the same."""
    return compiled.contents(Path(__file__).parent.glob("*.py"))


@cache
def parse(rule: Rule) -> ParsedQuery:
    """Look at a rule's statement. Raises SuiteError unless it is one reading statement."""
    if rule.suite in shipped() and (known := _shipped(rule.suite).get((rule.sql, rule.prefilter))):
        return known
    return _read(rule)


def _read(rule: Rule) -> ParsedQuery:
    """Read the statement with the parser, whose import takes as long as all else here."""
    from order_audit.audit.analysis.rule_parser import read

    return read(rule)


@cache
def _shipped(name: str) -> dict[tuple[str, Prefilter | None], ParsedQuery]:
    """Return the parsed statements of a suite of the program, kept from an earlier start where nothing has changed."""
    suite = load(name)
    here = Path(__file__)
    key = compiled.key(*suite.hashes.values(), version("sqlglot"), analysis())

    def all_read() -> dict[tuple[str, Prefilter | None], ParsedQuery]:
        made = {}
        for rule in suite.rules:
            with contextlib.suppress(SuiteError):  # it is raised where the rule is asked for
                made[rule.sql, rule.prefilter] = _read(rule)
        return made

    return compiled.computed(here.with_name(f"{name}_parsed"), key, all_read)


def qualified(rule: Rule, schemas: Sequence[str], homes: Mapping[str, str]) -> str:
    """Return the rule's statement for psql, with its tables in their schemas.

    `schemas` are the quoted identifiers of the search path, `homes` those of relations by name.
    """
    places = parse(rule).unqualified
    if places is None:
        return f"set search_path to {', '.join(schemas)};\n{rule.sql}"
    text = rule.sql
    for place, name in sorted(set(places), reverse=True):
        text = f"{text[:place]}{homes.get(name, schemas[0])}.{text[place:]}"
    return text
