"""How fast rows are changed, and how long others may wait: limits, retries, pauses."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Final

from psycopg import errors

#: How often a batch of one row is tried before its trouble is told.
TRIES: Final = 20
#: What the server says where somebody else was in the way. A lock that we wait for is given up long before the server
#: would look for a deadlock, so that none that we are part of reaches an application.
RETRYABLE: Final = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected, errors.SerializationFailure)
#: The longest wait that --max-lock-wait takes, in milliseconds.
LONGEST_WAIT: Final = 60_000


@dataclass(frozen=True)
class Throttle:
    """How fast to go: batch positions per batch, milliseconds that anybody may wait, milliseconds between batches.

    With `max_lock_wait_ms` 0 nobody else is there. `vacuum_after` is the number of changed rows after which a table is
    vacuumed at the latest, 0 for never; a tenth of its rows is enough, so that it grows by little more than that.
    `max_rounds` is how often rows are tried that others held or changed meanwhile.
    """

    batch_size: int = 10_000
    max_lock_wait_ms: int = 500
    pause_ms: int = 0
    vacuum_after: int = 500_000
    max_rounds: int = 6


def back_off(tries: int) -> None:
    """Wait longer after each attempt, for a random part of the time, so that two sessions do not collide again."""
    time.sleep(min(2.0, 0.02 * 2 ** min(tries, 8)) * random.uniform(0.5, 1.5))  # noqa: S311
