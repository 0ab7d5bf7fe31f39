"""What moves by itself: a thing that rolls, one that somebody drags, an arm that crosses the table."""

from __future__ import annotations

import math
from dataclasses import replace

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.sim.actors import CrossingArm
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.palette import triple
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.scene_writer import ROLLING_FRICTION
from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.lanes import free_way
from hybridctl.sim.tasks.people import Dragger
from hybridctl.sim.tasks.sampling import SEEN, with_room
from hybridctl.sim.tasks.task import Task
from hybridctl.sim.tasks.wording import Wordings, said
from hybridctl.sim.workshop import SceneBuilder
from hybridctl.sim.world import Actor

WORDINGS: dict[str, Wordings] = {
    "pick": {
        "en": ("pick up {thing}", "take {thing}", "catch {thing}"),
        "zh": ("拿起{thing}", "抓住{thing}"),
        "es": ("coge {thing}", "atrapa {thing}"),
        "de": ("nimm {thing}", "greife {thing}"),
    },
    "bowl": {
        "en": ("put {thing} in {place}", "place {thing} into {place}", "move {thing} to {place}"),
        "zh": ("把{thing}放进{place}里", "将{thing}放到{place}里"),
        "es": ("pon {thing} en {place}", "coloca {thing} en {place}"),
        "de": ("lege {thing} in {place}", "tu {thing} in {place}"),
    },
}
_ROUND = ("ball", "apple", "orange", "plum")
_GRAVITY = 9.81
_CROSSING_HEIGHT, _CROSSING_END = 0.16, 0.50
"""Height of a crossing arm's axis, and how far to the side it turns [m]."""


def sample(seed: int, *, split: Split = SEEN, language: str = "en") -> Task:
    """Return a task with something that moves by itself."""
    return with_room(_composed, seed, split, language)


def _composed(builder: SceneBuilder, language: str) -> Task:
    rng, unseen = builder.rng, builder.split.variation == "unseen-objects"
    what = str(rng.choice(("rolls", "dragged", "crossing")))
    into_bowl = bool(rng.random() < 0.5)
    shape = str(rng.choice(_ROUND[1:] if unseen else _ROUND)) if what == "rolls" else None
    builder.thing(shape)
    if into_bowl:
        builder.fixture("bowl")
    builder.fill(int(rng.integers(0, 3)))
    scene = builder.build()
    actors: tuple[Actor, ...] = ()
    if what == "rolls":
        scene = _rolling(scene, builder)
    elif what == "dragged":
        actors = (_dragged(scene, builder),)
    else:
        scene, arm = _crossed(scene, builder)
        actors = (arm,)
    thing = scene.target.phrase
    wanted = Condition(Predicate.IN, thing, "bowl") if into_bowl else Condition(Predicate.HOLDING, thing)
    steps = [Subgoal(Skill.PICK, thing)] + ([Subgoal(Skill.PLACE_IN, "bowl")] if into_bowl else [])
    return Task(
        name="moving",
        scene=scene,
        instruction=said(rng, WORDINGS["bowl" if into_bowl else "pick"], language, thing=thing, place="bowl"),
        plan=Plan(tuple(steps)),
        goal=(wanted,),
        about=frozenset({scene.object_bodies[0]}),
        language=language,
        split=builder.split.name,
        actors=actors,
    )


def _rolling(scene: SceneSpec, builder: SceneBuilder) -> SceneSpec:
    """Let the target start elsewhere, with a velocity that brings it to rest about where it was placed."""
    end, radius = scene.target, scene.target.size / 2
    slowing = 5 / 7 * ROLLING_FRICTION * _GRAVITY / radius
    x, y = free_way(scene, builder.rng, shortest=0.15, longest=0.38)
    length = math.hypot(end.x - x, end.y - y)
    speed = math.sqrt(2 * slowing * length)
    velocity = (speed * (end.x - x) / length, speed * (end.y - y) / length)
    return replace(scene, objects=(replace(end, x=x, y=y, velocity=velocity), *scene.objects[1:]))


def _dragged(scene: SceneSpec, builder: SceneBuilder) -> Dragger:
    start, rng = scene.target, builder.rng
    end = free_way(scene, builder.rng, shortest=0.15, longest=0.35)
    speed, delay = float(rng.uniform(0.03, 0.06)), float(rng.uniform(0.5, 1.5))
    return Dragger(scene.object_bodies[0], ((start.x, start.y), end), speed, delay)


def _crossed(scene: SceneSpec, builder: SceneBuilder) -> tuple[SceneSpec, CrossingArm]:
    """Add an arm that lies along x and goes to and fro along y."""
    rng = builder.rng
    side = 1.0 if rng.random() < 0.5 else -1.0
    start = (float(rng.uniform(0.44, 0.56)), side * _CROSSING_END)
    end = (float(rng.uniform(0.44, 0.56)), -start[1])
    fixture = Fixture(
        "obstacle", *start, yaw=float(rng.uniform(-0.3, 0.3)), rgb=triple(rng.uniform(0.2, 0.9, size=3))
    )
    scene = replace(scene, fixtures=(*scene.fixtures, fixture))
    arm = CrossingArm(
        scene.fixture_bodies[-1], start, end, _CROSSING_HEIGHT, seconds=float(rng.uniform(4.0, 6.0)),
        pause=float(rng.uniform(9.0, 11.0)), delay=float(rng.uniform(0.0, 3.0)),
    )  # fmt: skip
    return scene, arm
