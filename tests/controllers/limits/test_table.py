"""The table rows are the bodies' heights, by MuJoCo's geoms, and keep hand and fingers off the table."""

import mujoco
import numpy as np
import pinocchio as pin
import pytest

from controllers import Gains, RobotModel
from controllers.limits.table import TableLimit
from controllers.mpc import Mpc
from controllers.robot_model import ROBOTS


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
    make_tick, model: RobotModel, horizon, heights: Heights, seed: int
) -> None:
    tick, step = make_tick(seed), 1e-6
    bodies = len(model.table_bodies)
    A, lower, upper = tick.rows(TableLimit(horizon, joints=7, bodies=bodies, lowest=0.02))

    def over(u: np.ndarray) -> np.ndarray:
        return np.array([heights(q) for q in tick.motion(u)[0][1:]])

    u = tick.u.ravel()
    np.testing.assert_allclose((A @ u - lower).reshape(-1, bodies), over(u) - 0.02, atol=1e-9)
    assert np.all(upper == np.inf)
    for way in np.random.default_rng(seed).normal(size=(5, 56)):
        slope = (over(u + step * way) - over(u - step * way)) / (2 * step)
        np.testing.assert_allclose((A @ way).reshape(-1, bodies), slope, atol=1e-6)


@pytest.mark.parametrize("name", ["hand", "link6", "link7", "link5b", "left_finger", "right_finger"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_lowest_point_switches_ends_as_the_body_tips_over_the_horizontal(
    make_tick, model: RobotModel, heights: Heights, name: str, seed: int
) -> None:
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
        lin = make_tick(22, q=q, dq=np.zeros(7)).prediction.linearisation
        assert lin.heights[0, index] == pytest.approx(heights(q)[index], abs=1e-9)
        slopes.append(lin.height_jacobian[0, :, index] @ way)
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
    make_tick, model: RobotModel, horizon, heights: Heights
) -> None:
    now = make_tick(23).prediction
    nearest = heights(now.q).min()
    for lowest, expected in ((nearest - 0.01, 0.0), (nearest + 0.03, 0.03)):
        limit = TableLimit(horizon, joints=7, bodies=len(model.table_bodies), lowest=lowest)
        assert limit.violation(now) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("tilt", [0.0, 0.9])
def test_without_them_fingers_or_hand_reach_below_the_table(
    model: RobotModel,
    gains: Gains,
    helpers,
    heights: Heights,
    monkeypatch: pytest.MonkeyPatch,
    tilt: float,
) -> None:
    T = helpers.tool_down(0.5, 0.0, -0.02)
    T[:3, :3] = T[:3, :3] @ pin.exp3(np.array([tilt, 0.0, 0.0]))
    # The workspace box would keep an upright tool up as well.
    lower = (*gains.workspace.lower[:2], -0.5)
    deep = gains.model_copy(update={"workspace": gains.workspace.model_copy(update={"lower": lower})})

    def lowest() -> float:
        log = helpers.drive(Mpc(model, deep), model, T, 200, q=np.array(model.q_rest))
        return float(min(heights(result.q).min() for result in log))

    wanted = gains.table.height + gains.table.clearance
    assert wanted - 1e-3 < lowest() < wanted + 2e-3
    helpers.drop_rows(monkeypatch, TableLimit)
    assert lowest() < -0.01
