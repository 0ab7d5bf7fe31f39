"""One of two look-alikes: the one that stands where the words say, as the camera sees it."""

import numpy as np
import pytest

from hybridctl.sim.tasks.relations import sample
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.truth import true_pose
from hybridctl.sim.world_model import look_at_from_far

SIDES = {"to the left of": (0.0, -1.0), "to the right of": (0.0, 1.0), "in front of": (1.0, 0.0),
         "behind": (-1.0, 0.0)}  # fmt: skip


def place_of(task, phrase: str) -> np.ndarray:
    fixture = next(p for p in task.scene.fixtures if p.phrase == phrase)
    return np.array([fixture.x, fixture.y])


def at(spec: ObjectSpec) -> np.ndarray:
    return np.array([spec.x, spec.y])


@pytest.mark.parametrize("seed", range(25))
def test_the_words_name_one_of_two_that_are_alike(seed: int) -> None:
    task = sample(seed)
    (phrase, body), *_ = task.referents.items()
    meant, other = task.scene.objects[:2]
    assert task.scene.object_bodies[0] == body
    assert (meant.phrase, meant.shape, meant.size) == (other.phrase, other.shape, other.size)
    for words, side in SIDES.items():
        if words in phrase:
            landmark = place_of(task, phrase.rpartition("the ")[2])
            assert (at(meant) - landmark) @ side > 0.05 > (at(other) - landmark) @ side
    if "next to" in phrase:
        landmark = place_of(task, phrase.rpartition("the ")[2])
        near, far = (float(np.linalg.norm(at(spec) - landmark)) for spec in (meant, other))
        assert far > near + 0.05
    if "between" in phrase:
        a, b = (place_of(task, p) for p in phrase.partition(" between the ")[2].split(" and the "))
        assert np.linalg.norm(at(meant) - (a + b) / 2) < 0.03 < np.linalg.norm(at(other) - (a + b) / 2)


def test_sides_are_those_of_the_picture() -> None:
    """In the scene camera's picture y grows to the right; what is nearer to the viewer has the larger x."""
    look = sample(0).scene.look
    w, x, y, z = look_at_from_far(np.array(look.camera_position), np.array(look.camera_look_at))
    right = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    assert right[1] > 0.99
    assert look.camera_position[0] > 0.7


def test_the_other_one_in_the_bowl_does_not_count(begin) -> None:
    task = next(t for t in map(sample, range(20)) if "place_in" in str(t.plan))
    world = begin(task)
    for body, expected in ((task.scene.object_bodies[1], False), (task.scene.object_bodies[0], True)):
        joint = world.data.joint(body)
        joint.qpos[:3] = true_pose(world, "bowl")[:3, 3] + (0, 0, 0.05)
        joint.qvel[:] = 0.0
        world.sleep_until(world.now() + 1.0)
        assert task.score(world).success is expected
        joint.qpos[:3] = (0.3, 0.4, 0.05)


def test_the_expert_takes_the_one_that_is_meant(carried_out) -> None:
    assert carried_out(sample(1)).success
