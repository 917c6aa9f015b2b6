"""The generated parts of docs/peers.md, from the recorded results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from benchmarks.markdown import decimal, grid

RESULTS: Final = Path(__file__).parents[1] / "results" / "peers.json"


def recorded_results() -> dict[str, Any]:
    """The results of the last run."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def summary() -> str:
    """What the job takes in each tool, and what comes of it."""
    lines = []
    for it in recorded_results()["tools"]:
        told = [one for one in it["checks"].values() if one]
        broken = [one for one in told if one["of_keys"]]
        lines.append((
            it["name"], f"{it['files']}", f"{it['lines']}", f"{len(it['commands'])}", decimal(it["cpu_seconds"]),
            f"{sum(one['right'] for one in told)} of {len(it['checks'])}",
            f"{sum(one['keys'] == one['of_keys'] for one in broken)} of {len(broken)}", f"{max(it['codes'])}",
        ))  # fmt: skip
    head = ("tool", "files", "lines", "commands", "CPU, s", "right verdicts", "checks with every key", "exit code")
    return f"\n{grid(head, lines)}\n\n"


def checks() -> str:
    """What each tool tells of each check."""
    document = recorded_results()
    lines = [
        (it["question"], f"{it['violations']:,}", *(_told(tool["checks"][it["id"]]) for tool in document["tools"]))
        for it in document["checks"]
    ]
    return f"\n{grid(('check', 'violations', *(it['name'] for it in document['tools'])), lines)}\n\n"


def _told(one: dict[str, Any] | None) -> str:
    """The number, and how many of the keys or values are named."""
    if one is None:
        return "–"
    if not one["right"]:
        return "wrong verdict"
    if one["days"] is not None:
        return f"{one['days']:,} days"
    number = "failed" if one["number"] is None else f"{one['number']:,}"
    if not one["of_keys"]:
        return number
    if one["keys"] == one["of_keys"]:
        return f"{number}; every key"
    if one["keys"]:
        return f"{number}; {one['keys']:,} keys"
    if one["values"]:
        return f"{number}; {one['values']:,} of {one['of_values']:,} values"
    return f"{number}; none named"


def steps(name: str) -> str:
    """The commands of one tool, and the first file that it makes from the database."""
    it = next(tool for tool in recorded_results()["tools"] if tool["name"] == name)
    text = "\n```text\n" + "".join(f"{command}\n" for command in it["commands"]) + "```\n\n"
    if begun := it["begun"]:
        files = "1 file" if begun["files"] == 1 else f"{begun['files']:,} files"
        text += f"To begin, this writes {files}, {begun['lines']:,} lines"
        text += f". The second command runs them and exits with {begun['code']}" if begun["tried"] else ""
        text += "".join(f"{line}\n" for line in (":\n\n```text", begun["command"], begun["tried"]) if line) + "```\n\n"
    return text


def beyond() -> str:
    """What the other tools do beyond the job, with the commands that show it."""
    lines = [(tool["name"], one["what"], one["command"].removesuffix(" --help")) for tool in recorded_results()["tools"]
             for one in tool["has"]]  # fmt: skip
    return f"\n{grid(('tool', 'what it does', 'shown by the help of'), lines)}\n\n"


def job() -> str:
    """The rows of the tables, and the versions."""
    document = recorded_results()
    rows = ", ".join(f"{count:,} {table}" for table, count in document["rows"].items())
    packages = ", ".join(f"`{package}`" for tool in document["tools"] for package in tool["packages"])
    return f"\nRows: {rows}. Versions: {packages}.\n\n"
