"""Put the peg into the hole."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: Wordings = {
    "en": ("insert {peg} into {hole}", "put {peg} in {hole}", "plug {peg} into {hole}"),
    "zh": ("把{peg}插进{hole}里", "将{peg}插入{hole}中"),
    "es": ("inserta {peg} en {hole}", "mete {peg} en {hole}"),
    "de": ("steck {peg} in {hole}", "setz {peg} in {hole} ein"),
}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return the task of a seed."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    builder.fixture("socket", label="hole")
    builder.thing("peg")
    builder.fill()
    scene = builder.build()
    return Task(
        name="insert",
        scene=scene,
        instruction=said(builder.rng, WORDINGS, language, peg="peg", hole="hole"),
        plan=parse_plan("pick peg; insert hole"),
        goal=(Condition(Predicate.INSERTED, "peg", "hole"),),
        about=frozenset(scene.object_bodies[:1]),
        language=language,
        split=builder.split.name,
    )
