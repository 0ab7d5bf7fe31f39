"""Which costs and limits a controller has; a line here adds one."""

from __future__ import annotations

from controllers.costs.acceleration import AccelerationCost
from controllers.costs.cost import JointCost, NodeCost
from controllers.costs.jerk import JerkCost
from controllers.costs.manipulability import ManipulabilityCost
from controllers.costs.pose import PoseCost
from controllers.costs.posture import PostureCost
from controllers.costs.velocity import VelocityCost
from controllers.gains import Gains
from controllers.limits.cartesian_speed import CartesianSpeedLimit
from controllers.limits.half_space import HalfSpaceLimit
from controllers.limits.jerk import JerkLimit
from controllers.limits.keep_out import KeepOutLimit
from controllers.limits.limit import JointLimit, NodeLimit
from controllers.limits.obstacle_distance import ObstacleLimit
from controllers.limits.position import PositionLimit
from controllers.limits.self_collision import SelfCollisionLimit
from controllers.limits.table import TableLimit
from controllers.limits.torque import TorqueLimit
from controllers.limits.velocity import VelocityLimit
from controllers.limits.workspace import WorkspaceLimit
from controllers.robot_model import RobotModel


def node_costs(model: RobotModel, gains: Gains) -> tuple[NodeCost, ...]:
    """Return the costs on postures."""
    costs: list[NodeCost] = [PoseCost()]
    if model.n > 6:  # fewer joints have no freedom to spare
        costs.append(PostureCost())
    if gains.weights.manipulability > 0.0:
        costs.append(ManipulabilityCost())
    return tuple(costs)


def joint_costs() -> tuple[JointCost, ...]:
    """Return the costs on the joints' own motion."""
    return (VelocityCost(), AccelerationCost(), JerkCost())


def node_limits(model: RobotModel, gains: Gains) -> tuple[NodeLimit, ...]:
    """Return the limits on postures that the gains switch on."""
    limits: list[NodeLimit] = [CartesianSpeedLimit(), WorkspaceLimit()]
    if model.table_bodies:
        limits.append(TableLimit())
    if gains.safety.torque_rows:
        limits.append(TorqueLimit())
    if model.self_collision_pairs:
        limits.append(SelfCollisionLimit())
    if gains.obstacles.slots and model.obstacle_bodies:
        limits.append(ObstacleLimit(slots=gains.obstacles.slots))
    if gains.keep_out and model.obstacle_bodies:
        limits.append(KeepOutLimit(zones=len(gains.keep_out)))
    if gains.half_spaces and model.obstacle_bodies:
        limits.append(HalfSpaceLimit(planes=len(gains.half_spaces)))
    return tuple(limits)


def joint_limits() -> tuple[JointLimit, ...]:
    """Return the limits on the joints' own motion."""
    return (VelocityLimit(), PositionLimit(), JerkLimit())
