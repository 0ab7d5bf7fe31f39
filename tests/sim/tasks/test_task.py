"""A task scores its goal, or the best of its readings, and what it disturbed on the way."""

from collections.abc import Callable
from dataclasses import replace

import mujoco
import pytest

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import parse_plan
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.scene import SceneError
from hybridctl.sim.tasks.conditions import TruthError
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.tasks.task import DISTURBED, Task, disturbed
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld

RED = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.0, (0.8, 0.1, 0.1))
BLUE = replace(RED, colour="blue", x=0.6)
BOWL, BIN = Fixture("bowl", 0.5, 0.0), Fixture("bin", 0.5, -0.25)
IN_BOWL = Condition(Predicate.IN, "red block", "bowl")
BLUE_IN_BIN = Condition(Predicate.IN, "blue block", "bin")
Stage = Callable[..., SimWorld]


def a_task(world: SimWorld, *goal: Condition, readings: tuple[tuple[Condition, ...], ...] = ()) -> Task:
    plan = parse_plan("pick red block; place_in bowl")
    return Task("place", world.scene, "put it in", plan, goal, readings=readings)


def move(world: SimWorld, body: str, by: tuple[float, float]) -> None:
    at = int(world.model.joint(body).qposadr[0])
    world.data.qpos[at : at + 2] += by
    mujoco.mj_forward(world.model, world.data)


def test_success_is_every_condition_of_the_goal(stage: Stage) -> None:
    for y, success in ((-0.25, True), (0.2, False)):
        world = stage(BOWL, BIN, things=(replace(RED, z=0.029), replace(BLUE, x=0.5, y=y, z=0.028)))
        score = a_task(world, IN_BOWL, BLUE_IN_BIN).score(world)
        assert score.success == success
        assert score.met == {"in(red block, bowl)": True, "in(blue block, bin)": success}


def test_another_reading_that_is_met_is_as_good(stage: Stage) -> None:
    blue = replace(BLUE, x=0.5, y=-0.25, z=0.028)
    world = stage(BOWL, BIN, things=(replace(RED, x=0.65), blue))
    assert not a_task(world, IN_BOWL).score(world).success
    score = a_task(world, IN_BOWL, readings=((BLUE_IN_BIN,),)).score(world)
    assert score.success
    assert score.met == {"in(blue block, bin)": True}
    nearest = a_task(world, IN_BOWL, readings=((BLUE_IN_BIN, IN_BOWL),)).score(world)
    assert not nearest.success
    assert sum(nearest.met.values()) == 1, "of readings that fail it tells of the one that came nearest"


def test_what_moved_by_more_than_3_cm_and_is_no_business_of_the_task_is_disturbed(stage: Stage) -> None:
    world = stage(things=(RED, BLUE))
    assert disturbed(world, frozenset()) == 0
    move(world, "object1", (0.0, DISTURBED - 0.002))
    assert disturbed(world, frozenset()) == 0
    move(world, "object1", (0.0, 0.004))
    move(world, "object0", (0.1, 0.0))
    assert disturbed(world, frozenset({"object0"})) == 1
    assert disturbed(world, frozenset()) == 2


def test_a_goal_about_what_is_not_there_is_an_error(stage: Stage) -> None:
    world = stage(things=(RED,))
    with pytest.raises(TruthError):
        a_task(world, IN_BOWL).score(world)


@pytest.mark.parametrize("name", TASKS)
def test_nothing_is_disturbed_before_a_task_has_begun(stage: Stage, name: str) -> None:
    world = stage()
    task = make_task(name, 60)
    world.reset(task.scene, actors=task.actors)
    assert task.score(world).disturbed == 0
    assert task.about <= set(task.scene.object_bodies), "it is about things of its scene"
    assert task.time_limit > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "juggle"}, "no task is named 'juggle', expected one of pick, place"),
        ({"name": "pick", "split": "far"}, "no split is named 'far', expected one of seen"),
        ({"name": "pick", "language": "fr"}, "no task speaks 'fr', expected one of en, zh, es, de"),
    ],
)
def test_unknown_names_say_what_is_known(arguments: dict[str, str], words: str) -> None:
    with pytest.raises(SceneError, match=words):
        make_task(seed=1, **arguments)  # type: ignore[arg-type]
