"""Disturbances disturb: each does what it says, ends, and leaves the expert a way to succeed."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hybridctl.assembly import Simulator
from hybridctl.data.experts.hands import tool_pose
from hybridctl.data.perturbations import Nudge, StrangeStart, perturbed
from hybridctl.demonstrations import Demonstrator
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks.registry import make_task
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.truth import true_tool
from hybridctl.sim.world import HOME_Q, Actor, SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.0, (0.8, 0.1, 0.1))
BALL = replace(BLOCK, shape="ball", colour="blue", x=0.6, velocity=(0.0, 0.1))


@pytest.fixture
def world(simulator: Simulator) -> SimWorld:
    return simulator.world


def lay(world: SimWorld, *actors: Actor, things: tuple[ObjectSpec, ...] = (BLOCK,)) -> None:
    world.reset(SceneSpec(0, things, (Fixture("bowl", 0.5, 0.25),), sample_scene(0).look), actors=actors)


def hand_at(world: SimWorld, robot, place: tuple[float, float, float], width: float) -> None:
    from controllers.inverse_kinematics import solve_ik

    q = solve_ik(robot, tool_pose(np.array(place), 0.0), np.array(HOME_Q))
    assert q is not None
    world.set_arm(q, width)


@pytest.mark.parametrize("seed", range(5))
def test_a_strange_start_is_somewhere_over_the_table_and_at_rest(world: SimWorld, seed: int) -> None:
    lay(world, StrangeStart(seed), things=(BLOCK, BALL))
    tool = true_tool(world)
    assert np.linalg.norm(world.data.qpos[world.arm_joints] - HOME_Q) > 0.1
    assert 0.32 < tool[0, 3] < 0.63
    assert 0.21 < tool[2, 3] < 0.46
    assert tool[2, 2] < -0.99, "it points down"
    before = tool[:3, 3].copy()
    dof = int(world.model.joint("object1").dofadr[0])
    assert world.data.qvel[dof + 1] == pytest.approx(0.1), "what rolls goes on rolling"
    world.sleep_until(0.5)
    np.testing.assert_allclose(true_tool(world)[:3, 3], before, atol=0.01)


def test_strange_starts_differ_by_their_seeds_and_only_by_them(world: SimWorld) -> None:
    starts = []
    for seed in (1, 2, 1):
        lay(world, StrangeStart(seed))
        starts.append(world.data.qpos[world.arm_joints].copy())
    np.testing.assert_array_equal(starts[0], starts[2])
    assert np.linalg.norm(starts[0] - starts[1]) > 0.1


@pytest.mark.parametrize("seed", range(4))
def test_a_nudge_moves_the_thing_below_an_open_hand_once_to_a_free_place(
    world: SimWorld, robot, seed: int
) -> None:
    others = tuple(
        replace(BLOCK, colour=c, x=x, y=y) for c, x, y in (("blue", 0.5, 0.1), ("green", 0.6, 0.0))
    )
    lay(world, Nudge(seed), things=(BLOCK, *others))
    world.sleep_until(0.2)
    np.testing.assert_allclose(world.data.body("object0").xpos[:2], (0.5, 0.0), atol=0.002)
    hand_at(world, robot, (0.5, 0.0, 0.12), 0.07)
    world.sleep_until(world.now() + 0.02)
    moved = world.data.body("object0").xpos.copy()
    assert 0.015 < np.hypot(moved[0] - 0.5, moved[1]) < 0.065
    for other in others:
        assert np.hypot(moved[0] - other.x, moved[1] - other.y) > 0.05, "it is put where nothing stands"
    hand_at(world, robot, (float(moved[0]), float(moved[1]), 0.12), 0.07)
    world.sleep_until(world.now() + 0.5)
    np.testing.assert_allclose(world.data.body("object0").xpos, moved, atol=0.003)


@pytest.mark.parametrize(("height", "width"), [(0.12, 0.01), (0.35, 0.07)])
def test_a_closed_or_a_distant_hand_provokes_no_nudge(
    world: SimWorld, robot, height: float, width: float
) -> None:
    lay(world, Nudge(1))
    hand_at(world, robot, (0.5, 0.0, height), width)
    world.sleep_until(world.now() + 0.2)
    np.testing.assert_allclose(world.data.body("object0").xpos[:2], (0.5, 0.0), atol=0.002)


def test_a_perturbed_task_has_one_or_two_disturbances_besides_its_own_actors() -> None:
    task = make_task("moving", 3)
    kinds = set()
    for seed in range(30):
        changed = perturbed(task, seed)
        assert changed.actors[: len(task.actors)] == task.actors
        extra = [type(actor) for actor in changed.actors[len(task.actors) :]]
        assert 1 <= len(extra) == len(set(extra)) <= 2
        kinds |= set(extra)
        assert [type(actor) for actor in perturbed(task, seed).actors[len(task.actors) :]] == extra
        assert replace(changed, actors=task.actors) == task
    assert kinds == {StrangeStart, Nudge}


@pytest.mark.parametrize("kind", [StrangeStart, Nudge])
def test_the_expert_succeeds_all_the_same(simulator: Simulator, kind: type) -> None:
    demonstrator = Demonstrator(simulator.world)
    task = make_task("pick", 11, split="seen-easy")
    demonstrator.set_up(replace(task, actors=(kind(5),)))
    done = demonstrator.run(task)
    assert done.success, done.outcome.cause
    mujoco.mj_forward(simulator.world.model, simulator.world.data)
    assert done.score.met == {f"holding({task.scene.target.phrase})": True}
