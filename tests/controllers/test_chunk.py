"""A chunk is played as one smooth motion, joins the one before it without a jump, and is refused if wrong."""

import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import ControllerError
from controllers.chunk import BLEND, Chunk, Splice, spliced

EPS = 1e-6


def wander(seed: int, count: int, start: np.ndarray | None = None) -> np.ndarray:
    """Poses that go 3 cm and 0.3 rad at most from one to the next along each axis."""
    rng = np.random.default_rng(seed)
    T, poses = np.eye(4) if start is None else np.array(start), []
    for _ in range(count):
        T = T.copy()
        T[:3, 3] += rng.uniform(-0.03, 0.03, 3)
        T[:3, :3] = T[:3, :3] @ pin.exp3(rng.uniform(-0.3, 0.3, 3))
        poses.append(T)
    return np.array(poses)


def twist_between(A: np.ndarray, B: np.ndarray, seconds: float) -> np.ndarray:
    turn = pin.log3(B[:3, :3] @ A[:3, :3].T)
    return np.concatenate((B[:3, 3] - A[:3, 3], turn)) / seconds


def join(chunk: Chunk, now: float, last: Splice | None = None, **changes: object) -> Splice:
    T, twist = (np.eye(4), np.zeros(6)) if last is None else last.motion(now)
    values = {
        "last": None if last is None else last.chunk,
        "T_base_seam": T,
        "twist": twist,
        "max_translation": 0.3,
        "max_rotation": 2.0,
        **changes,
    }
    return spliced(chunk, now=now, **values)


def test_every_pose_is_met_when_it_is_due_and_the_last_one_at_rest() -> None:
    chunk = Chunk(wander(0, 6), stamp=2.0, period=0.1)
    for i, T in enumerate(chunk.poses):
        np.testing.assert_allclose(chunk.motion(2.0 + 0.1 * i)[0], T, atol=1e-9)
    np.testing.assert_array_equal(chunk.motion(9.0)[0], chunk.poses[-1])
    np.testing.assert_allclose(chunk.motion(2.5 - 1e-9)[1], 0.0, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 12),
    st.floats(0.05, 0.3),
    st.lists(st.floats(0.0, 0.9), min_size=1, max_size=3),
)
def test_the_targets_motion_is_c1_through_any_seams(
    seed: int, count: int, period: float, seams: list[float]
) -> None:
    stamp = 0.0
    playing = join(Chunk(wander(seed, count), stamp=stamp, period=period), 0.0)
    for k, part in enumerate(seams):
        now = stamp + part * min((count - 1) * period, 0.5)
        before_T, before_twist = playing.motion(now)
        start = before_T
        stamp = max(now - 0.3 * period, stamp + 1e-3)
        now = max(now, stamp)
        before_T, before_twist = playing.motion(now)
        chunk = Chunk(wander(seed + k + 1, count, start), stamp=stamp, period=period)
        if count > 1 and now >= chunk.end:
            break
        playing = join(chunk, now, playing)
        T, twist = playing.motion(now)
        np.testing.assert_allclose(T, before_T, atol=1e-9)
        np.testing.assert_allclose(twist, before_twist, atol=1e-7)
    for t in np.linspace(playing.seam + EPS, playing.seam + count * period + 2 * BLEND, 60):
        (A, tw_a), (B, tw_b) = playing.motion(t - EPS), playing.motion(t + EPS)
        twist = playing.motion(t)[1]
        np.testing.assert_allclose(twist_between(A, B, 2 * EPS), twist, atol=5e-3)  # what it says it moves
        np.testing.assert_allclose(tw_a, tw_b, atol=5e-3)  # and no jump of it


def test_what_was_due_meanwhile_is_skipped() -> None:
    chunk = Chunk(wander(0, 8), stamp=1.0, period=0.1)
    assert [chunk.passed(t) for t in (0.5, 1.0, 1.05, 1.1, 1.25, 9.0)] == [0, 0, 1, 1, 3, 8]
    playing = join(chunk, 1.25)
    np.testing.assert_allclose(playing.motion(1.25 + BLEND)[0], chunk.motion(1.25 + BLEND)[0], atol=1e-12)


def test_gripper_widths_come_with_their_poses() -> None:
    chunk = Chunk(wander(0, 3), stamp=0.0, period=0.1, gripper_widths=np.array([0.08, 0.04, 0.0]))
    playing = join(chunk, 0.0)
    widths = [playing.target(t).gripper_width for t in (0.0, 0.05, 0.1, 0.19, 0.2, 1.0)]
    assert widths == [0.08, 0.08, 0.04, 0.04, 0.0, 0.0]


def test_after_its_last_pose_a_chunk_ages() -> None:
    playing = join(Chunk(wander(0, 3), stamp=1.0, period=0.1), 1.0)
    assert playing.target(1.1).stamp == 1.1
    assert playing.target(3.0).stamp == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"poses": np.full((2, 4, 4), np.nan)}, "NaN"),
        ({"poses": np.zeros((2, 4, 4))}, r"poses\[0\] has a rotation"),
        ({"poses": np.zeros((0, 4, 4))}, "empty"),
        ({"poses": np.eye(4)}, "shape"),
        ({"stamp": np.inf}, "stamp"),
        ({"period": 0.0}, "period"),
        ({"period": np.nan}, "period"),
        ({"gripper_widths": np.zeros(5)}, "gripper_widths has shape"),
    ],
)
def test_a_chunk_that_is_none_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ControllerError, match=message):
        Chunk(**{"poses": np.array([np.eye(4)] * 2), "stamp": 0.0, "period": 0.1, **changes})


def test_far_late_early_and_older_chunks_are_refused() -> None:
    near = wander(0, 4)
    first = Chunk(near, stamp=1.0, period=0.1)
    playing = join(first, 1.0)
    with pytest.raises(ControllerError, match=r"late: its last pose was due at 1.3"):
        join(first, 1.5)
    with pytest.raises(ControllerError, match="later than now"):
        join(first, 0.5)
    with pytest.raises(ControllerError, match=r"expected a later one than the present chunk's 1.0"):
        join(Chunk(near, stamp=1.0, period=0.1), 1.1, playing)
    with pytest.raises(ControllerError, match="now is nan"):
        join(first, float("nan"))
    away = near.copy()
    away[:, 0, 3] += 0.5
    with pytest.raises(ControllerError, match=r"begins 0\.\d+ m .* expected at most 0.3 m and 2.0 rad"):
        join(Chunk(away, stamp=1.0, period=0.1), 1.0)
    away = near.copy()
    away[2:, 0, 3] += 0.5
    with pytest.raises(ControllerError, match="jumps after pose 1 by"):
        join(Chunk(away, stamp=1.0, period=0.1), 1.0)
