"""The whole controller on an ideal arm: it arrives, keeps every limit and stops when it must."""

import numpy as np
import pinocchio as pin
import pytest

from controllers import Chunk, Controller, ControllerError, Gains, LimitViolation, RobotModel
from controllers import planner as planner_module
from controllers.mpc import MpcResult
from controllers.planner import Planner
from controllers.target import pose_distance
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arrays import MessageError


def test_reaches_its_target_to_a_tenth_of_a_millimetre(arm, helpers) -> None:
    for point in ((0.5, 0.25, 0.3), (0.5, -0.25, 0.3), (0.6, 0.0, 0.018), (0.4, 0.1, 0.5)):
        arm.go_to(helpers.tool_down(*point), 3.0)
        metres, radians = arm.controller.distance_to_target(arm.state)
        assert metres < 1e-4
        assert radians < 1e-3
        assert arm.log[-1].status == "tracking"
        assert not arm.log[-1].violations


def test_half_a_metre_takes_about_a_second_and_a_half(arm, helpers) -> None:
    arm.go_to(helpers.tool_down(0.5, 0.25, 0.3), 2.5)
    arm.go_to(helpers.tool_down(0.5, -0.25, 0.3), 0.8)
    assert arm.controller.distance_to_target(arm.state)[0] > 0.02
    arm.go_to(helpers.tool_down(0.5, -0.25, 0.3), 1.1)
    assert arm.controller.distance_to_target(arm.state)[0] < 1e-3


def test_turns_by_nearly_half_a_turn(arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.0, 0.3)
    arm.go_to(T, 2.0)
    turned = T.copy()
    turned[:3, :3] = T[:3, :3] @ pin.exp3(np.array([0.0, 0.0, -3.0]))
    arm.go_to(turned, 4.0)
    assert arm.controller.distance_to_target(arm.state)[1] < 2e-3


def test_a_target_half_a_turn_away_is_brought_near_first(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of exactly half a turn the linearised error has lost the axis."""
    q = np.array(model.q_rest)
    q[6] = -1.5  # room for half a turn
    arm = helpers.IdealArm(Controller(model, gains), q)
    solve, asked = arm.controller._mpc.solve, []

    def spy(q: np.ndarray, dq: np.ndarray, T: np.ndarray, **more: object) -> MpcResult:
        asked.append(pose_distance(arm.controller.tool_pose(q), T))
        return solve(q, dq, T, **more)

    monkeypatch.setattr(arm.controller._mpc, "solve", spy)
    T = arm.controller.tool_pose(arm.q)
    turned = T @ np.diag([-1.0, -1.0, 1.0, 1.0])
    turned[:3, 3] = 0.5, 0.2, 0.3
    arm.go_to(turned, 6.0)
    metres, radians = np.max(asked, axis=0)
    assert metres <= gains.targets.max_translation + 1e-9
    assert radians <= gains.targets.max_rotation + 1e-6
    assert arm.controller.distance_to_target(arm.state)[1] < 2e-3


def test_random_target_jumps_keep_every_limit(arm, model: RobotModel, gains: Gains, helpers) -> None:
    rng = np.random.default_rng(8)
    scales, low, high = gains.scales, np.array(gains.workspace.lower), np.array(gains.workspace.upper)
    fingers = [model.capsule(name) for name in model.table_bodies]
    for _ in range(30):
        T = helpers.tool_down(*rng.uniform((0.0, -0.7, -0.2), (1.0, 0.7, 0.9)))
        T[:3, :3] = pin.exp3(rng.normal(size=3)) @ T[:3, :3]
        for _ in range(int(rng.integers(20, 120))):
            dq_before = arm.dq
            arm.go_to(T, gains.dt)
            assert np.all(arm.q <= model.q_max - scales.joint_margin + 1e-9)
            assert np.all(arm.q >= model.q_min + scales.joint_margin - 1e-9)
            assert np.all(np.abs(arm.dq) <= scales.velocity * model.dq_max + 1e-9)
            assert np.all(np.abs(arm.dq - dq_before) <= scales.acceleration * model.ddq_max * gains.dt + 1e-9)
            tool = model.forward_kinematics(arm.q)[:3, 3]
            assert np.all(tool >= low - 1e-3)
            assert np.all(tool <= high + 1e-3)
            poses = model.joint_poses(arm.q)
            lowest = min(min(end[2] for end in body.ends(poses)) - body.radius for body in fingers)
            assert lowest > gains.table.height + gains.table.clearance - 1e-3
    assert {result.status for result in arm.log} == {"starting", "tracking"}
    assert max(result.limited for result in arm.log if result.status == "tracking") < 1e-6


def test_first_command_is_the_measured_state(model: RobotModel, gains: Gains, helpers) -> None:
    q = model.q_rest + 0.01
    controller = Controller(model, gains)
    controller.start(helpers.measured(q))
    controller.set_target(PoseTarget(helpers.tool_down(0.6, 0.2, 0.2), stamp=0.0))
    result = controller.step(helpers.measured(q), now=0.0)
    np.testing.assert_array_equal(result.command.q, q)
    np.testing.assert_array_equal(result.command.dq, 0.0)
    assert result.command.stamp == 0.0


def test_hold_brakes_to_rest_and_stays(arm, helpers) -> None:
    arm.go_to(helpers.tool_down(0.5, 0.25, 0.3), 0.5)
    assert np.abs(arm.dq).max() > 0.2
    arm.controller.hold()
    for _ in range(50):
        result = arm.step()
    rest = arm.q
    assert result.status == "holding"
    assert np.all(arm.dq == 0.0)
    arm.step()
    np.testing.assert_array_equal(arm.q, rest)
    assert arm.controller.distance_to_target(arm.state) == (np.inf, np.inf)


def test_stale_target_decays_to_a_hold_and_a_fresh_one_resumes(arm, gains: Gains, helpers) -> None:
    T = helpers.tool_down(0.5, 0.25, 0.3)
    arm.controller.set_target(PoseTarget(T, stamp=arm.now))
    arm.now += gains.targets.stale_after - 0.2
    for _ in range(80):
        arm.step()
    assert [result.status for result in arm.log].count("tracking") in (19, 20, 21)
    assert arm.log[-1].status == "stale"
    assert np.all(arm.dq == 0.0)
    arm.go_to(T, 2.5)
    assert arm.controller.distance_to_target(arm.state)[0] < 1e-4


def test_blocked_arm_is_named_and_the_command_does_not_wind_up(
    arm, model: RobotModel, gains: Gains, helpers
) -> None:
    stuck = helpers.measured(arm.q)
    statuses = []
    for _ in range(300):
        arm.controller.set_target(PoseTarget(helpers.tool_down(0.5, 0.4, 0.3), stamp=arm.now))
        result = arm.controller.step(stuck, now=arm.now)
        arm.now += gains.dt
        statuses.append(result.status)
        braking = (gains.scales.velocity * model.dq_max) ** 2 / (
            2 * gains.scales.acceleration * model.ddq_max
        )
        assert np.all(np.abs(result.command.q - stuck.q) < gains.safety.following_error + braking + 0.03)
    assert "following_error" in statuses


def test_stopped_arm_is_followed_without_a_jump(arm, helpers) -> None:
    arm.go_to(helpers.tool_down(0.5, 0.25, 0.3), 0.4)
    elsewhere = arm.q + 0.05
    stopped = helpers.measured(elsewhere, stopped=True)
    result = arm.controller.step(stopped, now=arm.now)
    assert result.status == "stopped"
    np.testing.assert_array_equal(result.command.q, elsewhere)
    arm.controller.hold()
    result = arm.controller.step(helpers.measured(elsewhere), now=arm.now)
    np.testing.assert_array_equal(result.command.q, elsewhere)


def test_after_a_stop_nothing_moves_until_a_target_is_set_anew(arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.25, 0.3)
    arm.go_to(T, 0.2)
    arm.controller.step(helpers.measured(arm.q, stopped=True), now=arm.now)
    rest = arm.q
    for _ in range(20):
        assert arm.step().status == "holding"
    np.testing.assert_array_equal(arm.q, rest)
    arm.go_to(T, 2.5)
    assert arm.controller.distance_to_target(arm.state)[0] < 1e-4


def test_bad_targets_are_refused_and_the_last_one_stays(arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.25, 0.3)
    arm.controller.set_target(PoseTarget(T, stamp=0.0, gripper_width=0.02))
    with pytest.raises(MessageError):
        PoseTarget(helpers.tool_down(np.nan, 0.0, 0.3), stamp=0.0)
    smuggled = PoseTarget(T, stamp=0.0)
    object.__setattr__(smuggled, "T_base_target", helpers.tool_down(np.nan, 0.0, 0.3))
    with pytest.raises(ControllerError, match="NaN"):
        arm.controller.set_target(smuggled)
    with pytest.raises(ControllerError, match=r"gripper_width is 0.2, expected a width in \[0.0, 0.08\]"):
        arm.controller.set_target(PoseTarget(T, stamp=0.0, gripper_width=0.2))
    arm.step()
    assert arm.step().status == "tracking"
    assert arm.log[-1].command.gripper_width == 0.02


def test_a_start_with_something_in_the_gripper_goes_on_pressing(arm, helpers) -> None:
    arm.controller.start(helpers.measured(arm.q, gripper_width=0.04, gripper_command=0.0))
    assert arm.step().command.gripper_width == 0.0


def test_gripper_width_is_remembered(arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.25, 0.3)
    assert arm.step().command.gripper_width == 0.04
    arm.controller.set_target(PoseTarget(T, stamp=0.0, gripper_width=0.01))
    arm.controller.set_target(PoseTarget(T, stamp=0.0))
    arm.controller.hold()
    assert arm.step().command.gripper_width == 0.01


@pytest.mark.parametrize("wild", [1e9, -50.0, np.inf, np.nan])
def test_wild_mpc_is_bounded_by_the_limiter(
    arm, model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch, wild: float
) -> None:
    answer = np.full(7, wild)
    monkeypatch.setattr(
        arm.controller._mpc, "solve", lambda *_, **__: MpcResult(True, answer, answer, answer, {}, {}, 0.0)
    )
    for _ in range(150):
        dq_before = arm.dq
        arm.go_to(helpers.tool_down(0.5, 0.0, 0.3), gains.dt)
        assert np.all(arm.q <= model.q_max + 1e-9)
        assert np.all(arm.q >= model.q_min - 1e-9)
        assert np.all(np.abs(arm.dq) <= gains.scales.velocity * model.dq_max + 1e-9)
        assert np.all(
            np.abs(arm.dq - dq_before) <= gains.scales.acceleration * model.ddq_max * gains.dt + 1e-9
        )


@pytest.mark.parametrize("part", [0, 1])
def test_nan_after_the_limiter_raises_before_it_is_a_command(
    arm, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    arm.step()
    answer = [np.zeros(7), np.zeros(7)]
    answer[part] = np.full(7, np.nan)
    monkeypatch.setattr(arm.controller._limiter, "limit", lambda *, dq: tuple(answer))
    with pytest.raises(ControllerError, match="expected finite"):
        arm.step()


def test_failing_qp_is_named_and_stops_the_arm(arm, helpers, monkeypatch: pytest.MonkeyPatch) -> None:
    arm.go_to(helpers.tool_down(0.5, 0.25, 0.3), 0.5)
    helpers.fail_qp(monkeypatch, arm.controller._mpc)
    arm.go_to(helpers.tool_down(0.5, 0.25, 0.3), 0.6)
    assert arm.log[-1].status == "qp_failed"
    np.testing.assert_allclose(arm.dq, 0.0, atol=1e-12)


def test_wrong_use_is_refused(model: RobotModel, gains: Gains, helpers) -> None:
    controller = Controller(model, gains)
    state = helpers.measured(np.array(model.q_rest))
    with pytest.raises(ControllerError, match="before start"):
        controller.step(state, now=0.0)
    with pytest.raises(ControllerError, match=r"state\.q has shape"):
        controller.start(helpers.measured(np.zeros(6)))
    with pytest.raises(LimitViolation, match="joint4"):
        controller.start(helpers.measured(np.zeros(7) + 0.3))
    controller.start(state)
    with pytest.raises(ControllerError, match="now is nan"):
        controller.step(state, now=float("nan"))


def test_same_inputs_give_the_same_commands(model: RobotModel, gains: Gains, helpers) -> None:
    paths = []
    for _ in range(2):
        arm = helpers.IdealArm(Controller(model, gains), np.array(model.q_rest))
        arm.go_to(helpers.tool_down(0.45, 0.2, 0.2), 0.5)
        arm.go_to(helpers.tool_down(0.6, -0.2, 0.1), 0.5)
        paths.append([result.command.q for result in arm.log])
    np.testing.assert_array_equal(paths[0], paths[1])


def test_braking_out_of_a_fast_motion_stays_in_the_box(
    model: RobotModel, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Braking joint by joint would leave it: shown by taking the MPC's part away."""

    def worst() -> float:
        """Return how far the tool gets outside after `hold`, over moments of motions toward the walls."""
        low, high = np.array(gains.workspace.lower), np.array(gains.workspace.upper)
        found = -np.inf
        for seed in (54, 112):  # of 120 random motions, the two whose joint-wise braking goes farthest
            rng = np.random.default_rng(seed)
            arm = helpers.IdealArm(Controller(model, gains), np.array(model.q_rest))
            start = rng.uniform(0.3, 0.7), rng.uniform(-0.4, 0.4), rng.uniform(0.15, 0.6)
            arm.go_to(helpers.tool_down(*start), 2.0)
            goal = rng.uniform(0.1, 0.9), rng.uniform(-0.6, 0.6), rng.uniform(0.0, 0.8)
            arm.go_to(helpers.tool_down(*goal), rng.uniform(0.4, 1.6))
            arm.controller.hold()
            for _ in range(100):
                arm.step()
                tool = arm.controller.tool_pose(arm.q)[:3, 3]
                found = max(found, float(np.maximum(low - tool, tool - high).max()))
            assert np.abs(arm.dq).max() < 1e-9
        return found

    assert worst() <= 0.0
    monkeypatch.setattr(Planner, "_to_rest", lambda self, tuned: np.zeros_like(tuned.limiter.dq))
    assert worst() > 0.001


def test_a_target_with_tolerance_is_reached_without_hunting(arm, gains: Gains, helpers) -> None:
    rng = np.random.default_rng(0)
    T = helpers.tool_down(0.5, 0.1, 0.3)

    def follow_noise(ticks: int) -> np.ndarray:
        speeds = []
        for k in range(ticks):
            if k % 20 == 0:  # a noisy token stream of 5 Hz
                noisy = T.copy()
                noisy[:3, 3] += rng.uniform(-0.002, 0.002, 3)
                arm.controller.set_target(PoseTarget(noisy, stamp=arm.now, tolerance=tolerance))
            arm.step()
            speeds.append(np.abs(arm.dq).max())
        return np.array(speeds)

    tolerance = (0.01, 0.02)
    assert follow_noise(400)[200:].max() == 0.0
    assert arm.log[-1].status == "tracking"
    assert arm.controller.distance_to_target(arm.state)[0] < 0.01
    tolerance = (0.0, 0.0)
    assert follow_noise(200).max() > 0.0


def test_a_moving_target_moves_on_and_is_caught(arm, helpers) -> None:
    twist = np.array([0.0, -0.05, 0.0, 0.0, 0.0, 0.0])
    arm.controller.set_target(PoseTarget(helpers.tool_down(0.5, 0.1, 0.3), stamp=0.0, twist=twist))
    for _ in range(95):
        arm.step()
    place = arm.controller.tool_pose(arm.q)[:3, 3]
    np.testing.assert_allclose(place, (0.5, 0.1 - 0.05 * arm.now, 0.3), atol=0.02)
    still = PoseTarget(helpers.tool_down(0.5, 0.1, 0.3), stamp=0.0)
    arm.controller.set_target(still)
    assert arm.controller.distance_to_target(arm.state)[0] > 0.03


def test_a_stale_target_lets_go_without_a_jolt(
    arm, gains: Gains, helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def jolt() -> float:
        """Return the largest change of acceleration from the moment at which the target is stale."""
        arm.controller.start(helpers.measured(np.array(arm.controller.model.q_rest)))
        arm.q, arm.dq, arm.log = np.array(arm.controller.model.q_rest), np.zeros(7), []
        began = arm.now
        target = helpers.tool_down(0.5, 0.4, 0.3)
        arm.controller.set_target(PoseTarget(target, stamp=began - gains.targets.stale_after + 0.35))
        for _ in range(150):
            arm.step()
        dq = np.array([result.command.dq for result in arm.log])
        stale = [result.status for result in arm.log].index("stale")
        assert np.abs(dq[stale]).max() > 0.3  # it was on its way
        assert np.all(dq[-1] == 0.0)
        ddq = np.diff(dq, axis=0) / gains.dt
        return float(np.abs(np.diff(ddq, axis=0))[stale - 2 : stale + 3].max())

    smooth = jolt()
    monkeypatch.setattr(
        planner_module, "pull_of", lambda age, *, stale_after, decay: float(age <= stale_after)
    )
    assert smooth < 0.5 * jolt()


def line(start: np.ndarray, step: np.ndarray, count: int) -> np.ndarray:
    poses = np.repeat(start[None], count, axis=0)
    poses[:, :3, 3] += np.arange(count)[:, None] * step
    return poses


def test_chunks_are_followed_across_seams_within_the_acceleration_limit(
    arm, model: RobotModel, gains: Gains
) -> None:
    T = arm.controller.tool_pose(arm.q)
    bound = gains.scales.acceleration * model.ddq_max * gains.dt + 1e-9
    step = np.array([0.0, 0.01, 0.0])
    for k in range(5):  # each made from an observation 0.15 s old, spliced halfway through the last one
        seen = arm.controller.tool_pose(arm.q)
        stamp = arm.now
        for _ in range(15):
            arm.step()
        chunk = Chunk(line(seen, step if k < 3 else -step, 10), stamp=stamp, period=0.1)
        assert arm.controller.set_chunk(chunk, now=arm.now) == 2
        assert arm.controller.target_source == "tokens"
        for _ in range(35):
            before = arm.dq
            assert arm.step().status in ("tracking", "starting")
            assert np.all(np.abs(arm.dq - before) <= bound)
    assert arm.controller.tool_pose(arm.q)[1, 3] > T[1, 3] + 0.01


def test_the_rest_of_a_chunk_decays_to_a_hold_in_its_last_pose(arm, helpers) -> None:
    arm.step()
    chunk = Chunk(line(arm.controller.tool_pose(arm.q), np.array([0.0, 0.01, 0.0]), 5), stamp=0.0, period=0.1)
    arm.controller.set_chunk(chunk, now=arm.now)
    for _ in range(300):
        arm.step()
    assert arm.log[-1].status == "stale"
    assert np.all(arm.dq == 0.0)
    np.testing.assert_allclose(arm.controller.tool_pose(arm.q)[:3, 3], chunk.poses[-1][:3, 3], atol=1e-3)


def test_a_chunk_ends_with_a_target_a_hold_or_a_stop(arm, helpers) -> None:
    arm.step()

    def play() -> None:
        poses = line(arm.controller.tool_pose(arm.q), np.array([0.0, 0.01, 0.0]), 20)
        arm.controller.set_chunk(Chunk(poses, stamp=arm.now, period=0.1), now=arm.now)
        arm.step()

    play()
    arm.controller.hold()
    assert arm.step().status == "holding"
    play()
    arm.controller.set_target(PoseTarget(helpers.tool_down(0.5, 0.0, 0.3), stamp=arm.now, source="fine"))
    arm.step()
    assert arm.controller.target_source == "fine"
    play()
    arm.controller.step(helpers.measured(arm.q, stopped=True), now=arm.now)
    assert arm.step().status == "holding"


def test_a_refused_chunk_leaves_what_was_followed(arm, helpers) -> None:
    T = helpers.tool_down(0.5, 0.1, 0.3)
    with pytest.raises(ControllerError, match="before start"):
        Controller(arm.controller.model, arm.controller.gains).set_chunk(Chunk(T[None], 0.0, 0.1), now=0.0)
    arm.controller.set_target(PoseTarget(T, stamp=0.0, source="fine"))
    far = Chunk(line(helpers.tool_down(0.5, 2.0, 0.3), np.zeros(3), 3), stamp=0.0, period=0.1)
    with pytest.raises(ControllerError, match="expected at most"):
        arm.controller.set_chunk(far, now=0.0)
    here = line(arm.controller.tool_pose(arm.q), np.zeros(3), 3)
    with pytest.raises(ControllerError, match=r"gripper_width is 0.5, expected a width in \[0.0, 0.08\]"):
        arm.controller.set_chunk(Chunk(here, 0.0, 0.1, np.full(3, 0.5)), now=0.0)
    assert arm.controller.target_source == "fine"
