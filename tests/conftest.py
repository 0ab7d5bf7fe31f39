"""Fixtures that several folders use: one simulator, one model, one robot a session."""

from collections.abc import Callable, Iterator

import pytest
import torch

from behaviors import TreeContext
from controllers.controller import Controller
from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.assembly import Simulator
from hybridctl.data.expert_policy import ExpertPolicy
from hybridctl.messages.policy import VlaPolicy
from hybridctl.sim.tasks.put_in_bowl import PutInBowl
from hybridctl.vla.action_tokens import ActionTokenizer
from hybridctl.vla.policy import CheckpointPolicy, load_policy
from hybridctl.vla.queue import LockstepQueue
from hybridctl.vla.statistics import EMBEDDED_STATISTICS
from world_state.memory import WorldMemory

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    simulator = Simulator("ray")  # the same pixels on every machine, with or without OpenGL
    yield simulator
    simulator.close()


@pytest.fixture(scope="session")
def robot() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def shipped() -> CheckpointPolicy:
    return load_policy()


@pytest.fixture
def task(simulator: Simulator) -> PutInBowl:
    task = PutInBowl(900_001)
    simulator.reset(task.scene)
    return task


@pytest.fixture
def expert(simulator: Simulator) -> ExpertPolicy:
    return ExpertPolicy(simulator.world, ActionTokenizer(EMBEDDED_STATISTICS.action_spec()))


@pytest.fixture
def make_context(simulator: Simulator, robot: RobotModel) -> Callable[[VlaPolicy], TreeContext]:
    def make(policy: VlaPolicy) -> TreeContext:
        world = simulator.world
        return TreeContext(
            memory=WorldMemory(None, clock=world),
            policy=LockstepQueue(policy, world),
            controller=Controller(robot, load_gains()),
            camera=simulator.camera,
            clock=world,
        )

    return make
