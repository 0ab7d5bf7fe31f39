"""Lay a given set of things into the compartments of a tray."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.fixtures import COMPARTMENTS
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.things import SHAPES
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "in order": {
        "en": (
            "fill {tray} from {first} on with {things}",
            "kit {tray}: {things}, in this order from {first} on",
            "lay {things} into {tray}, one compartment each, starting with {first}",
        ),
        "zh": (
            "从{first}开始，把{things}依次放进{tray}里",
            "按顺序把{things}放进{tray}，从{first}起一格一个",
        ),
        "es": (
            "llena {tray} desde {first} con {things}, en este orden",
            "pon {things}, en este orden, en {tray}, empezando por {first}",
        ),
        "de": (
            "füll {tray} ab {first:dat} mit {things:dat}, in dieser Reihenfolge",
            "leg {things} der Reihe nach auf {tray}, angefangen mit {first:dat}",
        ),
    },
    "by name": {
        "en": (
            "put {one} in {first} and {other} in {second}",
            "{one:nom} belongs in {first}, {other:nom} in {second}",
            "kit {tray}: {one} in {first}, {other} in {second}",
        ),
        "zh": ("把{one}放进{first}，把{other}放进{second}", "{one}归{first}，{other}归{second}"),
        "es": ("pon {one} en {first} y {other} en {second}", "{one} va en {first}, {other} en {second}"),
        "de": (
            "leg {one} in {first} und {other} in {second}",
            "{one:nom} gehört in {first}, {other:nom} in {second}",
        ),
    },
}
_KITS = (*SHAPES, "strawberry", "plum", "lime", "apple", "lemon")


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed: two or three things, by order or each by name."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    named = bool(rng.random() < 0.5)
    builder.fixture("tray")
    wanted = builder.fill(2 if named else int(rng.integers(2, 4)), shapes=_KITS)
    builder.fill(1 + (builder.split.level == "hard"))
    scene = builder.build()
    things = tuple(scene.objects[n].phrase for n in wanted)
    where = [str(c) for c in rng.permutation(COMPARTMENTS)] if named else list(COMPARTMENTS)
    pairs = list(zip(things, where[: len(things)], strict=True))
    if named:
        text = said(
            rng, WORDINGS["by name"], language, tray="tray",
            one=things[0], first=where[0], other=things[1], second=where[1],
        )  # fmt: skip
    else:
        text = said(rng, WORDINGS["in order"], language, tray="tray", first=where[0], things=things)
    return Task(
        name="kitting",
        scene=scene,
        instruction=text,
        plan=parse_plan("; ".join(f"pick {thing}; place_in {place}" for thing, place in pairs)),
        goal=tuple(Condition(Predicate.IN, thing, place) for thing, place in pairs),
        about=frozenset(scene.object_bodies[n] for n in wanted),
        language=language,
        split=builder.split.name,
        time_limit=30.0 * (1 + len(things)),
    )
