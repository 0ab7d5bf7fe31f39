"""Runs become episodes: what is kept, at which rate, and a real run of the expert on the simulator."""

import numpy as np
import pytest

from behaviors import Tree
from behaviors.skills import pick
from controllers.controller import ControlResult
from hybridctl.data.episode_recorder import EpisodeRecorder
from hybridctl.data.lerobot_reader import open_dataset
from hybridctl.messages.arm import ArmState, JointCommand
from hybridctl.messages.tool_state import tool_state
from hybridctl.runtime import Runtime
from hybridctl.sim.cameras import make_renderer

JOINTS = [f"joint{i + 1}" for i in range(7)]
T = np.diag([1.0, -1.0, -1.0, 1.0])
T[:3, 3] = (0.4, 0.1, 0.3)


def control(recorder, stamp, **senses):
    state = measured(stamp, **senses)
    command = JointCommand(np.full(7, stamp + 1.0), np.zeros(7), 0.08, stamp)
    recorder.on_control(state, ControlResult(command, "tracking", {}, 0.1, {}), T, "tokens")


def grey():
    return np.full((16, 16, 3), 90, np.uint8)


def measured(stamp=0.0, **senses):
    return ArmState(np.full(7, stamp), np.full(7, 0.1), np.zeros(7), 0.04, 0.0, stamp, **senses)


def make(folder, fps=20, picture=grey, **options):
    return EpisodeRecorder(
        folder,
        fps=fps,
        joint_names=JOINTS,
        cameras={"scene": picture},
        robot_type="panda",
        **{"measured": measured(), **options},
    )


def test_frames_come_at_their_rate_and_hold_what_their_names_say(tmp_path):
    with make(tmp_path) as recorder:
        for k in range(100):
            control(recorder, 7.0 + 0.01 * k)
        assert recorder.end_run("wave", succeeded=True)
        assert recorder.episodes == 1
    with open_dataset(tmp_path) as dataset:
        assert len(dataset) == 20
        assert dataset.tasks == ("wave",)
        state, action = (dataset.info.features[key] for key in ("observation.state", "action"))
        for k, frame in enumerate(dataset.frames(0)):
            named = dict(zip(state.names, frame["observation.state"], strict=True))
            assert named["joint3.position"] == pytest.approx(7.0 + 0.05 * k)
            assert named["joint3.velocity"] == pytest.approx(0.1)
            assert named["gripper.width"] == pytest.approx(0.04)
            assert [named[f"tool.{axis}"] for axis in "xyz"] == pytest.approx([0.4, 0.1, 0.3])
            assert [named[f"tool.{angle}"] for angle in ("roll", "pitch", "yaw")] == pytest.approx([0, 0, 0])
            commanded = dict(zip(action.names, frame["action"], strict=True))
            assert commanded["joint7.position"] == pytest.approx(8.0 + 0.05 * k)
            assert commanded["gripper.width"] == pytest.approx(0.08)
            assert abs(frame["observation.images.scene"].mean() - 90) < 1.5


def test_a_run_that_failed_leaves_nothing(tmp_path):
    with make(tmp_path) as recorder:
        for succeeded in (False, True, False):
            for k in range(11):
                control(recorder, 0.01 * k)
            assert recorder.end_run("wave", succeeded=succeeded) == succeeded
            assert recorder.problem == ""
    with open_dataset(tmp_path) as dataset:
        assert [episode.length for episode in dataset.episodes] == [3]


def test_failures_are_kept_where_wanted_and_told_apart(tmp_path):
    with make(tmp_path, keep_failures=True) as recorder:
        for succeeded in (False, True):
            for k in range(11):
                control(recorder, 0.01 * k)
            assert recorder.end_run("wave", succeeded=succeeded)
        control(recorder, 0.0)
        control(recorder, 0.3)
        assert not recorder.end_run("wave", succeeded=False)  # a gap is no episode, failed or not
    with open_dataset(tmp_path) as dataset:
        frames = [list(dataset.frames(e)) for e in range(len(dataset.episodes))]
    assert [[bool(frame["next.done"]) for frame in episode] for episode in frames] == [
        [False, False, True]
    ] * 2
    assert [bool(episode[-1]["next.success"]) for episode in frames] == [False, True]


def test_an_arm_that_feels_contact_adds_what_it_feels(tmp_path):
    senses = {"wrench": np.arange(6.0), "tau_external": np.arange(7.0)}
    with make(tmp_path, measured=measured(**senses)) as recorder:
        control(recorder, 0.0, wrench=np.arange(6.0) + 1, tau_external=np.arange(7.0) - 1)
        assert recorder.end_run("wave", succeeded=True)
        control(recorder, 0.0)
        assert not recorder.end_run("wave", succeeded=True)
        assert "expected ['action', 'observation.state', 'observation.tau_external'" in recorder.problem
    with open_dataset(tmp_path) as dataset:
        names = dataset.info.features["observation.wrench"].names
        wrench = dict(zip(names, dataset.frame(0)["observation.wrench"], strict=True))
        assert (wrench["force.x"], wrench["torque.z"]) == (1, 6)
        assert dataset.info.features["observation.tau_external"].names[0] == "joint1.torque"
        np.testing.assert_array_equal(dataset.frame(0)["observation.tau_external"], np.arange(7.0) - 1)


def test_an_arm_that_does_not_has_no_such_features(tmp_path):
    with make(tmp_path) as recorder:
        control(recorder, 0.0)
        recorder.end_run("wave", succeeded=True)
    with open_dataset(tmp_path) as dataset:
        assert not {"observation.wrench", "observation.tau_external"} & set(dataset.info.features)


def test_each_frame_says_which_leaf_was_active(tmp_path):
    with make(tmp_path) as recorder:
        for tips in (("", "reach", "reach", "grasp"), ("grasp",)):
            for k, tip in enumerate(tips):
                recorder.on_tree(0.05 * k, "RUNNING", tip)
                control(recorder, 0.05 * k)
            assert recorder.end_run("pick", succeeded=True)
        control(recorder, 0.0)
        assert recorder.end_run("pick", succeeded=True)
    with open_dataset(tmp_path) as dataset:
        said = [frame["subtask"] for e in range(3) for frame in dataset.frames(e)]
    assert said == ["none", "reach", "reach", "grasp", "grasp", "none"]


def test_a_rate_that_does_not_divide_the_control_rate_takes_the_next_period(tmp_path):
    with make(tmp_path, fps=30) as recorder:
        for k in range(101):
            control(recorder, 0.01 * k)
        assert recorder.end_run("wave", succeeded=True)
    with open_dataset(tmp_path) as dataset:
        assert len(dataset) == 31


def test_a_gap_makes_the_episode_unfit_and_does_not_stop_the_run(tmp_path):
    with make(tmp_path) as recorder:
        for stamp in (0.0, 0.05, 0.2, 0.25):
            control(recorder, stamp)
        assert not recorder.end_run("wave", succeeded=True)
        assert "does not keep up with 20 frames" in recorder.problem
        control(recorder, 0.0)
        assert recorder.problem == ""
        assert recorder.end_run("wave", succeeded=True)


def test_a_camera_that_fails_does_not_stop_the_run(tmp_path):
    calls = []

    def picture():
        calls.append(1)
        if len(calls) > 2:
            raise RuntimeError("cable pulled")
        return grey()

    with make(tmp_path, picture=picture) as recorder:
        for k in range(20):
            control(recorder, 0.01 * k)
        assert not recorder.end_run("wave", succeeded=True)
        assert recorder.problem == "RuntimeError: cable pulled"


def test_a_run_without_a_control_period_is_not_kept(tmp_path):
    with make(tmp_path) as recorder:
        assert not recorder.end_run("wave", succeeded=True)
        assert recorder.problem == "the run had no control period"


def test_a_run_of_the_expert_is_recorded_with_two_cameras(tmp_path, simulator, task, expert, make_context):
    context = make_context(expert)
    seen = make_renderer(simulator.world, kind="ray", height=48, width=64)
    pictures, states = [], []

    def scene():
        pictures.append(simulator.renderer.rgb("scene"))
        return pictures[-1]

    class Watch:
        def on_control(self, state, result, T_base_tool, source):
            states.append((state, result.command, T_base_tool))

        def on_tree(self, *_):
            pass

    phrase = task.scene.target.phrase
    with EpisodeRecorder(
        tmp_path,
        fps=5,
        joint_names=JOINTS,
        cameras={"scene": scene, "viewer": lambda: seen.rgb("viewer")},
        measured=simulator.arm.read(),
    ) as recorder:
        pictures.clear()
        runtime = Runtime(
            tree=Tree(pick(context, phrase), context),
            controller=context.controller,
            arm=simulator.arm,
            clock=simulator.world,
            listeners=(recorder, Watch()),
        )
        outcome = runtime.run(time_limit=40.0)
        assert recorder.end_run(f"pick the {phrase}", succeeded=outcome.status == "SUCCESS")
    with open_dataset(tmp_path) as dataset:
        assert dataset.tasks == (f"pick the {phrase}",)
        assert abs(len(dataset) / 5 - outcome.duration) < 0.3
        assert set(dataset.info.video_keys) == {"observation.images.scene", "observation.images.viewer"}
        for k, frame in enumerate(dataset.frames(0)):
            state, command, T_base_tool = states[20 * k]
            expected = [*state.q, *state.dq, *tool_state(T_base_tool, state.gripper_width)]
            np.testing.assert_allclose(frame["observation.state"], expected, atol=1e-5)
            np.testing.assert_allclose(frame["action"], [*command.q, command.gripper_width], atol=1e-5)
            error = frame["observation.images.scene"].astype(float) - pictures[k]
            assert 10 * np.log10(255**2 / np.mean(error**2)) > 30
            assert frame["observation.images.viewer"].shape == (48, 64, 3)
        first, last = dataset.frame(0), dataset.frame(len(dataset) - 1)
        closed = dataset.info.features["observation.state"].names.index("gripper.width")
        assert last["observation.state"][closed] < first["observation.state"][closed] - 0.01
