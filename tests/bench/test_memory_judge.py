"""The judge knows from truth who is right: places, identities, and how soon a move is seen."""

import numpy as np
import pytest

from hybridctl.bench.memory_judge import judge
from hybridctl.bench.memory_players import Guess
from hybridctl.bench.memory_recording import Input, Move, Points, Truth

A, B = np.array([0.4, 0.0, 0.02]), np.array([0.5, 0.1, 0.02])


def truth(moves: tuple[Move, ...] = ()) -> Truth:
    stamps = np.arange(0.0, 10.0, 0.05)
    positions = np.tile(np.stack([A, B]), (stamps.size, 1, 1))
    for move in moves:
        positions[stamps >= move.stamp, ("red ball", "blue ball").index(move.phrase)] = move.to
    held = np.full(stamps.size, -1)
    return Truth(("red ball", "blue ball"), stamps, positions, held, np.zeros((stamps.size, 2), bool), moves)


class Says:
    """Says what it is told to, from a time on."""

    def __init__(self, *sayings: tuple[float, dict[str, Guess]]) -> None:
        self._sayings = sayings

    def take(self, one: Input) -> None:
        pass

    def guesses(self, now: float) -> dict[str, Guess]:
        return [guesses for since, guesses in self._sayings if since <= now][-1]


def test_who_is_right_has_no_error_and_no_switch() -> None:
    right = {"red ball": Guess(A, 1e-6 * np.eye(3), 0.9), "blue ball": Guess(B, 1e-6 * np.eye(3), 0.8)}
    row = judge(Says((0.0, right)), (), truth(), seed=1)
    assert all(value == pytest.approx(0.0) for value, _, _ in row["nees"])
    assert {tuple(pair) for pair in row["said"]} == {(0.9, True), (0.8, True)}
    assert row["switches"] == 0


def test_a_name_that_comes_to_sit_on_another_thing_is_a_switch_and_coming_home_is_none() -> None:
    right, wrong = {"red ball": Guess(A)}, {"red ball": Guess(B)}
    row = judge(Says((0.0, right), (4.0, wrong), (7.0, right)), (), truth(), seed=1)
    assert row["switches"] == 1


def test_a_move_counts_until_it_is_noticed_and_its_error_only_once_it_was_shown() -> None:
    new = A - np.array([0.0, 0.1, 0.0])
    moved = truth((Move("red ball", 3.0, new, swapped=False),))
    before, after = ({"red ball": Guess(p, 1e-6 * np.eye(3))} for p in (A, new))
    look = Points(5.0, (), np.array([True, True]))
    row = judge(Says((0.0, before), (6.0, after)), (look,), moved, seed=1)
    ((seconds, noticed, swapped),) = row["notice"]
    assert noticed
    assert not swapped
    assert 3.0 <= seconds < 4.0
    blamed = [value for value, knowable, _ in row["nees"] if knowable and value > 1.0]
    unblamed = [value for value, knowable, _ in row["nees"] if not knowable]
    assert blamed, "from 5 s on a camera had shown it"
    assert unblamed, "from 3 s to 5 s nobody could know"
    assert min(unblamed) > 1.0


def test_a_move_that_is_never_noticed_counts_to_the_end() -> None:
    moved = truth((Move("red ball", 3.0, B, swapped=True),))
    row = judge(Says((0.0, {"red ball": Guess(A)})), (), moved, seed=1)
    assert row["notice"] == [[pytest.approx(6.95), False, True]]
