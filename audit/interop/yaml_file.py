"""YAML as the tools read it. Only plain data: a tag that names a type of Python is an error."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from order_audit.errors import UsageError


class _WithoutTimes(yaml.SafeLoader):
    """YAML 1.1 without timestamps, as datacontract-cli reads it."""


class _Core(yaml.SafeLoader):
    """YAML 1.2, as Soda reads it: `NO` and `on` are texts, `010` is ten."""


def _without(loader: type[yaml.SafeLoader], tags: set[str]) -> None:
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in tags]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_TAG: Final = "tag:yaml.org,2002:"
_without(_WithoutTimes, {f"{_TAG}timestamp"})
_without(_Core, {f"{_TAG}{name}" for name in ("timestamp", "bool", "int", "float")})
for _name, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Core.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


_Core.add_constructor(f"{_TAG}int", _decimal)


_LOADERS: Final = {"dbt": yaml.SafeLoader, "odcs": _WithoutTimes, "soda": _Core}


def read(text: str, form: str, path: str) -> Any:
    """Read the one document of a file as the tool of a format reads it. Raises UsageError with the place."""
    loader = _LOADERS[form](text)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"{path}{place}: not YAML of plain data: {' '.join(str(error.problem).split())}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not YAML of plain data: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()
