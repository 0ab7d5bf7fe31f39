"""Put a named object in the bowl and touch nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridctl.sim.scene import SceneSpec, sample_scene, words_of
from hybridctl.sim.truth import in_bowl, true_objects
from hybridctl.sim.world import SimWorld

SETTLED = 0.02
MOVED = 0.03


@dataclass(frozen=True)
class Score:
    """What the physics say of an episode that has ended.

    Attributes:
        success: The target rests in the bowl, alone of all objects, and the gripper has let go.
        target_in_bowl: The named object is in the bowl.
        wrong_in_bowl: Another object is.
        disturbed: How many other objects moved by more than 3 cm.
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

    def score(self, world: SimWorld) -> Score:
        """Score the world as it is now."""
        objects = true_objects(world)
        inside = [in_bowl(world, o.position) for o in objects]
        target = objects[0]
        resting = target.speed < SETTLED
        let_go = bool(world.data.qpos[world.fingers].sum() > 0.05)
        moved = [
            float(np.hypot(o.position[0] - spec.x, o.position[1] - spec.y)) > MOVED
            for o, spec in zip(objects[1:], self.scene.objects[1:], strict=True)
        ]
        return Score(
            success=inside[0] and not any(inside[1:]) and resting and let_go,
            target_in_bowl=inside[0],
            wrong_in_bowl=any(inside[1:]),
            disturbed=sum(moved),
        )
