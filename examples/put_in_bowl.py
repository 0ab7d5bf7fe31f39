"""The main job with a tree of your own: look, pick by action tokens, place, and check.

Run it:  python examples/put_in_bowl.py [--seed N]
"""

import argparse

from py_trees.composites import Sequence
from py_trees.decorators import Retry

from behaviors import Tree, TreeContext
from behaviors.perception import Look
from behaviors.skills import clear_view, pick, place_in
from hybridctl.assembly import Simulator, run_instruction
from hybridctl.sim.tasks.put_in_bowl import PutInBowl
from hybridctl.vla.policy import load_policy


def my_tree(context: TreeContext, instruction: str) -> Tree:
    """Say yourself what the VLA would plan: its answers still find the things and drive the arm."""
    thing = " ".join(instruction.split()[2:4])  # put the RED BLOCK in the bowl
    steps = [
        *clear_view(context),
        Look(context, "bowl"),
        pick(context, thing),
        place_in(context, thing, "bowl"),
    ]
    return Tree(Retry("my tree", Sequence("once", memory=True, children=steps), num_failures=2), context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2_000_000)
    seed = parser.parse_args().seed

    task = PutInBowl(seed, instruction="put the red block in the bowl")
    simulator = Simulator()
    simulator.reset(task.scene)
    result = run_instruction(
        task.instruction,
        arm=simulator.arm,
        camera=simulator.camera,
        clock=simulator.clock,
        policy=load_policy(),
        build_tree=my_tree,
    )
    slot = result.context.memory.slot("red block")
    print(f"{result.outcome.status}: the memory believes the red block at {slot.position.round(3)} m")
    print(f"tokens drove {result.outcome.token_share:.0%} of the way to things")
    print(f"the physics say: {task.score(simulator.world)}")


if __name__ == "__main__":
    main()
