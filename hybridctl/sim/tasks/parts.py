"""A cup by a part of it: `pick up the cup by its handle`, scored by where the fingers touch."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import PARTS, Plan, Skill, Subgoal
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: Wordings = {
    "en": (
        "pick up {thing} by its {part:bare}",
        "take {thing} by {part}",
        "grasp {part} of {thing} and lift it",
    ),
    "zh": ("抓住{thing}的{part}把它拿起来", "捏着{part}拿起{thing}"),
    "es": ("coge {thing} por {part}", "levanta {thing} agarrándola por {part}"),
    "de": ("nimm {thing} an {part:dat}", "fasse {thing} an {part:dat} und hebe sie hoch"),
}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task that names the part of a cup to take it by."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    part = str(rng.choice(PARTS))
    builder.thing("cup")
    builder.fill()
    scene = builder.build()
    return Task(
        name="parts",
        scene=scene,
        instruction=said(rng, WORDINGS, language, thing="cup", part=part),
        plan=Plan((Subgoal(Skill.PICK, "cup", part=part),)),
        goal=(Condition(Predicate.HOLDING, "cup"), Condition(Predicate.HELD_BY, "cup", part)),
        about=frozenset({scene.object_bodies[0]}),
        language=language,
        split=builder.split.name,
    )
