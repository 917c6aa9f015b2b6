"""Candidates on the form of texts: e-mail addresses, UUIDs, codes of a standard, dates, and codes of one form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit.audit.init.candidate import Candidate, Omitted
from order_audit.audit.init.codes import MOSTLY, forms
from order_audit.audit.init.figures import Figures, TableFigures
from order_audit.audit.init.names import FREE_TEXT, words
from order_audit.reports.formatting import plural


@dataclass(frozen=True)
class Format:
    """A form of texts: `pattern` holds in Python and in PostgreSQL, for whole values.

    With `names`, one of these words must be in the column's name, since the pattern alone says too little.
    """

    name: str
    pattern: str
    why: str
    names: frozenset[str] = frozenset()


_LABEL: Final = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
_EMAIL: Final = r"^[a-zA-Z0-9.!#$%&'*+/=?^_{|}~\x60-]+@" + _LABEL + r"(\." + _LABEL + ")+$"
_FORMATS: Final = (
    Format("an e-mail address", _EMAIL, "Mail to another text is never delivered."),
    Format("a UUID", r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "Programs that read it as a UUID fail."),
    Format("a URL", r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^ ]+$", "A link to another text leads nowhere."),
    Format("a date and time", r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?$",
           "Casts to a timestamp fail on another text, and its order is not that of time."),
    Format("a date", r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
           "Casts to a date fail on another text, and its order is not that of time."),
    Format("a time", r"^([01]\d|2[0-4]):[0-5]\d(:[0-5]\d)?$", "Casts to a time fail on another text."),
    Format("an IPv4 address", r"^\d{1,3}(\.\d{1,3}){3}$", "Casts to inet fail on another text."),
    Format("an international phone number", r"^\+\d[\d ().-]{6,18}\d$", "Another text cannot be dialled."),
    Format("a country code", r"^[A-Z]{2}$", "ISO 3166 has two capital letters; others are not found.",
           frozenset(("country", "nation", "nationality"))),
    Format("a country code", r"^[A-Z]{3}$", "ISO 3166 has three capital letters here; others are not found.",
           frozenset(("country", "nation", "nationality"))),
    Format("a currency code", r"^[A-Z]{3}$", "ISO 4217 has three capital letters; others have no rate.",
           frozenset(("currency", "ccy"))),
    Format("a language code", r"^[a-z]{2}(-[A-Z]{2})?$", "ISO 639 has two small letters; others are not found.",
           frozenset(("language", "lang", "locale"))),
    Format("a hash in hexadecimal digits", r"^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$", "It cannot be compared."),
)  # fmt: skip
_SIGNS: Final = " (A is a capital letter, a a small one, 9 a digit)"
#: Rows of which the values are looked at, besides the most frequent ones.
_LOOKED: Final = 100
_ENOUGH: Final = 20
#: Values of a column that must differ: fewer are a list.
_DIFFERENT: Final = 10


def of_formats(connection: psycopg.Connection, found: TableFigures) -> Iterator[Candidate | Omitted]:
    """Yield candidates of each text column of which nearly all samples have one form, the narrowest of each first.

    Raises psycopg.Error.
    """
    columns = [
        figures
        for figures in found.columns.values()
        if figures.column.family == "text" and not figures.column.is_generated and figures.values
    ]
    first = _first_values(connection, found, columns)
    for place, figures in enumerate(columns):
        samples = [*(value for row in first if (value := row[place]) is not None), *figures.top, *figures.ends]
        for form in _forms(figures, samples):
            subject = f"{found.table.shown}.{figures.name}"
            if figures.column.has_check:
                yield Omitted(subject, "format", "a CHECK constraint or a domain limits it")
            elif figures.values < _ENOUGH or figures.distinct < _DIFFERENT:
                yield Omitted(subject, "format", f"too few: {plural(figures.distinct, 'different value')}")
            else:
                pattern = form.pattern.replace("'", "''")
                yield Candidate(
                    "format", found.table, (figures.column,), f"{subject} is not {form.name}", form.why,
                    figures.values, (f"{figures.distinct:,} different values",),
                    f"{figures.column.text} !~ '{pattern}'",
                )  # fmt: skip
                continue
            break


def _first_values(
    connection: psycopg.Connection, found: TableFigures, columns: Sequence[Figures]
) -> list[tuple[str | None, ...]]:
    """The values of the first rows, as texts; none of a view, which may compute all rows for them."""
    if found.table.is_view or not columns:
        return []
    listed = ", ".join(figures.column.text for figures in columns)
    return connection.execute(f"select {listed} from {found.table.sql} as t limit {_LOOKED}".encode()).fetchall()


def _forms(figures: Figures, samples: Sequence[str]) -> Iterator[Format]:
    named = set(words(figures.name))
    for form in _FORMATS:
        if not form.names or form.names & named:
            fits = sum(bool(re.match(form.pattern, value)) for value in samples)
            if fits >= MOSTLY * len(samples):
                yield form
                return
    # a code of another length may well be right
    if named & FREE_TEXT or figures.lengths[0] != figures.lengths[1]:
        return
    for it in forms(samples):
        signs = _SIGNS if it.name.startswith("a code") else ""
        yield Format(it.name, it.pattern, f"The values have one form{signs}; another one is a typo, or no such code.")
