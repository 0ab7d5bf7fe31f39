"""`hybridctl bench mpc-stress`: what the controller keeps under jumps, obstacles and starts beyond bounds.

Each seed is one motion of 500 ticks on each plant: the ideal one (the command is the next state) and MuJoCo's
servos. Joint bounds are judged on the commands, from a start beyond them as reentry.py says; on MuJoCo the
measured state too, against the robot's own limits. Box and distances count from the first tick at which they
and the joint bounds are all kept: at once, but for starts beyond bounds. A distance to an obstacle that moves
counts where the arm's body moves into it (an obstacle that runs into an arm at rest, or that overtakes one
that gives way, is not the arm's doing); the worst of all distances, at all times, is reported as `any`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from controllers.controller import Controller
from controllers.gains import Gains, load_gains
from controllers.robot_model import RobotModel
from hybridctl.arms.simulated import SimulatedArm
from hybridctl.bench.episodes import Row, run_episodes
from hybridctl.bench.motion_check import Judgement, MotionCheck
from hybridctl.bench.reentry import judge_joints
from hybridctl.bench.report import FIRST_EVALUATION_SEED, Job, Measured
from hybridctl.bench.stress_case import STARTS, StressCase, draw_case
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.world import SimWorld

TICKS = 500
EPISODES, QUICK_EPISODES = 200, 16
PLANTS = {"ideal": "", "mujoco": "_mujoco"}
"""Plants, and the suffix of their figures."""
STOPS_APART = 0.15
"""How much further out the simulated joints' stops are: theirs would push the arm back in [rad]."""
SOFT = ("box", "self_collision", "table", "world")
Episode = tuple[str, int]


@dataclass
class Motion:
    """What was commanded and measured; row 0 is the start."""

    q: list[FloatArray]
    dq: list[FloatArray]
    q_measured: list[FloatArray]
    dq_measured: list[FloatArray]
    tau: list[FloatArray]
    statuses: Counter[str]
    stopped: list[bool] = field(default_factory=list)


@dataclass
class _Worker:
    """What a process keeps from one episode to the next."""

    robot: RobotModel
    gains: Gains
    controller: Controller
    world: SimWorld | None = None


_worker: _Worker | None = None


def measure(job: Job) -> Measured:
    """Run every seed on both plants and sum up."""
    count = QUICK_EPISODES if job.quick else EPISODES
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + count)
    episodes: list[Episode] = [(plant, seed) for seed in range(*seeds) for plant in PLANTS]
    rows = run_episodes(
        episodes, run_episode, job=job, name_of=lambda e: e, named=lambda row: (row["plant"], row["seed"])
    )
    measured = _sum_up(rows, seeds)
    return replace(measured, complete=len(rows) >= len(episodes))


def run_episode(episode: Episode) -> Row:
    """Run one seed on one plant and judge it."""
    global _worker
    plant, seed = episode
    if _worker is not None and _worker.controller.stop is not None:
        # A contact in the episode before: a stop outlives a new start, as it should.
        _worker.controller.reset_stop(acknowledged_cause=_worker.controller.stop.cause)
    if _worker is None:
        robot, gains = RobotModel.load("panda"), load_gains()
        _worker = _Worker(robot, gains, Controller(robot, gains))
    case = draw_case(_worker.robot, _worker.gains, seed, ticks=TICKS)
    if plant == "mujoco":
        _worker.world = _worker.world or _empty_world()
        motion = _on_servos(_worker.controller, case, _worker.world)
    else:
        motion = _on_ideal_plant(_worker.controller, case)
    verdict = judge_motion(_worker.robot, _worker.gains, case, motion, measured=plant == "mujoco")
    return {"plant": plant, "seed": seed, "start": case.start, **verdict}


def judge_motion(robot: RobotModel, gains: Gains, case: StressCase, motion: Motion, *, measured: bool) -> Row:
    """Return what a motion broke.

    Args:
        robot: The robot.
        gains: Its limits.
        case: The start, and the obstacles at the beginning.
        motion: What was commanded and measured.
        measured: Whether box, distances and torques are the measured ones, not those of the commands.
    """
    check = MotionCheck(robot, gains, case.obstacles)
    q, dq = np.array(motion.q), np.array(motion.dq)
    bounds = {"q_min": check.q_min, "q_max": check.q_max, "dq_max": check.dq_max, "ddq_max": check.ddq_max}
    stops = np.array(motion.stopped, dtype=bool), gains.contacts.braking * robot.ddq_max
    joints = judge_joints(q, dq, **bounds, dt=gains.dt, stops=stops if any(motion.stopped) else None)
    broken = Counter({f"command_{name}": count for name, count in joints.broken.items()})
    reentry = len(q) if joints.ticks is None else joints.ticks
    ddq = np.diff(dq, axis=0, prepend=dq[:1]) / gains.dt
    if measured:
        broken.update(_measured_joints(robot, motion, reentry, start=case.start))
        q, dq = np.array(motion.q_measured), np.array(motion.dq_measured)
    judged = [
        check.judge(q[k], dq[k], ddq[k], tuple(o.at(k * gains.dt) for o in case.obstacles))
        for k in range(len(q))
    ]
    first = _first_kept(judged, reentry) if case.start in ("outside", "too_fast") else 0
    counted = judged[first:]
    ratio = max(1.0 - one.room["torque"] for one in judged)
    if measured:
        ratio = float((np.abs(np.array(motion.tau)) / robot.tau_max).max())
    return {
        "ticks": len(q) - 1,
        "broken": dict(broken),
        "reentry_s": None if joints.ticks is None else round(joints.ticks * gains.dt, 4),
        "counted_from_s": round(first * gains.dt, 4),
        "box_mm": _deepest(one.room["box"] for one in counted),
        "self_collision_mm": _deepest(one.room["self_collision"] for one in counted),
        "table_mm": _deepest(one.room["table"] for one in counted),
        "world_mm": _deepest(one.world_of_arm for one in counted),
        "world_any_mm": _deepest(one.room["world"] for one in judged),
        "torque_ratio": round(ratio, 4),
        "statuses": dict(motion.statuses),
    }


def _on_ideal_plant(controller: Controller, case: StressCase) -> Motion:
    q, dq = case.q, case.dq
    motion = Motion([q], [dq], [q], [dq], [np.zeros_like(q)], Counter())
    dt = controller.gains.dt
    controller.start(ArmState(q, dq, np.zeros_like(q), 0.08, 0.0, -dt))
    controller.step(ArmState(q, dq, np.zeros_like(q), 0.08, 0.0, -dt), now=-dt)
    for k in range(TICKS):
        state = ArmState(q, dq, np.zeros_like(q), 0.08, 0.0, k * dt)
        q, dq = _command(controller, case, state, k, motion)
        motion.q_measured.append(q)
        motion.dq_measured.append(dq)
        motion.tau.append(np.zeros_like(q))
    return motion


def _on_servos(controller: Controller, case: StressCase, world: SimWorld) -> Motion:
    world.reset(world.scene)
    joints = [world.model.joint(f"panda/joint{i + 1}").id for i in range(len(case.q))]
    world.model.jnt_range[joints] = np.column_stack(
        (controller.model.q_min - STOPS_APART, controller.model.q_max + STOPS_APART)
    )
    world.set_arm(case.q, 0.08)
    world.data.qvel[world.arm_dofs] = case.dq
    motion = Motion([case.q], [case.dq], [case.q], [case.dq], [np.zeros_like(case.q)], Counter())
    dt = controller.gains.dt
    with SimulatedArm(world) as arm:
        state = arm.read()
        controller.start(state)
        arm.send(controller.step(state, now=world.now()).command)
        for k in range(TICKS):
            _command(controller, case, state, k, motion, arm)
            world.sleep_until((k + 1) * dt)
            state = arm.read()
            motion.q_measured.append(state.q)
            motion.dq_measured.append(state.dq)
            motion.tau.append(state.tau)
    return motion


def _command(
    controller: Controller,
    case: StressCase,
    state: ArmState,
    k: int,
    motion: Motion,
    arm: SimulatedArm | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Take one step, send it to an arm if there is one, and write it down."""
    now = k * controller.gains.dt
    controller.set_obstacles(tuple(obstacle.at(now) for obstacle in case.obstacles))
    controller.set_target(PoseTarget(case.target(k), now))
    result = controller.step(state, now=now)
    if arm is not None:
        arm.send(result.command)
    motion.q.append(result.command.q)
    motion.dq.append(result.command.dq)
    motion.statuses[result.status] += 1
    motion.stopped.append(result.stop is not None)
    return result.command.q, result.command.dq


def _measured_joints(robot: RobotModel, motion: Motion, reentry: int, *, start: str) -> Counter[str]:
    """Count ticks after re-entry in which the measured state is beyond the robot's own limits."""
    q, dq = np.array(motion.q_measured)[reentry:], np.array(motion.dq_measured)[reentry:]
    beyond = np.maximum(robot.q_min - q, q - robot.q_max).max(axis=1) > 0.0
    if start == "outside":  # the arm lags behind its command, so it comes in a little later
        inside = np.flatnonzero(~beyond)
        beyond = beyond[inside[0] :] if len(inside) else beyond
    too_fast = (np.abs(dq) > robot.dq_max).any(axis=1)
    found = {"measured_position": int(beyond.sum()), "measured_velocity": int(too_fast.sum())}
    return Counter({name: count for name, count in found.items() if count})


def _first_kept(judged: list[Judgement], reentry: int) -> int:
    """Return the first tick after re-entry at which box and all distances are kept."""
    for k in range(reentry, len(judged)):
        if all(judged[k].room[limit] >= 0.0 for limit in SOFT):
            return k
    return len(judged) - 1


def _deepest(room: Iterable[float]) -> float:
    """Return by how much a limit is broken at worst [mm]; 0 if never."""
    return round(1e3 * max(0.0, -min(room)), 4)


def _empty_world() -> SimWorld:
    return SimWorld(replace(sample_scene(0), objects=(), fixtures=()))


def _sum_up(rows: list[Row], seeds: tuple[int, int]) -> Measured:
    rows = sorted(rows, key=lambda row: (list(PLANTS).index(row["plant"]), row["seed"]))
    figures: dict[str, float | None] = {}
    n: dict[str, int] = {}
    summary: list[Row] = []
    for plant, suffix in PLANTS.items():
        of_plant = [row for row in rows if row["plant"] == plant]
        found = _of_plant(of_plant)
        figures |= {f"{key}{suffix}": value for key, value in found.items()}
        n |= {f"{key}{suffix}": int(found["ticks"] or 0) for key in found}
        for start in STARTS:
            some = [row for row in of_plant if row["start"] == start]
            if some:
                summary.append({"of": plant, "start": start, "episodes": len(some), **_of_plant(some)})
        broken, statuses = Counter[str](), Counter[str]()
        for row in of_plant:
            broken.update(row["broken"])
            statuses.update(row["statuses"])
        summary.append({"of": plant, "broken_by_bound": dict(broken), "ticks_by_status": dict(statuses)})
    return Measured(seeds, figures, n, [*summary, *rows])


def _of_plant(rows: list[Row]) -> dict[str, Any]:
    beyond = [row for row in rows if row["start"] in ("outside", "too_fast")]

    def worst(*keys: str) -> float | None:
        return max((row[key] for row in rows for key in keys), default=None)

    return {
        "ticks": sum(row["ticks"] for row in rows),
        "joint_violations": sum(sum(row["broken"].values()) for row in rows) if rows else None,
        "never_reentered": sum(row["reentry_s"] is None for row in rows) if rows else None,
        "worst_reentry_s": max((r["reentry_s"] for r in beyond if r["reentry_s"] is not None), default=None),
        "worst_box_mm": worst("box_mm"),
        "worst_penetration_mm": worst("self_collision_mm", "table_mm", "world_mm"),
        "worst_penetration_any_mm": worst("self_collision_mm", "table_mm", "world_any_mm"),
        "worst_torque_ratio": worst("torque_ratio"),
    }
