"""One control period as telemetry: what the arm measured, what it was told, and where its tool was."""

from __future__ import annotations

from collections.abc import Iterator

from controllers.controller import ControlResult
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.record import foxglove, schemas
from hybridctl.record.foxglove import Message


def arm_messages(
    state: ArmState, result: ControlResult, T_base_tool: FloatArray, source: str, *, joints: tuple[str, ...]
) -> Iterator[tuple[str, Message]]:
    """Yield (topic, message) of one control period; wrench and residual where the arm knows them.

    Args:
        state: What was measured.
        result: What the controller did with it.
        T_base_tool: Measured tool pose, shape (4, 4) [m].
        source: Who set the target.
        joints: Names of the n joints.
    """
    stamp, command = state.stamp, result.command
    yield (
        schemas.JOINTS,
        foxglove.joint_states(joints, stamp=stamp, position=state.q, velocity=state.dq, effort=state.tau),
    )
    yield (
        schemas.GRIPPER,
        {
            "stamp": stamp,
            "width": state.gripper_width,
            "force": state.gripper_force,
            "command": command.gripper_width,
            "stopped": state.stopped,
        },
    )
    if state.wrench is not None:
        force, torque = foxglove.vector(state.wrench[:3]), foxglove.vector(state.wrench[3:])
        yield schemas.WRENCH, {"stamp": stamp, "force": force, "torque": torque}
    if state.tau_external is not None:
        yield schemas.RESIDUAL, {"stamp": stamp, "tau": state.tau_external.tolist()}
    yield (
        schemas.COMMAND,
        {"stamp": command.stamp, "q": command.q.tolist(), "dq": command.dq.tolist()},
    )
    yield (
        schemas.CONTROLLER,
        {
            "stamp": stamp,
            "status": result.status,
            "source": source,
            "solve_ms": result.solve_ms,
            "limited": result.limited,
            "slacks": result.slacks,
            "violations": result.violations,
        },
    )
    yield schemas.TOOL, foxglove.pose_in_frame(T_base_tool, frame="base", stamp=stamp)
