"""Readers of the files that the program writes, from PyPI, npm and Debian, as `make test` installs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

#: Beside the environment that the tests run in.
_HOME: Final = Path(sys.prefix).parent / ".tools" / "validators"


def tool(name: str) -> Path:
    """Return a program. Raises AssertionError if it is not installed."""
    for folder in ("bin", "node_modules/.bin"):
        if (found := _HOME / folder / name).exists():
            return found
    installed = shutil.which(name)
    assert installed, f"{name} is missing: make .tools/validators/.installed, or .ci/packages"
    return Path(installed)


def validate(name: str, *words: str | Path, code: int = 0, text: str | None = None) -> str:
    """Run a program on standard input or files; return all that it prints. The exit code has to be this one."""
    done = subprocess.run(
        [tool(name), *words], capture_output=True, text=True, check=False, timeout=100, input=text, cwd=_HOME
    )
    assert done.returncode == code, f"{name}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@cache
def sarif_schema() -> dict[str, Any]:
    """Return the JSON Schema of SARIF 2.1.0 inside of the SARIF multitool."""
    (file,) = (_HOME / "node_modules" / "@microsoft").glob("sarif-multitool-*/sarif-2.1.0.json")
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig"))
    return schema
