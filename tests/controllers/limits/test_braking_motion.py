"""The braking motion is one the arm can make: full braking, never through zero."""

import numpy as np
import pytest

from controllers import Gains, RobotModel
from controllers.horizon import Horizon
from controllers.limits.braking_motion import BrakingMotion
from controllers.limits.velocity import VelocityLimit
from controllers.mpc import Mpc

DDQ_MAX = np.array([2.0, 5.0, 3.0, 4.0, 6.0, 8.0, 8.0])


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_motion_of_the_horizon_within_the_acceleration_limit(
    horizon: Horizon, helpers, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    q, dq = rng.normal(size=7), rng.uniform(-2.0, 2.0, 7)
    path, speeds = BrakingMotion(horizon, ddq_max=DDQ_MAX).motion(q, dq)
    durations = np.diff(horizon.times, prepend=0.0)[:, None]
    u = np.diff(np.vstack((dq, speeds)), axis=0) / durations
    assert np.all(np.abs(u) <= DDQ_MAX + 1e-9)
    replayed_path, replayed_speeds = helpers.motion(horizon.times, q, dq, u)
    np.testing.assert_allclose(path, replayed_path, atol=1e-12)
    np.testing.assert_allclose(speeds, replayed_speeds, atol=1e-12)
    moving = np.abs(dq) > DDQ_MAX * horizon.times[:, None]
    np.testing.assert_allclose(np.abs(u)[moving], np.broadcast_to(DDQ_MAX, u.shape)[moving], rtol=1e-9)
    assert np.all(speeds * dq >= 0.0)
    assert np.all(speeds[~moving] == 0.0)


def test_another_state_has_another_motion_and_the_same_one_is_kept(horizon: Horizon) -> None:
    braking, q, dq = BrakingMotion(horizon, ddq_max=DDQ_MAX), np.zeros(7), np.full(7, 0.5)
    first = braking.motion(q, dq)
    assert braking.motion(q, dq) is first
    path, speeds = braking.motion(q, -dq)
    np.testing.assert_allclose(path, -first[0])
    np.testing.assert_allclose(speeds, -first[1])
    np.testing.assert_allclose(braking.motion(q + 1.0, -dq)[0], path + 1.0)


def test_without_it_a_start_that_is_too_fast_leaves_the_qp_without_an_answer(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    T, q = helpers.tool_down(0.5, 0.1, 0.4), np.array(model.q_rest)
    dq = 1.8 * gains.scales.velocity * model.dq_max

    def answers() -> list[bool]:
        return [result.ok for result in helpers.drive(Mpc(model, gains), model, T, 5, q=q, dq=dq)]

    assert all(answers())
    write = VelocityLimit.write

    def strict(self, A, lower, upper, prediction) -> None:
        monkeypatch.setattr(self, "_braking", NoBraking(prediction.horizon.nodes))
        write(self, A, lower, upper, prediction)

    monkeypatch.setattr(VelocityLimit, "write", strict)
    assert not any(answers()[:1])


class NoBraking:
    """Rest at once: relaxes nothing."""

    def __init__(self, nodes: int) -> None:
        self._rest = np.zeros((nodes, 7))

    def motion(self, q: np.ndarray, dq: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return q + self._rest, self._rest
