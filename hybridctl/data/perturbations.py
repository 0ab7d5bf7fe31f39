"""Disturbances of an expert's run, so that demonstrations show how to get back on the way."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np

from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel
from hybridctl.data.experts.clearance import footprints
from hybridctl.data.experts.hands import tool_pose
from hybridctl.sim.layout import AREA
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.truth import true_objects, true_tool
from hybridctl.sim.world import GRIPPER_OPEN, HOME_Q, Actor, SimWorld

_NEAR, _FREE = 0.16, 0.03
_TRIES = 60


class StrangeStart:
    """The arm begins somewhere over the table, turned, its fingers half closed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def reset(self, world: SimWorld) -> None:
        """Put the arm there, at rest."""
        rng = np.random.default_rng((self._seed, 1))
        model = RobotModel.load("panda")
        for _ in range(_TRIES):
            at = np.array([rng.uniform(0.33, 0.62), rng.uniform(-0.28, 0.28), rng.uniform(0.22, 0.45)])
            q = solve_ik(model, tool_pose(at, float(rng.uniform(-0.9, 0.9))), np.array(HOME_Q))
            if q is not None:
                velocities = np.array(world.data.qvel)
                world.set_arm(q, float(rng.uniform(0.4, 1.0)) * GRIPPER_OPEN)
                world.data.qvel[:] = velocities
                return

    def act(self, world: SimWorld) -> None:
        """Nothing more."""


class Nudge:
    """Somebody puts the thing that the hand comes near to a few centimetres aside, once."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = np.random.default_rng((seed, 2))
        self._done = False

    def reset(self, world: SimWorld) -> None:
        """Wait for the hand."""
        self._rng = np.random.default_rng((self._seed, 2))
        self._done = False

    def act(self, world: SimWorld) -> None:
        """Move the nearest thing once the hand is close above it with open fingers."""
        if self._done or world.data.qpos[world.fingers].sum() < 0.03:
            return
        tool = true_tool(world)[:3, 3]
        things = [t for t in true_objects(world) if t.position[2] < 0.07 and t.speed < 0.02]
        near = [t for t in things if np.linalg.norm(t.position[:2] - tool[:2]) < 0.04]
        if not near or not 0.03 < tool[2] - near[0].position[2] < _NEAR:
            return
        self._done = True
        thing = near[0]
        around = footprints(world, without=frozenset({thing.body}))
        for _ in range(_TRIES):
            angle, far = self._rng.uniform(-np.pi, np.pi), self._rng.uniform(0.02, 0.06)
            x, y = thing.position[:2] + far * np.array([np.cos(angle), np.sin(angle)])
            (x0, x1), (y0, y1) = AREA
            inside = x0 < x < x1 and y0 < y < y1
            room = min((f.distance(x, y) for f in around), default=1.0)
            if inside and room > thing.spec.size / 2 + _FREE:
                at = int(world.model.joint(thing.body).qposadr[0])
                world.data.qpos[at : at + 2] = (x, y)
                mujoco.mj_forward(world.model, world.data)
                return


def perturbed(task: Task, seed: int) -> Task:
    """Return a task on which one or both of these disturbances act besides its own actors.

    The task `interference` shows more: somebody who shuts the drawer, or knocks a thing from the gripper.
    """
    rng = np.random.default_rng((seed, 4))
    # Where the arm is decides whether looking and going home are done: they start where they start.
    kinds = (Nudge,) if task.name == "look" else (StrangeStart, Nudge)
    chosen = rng.choice(len(kinds), size=int(rng.integers(1, len(kinds) + 1)), replace=False)
    extra: tuple[Actor, ...] = tuple(kinds[k](seed) for k in sorted(chosen))
    return replace(task, actors=(*task.actors, *extra))
