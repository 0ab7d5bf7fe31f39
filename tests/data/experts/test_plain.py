"""Looking, going home, waiting and straightening up."""

from collections.abc import Callable

import numpy as np
import pytest

from hybridctl.data.experts.hands import tool_pose
from hybridctl.data.experts.plain import home, look, straighten, wait
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.world import SimWorld

PLACES = {
    "plate": Fixture("plate", 0.55, 0.2),
    "drawer": Fixture("cabinet", 0.5, -0.315, np.pi / 2, opening=0.16),
}


def test_home_is_where_at_home_holds(lay: Callable[..., SimWorld], do, take) -> None:
    world = lay()
    take((0.6, 0.2, 0.05), 0.08)
    assert not TruthOf(world).holds(Condition(Predicate.AT_HOME))
    done = do(home)
    assert done.ok
    assert TruthOf(world).holds(Condition(Predicate.AT_HOME))


@pytest.mark.parametrize("place", PLACES)
def test_a_look_brings_the_place_into_the_wrist_cameras_picture(
    lay: Callable[..., SimWorld], do, place: str
) -> None:
    world = lay(PLACES[place])
    done = do(lambda hands: look(world, hands, place))
    assert done.ok
    camera, truth = world.data.camera("wrist"), TruthOf(world)
    region = truth.region(place)
    T = truth.pose(place)
    at = T[:3, 3] + T[:3, :3] @ (
        region.centre[0] if place == "plate" else -0.06,
        region.centre[1],
        region.floor,
    )
    x, y, back = camera.xmat.reshape(3, 3).T @ (at - camera.xpos)
    assert back < -0.1
    half = np.tan(np.radians(float(world.model.camera("wrist").fovy[0])) / 2)
    assert max(abs(x), abs(y)) < 0.8 * half * -back


def test_a_place_out_of_reach_cannot_be_looked_at(lay: Callable[..., SimWorld], do) -> None:
    world = lay(Fixture("plate", 1.2, 0.2))
    done = do(lambda hands: look(world, hands, "plate"))
    assert (done.outcome.status, done.outcome.cause) == (
        "FAILURE",
        "the plate cannot be looked at from above",
    )


def test_wait_takes_its_time_and_straighten_turns_the_tool_down(lay: Callable[..., SimWorld], do) -> None:
    world = lay()
    assert do(lambda hands: wait(hands, 0.8)).outcome.duration == pytest.approx(0.8, abs=0.15)
    tilted = np.array([0.2, -0.5, 0.1, -2.3, 0.3, 1.6, 0.5])
    world.set_arm(tilted, 0.05)
    before = world.data.site("panda/tool").xpos.copy()
    done = do(straighten)
    assert done.ok
    T = done.hands.T_base_tool
    assert T[2, 2] < -0.99
    np.testing.assert_allclose(T[:3, 3], before, atol=0.03)
    np.testing.assert_allclose(T[:3, :3], tool_pose(before, np.arctan2(T[1, 0], T[0, 0]))[:3, :3], atol=0.12)
