"""What the fingers feel, tick by tick."""

from hypothesis import given
from hypothesis import strategies as st

from world_state.holding import LIMIT, Felt, Touch, feel_touch


def feel(touch, readings, *, dt=0.05, pull=None):
    """Run (width, force, commanded) readings through the filter."""
    for width, force, commanded in readings:
        touch = feel_touch(touch, Felt(width, force, commanded, touch.stamp + dt, pull))
    return touch


OPEN = [(0.08, 0.0, 0.08)] * 10
CLOSING = [(0.08 - 0.004 * k, 5.0, 0.0) for k in range(1, 10)]
HELD = [(0.044, 12.0, 0.0)] * 8


def test_nothing_is_known_at_first():
    assert Touch().state is None


def test_a_grasp_is_felt_within_half_a_second_of_standing_fingers():
    before = feel(Touch(), OPEN)
    assert before.state is False
    assert feel(before, CLOSING).state is not True
    assert feel(before, CLOSING + HELD + HELD).state is True


def test_closing_on_nothing_holds_nothing_however_hard_it_presses():
    closed = [(0.001, 30.0, 0.0)] * 20
    assert feel(Touch(), CLOSING + closed).state is False


def test_fingers_that_stand_where_told_without_force_hold_nothing():
    assert feel(Touch(), [(0.04, 0.0, 0.04)] * 10).state is False


def test_fingers_that_have_yet_to_move_say_nothing():
    assert feel(Touch(), [(0.08, 0.0, 0.0)] * 10).log_odds == 0.0


def test_moving_fingers_drive_force_says_nothing():
    assert feel(Touch(), [(0.08 - 0.004 * k, 20.0, 0.0) for k in range(10)]).log_odds == 0.0


def test_opening_lets_go():
    held = feel(Touch(), HELD + HELD)
    assert held.state is True
    opening = [(0.044 + 0.004 * k, 3.0, 0.08) for k in range(1, 10)]
    assert feel(held, opening + [(0.08, 0.0, 0.08)] * 6).state is False


def test_a_slip_is_felt():
    held = feel(Touch(), HELD + HELD)
    assert feel(held, [(0.02, 8.0, 0.0), *[(0.001, 8.0, 0.0)] * 10]).state is False


def test_the_same_reading_twice_counts_once_and_a_pause_is_no_evidence():
    touch = feel(Touch(), HELD[:2])
    assert feel_touch(touch, Felt(0.044, 12.0, 0.0, touch.stamp)) is touch
    assert feel(touch, HELD[:1], dt=60.0).log_odds - touch.log_odds <= 2.0 + 1e-9


@given(
    st.lists(st.tuples(st.floats(-0.01, 0.1), st.floats(-50, 100), st.floats(0, 0.1)), max_size=60),
    st.floats(0.001, 1.0),
)
def test_the_filter_stays_within_its_limits(readings, dt):
    touch = feel(Touch(), readings, dt=dt)
    assert -LIMIT <= touch.log_odds <= LIMIT
    assert 0.0 < touch.probability < 1.0


WEAK = [(0.044, 0.6, 0.0)]
"""Fingers that stand apart and hardly press: a soft thing, or a servo that has given up."""


def test_what_hangs_in_the_hand_is_held_though_the_fingers_hardly_press():
    before = feel(Touch(), OPEN, pull=0.4)
    assert before.tare == 0.4
    assert feel(before, CLOSING + WEAK * 20).state is not True
    assert feel(before, CLOSING + WEAK * 20, pull=0.4).state is not True
    assert feel(before, CLOSING + WEAK * 20, pull=1.3).state is True


def test_a_wrist_that_never_felt_the_empty_hand_says_nothing_of_weight():
    assert feel(Touch(), CLOSING + WEAK * 20, pull=1.3).state is not True


def test_touch_survives_json():
    touch = feel(Touch(), OPEN + CLOSING + HELD, pull=0.1 + 0.2)
    assert Touch.from_json(touch.to_json()) == touch
