"""The one compiled model: cameras look where they should, and geoms written anew collide as they are now."""

from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import ARM_PREFIX, look_at_from_far, look_at_upright

BLOCK = ObjectSpec("block", "red", 0.047, 0.047, 0.5, 0.0, 0.0, (0.8, 0.1, 0.1))


def axes(quat: np.ndarray) -> np.ndarray:
    """Right, up and back of a camera, as columns."""
    R = np.zeros(9)
    mujoco.mju_quat2Mat(R, quat)
    return R.reshape(3, 3)


points = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.2, 1.5))


@settings(max_examples=100, deadline=None)
@given(points, points)
def test_a_camera_that_looks_at_a_point_has_it_in_the_middle(
    position: tuple[float, float, float], target: tuple[float, float, float]
) -> None:
    at, to = np.array(position), np.array(target) * (0.5, 0.5, 0.1)
    toward = (to - at) / max(np.linalg.norm(to - at), 1e-9)
    assume(np.linalg.norm(to - at) > 0.1 and abs(toward[2]) < 0.99 and abs(toward[0]) < 0.99)
    for look_at in (look_at_from_far, look_at_upright):
        R = axes(look_at(at, to))
        np.testing.assert_allclose(-R[:, 2], toward, atol=1e-9)
        np.testing.assert_allclose(R.T @ R, np.eye(3), atol=1e-9)
    assert axes(look_at_upright(at, to))[2, 1] > 0, "image up is up"
    assert axes(look_at_upright(at, to))[2, 0] == pytest.approx(0.0, abs=1e-9), "and its rows are level"
    assert axes(look_at_from_far(at, to))[0, 1] < 0, "image up is the base's side"


def test_the_wrist_camera_sees_the_fingertips_and_goes_with_the_hand(world: SimWorld) -> None:
    def in_picture() -> np.ndarray:
        camera, tool = world.data.camera("wrist"), world.data.site(f"{ARM_PREFIX}tool").xpos
        return np.asarray(camera.xmat.reshape(3, 3).T @ (tool - camera.xpos))

    before = in_picture()
    assert before[2] < -0.05, "the tool is before the camera"
    angle = np.degrees(np.arctan2(np.hypot(before[0], before[1]), -before[2]))
    assert angle < float(world.model.camera("wrist").fovy[0]) / 2 * 1.42, "and within its picture"
    world.set_arm(np.array([0.3, -0.2, 0.1, -2.3, 0.2, 2.0, 0.5]), 0.02)
    np.testing.assert_allclose(in_picture(), before, atol=1e-9)


@pytest.mark.parametrize("shape", ["block", "cross", "bar", "pyramid", "can"])
def test_things_of_any_shape_carry_each_other(stage: Callable[..., SimWorld], shape: str) -> None:
    """Sizes are written after compiling: bounds and shortcuts of the compiler must not be of use any more."""
    size = {"bar": 0.03, "cross": 0.03, "can": 0.05}.get(shape, 0.047)
    height = {"can": 0.085}.get(shape, size)
    below = replace(BLOCK, shape=shape, size=size, height=height)
    world = stage(things=(below, replace(BLOCK, size=0.03, height=0.03, z=height + 0.017)))
    world.sleep_until(1.0)
    assert world.data.body("object1").xpos[2] == pytest.approx(height + 0.015, abs=0.002)


def test_a_long_thing_collides_at_its_ends(stage: Callable[..., SimWorld]) -> None:
    bar = replace(BLOCK, shape="dumbbell", size=0.03, height=0.03)
    for x, touches in ((0.5 + 0.036 + 0.013, True), (0.5 + 0.036 + 0.020, False)):
        world = stage(things=(bar, replace(BLOCK, shape="ball", size=0.03, height=0.03, x=x)))
        pairs = {tuple(sorted(pair)) for pair in world.model.geom_bodyid[world.data.contact.geom].tolist()}
        both = tuple(sorted(world.model.body(name).id for name in ("object0", "object1")))
        assert (both in pairs) == touches


def test_unused_rooms_cost_no_contacts(stage: Callable[..., SimWorld]) -> None:
    world = stage()
    world.sleep_until(0.2)
    assert world.data.ncon == 0
