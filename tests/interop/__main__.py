"""Install the other tools, run each beside the rules imported from its files, and record its figures.

`python -m tests.interop [TOOL...]` exits with 1 if a figure differs or a tool cannot be installed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks import envs
from benchmarks.envs import Tool
from tests.interop.ours import agrees, audited, exported, imported, prepared
from tests.interop.tools import HOME, TOOLS, Figures, dbt, odcs
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
            _record(name, tool, figures)
            ours = imported(name, dsn, folder / "rules")
            different = [it for it in ours if not agrees(ours[it], figures.get(it), it)]
            for it in different:
                print(f"{name}: {it}: {figures.get(it)} there, {ours[it]} here")
                code = 1
            print(f"{name}: {len(figures)} checks, {len(ours)} imported, {len(different)} different")
        for name in {"dbt", "odcs"} & set(names or TOOLS):
            code |= _exported(name, dsn, Path(home, f"export-{name}"))
    return code


def _exported(name: str, dsn: str, folder: Path) -> int:
    """Run the tool on the rules of `rules/`, exported for it."""
    folder.mkdir()
    made = folder / "made" if name == "dbt" else folder / "made.yaml"
    exported(name, made)
    if name == "dbt":
        figures = dbt(dsn, folder, made)
        figures = {rule.replace("__", "."): it for rule, it in figures.items()}
    else:
        server = ("type: postgres", 'host: "{host}"', "port: {port}", "database: {dbname}", "schema: public")
        lines = "".join(f"    {line}\n" for line in server)
        made.write_text(
            made.read_text(encoding="utf-8") + "servers:\n  - server: production\n" + lines, encoding="utf-8"
        )
        figures = odcs(dsn, folder, made)
    _record(f"export-{name}", TOOLS[name][0], figures)
    ours = audited(dsn, HOME / "rules", folder / "results", counted=True)
    different = [it for it in ours if it not in figures or ours[it]["number"] != figures[it]["number"]]
    for it in different:
        print(f"export to {name}: {it}: {figures.get(it)} there, {ours[it]} here")
    print(f"export to {name}: {len(ours)} rules, {len(figures)} checks, {len(different)} different")
    return int(bool(different))


def _record(name: str, tool: Tool, figures: Figures) -> None:
    recorded = {"tool": " ".join(tool.packages), "checks": dict(sorted(figures.items()))}
    (HOME / f"{name}.json").write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
