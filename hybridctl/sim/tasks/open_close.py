"""Open the drawer, or close it."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "open": {
        "en": ("open {drawer}", "pull {drawer} open", "pull out {drawer}"),
        "zh": ("打开{drawer}", "把{drawer}拉开"),
        "es": ("abre {drawer}", "tira de {drawer} para abrirlo"),
        "de": ("öffne {drawer}", "zieh {drawer} auf", "mach {drawer} auf"),
    },
    "close": {
        "en": ("close {drawer}", "push {drawer} shut", "shut {drawer}"),
        "zh": ("关上{drawer}", "把{drawer}推进去"),
        "es": ("cierra {drawer}", "empuja {drawer} hasta cerrarlo"),
        "de": ("schließ {drawer}", "schieb {drawer} zu", "mach {drawer} zu"),
    },
}
_SHUT, _AJAR = 0.0, (0.3, 1.0)
"""How far the drawer is open at the start, as a share of its way."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed; at times something lies in the drawer."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    to_open = bool(rng.random() < 0.5)
    builder.fixture("cabinet", opening=_SHUT if to_open else float(rng.uniform(*_AJAR)))
    content = [builder.thing(inside="drawer")] if rng.random() < 0.3 else []
    builder.fill()
    scene = builder.build()
    word, predicate = ("open", Predicate.OPEN) if to_open else ("close", Predicate.CLOSED)
    return Task(
        name="open_close",
        scene=scene,
        instruction=said(rng, WORDINGS[word], language, drawer="drawer"),
        plan=parse_plan(f"{word} drawer"),
        goal=(Condition(predicate, "drawer"),),
        about=frozenset(scene.object_bodies[n] for n in content),
        language=language,
        split=builder.split.name,
    )
