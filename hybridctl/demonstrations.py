"""Demonstrations: the scripted expert on tasks, watched, recorded, or kept as episodes of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress as Bar

from controllers.controller import Controller
from controllers.gains import Gains, load_gains
from controllers.robot_model import RobotModel
from hybridctl.arms import SimulatedArm
from hybridctl.assembly import Simulator
from hybridctl.data.collect import SeedError, check_training_seeds
from hybridctl.data.episode_recorder import FRAMES_PER_SECOND, EpisodeRecorder, TakePicture
from hybridctl.data.experts.scripted import ScriptedExpert, Step
from hybridctl.data.lerobot_layout import DatasetError
from hybridctl.data.perturbations import perturbed
from hybridctl.progress import Progress
from hybridctl.record import Recorder, refuse_used_folder, write_html
from hybridctl.runtime import Listener, Outcome, Runtime
from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import split_named
from hybridctl.sim.tasks.limit_watch import LimitWatch
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.tasks.task import Task, TaskScore
from hybridctl.sim.tasks.wording import LANGUAGES
from hybridctl.sim.world import SimWorld


@dataclass
class Demonstration:
    """What an expert's run left behind.

    Attributes:
        outcome: How the run ended.
        score: What the physics say.
        steps: How each subgoal went.
        violations: Control periods in which a limit was broken, by limit.
        touched: Control periods in which the arm touched what it should not, by body.
    """

    outcome: Outcome
    score: TaskScore
    steps: list[Step]
    violations: dict[str, int]
    touched: dict[str, int]

    @property
    def success(self) -> bool:
        """Whether the expert ended its plan and the physics agree."""
        return self.outcome.status == "SUCCESS" and self.score.success


@dataclass
class Demonstrator:
    """A simulated world in which experts work, one task after the other; it needs no renderer."""

    world: SimWorld
    gains: Gains = field(default_factory=load_gains)
    model: RobotModel = field(default_factory=lambda: RobotModel.load("panda"))

    def set_up(self, task: Task) -> None:
        """Put a task's scene on the table."""
        self.world.reset(task.scene, actors=task.actors)

    def run(self, task: Task, *, listeners: Sequence[Listener] = ()) -> Demonstration:
        """Let the expert carry out a task that is set up."""
        world = self.world
        controller = Controller(self.model, self.gains)
        watch = LimitWatch(world, self.model, self.gains)
        expert = ScriptedExpert(world, task, controller, world.clock)
        outcome = Runtime(
            tree=expert,
            controller=controller,
            arm=SimulatedArm(world),
            clock=world.clock,
            listeners=(watch, *listeners),
        ).run(time_limit=task.time_limit)
        score = task.score(world)
        return Demonstration(outcome, score, expert.steps, dict(watch.violations), dict(watch.touched))


def record_demonstration(
    task: Task, out: Path, *, renderer: str = "auto", video: bool = True, console: Console
) -> dict[str, Any]:
    """Let the expert carry out a task, write a run folder of it, and return its report.

    Raises:
        FileExistsError: `out` is a file, or holds a run already.
    """
    refuse_used_folder(out)
    simulator = Simulator(renderer)
    demonstrator = Demonstrator(simulator.world)
    try:
        demonstrator.set_up(task)
        with (
            Recorder(
                out, instruction=task.instruction, video=video, frame=simulator.viewer_frame
            ) as recorder,
            Progress(console) as progress,
        ):
            recorder.describe(demonstrator.model, demonstrator.gains)
            recorder.on_event(simulator.clock.now(), "plan", task.instruction, {"text": str(task.plan)})
            began = perf_counter()
            done = demonstrator.run(task, listeners=(recorder, progress))
            wall = perf_counter() - began
        outcome = done.outcome
        report = {
            "instruction": task.instruction,
            "task": task.name,
            "split": task.split,
            "seed": task.scene.seed,
            "driver": "scripted expert, from simulator truth",
            "success": done.success,
            "status": outcome.status,
            "cause": outcome.cause,
            "stop": outcome.stop_report,
            "unwatched": outcome.unwatched,
            "plan": str(task.plan),
            "score": asdict(done.score),
            "sim_seconds": round(outcome.duration, 3),
            "wall_seconds": round(wall, 3),
            "path_m": {name: round(value, 4) for name, value in outcome.path.items()},
            "violations": done.violations,
            "touched": done.touched,
            "controller_status": outcome.statuses,
            "failures": outcome.failures,
            "camera": f"scene/{simulator.renderer.name}",
        }
        recorder.write_report(report)
        write_html(out)
        return report
    finally:
        simulator.close()


def collect_episodes(
    out: Path,
    *,
    count: int,
    seeds: tuple[int, int],
    tasks: Sequence[str] = tuple(TASKS),
    split: str = "seen",
    languages: Sequence[str] = LANGUAGES,
    perturb: float = 0.5,
    renderer: str = "auto",
) -> int:
    """Record `count` successful episodes, tasks and languages in turn, and return how many seeds it took.

    Args:
        out: Dataset folder; episodes are appended to what is there.
        count: Episodes to keep; an attempt that the physics do not call a success is not kept.
        seeds: Scenes to try, first to last, the last excluded.
        tasks: Names of tasks.
        split: A split that may be trained on.
        languages: Codes of the instructions' languages.
        perturb: Share of episodes that somebody disturbs, so that recovery is demonstrated too.
        renderer: `auto`, `gl` or `ray`.

    Raises:
        SeedError: the seeds are kept for evaluation, or do not suffice for `count`.
        SceneError: a task, split or language is unknown, or the split is kept out of training.
        DatasetError: the folder holds something else.
    """
    check_training_seeds(seeds, at_least=count)
    if not split_named(split).seen:
        raise SceneError(f"split {split} is kept out of training: its scenes are for evaluation only")
    for name in tasks:
        for language in languages:
            make_task(name, seeds[0], split=split, language=language)  # says early which name is wrong
    simulator = Simulator(renderer)
    demonstrator = Demonstrator(simulator.world)
    cameras: dict[str, TakePicture] = {
        "scene": lambda: simulator.renderer.rgb("scene"),
        "wrist": lambda: simulator.renderer.rgb("wrist"),
        "viewer": simulator.viewer_frame,
    }
    kept = tried = 0
    try:
        with (
            EpisodeRecorder(
                out,
                fps=FRAMES_PER_SECOND,
                joint_names=demonstrator.model.joint_names,
                cameras=cameras,
                measured=simulator.arm.read(),
                robot_type="panda",
            ) as recorder,
            Bar() as progress,
        ):
            bar = progress.add_task("episodes", total=count)
            for seed in range(*seeds):
                if kept == count:
                    break
                task = make_task(
                    tasks[tried % len(tasks)], seed, split=split,
                    language=languages[tried // len(tasks) % len(languages)],
                )  # fmt: skip
                if np.random.default_rng((seed, 11)).random() < perturb:
                    task = perturbed(task, seed)
                tried += 1
                demonstrator.set_up(task)
                done = demonstrator.run(task, listeners=(recorder,))
                if recorder.end_run(task.instruction, succeeded=done.success):
                    kept += 1
                    progress.advance(bar)
                elif done.success:
                    raise DatasetError(f"{out}: episode of seed {seed} was not kept: {recorder.problem}")
        if kept < count:
            raise SeedError(f"seeds {seeds[0]}:{seeds[1]} gave {kept} of {count} episodes: take more seeds")
    finally:
        simulator.close()
    return tried
