"""Gains on the real controller: repeatable, and worse gains measure worse."""

import numpy as np
import pytest

from controllers import Controller, RobotModel, load_gains
from controllers.overrides import overridden
from hybridctl.tuning.evaluation import TuningError, evaluate
from hybridctl.tuning.plant import ServoPlant
from hybridctl.tuning.scenarios import SCENARIOS
from hybridctl.tuning.trial import run_scenario

TIMES = {"solve_ms_median", "solve_ms_p99"}


def test_the_same_seed_gives_the_same_measures_and_another_does_not(robot: RobotModel) -> None:
    def tokens(seed: int) -> dict[str, float]:
        found = evaluate(load_gains(), model=robot, plant="ideal", scenarios=("tokens",), seed=seed)
        return {key: value for key, value in found.measures["tokens"].items() if key not in TIMES}

    assert tokens(0) == tokens(0)
    assert tokens(0) != tokens(1)


def test_gains_that_follow_worse_measure_worse(robot: RobotModel) -> None:
    gains = load_gains()
    lazy = overridden(gains, {"weights": {"velocity": 20.0}})
    good, bad = (
        evaluate(one, model=robot, plant="ideal", scenarios=("steps",), seed=0) for one in (gains, lazy)
    )
    assert good.measures["steps"]["settling_s"] < bad.measures["steps"]["settling_s"]
    assert good.score < bad.score
    assert good.measures["steps"]["violations"] == 0


def test_servos_lag_and_have_torques(robot: RobotModel) -> None:
    gains = load_gains()
    scenario = SCENARIOS["circles"](robot.forward_kinematics(robot.q_rest), 0)
    trace = run_scenario(scenario, Controller(robot, gains), ServoPlant(robot), model=robot, gains=gains)
    assert 0.0 < np.abs(trace.tau / robot.tau_max).max() < 1.0
    assert trace.error.max() < 0.1


@pytest.mark.parametrize(
    ("scenarios", "seed", "words"),
    [
        (("steps",), 1_000_000, "tuning seeds are below 1000000"),
        (("hop",), 0, "no scenario 'hop', expected some of"),
    ],
)
def test_wrong_seed_and_scenario_are_refused(
    scenarios: tuple[str, ...], seed: int, words: str, robot: RobotModel
) -> None:
    with pytest.raises(TuningError, match=words):
        evaluate(load_gains(), model=robot, plant="ideal", scenarios=scenarios, seed=seed)
