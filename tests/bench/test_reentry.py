"""Joint bounds are judged to the digit, and a start beyond them has to come back by full braking, once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from controllers.limiter import Limiter
from hybridctl.bench.reentry import Reentry, judge_joints

DT = 0.01
BOUNDS = {
    "q_min": np.array([-1.0]),
    "q_max": np.array([1.0]),
    "dq_max": np.array([1.0]),
    "ddq_max": np.array([4.0]),
}


def judge(q: list[float], dq: list[float]) -> Reentry:
    return judge_joints(np.array(q)[:, None], np.array(dq)[:, None], **BOUNDS, dt=DT)


def limited(q: float, dq: float, wanted: list[float]) -> tuple[list[float], list[float]]:
    """Return what the limiter makes of wanted velocities."""
    limiter = Limiter(**BOUNDS, dt=DT)
    limiter.reset(q=np.array([q]), dq=np.array([dq]))
    qs, dqs = [q], [dq]
    for one in wanted:
        q_next, dq_next = limiter.limit(dq=np.array([one]))
        qs.append(float(q_next[0]))
        dqs.append(float(dq_next[0]))
    return qs, dqs


@given(
    q=st.floats(-1.2, 1.2),
    dq=st.floats(-1.5, 1.5),
    wanted=st.lists(st.floats(-3.0, 3.0), min_size=5, max_size=150),
)
def test_what_the_limiter_lets_out_of_any_start_is_never_a_violation(
    q: float, dq: float, wanted: list[float]
) -> None:
    assert judge(*limited(q, dq, wanted)).broken == {}


def test_a_start_inside_is_inside_at_once() -> None:
    assert judge([0.0] * 5, [0.0] * 5) == Reentry({}, 0)


def test_a_step_beyond_each_bound_is_found() -> None:
    assert judge([0.99, 1.0, 1.0001, 1.0], [0.0] * 4).broken == {"position": 1}
    assert judge([-0.99, -1.0, -1.0001, -1.0], [0.0] * 4).broken == {"position": 1}
    assert judge([0.0] * 3, [0.99, 1.0, 1.001]).broken == {"velocity": 1}
    assert judge([0.0] * 3, [0.0, 0.04, 0.081]).broken == {"acceleration": 1}


def test_a_start_outside_may_wait_but_not_go_further_out() -> None:
    assert judge([1.05, 1.05, 1.04, 0.99, 0.99], [0.0] * 5) == Reentry({}, 3)
    assert judge([1.05, 1.051, 1.04, 0.99, 0.99], [0.0] * 5).broken == {"position": 1}


def test_the_way_back_is_monotone_and_nothing_goes_out_again() -> None:
    assert judge([1.05, 1.03, 1.04, 0.99, 0.99], [0.0] * 5).broken == {"position": 1}
    assert judge([1.05, 0.99, 1.01, 0.99, 0.99], [0.0] * 5) == Reentry({"position": 1}, 3)


def test_too_fast_a_start_has_to_brake_at_the_bound() -> None:
    braking = [1.5 - 0.04 * k for k in range(14)]
    assert judge([0.0] * 14, braking) == Reentry({}, 13)
    lazy = [1.5, 1.5, *braking[2:]]
    assert judge([0.0] * 14, lazy).broken["velocity"] == 1


def test_one_that_never_comes_back_says_so() -> None:
    assert judge([1.05] * 4, [0.0] * 4).ticks is None


def test_a_stop_may_brake_harder_than_motion_and_no_harder_than_its_own_bound() -> None:
    dq = np.array([[0.8], [0.7], [0.6], [0.5]])  # 10 rad/s², motion has 4
    q = 0.5 * DT * np.cumsum(np.vstack((np.zeros((1, 1)), dq[1:] + dq[:-1])), axis=0)
    assert judge_joints(q, dq, **BOUNDS, dt=DT).broken["acceleration"] == 3
    for stopped, bound, broken in (
        ([True] * 3, 10.0, 0),
        ([False, True, True], 10.0, 1),
        ([True] * 3, 8.0, 3),
    ):
        stops = np.array(stopped), np.array([bound])
        found = judge_joints(q, dq, **BOUNDS, dt=DT, stops=stops).broken
        assert found.get("acceleration", 0) == broken
