"""The table rows are the bodies' heights, by MuJoCo's geoms, and keep hand and fingers off the table."""

import mujoco
import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.clearance import lowest_height
from controllers.held_object import HeldObject
from controllers.limits.table import TableLimit
from controllers.robot_model import ROBOTS
from controllers.symbols import Node


class Heights:
    """The lowest points of the bodies as MuJoCo places their geoms, fingers open."""

    def __init__(self, model: RobotModel) -> None:
        self.model = mujoco.MjModel.from_xml_path(str(ROBOTS / "panda.xml"))
        self.data = mujoco.MjData(self.model)
        self.geoms = [self.model.geom(name).id for name in model.table_bodies]

    def __call__(self, q: np.ndarray) -> np.ndarray:
        self.data.qpos[:7], self.data.qpos[7:9] = q, 0.04
        mujoco.mj_kinematics(self.model, self.data)
        lowest = []
        for geom in self.geoms:
            up, size = self.data.geom_xmat[geom].reshape(3, 3)[2], self.model.geom_size[geom]
            if self.model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX:
                reach = np.abs(up) @ size
            else:
                assert self.model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE
                reach = size[0] + size[1] * abs(up[2])
            lowest.append(self.data.geom_xpos[geom][2] - reach)
        return np.array(lowest)


@pytest.fixture(scope="module")
def heights(model: RobotModel) -> Heights:
    return Heights(model)


@pytest.mark.parametrize("seed", [18, 19, 20, 21])
def test_rows_are_the_heights_of_the_bodies_lowest_points(
    make_tick, model: RobotModel, all_on: Gains, helpers, heights: Heights, seed: int
) -> None:
    tick, step = (
        make_tick(seed, tuning=helpers.tuned(all_on, table={"height": 0.01, "clearance": 0.02})),
        1e-6,
    )
    rows = tick.rows("table")

    def over(u: np.ndarray) -> np.ndarray:
        return np.array([heights(q) for q in tick.motion(u)[0][1:]])

    def arm(of_rows: np.ndarray) -> np.ndarray:
        """What concerns the arm's bodies from the second node on; the held object's row is the last."""
        return of_rows.reshape(8, len(model.table_bodies) + 1)[1:, :-1]

    u = tick.u.ravel()
    np.testing.assert_allclose(arm(rows.A @ u - rows.lower), over(u) - 0.03, atol=1e-9)
    assert np.all(rows.upper > 1e6)
    for way in np.random.default_rng(seed).normal(size=(5, 56)):
        slope = (over(u + step * way) - over(u - step * way)) / (2 * step)
        np.testing.assert_allclose(arm(rows.A @ way), slope, atol=1e-6)


@pytest.mark.parametrize("name", ["hand", "link6", "link7", "link5b", "left_finger", "right_finger"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_lowest_point_switches_ends_as_the_body_tips_over_the_horizontal(
    model: RobotModel, helpers, heights: Heights, name: str, seed: int
) -> None:
    def lowest(node: Node) -> list:
        return list(lowest_height(node, name))

    at_posture = helpers.on_posture(model, lowest)
    capsule, index = model.capsule(name), model.table_bodies.index(name)

    # A box is longer than its inscribed capsule's axis.
    length = np.linalg.norm(capsule.end - capsule.start)
    box = capsule.half_sides
    scale = 1.0 if box is None else 2.0 * np.linalg.norm(box, axis=1).max() / length

    def tilt(q: np.ndarray) -> float:
        """Height of one end over the other [m]."""
        start, end = capsule.ends(model.joint_poses(q))
        return scale * float(end[2] - start[2])

    postures = np.random.default_rng(seed).uniform(model.q_min, model.q_max, (200, 7))
    down = next(q for q in postures if tilt(q) < -0.02)
    up = next(q for q in postures if tilt(q) > 0.02)
    way = (up - down) / np.linalg.norm(up - down)
    for _ in range(60):
        level = (down + up) / 2
        down, up = (level, up) if tilt(level) < 0.0 else (down, level)
    slopes, step = [], 1e-6
    for offset in (-1e-3, 0.0, 1e-3):
        q = level + offset * way
        height, jacobian = at_posture(q)
        assert height[0, 0] == pytest.approx(heights(q)[index], abs=1e-9)
        slopes.append((jacobian @ way)[0])
        true = (heights(q + step * way)[index] - heights(q - step * way)[index]) / (2 * step)
        if offset:
            assert slopes[-1] == pytest.approx(true, abs=1e-4)
    # A ridge: the height falls faster behind it, by the speed at which the body tips, and on it one side's
    # slope is taken, not a mixture.
    tipping = (tilt(level + step * way) - tilt(level - step * way)) / (2 * step)
    assert slopes[0] - slopes[2] == pytest.approx(tipping, rel=0.05)
    assert tipping > 0.005
    assert min(abs(slopes[1] - slopes[0]), abs(slopes[1] - slopes[2])) < 0.05 * tipping


def test_violation_is_how_far_the_lowest_body_is_too_low_now(
    make_tick, all_on: Gains, helpers, heights: Heights
) -> None:
    nearest = heights(make_tick(23).q).min()
    for height, expected in ((nearest - 0.01, 0.0), (nearest + 0.03, 0.03)):
        tick = make_tick(23, tuning=helpers.tuned(all_on, table={"height": float(height), "clearance": 0.0}))
        assert tick.violation("table") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("tilt", [0.0, 0.9])
def test_without_them_fingers_or_hand_reach_below_the_table(
    model: RobotModel, gains: Gains, helpers, heights: Heights, tilt: float
) -> None:
    T = helpers.tool_down(0.5, 0.0, -0.02)
    T[:3, :3] = T[:3, :3] @ pin.exp3(np.array([tilt, 0.0, 0.0]))
    # The workspace box would keep an upright tool up as well.
    deep = helpers.tuned(gains, workspace={"lower": (*gains.workspace.lower[:2], -0.5)})

    def lowest(*without: type) -> float:
        mpc = helpers.build(model, deep, without=without)
        log = helpers.drive(mpc, model, T, 200, q=np.array(model.q_rest))
        return float(min(heights(result.q).min() for result in log))

    wanted = gains.table.height + gains.table.clearance
    assert wanted - 1e-3 < lowest() < wanted + 2e-3
    assert lowest(TableLimit) < -0.01


STICK = HeldObject(np.array([0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.1]), 0.01, 0.1)
"""Held upright in a hand that points down it reaches 11 cm below the tool point."""


def test_the_held_object_has_the_height_of_its_lower_end(make_tick, model: RobotModel, gains: Gains) -> None:
    tick, step = make_tick(22), 1e-6
    tick.mpc.hold(STICK)
    rows = tick.rows("table")

    def over(u: np.ndarray) -> np.ndarray:
        tools = [model.forward_kinematics(q) for q in tick.motion(u)[0][1:]]
        return np.array([min(T[2, 3], (T @ (*STICK.end, 1.0))[2]) for T in tools]) - STICK.radius

    u, lowest = tick.u.ravel(), gains.table.height + gains.table.clearance
    of_held = (rows.A @ u - rows.lower).reshape(8, -1)[1:, -1]
    np.testing.assert_allclose(of_held, over(u) - lowest, atol=1e-9)
    for way in np.random.default_rng(22).normal(size=(3, 56)):
        slope = (over(u + step * way) - over(u - step * way)) / (2 * step)
        np.testing.assert_allclose((rows.A @ way).reshape(8, -1)[1:, -1], slope, atol=1e-6)


def test_the_held_object_keeps_off_the_table_until_it_may_touch_it(
    model: RobotModel, gains: Gains, helpers
) -> None:
    mpc, wanted = helpers.build(model, gains), gains.table.height + gains.table.clearance
    q, T = np.array(model.q_rest), helpers.tool_down(0.5, 0.0, 0.05)

    def bottom(held: HeldObject | None, **options: bool) -> float:
        nonlocal q
        mpc.hold(held, **options)
        log = helpers.drive(mpc, model, T, 150, q=q)
        q = log[-1].q
        return (
            float(min((model.forward_kinematics(result.q) @ (*STICK.end, 1.0))[2] for result in log)) - 0.01
        )

    assert wanted - 1e-3 < bottom(STICK) < wanted + 2e-3
    assert bottom(STICK, may_touch_table=True) < -0.05
    q = np.array(model.q_rest)
    assert bottom(None) < -0.05
