"""What an arm says it feels at rest passes where it is small or not offered, and is named where it is not."""

from types import SimpleNamespace

import numpy as np
import pytest

from controllers.robot_model import RobotModel
from hybridctl.arms.force_check import feels_at_rest
from hybridctl.arms.trial import Unmet

CALM = {"q": np.zeros(7), "wrench": np.full(6, 0.2), "tau_external": np.full(7, 0.1)}


def states(**fields: object) -> list[SimpleNamespace]:
    """Return ten readings of a driver that builds its own states, so that nothing has been checked yet."""
    return [SimpleNamespace(**{**CALM, **fields}) for _ in range(10)]


def test_little_passes_and_is_told(robot: RobotModel) -> None:
    assert feels_at_rest(states(), robot) == "wrench 0.35 N and 0.346 Nm, tau_external up to 0.100 Nm"


def test_each_may_be_offered_alone(robot: RobotModel) -> None:
    assert feels_at_rest(states(wrench=None), robot).startswith("wrench not offered, tau_external up to")
    assert feels_at_rest(states(tau_external=None), None).endswith("tau_external not offered")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"wrench": np.array([0, 0, 11.0, 0, 0, 0])}, r"11\.0 N .* expected under 10 N"),
        ({"wrench": np.array([0, 0, 0, 0, 1.2, 0])}, r"1\.20 Nm at rest"),
        ({"wrench": np.zeros(3)}, r"wrench has shape \(3,\), expected \(6,\)"),
        ({"wrench": np.full(6, np.nan)}, "wrench is not finite"),
        ({"tau_external": np.array([0, 8.0, 0, 0, 0, 1.3, 0])}, r"joint 5 is 1\.30 Nm .* under 1\.20 Nm"),
        ({"tau_external": np.zeros(6)}, r"tau_external has shape \(6,\), expected \(7,\)"),
    ],
)
def test_too_much_or_a_wrong_shape_is_named(robot: RobotModel, fields: dict, said: str) -> None:
    with pytest.raises(Unmet, match=said):
        feels_at_rest(states(**fields), robot)


def test_a_sensor_that_comes_and_goes_is_named(robot: RobotModel) -> None:
    with pytest.raises(Unmet, match="wrench comes and goes"):
        feels_at_rest([*states(), *states(wrench=None)], robot)
