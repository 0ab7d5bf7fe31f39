"""Beliefs where it worked or did not."""

from dataclasses import replace

import numpy as np
import pytest

from world_state.beliefs import Beliefs
from world_state.prediction.mixture import LOST, log_odds, mixture


def test_what_neither_case_changes_is_the_same_belief(put):
    before, ball = put(Beliefs(), "red ball", 0.5, 0.0)
    before, lemon = put(before, "lemon", 0.5, 0.2)
    after = before.with_slot(replace(ball, pose=ball.pose.at(lemon.pose.T)))
    assert mixture(before, after, 0.6).slots[lemon.id] is lemon


@pytest.mark.parametrize(("success", "y", "added"), [(0.8, 0.2, 0.2 * 0.04), (0.4, 0.0, 0.4 * 0.04)])
def test_the_place_is_the_likelier_one_with_the_second_moment_of_both(put, success, y, added):
    before, ball = put(Beliefs(), "red ball", 0.5, 0.0)
    T = np.array(ball.pose.T)
    T[1, 3] = 0.2
    mixed = mixture(before, before.with_slot(replace(ball, pose=ball.pose.at(T))), success).slots[ball.id]
    assert mixed.position[1] == y
    assert mixed.covariance[1, 1] - ball.covariance[1, 1] == pytest.approx(added)
    assert mixed.p_exists == pytest.approx(ball.p_exists * (1 - (1 - success) * LOST))


def test_a_drawer_is_open_as_probably_as_it_was_opened(drawer):
    before = Beliefs().with_articulation(drawer(0.0))
    mixed = mixture(before, before.with_articulation(drawer(0.9)), 0.7).articulations["drawer"]
    assert mixed.p_open == pytest.approx(0.7, abs=0.01)
    assert mixed.p_closed == pytest.approx(0.3, abs=0.01)


def test_what_only_success_finds_exists_as_probably(put):
    after, cup = put(Beliefs(), "cup", 0.5, 0.0, existence=9.0)
    assert mixture(Beliefs(), after, 0.6).slots[cup.id].p_exists == pytest.approx(0.6, abs=0.01)


def test_log_odds_stay_within_their_limit():
    assert log_odds(0.0, limit=6.0) == pytest.approx(-6.0)
    assert log_odds(1.0, limit=6.0) == pytest.approx(6.0)
    assert log_odds(0.75) == pytest.approx(np.log(3.0))
