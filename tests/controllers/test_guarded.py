"""A guarded approach ends on what it touches, at the end of its way or in time, and says which."""

from dataclasses import replace

import numpy as np
import pytest

from controllers import ControllerError, Gains, RobotModel
from controllers.guarded import GuardedMove, deceleration_along, stopping_distance

DOWN = (0.0, 0.0, -1.0)


def move(**values: object) -> GuardedMove:
    defaults = {"direction": np.array(DOWN), "travel": 0.08, "force": 5.0, "speed": 0.01, "timeout": 12.0}
    return GuardedMove(**(defaults | values))


@pytest.fixture
def over_table(feeling_arm, gains: Gains, helpers):
    """An arm 5 cm over a table that its controller believes to be 20 cm lower."""
    arm = feeling_arm()
    wrong = gains.model_copy(
        update={
            "table": gains.table.model_copy(update={"height": -0.2}),
            "workspace": gains.workspace.model_copy(update={"lower": (0.2, -0.45, -0.1)}),
        }
    )
    arm.controller = type(arm.controller)(arm.controller.model, wrong)
    arm.controller.start(arm.driver.read())
    arm.go_to(helpers.tool_down(0.5, 0.0, 0.05), 2.5)
    return arm


def run(arm, asked: GuardedMove):
    arm.controller.approach(asked)
    for _ in range(round(asked.timeout * 100) + 50):
        arm.step()
        if arm.controller.approached is not None:
            break
    n = len(arm.log)
    arm.go_to(None, 0.6)
    return arm.controller.approached, n


def test_pressing_on_the_table_ends_below_twenty_newtons(over_table) -> None:
    n = len(over_table.log)
    outcome, after = run(over_table, move())
    assert outcome.ended == "contact"
    assert outcome.force > 5.0
    assert outcome.travelled == pytest.approx(0.041, abs=0.002)
    force = np.linalg.norm(over_table.forces(n), axis=1)
    assert force.max() < 20.0
    assert force[-10:].mean() < 5.0  # it does not go on pressing
    assert {result.status for result in over_table.log[after:]} == {"holding"}
    assert over_table.controller.stop is None


def test_a_free_way_ends_at_its_length(over_table) -> None:
    before = over_table.height()
    outcome, _ = run(over_table, move(travel=0.02, speed=0.02))
    assert outcome.ended == "no_contact"
    assert before - over_table.height() == pytest.approx(0.02, abs=0.0015)


def test_too_slow_a_way_ends_by_its_timeout(over_table) -> None:
    outcome, _ = run(over_table, move(speed=0.002, timeout=1.0))
    assert outcome.ended == "timeout"
    assert outcome.travelled < 0.003


@pytest.mark.parametrize("speed", [0.02, 0.05, 0.15])
def test_after_the_contact_it_stops_within_the_stated_distance(
    feeling_arm, helpers, gains: Gains, model: RobotModel, speed: float
) -> None:
    """In free air, with a wrench that jumps: nothing but the controller stops the arm."""
    arm = feeling_arm()
    arm.go_to(helpers.tool_down(0.5, 0.0, 0.4), 2.5)
    arm.controller.approach(move(travel=0.25, speed=speed, timeout=30.0))
    set_out = arm.height()
    read = arm.driver.read
    while set_out - arm.height() < min(0.1, 2.0 * speed):
        arm.step()
    touched = arm.height()
    J = model.jacobian(read().q)
    arm.driver.read = lambda: replace(read(), wrench=np.array([0, 0, -12.0, 0, 0, 0]))  # tool z is down
    arm.go_to(None, 0.8)
    assert arm.controller.approached.ended == "contact"
    a = deceleration_along(J, np.array(DOWN), ddq_max=gains.contacts.braking * model.ddq_max)
    allowed = stopping_distance(speed=1.1 * speed, deceleration=a, reaction=0.03)
    assert touched - arm.height() <= allowed
    assert touched - min(arm.controller.tool_pose(s.q)[2, 3] for s in arm.measured) <= allowed + 5e-4


def test_a_stop_ends_it_without_an_outcome_and_forbids_another(over_table) -> None:
    over_table.controller.approach(move())
    over_table.go_to(None, 0.5)
    over_table.controller.emergency_stop(cause="button")
    over_table.go_to(None, 0.5)
    assert over_table.controller.approached is None
    with pytest.raises(ControllerError, match="button"):
        over_table.controller.approach(move())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"direction": np.zeros(3)}, "expected one with a length"),
        ({"direction": np.array([np.nan, 0, 1])}, "NaN"),
        ({"force": 0.0}, "force is 0.0"),
        ({"speed": -1.0}, "speed is -1.0"),
        ({"travel": np.inf}, "travel is inf"),
    ],
)
def test_a_wrong_move_is_named(values: dict[str, object], said: str) -> None:
    with pytest.raises(ControllerError, match=said):
        move(**values)


def test_an_arm_that_feels_nothing_cannot_approach(arm) -> None:
    with pytest.raises(ControllerError, match="measures its wrench"):
        arm.controller.approach(move())
