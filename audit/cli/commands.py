"""Commands of which each option that takes one value may be given once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption

from order_audit.errors import UsageError


class Commands(typer.Typer):
    """A group of such commands."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        """Register a command, as typer does."""
        return super().command(name, **{"cls": _Command, **options})


class _Command(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words. Raises UsageError where one of two values would be lost."""
        *_, given = self.make_parser(ctx).parse_args(args=[*args])
        for option, times in Counter(given).items():
            if times > 1 and isinstance(option, TyperOption) and not option.multiple and not option.is_flag:
                raise UsageError(f"{option.opts[0]} is given {times} times and takes one value; see"
                                 f" '{ctx.command_path} --help'")  # fmt: skip
        return super().parse_args(ctx, args)
