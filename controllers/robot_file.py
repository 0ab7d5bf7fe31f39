"""Reads a robot's MJCF or URDF into Pinocchio: one chain of the arm's joints, the others locked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pinocchio as pin

from controllers.errors import ControllerError
from controllers.robot_description import RobotDescription
from hybridctl.messages.arrays import FloatArray

# Where a site, a link and a joint share a name, the site is meant, then the link.
FRAME_KINDS = (
    pin.FrameType.OP_FRAME,
    pin.FrameType.BODY,
    pin.FrameType.FIXED_JOINT,
    pin.FrameType.JOINT,
    pin.FrameType.SENSOR,
)


def read_robot_file(path: Path, description: RobotDescription) -> tuple[Any, Any]:
    """Return the Pinocchio model of the arm's joints, and its geometry model (empty if not needed).

    Meshes of a URDF are looked for from its folder upward, which is how `package://NAME/...` is laid out,
    and along ROS_PACKAGE_PATH.

    Raises:
        ControllerError: the file or a mesh cannot be read, a joint is unknown, missing or of a kind that no
            arm has here, the joints are in another order than the file's, or they branch.
    """
    full = _read(path, "robot", pin.buildModelFromMJCF if is_mjcf(path) else pin.buildModelFromUrdf)
    _check_joints(path, full, description)
    geometry = pin.GeometryModel() if description.collision_bodies is not None else _geometry(path, full)
    q_locked = pin.neutral(full)
    for name, value in description.locked_joints.items():
        joint = full.joints[full.getJointId(name)]
        if joint.nv != 1 or joint.nq > 2:
            raise ControllerError(f"{path}: {name} is a {joint.shortname()}, which one number cannot lock")
        place = (value,) if joint.nq == 1 else (np.cos(value), np.sin(value))
        q_locked[joint.idx_q : joint.idx_q + joint.nq] = place
    locked = [full.getJointId(name) for name in description.locked_joints]
    model, geometry = pin.buildReducedModel(full, geometry, locked, q_locked)
    _check_chain(path, model, description)
    return model, geometry


def is_mjcf(path: Path) -> bool:
    """Return whether a robot file is an MJCF; the other kind is URDF."""
    return path.suffix == ".xml"


def joint_axis(joint: Any) -> tuple[FloatArray, bool]:
    """Return the unit axis of a Pinocchio joint in its own frame, and whether it slides.

    The axis is read from the joint's motion subspace, so aligned and unaligned joints are one case, and so
    are continuous ones, whose configuration is a cosine and a sine.

    Raises:
        ControllerError: the joint has not exactly one degree of freedom, or is no revolute, prismatic or
            continuous joint.
    """
    if joint.nv != 1 or joint.nq > 2:
        raise ControllerError(
            f"{joint.shortname()} has nq={joint.nq}, nv={joint.nv}, "
            "expected a revolute, continuous or prismatic joint"
        )
    data = joint.createData()
    position = np.zeros(joint.idx_q + joint.nq)
    if joint.nq == 2:
        position[joint.idx_q] = 1.0  # cosine and sine of no turn
    joint.calc(data, position)
    S = np.asarray(data.S).reshape(6)
    lengths = np.linalg.norm(S[:3]), np.linalg.norm(S[3:])
    if not np.allclose(sorted(lengths), (0.0, 1.0)):
        raise ControllerError(
            f"{joint.shortname()} moves along {S.tolist()}, "
            "expected a revolute, continuous or prismatic joint"
        )
    slides = bool(lengths[0] > 0.5)
    return np.array(S[:3] if slides else S[3:]), slides


def frame_index(path: Path, model: Any, name: str) -> int:
    """Return the index of the frame of a site, link, body or joint `name`.

    Raises:
        ControllerError: there is none.
    """
    check_names(path, "frame", (name,), [frame.name for frame in model.frames])
    kind = next(kind for kind in FRAME_KINDS if model.existFrame(name, kind))
    return int(model.getFrameId(name, kind))


def check_names(path: Path, kind: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    """Raise ControllerError with the known names if one of the `wanted` is not among them."""
    for name in wanted:
        if name not in known:
            expected = ", ".join(dict.fromkeys(known)) or "none, as there are none"
            raise ControllerError(f"{path}: no {kind} named {name}, expected one of: {expected}")


def _geometry(path: Path, model: Any) -> Any:
    kind = pin.GeometryType.COLLISION
    if is_mjcf(path):
        return _read(path, "geometry", lambda file: pin.buildGeomFromMJCF(model, file, kind))
    folders = [str(folder) for folder in path.resolve().parents]
    return _read(
        path, "geometry", lambda file: pin.buildGeomFromUrdf(model, file, kind, package_dirs=folders)
    )


def _read(path: Path, what: str, read: Any) -> Any:
    try:
        return read(str(path))
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ControllerError(f"{path}: its {what} cannot be read: {reason}") from error


def _check_joints(path: Path, full: Any, description: RobotDescription) -> None:
    known = list(full.names)[1:]
    named = (*description.arm_joints, *description.locked_joints)
    check_names(path, "joint", named, known)
    for name in known:
        if name not in named:
            raise ControllerError(f"{path}: joint {name} is neither in arm_joints nor in locked_joints")


def _check_chain(path: Path, model: Any, description: RobotDescription) -> None:
    names = tuple(model.names)[1:]
    for j in range(1, model.njoints):
        parent = int(model.parents[j])
        if parent != j - 1:
            beside = next(k for k in range(1, j) if model.parents[k] == parent)
            at = model.names[parent] if parent else "the base"
            raise ControllerError(
                f"{path}: the arm branches at {at} into {model.names[beside]} and {model.names[j]}, "
                "expected one chain: put the joints of one branch into locked_joints"
            )
        try:
            joint_axis(model.joints[j])
        except ControllerError as error:
            raise ControllerError(f"{path}: {model.names[j]}: {error}") from error
    if names != description.arm_joints:
        raise ControllerError(
            f"{path}: arm_joints are {list(description.arm_joints)}, expected base first: {list(names)}"
        )
