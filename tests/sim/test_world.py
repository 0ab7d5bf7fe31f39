"""One compiled model takes any scene: masses, inertias and poses are as if freshly compiled."""

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from hybridctl.sim.table_scene import MAX_OBJECTS, sample_scene
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import GRIPPER_OPEN, HOME_Q, SimWorld
from hybridctl.sim.world_model import OBJECT_BODIES, PARKED_GROUP

TYPE = {
    "block": mujoco.mjtGeom.mjGEOM_BOX,
    "ball": mujoco.mjtGeom.mjGEOM_SPHERE,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
}


def compiled(spec: ObjectSpec, density: float) -> mujoco.MjModel:
    """The same object alone, from MuJoCo's own compiler."""
    half, tall = spec.size / 2, spec.height / 2
    size = {"block": [half] * 3, "ball": [half, 0, 0], "cylinder": [half, tall, 0]}[spec.shape]
    alone = mujoco.MjSpec()
    body = alone.worldbody.add_body(name="thing")
    body.add_joint(type=mujoco.mjtJoint.mjJNT_FREE)
    body.add_geom(name="thing", type=TYPE[spec.shape], size=size, density=density)
    return alone.compile()


@pytest.mark.parametrize("seed", range(6))
def test_objects_weigh_and_turn_as_if_compiled_afresh(
    scene_world: Callable[[int], SimWorld], seed: int
) -> None:
    world = scene_world(seed)
    density = None
    for i, spec in enumerate(world.scene.objects):
        body = world.model.body(f"object{i}")
        if density is None:
            density = float(body.mass[0]) / float(compiled(spec, 1.0).body("thing").mass[0])
            assert 200 < density < 1000
        alone = compiled(spec, density)
        expected, geom = alone.body("thing"), world.model.geom(f"object{i}")
        np.testing.assert_allclose(body.mass, expected.mass, rtol=1e-9)
        np.testing.assert_allclose(body.inertia, expected.inertia, rtol=1e-6)
        np.testing.assert_allclose(geom.size, alone.geom("thing").size)
        np.testing.assert_allclose(geom.rbound, alone.geom("thing").rbound, rtol=1e-6)
        np.testing.assert_allclose(world.model.geom_aabb[geom.id], alone.geom_aabb[0], atol=1e-9)
        np.testing.assert_allclose(body.invweight0, expected.invweight0, rtol=1e-3)
        assert geom.type[0] == TYPE[spec.shape]


@pytest.mark.parametrize("seed", range(8))
def test_objects_rest_where_they_were_put(scene_world: Callable[[int], SimWorld], seed: int) -> None:
    world = scene_world(seed)
    world.sleep_until(1.0)
    for i, spec in enumerate(world.scene.objects):
        moved = world.data.body(f"object{i}").xpos - (spec.x, spec.y, spec.centre_z)
        assert np.linalg.norm(moved) < 0.003, spec.phrase
    assert np.all(np.isfinite(world.data.qpos))


def test_the_second_reset_leaves_nothing_of_the_first(world: SimWorld) -> None:
    fresh = SimWorld(sample_scene(17))
    world.reset(sample_scene(3))
    world.sleep_until(0.2)
    world.reset(sample_scene(17))
    assert world.now() == 0.0
    used = len(world.scene.objects)
    bodies = [f"object{i}" for i in range(used)] + ["bowl", "plate", "book"]
    for name in bodies:
        np.testing.assert_array_equal(world.data.body(name).xpos, fresh.data.body(name).xpos)
        np.testing.assert_allclose(world.model.body(name).mass, fresh.model.body(name).mass)
    np.testing.assert_array_equal(world.data.qpos, fresh.data.qpos)
    for w in (world, fresh):
        w.sleep_until(0.3)
    np.testing.assert_array_equal(world.data.qpos, fresh.data.qpos)


def test_objects_that_a_scene_has_not_stay_away_and_touch_nothing(
    scene_world: Callable[[int], SimWorld],
) -> None:
    seed = next(s for s in range(50) if len(sample_scene(s).objects) < MAX_OBJECTS)
    world = scene_world(seed)
    before = {i: np.array(world.data.body(f"object{i}").xpos) for i in range(len(world.scene.objects), 6)}
    world.sleep_until(1.0)
    assert before
    for i, place in before.items():
        assert place[0] < -2.0
        np.testing.assert_allclose(world.data.body(f"object{i}").xpos, place, atol=1e-6)
        assert world.model.geom(f"object{i}").group[0] == PARKED_GROUP
        assert world.model.geom(f"object{i}").contype[0] == 0


def test_the_arm_starts_at_home_with_open_fingers(world: SimWorld) -> None:
    np.testing.assert_array_equal(world.data.qpos[world.arm_joints], HOME_Q)
    assert world.data.qpos[world.fingers].sum() == pytest.approx(GRIPPER_OPEN)
    assert np.all(world.data.qvel == 0.0)


def test_the_clock_advances_with_the_physics_and_never_back(world: SimWorld) -> None:
    world.sleep_until(0.1)
    assert world.now() == pytest.approx(0.1)
    before = np.array(world.data.qpos)
    world.sleep_until(0.05)
    assert world.now() == pytest.approx(0.1)
    np.testing.assert_array_equal(world.data.qpos, before)


def test_many_short_sleeps_arrive_where_one_long_sleep_does(world: SimWorld) -> None:
    for k in range(1, 51):
        world.sleep_until(0.01 * k)
    short = np.array(world.data.qpos)
    world.reset(sample_scene(0))
    world.sleep_until(0.5)
    assert world.now() == pytest.approx(0.5)
    np.testing.assert_allclose(world.data.qpos, short, atol=1e-12)


class Counter:
    """An actor that notes when it is asked, and pushes a thing a little each time."""

    def __init__(self) -> None:
        self.stamps: list[float] = []
        self.resets: list[str] = []

    def reset(self, world: SimWorld) -> None:
        self.resets.append(world.scene.target.phrase)
        self.stamps = []

    def act(self, world: SimWorld) -> None:
        self.stamps.append(round(world.now(), 6))
        body = world.model.body("object0").id
        world.data.xfrc_applied[body, 0] = 0.4 if len(self.stamps) % 3 else -0.1


@pytest.mark.parametrize("nap", [0.001, 0.002, 0.007, 0.010, 0.013, 0.050, 0.5])
def test_actors_are_asked_every_10_ms_of_simulated_time_however_long_the_sleeps_are(
    world: SimWorld, nap: float
) -> None:
    actor = Counter()
    world.reset(sample_scene(0), actors=(actor,))
    assert actor.resets == [world.scene.target.phrase]
    for k in range(1, round(0.5 / nap) + 1):
        world.sleep_until(nap * k)
    world.sleep_until(0.5)
    np.testing.assert_allclose(actor.stamps, np.arange(1, 51) * 0.01, atol=1e-6)


def test_what_actors_do_comes_out_the_same_for_short_and_long_sleeps(world: SimWorld) -> None:
    found = []
    for nap in (0.001, 0.050):
        world.reset(sample_scene(0), actors=(Counter(),))
        for k in range(1, round(1.0 / nap) + 1):
            world.sleep_until(nap * k)
        found.append(np.array(world.data.qpos))
    np.testing.assert_array_equal(found[0], found[1])
    world.reset(sample_scene(0))
    world.sleep_until(1.0)
    assert np.abs(world.data.qpos - found[0]).max() > 0.005, "and it makes a difference"


def test_the_next_scene_has_no_actors_unless_they_are_named(world: SimWorld) -> None:
    actor = Counter()
    world.reset(sample_scene(0), actors=(actor,))
    world.sleep_until(0.1)
    world.reset(sample_scene(1))
    world.sleep_until(0.1)
    assert len(actor.stamps) == 10


def test_a_world_has_room_for_as_many_things_as_its_first_scene() -> None:
    from hybridctl.bench.memory_scene import THINGS, crowded_scene
    from hybridctl.sim.truth import true_objects

    world = SimWorld(crowded_scene(1))
    assert len(true_objects(world)) == THINGS > OBJECT_BODIES
    world.reset(crowded_scene(2))
    assert len({thing.phrase for thing in true_objects(world)}) == THINGS


def test_a_camera_that_is_carried_looks_from_there_until_the_next_scene() -> None:
    world = SimWorld(sample_scene(1))
    before = np.array(world.data.camera("scene").xpos)
    world.move_camera(np.array([0.7, 0.3, 0.8]), np.array([0.5, 0.0, 0.0]))
    camera = world.data.camera("scene")
    np.testing.assert_allclose(camera.xpos, (0.7, 0.3, 0.8))
    forward = -camera.xmat.reshape(3, 3)[:, 2]
    np.testing.assert_allclose(np.cross(forward, np.array([-0.2, -0.3, -0.8])), 0.0, atol=1e-9)
    world.reset(sample_scene(1))
    np.testing.assert_allclose(world.data.camera("scene").xpos, before)
