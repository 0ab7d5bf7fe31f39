"""What is noted becomes durable without the tree ever waiting for the disk, but where time stands still."""

import threading
import time

import pytest

from hybridctl.durable import Durable
from world_state.errors import StoreError
from world_state.store import EventStore


class SlowStore:
    """A store whose disk answers when it is told to."""

    def __init__(self):
        self.go, self.fails = threading.Event(), False

    def flush(self):
        self.go.wait(5.0)
        if self.fails:
            raise StoreError("disk full")


def until_settled(settled):
    end = time.monotonic() + 5.0
    while not settled():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_tree_never_waits_in_real_time():
    store = SlowStore()
    with Durable(store, blocking=False) as durable:
        began = time.monotonic()
        settled = durable.settle()
        assert not settled()
        assert time.monotonic() - began < 0.5
        store.go.set()
        until_settled(settled)


def test_a_disk_that_fails_is_told_where_the_tree_asks():
    store = SlowStore()
    store.fails = True
    with Durable(store, blocking=False) as durable:
        settled = durable.settle()
        store.go.set()
        with pytest.raises(StoreError, match="disk full"):
            until_settled(settled)


@pytest.mark.parametrize("blocking", [True, False])
def test_another_process_finds_what_has_settled(tmp_path, blocking):
    with EventStore(tmp_path / "events.db") as store, Durable(store, blocking=blocking) as durable:
        store.append("intent", stamp=1.0, cause="", measurement={}, belief={})
        settled = durable.settle()
        assert settled() or not blocking
        until_settled(settled)
        with EventStore(tmp_path / "events.db") as other:
            assert [event.kind for event in other.events()] == ["intent"]
