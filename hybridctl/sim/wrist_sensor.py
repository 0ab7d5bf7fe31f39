"""A force/torque sensor between flange and hand: weight taken off, moved to the tool point, biased, noisy."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from hybridctl.messages.arrays import FloatArray, checked_scalar

SAMPLES = 5
"""Physics steps that a reading is the mean of (10 ms): the low-pass that such sensors have built in."""
_BLOCK = 512
_KINDS = {
    "force": mujoco.mjtSensor.mjSENS_FORCE,
    "torque": mujoco.mjtSensor.mjSENS_TORQUE,
    "up": mujoco.mjtSensor.mjSENS_FRAMEZAXIS,
}


@dataclass(frozen=True, kw_only=True)
class WristSensor:
    """How good the sensor is.

    The defaults are typical of wrist sensors on arms of this size: hundreds of newtons of range, a tenth to
    some tenths of a newton of noise, and a drift of the zero within a day of the same order.

    Attributes:
        force_noise: Standard deviation of each reading's force, a component [N].
        torque_noise: Standard deviation of each reading's torque, a component [Nm].
        force_bias: Largest constant error of the force in an episode, a component [N].
        torque_bias: Largest constant error of the torque in an episode, a component [Nm].
    """

    force_noise: float = 0.3
    torque_noise: float = 0.02
    force_bias: float = 0.5
    torque_bias: float = 0.03

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            checked_scalar(f"WristSensor.{name}", value, low=0.0)


def mount_wrist_sensor(spec: mujoco.MjSpec, prefix: str) -> None:
    """Put the sensor at the flange of the arm whose names begin with `prefix`."""
    site = f"{prefix}wrist"
    spec.body(f"{prefix}hand").add_site(name=site, size=[0.004, 0.004, 0.004], group=4)
    for kind, sensor in _KINDS.items():
        place = {"objtype": mujoco.mjtObj.mjOBJ_SITE, "objname": site}
        if kind == "up":  # which way is up, as seen from the wrist: what the encoders tell a driver
            place = {"objtype": mujoco.mjtObj.mjOBJ_BODY, "objname": "world"}
            place |= {"reftype": mujoco.mjtObj.mjOBJ_SITE, "refname": site}
        spec.add_sensor(name=f"{site}_{kind}", type=sensor, nsample=SAMPLES, **place)


class WristGauges:
    """The sensor of one simulated arm, read as its driver does.

    MuJoCo gives what the arm exerts on the hand, in the sensor's axes: the hand's weight with the sign of a
    support (its gravity compensation acts at the joints and does not lighten the hand), minus what pushes
    on hand and fingers, plus their mass times their acceleration. The weight is taken off; the inertia
    is not, as most drivers leave it: brisk free motion reads as some newtons.

    Args:
        model: A compiled model that `mount_wrist_sensor` had a hand in.
        data: Its state.
        prefix: What the names of the arm's parts begin with.
        sensor: How good it is.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, prefix: str, sensor: WristSensor) -> None:
        self._model, self._data = model, data
        ids = [model.sensor(f"{prefix}wrist_{kind}").id for kind in _KINDS]
        self._now = np.concatenate([np.arange(3) + model.sensor_adr[i] for i in ids])
        starts = [int(model.sensor_historyadr[i]) for i in ids]
        # A ring of vectors is: its last time of computing, the index of its newest sample, SAMPLES times,
        # SAMPLES vectors.
        rows = [[start + 2 + SAMPLES + 3 * i + np.arange(3) for start in starts] for i in range(SAMPLES)]
        self._values = np.array(rows).reshape(SAMPLES, 9)
        self._linear = _compensation(model, prefix)
        self._spread = np.repeat([sensor.force_noise, sensor.torque_noise], 3)
        self._offset = np.repeat([sensor.force_bias, sensor.torque_bias], 3)
        self._drawn: tuple[int, int] | None = None
        self._bias = np.zeros(6)
        self._noise = np.zeros((_BLOCK, 6))

    def read(self, seed: int) -> FloatArray:
        """Return force and torque that the world exerts on the tool, shape (6,) [N, Nm].

        At the tool point, in tool axes. `seed` is the episode's: it draws the bias, and with the number of
        the physics step the noise, so that a reading does not depend on how often was read before.
        """
        step = round(self._data.time / self._model.opt.timestep)
        wrench: FloatArray = self._linear @ self._samples(step) + self._error(seed, step)
        return wrench

    def _samples(self, step: int) -> FloatArray:
        """Return the mean of the last samples: force, torque and the direction up, shape (9,)."""
        raw: FloatArray
        if step == 0:  # just after a reset
            raw = self._data.sensordata[self._now]
        else:  # the ring is written from its beginning
            taken = min(step, SAMPLES)
            raw = self._data.history[self._values[:taken]].sum(axis=0) / taken
        return raw

    def _error(self, seed: int, step: int) -> FloatArray:
        block = step // _BLOCK
        if self._drawn != (seed, block):
            self._bias = self._offset * np.random.default_rng([seed, 0]).uniform(-1.0, 1.0, 6)
            self._noise = self._spread * np.random.default_rng([seed, 1, block]).normal(size=(_BLOCK, 6))
            self._drawn = (seed, block)
        error: FloatArray = self._bias + self._noise[step % _BLOCK]
        return error


def _compensation(model: mujoco.MjModel, prefix: str) -> FloatArray:
    """Return the matrix (6, 9) from raw force, torque and up, at the wrist, to the tool's wrench."""
    hand, tool = model.body(f"{prefix}hand").id, model.site(f"{prefix}tool")
    gravity = float(np.linalg.norm(model.opt.gravity))
    mass, moment = _payload(model, hand)
    R = np.zeros(9)
    mujoco.mju_quat2Mat(R, tool.quat)
    R_tool_wrist = R.reshape(3, 3).T
    force = np.hstack([-np.eye(3), np.zeros((3, 3)), mass * gravity * np.eye(3)])
    torque = np.hstack([np.zeros((3, 3)), -np.eye(3), gravity * _cross(moment)])
    return np.vstack([R_tool_wrist @ force, R_tool_wrist @ (torque - _cross(tool.pos) @ force)])


def _payload(model: mujoco.MjModel, hand: int) -> tuple[float, FloatArray]:
    """Return mass [kg] and first moment of mass, shape (3,) [kg m], of hand and fingers in hand axes.

    The fingers count where they are closed; they open evenly, which moves no centre of mass.
    """
    mass, moment = float(model.body_mass[hand]), model.body_mass[hand] * model.body_ipos[hand]
    for body in np.flatnonzero(model.body_parentid == hand):
        centre = np.zeros(3)
        mujoco.mju_rotVecQuat(centre, model.body_ipos[body], model.body_quat[body])
        mass += float(model.body_mass[body])
        moment = moment + model.body_mass[body] * (model.body_pos[body] + centre)
    return mass, moment


def _cross(p: FloatArray) -> FloatArray:
    """Return the matrix (3, 3) of the cross product with `p` (3,) from the left."""
    return np.array([[0.0, -p[2], p[1]], [p[2], 0.0, -p[0]], [-p[1], p[0], 0.0]])
