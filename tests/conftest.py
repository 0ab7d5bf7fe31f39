"""Fixtures that several folders use: one simulator, one model, one robot a session."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
import torch

from behaviors import TreeContext
from controllers.controller import Controller
from controllers.gains import load_gains
from controllers.robot_model import RobotModel
from hybridctl.assembly import Simulator
from hybridctl.data.expert_policy import ExpertPolicy
from hybridctl.messages.policy import VlaPolicy
from hybridctl.sim.tasks.put_in_bowl import PutInBowl
from hybridctl.vla.action_tokens import ActionTokenizer
from hybridctl.vla.policy import CheckpointPolicy, load_policy
from hybridctl.vla.queue import LockstepQueue
from hybridctl.vla.statistics import EMBEDDED_STATISTICS
from world_state.memory import WorldMemory

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    simulator = Simulator("ray")  # the same pixels on every machine, with or without OpenGL
    yield simulator
    simulator.close()


@pytest.fixture(scope="session")
def robot() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def shipped() -> CheckpointPolicy:
    return load_policy()


@pytest.fixture
def task(simulator: Simulator) -> PutInBowl:
    task = PutInBowl(900_001)
    simulator.reset(task.scene)
    return task


@pytest.fixture
def expert(simulator: Simulator) -> ExpertPolicy:
    return ExpertPolicy(simulator.world, ActionTokenizer(EMBEDDED_STATISTICS.action_spec()))


@pytest.fixture
def make_context(simulator: Simulator, robot: RobotModel) -> Callable[[VlaPolicy], TreeContext]:
    def make(policy: VlaPolicy) -> TreeContext:
        clock = simulator.clock
        return TreeContext(
            memory=WorldMemory(None, clock=clock),
            policy=LockstepQueue(policy, clock),
            controller=Controller(robot, load_gains()),
            camera=simulator.camera,
            clock=clock,
        )

    return make


class SimulatorProcess(NamedTuple):
    """A simulator that runs apart, and where."""

    address: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="session")
def start_simulator() -> Iterator[Callable[..., SimulatorProcess]]:
    """Start `python -m hybridctl.sim.server`; all of them are killed at the end of the session."""
    processes = []

    def start(
        *more: str, seed: int = 3, mode: str = "lockstep", instruction: str | None = None
    ) -> SimulatorProcess:
        command = [sys.executable, "-m", "hybridctl.sim.server", "--renderer", "ray", *more]
        if instruction is not None:
            command += ["--instruction", instruction]
        process = subprocess.Popen(
            [*command, "--seed", str(seed), "--mode", mode], stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on sim://127.0.0.1:"), line
        return SimulatorProcess(line.split()[-1], process)

    yield start
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
