"""Commands that leave something open: `put something to eat on the plate`, `give me something red`."""

from __future__ import annotations

from itertools import product

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, fill, said
from hybridctl.sim.things import FRUITS
from hybridctl.sim.workshop import SceneBuilder

WORDINGS: dict[str, Wordings] = {
    "clean": {
        "en": ("clean the table", "tidy up", "make some room on the table"),
        "zh": ("收拾桌子", "把桌子清理一下"),
        "es": ("limpia la mesa", "recoge la mesa"),
        "de": ("räum den Tisch ab", "mach den Tisch frei"),
    },
    "eat": {
        "en": (
            "put something to eat on the plate",
            "I am hungry, put something on the plate",
            "serve me a snack on the plate",
        ),
        "zh": ("在盘子里放点吃的", "我饿了，往盘子里放点东西"),
        "es": ("pon algo de comer en el plato", "tengo hambre, pon algo en el plato"),
        "de": ("leg etwas zu essen auf den Teller", "ich habe Hunger, leg etwas auf den Teller"),
    },
    "drink": {
        "en": ("give me something to drink", "I am thirsty", "hand me a drink"),
        "zh": ("给我点喝的", "我渴了"),
        "es": ("dame algo de beber", "tengo sed"),
        "de": ("gib mir etwas zu trinken", "ich habe Durst"),
    },
    "colour": {
        "en": ("give me something {colour}", "hand me anything {colour}", "I need something {colour}"),
        "zh": ("给我一个{colour}的东西", "递给我一样{colour}的东西"),
        "es": ("dame algo de color {colour}", "pásame alguna cosa de color {colour}"),
        "de": ("gib mir etwas, das {colour} ist", "reich mir irgendetwas, das {colour} ist"),
    },
    "away": {
        "en": ("put it away", "put that away", "tidy it away"),
        "zh": ("把它收起来", "把那个收好"),
        "es": ("guárdalo", "recógelo"),
        "de": ("räum das weg", "pack das weg"),
    },
    "which": {
        "en": ("give me {kind}", "hand me {kind}", "I would like {kind}"),
        "zh": ("给我{kind}", "请把{kind}递给我"),
        "es": ("dame {kind}", "pásame {kind}"),
        "de": ("gib mir {kind}", "reich mir {kind}"),
    },
}
_COLOURS: dict[str, dict[str, str]] = {
    "red": {"zh": "红色", "es": "rojo", "de": "rot"},
    "green": {"zh": "绿色", "es": "verde", "de": "grün"},
    "blue": {"zh": "蓝色", "es": "azul", "de": "blau"},
    "yellow": {"zh": "黄色", "es": "amarillo", "de": "gelb"},
    "white": {"zh": "白色", "es": "blanco", "de": "weiß"},
    "black": {"zh": "黑色", "es": "negro", "de": "schwarz"},
    "brown": {"zh": "棕色", "es": "marrón", "de": "braun"},
}
"""Colour words that stand alone."""
_PLACE = {
    Predicate.ON: Skill.PLACE_ON,
    Predicate.IN: Skill.PLACE_IN,
    Predicate.WITH: Skill.HAND_OVER,
}


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task whose command has several acceptable readings, or one that nothing but asking settles.

    The plan follows the first reading; the goal is that, the others are `readings`. Where the command is
    `ambiguous`, asking back is the right act: the readings exclude each other, and nothing speaks for one.
    """
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    kind = str(rng.choice(tuple(WORDINGS)))
    phrases: dict[str, str] = {}
    ambiguous = False
    if kind == "clean":
        containers = ["bin", "drawer"] if rng.random() < 0.4 else ["bin"]
        builder.fixture("bin")
        if len(containers) > 1:
            builder.fixture("cabinet", opening=1.0)
        things = [builder.things[n].phrase for n in builder.fill(int(rng.integers(2, 4)))]
        goals = [
            tuple(
                Condition(Predicate.IN, thing, where) for thing, where in zip(things, where_to, strict=True)
            )
            for where_to in product(containers, repeat=len(things))
        ]
    elif kind == "eat":
        builder.fixture("plate")
        foods = builder.fill(int(rng.integers(1, 4)), shapes=tuple(FRUITS))
        goals = [(Condition(Predicate.ON, builder.things[n].phrase, "plate"),) for n in foods]
        builder.fill(int(rng.integers(1, 3)))
    elif kind == "drink":
        builder.fixture("palm")
        builder.thing("can")
        builder.fill()
        goals = [(Condition(Predicate.WITH, "soda can", "person"),)]
    elif kind == "colour":
        goals, colour = _of_colour(builder)
        phrases["colour"] = colour if language == "en" else _COLOURS[colour][language]
    elif kind == "away":
        builder.fixture("bin")
        things = [builder.things[n].phrase for n in builder.fill(int(rng.integers(1, 3)))]
        goals = [(Condition(Predicate.IN, thing, "bin"),) for thing in things]
        ambiguous = len(things) > 1
    else:
        builder.fixture("palm")
        builder.thing()
        first = builder.things[0]
        other = builder.thing(first.shape, next(c for c in builder.colours(2) if c != first.colour))
        goals = [
            (Condition(Predicate.WITH, thing, "person"),)
            for thing in (first.phrase, builder.things[other].phrase)
        ]
        builder.fill(1, avoid=tuple(t.phrase for t in builder.things), shapes=tuple(FRUITS))
        phrases["kind"] = first.shape
        ambiguous = True
    scene = builder.build()
    text = _said(builder, kind, language, phrases)
    return Task(
        name="vague",
        scene=scene,
        instruction=text,
        plan=_plan(goals[0]),
        goal=goals[0],
        about=_about(scene, goals),
        language=language,
        split=builder.split.name,
        readings=tuple(goals[1:]),
        ambiguous=ambiguous,
        time_limit=30.0 + 30.0 * len(goals[0]),
    )


def _of_colour(builder: SceneBuilder) -> tuple[list[tuple[Condition, ...]], str]:
    """Add things, one or more of which have a colour that can be asked for."""
    rng, unseen = builder.rng, builder.split.variation == "unseen-objects"
    words = ("white", "black", "brown") if unseen else ("red", "green", "blue", "yellow")
    colour = str(rng.choice(words))
    builder.fixture("palm")
    builder.thing(None, colour)
    builder.fill()
    if not unseen and rng.random() < 0.5:
        builder.fill(1, shapes=tuple(FRUITS))
    return [
        (Condition(Predicate.WITH, thing.phrase, "person"),)
        for thing in builder.things
        if thing.colour == colour
    ], colour


def _said(builder: SceneBuilder, kind: str, language: str, phrases: dict[str, str]) -> str:
    if kind != "colour":
        return said(builder.rng, WORDINGS[kind], language, **phrases)
    templates = WORDINGS[kind][language]
    template = templates[int(builder.rng.integers(len(templates)))]
    return fill(template.replace("{colour}", phrases["colour"]), language)


def _plan(goal: tuple[Condition, ...]) -> Plan:
    """Return the plan that brings each thing of a goal where it belongs."""
    steps = []
    for condition in goal:
        steps.append(Subgoal(Skill.PICK, condition.subject))
        steps.append(Subgoal(_PLACE[condition.predicate], condition.object))
    return Plan(tuple(steps))


def _about(scene: SceneSpec, goals: list[tuple[Condition, ...]]) -> frozenset[str]:
    named = {condition.subject for goal in goals for condition in goal}
    return frozenset(
        body for body, spec in zip(scene.object_bodies, scene.objects, strict=True) if spec.phrase in named
    )
