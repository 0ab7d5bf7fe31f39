"""Give a thing to a person's open hand."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: Wordings = {
    "en": ("hand me {thing}", "give {thing} to {person}", "pass me {thing}, please"),
    "zh": ("把{thing}递给我", "请把{thing}交给我"),
    "es": ("pásame {thing}", "dame {thing}, por favor", "entrega {thing} a {person}"),
    "de": ("reich mir {thing}", "gib mir bitte {thing}", "gib {person:dat} {thing}"),
}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    builder.fixture("palm")
    builder.thing(builder.shape())
    builder.fill()
    scene = builder.build()
    thing = scene.target.phrase
    return Task(
        name="hand_over",
        scene=scene,
        instruction=said(builder.rng, WORDINGS, language, thing=thing, person="person"),
        plan=parse_plan(f"pick {thing}; hand_over person"),
        goal=(Condition(Predicate.WITH, thing, "person"),),
        about=frozenset(scene.object_bodies[:1]),
        language=language,
        split=builder.split.name,
    )
