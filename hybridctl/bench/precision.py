"""`hybridctl bench precision`: the error of action tokens, of tracking, and of the whole chain from pixels.

Three errors of one chain, each measured on its own:

- bins: an action that the tokens can only name by the bin it lies in;
- tracking: where the controller leaves the tool, at rest, against where it was sent;
- sensed: a thing seen by cameras whose calibration and depth are off, found by the shipped model, reached by
  tokens and fine phase; the tool against where the thing really stood.

Truth scores, and nothing else: the tree sees pictures, joints and its own memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from py_trees.composites import Sequence as TreeSequence

from behaviors import Tree, TreeContext
from behaviors.skills import clear_view, reach_grasp
from controllers.controller import Controller
from controllers.gains import Gains, load_gains
from controllers.inverse_kinematics import solve_ik
from controllers.robot_model import RobotModel
from controllers.target import pose_distance
from hybridctl.assembly import Simulator, run_instruction
from hybridctl.bench.episodes import Row, run_episodes
from hybridctl.bench.report import FIRST_EVALUATION_SEED, Job, Measured
from hybridctl.bench.statistics import quantile, rate
from hybridctl.messages.action import Action, ActionSpec, PoseTarget, rotation_from_rpy
from hybridctl.messages.arrays import FloatArray
from hybridctl.messages.policy import VlaPolicy
from hybridctl.messages.reach import grasp_height
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks.put_in_bowl import PutInBowl
from hybridctl.sim.truth import true_objects, true_tool
from hybridctl.sim.world import HOME_Q
from hybridctl.vla.action_tokens import ActionTokenizer
from hybridctl.vla.policy import load_policy

POSES = 500
QUICK_MINUTES = 0.6
"""What fits in 50 s with the start of the workers."""
ERRORS = CameraErrors(translation=0.005, rotation=math.radians(0.5), depth_noise=0.002)
"""A camera calibrated by hand and a stereo camera's depth: 5 mm, 0.5 degrees, 2 mm at 1 m."""
WIDE = ActionSpec(
    low=np.array([0.0, -1.0, -1.0, -1.0, -math.pi / 2, -math.pi / 2, -math.pi / 2, 0.0]),
    high=np.array([1.0, 1.0, 1.0, 1.0, math.pi / 2, math.pi / 2, math.pi / 2, 1.0]),
    bins=256,
    frame="base",
)
"""RT-2's ranges are not published; these are those of RT-1's code (arXiv 2212.06817), its predecessor."""
SETTLE = 15.0  # s: longest wait for the tool to come to rest; near a singularity it creeps for so long
STILL = 0.1  # s: how long it must rest
AT_REST = (2e-5, 4e-4)  # m/s, rad/s: of the tool; the elbow may still drift, which moves no tool
REACHABLE = (np.array([0.32, -0.35, 0.10]), np.array([0.70, 0.35, 0.50]))
"""Corners of the box that tracked poses are drawn from: the workspace above what stands on the table [m]."""
TILT, TURN = 0.3, 0.87
"""How far a tracked pose may lean, and turn, from straight down [rad]."""
KEYS = ("bins_mm", "bins_deg", "bins_wide_mm", "bins_wide_deg", "tracking_mm", "tracking_deg",
        "sensed_mm", "sensed_across_mm", "sensed_deg")  # fmt: skip


def measure(job: Job) -> Measured:
    """Measure one action, one tracked pose and one sensed grasp a seed, and sum up."""
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + POSES)
    if job.quick and job.minutes is None:
        job = replace(job, minutes=QUICK_MINUTES)
    episodes = [(seed, job.policy_folder) for seed in range(*seeds)]
    rows = run_episodes(
        episodes, _episode, job=job, name_of=lambda episode: episode[0], named=lambda row: row["seed"]
    )
    return _sum_up(rows, seeds)


@dataclass
class _Worker:
    """What one process keeps from one seed to the next."""

    simulator: Simulator
    policy: VlaPolicy
    model: RobotModel
    gains: Gains


_worker: _Worker | None = None


def _episode(episode: tuple[int, Path | None]) -> Row:
    global _worker
    seed, folder = episode
    if _worker is None:
        torch.set_num_threads(1)
        _worker = _Worker(Simulator(), load_policy(folder), RobotModel.load("panda"), load_gains())
    spec = _worker.policy.action_spec
    T_base_target = sample_pose(_worker.model, seed)
    mm, deg = bins_error(spec, T_base_target, seed=seed)
    wide_mm, wide_deg = bins_error(WIDE, T_base_target, seed=seed)
    row: Row = {
        "seed": seed,
        "bins_mm": mm,
        "bins_deg": deg,
        "bins_wide_mm": wide_mm,
        "bins_wide_deg": wide_deg,
        **tracking_error(_worker.simulator, _worker.model, _worker.gains, T_base_target),
        **sensed_error(_worker.simulator, _worker.policy, _worker.model, _worker.gains, seed=seed),
    }
    return {key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()}


def sample_pose(model: RobotModel, seed: int) -> FloatArray:
    """Return a tool pose in the workspace that inverse kinematics reach from home, shape (4, 4) [m]."""
    rng = np.random.default_rng((seed, 1))
    while True:
        T = np.eye(4)
        roll, pitch = rng.uniform(-TILT, TILT, 2)
        T[:3, :3] = rotation_from_rpy(roll, pitch, rng.uniform(-TURN, TURN)) @ np.diag([1.0, -1.0, -1.0])
        T[:3, 3] = rng.uniform(*REACHABLE)
        if solve_ik(model, T, HOME_Q) is not None:
            return T


def bins_error(spec: ActionSpec, T_base_tool: FloatArray, *, seed: int) -> tuple[float, float]:
    """Return what one action of the spec's range loses by its tokens, applied to a tool pose [mm], [deg]."""
    values = np.random.default_rng((seed, 2)).uniform(spec.low, spec.high)
    tokenizer = ActionTokenizer(spec)
    tokens = tuple(int(b) for b in tokenizer.encode(values))
    meant = Action(
        terminate=float(values[0]), translation=values[1:4], rotation=values[4:7], gripper=float(values[7])
    )
    wanted = meant.apply(T_base_tool, frame=spec.frame)
    named = tokenizer.action(tokens).apply(T_base_tool, frame=spec.frame)
    return _mm_deg(wanted, named)


def tracking_error(
    simulator: Simulator, model: RobotModel, gains: Gains, T_base_target: FloatArray
) -> dict[str, float | None]:
    """Send the tool to a pose over an empty table and return how far it is off once it rests."""
    world = simulator.world
    simulator.reset(replace(sample_scene(0), objects=(), fixtures=()))
    controller = Controller(model, gains)
    still = 0
    with simulator.arm as arm:
        controller.start(arm.read())
        began = world.now()
        for period in range(1, round(SETTLE * gains.rate) + 1):
            state = arm.read()
            controller.set_target(PoseTarget(T_base_target, stamp=world.now()))
            arm.send(controller.step(state, now=world.now()).command)
            world.sleep_until(began + period * gains.dt)
            after = controller.tool_pose(arm.read().q)
            moved, turned = pose_distance(controller.tool_pose(state.q), after)
            resting = moved < AT_REST[0] * gains.dt and turned < AT_REST[1] * gains.dt
            still = still + 1 if resting else 0
            if still >= STILL * gains.rate:
                break
    mm, deg = _mm_deg(true_tool(world), T_base_target)
    rested = still >= STILL * gains.rate
    return {"tracking_mm": mm, "tracking_deg": deg, "rested": rested, "settling_s": world.now() - began}


def sensed_error(
    simulator: Simulator, policy: VlaPolicy, model: RobotModel, gains: Gains, *, seed: int,
    errors: CameraErrors = ERRORS,
) -> dict[str, Any]:  # fmt: skip
    """Reach for a thing as the product does, its cameras off by `errors`, and score where the tool is.

    The thing's true place is that before the arm came: a finger that pushed it along would hide an error.
    """
    task = PutInBowl(seed)
    simulator.reset(task.scene)
    simulator.camera_errors = replace(errors, seed=seed)
    thing = true_objects(simulator.world)[0]
    grasp = np.array([*thing.position[:2], grasp_height(thing.height)])

    def reach(context: TreeContext, phrase: str) -> Tree:
        steps = [*clear_view(context), *reach_grasp(context, phrase)]
        return Tree(TreeSequence("reach", memory=True, children=steps), context)

    result = run_instruction(
        thing.phrase, arm=simulator.arm, camera=simulator.camera, clock=simulator.clock, policy=policy,
        wrist_camera=simulator.wrist_camera, model=model, gains=gains, build_tree=reach,
    )  # fmt: skip
    tool = true_tool(simulator.world)
    reached = result.outcome.status == "SUCCESS"
    off = tool[:3, 3] - grasp
    turned = math.remainder(math.atan2(tool[1, 0], tool[0, 0]) - thing.yaw, math.pi / 2)
    pushed = float(np.linalg.norm(true_objects(simulator.world)[0].position - thing.position))
    return {
        "shape": thing.shape,
        "reached": reached,
        "why": "" if reached else result.outcome.cause,
        "sensed_mm": 1e3 * float(np.linalg.norm(off)) if reached else None,
        "sensed_across_mm": 1e3 * float(np.hypot(*off[:2])) if reached else None,
        "sensed_deg": math.degrees(abs(turned)) if reached and thing.shape == "block" else None,
        "pushed_mm": 1e3 * pushed,
        "reach_s": result.outcome.duration,
    }


def _mm_deg(A: FloatArray, B: FloatArray) -> tuple[float, float]:
    metres, radians = pose_distance(A, B)
    return 1e3 * metres, math.degrees(radians)


def _sum_up(rows: Sequence[Row], seeds: tuple[int, int]) -> Measured:
    rows = sorted(rows, key=lambda row: row["seed"])
    figures: dict[str, float | None] = {"poses": len(rows)}
    n: dict[str, int] = {"poses": len(rows)}
    for key in KEYS:
        values = [row[key] for row in rows if row[key] is not None]
        for suffix, q in (("", 0.5), ("_p95", 0.95), ("_worst", 1.0)):
            figures[key + suffix], n[key + suffix] = quantile(values, q), len(values)
    figures["tracking_rested"], n["tracking_rested"] = rate([row["rested"] for row in rows]), len(rows)
    figures["sensed_reached"], n["sensed_reached"] = rate([row["reached"] for row in rows]), len(rows)
    for key in ("reach_s", "settling_s"):
        figures[key], n[key] = quantile([row[key] for row in rows], 0.5), len(rows)
    cameras = {"translation_mm": 1e3 * ERRORS.translation, "rotation_deg": math.degrees(ERRORS.rotation),
               "depth_noise_mm_at_1_m": 1e3 * ERRORS.depth_noise}  # fmt: skip
    return Measured(
        seeds, figures, n, [{"camera_errors": cameras}, *rows], complete=len(rows) == seeds[1] - seeds[0]
    )
