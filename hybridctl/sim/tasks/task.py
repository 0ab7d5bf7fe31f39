"""What a task is: a scene, an instruction, a plan that carries it out, and a goal that physics score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hybridctl.messages.condition import Condition
from hybridctl.messages.plan import Plan
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.truth import true_objects
from hybridctl.sim.world import Actor, SimWorld

DISTURBED = 0.03
"""What has moved farther than this counts as disturbed [m]."""


@dataclass(frozen=True)
class TaskScore:
    """What the physics say of an episode that has ended.

    Attributes:
        success: Every condition of the goal holds, or of one acceptable reading.
        met: Each condition's text, and whether it holds.
        disturbed: How many things that the task is not about moved by more than 3 cm.
    """

    success: bool
    met: dict[str, bool]
    disturbed: int


@dataclass(frozen=True)
class Task:
    """One episode's task.

    Attributes:
        name: Which task, as `hybridctl tasks` lists it.
        scene: What stands on the table.
        instruction: What the robot is told.
        plan: A plan that carries it out.
        goal: What must hold in the end.
        referents: Phrases of plan and goal that no single thing is called by, with the body that each means.
        about: Bodies that the task may move.
        language: Code of the instruction's language.
        split: Which split the scene is of.
        actors: Who acts on the scene meanwhile; made anew for each episode by the task's sampler.
        readings: Other goals that are as good: acceptable readings of a vague command.
        ambiguous: Whether asking back is the right act: the readings differ, and nothing speaks for one.
        time_limit: An episode ends by then [s].
    """

    name: str
    scene: SceneSpec
    instruction: str
    plan: Plan
    goal: tuple[Condition, ...]
    referents: Mapping[str, str] = field(default_factory=dict)
    about: frozenset[str] = frozenset()
    language: str = "en"
    split: str = "seen"
    actors: tuple[Actor, ...] = ()
    readings: tuple[tuple[Condition, ...], ...] = ()
    ambiguous: bool = False
    time_limit: float = 60.0

    def score(self, world: SimWorld) -> TaskScore:
        """Score the world as it is now."""
        truth = TruthOf(world, self.referents)
        options = [{c: truth.holds(c) for c in goal} for goal in (self.goal, *self.readings)]
        best = max(options, key=lambda met: (all(met.values()), sum(met.values())))
        return TaskScore(
            success=all(best.values()),
            met={str(condition): held for condition, held in best.items()},
            disturbed=disturbed(world, self.about),
        )


def disturbed(world: SimWorld, about: frozenset[str]) -> int:
    """Return how many things, other than those that it is `about`, moved by more than DISTURBED."""
    return sum(
        thing.body not in about
        and float(np.hypot(thing.position[0] - thing.spec.x, thing.position[1] - thing.spec.y)) > DISTURBED
        for thing in true_objects(world)
    )
