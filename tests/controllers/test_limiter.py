"""Whatever comes in, the limiter's output keeps position, velocity and acceleration bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import ControllerError
from controllers.braking import stopping_velocity
from controllers.limiter import Limiter

DT = 0.01
BOUNDS = {
    "q_min": np.array([-1.0, -0.01]),
    "q_max": np.array([1.0, 0.01]),
    "dq_max": np.array([1.0, 2.0]),
    "ddq_max": np.array([3.0, 0.5]),
}
anything = st.floats(allow_nan=True, allow_infinity=True)
pushes = st.one_of(anything, st.sampled_from([-1e9, 1e9, 0.0]), st.floats(-3, 3))


def fresh(q: float = 0.0, dq: float = 0.0) -> Limiter:
    limiter = Limiter(**BOUNDS, dt=DT)
    limiter.reset(q=np.array([q, 0.0]), dq=np.array([dq, 0.0]))
    return limiter


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(pushes, pushes, st.integers(1, 60)), max_size=12))
def test_bounds_hold_for_any_input(inputs: list[tuple[float, float, int]]) -> None:
    limiter = fresh()
    q, dq = np.zeros(2), np.zeros(2)
    for a, b, times in inputs:
        for _ in range(times):
            q_next, dq_next = limiter.limit(dq=np.array([a, b]))
            assert np.all(q_next <= BOUNDS["q_max"] + 1e-9)
            assert np.all(q_next >= BOUNDS["q_min"] - 1e-9)
            assert np.all(np.abs(dq_next) <= BOUNDS["dq_max"] + 1e-9)
            assert np.all(np.abs(dq_next - dq) <= BOUNDS["ddq_max"] * DT + 1e-9)
            np.testing.assert_allclose(q_next, q + DT * (dq + dq_next) / 2, atol=1e-12)
            q, dq = q_next, dq_next


def test_a_wish_within_the_bounds_passes_unchanged() -> None:
    limiter = fresh(dq=0.5)
    _, dq = limiter.limit(dq=np.array([0.52, 0.001]))
    np.testing.assert_array_equal(dq, (0.52, 0.001))


def test_the_bound_is_used_up_to_the_braking_distance() -> None:
    limiter = fresh()
    for _ in range(500):
        q, _ = limiter.limit(dq=np.array([1e9, 1e9]))
    np.testing.assert_allclose(q, BOUNDS["q_max"], atol=1e-6)


@pytest.mark.parametrize(("q", "dq"), [(1.2, 0.0), (1.2, 0.3), (-1.2, -0.3), (0.0, 2.0), (1.2, -2.0)])
def test_a_start_outside_brakes_goes_no_further_and_comes_back(q: float, dq: float) -> None:
    limiter = fresh(q=q, dq=dq)
    furthest = abs(q) + dq * dq / 6.0 + 1e-3 if q * dq >= 0 else abs(q)
    last = dq
    for _ in range(200):
        q_now, dq_now = limiter.limit(dq=np.array([np.copysign(9.0, q), 0.0]))
        assert abs(q_now[0]) <= max(furthest, 1.0) + 1e-9
        assert abs(dq_now[0] - last) <= 3.0 * DT + 1e-9
        last = dq_now[0]
    for _ in range(300):
        q_now, _ = limiter.limit(dq=np.array([-np.copysign(9.0, q), 0.0]))
    assert abs(q_now[0]) <= 1.0 + 1e-9


@settings(max_examples=300, deadline=None)
@given(st.floats(0.0, 2.0), st.floats(0.1, 20.0))
def test_stopping_velocity_stops_within_the_room_and_uses_it(room: float, ddq: float) -> None:
    dq = float(stopping_velocity(np.array([room]), ddq_max=np.array([ddq]), dt=DT)[0])
    travelled = DT * dq / 2
    while dq > 0.0:
        slower = max(dq - ddq * DT, 0.0)
        travelled += DT * (dq + slower) / 2
        dq = slower
    assert travelled <= room + 1e-9
    assert travelled >= room - 1e-9


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(pushes, st.integers(1, 60)), max_size=8), st.floats(-1e4, 1e4))
def test_an_endless_joint_keeps_velocity_and_acceleration(inputs: list[tuple[float, int]], q: float) -> None:
    endless = {**BOUNDS, "q_min": np.array([-np.inf, -0.01]), "q_max": np.array([np.inf, 0.01])}
    limiter = Limiter(**endless, dt=DT)
    limiter.reset(q=np.array([q, 0.0]), dq=np.zeros(2))
    dq = np.zeros(2)
    for push, times in inputs:
        for _ in range(times):
            q_next, dq_next = limiter.limit(dq=np.array([push, push]))
            assert np.isfinite(q_next).all()
            assert np.all(np.abs(dq_next) <= BOUNDS["dq_max"] + 1e-9)
            assert np.all(np.abs(dq_next - dq) <= BOUNDS["ddq_max"] * DT + 1e-9)
            assert abs(q_next[1]) <= 0.01 + 1e-9
            dq = dq_next


def test_an_endless_joint_reaches_full_speed_and_keeps_it() -> None:
    limiter = Limiter(**{**BOUNDS, "q_min": np.full(2, -np.inf), "q_max": np.full(2, np.inf)}, dt=DT)
    for _ in range(2000):
        q, dq = limiter.limit(dq=np.full(2, 9.0))
    np.testing.assert_array_equal(dq, BOUNDS["dq_max"])
    assert q[0] > 2 * np.pi


def test_bounds_are_keyword_only_and_checked() -> None:
    with pytest.raises(TypeError):
        Limiter(*BOUNDS.values(), DT)
    with pytest.raises(ControllerError):
        Limiter(**{**BOUNDS, "dq_max": np.array([1.0, np.nan])}, dt=DT)
