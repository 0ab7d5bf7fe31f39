"""Whatever comes in and when, outputs keep position, velocity, acceleration and jerk bounds on time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruckig import Result, Ruckig

from controllers import ControllerError, RobotModel
from controllers.interpolator import Interpolator
from controllers.limiter import Limiter

DT, PERIOD = 0.001, 0.01
TOLERANCE = 1.0 + 1e-6  # third differences of positions carry rounding
PANDA = RobotModel.load("panda")

anything = st.floats(allow_nan=True, allow_infinity=True)
positions = st.one_of(st.floats(-4.0, 4.0), anything)
speeds = st.one_of(st.floats(-3.0, 3.0), anything)
commands = st.tuples(positions, positions, speeds, speeds, st.floats(-0.01, 0.02), st.integers(0, 60))
scales = st.floats(0.05, 1.0)


def bounds_of(scale: float = 1.0, jerk: float = 1.0) -> dict[str, np.ndarray]:
    return {
        "q_min": np.array([-1.0, -0.01]),
        "q_max": np.array([1.0, 0.01]),
        "dq_max": np.array([2.0, 1.0]),
        "ddq_max": scale * np.array([15.0, 4.0]),
        "dddq_max": scale * jerk * np.array([7500.0, 100.0]),
    }


def differences(outputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Velocity, acceleration and jerk of outputs from a start at rest, as a robot's interface sees them."""
    q = np.vstack([outputs[0]] * 3 + outputs[1:])
    dq = np.diff(q, axis=0) / DT
    return dq, np.diff(dq, axis=0) / DT, np.diff(dq, n=2, axis=0) / DT**2


def assert_bounded(outputs: list[np.ndarray], bounds: dict[str, np.ndarray]) -> None:
    dq, ddq, dddq = differences(outputs)
    assert np.isfinite(outputs).all()
    assert np.all(np.array(outputs) <= bounds["q_max"] + 2e-9)
    assert np.all(np.array(outputs) >= bounds["q_min"] - 2e-9)
    assert np.all(np.abs(dq) <= bounds["dq_max"] * TOLERANCE)
    assert np.all(np.abs(ddq) <= bounds["ddq_max"] * TOLERANCE)
    assert np.all(np.abs(dddq) <= bounds["dddq_max"] * TOLERANCE)


@settings(max_examples=100, deadline=None)
@given(st.lists(commands, max_size=12), scales, st.floats(0.02, 1.0))
def test_bounds_hold_for_any_command_at_any_time(
    inputs: list[tuple[float, float, float, float, float, int]], scale: float, jerk: float
) -> None:
    bounds = bounds_of(scale, jerk)
    interpolator = Interpolator(**bounds, period=PERIOD)
    outputs = [interpolator.q]
    for a, b, da, db, due, ticks in inputs:
        interpolator.follow(q=np.array([a, b]), dq=np.array([da, db]), due=due)
        for _ in range(ticks):
            q, dq = interpolator.step()
            outputs.append(q)
            assert np.all(np.abs(dq) <= bounds["dq_max"] + 2e-9)
    assert_bounded(outputs, bounds)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 1.0))
def test_bounds_hold_for_streams_of_the_limiter_with_jumps(seed: int, jerk: float) -> None:
    rng = np.random.default_rng(seed)
    bounds = bounds_of(jerk=jerk)
    limiter = Limiter(
        **{k: bounds[k] for k in ("q_min", "q_max", "dq_max")}, ddq_max=0.4 * bounds["ddq_max"], dt=PERIOD
    )
    limiter.reset(q=np.zeros(2), dq=np.zeros(2))
    interpolator = Interpolator(**bounds, period=PERIOD)
    outputs = [interpolator.q]
    wish = np.zeros(2)
    for _ in range(80):
        if rng.random() < 0.1:
            wish = rng.uniform(-3.0, 3.0, 2)
        q, dq = limiter.limit(dq=wish)
        interpolator.follow(q=q, dq=dq)
        outputs += [interpolator.step()[0] for _ in range(int(rng.choice([10, 10, 10, 11, 9, 35])))]
    assert_bounded(outputs, bounds)


@settings(max_examples=15, deadline=None)
@given(st.floats(-1.3, 1.3), st.floats(-3.0, 3.0), st.floats(-2.0, 2.0))
def test_a_start_beyond_bounds_goes_no_further_than_its_stop_and_comes_back(
    q0: float, dq0: float, goal: float
) -> None:
    bounds = bounds_of()
    interpolator = Interpolator(**bounds, period=PERIOD)
    start = np.array([q0, 0.0])
    interpolator.reset(q=start, dq=np.array([dq0, 0.0]))
    A, J = bounds["ddq_max"][0], bounds["dddq_max"][0]
    stop = q0 + np.sign(dq0) * abs(dq0) * (abs(dq0) / A + A / J) / 2  # where full braking ends, at most
    for k in range(4500):  # a way may take period × 1.5^14, that is 3 s, after the stop
        if k % 10 == 0:
            interpolator.follow(q=np.array([goal, 0.0]), dq=np.zeros(2))
        q, dq = interpolator.step()
        if k > 100 and abs(q[0] - np.clip(goal, -1.0, 1.0)) < 1e-7 and not dq.any():
            break
        assert min(-1.0, q0, stop) - 2e-3 <= q[0] <= max(1.0, q0, stop) + 2e-3
        assert abs(dq[0]) <= max(2.0, abs(dq0)) + 2e-9
    np.testing.assert_allclose(q[0], np.clip(goal, -1.0, 1.0), atol=1e-6)


def stream(ticks: int, *, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """What a limiter makes of a smooth wish: a 100 Hz stream of the Panda at a working speed."""
    limiter = Limiter(
        q_min=PANDA.q_min + 0.05,
        q_max=PANDA.q_max - 0.05,
        dq_max=0.5 * PANDA.dq_max,
        ddq_max=0.4 * PANDA.ddq_max,
        dt=PERIOD,
    )
    limiter.reset(q=PANDA.q_rest, dq=np.zeros(7))
    phase = np.random.default_rng(seed).uniform(0, 6, 7)
    wishes = (0.6 * np.sin(0.03 * k + phase) for k in range(ticks))  # swings by 0.2 rad
    return [limiter.limit(dq=wish) for wish in wishes]


def of_the_panda(jerk: float = 1.0) -> Interpolator:
    interpolator = Interpolator(
        q_min=PANDA.q_min,
        q_max=PANDA.q_max,
        dq_max=PANDA.dq_max,
        ddq_max=PANDA.ddq_max,
        dddq_max=jerk * PANDA.dddq_max,
        period=PERIOD,
    )
    interpolator.reset(q=PANDA.q_rest)
    return interpolator


def test_a_100_hz_stream_is_met_when_it_is_due_and_not_shaken() -> None:
    interpolator = of_the_panda()
    outputs = [interpolator.q]
    for k, (q, dq) in enumerate(stream(300)):
        interpolator.follow(q=q, dq=dq)
        outputs += [interpolator.step()[0] for _ in range(10)]
        if k > 50:
            np.testing.assert_allclose(interpolator.q, q, atol=1e-9)
    _, _, dddq = differences(outputs)
    # Ruckig alone, stretched to the period, meets the stream too, at 29 % of the jerk limit in the mean.
    assert np.sqrt(np.mean(dddq[500:] ** 2, axis=0)).max() < 0.03 * PANDA.dddq_max.min()


def test_a_command_that_comes_late_into_its_period_is_met_when_it_is_due() -> None:
    interpolator = of_the_panda()
    for k, (q, dq) in enumerate(stream(300)):
        late = (0, 2, 4)[k % 3]
        for _ in range(late):
            interpolator.step()
        interpolator.follow(q=q, dq=dq, due=PERIOD - late * DT)
        for _ in range(10 - late):
            interpolator.step()
        if k > 50:
            np.testing.assert_allclose(interpolator.q, q, atol=5e-5)


def test_a_soft_jerk_limit_lags_but_catches_up() -> None:
    interpolator = of_the_panda(jerk=0.02)
    commands = stream(300)
    for q, dq in [*commands, *[(commands[-1][0], np.zeros(7))] * 200]:
        interpolator.follow(q=q, dq=dq)
        for _ in range(10):
            interpolator.step()
    np.testing.assert_allclose(interpolator.q, commands[-1][0], atol=1e-6)
    np.testing.assert_allclose(interpolator.dq, 0.0, atol=1e-6)


def test_commands_that_stay_away_end_in_a_stop_within_jerk_bounds() -> None:
    interpolator = of_the_panda()
    outputs = [interpolator.q]
    for q, dq in stream(100):
        interpolator.follow(q=q, dq=dq)
        outputs += [interpolator.step()[0] for _ in range(10)]
    assert np.abs(interpolator.dq).max() > 0.5
    braking = []
    for _ in range(400):
        outputs.append(interpolator.step()[0])
        braking.append(interpolator.braking)
    assert 10 + braking.index(True) == 20  # ms after the last command
    assert np.abs(interpolator.dq).max() < 1e-12
    _, ddq, dddq = differences(outputs)
    assert np.all(np.abs(ddq) <= PANDA.ddq_max * TOLERANCE)
    assert np.all(np.abs(dddq) <= PANDA.dddq_max * TOLERANCE)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_command_that_is_not_finite_brakes(bad: float) -> None:
    interpolator = of_the_panda()
    for q, dq in stream(100):
        interpolator.follow(q=q, dq=dq)
        for _ in range(10):
            interpolator.step()
    interpolator.follow(q=np.append(q[:-1], bad), dq=dq)
    for _ in range(400):
        interpolator.step()
        assert interpolator.braking
    assert np.abs(interpolator.dq).max() < 1e-12


def test_a_generator_that_fails_leaves_the_stop_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    interpolator = of_the_panda()
    outputs = [interpolator.q]
    for q, dq in stream(100):
        interpolator.follow(q=q, dq=dq)
        outputs += [interpolator.step()[0] for _ in range(10)]

    class Broken(Ruckig):
        def calculate(self, *_: object) -> Result:
            return Result.Error

    monkeypatch.setattr(interpolator, "_generator", Broken(7, DT))
    for _ in range(40):
        interpolator.follow(q=q, dq=dq)
        outputs += [interpolator.step()[0] for _ in range(10)]
    assert np.abs(interpolator.dq).max() < 1e-12
    assert np.all(np.abs(differences(outputs)[2]) <= PANDA.dddq_max * TOLERANCE)


def test_wrong_use_is_refused() -> None:
    bounds = bounds_of()
    with pytest.raises(ControllerError, match="finite, positive"):
        Interpolator(**{**bounds, "dddq_max": np.array([1.0, np.inf])}, period=PERIOD)
    with pytest.raises(ControllerError, match="expected 0 < dt <= period <= patience"):
        Interpolator(**bounds, period=0.05)
    interpolator = Interpolator(**bounds, period=PERIOD)
    with pytest.raises(ControllerError, match="expected 2 finite numbers"):
        interpolator.reset(q=np.array([np.nan, 0.0]))
    with pytest.raises(ControllerError, match=r"expected \(2,\) each"):
        interpolator.follow(q=np.zeros(3), dq=np.zeros(3))
