"""The jerk rows are changes of acceleration, bounded by the robot's jerk limits, and make motions softer."""

import numpy as np

from controllers import Gains, RobotModel
from controllers.limits.jerk import JerkLimit


def test_rows_are_the_changes_from_the_last_acceleration_on(
    make_tick, model: RobotModel, all_on: Gains, helpers, horizon
) -> None:
    tick = make_tick(71, tuning=helpers.tuned(all_on, scales={"jerk": 0.1}))
    rows, h = tick.rows("jerk"), np.diff(horizon.times, prepend=0.0)
    middles = horizon.times - h / 2
    gaps = np.concatenate(([h[0]], np.diff(middles)))[:, None]
    allowed = 0.1 * model.dddq_max * gaps
    for u in np.random.default_rng(71).normal(size=(5, 8, 7)):
        change = np.diff(np.vstack((tick.ddq, u)), axis=0)
        found = rows.A @ u.ravel()
        np.testing.assert_allclose((rows.upper - found).reshape(8, 7), allowed - change, atol=1e-9)
        np.testing.assert_allclose((found - rows.lower).reshape(8, 7), allowed + change, atol=1e-9)
    assert tick.violation("jerk") == 0.0


def test_without_them_accelerations_jump(model: RobotModel, gains: Gains, helpers) -> None:
    gentle = helpers.tuned(gains, scales={"jerk": 0.02})

    def hardest(*without: type) -> float:
        """Largest jerk over its part of the robot's limit."""
        mpc, q, dq = helpers.build(model, gentle, without=without), np.array(model.q_rest), np.zeros(7)
        log = []
        for point in ((0.5, 0.2, 0.35), (0.5, -0.2, 0.3)):
            log += helpers.drive(mpc, model, helpers.tool_down(*point), 60, q=q, dq=dq)
            q, dq = log[-1].q, log[-1].dq
        ddq = np.vstack((np.zeros(7), [result.ddq for result in log]))
        return float((np.abs(np.diff(ddq, axis=0)) / gains.dt / (0.02 * model.dddq_max)).max())

    assert hardest() <= 1.0 + 1e-3
    assert hardest(JerkLimit) > 1.5


def test_the_jerk_limit_gives_way_where_an_arm_must_stop(model: RobotModel, gains: Gains, helpers) -> None:
    """It is soft, and its break is told: the joint stays inside its position limit all the same."""
    gentle = helpers.tuned(gains, scales={"jerk": 0.001})
    mpc, margin = helpers.build(model, gentle), gains.scales.joint_margin
    q, dq = np.array(model.q_rest), np.zeros(7)
    q[6], dq[6] = model.q_max[6] - margin - 0.12, 1.2
    log = helpers.drive(mpc, model, model.forward_kinematics(q), 60, q=q, dq=dq)
    assert all(result.ok for result in log)
    assert max(result.q[6] for result in log) <= model.q_max[6] - margin + 1e-9
    assert max(result.slacks["jerk"] for result in log) > 0.1
