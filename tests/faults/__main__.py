"""The long form of the harness: `python -m tests.faults --minutes 30 --out benchmarks/results/faults.json`.

Runs each command with each fault again and again, at random moments, on servers of its own. Adds to the figures that
the file has. Exits with 1 where an attempt was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from order_audit.reports import atomic_files
from tests.faults.attempt import Bed, Outcome
from tests.faults.commands import COMMANDS, Command
from tests.faults.faults import FAULTS, Fault
from tests.support import servers

#: The small file system of `disk full at the server`: its size. Root makes one.
_SMALL: Final = "48m"
#: The lost attempts of which the file tells.
_TOLD: Final = 50


@contextmanager
def bed(major: int = 18, *, small: bool = False) -> Iterator[Bed]:
    """A server and a folder; with `small`, and the rights of root, a file system that can become full."""
    with servers.running(major) as server:
        folder = server.data.parent / "work"
        folder.mkdir()
        mounted = folder.parent / "small" if small and os.geteuid() == 0 else None
        if mounted is not None:
            mounted = _mounted(server.data, mounted)
        made = Bed(server, folder, servers._FAST, mounted)
        if mounted is not None:
            servers._execute(server, f"create tablespace small location '{mounted}/space'")
        try:
            yield made
        finally:
            server.stop("immediate")
            if mounted is not None:
                subprocess.run(["umount", "--lazy", str(mounted)], check=False)


def _mounted(data: Path, place: Path) -> Path | None:
    place.mkdir()
    state = data.stat()
    words = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL},mode=0755", "tmpfs", str(place)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        return None
    (place / "space").mkdir(mode=0o700)
    for path in (place, place / "space"):
        os.chown(path, state.st_uid, state.st_gid)
    return place


def soak(bed: Bed, pairs: list[tuple[Command, Fault]], until: float, seed: int) -> Iterator[tuple[str, str, Outcome]]:
    """Yield the outcomes of attempts with pairs of command and fault, all of them in turn, until a time."""
    chance, number = random.Random(seed), 0
    while True:
        chance.shuffle(pairs)
        for command, fault in pairs:
            if time.monotonic() > until:
                return
            number += 1
            name = f"{seed}.{number}"
            try:
                yield command.name, fault.name, bed.attempt(command, fault, name)
            except Exception as error:
                yield command.name, fault.name, Outcome("harness", f"{name}: {type(error).__name__}: {error}")


def _add(document: dict[str, Any], command: str, fault: str, outcome: Outcome) -> None:
    counts = document["attempts"].setdefault(command, {}).setdefault(fault, {})
    kind = "lost" if outcome.lost else outcome.kind
    counts[kind] = counts.get(kind, 0) + 1
    if outcome.lost and len(document["lost"]) < _TOLD:
        document["lost"].append({"command": command, "fault": fault, "why": outcome.lost, "said": outcome.said})


def main() -> int:
    """Run attempts for some minutes."""
    parser = argparse.ArgumentParser(description="Run commands under faults.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--out", type=Path, required=True, help="JSON file of the figures, which are added up")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--version", type=int, default=18, help="of PostgreSQL")
    parser.add_argument("--command", action="append", help="only these commands")
    parser.add_argument("--fault", action="append", help="only these faults")
    given = parser.parse_args()
    document: dict[str, Any] = {"seconds": 0.0, "attempts": {}, "lost": []}
    if given.out.exists():
        document = json.loads(given.out.read_text(encoding="utf-8"))
    began = last = time.monotonic()
    with bed(given.version, small=True) as made:
        pairs = [
            (command, fault)
            for command in COMMANDS
            for fault in FAULTS
            if (not given.command or command.name in given.command) and (not given.fault or fault.name in given.fault)
            and (fault.needs != "small" or made.small is not None)
        ]  # fmt: skip
        for command, fault, outcome in soak(made, pairs, began + 60 * given.minutes, given.seed):
            _add(document, command, fault, outcome)
            if outcome.lost:
                print(f"LOST {command} | {fault} | {outcome.lost} | {outcome.said}", flush=True)
            document["seconds"] += time.monotonic() - last
            last = time.monotonic()
            atomic_files.write(given.out, atomic_files.as_json(document))
    number = sum(sum(kinds.values()) for faults in document["attempts"].values() for kinds in faults.values())
    print(f"{number} attempts, {len(document['lost'])} lost")
    return 1 if document["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
