"""A sequence holds what it says: views from several places, things carried and moved, and the truth."""

import numpy as np
import pytest

from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.bench import memory_stream
from hybridctl.bench.memory_recording import Feel, Intent, Recording
from hybridctl.bench.memory_scene import THINGS, crowded_scene
from hybridctl.bench.memory_stream import STATIONS, Stage, record
from hybridctl.messages.policy import Confidence, LocateAnswer, LocateRequest
from hybridctl.sim.cameras import make_renderer
from hybridctl.sim.world import SimWorld


class Middle:
    """Points at the middle of every picture, so that what is recorded is not the model's."""

    def locate(self, request: LocateRequest) -> LocateAnswer:
        return LocateAnswer(np.array([64.0, 64.0]), np.ones(2), request.observation, Confidence(-1.0, 2.0))


@pytest.fixture(scope="module")
def recorded() -> Recording:
    world = SimWorld(crowded_scene(0))
    stage = Stage(world, make_renderer(world), Middle(), RobotModel.load("panda"), load_gains())  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_stream, "AFTER", 4.0)
        return record(stage, 200)


def test_the_arm_carries_one_thing_into_the_bowl_and_another_elsewhere(recorded: Recording) -> None:
    truth = recorded.truth
    assert recorded.ended.startswith("SUCCESS")
    assert set(truth.held.tolist()) == {-1, 0, 1}
    assert truth.in_bowl[-1].tolist() == [k == 0 for k in range(THINGS)]
    assert np.linalg.norm(truth.positions[-1, 1] - truth.positions[0, 1]) > 0.05
    high = truth.positions[truth.held == 0, 0, 2]
    assert high.max() > 0.1


def test_intents_come_before_what_they_announce(recorded: Recording) -> None:
    intents = [one for one in recorded.inputs if isinstance(one, Intent)]
    phrases = recorded.truth.phrases
    assert [one.phrase for one in intents] == [phrases[0], None, phrases[1], None]
    for number, grasp, release in ((0, *intents[:2]), (1, *intents[2:])):
        held = recorded.truth.stamps[recorded.truth.held == number]
        assert grasp.stamp < held[0]
        assert held[-1] - 0.1 < release.stamp < held[-1] + 0.6


def test_pictures_come_from_every_station_with_an_error_of_its_own(recorded: Recording) -> None:
    first = {look.station: look.picture.T_base_camera for look in reversed(recorded.looks)}
    assert set(first) == set(range(STATIONS))
    for look in recorded.looks:
        np.testing.assert_array_equal(look.picture.T_base_camera, first[look.station])
    assert all(set(look.answers) == set(recorded.truth.phrases) for look in recorded.looks)
    assert all(look.stamp > look.picture.stamp for look in recorded.looks)
    assert np.mean([look.shown.all() for look in recorded.looks]) < 0.95, (
        "somebody's arm and ours hide things"
    )


def test_somebody_moves_things_and_truth_has_it(recorded: Recording) -> None:
    truth = recorded.truth
    assert sum(move.swapped for move in truth.moves) >= 2
    assert any(not move.swapped for move in truth.moves)
    for move in truth.moves:
        number = truth.phrases.index(move.phrase)
        np.testing.assert_allclose(truth.at(move.stamp + 0.11)[number], move.to, atol=3e-3)
        assert np.linalg.norm(truth.at(move.stamp - 0.06)[number] - move.to) > 0.03


def test_what_comes_in_is_in_the_order_of_time_and_the_arm_is_felt_at_every_tick(recorded: Recording) -> None:
    stamps = [one.stamp for one in recorded.inputs]
    assert stamps == sorted(stamps)
    felt = [one.stamp for one in recorded.inputs if isinstance(one, Feel)]
    np.testing.assert_array_equal(felt, recorded.truth.stamps)
