"""`make dist` runs this: it holds the wheel and the sdist of a folder against the checks of packages.

twine and pyroma check the metadata, uvx starts the command from the wheel, and pyright counts the types of the
installed package that another project would see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support.validators import tool, validate

ROOT: Final = Path(__file__).parents[2]
#: Of pyroma's 10 points. Two are for an e-mail address and a home page, which the project does not have.
_RATING: Final = 8
#: Percentage of the package's names whose types are known.
_TYPED: Final = 95.0


def version() -> str:
    """The version in pyproject.toml, which all others are read from."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def check(folder: Path) -> None:
    """Check the two files. Raises AssertionError with what a check printed."""
    (wheel,), (sdist,) = folder.resolve().glob("*.whl"), folder.resolve().glob("*.tar.gz")
    validate("twine", "check", "--strict", wheel, sdist)
    validate("pyroma", "--min", str(_RATING), sdist)
    started = _output(ROOT / ".tools/bin/uvx", "--from", wheel, "--python", sys.executable, "order-audit", "--version")
    assert started == f"order-audit {version()}\n", started
    share = types(wheel)
    assert share >= _TYPED, f"pyright knows {share:.1f} % of the types, and not {_TYPED} %"
    print(f"{wheel.name}, {sdist.name}: twine, pyroma, uvx, and pyright, which knows {share:.1f} % of the types")


def types(wheel: Path) -> float:
    """Return the percentage of a wheel's names whose types pyright knows."""
    with TemporaryDirectory() as folder:
        venv.create(folder)
        # pyright asks the Python that is first on the path, whatever its option says
        paths = {name: Path(sysconfig.get_path(name, "venv", {"base": folder})) for name in ("purelib", "scripts")}
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(paths["purelib"])
        (paths["purelib"] / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
        done = subprocess.run(
            [tool("pyright"), "--verifytypes", "order_audit", "--ignoreexternal", "--outputjson"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=os.environ | {"PATH": f"{paths['scripts']}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": ""},
        )
        found = json.loads(done.stdout)["typeCompleteness"]
        assert Path(found["packageRootDirectory"]).is_relative_to(folder), found["packageRootDirectory"]
        return 100 * float(found["completenessScore"])


def _output(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    check(Path(sys.argv[1]))
