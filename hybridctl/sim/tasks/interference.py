"""Somebody interferes, once: moves the thing away, shuts the drawer, or knocks the thing from the gripper."""

from __future__ import annotations

import math

import numpy as np

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.lanes import Circle, circles, free_place
from hybridctl.sim.tasks.people import Knocker, Mover, Shutter
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.things import FRUITS
from hybridctl.sim.workshop import SceneBuilder
from hybridctl.sim.world import Actor

WORDINGS: dict[str, Wordings] = {
    "bowl": {
        "en": ("put {thing} in {place}", "place {thing} into {place}", "move {thing} to {place}"),
        "zh": ("把{thing}放进{place}里", "将{thing}放到{place}里"),
        "es": ("pon {thing} en {place}", "coloca {thing} en {place}"),
        "de": ("leg {thing} in {place}", "tu {thing} in {place}"),
    },
    "drawer": {
        "en": (
            "put {thing} in {place} and close it",
            "open {place}, put {thing} inside and shut it again",
            "place {thing} into {place}, then close {place}",
        ),
        "zh": ("把{thing}放进{place}里，然后关上", "打开{place}，放入{thing}，再关上"),
        "es": ("guarda {thing} en {place} y ciérralo", "abre {place}, mete {thing} y ciérralo de nuevo"),
        "de": ("leg {thing} in {place} und mach sie zu", "öffne {place}, leg {thing} hinein und schließ sie"),
    },
}
_KNOCK_ROOM, _KNOCK_STRETCH = 0.05, 0.03
"""A thing is knocked off only this far from all others, and along this stretch of its way [m]."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task in which somebody interferes once."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng, unseen = builder.rng, builder.split.variation == "unseen-objects"
    what = str(rng.choice(("moved", "shut", "knocked")))
    builder.thing(str(rng.choice([*FRUITS])) if not unseen and rng.random() < 0.3 else None)
    place = "drawer" if what == "shut" else "bowl"
    builder.fixture("cabinet" if what == "shut" else "bowl")
    builder.fill()
    scene = builder.build()
    thing = scene.target.phrase
    goal = [Condition(Predicate.IN, thing, place)]
    plan = f"pick {thing}; place_in {place}"
    if what == "shut":
        goal.append(Condition(Predicate.CLOSED, "drawer"))
        plan = f"open drawer; {plan}; close drawer"
    somebody = _somebody(what, scene, builder)
    return Task(
        name="interference",
        scene=scene,
        instruction=said(rng, WORDINGS[place], language, thing=thing, place=place),
        plan=parse_plan(plan),
        goal=tuple(goal),
        about=frozenset(scene.object_bodies[:1]),
        language=language,
        split=builder.split.name,
        actors=(somebody,),
        time_limit=90.0,
    )


def _somebody(what: str, scene: SceneSpec, builder: SceneBuilder) -> Actor:
    rng, body = builder.rng, scene.object_bodies[0]
    if what == "moved":
        to = free_place(scene, rng, farther=0.14, room=0.035)
        return Mover(body, to, near=float(rng.uniform(0.05, 0.15)))
    if what == "shut":
        return Shutter(after=float(rng.uniform(0.0, 3.0)))
    keep_off = tuple((x, y, r + _KNOCK_ROOM) for x, y, r in circles(scene, but=0))
    return Knocker(body, carried=_free_stretch(scene, builder, keep_off), keep_off=keep_off)


def _free_stretch(scene: SceneSpec, builder: SceneBuilder, keep_off: tuple[Circle, ...]) -> float:
    """Draw how far the target is carried straight toward the bowl until a stretch begins that is free [m].

    Raises:
        SceneError: there is no such stretch.
    """
    target, (bowl_x, bowl_y) = scene.target, scene.bowl_xy
    length = math.hypot(bowl_x - target.x, bowl_y - target.y)
    steps = np.arange(0.0, min(length, 0.15), 0.01)

    def free(along: float) -> bool:
        x, y = (a + (b - a) * along / length for a, b in ((target.x, bowl_x), (target.y, bowl_y)))
        return all(math.hypot(x - a, y - b) > r for a, b, r in keep_off)

    options = [s for s in steps if all(free(s + d) for d in (0.0, _KNOCK_STRETCH / 2, _KNOCK_STRETCH))]
    if not options:
        raise SceneError(f"scene {scene.seed}: the {target.phrase} is nowhere carried over free table")
    return float(builder.rng.choice(options))
