"""Values of options that have their type already, or that need no library to be given it.

typer converts each value by a validator of pydantic's, and default values too. To import pydantic and to build the
validators takes longer than all else that a command line needs. What is not plain, and what is wrong, is typer's.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

#: Stands for a value that typer has to look at.
_OTHER: Final = object()


def with_plain_values(parameters: list[Any], function: Callable[..., Any] | None) -> list[Any]:
    """Return parameters of typer's, which the annotations of a command's function describe, with this conversion."""
    known = inspect.signature(function, eval_str=True).parameters if function is not None else {}
    for parameter in parameters:
        if "process_value" not in vars(parameter):
            described = known.get(parameter.name)
            vars(parameter)["process_value"] = _conversion(parameter, described.annotation if described else None)
    return parameters


def _conversion(parameter: Any, annotation: Any) -> Callable[[Any, Any], Any]:
    """Return a parameter's conversion of a value in a context, in the place of its own."""
    convert: Callable[[Any, Any], Any] = parameter.process_value
    kind, info = get_args(annotation)[:2] if hasattr(annotation, "__metadata__") else (None, None)

    def process_value(ctx: Any, value: Any) -> Any:
        if parameter.required and not value:
            return convert(ctx, value)
        if value is None:
            plain: Any = () if parameter.multiple or parameter.nargs == -1 else None
        else:
            plain = _plain(value, kind, info)
        if plain is _OTHER:
            return convert(ctx, value)
        return plain if parameter.callback is None else parameter.callback(ctx, parameter, plain)

    return process_value


def _plain(value: Any, kind: Any, info: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        kinds = [it for it in get_args(kind) if it is not NoneType]
        return _plain(value, kinds[0], info) if len(kinds) == 1 else _OTHER
    if get_origin(kind) is list:
        items = [_plain(it, get_args(kind)[0], info) for it in value] if isinstance(value, list | tuple) else [_OTHER]
        return _OTHER if any(it is _OTHER for it in items) else items
    if get_origin(kind) is Literal:
        return value if value in get_args(kind) else _OTHER
    if kind is int and isinstance(value, int | str) and not isinstance(value, bool):
        return _number(value, info)
    if kind is Path and isinstance(value, str | Path):
        # that a file may not be read is for typer to say
        return Path(value) if os.access(value, os.R_OK) or not os.access(value, os.F_OK) else _OTHER
    return value if kind in (str, bool) and type(value) is kind else _OTHER


def _number(value: int | str, info: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) < 10):
        return _OTHER
    number = int(value)
    within = (info.min is None or number >= info.min) and (info.max is None or number <= info.max)
    return number if within else _OTHER
