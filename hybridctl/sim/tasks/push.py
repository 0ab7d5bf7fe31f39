"""Push a thing over the table, where the way is free, to a card or to another thing."""

from __future__ import annotations

import math

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.fixtures import CARD_HALF
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.splits import Split
from hybridctl.sim.symbols import SYMBOLS
from hybridctl.sim.tasks.conditions import outline_radius
from hybridctl.sim.tasks.lanes import has_lane
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: Wordings = {
    "en": ("push {thing} to {place}", "slide {thing} over to {place}", "shove {thing} towards {place}"),
    "zh": ("把{thing}推到{place}那里", "将{thing}推向{place}", "把{thing}推到{place}旁边"),
    "es": ("empuja {thing} hasta {place}", "desliza {thing} hacia {place}", "arrastra {thing} hasta {place}"),
    "de": ("schieb {thing} zu {place:dat}", "schieb {thing} bis an {place}", "rück {thing} zu {place:dat}"),
}
_STEADY = {"unseen-objects": ("pyramid", "cross", "bar")}
"""What does not roll away from the fingers."""
_SHORTEST, _LONGEST = 0.05, 0.25
"""Least gap between outlines to close, and longest way from middle to middle [m]."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    shapes = _STEADY.get(builder.split.variation, ("block", "cylinder"))
    builder.thing(str(rng.choice(shapes)))
    if rng.random() < 0.5:
        symbols = [str(s) for s in rng.choice(SYMBOLS, size=2, replace=False)]
        place, cards = symbols[0], symbols[: 1 if builder.split.level == "easy" else 2]
        for symbol in cards:
            builder.fixture("card", symbol=symbol)
        others = builder.fill()
    else:
        others = builder.fill(shapes=shapes)
        place = ""
    scene = builder.build()
    place = place or scene.objects[others[0]].phrase
    thing = scene.target.phrase
    if not _free(scene, place):
        raise SceneError(f"seed {scene.seed}: the {thing} has no free way to the {place}")
    touched = scene.object_bodies[:1] + tuple(
        body for body, spec in zip(scene.object_bodies, scene.objects, strict=True) if spec.phrase == place
    )
    return Task(
        name="push",
        scene=scene,
        instruction=said(rng, WORDINGS, language, thing=thing, place=place),
        plan=parse_plan(f"push {thing} toward {place}"),
        goal=(Condition(Predicate.AT, thing, place),),
        about=frozenset(touched),
        language=language,
        split=builder.split.name,
    )


def _free(scene: SceneSpec, place: str) -> bool:
    """Return whether there is a way to go, and nothing stands in it."""
    thing = scene.target
    circles = [(o.x, o.y, outline_radius(o), o.phrase) for o in scene.objects[1:]]
    circles += [(c.x, c.y, CARD_HALF, c.phrase) for c in scene.fixtures]
    x, y, radius, _ = next(circle for circle in circles if circle[3] == place)
    length = math.hypot(x - thing.x, y - thing.y)
    far_enough = length - radius - outline_radius(thing) > _SHORTEST
    return far_enough and length < _LONGEST and has_lane(scene, 0, (x, y))
