"""Joint-torque residual: what pushes on an arm from outside, found from q, dq and motor torque alone."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike

from controllers.errors import ControllerError
from controllers.robot_model import RobotModel
from hybridctl.messages.arrays import FloatArray


class MomentumObserver:
    """Generalized momentum observer (De Luca & Mattone, ICRA 2005).

    With the momentum p = M(q) dq, the equations of motion read

        dp/dt = tau + C(q, dq)ᵀ dq − g(q) − D dq + tau_ext,

    and the residual

        r = K (p − p(0) − ∫ (tau + Cᵀ dq − g − D dq + r) dt)

    follows tau_ext like a first-order filter, dr/dt = K (tau_ext − r), without an acceleration. M holds the
    motors' reflected inertia and D the viscous friction of the robot's MJCF (armature, damping), which a
    driver knows from identification. Dry friction is not modelled, so it shows in the residual.

    A step of h takes e = Δp − ∫ (tau + Cᵀ dq − g − D dq) dt, by the trapezoidal rule, and
    r ← (r + K e) / (1 + K h) (implicit Euler: stable for any gain). Unrolled, r is a weighted sum of the e
    before it, and those older than `memory` are dropped. So a residual is a function of the last `memory`
    seconds alone: whoever starts to watch later sees the same bits.

    It serves one thread.

    Args:
        model: The robot.
        period: Time between two updates [s].
        gain: K [1/s]; the residual reaches 63 % of a sudden push after 1/K.
        memory: How far back measurements count [s].

    Raises:
        ControllerError: period, gain or memory is not positive, or the memory so short that over 1 % of a
            push would be forgotten.
    """

    def __init__(
        self, model: RobotModel, *, period: float = 0.01, gain: float = 50.0, memory: float = 0.3
    ) -> None:
        for name, value in (("period", period), ("gain", gain), ("memory", memory)):
            if not 0.0 < value < np.inf:
                raise ControllerError(f"{name} is {value}, expected a positive number")
        self.period = period
        self.length = round(memory / period)
        """Steps that count."""
        share = 1.0 / (1.0 + gain * period)
        forgotten = share**self.length
        if forgotten > 0.01:
            raise ControllerError(
                f"a memory of {memory} s forgets {forgotten:.0%} of a push at a gain of {gain} 1/s, "
                f"expected at least {np.log(100) / np.log(1 / share) * period:.2f} s"
            )
        self._model = model
        self._data = model.pin_model.createData()  # its own, so that a shared model stays thread-safe
        self._friction = np.array(model.pin_model.damping)
        self._zero = np.zeros(model.n)
        self._zero.flags.writeable = False
        self._weights = gain * share ** np.arange(self.length, 0, -1)  # oldest first
        self._steps = np.zeros((self.length, model.n))
        self._q = self._p = self._beta = self._zero
        self.reset()

    def reset(self) -> None:
        """Forget all measurements; the residual is zero."""
        self._steps[:] = 0.0
        self._stamp: float | None = None
        self._residual: FloatArray = self._zero

    @property
    def residual(self) -> FloatArray:
        """Latest residual, shape (n,) [Nm]: positive where the world pushes the joint forward."""
        return self._residual

    def update(self, q: ArrayLike, dq: ArrayLike, tau: ArrayLike, stamp: float) -> FloatArray:
        """Take a measurement and return the residual, shape (n,) [Nm].

        A stamp that was seen already changes nothing. One that is not a period (to its half) after the last
        begins anew, with a residual of zero: what happened in between is not known.

        Args:
            q: Joint positions, shape (n,) [rad].
            dq: Joint velocities, shape (n,) [rad/s].
            tau: Motor torques since the update before, their mean, shape (n,) [Nm].
            stamp: Time of q and dq [s].

        Raises:
            ControllerError: a shape differs or an entry is not finite.
        """
        q = self._model.checked_joints("q", q)
        dq = self._model.checked_joints("dq", dq)
        tau = self._model.checked_joints("tau", tau)
        if stamp == self._stamp:
            return self._residual
        p, beta = self._momentum(q, dq)
        h = np.inf if self._stamp is None else stamp - self._stamp
        if abs(h - self.period) <= 0.5 * self.period:
            friction = self._friction * self._model.turn(self._q, q)
            self._steps[:-1] = self._steps[1:]
            self._steps[-1] = p - self._p - h * (tau + (beta + self._beta) / 2) + friction
            self._residual = self._weights @ self._steps
            self._residual.flags.writeable = False
        else:
            self.reset()
        self._stamp, self._q, self._p, self._beta = stamp, q, p, beta
        return self._residual

    def _momentum(self, q: FloatArray, dq: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return p = M dq and beta = Cᵀ dq − g, both of shape (n,)."""
        model, data = self._model.pin_model, self._data
        q = self._model.configuration(q)
        g = np.array(pin.computeGeneralizedGravity(model, data, q))
        p = pin.rnea(model, data, q, self._zero, dq) - g  # M dq, the armature included
        C = pin.computeCoriolisMatrix(model, data, q, dq)
        return p, C.T @ dq - g
