"""The robot a controller moves: Pinocchio kinematics of its arm joints, limits and collision capsules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike

from controllers.collision import Capsule, allowed_pairs, capsules_of
from controllers.configuration import read_section
from controllers.errors import ControllerError
from controllers.robot_description import CartesianLimits, RobotDescription
from hybridctl.messages.arrays import FloatArray, MessageError, checked

ROBOTS = Path(__file__).parent / "robots"


@dataclass(frozen=True, eq=False)
class RobotModel:
    """An arm of n joints, the other joints of its MJCF locked.

    `pin_data` is scratch memory, so a model serves one thread.

    Attributes:
        name: Name of the robot.
        joint_names: Controlled joints, base first.
        q_min: Lower position limits, shape (n,) [rad].
        q_max: Upper position limits, shape (n,) [rad].
        dq_max: Velocity limits, shape (n,) [rad/s].
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
        dddq_max: Jerk limits, shape (n,) [rad/s³].
        tau_max: Torque limits, shape (n,) [Nm].
        q_rest: Posture that spare freedom leans to, shape (n,) [rad].
        cartesian: Limits of the tool's motion.
        gripper_width: Smallest and largest finger distance [m].
        capsules: Collision bodies.
        table_bodies: Names of the capsules to keep above the table.
        obstacle_bodies: Names of the capsules to keep away from obstacles.
        self_collision_pairs: Names of the capsule pairs to keep apart.
    """

    name: str
    joint_names: tuple[str, ...]
    q_min: FloatArray
    q_max: FloatArray
    dq_max: FloatArray
    ddq_max: FloatArray
    dddq_max: FloatArray
    tau_max: FloatArray
    q_rest: FloatArray
    cartesian: CartesianLimits
    gripper_width: tuple[float, float]
    capsules: tuple[Capsule, ...]
    table_bodies: tuple[str, ...]
    obstacle_bodies: tuple[str, ...]
    self_collision_pairs: tuple[tuple[str, str], ...]
    pin_model: Any
    pin_data: Any
    tool_id: int

    @classmethod
    def load(cls, robot: str | Path, *, limits: str | Path | None = None) -> Self:
        """Load a shipped robot by name (`panda`), or an MJCF file and its limits file.

        Args:
            robot: Name of a robot in controllers/robots, or path to an MJCF file.
            limits: Path to the limits file; by default the MJCF's path with the ending .yaml.

        Raises:
            ControllerError: a file is missing or names joints, frames or geoms that do not exist.
            GainsError: a key or value of the limits file is wrong.
        """
        path = Path(robot)
        if path.suffix != ".xml":
            path = ROBOTS / f"{robot}.xml"
        if not path.is_file():
            known = ", ".join(sorted(item.stem for item in ROBOTS.glob("*.xml")))
            raise ControllerError(f"no robot at {path}, expected an MJCF path or one of: {known}")
        description = read_section(RobotDescription, Path(limits) if limits else path.with_suffix(".yaml"))
        full = pin.buildModelFromMJCF(str(path))
        geometry = pin.buildGeomFromMJCF(full, str(path), pin.GeometryType.COLLISION)
        _check_names(
            path, "joint", (*description.arm_joints, *description.locked_joints), list(full.names)[1:]
        )
        locked = [full.getJointId(name) for name in description.locked_joints]
        q_locked = pin.neutral(full)
        for name, value in description.locked_joints.items():
            q_locked[full.joints[full.getJointId(name)].idx_q] = value
        model, geometry = pin.buildReducedModel(full, geometry, locked, q_locked)
        if tuple(model.names)[1:] != description.arm_joints or model.nq != model.nv:
            raise ControllerError(f"{path}: arm_joints must be {tuple(model.names)[1:]}, one angle each")
        _check_names(path, "frame", (description.tool_frame,), [frame.name for frame in model.frames])
        capsules = capsules_of(model, geometry)
        _check_pairs(path, description, capsules)
        n = (model.nq,)
        return cls(
            name=path.stem,
            joint_names=description.arm_joints,
            q_min=checked("q_min", model.lowerPositionLimit, shape=n),
            q_max=checked("q_max", model.upperPositionLimit, shape=n),
            dq_max=checked("velocity", description.velocity, shape=n),
            ddq_max=checked("acceleration", description.acceleration, shape=n),
            dddq_max=checked("jerk", description.jerk, shape=n),
            tau_max=checked("torque", description.torque, shape=n),
            q_rest=checked("rest", description.rest, shape=n),
            cartesian=description.cartesian,
            gripper_width=description.gripper_width,
            capsules=capsules,
            table_bodies=description.table_bodies,
            obstacle_bodies=description.obstacle_bodies,
            self_collision_pairs=description.self_collision_pairs,
            pin_model=model,
            pin_data=model.createData(),
            tool_id=model.getFrameId(description.tool_frame),
        )

    @property
    def n(self) -> int:
        """Number of controlled joints."""
        return len(self.joint_names)

    def checked_joints(self, name: str, value: ArrayLike) -> FloatArray:
        """Return `value` as a finite array of shape (n,), or raise ControllerError."""
        try:
            return checked(name, value, shape=(self.n,))
        except MessageError as error:
            raise ControllerError(f"{error} (one value a joint of {self.name})") from error

    def forward_kinematics(self, q: ArrayLike) -> FloatArray:
        """Return T_base_tool, shape (4, 4) [m], at joint positions `q`, shape (n,) [rad]."""
        q = self.checked_joints("q", q)
        pin.forwardKinematics(self.pin_model, self.pin_data, q)
        placement = pin.updateFramePlacement(self.pin_model, self.pin_data, self.tool_id)
        return np.array(placement.homogeneous, dtype=np.float64)

    def jacobian(self, q: ArrayLike) -> FloatArray:
        """Return the tool's Jacobian, shape (6, n): linear then angular velocity along the base axes."""
        q = self.checked_joints("q", q)
        frame = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        J = pin.computeFrameJacobian(self.pin_model, self.pin_data, q, self.tool_id, frame)
        return np.array(J, dtype=np.float64)

    def joint_poses(self, q: ArrayLike) -> list[FloatArray]:
        """Return the pose of every joint frame in the base frame, n arrays of shape (4, 4) [m]."""
        q = self.checked_joints("q", q)
        pin.forwardKinematics(self.pin_model, self.pin_data, q)
        return [np.array(M.homogeneous, dtype=np.float64) for M in list(self.pin_data.oMi)[1:]]

    def gravity_torque(self, q: ArrayLike) -> FloatArray:
        """Return the torques that hold the arm at rest, shape (n,) [Nm]."""
        q = self.checked_joints("q", q)
        return np.array(pin.computeGeneralizedGravity(self.pin_model, self.pin_data, q), dtype=np.float64)

    def capsule(self, name: str) -> Capsule:
        """Return the capsule of geom `name`."""
        return next(item for item in self.capsules if item.name == name)


def _check_names(path: Path, kind: str, wanted: tuple[str, ...], known: list[str]) -> None:
    for name in wanted:
        if name not in known:
            raise ControllerError(f"{path}: no {kind} named {name}, expected one of: {', '.join(known)}")


def _check_pairs(path: Path, description: RobotDescription, capsules: tuple[Capsule, ...]) -> None:
    known = [item.name for item in capsules]
    _check_names(path, "geom", (*description.table_bodies, *description.obstacle_bodies), known)
    may_touch = allowed_pairs(path, capsules)
    for pair in description.self_collision_pairs:
        _check_names(path, "geom", pair, known)
        if frozenset(pair) in may_touch:
            raise ControllerError(
                f"{path}: {pair[0]} and {pair[1]} may touch by design, so no pair can keep them apart"
            )
