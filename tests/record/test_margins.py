import json

import numpy as np
import pytest

from controllers.gains import load_gains
from hybridctl.record.margins import MarginMeter, RobotLimits


@pytest.fixture(scope="module")
def meter(robot):
    return MarginMeter(robot, load_gains())


def test_joint_margin_names_the_joint_that_is_nearest(meter, robot):
    q = robot.q_rest.copy()
    q[3] = robot.q_max[3] - 0.07
    margins = meter.measure(q, np.array([0.5, 0.0, 0.3]))
    assert margins.joint_name == robot.joint_names[3]
    assert margins.joint == pytest.approx(0.07)


def test_workspace_margin_is_negative_outside(meter):
    upper = np.array(meter.limits.workspace_upper)
    inside = meter.measure(meter._model.q_rest, upper - 0.02)
    outside = meter.measure(meter._model.q_rest, upper + np.array([0.03, -0.1, -0.1]))
    assert inside.workspace == pytest.approx(0.02)
    assert outside.workspace_wall == "x upper"
    assert outside.workspace == pytest.approx(-0.03)


def test_table_and_links_agree_with_the_controllers_own_kinematics(meter, robot, symbolic_clearances):
    q = robot.q_rest
    heights, distances = symbolic_clearances(q)
    ours = meter.measure(q, robot.forward_kinematics(q)[:3, 3])
    assert ours.table == pytest.approx(heights.min() - meter.limits.table, abs=1e-9)
    assert ours.links == pytest.approx(distances.min(), abs=1e-6)


def test_limits_survive_json(meter):
    assert RobotLimits.from_json(json.loads(json.dumps(meter.limits.to_json()))) == meter.limits
