"""Picking up is scored by what is in the hand and how high."""

import numpy as np
import pytest

from hybridctl.sim.tasks import PickUp, PutInBowl, task_for
from hybridctl.sim.world import SimWorld


@pytest.fixture(scope="module")
def world() -> SimWorld:
    return SimWorld(PickUp(900_001).scene)


def put_object(world: SimWorld, index: int, position: np.ndarray) -> None:
    import mujoco

    address = world.model.joint(f"object{index}").qposadr[0]
    world.data.qpos[address : address + 3] = position
    mujoco.mj_forward(world.model, world.data)


def test_the_target_in_the_lifted_hand_is_a_success(world: SimWorld) -> None:
    task = PickUp(900_001)
    world.reset(task.scene)
    assert not task.score(world).success
    put_object(world, 0, world.data.site("panda/tool").xpos.copy())
    assert task.score(world).success


def test_another_object_in_the_hand_is_none(world: SimWorld) -> None:
    task = PickUp(900_001)
    world.reset(task.scene)
    put_object(world, 1, world.data.site("panda/tool").xpos.copy())
    score = task.score(world)
    assert not score.success
    assert score.disturbed == 1


@pytest.mark.parametrize(
    ("instruction", "kind"),
    [
        ("put the red block in the bowl", PutInBowl),
        ("grab the blue ball and drop it into the bowl", PutInBowl),
        ("pick up the green cylinder", PickUp),
        ("do a dance", type(None)),
    ],
)
def test_the_task_is_chosen_by_the_words(instruction: str, kind: type) -> None:
    task = task_for(instruction, 900_001)
    assert isinstance(task, kind)
    if task is not None:
        assert task.scene.target.phrase in instruction
