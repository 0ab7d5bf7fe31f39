"""Watches the physics of a run for what a limit should have prevented; reads simulator truth."""

from __future__ import annotations

from collections import Counter

import numpy as np

from controllers.controller import ControlResult
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import ARM_PREFIX

_ROUNDING = 1e-7
_BOX_TOLERANCE = 0.002
_FIXED = ("table", "pedestal", "floor", "wall")
_WORK = ("object", "cup", "drawer", "palm")
"""Bodies that fingers may touch: it is what they are for."""


class LimitWatch:
    """Counts control periods in which a limit was broken, by limit.

    `command_*`: the commanded state is beyond what the gains allow of the robot's limit, for motion or for a
    stop. `measured_*`: the measured one is beyond the robot's limit. `workspace`: the tool is more than 2 mm
    outside the box.
    `contact_table`, `contact_self`: the physics report a contact of the arm, looked at once a control period
    (every fifth physics step). `touched` counts other contacts by the body touched: containers, the cabinet,
    and things that another part than a finger touches. They are no obstacles to this version's controller. A
    finger's touch of what can be taken or pushed (things, the drawer's front and handle) is its work.
    """

    def __init__(self, world: SimWorld, model: RobotModel, gains: Gains) -> None:
        self._world, self._model, self._gains = world, model, [gains]
        self._before: FloatArray | None = None
        self._stopping = False
        self.violations: Counter[str] = Counter()
        self.touched: Counter[str] = Counter()
        self._names = [world.model.geom(g).name for g in range(world.model.ngeom)]
        self._bodies = [world.model.body(b).name for b in world.model.geom_bodyid]

    def take_gains(self, gains: Gains) -> None:
        """Allow what any gains so far allow: limits that shrink in motion hold once the arm has braked."""
        self._gains.append(gains)

    @property
    def bowl_contacts(self) -> int:
        """Control periods in which the arm touched a bowl."""
        return sum(count for body, count in self.touched.items() if body.startswith("bowl"))

    def on_tree(self, stamp: float, status: str, tip: str) -> None:
        """Nothing to see."""

    def on_control(
        self, state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str
    ) -> None:
        """Compare one control period with every limit."""
        model, command = self._model, result.command
        dq_max = max(gains.scales.velocity for gains in self._gains) * model.dq_max
        part = max(gains.scales.acceleration for gains in self._gains)
        if self._stopping or result.stop is not None:  # a stop may brake harder than motion does
            part = max(part, *(gains.contacts.braking for gains in self._gains))
        self._stopping = result.stop is not None
        ddq_max = part * model.ddq_max
        broken = {
            "command_position": _outside(command.q, model.q_min, model.q_max),
            "command_velocity": _outside(command.dq, -dq_max, dq_max),
            "measured_position": _outside(state.q, model.q_min, model.q_max),
            "measured_velocity": _outside(state.dq, -model.dq_max, model.dq_max),
            "measured_torque": _outside(state.tau, -model.tau_max, model.tau_max),
        }
        if self._before is not None:
            ddq = (command.dq - self._before) / self._gains[0].dt
            broken["command_acceleration"] = _outside(ddq, -ddq_max, ddq_max)
        self._before = command.dq
        lower = np.min([gains.workspace.lower for gains in self._gains], axis=0) - _BOX_TOLERANCE
        upper = np.max([gains.workspace.upper for gains in self._gains], axis=0) + _BOX_TOLERANCE
        broken["workspace"] = _outside(T_base_tool[:3, 3], lower, upper)
        broken |= self._contacts()
        self.violations.update(name for name, is_broken in broken.items() if is_broken)

    def _contacts(self) -> dict[str, bool]:
        found = {"contact_table": False, "contact_self": False}
        touched = set()
        for pair in self._world.data.contact.geom:
            names = [self._names[g] for g in pair]
            arm = [name.startswith(ARM_PREFIX) for name in names]
            if not any(arm):
                continue
            fingers = [name.endswith("finger") for name in names]
            found["contact_self"] |= all(arm) and not all(fingers)
            found["contact_table"] |= any(name in _FIXED for name in names)
            if all(arm):
                continue
            body = self._bodies[pair[1 if arm[0] else 0]]
            work = any(fingers) and body.startswith(_WORK)
            if not work and body != "world":
                touched.add(body)
        self.touched.update(touched)
        return found


def _outside(values: FloatArray, low: FloatArray, high: FloatArray) -> bool:
    return bool(np.any(values < low - _ROUNDING) or np.any(values > high + _ROUNDING))
