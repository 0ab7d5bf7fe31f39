"""Put one thing where it is wanted: in a bowl, a bin or a compartment, on a plate, a card or a book."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.fixtures import COMPARTMENTS
from hybridctl.sim.palette import COLOURS
from hybridctl.sim.splits import Split
from hybridctl.sim.symbols import SYMBOLS
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "in": {
        "en": ("put {thing} in {place}", "drop {thing} into {place}", "place {thing} inside {place}"),
        "zh": ("把{thing}放进{place}里", "请将{thing}放入{place}", "把{thing}放到{place}里面"),
        "es": ("pon {thing} en {place}", "mete {thing} dentro de {place}", "deja {thing} en {place}"),
        "de": ("leg {thing} in {place}", "tu {thing} in {place}", "bring {thing} in {place}"),
    },
    "on": {
        "en": ("put {thing} on {place}", "set {thing} down on {place}", "move {thing} onto {place}"),
        "zh": ("把{thing}放在{place}上", "请将{thing}放到{place}上面"),
        "es": ("pon {thing} sobre {place}", "coloca {thing} encima de {place}"),
        "de": ("leg {thing} auf {place}", "setz {thing} auf {place}"),
    },
    "recycle": {
        "en": ("recycle {thing}", "{thing:nom} goes into {place}", "put {thing} in {place} for recycling"),
        "zh": ("回收{thing}", "把{thing}扔进{place}回收"),
        "es": ("recicla {thing}", "tira {thing} en {place} para reciclar"),
        "de": ("wirf {thing} zum Recycling in {place}", "{thing:nom} gehört in {place}"),
    },
}
_PLACES = ("bowl", "bin", "coloured bin", "tray", "plate", "card", "book", "recycle")
RECYCLING = "blue"


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed; a soda can that is to be recycled goes into the blue bin."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    kind = str(rng.choice(_PLACES))
    place = _add_place(builder, kind)
    builder.thing("can" if kind == "recycle" else builder.shape())
    builder.fill()
    scene = builder.build()
    thing = scene.target.phrase
    into = kind not in ("plate", "card", "book")
    wordings = WORDINGS["recycle" if kind == "recycle" else "in" if into else "on"]
    return Task(
        name="place",
        scene=scene,
        instruction=said(rng, wordings, language, thing=thing, place=place),
        plan=parse_plan(f"pick {thing}; place_{'in' if into else 'on'} {place}"),
        goal=(Condition(Predicate.IN if into else Predicate.ON, thing, place),),
        about=frozenset(scene.object_bodies[:1]),
        language=language,
        split=builder.split.name,
    )


def _add_place(builder: SceneBuilder, kind: str) -> str:
    """Add where the thing is to go, and mostly another place that is not meant; return its phrase."""
    rng = builder.rng
    distract = builder.split.level != "easy" and rng.random() < 0.7
    if kind in ("coloured bin", "recycle"):
        colours = [c for c in sorted(COLOURS) if c != RECYCLING]
        wanted, other = RECYCLING, str(rng.choice(colours))
        if kind == "coloured bin":
            wanted, other = (str(c) for c in rng.choice(sorted(COLOURS), size=2, replace=False))
        builder.coloured_fixture("bin", wanted)
        if distract:
            builder.coloured_fixture("bin", other)
        return f"{wanted} bin"
    if kind == "card":
        wanted, other = (str(s) for s in rng.choice(SYMBOLS, size=2, replace=False))
        builder.fixture("card", symbol=wanted)
        if distract:
            builder.fixture("card", symbol=other)
        return wanted
    builder.fixture(kind)
    if kind == "tray":
        return str(rng.choice(COMPARTMENTS))
    if distract:
        builder.fixture("plate" if kind == "bowl" else "bowl")
    return kind
