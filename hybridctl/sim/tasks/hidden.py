"""Find a thing that is nowhere to be seen: it is in the closed drawer, and nobody says so."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "in": {
        "en": ("find {thing} and put it in {place}", "put {thing} in {place}", "I want {thing} in {place}"),
        "zh": ("找到{thing}，放进{place}里", "把{thing}放进{place}里"),
        "es": ("quiero {thing} en {place}", "pon {thing} en {place}"),
        "de": ("ich möchte {thing} in {place:dat} haben", "leg {thing} in {place}"),
    },
    "on": {
        "en": ("find {thing} and put it on {place}", "put {thing} on {place}", "I want {thing} on {place}"),
        "zh": ("找到{thing}，放在{place}上", "把{thing}放到{place}上"),
        "es": ("quiero {thing} sobre {place}", "pon {thing} sobre {place}"),
        "de": ("ich möchte {thing} auf {place:dat} haben", "leg {thing} auf {place}"),
    },
}
_ALONG, _ASIDE = (-0.015, 0.015), 0.046
"""Where the two things in the drawer lie, from its middle: along its way, and to its sides [m]."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed: another thing lies beside the one that is wanted."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    into, side = bool(rng.random() < 0.5), float(rng.choice((-1, 1)))
    place = "bowl" if into else "plate"
    builder.fixture("cabinet")
    builder.fixture(place)
    for colour in builder.colours(2):
        builder.thing(None, colour, inside="drawer", at=(float(rng.uniform(*_ALONG)), side * _ASIDE))
        side = -side
    builder.fill()
    scene = builder.build()
    thing = scene.target.phrase
    word, predicate = ("in", Predicate.IN) if into else ("on", Predicate.ON)
    return Task(
        name="hidden",
        scene=scene,
        instruction=said(rng, WORDINGS[word], language, thing=thing, place=place),
        plan=parse_plan(f"open drawer; look drawer; pick {thing}; place_{word} {place}"),
        goal=(Condition(predicate, thing, place),),
        # What lies beside it slides about while the drawer is pulled.
        about=frozenset(scene.object_bodies[:2]),
        language=language,
        split=builder.split.name,
        time_limit=90.0,
    )
