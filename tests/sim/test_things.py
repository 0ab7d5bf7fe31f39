"""Things weigh what their parts weigh, fit between the fingers, stand as they were put, and have names."""

import itertools

import mujoco
import numpy as np
import pytest

from hybridctl.sim.palette import COLOURS, UNSEEN_COLOURS
from hybridctl.sim.tasks.lexicon import ADJECTIVES, NOUNS
from hybridctl.sim.things import (
    FRUITS,
    MAX_PARTS,
    SHAPES,
    SIZES,
    TALLEST_GRIP,
    UNSEEN_SHAPES,
    ObjectSpec,
    fruit_colour_word,
    grip_of,
    parts_of,
)
from hybridctl.sim.workshop import SceneBuilder
from hybridctl.sim.world import GRIPPER_OPEN, SimWorld
from hybridctl.sim.world_model import DENSITY

LOOSE = (*SHAPES, *UNSEEN_SHAPES, *FRUITS, "can", "peg")
SEEDS = range(6)


def thing(shape: str, seed: int) -> ObjectSpec:
    """A thing of a shape, of the size that a seed gives."""
    builder = SceneBuilder(seed)
    builder.thing(shape)
    return builder.build().target


def compiled(spec: ObjectSpec) -> mujoco.MjModel:
    """The same solid parts, weighed by MuJoCo's own compiler."""
    alone = mujoco.MjSpec()
    body = alone.worldbody.add_body(name="thing")
    body.add_joint(type=mujoco.mjtJoint.mjJNT_FREE)
    for part in parts_of(spec):
        if part.solid:
            kind = getattr(mujoco.mjtGeom, f"mjGEOM_{part.kind.upper()}")
            quat = (0.5**0.5, 0, 0.5**0.5, 0) if part.along_x else (1, 0, 0, 0)
            body.add_geom(type=kind, size=part.size, pos=part.at, quat=quat, density=DENSITY)
    return alone.compile()


def tensor(body) -> np.ndarray:  # type: ignore[no-untyped-def]
    """A body's inertia about its centre of mass along the axes of its frame, shape (3, 3) [kg m²]."""
    R = np.zeros(9)
    mujoco.mju_quat2Mat(R, body.iquat)
    R = R.reshape(3, 3)
    return np.asarray(R @ np.diag(body.inertia) @ R.T)


@pytest.mark.parametrize("shape", LOOSE)
def test_mass_centre_and_inertia_are_those_of_mujocos_compiler(world: SimWorld, shape: str) -> None:
    for seed in SEEDS[:2]:
        builder = SceneBuilder(seed)
        builder.thing(shape)
        scene = builder.build()
        world.reset(scene)
        body, expected = world.model.body("object0"), compiled(scene.target).body("thing")
        np.testing.assert_allclose(body.mass, expected.mass, rtol=1e-9)
        np.testing.assert_allclose(body.ipos, expected.ipos, atol=1e-9)
        np.testing.assert_allclose(tensor(body), tensor(expected), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("shape", LOOSE)
def test_a_hand_can_take_it(shape: str) -> None:
    for seed in SEEDS:
        spec = thing(shape, seed)
        grip = grip_of(spec)
        assert 0.02 < grip.width < GRIPPER_OPEN - 0.015, "fingers pass on both sides"
        assert 0.005 < grip.below_top <= TALLEST_GRIP
        assert spec.height - grip.below_top > 0.008, "fingertips stay off the table"


@pytest.mark.parametrize("shape", LOOSE)
def test_its_parts_span_its_height_and_the_width_that_the_fingers_take(shape: str) -> None:
    for seed in SEEDS:
        spec = thing(shape, seed)
        parts = parts_of(spec)
        assert 1 <= len(parts) <= MAX_PARTS
        assert parts[0].solid
        model = compiled(spec)
        low, high = model.geom_pos - _extent(model), model.geom_pos + _extent(model)
        assert low[:, 2].min() == pytest.approx(-spec.height / 2, abs=1e-4), "it stands on its lowest part"
        assert high[:, 2].max() == pytest.approx(spec.height / 2, abs=1e-4)
        across = high[:, 1].max() - low[:, 1].min()
        assert across == pytest.approx(grip_of(spec).width, abs=1e-4), "its length lies along x"


def _extent(model: mujoco.MjModel) -> np.ndarray:
    """Half extents of each geom along the body's axes, shape (N, 3) [m]."""
    found = []
    for aabb, quat in zip(model.geom_aabb, model.geom_quat, strict=True):
        R = np.zeros(9)
        mujoco.mju_quat2Mat(R, quat)
        found.append(np.abs(R.reshape(3, 3)) @ aabb[3:])
    return np.array(found)


@pytest.mark.parametrize("first", range(0, len(LOOSE), 7))
def test_things_stay_as_they_were_put_for_a_whole_episode(world: SimWorld, first: int) -> None:
    builder = SceneBuilder(3)
    for shape in LOOSE[first : first + 7]:
        builder.thing(shape)
    scene = builder.build()
    world.reset(scene)
    before = {body: np.array(world.data.body(body).xpos) for body in scene.object_bodies}
    world.sleep_until(12.0)
    for body, spec in zip(scene.object_bodies, scene.objects, strict=True):
        after = world.data.body(body)
        assert np.linalg.norm(after.xpos - before[body]) < 0.006, spec.phrase
        assert after.xmat.reshape(3, 3)[2, 2] > 0.97, spec.phrase


def test_everything_has_a_name_in_every_language() -> None:
    nouns = {*SHAPES, *UNSEEN_SHAPES, *FRUITS, "soda can", "peg", "cup"}
    assert nouns <= set(NOUNS)
    assert {*COLOURS, *UNSEEN_COLOURS} <= set(ADJECTIVES)
    assert thing("block", 0).phrase == f"{thing('block', 0).colour} block"
    assert thing("can", 0).phrase == "soda can"
    for fruit in FRUITS:
        assert thing(fruit, 0).phrase == fruit
        assert thing(fruit, 0).is_fruit


def test_fruits_are_of_their_class_of_size() -> None:
    for fruit, (kind, _) in FRUITS.items():
        low, high = SIZES[kind]
        assert all(low <= thing(fruit, seed).size <= high for seed in SEEDS)
    bounds = [SIZES[kind] for kind in ("small", "medium", "large")]
    assert all(a[1] < b[0] for a, b in itertools.pairwise(bounds)), "classes do not overlap"


def test_a_fruits_colour_word_is_what_it_looks_like() -> None:
    words = {fruit: fruit_colour_word(fruit) for fruit in ("strawberry", "orange", "lemon", "apple")}
    assert words == {"strawberry": "red", "orange": "orange", "lemon": "yellow", "apple": "red"}


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(ValueError, match="no parts are known of a 'teapot'"):
        parts_of(ObjectSpec("teapot", "red", 0.04, 0.04, 0.5, 0.0, 0.0, (1.0, 0.0, 0.0)))
