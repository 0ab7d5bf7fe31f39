"""Put a named object in the bowl."""

from __future__ import annotations

from dataclasses import dataclass

from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene, words_of
from hybridctl.sim.tasks.pick_up import moved
from hybridctl.sim.truth import in_bowl, true_objects
from hybridctl.sim.world import SimWorld

SETTLED = 0.02


@dataclass(frozen=True)
class PutInBowlScore:
    """What the physics say of an episode that has ended.

    Attributes:
        success: The target rests in the bowl, alone of all objects, and the gripper has let go.
        target_in_bowl: The named object is in the bowl.
        wrong_in_bowl: Another object is.
        disturbed: How many other objects moved by more than 3 cm; told, not part of success.
    """

    success: bool
    target_in_bowl: bool
    wrong_in_bowl: bool
    disturbed: int


class PutInBowl:
    """The main job's task: `put the COLOUR SHAPE in the bowl`."""

    def __init__(self, seed: int, *, instruction: str | None = None) -> None:
        words = words_of(instruction) if instruction is not None else None
        self.scene: SceneSpec = sample_scene(seed, target=words)
        self.instruction = instruction or f"put the {self.scene.target.phrase} in the bowl"

    def score(self, world: SimWorld) -> PutInBowlScore:
        """Score the world as it is now."""
        objects = true_objects(world)
        inside = [in_bowl(world, o.position) for o in objects]
        resting = objects[0].speed < SETTLED
        let_go = bool(world.data.qpos[world.fingers].sum() > 0.05)
        return PutInBowlScore(
            success=inside[0] and not any(inside[1:]) and resting and let_go,
            target_in_bowl=inside[0],
            wrong_in_bowl=any(inside[1:]),
            disturbed=moved(world),
        )
