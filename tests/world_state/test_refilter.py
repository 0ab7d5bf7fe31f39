"""Stored readings through today's filter: the same filter gives the same beliefs, another one others."""

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from world_state.errors import StoreError
from world_state.history import beliefs_at, replay
from world_state.memory import WorldMemory
from world_state.noise import NoiseModel
from world_state.readings import Intent, Told
from world_state.refilter import refilter
from world_state.store import EventStore


@pytest.fixture
def old(tmp_path, clock):
    """A store of what people said and the tree noted."""
    with EventStore(tmp_path / "old.db", robot="arm 1") as store:
        memory = WorldMemory(store, clock=clock)
        for k in range(4):
            clock.time = float(k)
            memory.be_told("is the drawer open?", "yes" if k % 2 else "no")
            store.append("tree.look", stamp=clock.time, cause="red block", measurement={"k": k}, belief={})
        yield store


def test_today_s_filter_on_its_own_readings_changes_nothing(old, tmp_path):
    with EventStore(tmp_path / "new.db", robot="arm 1") as new:
        done = refilter(old.events(), new, noise=NoiseModel())
        assert (done.readings, done.refused, done.copied) == (4, 0, 4)
        assert done.beliefs.to_json() == beliefs_at(old).to_json()
        for (was, before), (now, after) in zip(replay(old), replay(new), strict=True):
            assert (was.kind, was.stamp, was.cause, was.measurement) == (
                now.kind, now.stamp, now.cause, now.measurement
            )  # fmt: skip
            assert before.to_json() == after.to_json()


def test_a_grasp_comes_out_as_it_was_though_few_of_its_ticks_were_stored(tmp_path, clock, hands):
    with EventStore(tmp_path / "felt.db") as store, EventStore(tmp_path / "new.db") as new:
        memory = WorldMemory(store, clock=clock)
        memory.take(hands.looks({"red block": (0.5, 0.1)}, stamp=0.0))

        def feel(ticks, height, *, width, force, commanded):
            for _ in range(ticks):
                clock.time += 0.05
                T = np.diag([1.0, -1.0, -1.0, 1.0])
                T[:3, 3] = (0.5, 0.1, height)
                state = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), width, force, clock.time)
                memory.feel(state, T, commanded_width=commanded)

        feel(20, 0.02, width=0.08, force=0.0, commanded=0.08)
        memory.intend_grasp("red block")
        feel(20, 0.02, width=0.045, force=15.0, commanded=0.0)
        feel(20, 0.20, width=0.045, force=15.0, commanded=0.0)
        feel(20, 0.20, width=0.001, force=5.0, commanded=0.0)
        anew = refilter(store.events(), new, noise=NoiseModel()).beliefs
        causes = [event.cause for event in store.events("holding")]
        assert causes == [event.cause for event in new.events("holding")]
        assert "grasped" in causes
        assert causes[-1] == "let go"
        was = beliefs_at(store)
        assert anew.slots["s1"].status == was.slots["s1"].status == "dropped"
        assert np.allclose(anew.slots["s1"].position, was.slots["s1"].position, atol=1e-9)
        assert anew.touch.probability == pytest.approx(was.touch.probability, abs=1e-6)


def test_another_trust_gives_other_beliefs_and_leaves_the_old_store(old, tmp_path):
    was = [event.to_json() for event in old.events()]
    with EventStore(tmp_path / "new.db", robot="arm 1") as new:
        doubtful = refilter(old.events(), new, noise=NoiseModel(trust_in_people=0.6)).beliefs
    trusting = beliefs_at(old)
    p = [beliefs.articulations["drawer"].p_open for beliefs in (doubtful, trusting)]
    assert abs(p[0] - 1 / 3) < 0.5 * abs(p[1] - 1 / 3)  # nearer to what is believed of a drawer unasked
    assert [event.to_json() for event in old.events()] == was


def test_a_store_that_holds_events_already_is_refused(old):
    with pytest.raises(StoreError, match="already: choose a new place"):
        refilter(old.events(), old, noise=NoiseModel())


def test_events_of_version_1_are_refused_since_they_hold_no_whole_reading(tmp_path, write_version_1):
    write_version_1(tmp_path / "one.db", [(0.4, "seen", "first look", {"pixel": [1.0, 2.0]}, {})])
    with (
        EventStore(tmp_path / "one.db") as one,
        EventStore(tmp_path / "new.db") as new,
        pytest.raises(StoreError, match="event 1 is of schema 1"),
    ):
        refilter(one.events(), new, noise=NoiseModel())


def test_a_measurement_that_is_no_reading_is_named(tmp_path):
    with EventStore(tmp_path / "odd.db") as odd, EventStore(tmp_path / "new.db") as new:
        odd.append("seen", stamp=0.0, cause="", measurement={"x": 1}, belief={})
        with pytest.raises(StoreError, match=r"event 1 \(seen\) holds no reading"):
            refilter(odd.events(), new, noise=NoiseModel())


def test_an_intent_to_grasp_what_today_s_filter_does_not_know_is_refused_and_the_rest_goes_on(tmp_path):
    with EventStore(tmp_path / "old.db") as old, EventStore(tmp_path / "new.db") as new:
        for reading in (Intent(1.0, "s9"), Told(2.0, "is the light on", "yes", ("yes", "no"))):
            old.append(reading.kind, stamp=reading.stamp, cause="", measurement=reading.to_json(), belief={})
        done = refilter(old.events(), new, noise=NoiseModel())
        assert (done.readings, done.refused) == (2, 1)
        assert "is the light on" in done.beliefs.facts
        assert next(iter(new.events("intent"))).cause.startswith("refused: the intent is to grasp 's9'")
