"""`hybridctl check …`: whether a part meets the contract, found out by using it."""

from __future__ import annotations

from controllers.robot_model import RobotModel
from hybridctl.arms.conformance import Finding, check_arm
from hybridctl.arms.remote import Connection, RemoteArm, RemoteClock
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld


def check_robot(address: str, *, robot: str = "panda", timeout: float = 5.0) -> list[Finding]:
    """Check the arm at `address` against the protocol and against the limits of `robot`; it moves the arm.

    Args:
        address: `sim` (in this process) or `sim://HOST:PORT`.
        robot: Name or MJCF path of its model.
        timeout: For connecting and for each call [s].

    Raises:
        AddressError: the address is of another form.
        ConnectionLost: nobody answers there.
        WireError: whoever answers speaks another protocol or version.
        ControllerError: no such robot.
    """
    model = RobotModel.load(robot)
    if address == "sim":
        world = SimWorld(sample_scene(0))
        return check_arm(SimulatedArm(world), world, model=model)
    connection = Connection.open(address, timeout=timeout)
    try:
        return check_arm(RemoteArm(connection), RemoteClock(connection), model=model)
    finally:
        connection.close()
