"""`python -m benchmarks.peers`: do the job in each tool and write results/peers.json, from which docs/peers.md is made.

Installs the tools in environments of their own. The server is the embedded PostgreSQL.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks import envs, table
from benchmarks.bed import ORDER_AUDIT, machine
from benchmarks.compare import say, versions, write
from benchmarks.measure import cost
from benchmarks.peers.job import CHECKS, Key, key_of, plain, prepare, truth
from benchmarks.peers.page import RESULTS, recorded_results
from benchmarks.peers.tools import HOME, PEERS, Peer, Told, written
from benchmarks.public_data import PACKAGES
from tests.support import servers

#: Exit codes of checks that failed.
_CODES: Final = (0, 1)
Truth = dict[str, tuple[int, set[Key], set[str]]]


def main() -> None:
    """Run all tools, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each tool [3]")
    parser.add_argument("tool", nargs="*", help="do it in these alone, and keep what is recorded of the others")
    options = parser.parse_args()
    repeats, wanted = options.repeats, [it for it in PEERS if not options.tool or it.folder in options.tool]
    for tool in (PACKAGES, *(it.tool for it in wanted if it.tool)):
        if why := envs.install(tool):
            raise SystemExit(f"{tool.name}: {why}")
    with servers.running(18) as server:
        dsn = servers.new_database(server)
        with psycopg.connect(dsn) as connection:
            connection.execute("set time zone 'UTC'")
            rows = prepare(connection)
            right = truth(connection)
        recorded = {it["name"]: it for it in recorded_results()["tools"]} if options.tool else {}
        recorded |= {it.name: _done(it, dsn, right, repeats) for it in wanted}
        document = {
            "machine": machine(server), "rows": rows, "repeats": repeats,
            "versions": {"order-audit": versions()["order-audit"]}
            | dict(package.split("==") for it in PEERS if it.tool for package in it.tool.packages),
            "checks": [{"id": it.id, "question": it.question, "violations": right[it.id][0]} for it in CHECKS],
            "tools": [recorded[it.name] for it in PEERS if it.name in recorded],
        }  # fmt: skip
    write(RESULTS, document)
    table.write(RESULTS.parent)


def _done(peer: Peer, dsn: str, right: Truth, repeats: int) -> dict[str, Any]:
    """Run the commands of a tool `repeats` times; read what the last run told."""
    say(peer.name)
    with tempfile.TemporaryDirectory(prefix="peers-") as home:
        work = _folder(peer, dsn, Path(home))
        files, lines = written(HOME / peer.folder)
        begun = _begun(peer, dsn, work)
        runs, codes, said = list[float](), list[int](), list[str]()
        for _ in range(repeats):
            codes, said = [], []
            used = 0.0
            for command in peer.commands:
                code, output, seconds = _run(peer, command, dsn, work)
                codes.append(code)
                said.append(output)
                used += seconds
            runs.append(used)
        told = peer.read(work, said, dsn)
        return {
            "name": peer.name, "packages": list(peer.tool.packages) if peer.tool else [], "files": files,
            "lines": lines, "commands": list(peer.commands), "cpu_seconds": statistics.median(runs), "codes": codes,
            "begun": begun, "has": [_has(peer, dsn, work, *it) for it in peer.has],
            "checks": {check.id: _judged(check, told.get(check.id), right[check.id]) for check in CHECKS},
        }  # fmt: skip


def _folder(peer: Peer, dsn: str, home: Path) -> Path:
    """The tool's files with the connection filled in, in a folder of their own; and settings against calls home."""
    work = home / "work"
    shutil.copytree(HOME / peer.folder, work)
    for path in work.rglob("*.y*ml"):
        text = path.read_text(encoding="utf-8")
        for name, value in conninfo_to_dict(dsn).items():
            text = text.replace("{" + name + "}", str(value))
        path.write_text(text, encoding="utf-8")
    (home / ".soda").mkdir()
    (home / ".soda" / "config.yml").write_text("send_anonymous_usage_stats: false\n", encoding="utf-8")
    return work


def _run(peer: Peer, command: str, dsn: str, work: Path) -> tuple[int, str, float]:
    """Run a command of the tool: its exit code, its output, and the CPU seconds of its process."""
    parts = conninfo_to_dict(dsn)
    words = shlex.split(command.format(**parts))
    words[0] = str(peer.tool.bin / words[0]) if peer.tool else ORDER_AUDIT
    env = envs.QUIET | {
        "HOME": str(work.parent), "COLUMNS": "240", "NO_COLOR": "1", "TZ": "UTC", "DATABASE_URL": dsn,
        "NYC_URL": f"postgres://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}",
        "DATACONTRACT_POSTGRES_USERNAME": str(parts["user"]), "DATACONTRACT_POSTGRES_PASSWORD": "none",
    }  # fmt: skip
    shell = ["sh", "-c", shlex.join(words) + '; echo "exit code $?"']
    used = cost(shell, env=env, cwd=work)
    output, _, code = used.output.rpartition("exit code ")
    if int(code) not in _CODES:
        raise SystemExit(f"{peer.name}: {command}: exit code {code}\n{output}")
    return int(code), output, used.cpu


def _begun(peer: Peer, dsn: str, work: Path) -> dict[str, Any] | None:
    """Run the command that makes a first file, and what it makes: its files and lines, and the exit code."""
    if not peer.begin:
        return None
    _, _, seconds = _run(peer, peer.begin, dsn, work)
    files, lines = written(next(work.glob("begun*")))
    command = re.sub(r"\{\w+\}", "…", peer.begin)
    code = _run(peer, peer.try_it, dsn, work)[0] if peer.try_it else None
    return {"command": command, "files": files, "lines": lines, "cpu_seconds": seconds, "tried": peer.try_it,
            "code": code}  # fmt: skip


def _has(peer: Peer, dsn: str, work: Path, what: str, command: str, pattern: str) -> dict[str, str]:
    _, output, _ = _run(peer, command, dsn, work)
    if not re.search(pattern, output):
        raise SystemExit(f"{peer.name}: {command} does not show that it {what}:\n{output}")
    return {"what": what, "command": command}


def _judged(check: Any, told: Told | None, right: tuple[int, set[Key], set[str]]) -> dict[str, Any] | None:
    """What was told of a check, beside the truth; nothing if the tool has no such check."""
    if told is None:
        return None
    count, keys, values = right
    named = {key for row in told.rows if (key := key_of(check, row))}
    shown = {plain(row[check.value]) for row in told.rows if row.get(check.value) is not None} if check.value else set()
    return {
        "right": told.failed == bool(count), "number": told.number, "days": told.days,
        "keys": len(named & keys), "of_keys": len(keys),
        "other_keys": len(named - keys), "values": len(shown & values), "of_values": len(values),
    }  # fmt: skip


if __name__ == "__main__":
    main()
