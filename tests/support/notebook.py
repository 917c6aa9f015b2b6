"""docs/notebook.ipynb, which is run on the labelled issues; `python -m tests.support.notebook` writes it again."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, Final
from unittest import mock

import nbformat
from nbclient import NotebookClient

from tests.support import servers

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "notebook.ipynb"
#: What differs between runs.
_VOLATILE: Final = re.compile(r"\b(?:t\d+|shop)\b|\b\d+\.\d+(?= ms)|0x[0-9a-f]+")


def page() -> Any:
    """Read the notebook."""
    return nbformat.read(PAGE, as_version=4)  # type: ignore[no-untyped-call]


def run(dsn: str) -> Any:
    """Run the notebook on a database, in a folder of its own; return it with its outputs."""
    made = page()
    environment = {"DATABASE_URL": dsn, "PYTHONPATH": str(ROOT), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, environment), chdir(folder):
        NotebookClient(made, timeout=100, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return made


def outputs(made: Any) -> Iterator[tuple[str, str]]:
    """Yield the code of each cell with what it shows, without what differs between runs."""
    for cell in made.cells:
        if cell.cell_type == "code":
            shown = [it.get("text") or it["data"].get("text/html") or it["data"]["text/plain"] for it in cell.outputs]
            yield cell.source, _VOLATILE.sub("…", "".join(shown))


def _write() -> None:
    with servers.running(18) as server, servers.database(server, "issues") as dsn:
        made = run(dsn)
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
        cell.metadata.clear()
        for it in cell.get("outputs", []):
            for kind, text in it.get("data", {}).items():
                it["data"][kind] = re.sub(r"\bt\d+\b", "shop", text)
    made.metadata = {"kernelspec": made.metadata.kernelspec, "language_info": {"name": "python"}}
    nbformat.write(made, PAGE)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    _write()
