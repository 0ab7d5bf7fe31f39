"""A simulated arm at home over the table."""

import pytest

from hybridctl.arms.simulated import SimulatedArm
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld


@pytest.fixture(scope="session")
def _world() -> SimWorld:
    return SimWorld(sample_scene(0))


@pytest.fixture
def world(_world: SimWorld) -> SimWorld:
    _world.reset(sample_scene(0))
    return _world


@pytest.fixture
def arm(world: SimWorld) -> SimulatedArm:
    return SimulatedArm(world)
