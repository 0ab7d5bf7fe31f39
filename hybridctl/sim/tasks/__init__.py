"""Tasks: reset by a seed, scored from simulator truth."""

from hybridctl.sim.table_scene import words_of
from hybridctl.sim.tasks.pick_up import PickUp
from hybridctl.sim.tasks.put_in_bowl import PutInBowl

__all__ = ["PickUp", "PutInBowl", "task_for"]


def task_for(instruction: str, seed: int) -> PutInBowl | PickUp | None:
    """Return the task that scores an instruction by its words; None where none does."""
    if words_of(instruction) is None:
        return None
    words = instruction.lower().split()
    return (PutInBowl if "bowl" in words else PickUp)(seed, instruction=instruction)
