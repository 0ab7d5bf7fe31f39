"""What the controller knows of the world: obstacles, where they move to, and what the hand holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from controllers.errors import ControllerError
from controllers.held_object import HeldObject
from controllers.mpc import Mpc
from controllers.obstacles import Obstacle


class Surroundings:
    """Tells the MPC in use about the world; a new MPC is told everything anew."""

    def __init__(self) -> None:
        self._obstacles: tuple[Obstacle, ...] = ()
        self._stamp: float | None = None
        self._allowed: frozenset[tuple[str, str]] = frozenset()
        self._moving = False
        self._held: tuple[HeldObject | None, bool] = None, False

    def set_obstacles(
        self,
        mpc: Mpc,
        obstacles: Sequence[Obstacle],
        *,
        stamp: float | None,
        allowed: frozenset[tuple[str, str]],
    ) -> None:
        """Take these obstacles as they were at `stamp` [s], as of the next period if None.

        Raises:
            ControllerError: there are too many, an allowed pair names nobody, or the stamp is not finite.
        """
        if stamp is not None and not np.isfinite(stamp):
            raise ControllerError(f"obstacles' stamp is {stamp}, expected a finite time [s]")
        mpc.set_obstacles(obstacles, allowed=allowed)
        self._obstacles, self._stamp, self._allowed = tuple(obstacles), stamp, allowed
        self._moving = any(obstacle.velocity.any() for obstacle in self._obstacles)

    def hold(self, mpc: Mpc, held: HeldObject | None, *, may_touch_table: bool) -> None:
        """Take what the hand holds."""
        mpc.hold(held, may_touch_table=may_touch_table)
        self._held = held, may_touch_table

    def tell(self, mpc: Mpc) -> None:
        """Tell an MPC that has just been taken in use all there is."""
        mpc.set_obstacles(self._obstacles, allowed=self._allowed)
        held, may_touch_table = self._held
        mpc.hold(held, may_touch_table=may_touch_table)

    def move(self, mpc: Mpc, *, now: float) -> None:
        """Bring obstacles that move to where they are now."""
        if self._stamp is None:
            self._stamp = now  # the MPC has them as they are
        elif self._moving and now > self._stamp:
            moved = [obstacle.at(now - self._stamp) for obstacle in self._obstacles]
            mpc.set_obstacles(moved, allowed=self._allowed)
