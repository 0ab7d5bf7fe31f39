"""The smallest or the largest of its kind: `pick up the smallest fruit`, `take the largest block`."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.things import FRUITS
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "pick": {
        "en": ("pick up {thing}", "take {thing}", "lift {thing}"),
        "zh": ("拿起{thing}", "把{thing}拿起来"),
        "es": ("coge {thing}", "levanta {thing}"),
        "de": ("nimm {thing}", "hebe {thing} hoch"),
    },
    "bowl": {
        "en": ("put {thing} in {place}", "place {thing} into {place}", "move {thing} to {place}"),
        "zh": ("把{thing}放进{place}里", "将{thing}放到{place}里"),
        "es": ("pon {thing} en {place}", "coloca {thing} en {place}"),
        "de": ("lege {thing} in {place}", "tu {thing} in {place}"),
    },
}
_SIZES = ((0.029, 0.032), (0.040, 0.043), (0.053, 0.056))
_NARROW_SIZES = ((0.018, 0.019), (0.024, 0.026), (0.032, 0.034))
"""Of the smallest, the middle and the largest [m]: each a quarter larger or more than the one before."""
_NARROW = ("bar", "cross", "dumbbell")


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task about the smallest or largest of three fruits, or of three things of one shape."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng, unseen = builder.rng, builder.split.variation == "unseen-objects"
    extreme = str(rng.choice(("smallest", "largest")))
    rank = 0 if extreme == "smallest" else 2
    fruits, into_bowl = bool(not unseen and rng.random() < 0.5), bool(rng.random() < 0.5)
    kind = "fruit" if fruits else "block"
    if unseen:
        kind = str(rng.choice(("pyramid", "egg", *_NARROW)))
    others = [k for k in range(3) if k != rank]
    order = [rank, *(int(k) for k in rng.permutation(others))]
    if fruits:
        for k in order:
            size = ("small", "medium", "large")[k]
            builder.thing(str(rng.choice([name for name, (s, _) in FRUITS.items() if s == size])))
    else:
        # Where colours differ, the plan may call it by its colour; else by its size alone.
        colours = builder.colours(3) if rng.random() < 0.5 else builder.colours(1) * 3
        sizes = _NARROW_SIZES if kind in _NARROW else _SIZES
        for k, colour in zip(order, colours, strict=True):
            builder.thing(kind, colour, size=float(rng.uniform(*sizes[k])))
    if into_bowl:
        builder.fixture("bowl")
    builder.fill(
        int(rng.integers(0, 2)), shapes=("ball", "cylinder") if not fruits else ("block", "cylinder")
    )
    scene = builder.build()
    named, body = f"{extreme} {kind}", scene.object_bodies[0]
    alone = [spec.phrase for spec in scene.objects].count(scene.target.phrase) == 1
    thing = scene.target.phrase if alone else named
    wanted = Condition(Predicate.IN, thing, "bowl") if into_bowl else Condition(Predicate.HOLDING, thing)
    steps = [Subgoal(Skill.PICK, thing)] + ([Subgoal(Skill.PLACE_IN, "bowl")] if into_bowl else [])
    return Task(
        name="extremes",
        scene=scene,
        instruction=said(rng, WORDINGS["bowl" if into_bowl else "pick"], language, thing=named, place="bowl"),
        plan=Plan(tuple(steps)),
        goal=(wanted,),
        referents={} if alone else {named: body},
        about=frozenset({body}),
        language=language,
        split=builder.split.name,
    )
