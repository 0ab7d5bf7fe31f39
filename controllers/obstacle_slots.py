"""Puts obstacles into the compiled problem's slots, and says which contacts with them are allowed."""

from __future__ import annotations

from collections.abc import Sequence

from controllers.errors import ControllerError
from controllers.evaluation import Evaluation
from controllers.limits.obstacle_distance import FAR, ObstacleLimit
from controllers.obstacles import Obstacle
from controllers.robot_model import RobotModel
from controllers.symbols import HELD

ALLOWED = -100.0
"""Margin of a contact that is allowed [m]."""


class ObstacleSlots:
    """The slots of one problem; all empty at first.

    Args:
        evaluation: The problem's parameters.
        limit: The limit whose slots these are; None where the problem has none.
        model: The robot.
        margin: Distance kept from obstacles [m].
    """

    def __init__(
        self, evaluation: Evaluation, limit: ObstacleLimit | None, *, model: RobotModel, margin: float
    ) -> None:
        self._bodies = (*model.obstacle_bodies, HELD)
        self._slots = 0 if limit is None else limit.slots
        self._margin = margin
        self._names: tuple[str, ...] = ()
        self._allowed: frozenset[tuple[str, str]] = frozenset()
        if limit is not None:
            shape = (self._slots, 3)
            self._start = evaluation.view("obstacles.start").reshape(shape)
            self._end = evaluation.view("obstacles.end").reshape(shape)
            self._velocity = evaluation.view("obstacles.velocity").reshape(shape)
            self._radius = evaluation.view("obstacles.radius")
            self._margins = evaluation.view("obstacles.margin").reshape(self._slots, len(self._bodies))

    def fill(self, obstacles: Sequence[Obstacle], *, allowed: frozenset[tuple[str, str]]) -> None:
        """Put these obstacles into the slots, and no others.

        Raises:
            ControllerError: there are more than slots, or an allowed pair names nobody.
        """
        if len(obstacles) > self._slots:
            raise ControllerError(
                f"{len(obstacles)} obstacles, expected at most obstacles.slots = {self._slots} of the gains"
            )
        names = tuple(obstacle.name for obstacle in obstacles)
        if names != self._names or allowed != self._allowed:
            self._allow(names, allowed)
        for s, obstacle in enumerate(obstacles):
            self._start[s], self._end[s] = obstacle.start, obstacle.end
            self._velocity[s], self._radius[s] = obstacle.velocity, obstacle.radius

    def _allow(self, names: tuple[str, ...], allowed: frozenset[tuple[str, str]]) -> None:
        for body, touched in allowed:
            if body not in self._bodies:
                raise ControllerError(
                    f"no body {body} to allow a contact for, expected one of {', '.join(self._bodies)}"
                )
            if touched not in names:
                known = ", ".join(names) or "none"
                raise ControllerError(f"no obstacle {touched} to allow a contact with, there are: {known}")
        self._names, self._allowed = names, allowed
        if not self._slots:
            return
        self._start[len(names) :] = self._end[len(names) :] = FAR
        self._velocity[len(names) :] = self._radius[len(names) :] = 0.0
        self._margins[:] = self._margin
        for s, name in enumerate(names):
            for b, body in enumerate(self._bodies):
                if (body, name) in allowed:
                    self._margins[s, b] = ALLOWED
