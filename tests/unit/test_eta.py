"""How far fixes are, and how long they will still take."""

from __future__ import annotations

import pytest

from order_audit.fixes.engine.eta import Eta, duration_text


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_what_listing_and_changing_have_taken_so_far() -> None:
    clock, told = Clock(), list[tuple[int, int, str]]()
    eta = Eta([1000, 4000, 0], lambda *said: told.append(said), closing=3, clock=clock)
    eta.start_step("first")
    clock.now += 2  # to list its rows
    eta.rows(0, 2000)  # twice the expected number
    assert eta.left is None
    assert told[-1] == (0, 6000, "first")
    clock.now += 2
    eta.rows(1000, 2000)
    assert eta.left is None  # after four seconds it would be a guess
    assert told[-1] == (1000, 6000, "500/s, first")
    clock.now += 8  # a vacuum, a pause: it counts
    eta.rows(2000, 2000)
    # two listings at 2 s, 4000 rows at 10 s for 2000, and what comes at the end
    assert eta.left == pytest.approx(2 * 2 + 4000 * 10 / 2000 + 3)
    assert told[-1] == (2000, 6000, "200/s, 25 s left, first")
    eta.start_step("second")
    clock.now += 4
    eta.rows(0, 0)  # nothing is left of it
    assert told[-1] == (2000, 2000, "200/s, 6 s left, second")
    assert eta.left == pytest.approx((2 + 4) / 2 + 3)
    eta.start_step("third")
    clock.now += 3
    eta.end("adding up again")
    assert told[-1] == (2000, 2000, "adding up again")


def test_no_time_is_told_before_a_row_was_changed() -> None:
    clock = Clock()
    eta = Eta([0, 500], lambda *_said: None, clock=clock)
    eta.start_step("first")
    clock.now += 60
    eta.rows(0, 0)
    assert eta.left is None
    eta.start_step("second")
    clock.now += 60
    eta.rows(0, 500)
    assert eta.left is None
    clock.now += 1
    eta.rows(100, 500)
    assert eta.left == pytest.approx(4)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 s"), (7.4, "7 s"), (42, "40 s"), (58.9, "1 min"), (61, "1 min"), (200, "3 min"), (6000, "1.7 h")],
)
def test_times_are_spoken_as_exactly_as_they_are_known(seconds: float, said: str) -> None:
    assert duration_text(seconds) == said
