"""Somebody at the table: drags a thing along, or interferes once with what the arm is about."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.fixtures import DRAWER_DEPTH, DRAWER_HALF
from hybridctl.sim.truth import FINGERS, drawer_fraction, pinched, touching, true_pose, true_tool
from hybridctl.sim.world import ACTOR_PERIOD, SimWorld
from hybridctl.sim.world_model import ARM_PREFIX

_STIFFNESS, _STRONGEST = 40.0, 1.5
"""Of the hand that drags a thing [N/m, N]."""
_HAND_ROOM = 0.12
"""The tool is farther than this from where somebody puts something [m]."""
_HAND_CLEAR = 0.16
"""A tool this high over a drawer is clear of it [m]."""
_PUSH, _PUSH_TIME = 5.0, 2.5
"""With which force a drawer is shut, and for how long at most [N, s]."""
_KNOCK, _PRY, _KNOCK_TIME = 6.0, 60.0, 0.15
"""How a thing in the gripper is pressed down, each finger outward, and for how long [m/s², N, s]."""


@dataclass
class Dragger:
    """Somebody who drags a thing along a path over the table, until the gripper has it.

    Attributes:
        body: The thing's body.
        path: Where it is dragged, x and y of each corner, its start first [m].
        speed: How fast [m/s].
        delay: When it sets out [s].
        done: Whether it has let go.
    """

    body: str
    path: tuple[tuple[float, float], ...]
    speed: float
    delay: float
    done: bool = field(default=False, init=False)

    def reset(self, world: SimWorld) -> None:
        """Take hold of the thing."""
        self.done = False

    def act(self, world: SimWorld) -> None:
        """Pull it toward where it should be by now, as a spring does."""
        body, data = world.model.body(self.body).id, world.data
        data.xfrc_applied[body] = 0.0
        along = (world.now() - self.delay) * self.speed
        if self.done or along <= 0.0:
            return
        wanted, left = _along(self.path, along)
        self.done = pinched(world, self.body) or left <= 0.0
        mass = float(world.model.body_mass[body])
        at, velocity = data.xpos[body], data.qvel[_dof(world, self.body) :][:2]
        force = _STIFFNESS * (wanted - at[:2]) - 2.0 * math.sqrt(_STIFFNESS * mass) * velocity
        size = float(np.linalg.norm(force))
        data.xfrc_applied[body, :2] = force * min(1.0, _STRONGEST / max(size, 1e-9))


@dataclass
class Mover:
    """Somebody who puts a thing elsewhere, once, when the arm comes near it.

    Attributes:
        body: The thing's body.
        to: Where to, x and y of a free place [m].
        near: How near the tool must have come, seen from above [m].
        done: Whether it has happened.
    """

    body: str
    to: tuple[float, float]
    near: float
    done: bool = field(default=False, init=False)

    def reset(self, world: SimWorld) -> None:
        """Sit down at the table."""
        self.done = False

    def act(self, world: SimWorld) -> None:
        """Put it there, if the arm is near it, has not touched it yet, and is away from the other place."""
        tool, at = true_tool(world)[:3, 3], true_pose(world, self.body)[:3, 3]
        near = float(np.hypot(*(tool - at)[:2])) < self.near
        touched = any(name.startswith(ARM_PREFIX) for name in touching(world, self.body))
        if self.done or not near or touched or float(np.hypot(*(tool[:2] - self.to))) < _HAND_ROOM:
            return
        qpos = int(world.model.joint(self.body).qposadr[0])
        world.data.qpos[qpos : qpos + 2] = self.to
        world.data.qvel[_dof(world, self.body) :][:6] = 0.0
        self.done = True


@dataclass
class Shutter:
    """Somebody who shuts the drawer, once, after the arm has opened it and its empty hand has left it.

    Attributes:
        after: How long it has been open and free in all when somebody pushes [s].
        done: Whether it has been shut.
    """

    after: float
    done: bool = field(default=False, init=False)
    _free: float = field(default=0.0, init=False)
    _pushed: float = field(default=0.0, init=False)

    def reset(self, world: SimWorld) -> None:
        """Sit down at the table."""
        self.done, self._free, self._pushed = False, 0.0, 0.0

    def act(self, world: SimWorld) -> None:
        """Push the drawer while that is due."""
        dof, now = int(world.model.joint("drawer").dofadr[0]), world.now()
        world.data.qfrc_applied[dof] = 0.0
        if self.done:
            return
        if not self._pushed:
            free = drawer_fraction(world) > 0.8 and not _at_drawer(world)
            self._free += ACTOR_PERIOD if free else 0.0
            if not free or self._free < self.after:
                return
            self._pushed = now
        self.done = drawer_fraction(world) < 0.02 or now - self._pushed > _PUSH_TIME
        if not self.done:
            world.data.qfrc_applied[dof] = -_PUSH


@dataclass
class Knocker:
    """Somebody who knocks a thing from the gripper, once, while it is carried over free table.

    Attributes:
        body: The thing's body.
        carried: How far it has been carried by then, seen from above [m].
        keep_off: Circles on the table, x, y and radius, over which it is left alone [m].
        done: Whether it has been knocked off.
    """

    body: str
    carried: float
    keep_off: tuple[tuple[float, float, float], ...]
    done: bool = field(default=False, init=False)
    _from: FloatArray | None = field(default=None, init=False)
    _begun: float = field(default=0.0, init=False)

    def reset(self, world: SimWorld) -> None:
        """Sit down at the table."""
        self.done, self._from, self._begun = False, None, 0.0

    def act(self, world: SimWorld) -> None:
        """Pry the fingers apart and press the thing down while that is due."""
        data, body = world.data, world.model.body(self.body).id
        fingers = [int(world.model.joint(f"{name}_joint").dofadr[0]) for name in FINGERS]
        data.xfrc_applied[body], data.qfrc_applied[fingers] = 0.0, 0.0
        if self.done:
            return
        if not self._begun:
            if not self._due(world, data.xpos[body]):
                return
            self._begun = world.now()
        if world.now() - self._begun > _KNOCK_TIME:
            self.done = True
            return
        data.qfrc_applied[fingers] = _PRY
        data.xfrc_applied[body, 2] = -_KNOCK * float(world.model.body_mass[body])

    def _due(self, world: SimWorld, at: FloatArray) -> bool:
        if not (pinched(world, self.body) and at[2] > 0.08):
            return False
        if self._from is None:
            self._from = np.array(at[:2])
        far = float(np.hypot(*(at[:2] - self._from))) >= self.carried
        return far and all(math.hypot(at[0] - x, at[1] - y) > r for x, y, r in self.keep_off)


def _along(path: tuple[tuple[float, float], ...], distance: float) -> tuple[FloatArray, float]:
    """Return the point of a path `distance` [m] from its start, and how much of the path is left [m]."""
    points = np.array(path)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    for start, end, length in zip(points, points[1:], lengths, strict=False):
        if distance < length:
            return start + (end - start) * (distance / length), 1.0
        distance -= float(length)
    return points[-1], 0.0


def _dof(world: SimWorld, body: str) -> int:
    return int(world.model.joint(body).dofadr[0])


def _at_drawer(world: SimWorld) -> bool:
    """Return whether the tool is over the drawer or its handle, and low or with something in the gripper."""
    T, tool = true_pose(world, "drawer"), true_tool(world)[:3, 3]
    along, across, height = T[:3, :3].T @ (tool - T[:3, 3])
    over = -DRAWER_DEPTH < along < 0.14 and abs(across) < DRAWER_HALF + 0.08
    holds = any(pinched(world, body) for body in world.scene.object_bodies)
    return bool(over and (height < _HAND_CLEAR or holds))
