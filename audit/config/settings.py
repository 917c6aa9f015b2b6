"""The settings that apply: a configuration file's, with those of one of its environments over them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from order_audit.audit.config.file import ConfigFile, find
from order_audit.audit.config.keys import BY_PATH, ENVIRONMENTS, KEYS, OPEN, SECTIONS, Key
from order_audit.audit.config.suppressions import SECTION, suppressions
from order_audit.audit.config.values import checked, open_value
from order_audit.errors import UsageError
from order_audit.expectations import Amount, Override

if TYPE_CHECKING:
    from order_audit.reports.document import Suppression

#: The variable that names the environment where --env does not.
VARIABLE: Final = "ORDER_AUDIT_ENV"


@dataclass(frozen=True)
class Setting:
    """A value, the file and line that it is from, and the environment whose section that is, if any."""

    value: Any
    place: str
    environment: str = ""


@dataclass(frozen=True)
class Configuration:
    """The settings of a file by their paths, and those of its open sections by section and name.

    `environment` is the chosen one, `chosen_by` the option or variable that names it.
    """

    file: ConfigFile
    environment: str
    chosen_by: str
    settings: Mapping[str, Setting]
    open: Mapping[str, Mapping[str, Setting]]
    suppressions: tuple[Suppression, ...] = ()

    @property
    def name(self) -> str:
        """The file, with the environment."""
        return f"{self.file.path} [{ENVIRONMENTS}.{self.environment}]" if self.environment else str(self.file.path)

    def value(self, path: str) -> Any:
        """The value of a key; None if the file does not have it."""
        return self.settings[path].value if path in self.settings else None

    def options(self, command: str) -> dict[str, Any]:
        """The values that stand in for the parameters of a command."""
        return {
            key.options[command]: self.settings[key.path].value
            for key in KEYS
            if command in key.options and key.path in self.settings
        }

    @property
    def overrides(self) -> tuple[Override, ...]:
        """The severities and tolerances of rules, by patterns."""
        return (
            *(Override(name, it.place, severity=it.value) for name, it in self.open["severity"].items()),
            *(Override(name, it.place, tolerate=Amount.parse(it.value)) for name, it in self.open["tolerate"].items()),
        )

    def texts(self, section: str) -> dict[str, str]:
        """The values of an open section."""
        return {name: setting.value for name, setting in self.open[section].items()}


def read(start: Path, environment: str | None) -> Configuration | None:
    """Return the configuration for a working folder; None without a file. `environment` is that of --env.

    Raises UsageError for a file with a fault, and for an environment that it does not have.
    """
    if (file := find(start)) is None:
        if environment:
            raise UsageError(f"--env {environment}: no order-audit.toml here or above; write one, or drop --env")
        return None
    environments = file.content.get(ENVIRONMENTS, {})
    if not isinstance(environments, dict) or not all(isinstance(it, dict) for it in environments.values()):
        raise UsageError(f"{file.place(ENVIRONMENTS)}: an environment is a section: [{ENVIRONMENTS}.NAME]")
    chosen, by = (environment, "--env") if environment else (os.environ.get(VARIABLE, ""), VARIABLE)
    if chosen and chosen not in environments:
        raise UsageError(f"{by} {chosen}: {file.path} has no [{ENVIRONMENTS}.{chosen}]{_known(chosen, environments)}")
    sections = {"": {name: value for name, value in file.content.items() if name != ENVIRONMENTS}, **environments}
    tables = {}
    suppressed: dict[str, list[Suppression]] = {}
    for name, table in sections.items():
        above = (ENVIRONMENTS, name) if name else ()
        suppressed[name] = suppressions(file, table.get(SECTION, []), above)
        tables[name] = dict(_flat(file, {key: value for key, value in table.items() if key != SECTION}, above))
    merged = tables[""] | (tables[chosen] if chosen else {})
    return Configuration(
        file,
        chosen,
        by if chosen else "",
        {path: setting for (section, path), setting in merged.items() if not section},
        {
            section: {name: setting for (within, name), setting in merged.items() if within == section}
            for section in OPEN
        },
        (*suppressed[""], *(suppressed[chosen] if chosen else ())),
    )


def _flat(
    file: ConfigFile, table: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, str], Setting]]:
    """Yield the settings of a table by their paths, those of open sections by section and name.

    `above` is the path of the table in the file. Raises UsageError for an unknown key or a wrong value.
    """
    environment = above[1] if above else ""
    for name, value in table.items():
        place = file.place(*above, name)
        if name in OPEN or name in SECTIONS:
            if not isinstance(value, dict):
                raise UsageError(f"{place}: {name} is a section: [{'.'.join((*above, name))}]")
            for inner, text in value.items():
                at = file.place(*above, name, inner)
                if name in OPEN:
                    yield (name, inner), Setting(open_value(name, inner, text, at), at, environment)
                else:
                    key = BY_PATH.get(f"{name}.{inner}") or _unknown(inner, at, f"[{name}]", _names(name))
                    yield ("", key.path), Setting(checked(key, text, at, file.path.parent), at, environment)
        else:
            known = [*_names(""), *SECTIONS, *OPEN, SECTION, *[ENVIRONMENTS] * (not above)]
            key = BY_PATH.get(name) or _unknown(name, place, "", known)
            yield ("", key.path), Setting(checked(key, value, place, file.path.parent), place, environment)


def _names(section: str) -> list[str]:
    return [key.name for key in KEYS if key.section == section]


def _unknown(name: str, place: str, section: str, known: list[str]) -> Key:
    """Raise UsageError with the nearest known name, which may stand in another section."""
    elsewhere = [f"[{key.section}] {key.name}" for key in KEYS if key.name == name and key.section]
    elsewhere += [f"{name}, at the top of the file" for key in KEYS if key.name == name and not key.section]
    near = difflib.get_close_matches(name, known, 1, 0.6)
    others = difflib.get_close_matches(name, [key.name for key in KEYS], 1, 0.75)
    others = [f"[{key.section}] {key.name}" if key.section else key.name for key in KEYS if key.name in others]
    hint = elsewhere[:1] or near or others[:1]
    what = f"key '{name}' in {section}" if section else f"key or section '{name}'"
    words = f" (did you mean {hint[0]}?)" if hint else f" (known: {', '.join(known)})"
    raise UsageError(f"{place}: unknown {what}{words}")


def _known(name: str, environments: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, environments, 1)
    if near:
        return f" (did you mean {near[0]}?)"
    return f" (it has: {', '.join(environments)})" if environments else ""
