"""`hybridctl bench sim`: what the simulator costs: steps, resets, pictures by camera and renderer, scenes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import Progress

from hybridctl.arms import SimulatedArm
from hybridctl.bench.episodes import Row
from hybridctl.bench.report import FIRST_EVALUATION_SEED, Job, Measured
from hybridctl.bench.statistics import quantile
from hybridctl.data.rendered import SceneRenderer
from hybridctl.sim.cameras import RENDERERS, Renderer, RenderError, make_renderer
from hybridctl.sim.tasks.registry import make_task
from hybridctl.sim.world import SimWorld

SCENES, QUICK_SCENES = 24, 6
TASKS = ("pick", "fetch", "tidy", "kitting")
"""Tasks whose scenes are timed, in turn."""
CAMERAS = {"scene": (128, 128), "wrist": (128, 128), "viewer": (360, 480)}
"""Cameras and their picture sizes, height and width [px]."""


def measure(job: Job) -> Measured:
    """Time steps, resets and pictures on workshop scenes, and training scenes on `job.workers` processes."""
    count = QUICK_SCENES if job.quick else SCENES
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + count)
    figures: dict[str, float | None] = {}
    n: dict[str, int] = {}
    rows: list[Row] = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("timing", total=3)
        _time_world(seeds, figures, n, rows)
        progress.advance(bar)
        _time_pictures(seeds, figures, n, rows)
        progress.advance(bar)
        _time_training_scenes(job, figures, n)
        progress.advance(bar)
    return Measured(seeds, figures, n, rows)


def _time_world(
    seeds: tuple[int, int], figures: dict[str, float | None], n: dict[str, int], rows: list[Row]
) -> None:
    tasks = [make_task(TASKS[seed % len(TASKS)], seed) for seed in range(*seeds)]
    began = perf_counter()
    world = SimWorld(tasks[0].scene)
    figures["compile_ms"], n["compile_ms"] = round(1e3 * (perf_counter() - began), 1), 1
    resets, steps, reads = [], [], []
    for task in tasks:
        resets.append(_ms(lambda task=task: world.reset(task.scene)))  # type: ignore[misc]
        began = perf_counter()
        world.sleep_until(world.now() + 0.5)
        steps.append(1e6 * (perf_counter() - began) / 250)
        arm = SimulatedArm(world)
        with arm:
            for _ in range(10):
                world.sleep_until(world.now() + 0.01)
                reads.append(1e3 * _ms(arm.read))
        rows.append({"task": task.name, "seed": task.scene.seed, "step_us": round(steps[-1], 1)})
    for key, values in (("reset_ms", resets), ("step_us", steps), ("read_us", reads)):
        figures[f"{key}_median"], n[f"{key}_median"] = quantile(values, 0.5), len(values)
    median = float(np.median(steps))
    figures["physics_seconds_per_second"], n["physics_seconds_per_second"] = (
        round(2000 / median, 1),
        len(steps),
    )


def _time_pictures(
    seeds: tuple[int, int], figures: dict[str, float | None], n: dict[str, int], rows: list[Row]
) -> None:
    tasks = [make_task(TASKS[seed % len(TASKS)], seed) for seed in range(*seeds)]
    world = SimWorld(tasks[0].scene)
    for kind in RENDERERS:
        for camera, (height, width) in CAMERAS.items():
            try:
                renderer = make_renderer(world, kind=kind, height=height, width=width)
            except RenderError as error:  # no OpenGL on this machine: said, not measured
                figures |= {f"{kind}_{camera}_{what}_ms_median": None for what in ("rgb", "rgbd")}
                rows.append({"renderer": kind, "camera": camera, "problem": str(error)})
                continue
            colour, both = [], []
            for task in tasks:
                world.reset(task.scene)
                colour.append(_ms(lambda r=renderer, c=camera: r.rgb(c)))  # type: ignore[misc]
                both.append(_ms(lambda r=renderer, c=camera: r.rgbd(c)))  # type: ignore[misc]
            renderer.close()
            for what, values in (("rgb", colour), ("rgbd", both)):
                key = f"{kind}_{camera}_{what}_ms_median"
                figures[key], n[key] = quantile(values, 0.5), len(values)
            rows.append({"renderer": kind, "camera": camera, "height": height, "width": width})


def _time_training_scenes(job: Job, figures: dict[str, float | None], n: dict[str, int]) -> None:
    """Count scenes with pictures, renderers in turn, all workers together.

    `training`: the main job's labelled scenes, one picture each. `workshop`: scenes of tasks, sampled anew,
    seen by scene and wrist camera.
    """
    each = 40 if job.quick else 400
    context = multiprocessing.get_context("spawn")
    with context.Pool(job.workers) as pool:
        jobs = [(FIRST_EVALUATION_SEED + each * i, each) for i in range(job.workers)]
        for key, work in (("training", _render_scenes), ("workshop", _render_workshop)):
            pool.map(work, [(first, 4) for first, _ in jobs])  # starting up is not what is timed
            began = perf_counter()
            pool.map(work, jobs)
            wall = perf_counter() - began
            figures[f"{key}_scenes_per_second"] = round(each * job.workers / wall, 1)
            n[f"{key}_scenes_per_second"] = each * job.workers


_scenes: SceneRenderer | None = None


def _render_scenes(job: tuple[int, int]) -> int:
    global _scenes
    first, count = job
    if _scenes is None:
        _scenes = SceneRenderer()
    for seed in range(first, first + count):
        _scenes.render(seed, renderer=RENDERERS[seed % len(RENDERERS)])
    return count


_workshop: tuple[SimWorld, list[Renderer]] | None = None


def _render_workshop(job: tuple[int, int]) -> int:
    global _workshop
    first, count = job
    if _workshop is None:
        world = SimWorld(make_task("pick", first).scene)
        _workshop = world, [make_renderer(world, kind=kind) for kind in ("auto", "ray")]
    world, renderers = _workshop
    for seed in range(first, first + count):
        world.reset(make_task(TASKS[seed % len(TASKS)], seed).scene)
        for camera in ("scene", "wrist"):
            renderers[seed % len(renderers)].rgb(camera)
    return count


def _ms(what: Callable[[], object]) -> float:
    began = perf_counter()
    what()
    return 1e3 * (perf_counter() - began)
