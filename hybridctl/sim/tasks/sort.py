"""Sort four things by colour into two bins of their colours."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.things import SHAPES, UNSEEN_SHAPES
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: Wordings = {
    "en": (
        "sort the things by colour into {first} and {second}",
        "put everything into the bin of its colour",
        "tidy up by colour: each thing belongs in {first} or {second}",
    ),
    "zh": ("按颜色把东西分到{first}和{second}里", "把每样东西放进同色的收纳箱"),
    "es": (
        "clasifica las cosas por color en {first} y {second}",
        "pon cada cosa en el contenedor de su color",
    ),
    "de": (
        "sortiere die Sachen nach Farbe in {first} und {second}",
        "leg jedes Ding in den Behälter seiner Farbe",
    ),
}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed: two things of one colour and two of another."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    colours = builder.colours(2)
    shapes = UNSEEN_SHAPES if builder.split.variation == "unseen-objects" else SHAPES
    for colour in colours:
        builder.coloured_fixture("bin", colour)
        for shape in rng.choice(shapes, size=2, replace=False):
            builder.thing(str(shape), colour)
    scene = builder.build()
    order = rng.permutation(len(scene.objects))
    steps = [(scene.objects[i].phrase, f"{scene.objects[i].colour} bin") for i in order]
    return Task(
        name="sort",
        scene=scene,
        instruction=said(rng, WORDINGS, language, first=f"{colours[0]} bin", second=f"{colours[1]} bin"),
        plan=parse_plan("; ".join(f"pick {thing}; place_in {place}" for thing, place in steps)),
        goal=tuple(Condition(Predicate.IN, thing, place) for thing, place in steps),
        about=frozenset(scene.object_bodies),
        language=language,
        split=builder.split.name,
        time_limit=150.0,
    )
