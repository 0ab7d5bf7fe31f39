"""A target gives way to a force: passively, within its bounds, along the axes that are named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import ControllerError, Gains, RobotModel
from controllers.admittance import AXES, Admittance
from controllers.contact_gains import Compliance
from hybridctl.sim.fixtures import HANDLE_HEIGHT, HANDLE_OUT, Fixture
from hybridctl.sim.truth import drawer_fraction

GAIN = st.floats(1e-2, 1e4)
THREE = st.tuples(GAIN, GAIN, GAIN)


@settings(max_examples=150)
@given(
    mass=THREE, damping=THREE, stiffness=THREE, dt=st.floats(1e-3, 0.1),
    forces=st.lists(st.tuples(*[st.floats(-500.0, 500.0)] * 6), min_size=1, max_size=20),
)  # fmt: skip
def test_it_stores_no_more_energy_than_the_force_puts_in(mass, damping, stiffness, dt, forces) -> None:
    shape = {"mass": mass, "damping": damping, "stiffness": stiffness}
    compliance = Compliance(**shape, force_deadband=0.0, torque_deadband=0.0)
    admittance = Admittance(compliance, dt=dt)
    M, D, K = (np.array([*item, *more]) for item, more in (
        (mass, compliance.inertia),
        (damping, compliance.angular_damping),
        (stiffness, compliance.angular_stiffness),
    ))  # fmt: skip

    def stored() -> float:
        return float(M @ admittance.velocity**2 + K @ admittance.displacement**2) / 2

    for force in forces:
        before = stored()
        admittance.step(np.array(force), axes=AXES)
        v = admittance.velocity
        put_in = dt * float(v @ (np.array(force) - D * v))
        assert stored() - before <= put_in + 1e-9 * (1.0 + stored() + abs(put_in))
        bounds = np.repeat([compliance.displacement, compliance.angle], 3)
        assert np.all(np.abs(admittance.displacement) <= bounds)
        assert np.all(np.abs(v) <= np.repeat([compliance.speed, compliance.angular_speed], 3) + 1e-9)


def test_it_rests_where_spring_and_force_agree_and_comes_back(gains: Gains) -> None:
    admittance = Admittance(gains.compliance, dt=gains.dt)
    for _ in range(3000):
        admittance.step(np.array([0, 6.0, 0, 0, 0, 0]), axes=("y",))
    beyond = 6.0 - gains.compliance.force_deadband
    assert admittance.displacement[1] == pytest.approx(beyond / gains.compliance.stiffness[1], rel=1e-3)
    for _ in range(3000):
        admittance.step(np.array([0, 6.0, 0, 0, 0, 0]), axes=())
    assert np.abs(admittance.displacement).max() < 1e-5


def test_axes_that_are_not_named_and_forces_within_the_deadband_move_nothing(gains: Gains) -> None:
    admittance = Admittance(gains.compliance, dt=gains.dt)
    for _ in range(100):
        admittance.step(np.full(6, 5.0), axes=("x", "rz"))
    np.testing.assert_array_equal(admittance.displacement != 0.0, [True, False, False, False, False, True])
    admittance.reset()
    small = np.array(
        [0.9 * gains.compliance.force_deadband, 0, 0, 0, 0.9 * gains.compliance.torque_deadband, 0]
    )
    admittance.step(small, axes=AXES)
    assert not admittance.displacement.any()


def test_the_displacement_is_along_the_targets_own_axes(gains: Gains, helpers) -> None:
    admittance = Admittance(gains.compliance, dt=gains.dt)
    for _ in range(50):
        admittance.step(np.array([0, 0, 10.0, 0, 0, 0]), axes=("z",))
    T = helpers.tool_down(0.5, 0.0, 0.3)  # its z axis points down
    assert admittance.displaced(T)[2, 3] == pytest.approx(0.3 - admittance.displacement[2])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_wrench_that_is_no_number_is_refused(gains: Gains, bad: float) -> None:
    admittance = Admittance(gains.compliance, dt=gains.dt)
    with pytest.raises(ControllerError, match="six finite numbers"):
        admittance.step(np.array([bad, 0, 0, 0, 0, 0]), axes=AXES)
    assert not admittance.displacement.any()


def test_an_unknown_axis_and_an_arm_without_a_wrench_are_named(arm) -> None:
    with pytest.raises(ControllerError, match="no axis is named 'w'"):
        arm.controller.comply(axes=("w",))
    with pytest.raises(ControllerError, match="measures its wrench"):
        arm.controller.comply(axes=("x",))


def test_a_drawer_pulled_askew_pushes_sideways_little(feeling_arm, helpers, model: RobotModel) -> None:
    """The pull is 15° off the way that the drawer slides; the tool's x axis lies across it."""

    def pull(axes: tuple[str, ...]):
        arm = feeling_arm(Fixture("cabinet", 0.62, 0.0, yaw=np.pi))

        def handle(out: float = 0.0, above: float = 0.0) -> np.ndarray:
            turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
            askew = np.radians(15.0)
            T = helpers.tool_down(
                0.62 - HANDLE_OUT - out * np.cos(askew), out * np.sin(askew), HANDLE_HEIGHT + above
            )
            T[:3, :3] = turn @ T[:3, :3]
            return T

        arm.go_to(handle(above=0.05), 2.5, width=0.032)
        arm.go_to(handle(), 1.5, width=0.032)
        arm.go_to(handle(), 0.8, width=0.0)
        arm.controller.comply(axes=axes)
        n = len(arm.log)
        for i in range(250):
            arm.step(handle(out=min(0.0008 * i, 0.14)), width=0.0)
        return np.abs(arm.forces(n)[:, 1]).max(), drawer_fraction(arm.world), arm.controller.stop

    sideways, opened, stop = pull(axes=("x",))
    assert sideways < 10.0
    assert opened > 0.8
    assert stop is None
    stiff, *_ = pull(axes=())
    assert stiff > 20.0
