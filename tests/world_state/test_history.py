"""Time travel and replay: what is read back is what was believed, however it is read."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from world_state.beliefs import Beliefs
from world_state.categorical import Categorical
from world_state.errors import StoreError
from world_state.fact import Fact
from world_state.history import beliefs_at, replay
from world_state.pose import initial
from world_state.slot import Slot, attributes_of
from world_state.store import EventStore


def block(id, *, x=0.5, stamp=0.0, phrase="red block"):
    return Slot(
        id=id, pose=initial(np.array([x, 0.1, 0.02]), 1e-6 * np.eye(3)), extent=np.full(3, 0.04),
        labels=Categorical.of({phrase: 0.9}), attributes=attributes_of(phrase), stamp=stamp,
        last_seen=stamp, last_view=np.array([1.0, 0.0, 0.5]),
    )  # fmt: skip


def changed(beliefs, kind, number, stamp):
    """Return the beliefs after a made-up change."""
    id = f"s{number % 5 + 1}"
    if kind == "seen":
        return beliefs.with_slot(block(id, x=0.01 * number, stamp=stamp))
    if kind == "forgotten":
        return beliefs.without_slot(id)
    return beliefs.with_fact(Fact(f"fact {number % 3}", 0.1 * number, stamp, 60.0))


def live(store, changes, *, snapshot_every):
    """Record changes as a memory does, and return (stamp, beliefs) after each."""
    beliefs, course = Beliefs(), []
    for i, (kind, number, step) in enumerate(changes):
        stamp = max(0.0, (course[-1][0] if course else 0.0) + step)
        before, beliefs = beliefs, changed(beliefs, kind, number, stamp)
        store.append(kind, stamp=stamp, cause="", measurement={}, belief=beliefs.delta(before))
        if i % snapshot_every == snapshot_every - 1:
            store.snapshot(stamp, beliefs.to_json())
        course.append((stamp, beliefs))
    return course


changes = st.lists(
    st.tuples(
        st.sampled_from(("seen", "forgotten", "told")), st.integers(0, 20),
        st.sampled_from((0.0, 0.1, 0.5, -0.2)),  # a look is dated by its picture, so stamps step back
    ),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
@given(changes=changes, snapshot_every=st.integers(1, 12), time=st.floats(-1.0, 16.0))
def test_replay_equals_live_and_time_travel_equals_a_replay_cut_there(
    tmp_path_factory, changes, snapshot_every, time
):
    with EventStore(tmp_path_factory.mktemp("history") / "events.db") as store:
        course = live(store, changes, snapshot_every=snapshot_every)
        replayed = list(replay(store))
        assert [b.to_json() for _, b in replayed] == [b.to_json() for _, b in course]
        assert beliefs_at(store).to_json() == course[-1][1].to_json()
        cut = Beliefs()
        for event, beliefs in replayed:
            if event.stamp > time:
                break
            cut = beliefs
        assert beliefs_at(store, time).to_json() == cut.to_json()


def test_reading_begins_at_the_snapshot_before(tmp_path):
    """Not only fast: an event that no version reads, before the snapshot, is none's trouble any more."""
    with EventStore(tmp_path / "events.db") as store:
        store.append("seen", stamp=1.0, cause="", measurement={}, belief={"slots": "broken"})
        store.snapshot(1.0, Beliefs().with_slot(block("s1")).to_json())
        store.append("forgotten", stamp=2.0, cause="", measurement={}, belief={"slots": {"s1": None}})
        assert list(beliefs_at(store, 1.5).slots) == ["s1"]
        assert list(beliefs_at(store).slots) == []
        with pytest.raises(StoreError, match="cannot be read"):
            list(replay(store))


def test_each_robot_has_a_history_of_its_own(tmp_path):
    place = tmp_path / "events.db"
    with EventStore(place, robot="a") as a, EventStore(place, robot="b") as b:
        for store, x in ((a, 0.1), (b, 0.2)):
            slot = replace(block("s1"), stamp=1.0, pose=block("s1", x=x).pose)
            store.append(
                "seen", stamp=1.0, cause="", measurement={}, belief={"slots": {"s1": slot.to_json()}}
            )
            store.flush()
        assert beliefs_at(a).slots["s1"].position[0] == 0.1
        assert beliefs_at(a, robot="b").slots["s1"].position[0] == 0.2


def test_a_snapshot_that_no_version_wrote_is_named(tmp_path):
    with EventStore(tmp_path / "events.db") as store:
        store.append("seen", stamp=1.0, cause="", measurement={}, belief={})
        store.snapshot(1.0, {"slots": {"s1": {"phrase": "x"}}})
        with pytest.raises(StoreError, match="snapshot after event 1 cannot be read"):
            beliefs_at(store)
