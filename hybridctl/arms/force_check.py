"""Whether what an arm says it feels at rest, with an empty hand, is next to nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from controllers.robot_model import RobotModel
from hybridctl.arms.trial import demand
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray

REST_FORCE = 10.0  # N: more than the bias of a wrist sensor and a light thing in the hand
REST_TORQUE = 1.0  # Nm
REST_RESIDUAL = 0.1  # of each joint's torque limit: more than dry friction and a rough model leave
_STRONGEST = 87.0  # Nm: the torque limit where no model tells it


def feels_at_rest(states: Sequence[ArmState], model: RobotModel | None) -> str:
    """Return what the arm felt while it held still, the mean over the second half of `states`.

    A large mean tells of a wrong payload, a wrong model or a wrong sign.

    Raises:
        Unmet: a wrench or residual comes and goes, has another shape, is not finite, or is too large.
    """
    wrench = _mean("wrench", [state.wrench for state in states], 6)
    residual = _mean("tau_external", [state.tau_external for state in states], states[0].q.size)
    said = []
    if wrench is None:
        said.append("wrench not offered")
    else:
        force, torque = float(np.linalg.norm(wrench[:3])), float(np.linalg.norm(wrench[3:]))
        demand(
            force < REST_FORCE and torque < REST_TORQUE,
            f"the wrench is {force:.1f} N and {torque:.2f} Nm at rest, expected under {REST_FORCE:g} N "
            f"and {REST_TORQUE:g} Nm: is the payload's mass right, and the hand empty?",
        )
        said.append(f"wrench {force:.2f} N and {torque:.3f} Nm")
    if residual is None:
        said.append("tau_external not offered")
    else:
        limit = REST_RESIDUAL * (model.tau_max if model else np.full(residual.size, _STRONGEST))
        worst = int(np.argmax(np.abs(residual) / limit))
        demand(
            bool(abs(residual[worst]) < limit[worst]),
            f"tau_external of joint {worst} is {residual[worst]:.2f} Nm at rest, expected under "
            f"{limit[worst]:.2f} Nm: is gravity in the model, and the sign right?",
        )
        said.append(f"tau_external up to {np.abs(residual).max():.3f} Nm")
    return ", ".join(said)


def _mean(name: str, readings: Sequence[FloatArray | None], size: int) -> FloatArray | None:
    """Return the mean of the second half, None where nothing is offered."""
    offered = [reading for reading in readings if reading is not None]
    if not offered:
        return None
    demand(len(offered) == len(readings), f"{name} comes and goes: an arm offers it always or never")
    for reading in offered:
        demand(reading.shape == (size,), f"{name} has shape {reading.shape}, expected ({size},)")
        demand(bool(np.isfinite(reading).all()), f"{name} is not finite: {reading.tolist()}")
    mean: FloatArray = np.mean(offered[len(offered) // 2 :], axis=0)
    return mean
