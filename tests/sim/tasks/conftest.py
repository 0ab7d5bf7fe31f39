"""One world for all tasks: begun anew for each, moved by hand, plans carried out by the expert."""

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from controllers.controller import Controller
from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.arms import SimulatedArm
from hybridctl.data.experts.scripted import ScriptedExpert
from hybridctl.runtime import Runtime
from hybridctl.sim.tasks.conditions import TruthOf, lowest_point
from hybridctl.sim.tasks.task import Task, TaskScore
from hybridctl.sim.world import SimWorld


@pytest.fixture
def begin(_world: SimWorld) -> Callable[[Task], SimWorld]:
    """Write a task's scene into the world and let things come to rest."""

    def reset(task: Task) -> SimWorld:
        _world.reset(task.scene, actors=task.actors)
        _world.sleep_until(0.3)
        return _world

    return reset


@pytest.fixture
def put(_world: SimWorld) -> Callable[[str, str], None]:
    """Set a thing down in or on a place, both called by phrases, and let it come to rest."""

    def moved(phrase: str, place: str) -> None:
        truth = TruthOf(_world)
        thing, region = truth.thing(phrase), truth.region(place)
        T = truth.pose(place)
        above = lowest_point(thing) + region.floor + 0.002
        joint = _world.data.joint(thing.body)
        joint.qpos[:3] = T[:3, 3] + T[:3, :3] @ np.array([*region.centre, above])
        joint.qvel[:] = 0.0
        mujoco.mj_forward(_world.model, _world.data)
        _world.sleep_until(_world.now() + 0.5)

    return moved


@pytest.fixture(scope="session")
def _robot() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture
def carried_out(_world: SimWorld, _robot: RobotModel) -> Callable[[Task], TaskScore]:
    """Have the scripted expert carry out a task's plan, and score it."""

    def run(task: Task) -> TaskScore:
        _world.reset(task.scene, actors=task.actors)
        controller = Controller(_robot, load_gains())
        expert = ScriptedExpert(_world, task, controller, _world.clock)
        runtime = Runtime(tree=expert, controller=controller, arm=SimulatedArm(_world), clock=_world.clock)
        runtime.run(time_limit=task.time_limit)
        return task.score(_world)

    return run
