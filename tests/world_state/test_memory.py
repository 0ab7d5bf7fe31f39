"""A pick and place as the memory lives it, and the same from its events."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from world_state.errors import MeasurementError, UnknownSlot
from world_state.levelling import levelled
from world_state.memory import WorldMemory
from world_state.store import EventStore

BLOCK, BOWL = (0.5, 0.1, 0.0225), (0.5, -0.1, 0.02)


class Bench:
    """A memory with a table before it and a gripper that tests move by hand."""

    def __init__(self, memory, table, clock):
        self.memory, self.table, self.clock = memory, table, clock

    def see(self, phrase, point, **how):
        return self.memory.see(phrase, self.table.locate(point, stamp=self.clock.time, **how))

    def feel(self, at, *, width, force, commanded, ticks=12, yaw=0.0):
        for _ in range(ticks):
            self.clock.time += 0.05
            state = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), width, force, self.clock.time)
            self.memory.feel(state, tool(at, yaw=yaw), commanded_width=commanded)

    def pick(self, at=BLOCK, phrase="red block"):
        self.memory.intend_grasp(phrase)
        self.feel(at, width=0.08, force=0.0, commanded=0.08)
        self.feel(at, width=0.045, force=15.0, commanded=0.0, ticks=16)

    def open(self, at):
        self.feel(at, width=0.08, force=0.0, commanded=0.08)


def tool(at, *, yaw=0.0):
    """A tool pose that points down, its x axis turned by `yaw`."""
    c, s = np.cos(yaw), np.sin(yaw)
    T = np.eye(4)
    T[:3, :3] = np.array([[c, s, 0], [s, -c, 0], [0, 0, -1.0]])
    T[:3, 3] = at
    return T


@pytest.fixture
def store(tmp_path):
    with EventStore(tmp_path / "events.db") as store:
        yield store


@pytest.fixture
def bench(store, tabletop, shapes, clock):
    table = tabletop(shapes["block"](*BLOCK[:2], yaw=0.3) + shapes["bowl"](*BOWL[:2]))
    bench = Bench(WorldMemory(store, clock=clock), table, clock)
    bench.see("red block", BLOCK)
    bench.see("bowl", BOWL)
    return bench


def test_a_look_makes_a_slot(bench):
    slot = bench.memory.slot("red block")
    np.testing.assert_allclose(slot.position, BLOCK, atol=0.003)
    assert slot.yaw == pytest.approx(0.3, abs=0.06)
    assert bench.memory.slot("bowl").yaw is None
    assert [slot.phrase for slot in bench.memory.slots()] == ["red block", "bowl"]
    assert bench.memory.has("bowl")
    assert not bench.memory.has("cup")


def test_an_unknown_thing_is_refused_with_the_names_that_are_known(bench):
    with pytest.raises(UnknownSlot, match=r"'blue ball'.*'bowl', 'red block'"):
        bench.memory.slot("blue ball")
    with pytest.raises(UnknownSlot):
        bench.memory.intend_grasp("blue ball")
    with pytest.raises(UnknownSlot):
        bench.memory.age("blue ball")


def test_a_belief_ages(bench):
    before = bench.memory.slot("bowl").covariance[0, 0]
    bench.clock.time += 30.0
    assert bench.memory.age("bowl") == 30.0
    assert bench.memory.slot("bowl").covariance[0, 0] > before


def test_a_failed_look_leaves_the_belief(bench):
    before = bench.memory.slot("red block").pose.to_json()
    with pytest.raises(MeasurementError):
        bench.see("red block", (0.6, 0.1, 0.0))
    assert bench.memory.slot("red block").pose.to_json() == before


def test_pick_and_place_in_the_bowl(bench):
    memory = bench.memory
    assert memory.is_in("red block", "bowl") is False
    assert memory.holding_state().state is None
    bench.pick()
    assert memory.holding() == "red block"
    assert memory.holding_state().probability > 0.9
    bench.feel((0.5, -0.1, 0.25), width=0.045, force=15.0, commanded=0.0, yaw=0.5)
    held = memory.slot("red block")
    assert held.source == "held"
    np.testing.assert_allclose(held.position, (0.5, -0.1, 0.25), atol=0.004)
    assert held.yaw == pytest.approx(0.8 - np.pi / 2, abs=0.06)
    assert memory.is_in("red block", "bowl") is False
    memory.intend_release()
    bench.open((0.5, -0.1, 0.06))
    placed = memory.slot("red block")
    assert memory.holding() is None
    assert memory.holding_state().state is False
    assert placed.source == "released"
    np.testing.assert_allclose(placed.position[:2], (0.5, -0.1), atol=0.004)
    assert placed.position[2] == pytest.approx(0.0285, abs=0.003)  # on the floor of the bowl
    assert placed.covariance[0, 0] > held.covariance[0, 0] + 0.005**2
    assert memory.is_in("red block", "bowl") is True


def test_a_released_thing_stays_while_the_hand_moves_off(bench):
    bench.pick()
    bench.memory.intend_release()
    for y in np.linspace(0.1, 0.3, 12):
        bench.feel((0.5, y, 0.1), width=0.07, force=0.0, commanded=0.08, ticks=1)
    bench.open((0.5, 0.3, 0.3))
    np.testing.assert_allclose(bench.memory.slot("red block").position[:2], (0.5, 0.1), atol=0.004)


def test_a_dropped_thing_is_less_sure_than_a_released_one(bench):
    bench.pick()
    bench.feel((0.4, 0.1, 0.2), width=0.001, force=10.0, commanded=0.0)
    dropped = bench.memory.slot("red block")
    assert dropped.source == "dropped"
    assert dropped.covariance[0, 0] > 0.02**2


def test_holding_without_an_intent_is_holding_something_unknown(bench):
    bench.feel(BLOCK, width=0.045, force=15.0, commanded=0.0)
    assert bench.memory.holding_state().state is True
    assert bench.memory.holding() is None


def test_whether_it_lies_in_the_bowl_is_unknown_while_it_may_be_held(bench):
    bench.pick()
    bench.feel(BLOCK, width=0.045, force=0.0, commanded=0.045, ticks=6)
    assert bench.memory.holding_state().state is None
    assert bench.memory.is_in("red block", "bowl") is None


def test_relations_to_unknown_things_are_unknown(bench):
    assert bench.memory.is_in("blue ball", "bowl") is None
    assert bench.memory.is_in("red block", "box") is None


def test_a_picture_older_than_the_release_changes_nothing(bench):
    old = bench.table.locate(BLOCK, stamp=0.0)
    bench.pick()
    bench.memory.intend_release()
    bench.open((0.5, -0.1, 0.06))
    before = bench.memory.slot("red block").to_json()
    bench.memory.see("red block", old)
    assert bench.memory.slot("red block").to_json() == before


def test_a_held_thing_near_the_hand_stays_held_and_one_seen_elsewhere_does_not(bench):
    bench.pick()
    assert bench.see("red block", BLOCK).source == "held"
    bench.feel((0.5, -0.2, 0.3), width=0.045, force=15.0, commanded=0.0, ticks=2)
    assert bench.see("red block", BLOCK).source == "seen"
    assert bench.memory.holding() is None
    assert bench.memory.holding_state().state is True


def test_forgetting_forgets_the_grip_too(bench):
    bench.pick()
    bench.memory.forget("red block")
    assert not bench.memory.has("red block")
    assert bench.memory.holding() is None
    with pytest.raises(UnknownSlot):
        bench.memory.forget("red block")


def beliefs(memory):
    return [slot.to_json() for slot in memory.slots()], memory.holding(), memory.holding_state()[::2]


def whole(memory):
    return memory.beliefs.to_json()


def test_replay_equals_live_after_every_step(bench, store, clock):
    def check():
        assert beliefs(WorldMemory.from_events(store, clock=clock)) == beliefs(bench.memory)

    def check_all():
        assert whole(WorldMemory.from_events(store, clock=clock)) == whole(bench.memory)

    check_all()
    bench.memory.intend_grasp("red block")
    check_all()
    bench.feel(BLOCK, width=0.08, force=0.0, commanded=0.08)
    check()
    while bench.memory.holding() is None:
        bench.feel(BLOCK, width=0.045, force=15.0, commanded=0.0, ticks=1)
    check_all()
    bench.feel((0.5, -0.1, 0.2), width=0.045, force=15.0, commanded=0.0)
    # Ticks are no events: the replayed memory catches up with its first tick.
    live = beliefs(bench.memory)
    bench.memory = WorldMemory.from_events(store, clock=clock)
    assert beliefs(bench.memory)[1:] == live[1:]
    bench.clock.time -= 0.05
    bench.feel((0.5, -0.1, 0.2), width=0.045, force=15.0, commanded=0.0, ticks=1)
    held, again = live[0][0]["pose"], beliefs(bench.memory)[0][0]["pose"]
    np.testing.assert_allclose(again["T"], held["T"], atol=1e-12)
    np.testing.assert_allclose(again["joint"], held["joint"], atol=1e-12)
    bench.memory.intend_release()
    bench.open((0.5, -0.1, 0.06))
    check()
    bench.memory.forget("bowl")
    check_all()


def test_an_intent_survives_a_restart(bench, store, clock):
    bench.memory.intend_grasp("red block")
    bench.memory = WorldMemory.from_events(store, clock=clock)
    bench.feel(BLOCK, width=0.045, force=15.0, commanded=0.0)
    assert bench.memory.holding() == "red block"


def test_ticks_do_not_fill_the_store(bench, store):
    bench.pick()
    bench.feel(BLOCK, width=0.045, force=15.0, commanded=0.0, ticks=200)
    kinds = [event.kind for event in store.events()]
    assert kinds.count("seen") == 2
    assert len(kinds) < 10


def test_events_carry_measurement_and_belief(bench, store):
    event = next(store.events("seen"))
    assert event.cause == "first look"
    assert event.measurement["sightings"][0]["pixel_std"] == [1.0, 1.0]
    (slot,) = event.belief["slots"].values()
    assert slot["pose"] == bench.memory.slot("red block").pose.to_json()


def test_a_memory_without_a_store_works_the_same(tabletop, shapes, clock):
    bench = Bench(WorldMemory(None, clock=clock), tabletop(shapes["block"](*BLOCK[:2])), clock)
    bench.see("red block", BLOCK)
    bench.pick()
    assert bench.memory.holding() == "red block"


def test_importing_the_package_loads_neither_torch_nor_mujoco():
    code = "import sys, world_state; sys.exit(bool({'torch', 'mujoco', 'py_trees'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_events_of_others_in_the_same_store_do_not_disturb_the_replay(tmp_path, clock):
    store = EventStore(tmp_path / "events.db")
    memory = WorldMemory(store, clock=clock)
    store.append("tree.plan", stamp=0.5, cause="put it there", measurement={"text": "x"}, belief={})
    memory.intend_release()
    store.flush()
    assert WorldMemory.from_events(store, clock=clock).slots() == ()
    store.close()


def test_a_picture_is_levelled_once_however_much_is_seen_in_it(monkeypatch, bench, clock):
    levellings = []

    def counted(*args, **how):
        levellings.append(how)
        return levelled(*args, **how)

    monkeypatch.setattr("world_state.memory.levelled", counted)
    monkeypatch.setattr("world_state.depth.levelled", counted)
    places = {"red block": BLOCK, "bowl": BOWL}
    answers = {phrase: bench.table.locate(place) for phrase, place in places.items()}
    picture = answers["bowl"].observation
    answers = {phrase: replace(answer, observation=picture) for phrase, answer in answers.items()}
    assert set(bench.memory.see_all(picture, answers)) == set(places)
    assert len(levellings) == 1
