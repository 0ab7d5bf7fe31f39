"""`hybridctl bench loop`: whether a 1 kHz loop on one core keeps time and bounds, beside an empty loop."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from controllers import Controller, Interpolator, RobotModel, load_gains
from hybridctl.bench.report import FIRST_EVALUATION_SEED, Job, Measured
from hybridctl.bench.statistics import quantile
from hybridctl.messages.action import PoseTarget
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import FloatArray

TICKS, QUICK_TICKS = 60_000, 10_000
DT = 0.001  # s
WARM_UP = 500  # ticks before those that count
SPIN = 1.5e-4  # s: a sleep ends up to this late, so the rest is waited for awake
LATE = 1e-3  # s: a tick that begins later than this is missed
HEADER = 2  # tick and control time, before q and dq, in what the two processes send each other


@dataclass(frozen=True, eq=False)
class Timing:
    """One run of the loop.

    Attributes:
        late: How long after its time each tick began, shape (ticks,) [s].
        work: How long its work took, shape (ticks,) [s].
        q: Output of each tick, shape (ticks, n) [rad]; (ticks, 0) of an empty loop.
        braking: How many ticks the interpolator was braking for want of a command it could follow.
        answered: How many ticks after its measurement each command came, shape (commands,).
        real_time: Whether the system gave the loop real-time priority.
    """

    late: FloatArray
    work: FloatArray
    q: FloatArray
    braking: int
    answered: FloatArray
    real_time: bool


def measure(job: Job) -> Measured:
    """Compare an empty loop, the loop at work and the empty one again, all on the same core."""
    ticks = QUICK_TICKS if job.quick else TICKS
    seeds = job.seeds or (FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + 1)
    Console(stderr=True).print(f"1 kHz for {2 * ticks * DT:.0f} s; whatever else runs now is measured too")
    empty, loaded = run_loops(ticks, seed=seeds[0])
    model = RobotModel.load("panda")
    figures: dict[str, float | None] = {"ticks": ticks}
    for prefix, timing in (("", loaded), ("empty_", empty)):
        figures[f"{prefix}missed_ticks"] = int(np.sum(timing.late > LATE))
        for name, q in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)):
            figures[f"{prefix}jitter_ms_{name}"] = quantile(list(1e3 * timing.late), q)
    figures["work_ms_p50"] = quantile(list(1e3 * loaded.work), 0.5)
    figures["work_ms_p99"] = quantile(list(1e3 * loaded.work), 0.99)
    figures["braking_ticks"] = loaded.braking
    figures["answer_ticks_p99"] = quantile(list(loaded.answered), 0.99)
    figures |= worst_ratios(loaded.q, dq_max=model.dq_max, ddq_max=model.ddq_max, dddq_max=model.dddq_max)
    outside = np.maximum(model.q_min - loaded.q, loaded.q - model.q_max).max()
    figures["worst_position_rad"] = max(0.0, round(float(outside), 9))
    n = dict.fromkeys(figures, ticks) | {"answer_ticks_p99": len(loaded.answered)}
    return Measured(seeds, figures, n, [{"real_time_priority": loaded.real_time}])


def worst_ratios(
    q: FloatArray, *, dq_max: FloatArray, ddq_max: FloatArray, dddq_max: FloatArray
) -> dict[str, float]:
    """Return the largest velocity, acceleration and jerk of outputs, each over its limit.

    They are first, second and third differences, as a robot's interface takes them.

    Args:
        q: Outputs from rest on, shape (ticks, n) [rad].
        dq_max: Velocity limits, shape (n,) [rad/s].
        ddq_max: Acceleration limits, shape (n,) [rad/s²].
        dddq_max: Jerk limits, shape (n,) [rad/s³].
    """
    q = np.vstack((q[:1], q[:1], q))
    limits = {"velocity": dq_max, "acceleration": ddq_max, "jerk": dddq_max}
    return {
        f"worst_{name}_ratio": round(float((np.abs(np.diff(q, n=k, axis=0)) / DT**k / limit).max()), 9)
        for k, (name, limit) in enumerate(limits.items(), start=1)
    }


def run_loops(ticks: int, *, seed: int) -> tuple[Timing, Timing]:
    """Return the timing of an empty loop, half before and half after, and of the loop at work.

    The loop has a process of its own, since one interpreter gives way to its other threads for 5 ms at a
    time; the controller has another, and each a core where there are two.
    """
    context = multiprocessing.get_context("spawn")
    servo_side, control_side = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as folder, servo_side, control_side:
        control = context.Process(target=_control, args=(control_side, seed), daemon=True)
        control.start()
        path = Path(folder) / "timing.npz"
        servo = context.Process(target=_servo, args=(servo_side, ticks, path), daemon=True)
        servo.start()
        servo.join()
        control.terminate()
        control.join()
        if servo.exitcode != 0:
            raise RuntimeError(f"the loop's process ended with status {servo.exitcode}")
        with np.load(path) as kept:
            real_time = bool(kept["real_time"])
            none = np.zeros((ticks, 0)), 0, np.zeros(0)
            return (
                Timing(kept["empty_late"], kept["empty_work"], *none, real_time),
                Timing(
                    kept["late"], kept["work"], kept["q"], int(kept["braking"]), kept["answered"], real_time
                ),
            )


def _servo(control: socket.socket, ticks: int, path: Path) -> None:
    """Keep time at 1 kHz: an empty loop, one that interpolates what the controller commands, an empty one."""
    control.recv(1)  # the controller is ready
    control.setblocking(False)
    real_time = _keep_to_core(first=True)
    model, gains = RobotModel.load("panda"), load_gains()
    margin = gains.scales.joint_margin
    interpolator = Interpolator(
        q_min=model.q_min + margin,
        q_max=model.q_max - margin,
        dq_max=model.dq_max,
        ddq_max=model.ddq_max,
        dddq_max=model.dddq_max,
        period=gains.dt,
        dt=DT,
    )
    interpolator.reset(q=model.q_rest)
    n, each = model.n, round(gains.dt / DT)
    outputs = np.empty((ticks + WARM_UP, n))
    braking = np.zeros(ticks + WARM_UP, dtype=bool)
    answered = []
    gc.freeze()
    gc.disable()

    def nothing(tick: int) -> None:
        pass

    def interpolate(tick: int) -> None:
        if tick % each == 0:
            control.send(np.concatenate(((tick, tick * DT), interpolator.q, interpolator.dq)).tobytes())
        try:
            command = np.frombuffer(control.recv(4096))
        except BlockingIOError:
            pass
        else:
            since = tick - int(command[0])
            answered.append(since)
            interpolator.follow(
                q=command[HEADER : HEADER + n], dq=command[HEADER + n :], due=gains.dt - since * DT
            )
        outputs[tick] = interpolator.step()[0]
        braking[tick] = interpolator.braking

    half = ticks // 2
    before = _kept_time(nothing, half)
    loaded = _kept_time(interpolate, ticks + WARM_UP)
    after = _kept_time(nothing, ticks - half)
    np.savez(
        path,
        empty_late=np.append(before[0], after[0]),
        empty_work=np.append(before[1], after[1]),
        late=loaded[0][WARM_UP:],
        work=loaded[1][WARM_UP:],
        q=outputs,  # from rest on: bounds hold in the warm-up too
        braking=int(braking[WARM_UP:].sum()),
        answered=np.array(answered),
        real_time=real_time,
    )


def _kept_time(work: Callable[[int], None], ticks: int) -> tuple[FloatArray, FloatArray]:
    """Call `work(tick)` every millisecond; return how late each call began and how long it took [s]."""
    late, took = np.empty(ticks), np.empty(ticks)
    clock, sleep = time.monotonic, time.sleep
    start = clock() + 0.01
    for tick in range(ticks):
        due = start + tick * DT
        left = due - clock()
        if left > SPIN:
            sleep(left - SPIN)
        while (began := clock()) < due:
            pass
        work(tick)
        late[tick], took[tick] = began - due, clock() - began
    return late, took


def _control(servo: socket.socket, seed: int) -> None:
    """Answer every measurement by a command of the controller, which is asked to go here and there."""
    _keep_to_core(first=False)
    model, gains = RobotModel.load("panda"), load_gains()
    controller = Controller(model, gains)
    rng = np.random.default_rng(seed)
    goal, n = _goal(rng), model.n
    controller.start(_state(model.q_rest, np.zeros(n), 0.0))
    for _ in range(50):  # what a first step compiles or loads is not part of the loop
        controller.set_target(PoseTarget(goal, stamp=0.0))
        controller.step(_state(model.q_rest, np.zeros(n), 0.0), now=0.0)
    controller.start(_state(model.q_rest, np.zeros(n), 0.0))
    servo.send(b"!")
    while True:
        message = np.frombuffer(servo.recv(4096))
        now = float(message[1])
        if rng.random() < gains.dt:  # about once a second
            goal = _goal(rng)
        controller.set_target(PoseTarget(goal, stamp=now))
        state = _state(message[HEADER : HEADER + n], message[HEADER + n :], now)
        command = controller.step(state, now=now).command
        servo.send(np.concatenate((message[:HEADER], command.q, command.dq)).tobytes())


def _goal(rng: np.random.Generator) -> FloatArray:
    """Return a pose with the tool down, up to 0.2 m outside the workspace, shape (4, 4) [m]."""
    T = np.diag((1.0, -1.0, -1.0, 1.0))
    T[:3, 3] = rng.uniform((0.1, -0.6, -0.1), (0.9, 0.6, 0.9))
    return T


def _state(q: FloatArray, dq: FloatArray, stamp: float) -> ArmState:
    return ArmState(q=q, dq=dq, tau=np.zeros_like(q), gripper_width=0.04, gripper_force=0.0, stamp=stamp)


def _keep_to_core(*, first: bool) -> bool:
    """Keep the first process to one core, the other to the rest; return whether it has real-time priority."""
    if not hasattr(os, "sched_setaffinity"):  # not Linux: the scheduler decides
        return False
    *others, last = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {last} if first else set(others) or {last})
    if first:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
            return True
    return False
