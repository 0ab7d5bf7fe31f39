"""The torque rows are Pinocchio's inverse dynamics, payload included, and keep torques within their part."""

import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.held_object import HeldObject
from controllers.kinematics import tool_joint
from controllers.limits.torque import TorqueLimit

LOAD = HeldObject(np.array([0.1, 0.0, 0.0]), np.array([0.1, 0.04, 0.06]), 0.03, 2.5)


def loaded(model: RobotModel, held: HeldObject | None) -> pin.Model:
    """The Pinocchio model with what is held as a point mass."""
    heavier = model.pin_model.copy()
    if held is not None:
        centre = model.pin_model.frames[model.tool_id].placement.act((held.start + held.end) / 2)
        heavier.inertias[tool_joint(model) + 1] += pin.Inertia(held.mass, centre, np.zeros((3, 3)))
    return heavier


@pytest.mark.parametrize("held", [None, LOAD], ids=["empty", "loaded"])
@pytest.mark.parametrize("seed", [61, 62])
def test_rows_are_the_torques_at_every_node(
    make_tick, model: RobotModel, gains: Gains, held: HeldObject | None, seed: int
) -> None:
    tick, part = make_tick(seed), gains.scales.torque
    tick.mpc.hold(held)
    rows = tick.rows("torque")
    pin_model = loaded(model, held)
    data = pin_model.createData()
    # The first node has the present posture and velocity, the others those of the last plan.
    postures, speeds = np.vstack((tick.q, tick.postures[1:])), np.vstack((tick.dq, tick.speeds[1:]))
    rng = np.random.default_rng(seed)
    for u in (np.zeros((8, 7)), 5.0 * rng.normal(size=(8, 7))):
        motions = zip(postures, speeds, u, strict=True)
        ratios = np.array([pin.rnea(pin_model, data, *motion) for motion in motions]) / model.tau_max
        found = rows.A @ u.ravel()
        np.testing.assert_allclose((found - rows.lower).reshape(8, 7), ratios + part, atol=1e-9)
        np.testing.assert_allclose((rows.upper - found).reshape(8, 7), part - ratios, atol=1e-9)


def test_a_state_alone_breaks_no_torque_limit(make_tick) -> None:
    tick = make_tick(63)
    tick.mpc.hold(HeldObject(np.zeros(3), np.zeros(3), 0.0, 50.0))
    assert tick.violation("torque") == 0.0


def peak(mpc, model: RobotModel, helpers, held: HeldObject | None) -> float:
    """Largest torque over its limit while the arm swings up and down with what it holds."""
    pin_model, worst = loaded(model, held), 0.0
    data = pin_model.createData()
    q, dq = np.array(model.q_rest), np.zeros(7)
    mpc.reset()
    mpc.hold(held)
    for point in ((0.6, 0.2, 0.6), (0.55, -0.2, 0.15), (0.5, 0.2, 0.6)):
        for _ in range(60):
            (result,) = helpers.drive(mpc, model, helpers.tool_down(*point), 1, q=q, dq=dq)
            assert result.ok
            tau = pin.rnea(pin_model, data, q, dq, result.ddq)
            worst = max(worst, float(np.abs(tau / model.tau_max).max()))
            q, dq = result.q, result.dq
    return worst


HEAVY = HeldObject(np.array([0.0, 0.0, 0.1]), np.array([0.0, 0.0, 0.1]), 0.02, 3.0)


def test_without_them_a_heavy_load_takes_more_than_the_torque_limits_part(
    model: RobotModel, gains: Gains, helpers
) -> None:
    limited = helpers.tuned(gains, safety={"torque_rows": True}, scales={"torque": 0.6})
    mpc = helpers.build(model, limited)
    with_rows = peak(mpc, model, helpers, HEAVY)
    without = peak(helpers.build(model, limited, without=(TorqueLimit,)), model, helpers, HEAVY)
    assert with_rows <= 0.6 + 1e-3
    assert without > 0.75
