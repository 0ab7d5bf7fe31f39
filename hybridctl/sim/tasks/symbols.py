"""A thing to one of some cards that show symbols: `move the apple to the 3`, `push the can to the heart`."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import Split
from hybridctl.sim.symbols import SYMBOLS
from hybridctl.sim.tasks.lanes import has_lane
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.things import FRUITS
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "move": {
        "en": ("move {thing} to {place}", "put {thing} on {place}", "place {thing} on {place}"),
        "zh": ("把{thing}放到{place}上", "将{thing}移到{place}上"),
        "es": ("lleva {thing} hasta {place}", "pon {thing} sobre {place}"),
        "de": ("lege {thing} auf {place}", "bringe {thing} zu {place:dat}"),
    },
    "push": {
        "en": ("push {thing} to {place}", "slide {thing} over to {place}", "push {thing} onto {place}"),
        "zh": ("把{thing}推到{place}上", "将{thing}推向{place}"),
        "es": ("empuja {thing} hasta {place}", "desliza {thing} hasta {place}"),
        "de": ("schiebe {thing} zu {place:dat}", "schiebe {thing} auf {place}"),
    },
}
_PUSHED = ("block", "cylinder", "can")


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task that names one of three or four cards by its symbol."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng, unseen = builder.rng, builder.split.variation == "unseen-objects"
    pushing = bool(rng.random() < 0.4)
    shape: str | None = None
    if pushing and not unseen:
        shape = str(rng.choice(_PUSHED))
    elif not pushing and not unseen and rng.random() < 0.6:
        shape = str(rng.choice([*FRUITS, "can"]))
    elif pushing:
        shape = "pyramid"
    builder.thing(shape)
    for symbol in rng.choice(SYMBOLS, size=int(rng.integers(3, 5)), replace=False):
        builder.fixture("card", symbol=str(symbol))
    builder.fill(int(rng.integers(1, 3)))
    scene = builder.build()
    thing, card = scene.target.phrase, scene.fixtures[int(rng.integers(len(scene.fixtures)))]
    place = card.phrase
    if pushing and not has_lane(scene, 0, (card.x, card.y)):
        raise SceneError(f"scene {scene.seed}: the {thing} cannot be pushed straight to the {place}")
    steps: tuple[Subgoal, ...]
    if pushing:
        steps = (Subgoal(Skill.PUSH, thing, toward=place),)
    else:
        steps = (Subgoal(Skill.PICK, thing), Subgoal(Skill.PLACE_ON, place))
    return Task(
        name="symbols",
        scene=scene,
        instruction=said(rng, WORDINGS["push" if pushing else "move"], language, thing=thing, place=place),
        plan=Plan(steps),
        goal=(Condition(Predicate.AT if pushing else Predicate.ON, thing, place),),
        about=frozenset({scene.object_bodies[0]}),
        language=language,
        split=builder.split.name,
    )
