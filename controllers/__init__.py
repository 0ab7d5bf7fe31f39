"""Joint-space control: an MPC on Pinocchio kinematics behind a door that checks and limits every command."""

from controllers.chunk import Chunk
from controllers.controller import Controller, ControlResult
from controllers.errors import ControllerError, GainsError, LimitViolation
from controllers.gains import Gains, load_gains
from controllers.interpolator import Interpolator
from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel

__all__ = [
    "Chunk",
    "ControlResult",
    "Controller",
    "ControllerError",
    "Gains",
    "GainsError",
    "Interpolator",
    "LimitViolation",
    "RobotModel",
    "load_gains",
    "solve_ik",
]
