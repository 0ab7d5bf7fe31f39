"""Somebody at the table who moves things by a schedule: puts one elsewhere, exchanges two, drags one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hybridctl.bench.memory_recording import Move
from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.fixtures import BOWL_RADIUS
from hybridctl.sim.tasks.people import Dragger
from hybridctl.sim.truth import TrueObject, touching, true_objects
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import ARM_PREFIX

KINDS = ("elsewhere", "exchanged", "dragged")
PLACES = ((0.37, 0.67), (-0.25, 0.25))
"""Where things are put: x and y ranges that the cameras see [m]."""
FARTHER = 0.08
"""What is put elsewhere goes farther than this [m]."""
DRAG_SPEED = 0.04
_ROOM, _WAY = 0.066, 0.055
"""Least distance of centres at a new place, and beside a way that something is dragged [m]."""
_STEP = 0.01


@dataclass
class Visitor:
    """Does what its schedule says, with things and places drawn by its seed from how the table then is.

    Attributes:
        seed: Draws what is moved, and where.
        schedule: When [s] and what, one of KINDS; in the order of time.
        spared: Phrases of what is left alone.
        moves: What it has done.
        dragged: What it has dragged: phrase, from when [s].
    """

    seed: int
    schedule: tuple[tuple[float, str], ...]
    spared: frozenset[str]
    moves: list[Move] = field(default_factory=list, init=False)
    dragged: list[tuple[str, float]] = field(default_factory=list, init=False)
    _dragger: Dragger | None = field(default=None, init=False)

    def reset(self, world: SimWorld) -> None:
        """Sit down at the table."""
        self._rng = np.random.default_rng((self.seed, 31))
        self._left = list(self.schedule)
        self.moves, self.dragged, self._dragger = [], [], None

    def go_on(self, schedule: tuple[tuple[float, str], ...]) -> None:
        """Have more to do, after all that was to do before."""
        self._left = [*self._left, *schedule]

    def act(self, world: SimWorld) -> None:
        """Do what is due; something that finds no place is left out."""
        if self._dragger is not None:
            self._dragger.act(world)
        if not self._left or world.now() < self._left[0][0]:
            return
        kind = self._left.pop(0)[1]
        things = true_objects(world)
        mine = [t for t in things if t.phrase not in self.spared and self._stands(world, t)]
        order = [mine[i] for i in self._rng.permutation(len(mine))]
        if kind == "exchanged":
            self._exchange(world, order)
        else:
            self._take(world, order, things, drag=kind == "dragged")

    def _exchange(self, world: SimWorld, order: list[TrueObject]) -> None:
        """Let the first two that share a colour or a shape take each other's places."""
        for i, one in enumerate(order):
            for other in order[i + 1 :]:
                if set(one.phrase.split()) & set(other.phrase.split()):
                    a, b = one.position[:2].copy(), other.position[:2].copy()
                    self._put(world, one, b, swapped=True)
                    self._put(world, other, a, swapped=True)
                    return

    def _take(
        self, world: SimWorld, order: list[TrueObject], things: list[TrueObject], *, drag: bool
    ) -> None:
        """Put or drag the first that can be to a free place."""
        for thing in order:
            others = np.array([t.position[:2] for t in things if t.body != thing.body])
            free = self._free(world, others, thing.position[:2])
            for to in self._rng.permutation(free):
                if not drag:
                    self._put(world, thing, to, swapped=False)
                    return
                if _way_is_clear(thing.position[:2], to, others):
                    start = (float(thing.position[0]), float(thing.position[1]))
                    path = (start, (float(to[0]), float(to[1])))
                    self._dragger = Dragger(thing.body, path, DRAG_SPEED, delay=world.now())
                    self.dragged.append((thing.phrase, world.now()))
                    return

    def _free(self, world: SimWorld, others: FloatArray, start: FloatArray) -> FloatArray:
        (x0, x1), (y0, y1) = PLACES
        grid = np.stack(np.meshgrid(np.arange(x0, x1, _STEP), np.arange(y0, y1, _STEP)), axis=-1)
        grid = grid.reshape(-1, 2)
        room = np.linalg.norm(grid[:, None] - others, axis=2).min(axis=1) > _ROOM
        bowl = np.linalg.norm(grid - world.scene.bowl_xy, axis=1) > BOWL_RADIUS + _ROOM / 2
        return np.asarray(grid[room & bowl & (np.linalg.norm(grid - start, axis=1) > FARTHER)])

    def _put(self, world: SimWorld, thing: TrueObject, to: FloatArray, *, swapped: bool) -> None:
        joint = world.model.joint(thing.body)
        qpos, dof = int(joint.qposadr[0]), int(joint.dofadr[0])
        world.data.qpos[qpos : qpos + 2] = to
        world.data.qvel[dof : dof + 6] = 0.0
        place = np.array([*to, thing.position[2]])
        self.moves.append(Move(thing.phrase, world.now(), place, swapped))

    def _stands(self, world: SimWorld, thing: TrueObject) -> bool:
        """Return whether it stands on the table and the arm does not touch it."""
        touched = any(name.startswith(ARM_PREFIX) for name in touching(world, thing.body))
        in_bowl = float(np.hypot(*(thing.position[:2] - world.scene.bowl_xy))) < BOWL_RADIUS
        return not touched and not in_bowl and thing.position[2] < thing.height / 2 + 0.003


def _way_is_clear(start: FloatArray, end: FloatArray, others: FloatArray) -> bool:
    way = end - start
    share = np.clip((others - start) @ way / (way @ way), 0.0, 1.0)
    return bool(np.linalg.norm(others - (start + share[:, None] * way), axis=1).min() > _WAY)
