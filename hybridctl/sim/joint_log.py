"""What the arm's joints measured at each of the last physics steps: the log of a driver's own fast cycle.

A driver works at the servos' rate, however seldom its readings are fetched. MuJoCo keeps the log: each
sensor may have a ring of its last samples.
"""

from __future__ import annotations

import mujoco
import numpy as np

from hybridctl.messages.arrays import FloatArray

LENGTH = 160
"""Steps that are kept."""
_JOINTS = 7
_KINDS = {
    "position": mujoco.mjtSensor.mjSENS_JOINTPOS,
    "velocity": mujoco.mjtSensor.mjSENS_JOINTVEL,
    "torque": mujoco.mjtSensor.mjSENS_JOINTACTFRC,
}


def mount_joint_log(spec: mujoco.MjSpec, prefix: str) -> None:
    """Add encoders, tachometers and torque sensors, with their log, to the arm whose names begin so."""
    for kind, sensor in _KINDS.items():
        for i in range(1, _JOINTS + 1):
            spec.add_sensor(
                name=f"{prefix}joint{i}_{kind}", type=sensor, objtype=mujoco.mjtObj.mjOBJ_JOINT,
                objname=f"{prefix}joint{i}", nsample=LENGTH,
            )  # fmt: skip


class JointLog:
    """The log of one simulated arm, by number of the physics step since the reset.

    Args:
        model: A compiled model that `mount_joint_log` had a hand in.
        data: Its state.
        prefix: What the names of the arm's parts begin with.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, prefix: str) -> None:
        names = [f"{prefix}joint{i}_{kind}" for kind in _KINDS for i in range(1, _JOINTS + 1)]
        starts = [model.sensor_historyadr[model.sensor(name).id] for name in names]
        # A ring of scalars is: its last time of computing, the index of its newest sample, LENGTH times,
        # LENGTH values. All rings here are written together.
        width = 2 + 2 * LENGTH
        if starts != list(range(starts[0], starts[0] + width * len(names), width)):
            raise ValueError(f"the sensors of {prefix} lie apart: was the model made with mount_joint_log?")
        self._model, self._data = model, data
        self._rings = slice(starts[0], starts[0] + width * len(names))
        self._shape = (len(_KINDS) * _JOINTS, width)

    @property
    def end(self) -> int:
        """Number of the step that comes next; its state is known, its torque is not."""
        step: int = round(self._data.time / self._model.opt.timestep)
        return step

    def read(self, first: int, last: int) -> FloatArray:
        """Return positions, velocities [rad, rad/s] and torques [Nm] of steps `first` to `last` − 1.

        The shape is (last − first, 3, 7). Position and velocity are those at the beginning of a step.

        Raises:
            ValueError: a step is not in the log (it holds the LENGTH before `end`).
        """
        end = self.end
        if not max(0, end - LENGTH) <= first <= last <= end:
            raise ValueError(
                f"steps {first} to {last} were asked for, the log holds {max(0, end - LENGTH)} to {end}"
            )
        rings = self._data.history[self._rings].reshape(self._shape)
        slots = (int(rings[0, 1]) - np.arange(end - 1 - first, end - 1 - last, -1)) % LENGTH
        samples: FloatArray = rings[:, 2 + LENGTH + slots].T.reshape(last - first, len(_KINDS), _JOINTS)
        return samples
