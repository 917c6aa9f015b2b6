"""What the program depends on: the requirements of pyproject.toml, the locked versions, and their licences.

`python -m tests.support.dependencies SBOM LIST` checks an SBOM against the lock and writes the list of licences.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
#: Licences that the installed program may have. A new one has to be read first.
ALLOWED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-only", "MIT", "MIT-0"}
ALLOWED |= {"MPL-2.0", "PSF-2.0", "Zlib"}
#: SPDX names of packages whose metadata have another name or a whole text.
_SPDX: Final = {
    "altair": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "scipy": "BSD-3-Clause",
    "shellingham": "ISC",
}


@dataclass(frozen=True)
class Locked:
    """A line of a lock: version, marker of the platforms it is for, hashes of its files."""

    version: str
    marker: str
    hashes: tuple[str, ...]


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def asked(*extras: str) -> list[Requirement]:
    """Return what pyproject.toml asks for, with these extras."""
    found = project()["project"]
    texts = [*found["dependencies"], *(text for extra in extras for text in found["optional-dependencies"][extra])]
    return [it for it in map(Requirement, texts) if it.name != found["name"]]


def locked(name: str) -> dict[str, Locked]:
    """Return the lines of requirements/NAME.lock by package."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, Locked] = {}
    for line in text.splitlines():
        if match := re.match(r"([\w.-]+)==(\S+)(?: ; (.*?))?((?: +--hash=sha256:[0-9a-f]{64})+)\s*$", line):
            name_of_line = canonicalize_name(match[1])
            # of a package with a line for some versions of Python and one for others, the one for this
            if name_of_line not in found or Marker(match[3] or "python_version > '3'").evaluate():
                found[name_of_line] = Locked(match[2], match[3] or "", tuple(match[4].split()))
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"requirements/{name}.lock: {line[:80]}")
    return found


def installed(requirements: Iterable[Requirement]) -> dict[str, str]:
    """Return the installed version of every package that is required, directly or by another one."""
    found: dict[str, str] = {}
    todo = [(it, extra) for it in requirements for extra in ("", *it.extras)]
    seen = set()
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        distribution = metadata.distribution(name)
        found[name] = distribution.version
        for inner in map(Requirement, distribution.requires or ()):
            if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                todo += [(inner, word) for word in ("", *inner.extras)]
    return found


def licence(name: str) -> str:
    """Return the SPDX expression of an installed package's licence."""
    found = metadata.metadata(name).json
    return str(found.get("license_expression") or _SPDX.get(name) or found.get("license") or "unknown")


def unexpected(expression: str) -> set[str]:
    """Return the licences of an SPDX expression that are not allowed.

    Of two that one may choose from, one suffices; where brackets stand, all are taken.
    """
    parts = [expression] if "(" in expression else expression.split(" OR ")
    choices = [set(re.findall(r"[^\s()]+", part)) - {"AND", "OR"} for part in parts]
    return min((choice - ALLOWED for choice in choices), key=len)


def licences() -> str:
    """Return the licences of the installed program, as a Markdown table. Raises ValueError for one not allowed."""
    versions = installed(asked("embedded"))
    named = {name: licence(name) for name in sorted(versions)}
    if wrong := {name: it for name, it in named.items() if unexpected(it)}:
        raise ValueError(f"licences that are not allowed: {wrong}")
    rows = [f"| {name} | {versions[name]} | {it} |" for name, it in named.items()]
    return "\n".join(["| package | version | licence |", "| --- | --- | --- |", *rows, ""])


def check(sbom: Path) -> None:
    """Raise ValueError if an SBOM does not name exactly the packages that the program has here, in their versions."""
    document = json.loads(sbom.read_text(encoding="utf-8"))
    named = {canonicalize_name(it["name"]): it["version"] for it in document["components"]}
    if different := set(named.items()) ^ set(installed(asked("embedded")).items()):
        raise ValueError(f"{sbom} differs from what is installed: {sorted(different)}")


if __name__ == "__main__":
    check(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text(licences(), encoding="utf-8")
