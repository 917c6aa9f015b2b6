"""What an engine has for each function, operator and cast of PostgreSQL. What is not listed is not translated.

A dialect is made of tables from a signature as PostgreSQL has it, such as `left(text, integer) -> text`, to the
expression of the engine with the same values, with `{0}`, `{1}` for the operands. An operand that stands there twice is
computed twice: templates use each once, and functions of the library the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.lake.translate.typed import type_of

_SIGNATURE: Final = re.compile(r"(?P<name>.+?)\((?P<arguments>[^()]*)\) -> (?P<result>.+)")


@dataclass(frozen=True)
class Signature:
    """A function or an operator with its types, and what the engine has for it.

    A template that begins with `!` may raise an error, or is expensive: conditions before it are judged first.
    """

    name: str
    arguments: tuple[PgType, ...]
    result: PgType
    template: str
    raises: bool

    def render(self, *operands: str) -> str:
        """Return the engine's expression for operands."""
        return self.template.format(*operands)

    def __str__(self) -> str:
        """Return the signature without the result, as messages name it."""
        return f"{self.name}({', '.join(map(str, self.arguments))})"


def signatures(table: Mapping[str, str]) -> Mapping[str, tuple[Signature, ...]]:
    """Read a table of signatures and templates; return it by name."""
    made: dict[str, tuple[Signature, ...]] = {}
    for text, template in table.items():
        found = _SIGNATURE.fullmatch(text)
        if found is None:
            raise ValueError(f"no signature: {text}")
        arguments = tuple(type_of(it.strip()) for it in found["arguments"].split(",") if it.strip())
        name = found["name"]
        one = Signature(name, arguments, type_of(found["result"]), template.removeprefix("!"), template.startswith("!"))
        made[name] = (*made.get(name, ()), one)
    return made


@dataclass(frozen=True)
class Dialect:
    """An engine's tables. Types in them are base types, without modifiers."""

    name: str
    #: names of the engine's types by PostgreSQL's; a type without one is a text
    types: Mapping[str, str]
    functions: Mapping[str, tuple[Signature, ...]]
    operators: Mapping[str, tuple[Signature, ...]]
    #: casts by `FROM -> TO`: those that PostgreSQL applies by itself, and those that a rule writes
    implicit: Mapping[str, str]
    explicit: Mapping[str, str]
    #: functions in FROM that return one column: by signature, an expression for a list of its rows
    lists: Mapping[str, tuple[Signature, ...]]

    def type_name(self, of: PgType) -> str:
        """Return the engine's name of the type that values of a type have in expressions."""
        name = self.types.get(of.name, self.types[""])
        return f"{name}[]" if of.is_array else name
