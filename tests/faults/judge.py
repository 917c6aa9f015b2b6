"""Judge how a command ended under a fault, by its exit code, its words and its files."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.faults.commands import Command

#: The files of an audit that was there before, with one violation that no later one has.
_EARLIER: Final = "rule,key\nearlier,1\n"


@dataclass(frozen=True)
class Ended:
    """The end of a process: its exit code (negative: a signal), or `hung`; what it said on stdout and stderr."""

    code: int | str
    printed: str
    said: str


@dataclass(frozen=True)
class Left:
    """What a command left: the files of its folder, and its output."""

    files: dict[str, str]
    printed: str

    @staticmethod
    def of(out: Path, ended: Ended) -> Left:
        """Return what is in a folder, without drafts that a killed process left."""
        files = {}
        for path in sorted(out.rglob("*")):
            name = path.relative_to(out)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                files[str(name)] = path.read_text(encoding="utf-8", errors="replace").replace(str(out), "OUT")
        return Left(files, ended.printed)

    def write_earlier(self, out: Path) -> None:
        """Write files as an earlier audit would have left them."""
        for name in self.files:
            (out / name).write_text(_EARLIER, encoding="utf-8")

    @property
    def untouched(self) -> bool:
        """Whether all files are those of the earlier audit."""
        return all(text == _EARLIER for name, text in self.files.items() if name != "FAILED.txt")

    @property
    def result(self) -> dict[str, Any] | None:
        """The result of an audit; None where there is none, or that of the earlier one."""
        text = self.files.get("results.json", _EARLIER)
        return None if text == _EARLIER else json.loads(text)

    def difference(self, other: Left) -> str:
        """Return in words where the outcome differs."""
        if "results.json" in other.files:
            one, two = self.result, other.result
            assert two is not None
            if one is None:
                return "no result"
            counts = [{it["rule"]: (it["status"], it["violations"]) for it in doc["results"]} for doc in (one, two)]
            if counts[0] != counts[1]:
                return f"other counts: {set(counts[0].items()) ^ set(counts[1].items())}"
            names = {"violations.csv"}
        else:
            names = {
                name for name in self.files.keys() | other.files.keys() if not name.endswith((".toml", ".md", ".yml"))
            }
            if self.printed != other.printed:
                return _first_difference(self.printed, other.printed)
        for name in names:
            if self.files.get(name) != other.files.get(name):
                return f"{name} differs"
        return ""


def judge(
    command: Command, ended: Ended, left: Left, plain: Ended, wanted: Left, *, silent: bool = False
) -> tuple[str, str]:
    """Return how a command ended, and in words what is wrong with that.

    Finished: as without the fault; named: it says what it could not do; stopped: with an error; killed: by a signal.
    """
    if ended.code == "hung":
        return "hung", "the command did not end"
    if "Traceback" in ended.said or ended.code == 99:
        return "crashed", ended.said[-600:]
    if isinstance(ended.code, int) and ended.code < 0:
        return "killed", _files(left, wanted)
    if ended.code == plain.code and not (command.reads and left.difference(wanted)):
        left_out = not command.reads and "not installed" in ended.printed  # a guard, and why
        return "named" if left_out else "finished", ""
    if ended.code in (2, 3, 130):
        lines = ended.said.splitlines()
        if silent and ended.code == 130 and not lines:  # the second signal ends the process at once
            return "stopped", _files(left, wanted)
        if not lines or not lines[-1].startswith("order-audit: "):
            return "stopped", f"exit code {ended.code} without a line that says why: {ended.said!r}"
        return "stopped", _files(left, wanted)
    if command.reads:
        return _named(ended, left, wanted)
    if ended.code in (0, 1):
        return "named", ""  # what is left undone is named, and the command is run again
    return "wrong", f"exit code {ended.code}: {ended.said}"


def _named(ended: Ended, left: Left, wanted: Left) -> tuple[str, str]:
    """Judge a reading command that ended in order with another outcome: it has to name what it could not do."""
    result = left.result
    if result is not None:
        failed = {it["rule"] for it in result["results"] if it["status"] not in ("passed", "failed")}
        if result["run"].get("complete", True) and not failed:
            return "wrong", f"another result: {left.difference(wanted)}"
        if ended.code == 0:
            return "wrong", f"exit code 0 although {failed} have no result"
        return "named", "" if _agree(left, wanted, failed) else "violations of other rules differ"
    if re.search(
        r"errored|not proposed|cannot|timeout|canceling|No space left|changed meanwhile", ended.printed + ended.said
    ):
        return "named", ""
    return "wrong", f"exit code {ended.code}, other output: {left.difference(wanted)}"


def _files(left: Left, wanted: Left) -> str:
    """Return what is wrong with the files of an audit that did not finish."""
    if "violations.csv" not in wanted.files or left.untouched:
        return ""
    result = left.result
    if result is None:
        return "files of two audits: results.json of the earlier one"
    if left.files["violations.csv"] == _EARLIER:
        return "files of two audits: violations.csv of the earlier one"
    if result["run"].get("complete", True) and left.difference(wanted):
        return f"a result that is not marked incomplete: {left.difference(wanted)}"
    return ""


def _agree(left: Left, wanted: Left, failed: set[str]) -> bool:
    """Whether the violations of all other rules are the same."""
    rows = []
    for files in (left.files, wanted.files):
        found = list(csv.reader(io.StringIO(files["violations.csv"])))
        rows.append([row for row in found if row and not failed & set(row)])
    return rows[0] == rows[1]


def _first_difference(one: str, other: str) -> str:
    lines = zip(one.splitlines() + [""] * 99, other.splitlines() + [""] * 99, strict=False)
    return next((f"printed {a!r}, not {b!r}" for a, b in lines if a != b), "output")
