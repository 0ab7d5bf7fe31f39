"""The joint-torque residual of a simulated arm: a momentum observer that keeps pace with the physics."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from controllers.momentum_observer import MomentumObserver
from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.joint_log import LENGTH, JointLog


class ResidualReader:
    """Feeds the observer, once a period of simulated time, from the log of the joints.

    A real arm's observer runs in its controller, whoever reads. Here the periods since the last reading are
    made up for at the next one, from the log; after a pause, or in a world that was reset meanwhile, the
    observer's whole memory is. So a reading depends on the physics only, not on when others were taken.

    Args:
        log: What the joints measured.
        observer: The observer; its memory must fit into the log.
        servo_damping: Velocity gain kv of the servos, shape (n,) [Nms/rad].
        torque_limit: Torque at which the motors saturate, shape (n,) [Nm].
        timestep: Step of the physics [s].
        placed: Tells when the arm was last put somewhere from outside [s]: the log before that is another
            motion's.
    """

    def __init__(
        self, log: JointLog, observer: MomentumObserver, *, servo_damping: FloatArray,
        torque_limit: FloatArray, timestep: float, placed: Callable[[], float] = lambda: 0.0,
    ) -> None:  # fmt: skip
        self._log, self._observer = log, observer
        self._damping, self._limit = servo_damping, torque_limit
        self._steps = round(observer.period / timestep)
        if (observer.length + 1) * self._steps > LENGTH:
            raise ValueError(f"a memory of {observer.length} periods does not fit into {LENGTH} steps")
        self._placed, self._timestep = placed, timestep
        self._fed = -1
        self._state = np.zeros((2, 0))

    def read(self, q: FloatArray, dq: FloatArray) -> FloatArray:
        """Return the residual at the end of the last period, shape (n,) [Nm].

        Args:
            q: Joint positions now, shape (n,) [rad].
            dq: Joint velocities now, shape (n,) [rad/s].
        """
        now = np.array([q, dq])
        period = self._log.end // self._steps
        first = math.ceil(round(self._placed() / self._timestep) / self._steps)
        if first > period:
            self._observer.reset()
            self._fed = -1
            return np.zeros_like(q)
        if self._fed < first or not self._goes_on(period, now):
            self._observer.reset()
            self._fed = max(first, period - self._observer.length)
            self._feed(self._fed, now)
        for k in range(self._fed + 1, period + 1):
            self._feed(k, now)
        return self._observer.residual

    def _goes_on(self, period: int, now: FloatArray) -> bool:
        """Whether what was fed last is in the past of this world, and not too long ago."""
        if not 0 <= period - self._fed <= self._observer.length or self._fed < 0:
            return False
        return np.array_equal(self._at(self._fed, now), self._state)

    def _at(self, period: int, now: FloatArray) -> FloatArray:
        """Return q and dq at the start of a period, shape (2, n)."""
        step = period * self._steps
        return now if step == self._log.end else self._log.read(step, step + 1)[0, :2]

    def _feed(self, period: int, now: FloatArray) -> None:
        state = self._at(period, now)
        tau = np.zeros(state.shape[1])
        if period != self._fed:
            tau = self._mean_torque(period, state[1])
        self._observer.update(state[0], state[1], tau, period * self._observer.period)
        self._fed, self._state = period, state

    def _mean_torque(self, period: int, dq: FloatArray) -> FloatArray:
        """Return the mean motor torque of the period that ends at `period` with the velocity `dq`."""
        log = self._log.read((period - 1) * self._steps, period * self._steps)
        tau = log[:, 2]
        # MuJoCo integrates the servo's damping implicitly: it acts at the velocity at the step's end, the
        # torque in the log is that at its start. A saturated motor gives its limit and damps nothing.
        change = np.empty_like(tau)
        change[:-1] = log[1:, 1] - log[:-1, 1]
        change[-1] = dq - log[-1, 1]
        servo = self._damping * (np.abs(tau) < self._limit)
        total: FloatArray = (tau - servo * change).sum(axis=0)
        return total / self._steps
