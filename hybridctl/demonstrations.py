"""Demonstrations: the scripted expert through tree and controller, recorded in the LeRobot v3 layout."""

from __future__ import annotations

from pathlib import Path

import torch
from rich.progress import Progress

from controllers.robot_model import RobotModel
from hybridctl.assembly import Simulator, run_instruction
from hybridctl.data.collect import check_training_seeds
from hybridctl.data.episode_recorder import FRAMES_PER_SECOND, EpisodeRecorder
from hybridctl.data.expert_policy import ExpertPolicy
from hybridctl.sim.tasks import PutInBowl
from hybridctl.vla.action_tokens import ActionTokenizer
from hybridctl.vla.statistics import EMBEDDED_STATISTICS


def collect_episodes(out: Path, *, count: int, seeds: tuple[int, int], renderer: str = "auto") -> int:
    """Record `count` successful episodes of the main job and return how many seeds it took.

    Args:
        out: Dataset folder; episodes are appended to what is there.
        count: Episodes to keep; an attempt that the physics do not call a success is not kept.
        seeds: Scenes to try, first to last, the last excluded.
        renderer: `auto`, `gl` or `ray`.

    Raises:
        SeedError: the seeds are kept for evaluation, or do not suffice for `count`.
        DatasetError: the folder holds something else.
    """
    check_training_seeds(seeds, at_least=count)
    torch.set_num_threads(1)
    simulator = Simulator(renderer)
    model = RobotModel.load("panda")
    policy = ExpertPolicy(simulator.world, ActionTokenizer(EMBEDDED_STATISTICS.action_spec()))
    cameras = {"scene": lambda: simulator.renderer.rgb("scene"), "viewer": simulator.viewer_frame}
    kept, tried = 0, 0
    try:
        with (
            EpisodeRecorder(
                out,
                fps=FRAMES_PER_SECOND,
                joint_names=model.joint_names,
                cameras=cameras,
                measured=simulator.arm.read(),
                robot_type="panda",
            ) as recorder,
            Progress() as progress,
        ):
            bar = progress.add_task("episodes", total=count)
            for seed in range(*seeds):
                if kept == count:
                    break
                tried += 1
                task = PutInBowl(seed)
                simulator.reset(task.scene)
                result = run_instruction(
                    task.instruction,
                    arm=simulator.arm,
                    camera=simulator.camera,
                    clock=simulator.clock,
                    policy=policy,
                    model=model,
                    listeners=(recorder,),
                )
                done = result.outcome.status == "SUCCESS" and task.score(simulator.world).success
                if recorder.end_run(task.instruction, succeeded=done):
                    kept += 1
                    progress.advance(bar)
    finally:
        simulator.close()
    return tried
