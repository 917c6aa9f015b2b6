"""Commands of which each option that takes one value may be given once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from order_audit.audit.cli.plain_values import with_plain_values
from order_audit.errors import UsageError

_DSN: Final = re.compile(r"postgres(ql)?:/", re.IGNORECASE)


class Command(TyperCommand):
    """A command that loses no value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, which convert plain values by themselves."""
        return with_plain_values(super().get_params(ctx), self.callback)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words. Raises UsageError where one of two values would be lost."""
        self.once(ctx, args)
        return super().parse_args(ctx, args)

    @classmethod
    def prepared(cls, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function that is to be registered for a command's function."""
        return function

    def once(self, ctx: Any, args: list[str]) -> dict[str, Any]:
        """Return the given options by their names. Raises UsageError as `parse_args` does."""
        options, _, given = self.make_parser(ctx).parse_args(args=[*args])
        for option, times in Counter(given).items():
            if times > 1 and isinstance(option, TyperOption) and not option.multiple and not option.is_flag:
                raise UsageError(f"{option.opts[0]} is given {times} times and takes one value; see"
                                 f" '{ctx.command_path} --help'")  # fmt: skip
        for parameter in self.params:
            values = options.get(parameter.name or "")
            # as a folder it would be made, with the password in its name
            if "--dsn" not in parameter.opts and any(map(_is_dsn, values if isinstance(values, list) else [values])):
                raise UsageError(f"{parameter.opts[0]}: a DSN belongs to --dsn; see '{ctx.command_path} --help'")
        return dict(options)


class Group(TyperGroup):
    """A group whose options convert plain values by themselves."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters."""
        return with_plain_values(super().get_params(ctx), None)


class Commands(typer.Typer):
    """A group of such commands, or of others of the class `of`."""

    def __init__(self, *, of: type[Command] = Command, **options: Any) -> None:
        self._of = of
        super().__init__(cls=Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        """Register a command, as typer does."""
        kind = options.pop("cls", self._of)
        register = super().command(name, cls=kind, **options)
        return lambda function: register(kind.prepared(function))


def _is_dsn(value: object) -> bool:
    return isinstance(value, str) and _DSN.match(value) is not None
