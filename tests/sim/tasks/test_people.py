"""What somebody at the table does, and that it is done once and leaves no force behind."""

import numpy as np
import pytest

from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.tasks.people import Mover, Shutter
from hybridctl.sim.truth import drawer_fraction, true_objects
from hybridctl.sim.workshop import SceneBuilder
from hybridctl.sim.world import SimWorld


@pytest.fixture
def open_drawer() -> SceneSpec:
    builder = SceneBuilder(5)
    builder.fixture("cabinet", opening=1.0)
    builder.thing("block", inside="drawer")
    return builder.build()


def test_the_drawer_is_shut_by_a_push_that_ends(world: SimWorld, open_drawer: SceneSpec) -> None:
    shutter = Shutter(after=0.5)
    world.reset(open_drawer, actors=(shutter,))
    world.sleep_until(0.4)
    assert drawer_fraction(world) > 0.95
    world.sleep_until(4.0)
    assert shutter.done
    assert drawer_fraction(world) < 0.05
    assert np.all(world.data.qfrc_applied == 0.0)
    assert true_objects(world)[0].position[2] > 0.03  # it is still inside
    world.data.joint("drawer").qpos[0] = 0.16
    world.sleep_until(7.0)
    assert drawer_fraction(world) > 0.95  # once


def test_nothing_is_moved_while_the_arm_is_away(world: SimWorld) -> None:
    builder = SceneBuilder(6)
    builder.thing("block")
    scene = builder.build()
    near, far = (Mover("object0", (0.45, 0.25), near=radius) for radius in (0.9, 0.01))
    for mover, moved in ((far, False), (near, True)):
        world.reset(scene, actors=(mover,))
        world.sleep_until(0.5)
        at = true_objects(world)[0].position
        assert mover.done is moved
        assert bool(np.linalg.norm(at[:2] - mover.to) < 0.002) is moved
        assert at[2] == pytest.approx(scene.target.height / 2, abs=0.002)
