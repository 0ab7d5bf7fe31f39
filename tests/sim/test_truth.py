"""Simulator truth says where things are."""

import mujoco
import numpy as np
import pytest

from hybridctl.sim.fixtures import BOWL_RADIUS
from hybridctl.sim.truth import in_bowl, true_bowl, true_objects
from hybridctl.sim.workshop import SceneBuilder
from hybridctl.sim.world import SimWorld


def test_objects_are_where_the_scene_put_them(world: SimWorld) -> None:
    found = true_objects(world)
    assert [o.phrase for o in found] == [spec.phrase for spec in world.scene.objects]
    for o, spec in zip(found, world.scene.objects, strict=True):
        np.testing.assert_allclose(o.position, (spec.x, spec.y, spec.centre_z), atol=1e-9)
        assert o.yaw == pytest.approx(spec.yaw)
        assert o.speed < 1e-9


def test_a_moving_object_has_its_speed(world: SimWorld) -> None:
    joint = world.model.joint("object1")
    world.data.qvel[joint.dofadr[0] : joint.dofadr[0] + 3] = (0.3, 0.0, 0.4)
    mujoco.mj_forward(world.model, world.data)
    assert true_objects(world)[1].speed == pytest.approx(0.5, rel=1e-3)


def test_the_bowl_holds_what_is_within_its_wall_and_not_above_it(world: SimWorld) -> None:
    bowl = true_bowl(world)
    np.testing.assert_allclose(world.data.body("bowl").xpos, bowl)
    for offset, inside in (
        ((0.0, 0.0, 0.02), True),
        ((0.045, 0.0, 0.02), True),
        ((0.065, 0.0, 0.06), False),  # balanced on the rim
        ((BOWL_RADIUS, 0.0, 0.02), False),
        ((0.0, 0.0, 0.10), False),
    ):
        assert in_bowl(world, np.add(bowl, offset)) == inside


def test_a_block_on_its_side_has_a_heading(world: SimWorld) -> None:
    """Its x axis is upright then and tells no direction; its y axis does."""
    builder = SceneBuilder(6)
    builder.thing("block")
    world.reset(builder.build())
    half = np.sqrt(0.5)
    for tilt in (-0.05, 0.05):
        world.data.joint("object0").qpos[3:7] = (half + tilt, 0.0, half - tilt, 0.0)
        mujoco.mj_forward(world.model, world.data)
        assert true_objects(world)[0].yaw == pytest.approx(np.pi / 2, abs=0.01)
