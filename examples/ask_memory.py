"""A memory that is asked: looks by the shipped model, queries, expressions, and what was believed before.

Run it:  python examples/ask_memory.py [--store FILE]

With a file of yours the events stay there, and `hybridctl memory show FILE` reads them.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from controllers.robot_model import RobotModel
from hybridctl.assembly import Simulator
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.messages.policy import LocateRequest, VlaPolicy
from hybridctl.sim.tasks.put_in_bowl import PutInBowl
from hybridctl.sim.world import SimWorld
from hybridctl.vla.policy import load_policy
from world_state import AsOf, EventStore, WorldMemory
from world_state.changes import diff
from world_state.history import beliefs_at
from world_state.prediction.foresight import simulate

PHRASES = (
    "yellow block",
    "purple block",
    "yellow cylinder",
    "green cylinder",
    "red ball",
    "cyan ball",
    "bowl",
)
EXPRESSIONS = ("the block", "the yellow thing", "the ball left of the bowl", "the smallest block",
               "the thing nearest to the bowl", "the block next to the green cylinder",
               "the grey container")  # fmt: skip
PLAN = "pick purple block; place_in bowl; pick red ball; place_in cup"


@dataclass
class Somebody:
    """Puts the red ball elsewhere, once."""

    at: float = 4.0

    def reset(self, world: SimWorld) -> None:
        """Wait."""

    def act(self, world: SimWorld) -> None:
        """Take it and put it down."""
        if abs(world.now() - self.at) < 1e-6:
            first = int(world.model.joint("object4").qposadr[0])
            world.data.qpos[first : first + 2] = (0.60, -0.20)


def look(simulator: Simulator, memory: WorldMemory, model: RobotModel, policy: VlaPolicy) -> None:
    """Ask where everything is in one picture, and take in all answers together."""
    state = simulator.arm.read()
    picture = simulator.camera.capture(state, model.forward_kinematics(state.q))
    answers = {phrase: policy.locate(LocateRequest(picture, phrase)) for phrase in PHRASES}
    memory.see_all(picture, answers)


def feel(simulator: Simulator, memory: WorldMemory, model: RobotModel) -> None:
    """Feel for a moment whether the hand holds something; a tree does this at each tick."""
    for _ in range(5):
        simulator.clock.sleep_until(simulator.clock.now() + 0.05)
        state = simulator.arm.read()
        memory.feel(state, model.forward_kinematics(state.q), commanded_width=state.gripper_width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path)
    file = parser.parse_args().store

    simulator, policy, model = Simulator(), load_policy(), RobotModel.load("panda")
    simulator.reset(PutInBowl(900_002).scene, actors=(Somebody(),))
    console = Console(width=100)
    with tempfile.TemporaryDirectory() as folder, EventStore(file or Path(folder) / "events.db") as store:
        memory = WorldMemory(store, clock=simulator.clock)
        for time in (1.0, 2.0, 5.0, 6.0):
            simulator.clock.sleep_until(time)
            look(simulator, memory, model, policy)
        feel(simulator, memory, model)
        memory.be_told("what colour is the bowl", "grey", answers=("grey", "white", "brown"))

        table = Table("thing", "position [m]", "σ [mm]", "there", "in the bowl?", "left of it?")
        for slot in memory.slots():
            inside = memory.believes(Condition(Predicate.IN, slot.phrase, "bowl"))
            left = memory.relation("left of", slot.phrase, "bowl")
            table.add_row(
                f"{slot.id} {slot.phrase}", ", ".join(f"{x:.3f}" for x in slot.position),
                f"{1e3 * slot.covariance[0, 0] ** 0.5:.1f}", f"{slot.p_exists:.2f}",
                *(f"{judged.truth} ({judged.probability:.2f})" for judged in (inside, left)),
            )  # fmt: skip
        console.print(table)
        for expression in EXPRESSIONS:
            console.print(str(memory.refer(expression)), highlight=False, soft_wrap=True)
        console.print(simulate(memory.beliefs, parse_plan(PLAN), memory.now()).problem, soft_wrap=True)

        then = AsOf(beliefs_at(store, 3.0), 3.0)  # a memory that stands still at that time
        console.print(f"at 3 s the red ball was at {then.slot('red ball').position.round(3)} m; since then:")
        for change in diff(then.beliefs, memory.beliefs):
            console.print(f"  {change.subject} {change.what}", highlight=False)


if __name__ == "__main__":
    main()
