"""Run a private PostgreSQL server from a folder of binaries: initialise, start, stop.

The server listens on a Unix socket in a folder that only its owner may enter, and on no network address.
PostgreSQL refuses to run as root; for root it runs as a separate system user (`SERVICE_USER`).
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from order_audit.errors import RunError

SERVICE_USER: Final = "order-audit"
#: sun_path holds 108 bytes on Linux, 104 on macOS, with the closing zero; the file's own name takes 14 of them.
_SOCKET_FOLDER_BYTES: Final = 88
#: Characters of a path that need no quoting in libpq, the shell and the server's list of folders.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9_./ -]+")
_START_SECONDS: Final = 60
#: How long the last processes of a killed server may take to end.
_LAST_PROCESSES_SECONDS: Final = 10
#: A server's message on them, and the line of its log that says why it does not start. Its language is English here.
_STILL_ENDING: Final = re.compile("pre-existing shared memory block|lock file .* already exists")
_REASON: Final = re.compile(r"\b(FATAL|PANIC):")


@dataclass(frozen=True)
class Server:
    """A server's binaries (`bin`) and data folder (`data`)."""

    bin: Path
    data: Path

    @property
    def socket(self) -> Path:
        """The folder of its socket: the data folder, or a short private one where that path cannot be an address."""
        if len(os.fsencode(self.data)) <= _SOCKET_FOLDER_BYTES and _ADDRESS.fullmatch(str(self.data)):
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"order-audit-{digest}"

    def dsn(self, database: str = "postgres") -> str:
        """A libpq keyword string for one of its databases."""
        return f"host={_quoted(str(self.socket))} port=5432 user=postgres dbname={_quoted(database)}"

    def running(self) -> bool:
        """Whether the server answers to pg_ctl."""
        return self._control("status", check=False).returncode == 0

    def start(self, *options: str) -> None:
        """Start the server, initialising its data folder first where needed. Does nothing where it runs.

        `options` are settings as `name=value`. Raises RunError with the server's own words.
        """
        self._own(self.data)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if self.running():
            return
        self._own(self.socket)
        settings = ["listen_addresses=", f"unix_socket_directories={_listed(self.socket)}", "port=5432",
                    "unix_socket_permissions=0700", *options]  # fmt: skip
        words = " ".join(f"-c {_shell(setting)}" for setting in settings)
        deadline = time.monotonic() + _LAST_PROCESSES_SECONDS
        while reason := self._started(words):
            if not _STILL_ENDING.search(reason) or time.monotonic() > deadline:
                raise RunError(f"the PostgreSQL server in {self.data} did not start: {reason}")
            time.sleep(0.2)

    def _started(self, words: str) -> str:
        """Start the server with these words; return why it did not start, or an empty text."""
        log = self.data / "server.log"
        before = log.stat().st_size if log.exists() else 0
        name = log.name if self._here == "." else str(log)
        started = self._control(
            "-w", "-t", str(_START_SECONDS), "-l", name, "-o", words, "start", check=False
        )  # fmt: skip
        if not started.returncode:
            return ""
        with log.open("rb") as file:
            file.seek(before)
            lines = file.read().decode(errors="replace").strip().splitlines()
        # what follows the reason says only that the server ends
        reasons = [line for line in lines if _REASON.search(line)] or lines[-1:]
        return " ".join(reasons[:1]) or started.stderr.strip()

    def stop(self, mode: str = "fast") -> None:
        """Stop the server (`smart`, `fast` or `immediate`). Does nothing where it does not run."""
        self._control("-w", "-m", mode, "stop", check=False)
        if self.socket != self.data:
            shutil.rmtree(self.socket, ignore_errors=True)

    @property
    def _here(self) -> str:
        """Return the data folder for pg_ctl, which passes it to a shell: `.` if the path needs quoting."""
        return str(self.data) if _ADDRESS.fullmatch(str(self.data)) else "."

    def _control(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._run(
            "pg_ctl", "-D", self._here, *words, check=check, folder=str(self.data) if self._here == "." else "/"
        )

    def _initialise(self) -> None:
        major = int(self._run("postgres", "--version").stdout.split()[2].split(".")[0])
        # The built-in provider (17 and later) gives Unicode case mapping without the system's locales.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if major >= 17
            else ["--locale=C.UTF-8"]
        )
        made = self._run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", *locale,
                         "--no-instructions", check=False)  # fmt: skip
        if made.returncode:
            raise RunError(
                f"initdb failed in {self.data}: {(made.stderr.strip() or made.stdout.strip()).splitlines()[-1]}"
            )

    def _own(self, folder: Path) -> None:
        """Create `folder` for the server's user only. An existing folder keeps its mode."""
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
            if user := service_user():
                os.chown(folder, user.pw_uid, user.pw_gid)
        wanted = service_user()
        owner = wanted.pw_uid if wanted else os.geteuid()
        if folder.is_symlink() or folder.stat().st_uid != owner:
            raise RunError(f"{folder} belongs to another user: remove it, or name another place by ORDER_AUDIT_HOME")

    def _run(
        self, program: str, *words: str, check: bool = True, folder: str = "/"
    ) -> subprocess.CompletedProcess[str]:
        user = service_user()
        # Files, not pipes: the server inherits what pg_ctl was given and would hold a pipe open for ever.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                [str(self.bin / program), *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
                cwd=folder,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
                env={name: text for name, text in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
                start_new_session=True,
            )
            out.seek(0)
            err.seek(0)
            result = subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())
        if check and result.returncode:
            raise RunError(f"{program} failed: {result.stderr.strip()}")
        return result


def service_user() -> pwd.struct_passwd | None:
    """Return the user of servers if this process is root's, created if necessary; None for other users."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        words = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell",
                 "/usr/sbin/nologin", SERVICE_USER]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode not in (0, 9):  # 9: another process created it meanwhile
            raise RunError(f"cannot make the system user {SERVICE_USER}: {done.stderr.strip()}") from None
        return pwd.getpwnam(SERVICE_USER)


def enterable(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user` may pass through every existing folder down to `folder`."""
    for part in (folder, *folder.parents):
        if not part.exists():
            continue
        state = part.stat()
        bit = 0o100 if state.st_uid == user.pw_uid else 0o010 if state.st_gid == user.pw_gid else 0o001
        if not state.st_mode & bit:
            return False
    return True


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _listed(folder: Path) -> str:
    return '"' + str(folder).replace('"', '""') + '"'


def _shell(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
