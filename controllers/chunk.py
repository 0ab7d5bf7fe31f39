"""Action chunks: poses at a fixed period, played as one motion and spliced where the last chunk got to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from controllers.errors import ControllerError
from controllers.target import moved_on, pose_distance, smooth_step
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arrays import FloatArray, MessageError, checked, checked_scalar, checked_transform

BLEND = 0.2  # s: a seam is spread over it; shorter jerks, longer mixes in what the last chunk meant


@dataclass(frozen=True, eq=False)
class Chunk:
    """K tool poses that a policy wants from its observation on: pose i is due at stamp + i·period.

    Attributes:
        poses: Wanted tool poses T_base_tool, shape (K, 4, 4) [m].
        stamp: Stamp of the observation that the chunk rests on [s].
        period: Time from one pose to the next [s].
        gripper_widths: Wanted finger distance with each pose, shape (K,) [m]; None keeps the present one.
        source: Who made it, as in PoseTarget.

    Raises:
        ControllerError: a pose is not a finite rigid transform, the stamp is not finite, the period is not
            positive, or the widths are not K finite numbers.
    """

    poses: FloatArray
    stamp: float
    period: float
    gripper_widths: FloatArray | None = None
    source: str = "tokens"

    def __post_init__(self) -> None:
        try:
            poses = checked("Chunk.poses", self.poses, shape=(None, 4, 4))
            for i, T in enumerate(poses):
                checked_transform(f"Chunk.poses[{i}]", T)
            checked_scalar("Chunk.stamp", self.stamp)
            checked_scalar("Chunk.period", self.period, low=1e-3, high=10.0)
            if self.gripper_widths is not None:
                widths = checked("Chunk.gripper_widths", self.gripper_widths, shape=(len(poses),))
                object.__setattr__(self, "gripper_widths", widths)
        except MessageError as error:
            raise ControllerError(str(error)) from error
        if len(poses) == 0:
            raise ControllerError("Chunk.poses is empty, expected one pose or more")
        object.__setattr__(self, "poses", poses)

    @property
    def end(self) -> float:
        """When the last pose is due [s]."""
        return self.stamp + (len(self.poses) - 1) * self.period

    def passed(self, now: float) -> int:
        """Return how many poses were due before `now` [s]: executed meanwhile, so a splice skips them."""
        return int(np.clip(np.ceil((now - self.stamp) / self.period - 1e-9), 0, len(self.poses)))

    def motion(self, now: float) -> tuple[FloatArray, FloatArray]:
        """Return where the chunk is at `now` [s], shape (4, 4) [m], and its twist, shape (6,) [m/s, rad/s].

        Cubic Hermite between poses, through each with the mean of the velocities before and after it
        (Catmull and Rom, 1974), and to rest in the last: a chunk that no other follows ends there, not
        beyond. Rotations do the same in the log map of each interval: angular velocity is continuous too.
        """
        last = len(self.poses) - 1
        x = float(np.clip((now - self.stamp) / self.period, 0.0, last))
        i = min(int(x), last - 1)
        if last == 0 or now > self.end:
            return np.array(self.poses[last]), np.zeros(6)
        T, u = np.array(self.poses[i]), x - i
        R = T[:3, :3]
        step = self._step(i)
        speed, speed_next = self._speed(i), self._speed(i + 1)
        # A rotation vector's rate is not the angular velocity: the right Jacobian's inverse makes it so.
        speed_next[3:] = pin.Jlog3(pin.exp3(step[3:])) @ speed_next[3:]
        moved, rate = _hermite(u, step, speed, speed_next)
        T[:3, 3] += moved[:3]
        T[:3, :3] = R @ pin.exp3(moved[3:])
        angular = T[:3, :3] @ pin.Jexp3(moved[3:]) @ rate[3:]
        return T, np.concatenate((rate[:3], angular)) / self.period

    def _step(self, i: int) -> FloatArray:
        """Return the way from pose i to the next: along the base axes, then the rotation vector, (6,)."""
        A, B = self.poses[i], self.poses[i + 1]
        return np.concatenate((B[:3, 3] - A[:3, 3], pin.log3(A[:3, :3].T @ B[:3, :3])))

    def _speed(self, i: int) -> FloatArray:
        """Return the velocity at pose i a period: along the base axes, then about the pose's own, (6,)."""
        if i == len(self.poses) - 1:
            return np.zeros(6)
        return self._step(i) if i == 0 else 0.5 * (self._step(i - 1) + self._step(i))


@dataclass(frozen=True, eq=False)
class Splice:
    """A chunk, joined at a seam to the motion before it: poses and twists are continuous there.

    Over `BLEND` the motion before, going on with its twist, gives way to the chunk by 3x² − 2x³, which begins
    and ends at rest: so the target's motion is C1, at the seam and after it.

    Attributes:
        chunk: What is played.
        seam: When it takes over [s].
        T_base_seam: Where the motion before is then, shape (4, 4) [m].
        twist: How it moves then, shape (6,) [m/s, rad/s] along the base axes.
    """

    chunk: Chunk
    seam: float
    T_base_seam: FloatArray
    twist: FloatArray

    def motion(self, now: float) -> tuple[FloatArray, FloatArray]:
        """Return the target's pose at `now` [s], shape (4, 4) [m], and twist, shape (6,) [m/s, rad/s]."""
        T, twist = self.chunk.motion(now)
        elapsed = now - self.seam
        if elapsed >= BLEND:
            return T, twist
        before = moved_on(self.T_base_seam, self.twist, elapsed)
        part, slope = smooth_step(elapsed / BLEND)
        rate = slope / BLEND
        gap = T[:3, 3] - before[:3, 3]
        turn = before[:3, :3].T @ T[:3, :3]
        # All in the axes of `before`, whose own angular velocity the blend comes on top of.
        angle = pin.log3(turn)
        spin_before = before[:3, :3].T @ self.twist[3:]
        spin = T[:3, :3].T @ twist[3:] - turn.T @ spin_before
        angle_rate = rate * angle + part * (pin.Jlog3(turn) @ spin)
        R = pin.exp3(part * angle)
        joined = before.copy()
        joined[:3, 3] += part * gap
        joined[:3, :3] = before[:3, :3] @ R
        linear = self.twist[:3] + part * (twist[:3] - self.twist[:3]) + rate * gap
        angular = joined[:3, :3] @ (R.T @ spin_before + pin.Jexp3(part * angle) @ angle_rate)
        return joined, np.concatenate((linear, angular))

    def target(self, now: float) -> PoseTarget:
        """Return the target of this moment; after the last pose it ages like any other."""
        T, twist = self.motion(now)
        chunk = self.chunk
        width = None
        if chunk.gripper_widths is not None:
            # The last width that was due: fingers do not close before the pose at which they should.
            width = float(chunk.gripper_widths[max(chunk.passed(now + 1e-6) - 1, 0)])
        return PoseTarget(T, stamp=min(now, chunk.end), gripper_width=width, source=chunk.source, twist=twist)


def spliced(
    chunk: Chunk,
    *,
    now: float,
    last: Chunk | None,
    T_base_seam: FloatArray,
    twist: FloatArray,
    max_translation: float,
    max_rotation: float,
) -> Splice:
    """Join `chunk` to the motion of this moment.

    Args:
        chunk: What to play from now on.
        now: Clock time [s].
        last: The chunk that it takes over from, if any.
        T_base_seam: Where the target, or the tool where there is none, is now, shape (4, 4) [m].
        twist: How it moves, shape (6,) [m/s, rad/s] along the base axes.
        max_translation: Largest distance to the chunk, and from pose to pose [m].
        max_rotation: Largest angle to the chunk, and from pose to pose [rad].

    Raises:
        ControllerError: the chunk lies in the past or the future, is no newer than the last, or is far.
    """
    if not np.isfinite(now):
        raise ControllerError(f"now is {now}, expected a finite time [s]")
    if chunk.stamp > now + 1e-6:
        raise ControllerError(
            f"Chunk.stamp is {chunk.stamp}, later than now ({now}): expected the same clock"
        )
    if (now >= chunk.end and len(chunk.poses) > 1) or now > chunk.end + chunk.period:
        raise ControllerError(f"chunk is late: its last pose was due at {chunk.end}, and it is {now} [s]")
    if last is not None and chunk.stamp <= last.stamp:
        raise ControllerError(
            f"Chunk.stamp is {chunk.stamp}, expected a later one than the present chunk's {last.stamp}"
        )
    ways = [pose_distance(A, B) for A, B in zip(chunk.poses[:-1], chunk.poses[1:], strict=True)]
    ways.append(pose_distance(T_base_seam, chunk.motion(now)[0]))
    for i, (distance, angle) in enumerate(ways):
        if distance > max_translation or angle > max_rotation:
            where = "begins" if i == len(ways) - 1 else f"jumps after pose {i} by"
            raise ControllerError(
                f"chunk {where} {distance:.3g} m and {angle:.3g} rad away, expected at most "
                f"{max_translation} m and {max_rotation} rad"
            )
    return Splice(chunk, now, np.array(T_base_seam), np.array(twist))


def _hermite(u: float, step: FloatArray, start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the cubic from 0 to `step` with these end velocities, and its rate, at `u` in [0, 1]."""
    value = (3 * u**2 - 2 * u**3) * step + (u - 2 * u**2 + u**3) * start + (u**3 - u**2) * end
    rate = 6 * u * (1 - u) * step + (1 - 4 * u + 3 * u**2) * start + (3 * u**2 - 2 * u) * end
    return value, rate
