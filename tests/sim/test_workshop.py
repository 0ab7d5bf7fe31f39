"""Scenes of the workshop: the same for a seed, without overlap, in reach, at rest, fuller where harder."""

import math
from collections.abc import Callable
from itertools import combinations

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridctl.sim.fixtures import COUNTS, DRAWER_TRAVEL
from hybridctl.sim.layout import AREA, REACH
from hybridctl.sim.scene import SceneError, SceneSpec
from hybridctl.sim.splits import SPLITS, Split
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.tasks.registry import TASKS, make_task
from hybridctl.sim.workshop import SceneBuilder
from hybridctl.sim.world import SimWorld
from hybridctl.sim.world_model import CUP_BODIES, OBJECT_BODIES

seeds = st.integers(0, 999_999)
splits = st.sampled_from(list(SPLITS.values()))
RECIPES: dict[str, tuple[str, ...]] = {
    "bare": (),
    "containers": ("bowl", "bin"),
    "drawer": ("cabinet", "plate"),
    "cards": ("card", "card", "book"),
    "kit": ("tray",),
    "person": ("palm", "socket"),
}


@pytest.fixture(scope="module")
def worlds() -> Callable[[SceneSpec], SimWorld]:
    world = SimWorld(sample_scene(0))

    def reset(scene: SceneSpec) -> SimWorld:
        world.reset(scene)
        return world

    return reset


def build(recipe: str, seed: int, split: Split) -> SceneSpec:
    """Return the first scene of a seed that has room, as tasks do."""
    for attempt in range(20):
        builder = SceneBuilder(seed, split, attempt=attempt)
        for k, kind in enumerate(RECIPES[recipe]):
            builder.fixture(kind, symbol=str(k) if kind == "card" else "")
        if recipe == "drawer":
            builder.thing(inside="drawer")
        else:
            builder.thing(builder.shape())
        if recipe == "containers":
            builder.thing("cup")
        builder.fill()
        try:
            return builder.build()
        except SceneError:
            continue
    raise AssertionError(f"{recipe} has no room")


scenes = st.builds(build, st.sampled_from(list(RECIPES)), seeds, splits)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(RECIPES)), seeds, splits)
def test_the_same_seed_gives_the_same_scene_and_another_another(recipe: str, seed: int, split: Split) -> None:
    assert build(recipe, seed, split) == build(recipe, seed, split)
    assert build(recipe, seed, split).objects != build(recipe, seed + 1, split).objects


def test_another_attempt_is_another_scene() -> None:
    found = []
    for attempt in range(3):
        builder = SceneBuilder(5, attempt=attempt)
        builder.thing("block")
        found.append(builder.build())
    assert len({scene.objects for scene in found}) == 3


@settings(max_examples=60, deadline=None)
@given(scenes)
def test_nothing_overlaps(worlds: Callable[[SceneSpec], SimWorld], scene: SceneSpec) -> None:
    """Neither things, which the physics would report as deep contacts, nor what stands fast."""
    world = worlds(scene)
    model, data = world.model, world.data
    for k in range(data.ncon):
        bodies = [model.body(model.geom_bodyid[g]).name for g in data.contact.geom[k]]
        if not all(name.startswith("panda/") for name in bodies):
            assert data.contact.dist[k] > -0.0005, bodies
    owners: dict[str, list[int]] = {name: [model.body(name).id] for name in scene.fixture_bodies}
    if "cabinet" in owners:
        owners["cabinet"].append(model.body("drawer").id)
    for a, b in combinations(scene.fixture_bodies, 2):
        for g in np.flatnonzero(np.isin(model.geom_bodyid, owners[a])):
            for h in np.flatnonzero(np.isin(model.geom_bodyid, owners[b])):
                distance = mujoco.mj_geomDistance(model, data, int(g), int(h), 0.01, None)
                assert distance >= 0.0, (a, b)


@settings(max_examples=60, deadline=None)
@given(scenes)
def test_everything_is_in_the_area_and_in_reach(scene: SceneSpec) -> None:
    (x0, x1), (y0, y1) = AREA
    for thing in scene.objects:
        assert math.hypot(thing.x, thing.y) < REACH
        if thing.z is None:
            assert x0 <= thing.x <= x1
            assert y0 <= thing.y <= y1
    for fixture in scene.fixtures:
        if fixture.kind not in ("cabinet", "palm"):  # these stand at the sides
            assert math.hypot(fixture.x, fixture.y) < REACH
            assert x0 <= fixture.x <= x1
            assert y0 <= fixture.y <= y1


@settings(max_examples=30, deadline=None)
@given(seeds, splits)
def test_the_drawers_way_is_free(worlds: Callable[[SceneSpec], SimWorld], seed: int, split: Split) -> None:
    scene = build("drawer", seed, split)
    world = worlds(scene)
    drawer = world.model.body("drawer").id
    content = scene.object_bodies[0]
    for opening in np.linspace(0.0, DRAWER_TRAVEL, 9):
        world.data.joint("drawer").qpos[0] = opening
        mujoco.mj_forward(world.model, world.data)
        for pair in world.model.geom_bodyid[world.data.contact.geom]:
            others = {world.model.body(b).name for b in pair if b != drawer}
            assert drawer not in pair or others == {content}


@settings(max_examples=25, deadline=None)
@given(scenes)
def test_things_are_at_rest_where_they_were_put(
    worlds: Callable[[SceneSpec], SimWorld], scene: SceneSpec
) -> None:
    world = worlds(scene)
    world.sleep_until(1.0)
    for body, thing in zip(scene.object_bodies, scene.objects, strict=True):
        moved = np.linalg.norm(world.data.body(body).xpos - (thing.x, thing.y, thing.centre_z))
        assert moved < 0.004, thing.phrase
        assert np.linalg.norm(world.data.body(body).cvel[3:]) < 0.02, thing.phrase


@pytest.mark.parametrize("recipe", ["bare", "containers", "drawer"])
def test_easy_scenes_have_fewer_things_than_hard_ones(recipe: str) -> None:
    counts = {
        level: [len(build(recipe, seed, Split(level=level)).objects) for seed in range(30)]
        for level in ("easy", "", "hard")
    }
    assert max(counts["easy"]) < min(counts["hard"])
    assert np.mean(counts["easy"]) < np.mean(counts[""]) < np.mean(counts["hard"])


def test_hard_scenes_have_look_alikes_of_the_target() -> None:
    for seed in range(20):
        builder = SceneBuilder(seed, Split(level="hard"))
        builder.thing("block")
        builder.fill()
        first, *others = builder.build().objects
        assert any(other.shape == first.shape and other.colour != first.colour for other in others)
        assert any(other.colour == first.colour and other.shape != first.shape for other in others)
        assert len({thing.phrase for thing in (first, *others)}) == 1 + len(others)


def test_a_thing_stands_beside_what_it_shall_stand_beside() -> None:
    for seed in range(20):
        builder = SceneBuilder(seed)
        plate, bowl = builder.fixture("plate"), builder.fixture("bowl")
        builder.thing("block", beside=plate)
        scene = builder.build()
        near, far = (scene.fixtures[k] for k in (plate, bowl))
        thing = scene.target
        assert math.hypot(thing.x - near.x, thing.y - near.y) < 0.15
        assert math.hypot(thing.x - near.x, thing.y - near.y) < math.hypot(thing.x - far.x, thing.y - far.y)


def test_more_than_the_world_holds_is_refused() -> None:
    builder = SceneBuilder(1)
    for _ in range(OBJECT_BODIES):
        builder.thing("block")
    with pytest.raises(SceneError, match=rf"seed 1: a scene holds at most {OBJECT_BODIES} things"):
        builder.thing("block")
    builder = SceneBuilder(2)
    for _ in range(CUP_BODIES):
        builder.thing("cup")
    with pytest.raises(SceneError, match=rf"seed 2: a scene holds at most {CUP_BODIES} cups"):
        builder.thing("cup")


@pytest.mark.parametrize("kind", COUNTS)
def test_more_fixtures_of_a_kind_than_the_world_holds_are_refused(kind: str) -> None:
    builder = SceneBuilder(3)
    for _ in range(COUNTS[kind]):
        builder.fixture(kind)
    with pytest.raises(SceneError, match=rf"seed 3: a scene holds at most {COUNTS[kind]} of kind {kind}"):
        builder.fixture(kind)


def test_an_unknown_kind_of_fixture_says_which_there_are() -> None:
    with pytest.raises(SceneError, match="no fixture is a 'shelf', expected one of bowl, plate"):
        SceneBuilder(3).fixture("shelf")


def test_where_there_is_no_room_it_says_so() -> None:
    builder = SceneBuilder(4)
    for kind in ("bowl", "bowl", "bin", "bin", "tray", "plate", "book", "cabinet", "socket"):
        builder.fixture(kind)
    with pytest.raises(SceneError, match="seed 4: no room for 9 fixtures and 0 things"):
        builder.build()


@pytest.mark.parametrize("name", TASKS)
def test_what_tasks_ask_for_does_not_overlap_either(
    worlds: Callable[[SceneSpec], SimWorld], name: str
) -> None:
    for k, split in enumerate(list(SPLITS)[::3]):
        scene = make_task(name, 700 + k, split=split).scene
        world = worlds(scene)
        deep = [
            d for d, pair in zip(world.data.contact.dist, world.data.contact.geom, strict=True) if d < -0.001
        ]
        assert not deep
