"""The point-mass part measures the same truths with the noise that filters assume, each look on its own."""

import numpy as np

from hybridctl.bench.memory_iid import MISSED, STD, point_mass
from hybridctl.bench.memory_recording import Feel, Intent, Look, Points, Recording, Truth
from hybridctl.messages.arm import ArmState
from hybridctl.messages.observation import Observation

PHRASES = ("red ball", "blue ball", "red block", "blue block")
LOOKS = 400


def recording() -> Recording:
    stamps = np.arange(0.0, 1.0, 0.5)
    positions = np.zeros((stamps.size, 4, 3)) + np.array([[0.1 * k, 0.0, 0.02] for k in range(4)])
    held = np.full(stamps.size, -1)
    truth = Truth(PHRASES, stamps, positions, held, np.zeros((stamps.size, 4), bool), ())
    arm = ArmState(
        q=np.zeros(7), dq=np.zeros(7), tau=np.zeros(7), gripper_width=0.08, gripper_force=0.0, stamp=0.0
    )
    picture = Observation(
        rgb=np.zeros((4, 4, 3), np.uint8), depth=np.ones((4, 4)), K=np.eye(3), T_base_camera=np.eye(4),
        T_base_tool=np.eye(4), arm=arm, stamp=0.0, camera="scene",
    )  # fmt: skip
    shown = np.array([True, True, True, False])
    looks = [Look(0.2, picture, {}, 0, shown) for _ in range(LOOKS)]
    return Recording(3, (*looks, Intent(0.3, "red ball"), Feel(0.4, arm, np.eye(4), 0.08)), truth, "")


def test_noise_is_as_assumed_misses_come_as_often_as_said_and_the_hidden_is_not_seen() -> None:
    points = [one for one in point_mass(recording()) if isinstance(one, Points)]
    assert len(points) == LOOKS
    at = np.array([[0.1 * k, 0.0, 0.02] for k in range(4)])
    seen, off, right = [], [], []
    for one in points:
        mine = [s for s in one.sightings if s.confidence.p_right != 0.3]
        seen.append(len(mine))
        assert all(s.phrase != "blue block" for s in mine)
        for s in mine:
            error = s.look.position - at[PHRASES.index(s.phrase)]
            right.append((s.confidence.p_right, bool(np.linalg.norm(error) < 0.05)))
            if right[-1][1]:
                off.append(error)
    assert abs(np.mean(seen) - 3 * (1 - MISSED)) < 0.15
    np.testing.assert_allclose(np.std(off, axis=0), STD, rtol=0.12)
    said, true = np.array(right).T
    assert abs(said.mean() - true.mean()) < 0.04, "who says 0.8 is right 8 times of 10"


def test_no_two_looks_are_from_the_same_place_and_all_else_stays() -> None:
    inputs = point_mass(recording())
    eyes = np.array(
        [one.sightings[0].look.view for one in inputs if isinstance(one, Points) and one.sightings]
    )
    apart = np.linalg.norm(eyes[:, None] - eyes, axis=2) + np.eye(len(eyes))
    assert np.mean(apart < 0.05) < 1e-3
    assert [type(one) for one in inputs if not isinstance(one, Points)] == [Intent, Feel]


def test_the_same_recording_gives_the_same_points() -> None:
    one, other = point_mass(recording()), point_mass(recording())
    for a, b in zip(one, other, strict=True):
        if isinstance(a, Points) and isinstance(b, Points):
            assert [s.phrase for s in a.sightings] == [s.phrase for s in b.sightings]
