"""The secret key under which personal keys of violations are digests, and its file.

The server sends the SHA-256 of a personal key, and this program makes the digest of it: HMAC-SHA-256 of the 32 bytes
under the secret key. So the secret key never reaches the server: no text of a rule, no other session and no log can
show it.
"""

from __future__ import annotations

import functools
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from order_audit.errors import UsageError
from order_audit.reports.document import KeyDigests

PREFIX: Final = "hmac-sha256:"
#: The characters of a digest.
LENGTH: Final = len(PREFIX) + 64
#: The variable that names the key file.
ENVIRONMENT: Final = "ORDER_AUDIT_KEY_FILE"
_BYTES: Final = 32
_LARGEST: Final = 4096
#: No messages of digests, which have 32 bytes.
_ID_MESSAGE: Final = b"order-audit key id"
_SALT_MESSAGE: Final = b"order-audit order of keys"


@dataclass(frozen=True)
class DigestKey:
    """A secret key, from a file or for one run."""

    secret: bytes
    is_kept: bool = False

    @classmethod
    def for_one_run(cls) -> DigestKey:
        """Return a random key, which is lost with the run."""
        return cls(secrets.token_bytes(_BYTES))

    def digest(self, hashed: str) -> str:
        """Return the digest of a personal key; `hashed` is the SHA-256 of its text in UTF-8, in hexadecimal digits."""
        made = self._begun.copy()
        made.update(bytes.fromhex(hashed))
        return PREFIX + made.hexdigest()

    @functools.cached_property
    def _begun(self) -> hmac.HMAC:
        return hmac.new(self.secret, digestmod="sha256")

    @property
    def salt(self) -> str:
        """A text for the order in which the server sends personal keys. It says nothing of the secret key."""
        return hmac.digest(self.secret, _SALT_MESSAGE, "sha256").hex()[:32]

    @property
    def mark(self) -> KeyDigests:
        """What a result says of the key: digests of two results can be compared if their ids are equal."""
        id = hmac.digest(self.secret, _ID_MESSAGE, "sha256").hex()[:16]
        return KeyDigests("key_file" if self.is_kept else "one_run", id)


def of(path: Path | None) -> DigestKey:
    """Return the key of a file, which is created if it is missing; without a path, a key for one run.

    Raises UsageError.
    """
    if path is None:
        return DigestKey.for_one_run()
    create(path)
    return read(path)


def of_environment() -> DigestKey:
    """Return the key of the file that a variable of the environment names; without it, the key of this process.

    Raises UsageError.
    """
    named = os.environ.get(ENVIRONMENT)
    return of(Path(named)) if named else _of_process()


@functools.cache
def _of_process() -> DigestKey:
    return DigestKey.for_one_run()


def create(path: Path) -> bool:
    """Create a key file that only its owner may read, unless there is one; return whether it was created.

    Raises UsageError if it cannot be created.
    """
    if os.path.lexists(path):
        return False
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            draft.touch(0o600, exist_ok=False)
            draft.chmod(0o600)  # whatever the umask
            with draft.open("w", encoding="ascii") as file:
                file.write(secrets.token_hex(_BYTES) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # whole or not at all, and never in place of another
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        return False  # by another run, in between
    except OSError as error:
        raise UsageError(f"cannot create the key file {path}: {error.strerror}") from None
    return True


def read(path: Path) -> DigestKey:
    """Return the key of a file. Raises UsageError if it is none, or if others than its owner may read it."""
    try:
        with open(path, "rb", buffering=0, opener=_at_once) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise UsageError(f"the key file {path} is no file: name a file, or a path where one can be created")
            if mode & 0o077:
                raise UsageError(
                    f"the key file {path} is open to others (mode {stat.S_IMODE(mode):04o}): remove it, and the next"
                    " run creates another; or chmod 600, if no other user has read it"
                )
            text = file.read(_LARGEST).strip()
    except OSError as error:
        raise UsageError(f"cannot read the key file {path}: {error.strerror}") from None
    if not re.fullmatch(rb"(?:[0-9A-Fa-f]{2}){32,}", text):
        raise UsageError(
            f"the key file {path} has no key, which is 64 hexadecimal digits or more: name another path, and the run"
            " creates the file"
        )
    return DigestKey(bytes.fromhex(text.decode()), is_kept=True)


def _at_once(name: str, flags: int) -> int:
    """Open a file without waiting for the writer of a pipe."""
    return os.open(name, flags | os.O_NONBLOCK)
