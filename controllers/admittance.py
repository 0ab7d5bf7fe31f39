"""Admittance on the target: it gives way to what pushes on the tool, as a mass with damper and spring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pinocchio as pin

from controllers.errors import ControllerError
from hybridctl.messages.arrays import FloatArray

if TYPE_CHECKING:
    from controllers.contact_gains import Compliance

AXES = ("x", "y", "z", "rx", "ry", "rz")
"""Names of the axes that may give way: along and about the axes of the target's frame."""


class Admittance:
    """Displaces the target by x in its own axes, where M ẍ + D ẋ + K x = f (Hogan, ASME JDSMC 107, 1985).

    A period dt is a step of implicit Euler,

        ẋ⁺ = (M ẋ + dt (f − K x)) / (M + dt D + dt² K),   x⁺ = x + dt ẋ⁺,

    which is passive for any dt, M, D, K: with V = ½ M ẋ² + ½ K x², V⁺ − V ≤ dt ẋ⁺ (f − D ẋ⁺). Clipping
    speed or displacement only makes |ẋ⁺| smaller with its sign kept, which takes energy out. (A target that
    turns carries the displacement with it; that much is not covered.)

    Args:
        compliance: M, D, K of each axis, deadband and largest displacement and speed.
        dt: Control period [s].
    """

    def __init__(self, compliance: Compliance, *, dt: float) -> None:
        self._dt = dt
        self._mass = _six(compliance.mass, compliance.inertia)
        self._damping = _six(compliance.damping, compliance.angular_damping)
        self._stiffness = _six(compliance.stiffness, compliance.angular_stiffness)
        self._x_max = np.repeat([compliance.displacement, compliance.angle], 3)
        self._v_max = np.repeat([compliance.speed, compliance.angular_speed], 3)
        self._force_deadband = compliance.force_deadband
        self._torque_deadband = compliance.torque_deadband
        self._axes = np.zeros(6, dtype=bool)
        self.reset()

    @property
    def displacement(self) -> FloatArray:
        """How far the target has given way, in its axes, shape (6,) [m, rad]."""
        return self._x

    @property
    def velocity(self) -> FloatArray:
        """How fast it does, shape (6,) [m/s, rad/s]."""
        return self._v

    @property
    def exhausted(self) -> bool:
        """Whether an axis has given way as far as it may."""
        return bool((np.abs(self._x) >= self._x_max * (1.0 - 1e-9)).any())

    def reset(self) -> None:
        """Go back to the target as it is given."""
        self._x = np.zeros(6)
        self._v = np.zeros(6)

    def step(self, wrench: FloatArray, *, axes: Iterable[str], force_floor: float = 0.0) -> None:
        """Go on by one period.

        Args:
            wrench: What the world exerts on the tool, in tool axes, shape (6,) [N, Nm], without bias.
            axes: Which of AXES give way; the others go back to the target.
            force_floor: Only the part of the force above it counts [N], where it is more than the deadband.

        Raises:
            ControllerError: the wrench is not finite, or an axis is unknown.
        """
        f = np.asarray(wrench, dtype=np.float64)
        if f.shape != (6,) or not np.isfinite(f).all():
            raise ControllerError(f"wrench is {f.tolist()}, expected six finite numbers [N, Nm]")
        free = free_axes(axes)
        f = np.concatenate(
            [
                _beyond(f[:3], max(self._force_deadband, force_floor)),
                _beyond(f[3:], self._torque_deadband),
            ]
        )
        dt, x = self._dt, self._x
        v = self._mass * self._v + dt * (np.where(free, f, 0.0) - self._stiffness * x)
        v /= self._mass + dt * self._damping + dt * dt * self._stiffness
        v = np.clip(v, -self._v_max, self._v_max)
        self._x = np.clip(x + dt * v, -self._x_max, self._x_max)
        self._v = (self._x - x) / dt

    def displaced(self, T_base_target: FloatArray) -> FloatArray:
        """Return the target with the displacement, shape (4, 4) [m]."""
        T = np.array(T_base_target, dtype=np.float64)
        T[:3, 3] += T[:3, :3] @ self._x[:3]
        T[:3, :3] = T[:3, :3] @ pin.exp3(self._x[3:])
        return T


def free_axes(axes: Iterable[str]) -> FloatArray:
    """Return which axes are named, shape (6,), or raise ControllerError for one that is not in AXES."""
    names = tuple(axes)
    for name in names:
        if name not in AXES:
            raise ControllerError(f"no axis is named {name!r}, expected some of {', '.join(AXES)}")
    return np.array([name in names for name in AXES])


def _six(along: tuple[float, float, float], about: tuple[float, float, float]) -> FloatArray:
    return np.array([*along, *about])


def _beyond(part: FloatArray, least: float) -> FloatArray:
    """Return the part of a vector beyond a length."""
    size = float(np.linalg.norm(part))
    return np.asarray(part * (1.0 - least / size)) if size > least else np.zeros(3)
