"""The hidden thing is in the drawer beside another, out of every camera's sight, and nobody says where."""

import numpy as np

from hybridctl.sim.fixtures import DRAWER_TRAVEL
from hybridctl.sim.tasks.hidden import sample
from hybridctl.sim.truth import seen_share


def test_it_is_seen_only_when_the_drawer_is_open(begin) -> None:
    for seed in range(5):
        task = sample(seed)
        world = begin(task)
        body = task.scene.object_bodies[0]
        assert seen_share(world, body, camera="scene")[0] == 0.0
        assert "drawer" not in task.instruction
        world.data.joint("drawer").qpos[0] = 0.95 * DRAWER_TRAVEL
        world.data.joint(body).qpos[:3] += (
            0.95 * DRAWER_TRAVEL * np.array(world.data.body("drawer").xmat)[::3]
        )
        world.sleep_until(world.now() + 0.01)
        assert seen_share(world, body, camera="scene")[0] > 0.0


def test_its_neighbour_in_the_drawer_is_not_meant(begin, put) -> None:
    task = sample(1)
    world = begin(task)
    put(task.scene.objects[1].phrase, task.goal[0].object)
    assert not task.score(world).success
    begin(task)
    put(task.scene.objects[0].phrase, task.goal[0].object)
    assert task.score(world).success


def test_the_expert_opens_looks_and_finds_it(carried_out) -> None:
    task = sample(0)
    assert str(task.plan).startswith("open drawer; look drawer; pick")
    assert carried_out(task).success
