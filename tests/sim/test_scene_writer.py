"""What a scene does not use is not there for anybody, and a scene leaves nothing behind for the next."""

from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hybridctl.sim import fixtures, scene_writer, world_model
from hybridctl.sim.cameras import Renderer
from hybridctl.sim.fixtures import COUNTS, Fixture
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.splits import SPLITS
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import CUP_BODIES, OBJECT_BODIES, look_at_upright

LOOK = sample_scene(0).look
BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.5, 0.0, 0.3, (0.8, 0.1, 0.1))
BARE = SceneSpec(0, (BLOCK,), (Fixture("bowl", 0.5, 0.2),), LOOK)
CROWDED = SceneSpec(
    1,
    (
        replace(BLOCK, shape="dumbbell", size=0.03, height=0.03, velocity=(0.1, 0.0)),
        *(replace(BLOCK, shape="pear", label="pear", size=0.045, height=0.055, y=0.1 * k) for k in (1, 2, 3)),
        *(replace(BLOCK, shape="cup", size=0.072, height=0.075, x=0.4, y=0.1 * k) for k in (-2, -1)),
    ),
    tuple(
        Fixture(kind, 0.3 + 0.02 * k, -0.1 * k, 0.4, symbol="star" if kind == "card" else "", opening=0.05)
        for kind, count in COUNTS.items()
        for k in range(count)
    ),
    replace(LOOK, wall_rgb=(0.5, 0.3, 0.2), table_surface="wood", floor_rgb=(0.6, 0.5, 0.3)),
)
"""A scene that uses every kind of body, each otherwise than it was compiled."""
LOOSE = [f"object{i}" for i in range(OBJECT_BODIES)] + [f"cup{i}" for i in range(CUP_BODIES)]
FAST = [fixtures.body_name(kind, i) for kind, count in COUNTS.items() for i in range(count)]


def arrays_of(model: mujoco.MjModel) -> dict[str, np.ndarray]:
    names = [name for name in dir(model) if not name.startswith("_")]
    values = {name: getattr(model, name) for name in names}
    return {name: np.array(value) for name, value in values.items() if isinstance(value, np.ndarray)}


def unused(scene: SceneSpec) -> tuple[list[str], list[str]]:
    """Names of loose and of fast bodies that a scene has no use for."""
    loose = [name for name in LOOSE if name not in scene.object_bodies]
    return loose, [name for name in FAST if name not in scene.fixture_bodies]


def trajectory(world: SimWorld, seconds: float) -> np.ndarray:
    """Where the block goes when it is pushed, shape (N, 7)."""
    body = world.model.body("object0").id
    found = []
    for k in range(round(seconds / 0.02)):
        world.data.xfrc_applied[body, 1] = 0.35
        world.sleep_until(0.02 * (k + 1))
        at = int(world.model.joint("object0").qposadr[0])
        found.append(np.array(world.data.qpos[at : at + 7]))
    return np.array(found)


def test_a_scene_is_the_same_after_another_in_model_state_and_picture(
    world: SimWorld, renderer_of: Callable[..., Renderer]
) -> None:
    eye = renderer_of(world, kind="ray", height=60, width=80)
    world.reset(BARE)
    model, picture = arrays_of(world.model), eye.rgb("scene")
    state = [
        np.array(getattr(world.data, name)) for name in ("qpos", "qvel", "mocap_pos", "mocap_quat", "xpos")
    ]
    world.reset(CROWDED)
    assert not np.array_equal(eye.rgb("scene"), picture)
    world.sleep_until(0.1)
    world.reset(BARE)
    differing = [
        name for name, value in arrays_of(world.model).items() if not np.array_equal(value, model[name])
    ]
    assert differing == []
    names = ("qpos", "qvel", "mocap_pos", "mocap_quat", "xpos")
    for name, before in zip(names, state, strict=True):
        np.testing.assert_array_equal(getattr(world.data, name), before, err_msg=name)
    np.testing.assert_array_equal(eye.rgb("scene"), picture)


@pytest.mark.parametrize("kind", ["ray", "gl"])
def test_no_camera_sees_what_a_scene_does_not_use(
    world: SimWorld, renderer_of: Callable[..., Renderer], kind: str
) -> None:
    eye = renderer_of(world, kind=kind, height=48, width=64)
    world.reset(BARE)
    loose, fast = unused(BARE)
    for target in ((-3.0, 1.0, -3.0), (0.0, 0.0, -3.0)):
        camera, position = world.model.camera("scene"), np.add(target, (1.2, 0.3, 0.4))
        camera.pos[:], camera.quat[:] = position, look_at_upright(position, np.array(target))
        mujoco.mj_forward(world.model, world.data)
        before = eye.rgb("scene")
        shown = world.model.geom_group.copy()
        bodies = [world.model.body(name).id for name in (*loose, *fast)]
        world.model.geom_group[np.isin(world.model.geom_bodyid, bodies)] = 0
        assert not np.array_equal(eye.rgb("scene"), before), "the camera looks past them"
        world.model.geom_group[:] = shown
        for name in loose:
            at = int(world.model.joint(name).qposadr[0])
            world.data.qpos[at + 2] -= 50.0
        for name in fast:
            world.model.body(name).pos[2] -= 50.0
        mujoco.mj_forward(world.model, world.data)
        np.testing.assert_array_equal(eye.rgb("scene"), before)
        world.reset(BARE)


def test_what_a_scene_does_not_use_floats_where_it_is(world: SimWorld) -> None:
    world.reset(BARE)
    loose, _ = unused(BARE)
    before = {name: np.array(world.data.body(name).xpos) for name in loose}
    world.sleep_until(1.0)
    for name, place in before.items():
        np.testing.assert_allclose(world.data.body(name).xpos, place, atol=1e-9)


def test_what_a_scene_does_not_use_touches_nothing_even_in_the_middle_of_the_table(world: SimWorld) -> None:
    world.reset(BARE)
    alone = trajectory(world, 0.6)
    assert np.ptp(alone[:, 1]) > 0.02, "the block is pushed over the table"
    world.reset(BARE)
    loose, fast = unused(BARE)
    for name in loose:
        at = int(world.model.joint(name).qposadr[0])
        world.data.qpos[at : at + 3] = (0.5, 0.06, 0.02)
    for name in fast:
        world.model.body(name).pos[:] = (0.5, 0.06, 0.0)
    mujoco.mj_forward(world.model, world.data)
    np.testing.assert_allclose(trajectory(world, 0.6), alone, atol=1e-9)


def test_a_world_without_the_unused_bodies_moves_the_same(
    world: SimWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.reset(BARE)
    among_many = trajectory(world, 0.6)
    monkeypatch.setattr(world_model, "OBJECT_BODIES", 1)
    monkeypatch.setattr(world_model, "CUP_BODIES", 0)
    for kind in COUNTS:
        if kind not in ("bowl", "cabinet"):
            monkeypatch.setitem(COUNTS, kind, 0)
    monkeypatch.setitem(COUNTS, "bowl", 1)
    small = SimWorld(BARE)
    assert small.model.nbody < world.model.nbody - 15
    np.testing.assert_allclose(trajectory(small, 0.6), among_many, atol=1e-6)


def test_a_drawer_starts_as_far_open_as_the_scene_says(stage: Callable[..., SimWorld]) -> None:
    for opening in (0.0, 0.07, 0.16):
        world = stage(Fixture("cabinet", 0.5, 0.3, -1.5, opening=opening))
        assert world.data.joint("drawer").qpos[0] == pytest.approx(opening)
    assert stage().data.joint("drawer").qpos[0] == 0.0


@pytest.mark.parametrize("shape", ["block", "dumbbell", "pear", "pyramid"])
def test_parts_are_where_the_thing_says_and_the_rest_is_invisible(
    stage: Callable[..., SimWorld], shape: str
) -> None:
    from hybridctl.sim.things import MAX_PARTS, parts_of

    spec = replace(BLOCK, shape=shape)
    world = stage(things=(spec,))
    body, parts = world.data.body("object0"), parts_of(spec)
    first = int(world.model.geom("object0").id)
    for k, part in enumerate(parts):
        where = body.xpos + body.xmat.reshape(3, 3) @ part.at
        np.testing.assert_allclose(world.data.geom_xpos[first + k], where, atol=1e-12)
        assert bool(world.model.geom_contype[first + k]) == part.solid
    for k in range(len(parts), MAX_PARTS):
        assert world.model.geom_rgba[first + k, 3] == 0.0
        assert world.model.geom_contype[first + k] == 0
        assert world.model.geom_group[first + k] == world_model.PARKED_GROUP


def test_a_thing_that_starts_with_a_velocity_rolls_without_slipping_and_far(
    stage: Callable[..., SimWorld],
) -> None:
    ball = replace(BLOCK, shape="ball", velocity=(0.0, 0.2), y=-0.2, yaw=0.7)
    world = stage(things=(ball,))
    for _ in range(20):
        world.sleep_until(world.now() + 0.02)
        spin = world.data.body("object0").cvel[:3]
        speed = world.data.body("object0").cvel[3:]
        np.testing.assert_allclose(speed[1], -spin[0] * ball.size / 2, atol=0.004)
    assert world.data.body("object0").xpos[1] > -0.2 + 0.06
    world = stage(things=(replace(ball, velocity=(0.0, 0.0)),))
    assert world.model.geom("object0").friction[2] > 5 * scene_writer.ROLLING_FRICTION, (
        "the next one does not"
    )


def test_every_task_of_every_split_can_be_written(world: SimWorld) -> None:
    for k, split in enumerate(SPLITS):
        name = list(TASKS)[k % len(TASKS)]
        world.reset(make_task(name, 40 + k, split=split).scene)
        assert np.isfinite(world.data.qacc).all()
