"""Install the other tools, run each beside the rules imported from its files, and record its figures.

`python -m tests.interop [TOOL...]` exits with 1 if a figure differs or a tool cannot be installed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks import envs
from tests.interop.ours import agrees, imported, prepared
from tests.interop.tools import HOME, TOOLS
from tests.support import servers


def main(names: list[str]) -> int:
    """Compare all tools, or those named; return the exit code."""
    code = 0
    with servers.running(18) as server, tempfile.TemporaryDirectory() as home:
        dsn = servers.new_database(server)
        prepared(dsn)
        for name in names or TOOLS:
            tool, figures_of = TOOLS[name]
            if reason := envs.install(tool):
                print(f"{name}: {reason}")
                code = 1
                continue
            folder = Path(home, name)
            folder.mkdir()
            figures = figures_of(dsn, folder)
            recorded = {"tool": " ".join(tool.packages), "checks": dict(sorted(figures.items()))}
            (HOME / f"{name}.json").write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
            ours = imported(name, dsn, folder / "rules")
            different = [it for it in ours if not agrees(ours[it], figures.get(it), it)]
            for it in different:
                print(f"{name}: {it}: {figures.get(it)} there, {ours[it]} here")
                code = 1
            print(f"{name}: {len(figures)} checks, {len(ours)} imported, {len(different)} different")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
