"""Set one thing on top of another."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: Wordings = {
    "en": ("stack {top} on {base}", "put {top} on top of {base}", "build a tower with {top} on {base}"),
    "zh": ("把{top}叠在{base}上", "将{top}放到{base}顶上"),
    "es": ("apila {top} sobre {base}", "pon {top} encima de {base}"),
    "de": ("stapel {top} auf {base}", "setz {top} oben auf {base}"),
}
_FLAT: dict[str, tuple[str, ...]] = {"unseen-objects": ("cross",)}
"""What something can stand on."""
_STANDING: dict[str, tuple[str, ...]] = {"unseen-objects": ("cross", "pyramid", "bar")}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed: both have flat sides."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng, variation = builder.rng, builder.split.variation
    flat = ("block", "cylinder")
    for kinds, colour in zip((_STANDING, _FLAT), builder.colours(2), strict=True):
        builder.thing(str(rng.choice(kinds.get(variation, flat))), colour)
    builder.fill()
    scene = builder.build()
    phrases = {"top": scene.objects[0].phrase, "base": scene.objects[1].phrase}
    return Task(
        name="stack",
        scene=scene,
        instruction=said(rng, WORDINGS, language, **phrases),
        plan=parse_plan("pick {top}; place_on {base}".format(**phrases)),
        goal=(Condition(Predicate.ON, phrases["top"], phrases["base"]),),
        about=frozenset(scene.object_bodies[:2]),
        language=language,
        split=builder.split.name,
    )
