"""Costs are those of real updates with a store on disk, after a history of the length asked for."""

import pytest

from hybridctl.bench import memory_cost
from hybridctl.bench.memory_cost import update_cost
from hybridctl.bench.memory_scene import THINGS
from world_state.store import EventStore


def test_an_update_is_timed_on_a_memory_that_writes_to_a_store_with_that_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts: list[int] = []

    class Counting(EventStore):
        def close(self) -> None:
            self.flush()
            counts.append(len(list(self.events())))
            super().close()

    monkeypatch.setattr(memory_cost, "EventStore", Counting)
    took = update_cost(history=50, updates=40)
    assert 0.0 < took < 1000.0
    (count,) = counts
    assert count > 50 + THINGS, "history and the first looks at least are events"
