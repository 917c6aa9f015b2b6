"""Limits with variables: `at_most: :limit`, `tolerate: :allowed rows`. Their values make them limits."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from order_audit.expectations import bounds, limits
from order_audit.expectations.error import SuiteError
from order_audit.expectations.limits import Limits
from order_audit.expectations.variables import Variable

#: The fields that can use variables.
_FIELDS: Final = (*(it for it in bounds.FIELDS if it != "measure"), "tolerate", "warning", "critical")
_VARIABLE: Final = re.compile(r"(?<![\w:]):([a-z_][a-z0-9_]*)")
#: In place of values that are not known yet: small and large ones of each unit, and how many combinations are tried.
_UNKNOWN: Final = ("0", "9", "999999999", "0 days", "999999999 days", "0001-01-01", "9999-12-31", "true")
_MOST: Final = 5000


@dataclass(frozen=True)
class WrittenLimits:
    """The header of a rule whose limits have variables, with the file and line of each field."""

    header: Mapping[str, str]
    lines: Mapping[str, str]
    path: str

    @property
    def names(self) -> dict[str, str]:
        """The variables, each with the field that reads it first."""
        found = ((name, field) for field in _FIELDS for name in _VARIABLE.findall(self.header.get(field, "")))
        return dict(reversed([*found]))

    def limits(self, values: Mapping[str, str]) -> Limits:
        """Return the limits with the values of variables. Raises SuiteError for values that make no limit."""
        header = {
            field: _VARIABLE.sub(lambda it: values.get(it[1], it[0]), text) if field in _FIELDS else text
            for field, text in self.header.items()
        }
        try:
            return limits.read(header, self.lines, self.path)
        except SuiteError as error:
            used = ", ".join(f"{name} = {values[name]}" for name in self.names if name in values)
            raise SuiteError(f"{error} ({used})") from None

    def first(self, variables: Iterable[Variable]) -> Limits:
        """Return the limits with the defaults of variables; where one has none, with any value that makes a limit.

        Raises SuiteError if there are none.
        """
        defaults = {it.name: it.default for it in variables if it.default is not None}
        missing = sorted(self.names.keys() - defaults.keys())
        for values in itertools.islice(itertools.product(_UNKNOWN, repeat=len(missing)), _MOST if missing else 0):
            with contextlib.suppress(SuiteError):
                return self.limits(dict(zip(missing, values, strict=True)) | defaults)
        return self.limits(dict.fromkeys(missing, _UNKNOWN[0]) | defaults)


def written(header: Mapping[str, str], lines: Mapping[str, str], path: str) -> WrittenLimits | None:
    """Return the limits of a header if they have variables."""
    found = WrittenLimits(header, lines, path)
    return found if found.names else None
