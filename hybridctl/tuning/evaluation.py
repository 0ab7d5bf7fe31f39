"""Puts one file's gains through scenarios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controllers.controller import Controller
from controllers.gains import Gains
from controllers.robot_model import RobotModel
from hybridctl.tuning.measures import Measures, measure, score
from hybridctl.tuning.plant import PLANTS
from hybridctl.tuning.scenarios import SCENARIOS
from hybridctl.tuning.trial import Trace, run_scenario

FIRST_EVALUATION_SEED = 1_000_000


class TuningError(ValueError):
    """Tuning was asked for what it cannot do."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What gains did.

    Attributes:
        traces: What happened, by scenario.
        measures: What that amounts to, by scenario.
        score: The objective over all scenarios: lower is better.
    """

    traces: dict[str, Trace]
    measures: dict[str, Measures]
    score: float


def check_request(scenarios: tuple[str, ...], seed: int) -> None:
    """Raise TuningError where a scenario does not exist or the seed belongs to evaluation."""
    if seed >= FIRST_EVALUATION_SEED:
        raise TuningError(
            f"seed {seed} is for evaluation only: tuning seeds are below {FIRST_EVALUATION_SEED}"
        )
    for name in scenarios:
        if name not in SCENARIOS:
            raise TuningError(f"no scenario {name!r}, expected some of: {', '.join(SCENARIOS)}")


def evaluate(
    gains: Gains,
    *,
    model: RobotModel,
    plant: str,
    scenarios: tuple[str, ...],
    seed: int,
    done: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Run `scenarios` by name on a fresh plant each, all with the same controller.

    Args:
        gains: What to try.
        model: The robot; `servos` is a simulated Panda.
        plant: `servos` or `ideal`.
        scenarios: Names of scenarios.
        seed: Seed of what is random in them, below 1,000,000.
        done: Called after each scenario.

    Raises:
        TuningError: no such scenario, or the seed belongs to evaluation.
    """
    check_request(scenarios, seed)
    controller = Controller(model, gains)
    start = model.forward_kinematics(model.q_rest)
    traces = {}
    for name in scenarios:
        scenario = SCENARIOS[name](start, seed)
        traces[name] = run_scenario(scenario, controller, PLANTS[plant](model), model=model, gains=gains)
        done()
    measures = {name: measure(trace, model=model, gains=gains) for name, trace in traces.items()}
    return Evaluation(traces, measures, score(measures))
