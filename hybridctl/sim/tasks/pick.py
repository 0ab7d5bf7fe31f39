"""Pick one thing up among others that look like it."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: Wordings = {
    "en": ("pick up {thing}", "grasp {thing} and lift it", "take {thing} off the table", "lift {thing}"),
    "zh": ("拿起{thing}", "把{thing}拿起来", "请抓起{thing}"),
    "es": ("coge {thing}", "levanta {thing} de la mesa", "toma {thing}"),
    "de": ("nimm {thing}", "heb {thing} hoch", "nimm {thing} vom Tisch"),
}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed: one thing, named, among others."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    builder.thing(builder.shape())
    builder.fill()
    scene = builder.build()
    thing = scene.target.phrase
    return Task(
        name="pick",
        scene=scene,
        instruction=said(builder.rng, WORDINGS, language, thing=thing),
        plan=parse_plan(f"pick {thing}"),
        goal=(Condition(Predicate.HOLDING, thing),),
        about=frozenset(scene.object_bodies[:1]),
        language=language,
        split=builder.split.name,
    )
