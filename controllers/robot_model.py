"""The robot a controller moves: Pinocchio kinematics of its arm joints, limits and collision capsules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pinocchio as pin
from numpy.typing import ArrayLike, NDArray

from controllers.collision import Capsule, allowed_pairs, capsules_of, segment_distance, written_capsules
from controllers.configuration import read_section
from controllers.errors import ControllerError
from controllers.joint_limits import joint_limits
from controllers.robot_description import CartesianLimits, RobotDescription
from controllers.robot_file import check_names, frame_index, is_mjcf, read_robot_file
from hybridctl.messages.arrays import FloatArray, MessageError, checked

ROBOTS = Path(__file__).parent / "robots"


@dataclass(frozen=True, eq=False)
class RobotModel:
    """A serial arm of n joints, the other joints of its MJCF or URDF locked.

    A joint has one position everywhere: an angle also where it turns without end, which Pinocchio holds as a
    cosine and a sine (`configuration`). The bounds of such a joint are infinite.

    `pin_data` is scratch memory, so a model serves one thread.

    Attributes:
        name: Name of the robot.
        joint_names: Controlled joints, base first.
        q_min: Lower position limits, shape (n,) [rad or m].
        q_max: Upper position limits, shape (n,) [rad or m].
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
        """Load a shipped robot by name (`panda`), or an MJCF (.xml) or URDF (.urdf) file and its YAML file.

        Args:
            robot: Name of a robot in controllers/robots, or path to an MJCF or URDF file.
            limits: Path to the YAML file; by default the robot file's path with the ending .yaml.

        Raises:
            ControllerError: a file is missing or names joints, frames or bodies that do not exist, the arm
                branches, a limit is in neither file, or fitted bodies to keep apart overlap at rest.
            GainsError: a key or value of the YAML file is wrong.
        """
        path = _robot_path(robot)
        description = read_section(RobotDescription, Path(limits) if limits else path.with_suffix(".yaml"))
        model, geometry = read_robot_file(path, description)
        bounds = joint_limits(path, model, description)
        tool_id = _tool_frame(path, model, description)
        if description.collision_bodies is None:
            capsules = capsules_of(model, geometry, boxes_inscribed=is_mjcf(path))
        else:
            bodies = description.collision_bodies
            frames = tuple(frame_index(path, model, body.frame) for body in bodies)
            capsules = written_capsules(model, bodies, frames)
        _check_pairs(path, description, capsules)
        loaded = cls(
            name=path.stem,
            joint_names=description.arm_joints,
            q_min=bounds.q_min,
            q_max=bounds.q_max,
            dq_max=bounds.dq_max,
            ddq_max=bounds.ddq_max,
            dddq_max=bounds.dddq_max,
            tau_max=bounds.tau_max,
            q_rest=checked("rest", description.rest, shape=(model.nv,)),
            cartesian=description.cartesian,
            gripper_width=description.gripper_width,
            capsules=capsules,
            table_bodies=description.table_bodies,
            obstacle_bodies=description.obstacle_bodies,
            self_collision_pairs=description.self_collision_pairs,
            pin_model=model,
            pin_data=model.createData(),
            tool_id=tool_id,
        )
        _check_rest(path, loaded)
        if not is_mjcf(path) and description.collision_bodies is None:
            _check_fitted(path, loaded)
        return loaded

    @property
    def n(self) -> int:
        """Number of controlled joints."""
        return len(self.joint_names)

    @cached_property
    def endless(self) -> NDArray[np.bool_]:
        """Whether each joint turns without end, shape (n,): its bounds are infinite."""
        return np.asarray(np.isinf(self.q_max))

    def configuration(self, q: FloatArray) -> FloatArray:
        """Return Pinocchio's configuration at joint positions `q`, shape (n,) [rad or m].

        It holds the cosine and sine of a continuous joint, so its shape is (pin_model.nq,). Positions are
        taken as they are; `checked_joints` is what checks them.
        """
        if not len(self._circles):
            return q
        configuration = np.empty(self.pin_model.nq)
        configuration[self._places] = q
        places = self._places[self._circles]
        configuration[places] = np.cos(q[self._circles])
        configuration[places + 1] = np.sin(q[self._circles])
        return configuration

    def turn(self, q_from: FloatArray, q_to: FloatArray) -> FloatArray:
        """Return the motion between two positions, shape (n,) [rad or m]: of an endless joint the short way.

        An encoder may count an endless joint's turns or start anew at ±π: to this they are the same.
        """
        motion = q_to - q_from
        if self.endless.any():
            motion = np.where(self.endless, np.remainder(motion + np.pi, 2 * np.pi) - np.pi, motion)
        return motion

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """Where each joint's coordinates begin in Pinocchio's configuration, shape (n,)."""
        return np.array([self.pin_model.joints[j + 1].idx_q for j in range(self.n)], dtype=np.intp)

    @cached_property
    def _circles(self) -> NDArray[np.intp]:
        """Indices of the joints that Pinocchio holds as a cosine and a sine."""
        found = [j for j in range(self.n) if self.pin_model.joints[j + 1].nq == 2]
        return np.array(found, dtype=np.intp)

    def checked_joints(self, name: str, value: ArrayLike) -> FloatArray:
        """Return `value` as a finite array of shape (n,), or raise ControllerError."""
        if isinstance(value, np.ndarray) and value.shape == (self.n,) and value.dtype == np.float64:
            array: FloatArray = value
            if math.isfinite(np.vdot(array, array)):
                return array  # what every control period comes by with
        try:
            return checked(name, value, shape=(self.n,))
        except MessageError as error:
            raise ControllerError(f"{error} (one value a joint of {self.name})") from error

    def forward_kinematics(self, q: ArrayLike) -> FloatArray:
        """Return T_base_tool, shape (4, 4) [m], at joint positions `q`, shape (n,) [rad]."""
        q = self.configuration(self.checked_joints("q", q))
        pin.forwardKinematics(self.pin_model, self.pin_data, q)
        placement = pin.updateFramePlacement(self.pin_model, self.pin_data, self.tool_id)
        return np.array(placement.homogeneous, dtype=np.float64)

    def jacobian(self, q: ArrayLike) -> FloatArray:
        """Return the tool's Jacobian, shape (6, n): linear then angular velocity along the base axes."""
        q = self.configuration(self.checked_joints("q", q))
        frame = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        J = pin.computeFrameJacobian(self.pin_model, self.pin_data, q, self.tool_id, frame)
        return np.array(J, dtype=np.float64)

    def joint_poses(self, q: ArrayLike) -> list[FloatArray]:
        """Return the pose of every joint frame in the base frame, n arrays of shape (4, 4) [m]."""
        q = self.configuration(self.checked_joints("q", q))
        pin.forwardKinematics(self.pin_model, self.pin_data, q)
        return [np.array(M.homogeneous, dtype=np.float64) for M in list(self.pin_data.oMi)[1:]]

    def gravity_torque(self, q: ArrayLike) -> FloatArray:
        """Return the torques that hold the arm at rest, shape (n,) [Nm]."""
        q = self.configuration(self.checked_joints("q", q))
        return np.array(pin.computeGeneralizedGravity(self.pin_model, self.pin_data, q), dtype=np.float64)

    def capsule(self, name: str) -> Capsule:
        """Return the capsule of geom `name`."""
        return next(item for item in self.capsules if item.name == name)


def _robot_path(robot: str | Path) -> Path:
    path = Path(robot)
    if path.suffix not in (".xml", ".urdf"):
        path = ROBOTS / f"{robot}.xml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in ROBOTS.glob("*.xml")))
        raise ControllerError(f"no robot at {path}, expected a path to an .xml or .urdf, or one of: {known}")
    return path


def _tool_frame(path: Path, model: Any, description: RobotDescription) -> int:
    """Return the index of the tool's frame, made anew where it has an offset."""
    index = frame_index(path, model, description.tool_frame)
    frame = model.frames[index]
    if frame.parentJoint == 0:
        raise ControllerError(
            f"{path}: tool_frame {description.tool_frame} is fixed to the base, expected one that moves"
        )
    if description.tool_offset is None:
        return index
    w, x, y, z = description.tool_offset.quaternion
    rotation = pin.Quaternion(w, x, y, z).normalized().matrix()
    offset = pin.SE3(rotation, np.array(description.tool_offset.translation))
    name = f"{description.tool_frame}+tool_offset"
    tool = pin.Frame(name, frame.parentJoint, index, frame.placement * offset, pin.FrameType.OP_FRAME)
    return int(model.addFrame(tool))


def _check_pairs(path: Path, description: RobotDescription, capsules: tuple[Capsule, ...]) -> None:
    known = [item.name for item in capsules]
    check_names(path, "geom", (*description.table_bodies, *description.obstacle_bodies), known)
    may_touch = allowed_pairs(path, capsules)
    for pair in description.self_collision_pairs:
        check_names(path, "geom", pair, known)
        if frozenset(pair) in may_touch:
            raise ControllerError(
                f"{path}: {pair[0]} and {pair[1]} may touch by design, so no pair can keep them apart"
            )


def _check_rest(path: Path, model: RobotModel) -> None:
    for name, q, low, high in zip(model.joint_names, model.q_rest, model.q_min, model.q_max, strict=True):
        if not low <= q <= high:
            raise ControllerError(f"{path}: rest of {name} is {q}, expected a position in [{low}, {high}]")


def _check_fitted(path: Path, model: RobotModel) -> None:
    """Refuse fitted bodies, fatter than the links, that would push each other for ever."""
    poses = model.joint_poses(model.q_rest)
    for pair in model.self_collision_pairs:
        first, second = (model.capsule(name) for name in pair)
        gap = segment_distance(*first.ends(poses), *second.ends(poses)) - first.radius - second.radius
        if gap < 0.0:
            raise ControllerError(
                f"{path}: {pair[0]} and {pair[1]} overlap by {-gap:.3f} m at rest, expected them apart: "
                "leave the pair out, or write smaller ones in collision_bodies"
            )
