"""`python -m benchmarks.formats`: what all formats of a run but `gx` cost, against a run with next to none.

Whole commands on 100,000 violations, in turn, on a server of their own: seconds of the processor that the client and
the server take. `tap`, one short file, stands for no format. Writes results/formats.json.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import envs, table
from benchmarks.bed import ORDER_AUDIT, machine
from benchmarks.compare import say, versions, write
from benchmarks.measure import cost, server_seconds
from order_audit.audit.database.server import Server
from order_audit.audit.formats import FORMATS
from tests.support import servers

_ORDERS: Final = 200_000
#: The share of each defect, and the violations that come of it.
_DEFECTS: Final = 0.01512
_VIOLATIONS: Final = 100_786
_REPEATS: Final = 7
_ASKED: Final = {"next to none": "tap", "all": ",".join(name for name in FORMATS if name != "gx")}


def _seconds(server: Server, dsn: str, formats: str, folder: Path) -> tuple[float, float]:
    """Return the seconds of the client and of the server that a run takes."""
    before = server_seconds(server, dsn)
    command = [ORDER_AUDIT, "run", "--dsn", dsn, "--out", str(folder / "out"), "--quiet", "--fail-on", "never"]
    env = envs.QUIET | {"GITHUB_STEP_SUMMARY": str(folder / "step.md")}
    used = cost([*command, "--format", formats], env=env)
    (folder / "step.md").unlink(missing_ok=True)
    return used.cpu, server_seconds(server, dsn) - before


def main() -> None:
    """Measure both in turn; the first round does not count."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _ASKED}
    with servers.running(15) as server, tempfile.TemporaryDirectory() as folder:
        dsn, of = servers.new_database(server), machine(server)
        sizes = ["--orders", str(_ORDERS), "--customers", str(_ORDERS // 10), "--defects", str(_DEFECTS)]
        subprocess.run([ORDER_AUDIT, "scenario", "generate", "--dsn", dsn, *sizes, "--quiet"], check=True)
        for turn in range(_REPEATS + 1):
            for name in _ASKED if turn % 2 else reversed(_ASKED):
                seconds = _seconds(server, dsn, _ASKED[name], Path(folder))
                say(f"round {turn} of {_REPEATS}: {name}: {seconds}")
                if turn:
                    found[name].append(seconds)
    rows = {
        name: {
            "client": statistics.median(client for client, _ in runs),
            "server": statistics.median(of_server for _, of_server in runs),
            "sum": statistics.median(map(sum, runs)),
            "runs": runs,
        }
        for name, runs in found.items()
    }
    document = {"machine": of, "versions": versions(), "violations": _VIOLATIONS, "rows": rows}
    write(Path(__file__).parent / "results" / "formats.json", document)
    table.write(Path(__file__).parent / "results")


if __name__ == "__main__":
    main()
