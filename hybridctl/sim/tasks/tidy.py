"""Tidy up: everything, the toys, or what is rubbish, into the bin."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.things import FRUITS
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "everything": {
        "en": (
            "tidy the table: everything goes into {bin}",
            "clear the table into {bin}",
            "put all the things on the table in {bin}",
        ),
        "zh": ("收拾桌子，把所有东西放进{bin}", "把桌上的东西都放到{bin}里"),
        "es": ("recoge la mesa: todo va en {bin}", "mete todo lo que hay en la mesa en {bin}"),
        "de": ("räum den Tisch auf: alles kommt in {bin}", "leg alles, was auf dem Tisch liegt, in {bin}"),
    },
    "toys": {
        "en": (
            "put the toys in {bin}",
            "tidy up the toys into {bin}",
            "all toys go into {bin}, nothing else",
        ),
        "zh": ("把玩具都放进{bin}", "把玩具收到{bin}里"),
        "es": ("guarda los juguetes en {bin}", "mete todos los juguetes en {bin}"),
        "de": ("räum die Spielsachen in {bin}", "leg alle Spielsachen in {bin}"),
    },
    "rubbish": {
        "en": ("throw the rubbish away", "put the rubbish in {bin}", "get rid of the rubbish on the table"),
        "zh": ("把垃圾扔掉", "把垃圾扔进{bin}"),
        "es": ("tira la basura", "tira la basura en {bin}"),
        "de": ("wirf den Müll weg", "wirf den Müll in {bin}"),
    },
}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed.

    Toys are blocks, balls, cylinders and their like; rubbish is an empty can; fruit is neither.
    """
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng, hard = builder.rng, builder.split.level == "hard"
    kind = str(rng.choice(tuple(WORDINGS)))
    builder.fixture("bin")
    wanted = [builder.thing("can")] if kind == "rubbish" else builder.fill(int(rng.integers(2, 4)) + hard)
    if kind == "everything":
        wanted += builder.fill(1, shapes=tuple(FRUITS))
        kept = []
    else:
        kept = builder.fill(2 + hard, shapes=tuple(FRUITS))
        kept += builder.fill(1) if kind == "rubbish" else []
    scene = builder.build()
    away = [scene.objects[n].phrase for n in wanted]
    return Task(
        name="tidy",
        scene=scene,
        instruction=said(rng, WORDINGS[kind], language, bin="bin"),
        plan=parse_plan("; ".join(f"pick {thing}; place_in bin" for thing in away)),
        goal=(
            *(Condition(Predicate.IN, thing, "bin") for thing in away),
            *(~Condition(Predicate.IN, scene.objects[n].phrase, "bin") for n in kept),
        ),
        about=frozenset(scene.object_bodies[n] for n in wanted),
        language=language,
        split=builder.split.name,
        time_limit=30.0 * (1 + len(away)),
    )
