"""One attempt of the harness: a command in a process of its own, a fault at some moment, and what is left then."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import re
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

from order_audit.audit.cli import signals
from order_audit.audit.cli.app import main
from order_audit.audit.database import watchdog
from order_audit.audit.database.server import Server
from tests.faults.commands import Command, Templates
from tests.faults.faults import Fault, Scene
from tests.faults.judge import Ended, Left, judge
from tests.faults.state import State, difference, state
from tests.support import servers
from tests.support.program import order_audit
from tests.support.proxy import Proxy

#: Seconds after which a command counts as hung, and within which its backends have to be gone.
_HUNG: Final = 90
_BACKENDS_GONE: Final = 15
_TRIES: Final = 6


@dataclass(frozen=True)
class Undisturbed:
    """A command without a fault: how it ended, in how many seconds, messages to the server; what it left."""

    ended: Ended
    seconds: float
    messages: int
    left: Left
    after: State


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt: `lost` says what went wrong, and is empty as it should be."""

    kind: str
    lost: str = ""
    said: str = ""


@dataclass
class Bed:
    """A server, its templates, and how the commands end there without a fault."""

    server: Server
    folder: Path
    options: tuple[str, ...]
    small: Path | None = None
    templates: Templates = field(init=False)
    _undisturbed: dict[str, Undisturbed] = field(default_factory=dict)
    _states: dict[str, State] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.templates = Templates(self.server, {})

    def undisturbed(self, command: Command) -> Undisturbed:
        """Run the command without a fault, the first time."""
        if command.name not in self._undisturbed:
            dsn = self.templates.new(command.template)
            out = self._out(command)
            with contextlib.closing(Proxy(dsn)) as proxy:
                if command.reads:  # in this process, so that its forks have the modules
                    order_audit(*_named(command.words, out), "--dsn", dsn)
                began = time.monotonic()
                ended = self._run(command.words, proxy.dsn, out)
                seconds = time.monotonic() - began
            assert ended.code in (0, 1), ended
            left = Left.of(out, ended)
            self._undisturbed[command.name] = Undisturbed(ended, seconds, proxy.sent, left, state(dsn))
            servers.drop_database(self.server, dsn)
        return self._undisturbed[command.name]

    def before(self, template: str) -> State:
        """Return the state of a template, without what is the program's own."""
        if template not in self._states:
            dsn = self.templates.new(template)
            self._states[template] = state(dsn, own=False)
            servers.drop_database(self.server, dsn)
        return self._states[template]

    def attempt(self, command: Command, fault: Fault, seed: str) -> Outcome:
        """Run the command with the fault at a moment that the seed decides, and judge what is left."""
        chance = random.Random(seed)
        plain = self.undisturbed(command)
        dsn = self.templates.new(command.template, "tablespace small" if fault.needs == "small" else "")
        out = self._out(command, plain)
        proxy = Proxy(dsn)
        scene = Scene(self.server, dsn, servers.name_of(dsn), proxy, chance, self.options, self.small)
        try:
            # the servers of the tests lose the last commits in a crash, unlike others
            scene.execute(f"alter database {scene.database} set synchronous_commit = on")
            fault.prepare(scene)
            child = _start(_named(command.words, out), proxy.dsn, quick=fault.needs == "silence")
            scene.process = child.process
            hitting = threading.Thread(target=_hit, args=(scene, fault, plain))
            hitting.start()
            ended = _wait(child)
            hitting.join()
            proxy.close()
            fault.mend(scene)
            return self._judged(command, scene, ended, out, plain, silent=fault.name == "SIGINT twice")
        finally:
            proxy.close()
            servers.drop_database(self.server, dsn)
            shutil.rmtree(out, ignore_errors=True)

    def _judged(
        self, command: Command, scene: Scene, ended: Ended, out: Path, plain: Undisturbed, *, silent: bool
    ) -> Outcome:
        kind, lost = judge(command, ended, Left.of(out, ended), plain.ended, plain.left, silent=silent)
        if not lost and not scene.gone:
            lost = self._sessions_left(scene.database)
        if lost or scene.gone:
            return Outcome(kind, lost, ended.said or ended.printed[-2000:])
        if command.reads:
            if difference(state(scene.dsn), plain.after):
                return Outcome(kind, f"a reading command changed: {difference(state(scene.dsn), plain.after)}")
            if kind == "finished":
                return Outcome(kind)
        words, wanted = command.words, plain.after
        back = kind != "finished" and command.back is not None and scene.chance.random() < 0.5
        if back:
            assert command.back is not None
            words, wanted = command.back, self.before(command.before)
        if kind != "finished" or back:
            for _ in range(_TRIES):
                again = self._run(words, scene.dsn, out)
                if again.code == plain.ended.code or (back and again.code == 0):
                    break
            else:
                return Outcome(kind, f"{' '.join(words[:3])} did not finish: {again.said}", ended.said)
            if command.reads and (wrong := Left.of(out, again).difference(plain.left)):
                return Outcome(kind, f"run again: {wrong}", ended.said)
        lost = difference(state(scene.dsn, own=not back), wanted)
        return Outcome(
            kind, f"{'undone' if back else kind}: {lost}" if lost else "", ended.said or ended.printed[-2000:]
        )

    def _out(self, command: Command, plain: Undisturbed | None = None) -> Path:
        """Return a folder for a command's files, which has those of an earlier audit."""
        out = self.folder / f"out-{random.getrandbits(60):x}"
        out.mkdir()
        if plain is not None and "--out" in command.words and command.name.startswith("run"):
            plain.left.write_earlier(out)
        return out

    def _run(self, words: tuple[str, ...], dsn: str, out: Path) -> Ended:
        return _wait(_start(_named(words, out), dsn))

    def _sessions_left(self, database: str) -> str:
        """Wait until no session of the program's is left; return in words what stays."""
        deadline = time.monotonic() + _BACKENDS_GONE
        query = (
            "select count(*), max(state || ': ' || query) from pg_stat_activity where datname = %s"
            " and application_name like 'order-audit%%'"
        )
        while True:
            with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
                row = connection.execute(query, [database]).fetchone()
                assert row
                if not row[0]:
                    locks = connection.execute(
                        "select count(*) from pg_locks where locktype = 'advisory' or database ="
                        " (select oid from pg_database where datname = %s)", [database]
                    ).fetchone()  # fmt: skip
                    return "" if locks == (0,) else f"{locks} locks left"
            if time.monotonic() > deadline:
                return f"sessions left: {row}"
            time.sleep(0.05)


def _hit(scene: Scene, fault: Fault, plain: Undisturbed) -> None:
    """Wait for the moment, then let the fault happen."""
    began, last = time.monotonic(), 3 * plain.seconds + 5
    if scene.chance.random() < 0.5:
        moment = scene.chance.randint(1, max(1, plain.messages))
        while scene.proxy.sent < moment and time.monotonic() < began + last and _alive(scene.process):
            time.sleep(0.001)
        time.sleep(scene.chance.choice((0, 0, scene.chance.uniform(0, 0.02))))
    else:
        time.sleep(scene.chance.uniform(0, plain.seconds))
    fault.hit(scene)


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@dataclass(frozen=True)
class _Child:
    process: int
    pipes: tuple[int, ...]  # of its stdout and stderr


def _named(words: tuple[str, ...], out: Path) -> list[str]:
    return [word.replace("{out}", str(out)) for word in words]


def _start(words: list[str], dsn: str, *, quick: bool = False) -> _Child:
    """Run the program in a fork of this process, as it has all modules already."""
    pairs = [os.pipe() for _ in range(2)]
    process = os.fork()
    if process:
        for reading, writing in pairs:
            fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 1 << 20)
            os.close(writing)
        return _Child(process, tuple(reading for reading, _ in pairs))
    code: object = 99
    try:
        os.setsid()
        for descriptor, (_, writing) in enumerate(pairs, 1):
            os.dup2(writing, descriptor)
        for number in signals.ENDING:
            signal.signal(number, signal.SIG_DFL)
        sys.stdout, sys.stderr = (
            os.fdopen(number, "w", encoding="utf-8", buffering=1, closefd=False) for number in (1, 2)
        )
        # none of this process's connections is the child's to watch
        watchdog._watched.clear()
        watchdog._thread = None
        if quick:
            watchdog.times = watchdog.Times(every=0.1, idle=0.3, late=1, answer=1, tries=1)
        sys.argv = ["order-audit", *words, "--dsn", dsn]
        main()
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        print(f"Traceback: {error!r}", file=sys.stderr)
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 99)


def _wait(child: _Child) -> Ended:
    """Wait for the end of a process; one that hangs is killed."""
    deadline, hung = time.monotonic() + _HUNG, False
    while True:
        found, status = os.waitpid(child.process, os.WNOHANG)
        if found:
            break
        if time.monotonic() > deadline and not hung:
            hung = True
            os.kill(child.process, signal.SIGKILL)
        time.sleep(0.003)
    texts = []
    for pipe in child.pipes:
        with os.fdopen(pipe, "rb") as file:
            texts.append(file.read().decode(errors="replace"))
    return Ended("hung" if hung else os.waitstatus_to_exitcode(status), _steady(texts[0]), texts[1].strip())


def _steady(text: str) -> str:
    """Return output without durations, sizes, places and names of databases."""
    text = re.sub(r"--dsn .*", "DSN", re.sub(r"/\S*/out-[0-9a-f]+", "OUT", text))
    text = re.sub(r"\bt\d+\b", "DATABASE", text)
    return re.sub(r"\b[0-9.,]+ (ms|s|min|kB|MB|bytes)\b", "SIZE", text)
