"""What moves does move while the arm comes, stays on the table, and is caught nevertheless."""

from dataclasses import replace

import numpy as np
import pytest

from hybridctl.sim.actors import CrossingArm
from hybridctl.sim.layout import AREA
from hybridctl.sim.tasks.moving import sample
from hybridctl.sim.tasks.people import Dragger
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.truth import true_objects

SEEDS = range(30)
rolling = [t for t in map(sample, SEEDS) if any(t.scene.target.velocity)]
dragged = [t for t in map(sample, SEEDS) if t.actors and isinstance(t.actors[0], Dragger)]
crossed = [t for t in map(sample, SEEDS) if t.actors and isinstance(t.actors[0], CrossingArm)]


def test_all_three_kinds_occur() -> None:
    assert min(len(rolling), len(dragged), len(crossed)) > 3


@pytest.mark.parametrize("number", range(3))
def test_what_rolls_is_under_way_when_the_arm_comes_and_ends_within_reach(number: int, begin) -> None:
    task = rolling[number]
    world = begin(task)
    world.sleep_until(1.5)
    assert true_objects(world)[0].speed > 0.02
    world.sleep_until(12.0)
    thing = true_objects(world)[0]
    assert thing.speed < 0.01
    (x0, x1), (y0, y1) = AREA
    assert x0 - 0.05 < thing.position[0] < x1 + 0.05
    assert y0 - 0.05 < thing.position[1] < y1 + 0.05
    assert thing.position[2] == pytest.approx(task.scene.target.size / 2, abs=0.003)


def test_rolling_leaves_nothing_to_the_next_scene(begin) -> None:
    """Friction, damping and priority of a thing that rolled are as they were."""
    world = begin(dragged[0])
    geom = world.model.geom("object0")
    before = (np.array(geom.friction), int(geom.priority[0]), np.array(world.model.dof_damping))
    begin(rolling[0])
    assert int(geom.priority[0]) == 1
    begin(dragged[0])
    np.testing.assert_array_equal(geom.friction, before[0])
    assert int(geom.priority[0]) == before[1]
    np.testing.assert_array_equal(world.model.dof_damping, before[2])


def test_what_is_dragged_follows_its_path_and_is_let_go_at_its_end(begin) -> None:
    task = dragged[0]
    (dragger,) = task.actors
    world = begin(task)
    world.sleep_until(dragger.delay + 1.5)
    assert true_objects(world)[0].speed == pytest.approx(dragger.speed, rel=0.5)
    world.sleep_until(15.0)
    end = true_objects(world)[0].position[:2]
    assert np.linalg.norm(end - dragger.path[-1]) < 0.03
    assert dragger.done
    body = world.model.body(dragger.body).id
    np.testing.assert_array_equal(world.data.xfrc_applied[body], 0.0)


@pytest.mark.parametrize("kind", [rolling, dragged], ids=["rolls", "dragged"])
def test_the_expert_copes(kind: list, carried_out) -> None:
    assert carried_out(kind[0]).success


def test_a_way_that_crosses_is_not_gone_down(carried_out) -> None:
    """The arm waits above until the crossing arm is past: they never touch."""
    task = crossed[1]
    touched = []

    class Watch:
        def reset(self, world):
            self.me = world.model.body("obstacle").id

        def act(self, world):
            geoms = world.data.contact.geom
            if len(geoms) and np.any(world.model.geom_bodyid[geoms] == self.me):
                touched.append(world.now())

    assert carried_out(replace(task, actors=(*task.actors, Watch()))).success
    assert not touched


def test_only_round_things_roll() -> None:
    def is_round(spec: ObjectSpec) -> bool:
        return spec.shape in ("ball", "apple", "orange", "plum")

    assert all(is_round(task.scene.target) for task in rolling)
