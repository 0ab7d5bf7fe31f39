"""Pick a named object up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene, words_of
from hybridctl.sim.truth import true_objects
from hybridctl.sim.world import SimWorld

LIFTED = 0.10
IN_HAND = 0.03


@dataclass(frozen=True)
class PickUpScore:
    """What the physics say.

    Attributes:
        success: The named object is in the hand, 10 cm or more above the table.
        height: Height of its centre [m].
        disturbed: How many other objects moved by more than 3 cm.
    """

    success: bool
    height: float
    disturbed: int


class PickUp:
    """`pick up the COLOUR SHAPE`."""

    def __init__(self, seed: int, *, instruction: str | None = None) -> None:
        words = words_of(instruction) if instruction is not None else None
        self.scene: SceneSpec = sample_scene(seed, target=words)
        self.instruction = instruction or f"pick up the {self.scene.target.phrase}"

    def score(self, world: SimWorld) -> PickUpScore:
        """Score the world as it is now."""
        objects = true_objects(world)
        target = objects[0]
        hand = world.data.site("panda/tool").xpos
        return PickUpScore(
            success=bool(target.position[2] > LIFTED and np.linalg.norm(target.position - hand) < IN_HAND),
            height=float(target.position[2]),
            disturbed=moved(world),
        )


def moved(world: SimWorld, *, by: float = 0.03) -> int:
    """Return how many objects other than the target moved by more than `by` [m] since the reset."""
    pairs = zip(true_objects(world)[1:], world.scene.objects[1:], strict=True)
    return sum(float(np.hypot(o.position[0] - s.x, o.position[1] - s.y)) > by for o, s in pairs)
