"""The smallest and the largest: clearly so, and no other of the kind counts."""

import pytest

from hybridctl.sim.splits import Split
from hybridctl.sim.tasks.extremes import sample
from hybridctl.sim.truth import true_pose


@pytest.mark.parametrize("variation", ["seen", "unseen-objects"])
def test_the_one_that_is_meant_is_clearly_the_extreme(variation: str) -> None:
    for seed in range(30):
        task = sample(seed, split=Split(variation))
        meant, *others = task.scene.objects[:3]
        if "smallest" in task.instruction:
            assert all(other.size > 1.15 * meant.size for other in others), task.instruction
        else:
            assert all(meant.size > 1.15 * other.size for other in others), task.instruction


def test_the_middle_one_does_not_count(begin) -> None:
    task = next(t for t in map(sample, range(20)) if "place_in" in str(t.plan))
    world = begin(task)
    for number, expected in ((1, False), (0, True)):
        joint = world.data.joint(task.scene.object_bodies[number])
        joint.qpos[:3] = true_pose(world, "bowl")[:3, 3] + (0, 0, 0.06)
        joint.qvel[:] = 0.0
        world.sleep_until(world.now() + 1.0)
        assert task.score(world).success is expected
        joint.qpos[:3] = (0.3, 0.4, 0.05)


def test_those_of_one_colour_are_told_apart_by_size_alone() -> None:
    named = [t.referents for t in map(sample, range(40)) if t.referents]
    assert named
    assert all(set(r) <= {"smallest block", "largest block"} for r in named)
