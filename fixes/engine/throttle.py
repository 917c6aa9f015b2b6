"""How fast rows are changed, and how long others may wait: limits, retries, pauses."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Final

from psycopg import errors

#: Tries of a batch of one row before its error is raised.
TRIES: Final = 20
#: Errors caused by other sessions. Our lock_timeout ends long before the server
#: would look for a deadlock, so that none that we are part of reaches an application.
BUSY: Final = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)
#: The same and, for statements with a limit of time, its end: `refuse_canceled` first, because a cancel by an
#: administrator is a QueryCanceled, too.
RETRYABLE: Final = (*BUSY, errors.QueryCanceled)
#: The longest wait that --max-lock-wait takes, in milliseconds.
LONGEST_WAIT: Final = 60_000


@dataclass(frozen=True)
class Throttle:
    """Limits of a run: batch positions per batch, longest time to block other sessions and pause between batches in ms.

    `max_lock_wait_ms` 0: no other session uses the tables. `vacuum_after`: a table is vacuumed after this many changed
    rows, or a tenth of its rows if that is less; 0 for never. `max_rounds` limits the retries of rows that are locked
    or changed concurrently.
    """

    batch_size: int = 10_000
    max_lock_wait_ms: int = 500
    pause_ms: int = 0
    vacuum_after: int = 500_000
    max_rounds: int = 6


def back_off(tries: int) -> None:
    """Wait longer after each attempt, for a random part of the time, so that two sessions do not collide again."""
    time.sleep(min(2.0, 0.02 * 2 ** min(tries, 8)) * random.uniform(0.5, 1.5))  # noqa: S311
