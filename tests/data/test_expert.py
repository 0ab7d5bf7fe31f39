"""The scripted expert: at rest on its waypoint, never saying done from afar."""

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from hybridctl.data.expert import expert_action
from hybridctl.messages.plan import Skill
from hybridctl.messages.reach import MAX_GRASP_YAW, PREGRASP_CLEARANCE, PREPLACE_HEIGHT, grasp_height

x = st.floats(0.3, 0.7)
y = st.floats(-0.3, 0.3)
z = st.floats(0.0, 0.5)
angle = st.floats(-0.7, 0.7)
tops = st.floats(0.03, 0.06)
states = st.tuples(x, y, z, st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), angle, st.floats(0, 0.08)).map(
    np.array
)
places = st.tuples(x, y, st.floats(0.0, 0.05)).map(np.array)
skills = st.sampled_from([Skill.PICK, Skill.PLACE_IN])


@given(places, tops, angle)
def test_at_the_pregrasp_nothing_is_left_to_do(place: np.ndarray, top: float, yaw: float) -> None:
    height = grasp_height(top) + PREGRASP_CLEARANCE
    action = expert_action(
        Skill.PICK, np.array([*place[:2], height, 0, 0, yaw, 0.08]), place, yaw=yaw, top=top
    )
    np.testing.assert_allclose(action, (1, 0, 0, 0, 0, 0, 0, 1), atol=1e-9)


@given(places)
def test_at_the_preplace_nothing_is_left_to_do(place: np.ndarray) -> None:
    action = expert_action(Skill.PLACE_IN, np.array([*place[:2], PREPLACE_HEIGHT, 0, 0, 0, 0.04]), place)
    np.testing.assert_allclose(action, (1, 0, 0, 0, 0, 0, 0, 0), atol=1e-9)


@given(states, places, tops, angle)
def test_fingers_are_open_for_a_pick_and_closed_for_a_place(
    state: np.ndarray, place: np.ndarray, top: float, yaw: float
) -> None:
    assert expert_action(Skill.PICK, state, place, yaw=yaw, top=top)[7] == 1.0
    assert expert_action(Skill.PLACE_IN, state, place)[7] == 0.0


@given(skills, states, places, tops, angle)
def test_it_says_done_only_near_the_waypoint(
    skill: Skill, state: np.ndarray, place: np.ndarray, top: float, yaw: float
) -> None:
    action = expert_action(skill, state, place, yaw=yaw, top=top)
    assert action[0] in (0.0, 1.0)
    if action[0] == 1.0:
        assert np.linalg.norm(action[1:4]) < 0.012
        assert abs(action[6]) < 0.12
    if np.hypot(*(place[:2] - state[:2])) > 0.02:
        assert action[0] == 0.0


@given(places, tops, st.floats(0.013, 0.1))
def test_above_the_waypoint_it_is_not_done(place: np.ndarray, top: float, above: float) -> None:
    height = grasp_height(top) + PREGRASP_CLEARANCE + above
    action = expert_action(Skill.PICK, np.array([*place[:2], height, 0, 0, 0, 0.08]), place, top=top)
    assert action[0] == 0.0
    np.testing.assert_allclose(action[3], -above, atol=1e-9)


@given(states, places, st.floats(-0.75, 0.75), st.integers(-3, 3))
def test_a_square_turned_by_a_right_angle_is_the_same_square(
    state: np.ndarray, place: np.ndarray, yaw: float, quarters: int
) -> None:
    turns = [math.remainder(yaw + k * math.pi / 2, 2 * math.pi) for k in (-1, 0, 1)]
    near = sorted(abs(t - state[5]) for t in turns if abs(t) < MAX_GRASP_YAW)
    assume(len(near) < 2 or near[1] - near[0] > 1e-6)  # a tie may go either way
    plain = expert_action(Skill.PICK, state, place, yaw=yaw)
    turned = expert_action(Skill.PICK, state, place, yaw=yaw + quarters * math.pi / 2)
    np.testing.assert_allclose(plain, turned, atol=1e-9)


@given(skills, states, places)
def test_following_it_arrives(skill: Skill, state: np.ndarray, place: np.ndarray) -> None:
    state = state.copy()
    for _ in range(60):
        action = expert_action(skill, state, place)
        state[:3] += np.clip(action[1:4], -0.05, 0.05)
        state[3:6] += action[4:7]
    assert action[0] == 1.0
    np.testing.assert_allclose(state[:2], place[:2], atol=1e-6)


@given(states, places)
def test_far_away_it_flies_higher_than_near(state: np.ndarray, place: np.ndarray) -> None:
    near, far = state.copy(), state.copy()
    near[:2], far[:2] = place[:2], (place[0] + 0.1, place[1])
    for skill in Skill:
        high = expert_action(skill, far, place)[3] + far[2]
        assert high > expert_action(skill, near, place)[3] + near[2] + 0.04
