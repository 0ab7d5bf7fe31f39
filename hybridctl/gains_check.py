"""What a gains file amounts to: its figures, and what follows from them on an arm that does as it is told."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from controllers.controller import Controller
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
RUN_UP = 0.25
"""How far the tool runs from the rest posture before it is told to hold [m]."""


@dataclass(frozen=True)
class Derived:
    """What follows from gains.

    Attributes:
        horizon: How far the MPC looks ahead [s].
        cruising_speed: Fastest that the tool gets on a long straight way [m/s].
        braking_distance: How far the tool still moves when told to hold at that speed [m].
        braking_time: How long that takes [s].
        joint_speed: Largest joint velocity allowed [rad/s].
        joint_braking: The longest way that a joint takes to brake from its largest velocity [rad].
    """

    horizon: float
    cruising_speed: float
    braking_distance: float
    braking_time: float
    joint_speed: float
    joint_braking: float


def gains_schema() -> str:
    """Return the JSON schema of a gains file, for editors: keys, units, ranges."""
    schema = {"$schema": SCHEMA_DIALECT, **Gains.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def derived(model: RobotModel, gains: Gains) -> Derived:
    """Measure on the ideal arm what cannot be read off the gains: speed and braking depend on all of them."""
    scales = gains.scales
    dq_max, ddq_max = scales.velocity * model.dq_max, scales.acceleration * model.ddq_max
    speed, distance, time = _run_and_hold(model, gains)
    return Derived(
        horizon=gains.node_times[-1],
        cruising_speed=speed,
        braking_distance=distance,
        braking_time=time,
        joint_speed=float(dq_max.max()),
        joint_braking=float((dq_max**2 / (2 * ddq_max)).max()),
    )


def summary(model: RobotModel, gains: Gains) -> Table:
    """Return what follows from the gains as a table for people: one column for all, one for each skill."""
    columns = {"for all": gains} | {name: gains.for_skill(name) for name in gains.overridden_skills}
    found = [derived(model, one) for one in columns.values()]
    table = Table(title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    table.add_row("control rate", *[f"{one.rate:g} Hz" for one in columns.values()])
    table.add_row("horizon", *[f"{each.horizon:g} s, {len(gains.node_times)} nodes" for each in found])
    table.add_row("cruising speed", *[f"{each.cruising_speed:.2f} m/s" for each in found])
    table.add_row(
        "braking from it",
        *[f"{1e3 * each.braking_distance:.0f} mm, {each.braking_time:.2f} s" for each in found],
    )
    table.add_row("fastest joint", *[f"{each.joint_speed:.2f} rad/s" for each in found])
    table.add_row("longest joint braking", *[f"{np.degrees(each.joint_braking):.1f}°" for each in found])
    return table


def _run_and_hold(model: RobotModel, gains: Gains) -> tuple[float, float, float]:
    """Return the speed on the way to a far target [m/s], and distance [m] and time [s] of braking."""
    controller = Controller(model, gains)
    state = _at(np.array(model.q_rest), np.zeros(model.n), 0.0)
    controller.start(state)
    T = controller.tool_pose(state.q)
    start, box = T[:3, 3].copy(), gains.workspace
    # Sideways, where the box is widest.
    side = 1 if box.upper[1] - start[1] > start[1] - box.lower[1] else -1
    T[1, 3] = start[1] + side * 2 * RUN_UP
    p, speed, held_at, held_since = start, 0.0, None, 0.0
    for tick in range(1, round(12.0 / gains.dt)):
        now = tick * gains.dt
        if held_at is None:
            controller.set_target(PoseTarget(T, stamp=now))
        command = controller.step(state, now=now).command
        state = _at(command.q, command.dq, now)
        before, p = p, controller.tool_pose(command.q)[:3, 3]
        if held_at is None:
            speed = max(speed, float(np.linalg.norm(p - before)) / gains.dt)
            if np.linalg.norm(p - start) >= RUN_UP or now > 8.0:
                controller.hold()
                held_at, held_since = p, now
        elif np.abs(command.dq).max() < 1e-3:
            break
    stop = start if held_at is None else held_at
    return speed, float(np.linalg.norm(p - stop)), now - held_since


def _at(q: np.ndarray, dq: np.ndarray, now: float) -> ArmState:
    free = np.zeros_like(q)  # nothing touches it, and it says so
    return ArmState(
        q=q,
        dq=dq,
        tau=free,
        gripper_width=0.0,
        gripper_force=0.0,
        stamp=now,
        wrench=np.zeros(6),
        tau_external=free,
    )
