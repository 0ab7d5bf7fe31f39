"""One of two look-alikes, told apart by where it stands: `pick up the cup next to the plate`."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, fill
from hybridctl.sim.workshop import SceneBuilder

_BEARINGS = {"left": -math.pi / 2, "right": math.pi / 2, "front": 0.0, "behind": math.pi}
"""Sides as the scene camera sees them: it faces the robot, so that y grows to the right of the picture."""
_RELATIONS: dict[str, dict[str, str]] = {
    "en": {
        "beside": "{thing} next to {place}",
        "left": "{thing} to the left of {place}",
        "right": "{thing} to the right of {place}",
        "front": "{thing} in front of {place}",
        "behind": "{thing} behind {place}",
        "between": "{thing} between {place} and {other}",
    },
    "zh": {
        "beside": "{place}旁边的{thing}",
        "left": "{place}左边的{thing}",
        "right": "{place}右边的{thing}",
        "front": "{place}前面的{thing}",
        "behind": "{place}后面的{thing}",
        "between": "{place}和{other}之间的{thing}",
    },
    "es": {
        "beside": "{thing} al lado de {place}",
        "left": "{thing} a la izquierda de {place}",
        "right": "{thing} a la derecha de {place}",
        "front": "{thing} delante de {place}",
        "behind": "{thing} detrás de {place}",
        "between": "{thing} entre {place} y {other}",
    },
    "de": {
        "beside": "{thing} neben {place:dat}",
        "left": "{thing} links von {place:dat}",
        "right": "{thing} rechts von {place:dat}",
        "front": "{thing} vor {place:dat}",
        "behind": "{thing} hinter {place:dat}",
        "between": "{thing} zwischen {place:dat} und {other:dat}",
    },
}
"""How each language puts a relation around what it describes."""
WORDINGS: dict[str, Wordings] = {
    "pick": {
        "en": ("pick up {thing}", "take {thing}", "grasp {thing} and lift it"),
        "zh": ("拿起{thing}", "把{thing}拿起来"),
        "es": ("coge {thing}", "levanta {thing}"),
        "de": ("nimm {thing}", "hebe {thing} hoch"),
    },
    "bowl": {
        "en": ("put {thing} in {bowl}", "place {thing} into {bowl}", "move {thing} to {bowl}"),
        "zh": ("把{thing}放进{bowl}里", "将{thing}放到{bowl}里"),
        "es": ("pon {thing} en {bowl}", "coloca {thing} en {bowl}"),
        "de": ("lege {thing} in {bowl}", "tu {thing} in {bowl}"),
    },
}
_APART = 0.06
"""The other one is farther from the landmark than the one that is meant by this [m]."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task about the one of two alike that stands where the instruction says."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng = builder.rng
    relation = str(rng.choice(["beside", *_BEARINGS, "between"]))
    into_bowl = bool(rng.random() < 0.5)
    landmarks = [str(kind) for kind in rng.choice(["plate", "book", "blue bin"], size=2, replace=False)]
    if relation != "between":
        landmarks = landmarks[:1]
    numbers = [builder.coloured_fixture("bin", "blue") if k == "blue bin" else builder.fixture(k)
               for k in landmarks]  # fmt: skip
    if into_bowl:
        builder.fixture("bowl")
    shape = "cup" if rng.random() < 0.35 else None
    bearing = _BEARINGS.get(relation)
    across = numbers[1] if relation == "between" else None
    builder.thing(shape, beside=numbers[0], bearing=bearing, across=across)
    first = builder.things[0]
    # The other stands beside the same landmark where a side tells them apart, else away from it.
    elsewhere = None if bearing is None else bearing + math.pi + rng.uniform(-0.6, 0.6)
    builder.thing(
        first.shape, first.colour, size=first.size, beside=numbers[0] if elsewhere is not None else None,
        bearing=elsewhere,
    )  # fmt: skip
    builder.fill(int(rng.integers(1, 3)), avoid=(first.phrase,))
    scene = builder.build()
    _check(scene, relation, numbers)
    meant = _RELATIONS["en"][relation].replace("{thing}", first.phrase)
    phrase = fill(meant, "en", place=landmarks[0], other=landmarks[-1])
    steps = [Subgoal(Skill.PICK, phrase)] + ([Subgoal(Skill.PLACE_IN, "bowl")] if into_bowl else [])
    wanted = Condition(Predicate.IN, phrase, "bowl") if into_bowl else Condition(Predicate.HOLDING, phrase)
    templates = WORDINGS["bowl" if into_bowl else "pick"][language]
    template = templates[int(rng.integers(len(templates)))].replace("{thing}", _RELATIONS[language][relation])
    body = scene.object_bodies[0]
    return Task(
        name="relations",
        scene=scene,
        instruction=fill(
            template, language, thing=first.phrase, place=landmarks[0], other=landmarks[-1], bowl="bowl"
        ),
        plan=Plan(tuple(steps)),
        goal=(wanted,),
        referents={phrase: body},
        about=frozenset({body}),
        language=language,
        split=builder.split.name,
    )


def _check(scene: SceneSpec, relation: str, numbers: list[int]) -> None:
    """Raise SceneError where the two could be mistaken for each other."""
    meant, other = (np.array([spec.x, spec.y]) for spec in scene.objects[:2])
    marks = [np.array([scene.fixtures[n].x, scene.fixtures[n].y]) for n in numbers]
    if relation == "beside":
        clear = np.linalg.norm(other - marks[0]) > np.linalg.norm(meant - marks[0]) + _APART
    elif relation == "between":
        middle, way = (marks[0] + marks[1]) / 2, marks[1] - marks[0]
        length = float(np.linalg.norm(way))
        dx, dy = other - marks[0]
        off = abs(float(way[0] * dy - way[1] * dx)) / length
        along = float((other - marks[0]) @ way) / length
        clear = np.linalg.norm(meant - middle) < 0.03 and (off > _APART or not 0.0 < along < length)
    else:
        side = np.array([math.cos(_BEARINGS[relation]), math.sin(_BEARINGS[relation])])
        clear = (meant - marks[0]) @ side > 0.05 and (other - marks[0]) @ side < 0.0
    if not clear:
        raise SceneError(f"scene {scene.seed}: two that are alike both stand {relation} what is named")
