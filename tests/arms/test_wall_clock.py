"""Real time never runs backwards and is slept through, not spun."""

import time

import pytest

from hybridctl.arms.wall_clock import WallClock


def test_sleeping_reaches_the_stamp():
    clock = WallClock()
    clock.sleep_until(0.05)
    assert 0.05 <= clock.now() < 1.0


def test_a_stamp_in_the_past_returns_at_once():
    clock = WallClock()
    clock.sleep_until(-100.0)
    assert clock.now() < 0.5


def test_sleeping_costs_no_processor_time():
    clock = WallClock()
    before = time.process_time()
    clock.sleep_until(0.2)
    assert time.process_time() - before == pytest.approx(0.0, abs=0.1)
