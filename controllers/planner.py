"""Plans one period: toward the target, to rest, or to where an arm that does not follow really is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from controllers.pursuit import Pursuit
from controllers.robot_model import RobotModel
from controllers.target import between, pull_of, reached, step_toward
from controllers.tuned import Tuned
from hybridctl.messages.arrays import FloatArray

SLOW = 0.15  # rad/s: below it a joint brakes within two milliradians, whatever limit is near


@dataclass(frozen=True)
class Planned:
    """What is wanted of a period.

    Attributes:
        status: As of ControlResult.
        dq: Velocity wanted at its end, shape (n,) [rad/s].
        slacks: By how much the plan breaks each soft limit.
        violations: By how much the commanded state breaks each limit, broken ones only.
    """

    status: str
    dq: FloatArray
    slacks: dict[str, float] = field(default_factory=dict)
    violations: dict[str, float] = field(default_factory=dict)


class Planner:
    """Asks the MPC of the gains in use.

    Args:
        model: The robot.
    """

    def __init__(self, model: RobotModel) -> None:
        self._model = model
        self._lagging = False

    def reset(self) -> None:
        """Begin with an arm that follows."""
        self._lagging = False

    def plan(
        self,
        tuned: Tuned,
        pursuit: Pursuit,
        q_measured: FloatArray,
        *,
        now: float,
        given_way: Callable[[FloatArray], FloatArray],
    ) -> Planned:
        """Plan a period.

        Args:
            tuned: Gains and what rests on them.
            pursuit: What is followed.
            q_measured: Measured positions, shape (n,) [rad].
            now: Clock time [s].
            given_way: Displaces a target by what pushes on the tool.
        """
        q, dq, gains = tuned.limiter.q, tuned.limiter.dq, tuned.gains
        gap = self._model.turn(q, q_measured)
        error = float(np.abs(gap).max())
        threshold = gains.safety.following_error
        # Half the threshold to resume, so that the status does not flicker.
        self._lagging = error > (0.5 * threshold if self._lagging else threshold)
        if self._lagging:
            tuned.mpc.reset()
            slow = 0.1 * gains.scales.velocity * self._model.dq_max
            wanted = np.clip(2.0 * gap, -slow, slow)
            return Planned("following_error", wanted, violations={"following_error": error})
        pursuit.advance(now)
        target = pursuit.target
        if target is None:
            return Planned("holding", self._to_rest(tuned))
        targets = gains.targets
        pull = pull_of(now - target.stamp, stale_after=targets.stale_after, decay=tuned.braking_time)
        if pull == 0.0:
            return Planned("stale", self._to_rest(tuned))
        T_base_target, twist = pursuit.aim(now, stale_after=targets.stale_after)
        T_base_target = given_way(T_base_target)
        if (
            pull == 1.0
            and twist is None
            and max(target.tolerance) > 0.0
            and reached(self._stop_pose(tuned), T_base_target, target.tolerance)
        ):
            return Planned("tracking", self._to_rest(tuned))
        near = step_toward(
            self._model.forward_kinematics(q),
            T_base_target,
            max_translation=targets.max_translation,
            max_rotation=targets.max_rotation,
        )
        if pull < 1.0:
            near, twist = between(self._stop_pose(tuned), near, pull), None
        result = tuned.mpc.solve(q, dq, near, twist=twist)
        ok = result.ok and bool(np.isfinite(result.dq).all())
        status = "tracking" if pull == 1.0 else "stale"
        return Planned(status if ok else "qp_failed", result.dq, result.slacks, result.violations)

    def _to_rest(self, tuned: Tuned) -> FloatArray:
        """Return the velocity to brake with, shape (n,) [rad/s].

        While fast, the MPC brings the tool to where full braking would end, put inside the box: braking
        joint by joint alone knows neither box nor table. The slow rest is the limiter's.
        """
        q, dq = tuned.limiter.q, tuned.limiter.dq
        if float(np.abs(dq).max()) < SLOW:
            tuned.mpc.reset()
            return np.zeros_like(dq)
        result = tuned.mpc.solve(q, dq, self._stop_pose(tuned))
        return result.dq if result.ok and bool(np.isfinite(result.dq).all()) else np.zeros_like(dq)

    def _stop_pose(self, tuned: Tuned) -> FloatArray:
        """Return where full braking would bring the tool, put inside the box, shape (4, 4) [m]."""
        model, box = self._model, tuned.gains.workspace
        q, dq = tuned.limiter.q, tuned.limiter.dq
        stop = q + dq * np.abs(dq) / (2 * tuned.gains.scales.acceleration * model.ddq_max)
        T = np.array(model.forward_kinematics(np.clip(stop, model.q_min, model.q_max)))
        T[:3, 3] = np.clip(T[:3, 3], np.add(box.lower, box.margin), np.subtract(box.upper, box.margin))
        return T
