"""What a trace says of the gains: error, overshoot, settling, jerk, margins, times; and one number of all."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.tuning.trial import Trace

Measures = dict[str, float]

SETTLED_PLACE, SETTLED_ANGLE = 0.002, np.radians(0.5)
"""Settled is within this of the wish until the next jump [m], [rad]."""
REST_SHARE = 0.1
"""Last part of the time after a jump, in which what is left counts as steady error."""

OBJECTIVE = {
    "tracking_mm": 10.0,
    "tracking_deg": 3.0,
    "overshoot_mm": 2.0,
    "settling_s": 1.0,
    "steady_mm": 0.5,
    "jerk": 100.0,
    "violations": 1.0,
    "failures": 1.0,
    "hit_mm": 5.0,
}
"""The objective: the sum over scenarios of each measure divided by this. Tracking counts where no jump is."""

LOWER_IS_BETTER = {*OBJECTIVE, "solve_ms_median", "solve_ms_p99"}
UNITS = {
    "tracking_mm": "mm rms", "tracking_deg": "° rms", "overshoot_mm": "mm", "settling_s": "s",
    "steady_mm": "mm", "jerk": "rad/s³ rms", "velocity_share": "% of the limit",
    "acceleration_share": "% of the limit", "torque_share": "% of the limit", "joint_margin_deg": "°",
    "table_mm": "mm", "links_mm": "mm", "workspace_mm": "mm", "obstacle_mm": "mm", "hit_mm": "mm",
    "violations": "periods", "failures": "periods", "solve_ms_median": "ms", "solve_ms_p99": "ms",
}  # fmt: skip


def measure(trace: Trace, *, model: RobotModel, gains: Gains) -> Measures:
    """Return the measures of a trace; those that it cannot have are absent."""
    ddq = np.diff(trace.dq, axis=0) / gains.dt
    found: Measures = {
        "tracking_mm": 1e3 * _rms(trace.error),
        "tracking_deg": float(np.degrees(_rms(trace.turn))),
        "jerk": _rms(np.diff(ddq, axis=0) / gains.dt),
        "velocity_share": 100 * float(np.abs(trace.dq / model.dq_max).max()),
        "acceleration_share": 100 * float(np.abs(ddq / model.ddq_max).max()),
        "joint_margin_deg": float(np.degrees(trace.margins["joint"])),
        "violations": float(sum(trace.violations.values())),
        "failures": float(trace.failures),
        "solve_ms_median": float(np.median(trace.solve_ms)),
        "solve_ms_p99": float(np.percentile(trace.solve_ms, 99)),
    }
    found |= {f"{key}_mm": 1e3 * value for key, value in trace.margins.items() if key != "joint"}
    if np.abs(trace.tau).max() > 0:
        found["torque_share"] = 100 * float(np.abs(trace.tau / model.tau_max).max())
    if np.isfinite(trace.obstacle).any():
        found["obstacle_mm"] = 1e3 * float(np.nanmin(trace.obstacle))
        found["hit_mm"] = max(0.0, -found["obstacle_mm"])
    if trace.scenario.jumps:
        found |= _after_jumps(trace)
    return found


def score(measured: dict[str, Measures]) -> float:
    """Return the objective of all scenarios' measures: lower is better."""
    total = 0.0
    for found in measured.values():
        jumps = "settling_s" in found
        for key, scale in OBJECTIVE.items():
            if key in found and not (jumps and key.startswith("tracking")):
                total += found[key] / scale
    return total


def _after_jumps(trace: Trace) -> Measures:
    """Return worst overshoot, mean settling time and worst steady error over all jumps."""
    jumps = (*trace.scenario.jumps, trace.scenario.seconds)
    overshoot, settling, steady = [], [], []
    for begin, end in pairwise(jumps):
        rows = (trace.time >= begin - 1e-9) & (trace.time < end - 1e-9)
        time, error, turn = trace.time[rows], trace.error[rows], trace.turn[rows]
        way = trace.wish[rows][0] - trace.tool[rows][0]
        length = float(np.linalg.norm(way))
        if length > SETTLED_PLACE:
            beyond = (trace.tool[rows] - trace.wish[rows]) @ (way / length)
            overshoot.append(max(0.0, float(beyond.max())))
        late = np.flatnonzero((error > SETTLED_PLACE) | (turn > SETTLED_ANGLE))
        settling.append(0.0 if not len(late) else float(time[late[-1]]) - begin)
        steady.append(float(error[-max(1, round(REST_SHARE * len(error))) :].mean()))
    return {
        "overshoot_mm": 1e3 * max(overshoot, default=0.0),
        "settling_s": float(np.mean(settling)),
        "steady_mm": 1e3 * max(steady),
    }


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
