"""Values of options that the program converts by itself: each is what typer makes of it, errors included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from order_audit.audit.cli.app import app
from order_audit.audit.cli.plain_values import with_plain_values

#: What may stand on a command line or in a configuration file, or be a default.
VALUES: Final[tuple[Any, ...]] = (
    None, "", "a", "a b", "critical", "CRITICAL", "never", "html,json", "5", "0", "-1", "+5", "٥", " 5", "5.0", "1_000",
    "9" * 12, 5, 0, 33, 10**12, True, False, "true", "no", 1.5, "1.5", "/", "not/there", Path("some"), [], ["a"],
    ["a", "b"], ("a",), [1], "~", "\udcff",
)  # fmt: skip


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _commands(below)


def _made(ctx: Any, value: Any, convert: Any) -> object:
    try:
        made = convert(ctx, value)
    except Exception as error:
        return type(error), str(error), getattr(error, "message", "")
    return type(made), made


def test_each_value_is_what_typer_makes_of_it() -> None:
    """All parameters of all commands, each with values of all kinds: equal values of equal types, or equal errors."""
    wrong = []
    for command in _commands(typer.main.get_command(app)):
        ctx = typer.Context(command, info_name="x")
        for parameter in with_plain_values(command.get_params(ctx), command.callback):
            if parameter.callback is not None:
                continue  # --help and --version end the command
            plain, own = vars(parameter)["process_value"], type(parameter).process_value
            for value in VALUES:
                expected = _made(ctx, value, lambda *words, own=own, it=parameter: own(it, *words))
                if _made(ctx, value, plain) != expected:
                    wrong.append((command.name, parameter.name, value, expected, _made(ctx, value, plain)))
    assert not wrong
