"""Fetch a thing from the closed drawer and bring it to a plate or a bowl."""

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
        "en": (
            "take {thing} out of {drawer} and put it in {place}",
            "fetch {thing} from {drawer} and drop it into {place}",
            "{thing:nom} is in {drawer}: put it in {place}",
        ),
        "zh": ("从{drawer}里取出{thing}放进{place}里", "{thing}在{drawer}里，请把它放进{place}"),
        "es": ("pasa {thing} de {drawer} a {place}", "lleva {thing} de {drawer} a {place}"),
        "de": ("hol {thing} aus {drawer:dat} in {place}", "leg {thing} aus {drawer:dat} in {place}"),
    },
    "on": {
        "en": (
            "take {thing} out of {drawer} and put it on {place}",
            "fetch {thing} from {drawer} and set it on {place}",
            "{thing:nom} is in {drawer}: put it on {place}",
        ),
        "zh": ("从{drawer}里取出{thing}放在{place}上", "{thing}在{drawer}里，请把它放到{place}上"),
        "es": ("lleva {thing} de {drawer} a {place}", "pasa {thing} de {drawer} a {place}"),
        "de": ("bring {thing} aus {drawer:dat} auf {place}", "leg {thing} aus {drawer:dat} auf {place}"),
    },
    "close": {
        "en": (", then close {drawer}", " and shut {drawer} again"),
        "zh": ("，然后关上{drawer}", "，再把{drawer}关好"),
        "es": (" y luego cierra {drawer}", ", después cierra {drawer}"),
        "de": (" und mach {drawer} wieder zu", ", dann schließ {drawer}"),
    },
}
"""The last is said after one of the others."""
_AT = ((-0.015, 0.015), (-0.05, 0.05))
"""Where in the drawer the thing lies, from its middle [m]."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed; at times the drawer is to be shut again."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    shut_again, into = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
    place = "bowl" if into else "plate"
    builder.fixture("cabinet")
    builder.fixture(place)
    at = (float(rng.uniform(*_AT[0])), float(rng.uniform(*_AT[1])))
    builder.thing(inside="drawer", at=at)
    builder.fill()
    scene = builder.build()
    word, predicate = ("in", Predicate.IN) if into else ("on", Predicate.ON)
    phrases = {"thing": scene.target.phrase, "place": place, "drawer": "drawer"}
    text = said(rng, WORDINGS[word], language, **phrases)
    plan = "open drawer; pick {thing}; place_{word} {place}".format(word=word, **phrases)
    goal = [Condition(predicate, phrases["thing"], place)]
    if shut_again:
        text += said(rng, WORDINGS["close"], language, **phrases)
        plan += "; close drawer"
        goal.append(Condition(Predicate.CLOSED, "drawer"))
    return Task(
        name="fetch",
        scene=scene,
        instruction=text,
        plan=parse_plan(plan),
        goal=tuple(goal),
        about=frozenset(scene.object_bodies[:1]),
        language=language,
        split=builder.split.name,
        time_limit=90.0,
    )
