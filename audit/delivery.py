"""Deliver a message to a web address: signed, tried again, with time limits, without following redirects."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import IO, Final
from urllib.parse import quote, urlsplit

from order_audit.errors import RunError, UsageError

#: The header of the signature: the time of sending (in seconds since 1970), and the HMAC-SHA-256 of that time, a dot
#: and the body, under the secret that both sides know.
SIGNATURE: Final = "X-Order-Audit-Signature"
#: Seconds until an answer must have come, and between the attempts, unless the server says how long to wait.
_TIMEOUT: Final = 10.0
_WAITS: Final = (1.0, 3.0, 9.0)
_LONGEST: Final = 30.0
#: Answers after which another attempt makes sense.
_PASSING: Final = {408, 425, 429, 500, 502, 503, 504}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Another address is not what was asked for, and would receive what is signed for this one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow none."""


def check(address: str) -> None:
    """Raise UsageError for an address that is no web address. The message does not contain it: it may be a secret."""
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or any(ord(letter) <= 32 for letter in address):
        raise UsageError("the web address is none: give one as https://host/path")
    if not address.isascii():
        raise UsageError("the web address has letters beyond ASCII: write them as %C3%A9, those of its host as xn--…")
    if parts.username is not None:
        raise UsageError("the web address has a user name, which is not sent: give one as https://host/path")
    if any(not 0 < len(label) < 64 for label in (parts.hostname or "").removesuffix(".").split(".")):
        raise UsageError("the web address has a host that can be none: between its dots are 1 to 63 letters")


def deliver(body: bytes, address: str, id: str, secret: str = "", sleep: Callable[[float], None] = time.sleep) -> None:
    """Send a JSON body with POST, in up to four attempts.

    `id` is that of the run, by which a receiver knows a second attempt. Raises RunError if it was not taken, with the
    server's answer and no more of the address than its host.
    """
    host = urlsplit(address).hostname
    opener = urllib.request.build_opener(_NoRedirects)
    for wait in (*_WAITS, None):
        request = urllib.request.Request(address, body, _headers(body, id, secret), method="POST")  # noqa: S310
        try:
            with opener.open(request, timeout=_TIMEOUT):
                return
        except urllib.error.HTTPError as error:
            with error:
                reason, asked = f"it answered {error.code} {error.reason}", error.headers.get("Retry-After", "")
            if error.code not in _PASSING:
                raise RunError(f"{host} did not take the message: {reason}") from None
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            reason, asked = f"no answer ({cause if isinstance(cause, OSError) else type(error).__name__})", ""
        if wait is None:
            raise RunError(f"{host} did not take the message in {len(_WAITS) + 1} attempts: {reason}")
        sleep(min(float(asked), _LONGEST) if asked.isdecimal() else wait)


def _headers(body: bytes, id: str, secret: str) -> dict[str, str]:
    # an id is a UUID; in a file of another program it may be anything
    headers = {"Content-Type": "application/json", "User-Agent": "order-audit", "X-Order-Audit-Run": quote(id, safe="")}
    if secret:
        now = str(int(time.time()))
        digest = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        headers[SIGNATURE] = f"t={now},sha256={digest}"
    return headers
