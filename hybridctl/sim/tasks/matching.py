"""A thing to the bowl or the cup of its own colour: `put the red block in the bowl of its colour`."""

from __future__ import annotations

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.sim.scene import SceneError
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.lanes import has_lane
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.things import fruit_colour_word
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "bowl": {
        "en": (
            "put {thing} in the bowl of its colour",
            "move {thing} to the bowl that matches its colour",
            "place {thing} into the bowl with the same colour",
        ),
        "zh": ("把{thing}放进和它颜色相同的碗里", "将{thing}放到同色的碗里"),
        "es": (
            "pon {thing} en el cuenco de su mismo color",
            "lleva {thing} al cuenco que tiene el mismo color",
        ),
        "de": ("lege {thing} in die Schüssel gleicher Farbe", "bringe {thing} zur Schüssel derselben Farbe"),
    },
    "cup": {
        "en": (
            "push {thing} to the cup of its colour",
            "push {thing} up to the cup that matches its colour",
            "slide {thing} to the cup with the same colour",
        ),
        "zh": ("把{thing}推到和它颜色相同的杯子旁边", "将{thing}推到同色的杯子那里"),
        "es": (
            "empuja {thing} hasta la taza de su mismo color",
            "desliza {thing} hasta la taza del mismo color",
        ),
        "de": ("schiebe {thing} zur Tasse gleicher Farbe", "schiebe {thing} an die Tasse derselben Farbe"),
    },
}
_FRUITS = ("strawberry", "plum", "lime", "apple", "orange", "lemon")
"""Those whose colour has one name."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task whose place is named by the colour that it shares with the thing."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng, unseen = builder.rng, builder.split.variation == "unseen-objects"
    if rng.random() < 0.35:
        return _to_cup(builder, language)
    fruit = str(rng.choice(_FRUITS)) if not unseen and rng.random() < 0.5 else None
    colours = _colours(builder, int(rng.integers(2, 4)), first=fruit_colour_word(fruit) if fruit else None)
    builder.thing(fruit, None if fruit else colours[0])
    for colour in rng.permutation(colours):
        builder.coloured_fixture("bowl", str(colour))
    builder.fill(int(rng.integers(0, 3)))
    scene = builder.build()
    thing, place = scene.target.phrase, f"{colours[0]} bowl"
    return Task(
        name="matching",
        scene=scene,
        instruction=said(rng, WORDINGS["bowl"], language, thing=thing),
        plan=Plan((Subgoal(Skill.PICK, thing), Subgoal(Skill.PLACE_IN, place))),
        goal=(Condition(Predicate.IN, thing, place),),
        about=frozenset({scene.object_bodies[0]}),
        language=language,
        split=builder.split.name,
    )


def _to_cup(builder: SceneBuilder, language: str) -> Task:
    rng, unseen = builder.rng, builder.split.variation == "unseen-objects"
    colours = _colours(builder, 2, first=None)
    builder.thing("pyramid" if unseen else str(rng.choice(("block", "cylinder"))), colours[0])
    for colour in colours:
        builder.thing("cup", colour)
    builder.fill(int(rng.integers(0, 3)))
    scene = builder.build()
    thing, cup = scene.target.phrase, scene.objects[1]
    if not has_lane(scene, 0, (cup.x, cup.y)):
        raise SceneError(f"scene {scene.seed}: the {thing} cannot be pushed straight to the {cup.colour} cup")
    named = {f"{colour} cup": scene.object_bodies[1 + k] for k, colour in enumerate(colours)}
    place = f"{colours[0]} cup"
    return Task(
        name="matching",
        scene=scene,
        instruction=said(rng, WORDINGS["cup"], language, thing=thing),
        plan=Plan((Subgoal(Skill.PUSH, thing, toward=place),)),
        goal=(Condition(Predicate.AT, thing, place), ~Condition(Predicate.AT, thing, f"{colours[1]} cup")),
        referents=named,
        about=frozenset({scene.object_bodies[0], named[place]}),
        language=language,
        split=builder.split.name,
    )


def _colours(builder: SceneBuilder, count: int, *, first: str | None) -> list[str]:
    """Return different colour words, `first` first if it is given."""
    words = builder.colours(count)
    if first is None:
        return words
    return [first, *(word for word in words if word != first)][:count]
