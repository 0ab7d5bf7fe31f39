"""A table that a test lays, an arm above it, and motions and whole plans run through the real runtime."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from controllers.controller import Controller, ControlResult
from controllers.gains import load_gains
from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel
from hybridctl.arms import SimulatedArm
from hybridctl.assembly import Simulator
from hybridctl.data.experts.hands import ExpertError, Hands, Motion, tool_pose
from hybridctl.data.experts.scripted import ScriptedExpert
from hybridctl.messages.arm import ArmState
from hybridctl.messages.condition import Condition
from hybridctl.messages.plan import parse_plan
from hybridctl.runtime import Outcome, Runtime
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import HOME_Q, Actor, SimWorld


@pytest.fixture
def world(simulator: Simulator) -> SimWorld:
    return simulator.world


@pytest.fixture
def lay(world: SimWorld) -> Callable[..., SimWorld]:
    """Lays the table: fixtures, things, and somebody who acts on them."""

    def put(
        *fixtures: Fixture, things: tuple[ObjectSpec, ...] = (), actors: tuple[Actor, ...] = ()
    ) -> SimWorld:
        world.reset(SceneSpec(0, things, fixtures, sample_scene(0).look), actors=actors)
        return world

    return put


@dataclass
class Path:
    """Where the tool went: a listener of a run."""

    stamps: list[float] = field(default_factory=list)
    places: list[np.ndarray] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: np.ndarray, source: str
    ) -> None:
        self.stamps.append(state.stamp)
        self.places.append(T_base_tool[:3, 3].copy())
        self.widths.append(state.gripper_width)

    def on_tree(self, stamp: float, status: str, tip: str) -> None: ...


@dataclass
class Doing:
    """A tree of one motion."""

    hands: Hands
    controller: Controller
    motion: Motion
    error: str = ""

    def tick(self, state: ArmState, *, commanded_width: float) -> str:
        self.hands.feel(state)
        try:
            next(self.motion)
        except StopIteration:
            return "SUCCESS"
        except ExpertError as error:
            self.error = str(error)
            return "FAILURE"
        return "RUNNING"

    def halt(self) -> None:
        self.controller.hold()

    def tip(self) -> str:
        return "motion"

    def failures(self) -> list[dict[str, Any]]:
        return [{"why": self.error}] if self.error else []


@dataclass
class Done:
    """How a motion went.

    Attributes:
        outcome: How the run ended; its cause is why the motion failed.
        path: Where the tool went.
        hands: Those that did it.
    """

    outcome: Outcome
    path: Path
    hands: Hands

    @property
    def ok(self) -> bool:
        return self.outcome.status == "SUCCESS"


@pytest.fixture
def hands_of(robot: RobotModel) -> Callable[[SimWorld], tuple[Hands, Controller]]:
    def make(world: SimWorld) -> tuple[Hands, Controller]:
        controller = Controller(robot, load_gains())
        hands = Hands(controller, world.clock, TruthOf(world))
        hands.T_base_tool = np.array(robot.forward_kinematics(world.data.qpos[world.arm_joints]))
        return hands, controller

    return make


@pytest.fixture
def do(world: SimWorld, hands_of: Callable[[SimWorld], tuple[Hands, Controller]]) -> Callable[..., Done]:
    """Runs one motion, made from hands, until it ends."""

    def run(make: Callable[[Hands], Motion], *, time_limit: float = 30.0) -> Done:
        hands, controller = hands_of(world)
        tree, path = Doing(hands, controller, make(hands)), Path()
        runtime = Runtime(
            tree=tree, controller=controller, arm=SimulatedArm(world), clock=world.clock, listeners=(path,)
        )
        return Done(runtime.run(time_limit=time_limit), path, hands)

    return run


@pytest.fixture
def take(world: SimWorld, robot: RobotModel) -> Callable[..., None]:
    """Puts the hand somewhere, pointing down, and closes it on what floats between its fingers."""

    def grasp(at: tuple[float, float, float], width: float) -> None:
        q = solve_ik(robot, tool_pose(np.array(at), 0.0), np.array(HOME_Q))
        assert q is not None
        gravity = world.model.opt.gravity.copy()
        world.model.opt.gravity[:] = 0.0
        world.set_arm(q, width)
        world.data.ctrl[world.gripper_actuator] = 0.0
        world.sleep_until(world.now() + 0.2)
        world.model.opt.gravity[:] = gravity
        world.arm_placed_at = world.now()  # what the joints felt without gravity is no contact

    return grasp


@pytest.fixture
def carry_out(world: SimWorld, robot: RobotModel) -> Callable[..., tuple[ScriptedExpert, Outcome]]:
    """Has the expert carry out a plan, given as text, on the table as it is laid."""

    def run(
        plan: str, *goal: Condition, time_limit: float = 60.0, listeners: tuple[Any, ...] = ()
    ) -> tuple[ScriptedExpert, Outcome]:
        task = Task("test", world.scene, "do it", parse_plan(plan), goal)
        controller = Controller(robot, load_gains())
        expert = ScriptedExpert(world, task, controller, world.clock)
        runtime = Runtime(
            tree=expert,
            controller=controller,
            arm=SimulatedArm(world),
            clock=world.clock,
            listeners=listeners,
        )
        return expert, runtime.run(time_limit=time_limit)

    return run
