"""The dependencies: locked with hashes, as installed, under licences that are known, and each for a reason."""

from __future__ import annotations

import re
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import dependencies, docs
from tests.support.dependencies import asked, installed, locked

#: The locks, with what pyproject.toml asks for in each.
LOCKS: Final = {
    "run": asked("embedded"),
    "dev": asked("embedded", "otel", "duckdb", "delta", "dev"),
    **{name: [Requirement(it) for it in its] for name, its in dependencies.project()["dependency-groups"].items()},
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_what_is_asked_for(name: str) -> None:
    """In a version that fits, with hashes, and without the address of any index; after a change, `make lock`."""
    text = (docs.ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert "://" not in text
    lines = locked(name)
    assert all(line.hashes for line in lines.values())
    for requirement in LOCKS[name]:
        assert requirement.specifier.contains(lines[canonicalize_name(requirement.name)].version), requirement


def test_the_constraints_are_those_of_the_lock() -> None:
    """For pip's option of this name, which takes no hashes of a project in a folder."""
    constraints = map(Requirement, (docs.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:])
    lines = locked("dev")
    found: dict[str, tuple[str, str]] = {}
    for it in constraints:  # of a package with several lines, the one for this version of Python
        if canonicalize_name(it.name) not in found or it.marker is None or it.marker.evaluate():
            found[canonicalize_name(it.name)] = f"{it.specifier}", f"{it.marker or ''}"
    assert found == {
        name: (f"=={line.version}", f"{Requirement(f'x ; {line.marker}').marker}" if line.marker else "")
        for name, line in lines.items()
    }


def test_the_locks_agree() -> None:
    """What users get with hashes is what is tested."""
    tested = locked("dev")
    for name, line in locked("run").items():
        assert (line.version, line.hashes) == (tested[name].version, tested[name].hashes)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_what_is_installed_is_locked(name: str) -> None:
    """Every package that a requirement brings along, in the locked version: nothing comes without a hash."""
    here = installed(LOCKS[name])
    lines = locked(name)
    assert here == {package: lines[package].version for package in here}
    others = {package for package in lines.keys() - here.keys() if not lines[package].marker}
    assert not others, "nothing asks for these any more: make lock"


def test_every_licence_is_known() -> None:
    """Of all packages that the program comes with, also of those that others bring along."""
    assert "| psycopg | " in dependencies.licences()
    assert dependencies.unexpected("(MIT OR ISC) AND GPL-3.0-only") == {"GPL-3.0-only"}
    assert dependencies.unexpected("GPL-3.0-only OR MIT") == set()


def test_every_dependency_has_a_reason() -> None:
    """docs/dependencies.md names those of pyproject.toml, and with what they bring along all of the lock."""
    text = docs.text_of(docs.ROOT / "docs" / "dependencies.md")
    rows = re.findall(r"^\| `([\w.-]+)`[^|]* \| [^|]+ \|([^|]*)\|", text, re.MULTILINE)
    assert [name for name, _ in rows] == [it.name for it in asked("embedded")]
    others = {name for _, names in rows for name in re.findall(r"[\w.-]+", names)}
    everywhere = {name for name, line in locked("run").items() if "win32" not in line.marker}
    assert {canonicalize_name(name) for name, _ in rows} | others == everywhere
