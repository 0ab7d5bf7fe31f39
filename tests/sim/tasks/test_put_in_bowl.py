"""Success means: the named object rests in the bowl, alone, and the gripper has let go."""

import mujoco
import numpy as np
import pytest

from hybridctl.sim.fixtures import BOWL_FLOOR
from hybridctl.sim.tasks.put_in_bowl import PutInBowl
from hybridctl.sim.world import SimWorld

TASK = PutInBowl(1_000_003)


@pytest.fixture(scope="module")
def _world() -> SimWorld:
    return SimWorld(TASK.scene)


@pytest.fixture
def world(_world: SimWorld) -> SimWorld:
    _world.reset(TASK.scene)
    return _world


def move(world: SimWorld, index: int, x: float, y: float, z: float) -> None:
    a = world.model.joint(f"object{index}").qposadr[0]
    world.data.qpos[a : a + 3] = x, y, z
    mujoco.mj_forward(world.model, world.data)


def drop_in(world: SimWorld, index: int) -> None:
    height = world.scene.objects[index].height
    move(world, index, *world.scene.bowl_xy, BOWL_FLOOR + height / 2 + 0.002)


def test_at_the_start_nothing_is_done(world: SimWorld) -> None:
    score = TASK.score(world)
    assert (score.success, score.target_in_bowl, score.wrong_in_bowl, score.disturbed) == (
        False,
        False,
        False,
        0,
    )


def test_the_target_at_rest_in_the_bowl_is_a_success(world: SimWorld) -> None:
    drop_in(world, 0)
    world.sleep_until(1.0)
    score = TASK.score(world)
    assert (score.success, score.target_in_bowl, score.wrong_in_bowl, score.disturbed) == (
        True,
        True,
        False,
        0,
    )


def test_a_target_that_still_moves_is_no_success_yet(world: SimWorld) -> None:
    drop_in(world, 0)
    world.sleep_until(1.0)
    a = world.model.joint("object0").dofadr[0]
    world.data.qvel[a] = 0.1
    mujoco.mj_forward(world.model, world.data)
    score = TASK.score(world)
    assert score.target_in_bowl
    assert not score.success


def test_a_target_that_the_gripper_still_holds_is_no_success(world: SimWorld) -> None:
    drop_in(world, 0)
    world.sleep_until(1.0)
    world.data.qpos[world.fingers] = 0.02
    mujoco.mj_forward(world.model, world.data)
    assert not TASK.score(world).success


def test_the_wrong_object_in_the_bowl_is_no_success(world: SimWorld) -> None:
    drop_in(world, 1)
    world.sleep_until(1.0)
    score = TASK.score(world)
    assert (score.success, score.target_in_bowl, score.wrong_in_bowl) == (False, False, True)
    assert score.disturbed == 1


def test_the_target_with_company_in_the_bowl_is_no_success(world: SimWorld) -> None:
    x, y = world.scene.bowl_xy
    move(world, 0, x - 0.028, y, BOWL_FLOOR + 0.025)
    move(world, 1, x + 0.028, y, BOWL_FLOOR + 0.025)
    score = TASK.score(world)
    assert (score.success, score.target_in_bowl, score.wrong_in_bowl) == (False, True, True)


@pytest.mark.parametrize("offset", [(0.09, 0.0, 0.02), (0.0, 0.0, 0.20)])
def test_beside_or_above_the_bowl_is_not_in_it(world: SimWorld, offset: tuple[float, float, float]) -> None:
    move(world, 0, *np.add((*world.scene.bowl_xy, 0.0), offset))
    assert not TASK.score(world).target_in_bowl


def test_objects_that_were_pushed_are_counted_and_the_target_is_not(world: SimWorld) -> None:
    for index in (0, 2, 3):
        spec = world.scene.objects[index]
        move(world, index, spec.x + 0.04, spec.y, spec.centre_z)
    spec = world.scene.objects[1]
    move(world, 1, spec.x + 0.02, spec.y, spec.centre_z)
    assert TASK.score(world).disturbed == 2


def test_the_instruction_names_the_target_of_the_scene() -> None:
    assert TASK.instruction == f"put the {TASK.scene.target.phrase} in the bowl"
    told = PutInBowl(3, instruction="Move the pink ball to the bowl")
    assert told.scene.target.phrase == "pink ball"
    assert told.instruction == "Move the pink ball to the bowl"


def test_an_instruction_without_a_known_object_takes_the_seeds_own_target() -> None:
    told = PutInBowl(3, instruction="tidy up")
    assert told.scene == PutInBowl(3).scene


def test_a_seed_makes_the_same_task_again() -> None:
    assert PutInBowl(9).scene == PutInBowl(9).scene
