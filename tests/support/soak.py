"""How often to do what goes wrong only now and then: a few times in the tests, SOAK times in `make soak`."""

from __future__ import annotations

import os
from typing import Final

SOAKING: Final = "SOAK" in os.environ


def times(usual: int) -> int:
    """How often: `usual`, or as often as `make soak` says."""
    return int(os.environ.get("SOAK", usual))
