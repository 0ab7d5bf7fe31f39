"""The main job: follow one instruction on the simulated arm and report what came of it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from controllers.gains import Gains, load_gains
from controllers.gains_file import GainsFile
from controllers.robot_model import RobotModel
from hybridctl.assembly import WatchGains, run_instruction
from hybridctl.data.episode_recorder import FRAMES_PER_SECOND, EpisodeRecorder, TakePicture
from hybridctl.data.lerobot_layout import DatasetError
from hybridctl.gains_watch import GainsWatch
from hybridctl.progress import Progress
from hybridctl.record import Recorder, refuse_used_folder, resumed_line, write_html
from hybridctl.resume import CutShort, only_process
from hybridctl.runtime import Listener
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.vla.policy import CheckpointPolicy, load_policy
from hybridctl.vla.queue import LockstepQueue, ThreadedQueue
from hybridctl.workplaces import Apart, InProcess, Workplace


def run_main_job(
    instruction: str,
    *,
    seed: int,
    out: Path,
    arm: str = "sim",
    gains_file: Path | None = None,
    watch_gains: bool = False,
    policy_folder: Path | None = None,
    renderer: str = "auto",
    camera_errors: CameraErrors | None = None,
    time_limit: float = 60.0,
    video: bool = True,
    dataset: Path | None = None,
    keep_failures: bool = False,
    resume: CutShort | None = None,
    console: Console,
) -> dict[str, Any]:
    """Run once, or go on with a run, and return the report that is also written to `out/report.json`.

    An instruction that no task scores (`score` is null) counts as done when the tree says so. With `dataset`
    the run is appended to that folder as an episode if it was done, with `keep_failures` also if not; the
    report's `episode` says what came of that. With `watch_gains` edits of the gains file take effect while
    the arm moves. With `resume` the run in `out` goes on, on the arm that it was on.

    Raises:
        DatasetError: `dataset` holds something else, or episodes of another kind.
        InstructionError: the instruction is empty or holds words that the model does not know.
        GainsError, CheckpointError: a file is missing or wrong.
        FileExistsError: `out` is a file, or holds a run already.
        AddressError, ConnectionLost, WireError: `arm` is no address, or nobody answers there.
        ResumeError: another process runs in `out`, or at `arm` is another arm than that of the run to resume.
    """
    torch.set_num_threads(1)
    watched = GainsFile(gains_file) if watch_gains else None
    gains = watched.gains if watched is not None else load_gains(gains_file)
    policy = load_policy(policy_folder)
    policy.checked_instruction(instruction)
    if resume is None:
        refuse_used_folder(out)
    if arm == "sim":
        place: Workplace = InProcess(
            instruction, seed=seed, renderer=renderer, gains=gains, camera_errors=camera_errors
        )
    else:
        place = Apart(arm)
    try:
        if resume is not None:
            resume.check_arm(arm, serial=place.serial)
        with ExitStack() as stack:
            listeners: tuple[Listener, ...] = place.listeners
            episodes = None
            if dataset is not None:
                # Opened first: what is wrong with the folder is said before anything moves or is written.
                opened = _episode_recorder(dataset, place, keep_failures=keep_failures)
                episodes = stack.enter_context(opened)
                listeners = (*listeners, episodes)
            if resume is None:  # who resumes has kept others out since before it read the folder
                out.mkdir(parents=True, exist_ok=True)
                stack.enter_context(only_process(out))
            recorder = stack.enter_context(
                Recorder(
                    out, instruction=instruction, video=video, frame=place.frame,
                    realtime=_is_realtime(place), resume=resume is not None,
                )
            )  # fmt: skip
            progress = stack.enter_context(Progress(console))
            report = _run(
                instruction, place, policy=policy, gains=gains, recorder=recorder,
                listeners=(progress, *listeners), time_limit=time_limit,
                watch_gains=None if watched is None else _watch(watched, place, recorder, console),
                about={
                    "arm": arm, "serial": place.serial, "gains": _absolute(gains_file),
                    "policy": _absolute(policy_folder),
                },
                resume=resume,
            )  # fmt: skip
            report["seed"] = seed if arm == "sim" else None
            report["episode"] = None if episodes is None else _end_episode(episodes, report)
        recorder.write_report(report)
        write_html(out)
        return report
    finally:
        place.close()


def _run(
    instruction: str,
    place: Workplace,
    *,
    policy: CheckpointPolicy,
    gains: Gains,
    recorder: Recorder,
    listeners: tuple[Listener, ...],
    time_limit: float,
    watch_gains: WatchGains | None,
    about: dict[str, Any],
    resume: CutShort | None,
) -> dict[str, Any]:
    queue = ThreadedQueue(policy, place.clock) if _is_realtime(place) else LockstepQueue(policy, place.clock)
    started = perf_counter()
    try:
        result = run_instruction(
            instruction,
            arm=place.arm,
            camera=place.camera,
            wrist_camera=place.wrist_camera,
            clock=place.clock,
            policy=queue,
            gains=gains,
            watch_gains=watch_gains,
            recorder=recorder,
            listeners=listeners,
            time_limit=time_limit,
            about=about,
            resume=resume,
        )
    finally:
        if isinstance(queue, ThreadedQueue):
            queue.close()
    wall = perf_counter() - started
    outcome, score = result.outcome, place.score()
    return {
        "instruction": instruction,
        "success": bool(outcome.status == "SUCCESS" and (score is None or score["success"])),
        "status": outcome.status,
        "cause": outcome.cause,
        "stop": outcome.stop_report,
        "unwatched": outcome.unwatched,
        "plan": str(result.context.plan),
        "score": score,
        "sim_seconds": round(outcome.duration, 3),
        "wall_seconds": round(wall, 3),
        "token_motion_share": round(outcome.token_share, 4),
        "token_share_of_approach": round(outcome.approach_token_share, 4),
        "path_m": {name: round(value, 4) for name, value in outcome.path.items()},
        "violations": place.violations(outcome),
        "controller_status": outcome.statuses,
        "mpc_ms_median": round(float(np.median(outcome.solve_ms)), 4) if outcome.solve_ms else None,
        "vla_ms_median": round(float(np.median(result.vla_ms)), 3) if result.vla_ms else None,
        "vla_calls": len(result.vla_ms),
        "failures": outcome.failures,
        "camera": place.camera_name,
        "resumed": result.resumptions,
    }


def _watch(file: GainsFile, place: Workplace, recorder: Recorder, console: Console) -> WatchGains:
    def say(text: str) -> None:
        console.print(text, markup=False)
        recorder.on_event(place.clock.now(), "gains", text, {"file": str(file.path)})

    return lambda controller: GainsWatch(controller, file, say=say, followers=(place.take_gains,))


def _episode_recorder(folder: Path, place: Workplace, *, keep_failures: bool) -> EpisodeRecorder:
    measured = place.arm.read()

    def scene() -> NDArray[np.uint8]:
        return place.camera.capture(measured, np.eye(4)).rgb  # the arm's state goes into its own features

    cameras: dict[str, TakePicture] = {"scene": scene}
    if place.frame is not None:
        cameras["viewer"] = place.frame
    return EpisodeRecorder(
        folder,
        fps=FRAMES_PER_SECOND,
        joint_names=RobotModel.load("panda").joint_names,
        cameras=cameras,
        measured=measured,
        robot_type="panda",
        keep_failures=keep_failures,
    )


def _end_episode(episodes: EpisodeRecorder, report: dict[str, Any]) -> dict[str, Any]:
    """Return the dataset's folder, the episode's index if the run was kept, and why it could not be."""
    index, problem = None, ""
    try:
        if episodes.end_run(report["instruction"], succeeded=report["success"]):
            index = episodes.episodes - 1
        problem = episodes.problem
    except (DatasetError, OSError) as error:  # the run's own report is written all the same
        problem = f"{type(error).__name__}: {error}"
    return {"dataset": str(episodes.folder), "index": index, "problem": problem}


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def _episode_line(episode: dict[str, Any]) -> str:
    if episode["index"] is not None:
        return f"episode {episode['index']} of {episode['dataset']}"
    return f"not kept: {episode['problem'] or 'the task failed (--keep-failures keeps such runs too)'}"


def _is_realtime(place: Workplace) -> bool:
    return isinstance(place, Apart) and place.realtime


def summary(report: dict[str, Any], out: Path) -> Table:
    """Return the report as a table for people."""
    word = "done" if report["success"] else "failed"
    table = Table(title=f"{word}: {report['instruction']}", show_header=False, title_justify="left")
    rows = {
        "plan": report["plan"],
        "ended": f"{report['status']} ({report['cause']})",
        "time": f"{report['sim_seconds']:.1f} s simulated in {report['wall_seconds']:.1f} s",
        "path driven by tokens": f"{100 * report['token_motion_share']:.0f} % of the whole, "
        f"{100 * report['token_share_of_approach']:.0f} % of the way to things",
        "limit violations": str(sum(report["violations"].values())),
        "MPC, VLA": f"{_ms(report['mpc_ms_median'])} a step, {_ms(report['vla_ms_median'])} an answer",
        "camera": report["camera"],
        "recorded in": str(out),
    }
    if report["resumed"]:
        rows["resumed"] = resumed_line(report["resumed"])
    if report["episode"] is not None:
        rows["episode"] = _episode_line(report["episode"])
    for name, value in rows.items():
        table.add_row(name, value)
    for failure in report["failures"]:
        table.add_row("on the way", f"{failure['leaf']}: {failure['kind']}: {failure['why']}")
    return table


def _ms(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.2g} ms"
