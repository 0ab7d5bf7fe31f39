"""A world, the expert and what its camera sees."""

import numpy as np
import pytest

from controllers.robot_model import RobotModel
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.data.expert_policy import ExpertPolicy
from hybridctl.messages.observation import Observation
from hybridctl.sim.cameras import SimCamera, make_renderer
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld
from hybridctl.vla.action_tokens import ActionTokenizer
from hybridctl.vla.statistics import EMBEDDED_STATISTICS


@pytest.fixture(scope="session")
def model() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def _world() -> SimWorld:
    return SimWorld(sample_scene(4))


@pytest.fixture
def world(_world: SimWorld) -> SimWorld:
    _world.reset(sample_scene(4))
    return _world


@pytest.fixture
def expert(world: SimWorld) -> ExpertPolicy:
    return ExpertPolicy(world, ActionTokenizer(EMBEDDED_STATISTICS.action_spec()))


@pytest.fixture
def seen(world: SimWorld, model: RobotModel) -> Observation:
    state = SimulatedArm(world).read()
    T = np.array(model.forward_kinematics(state.q))
    return SimCamera(world, make_renderer(world, kind="ray")).capture(state, T)
