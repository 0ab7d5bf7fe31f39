"""Cards show their symbol once and upright in both renderers, and change it at run time."""

import itertools

import mujoco
import numpy as np
import pytest
from PIL import Image

from hybridctl.sim.cameras import camera_calibration
from hybridctl.sim.symbols import SYMBOLS, add_card, add_symbol_materials, symbol_material, symbol_texture
from hybridctl.sim.world_model import look_at_from_far

KINDS = ("gl", "ray")
EYE, TARGET = np.array([1.0, 0.05, 0.70]), np.array([0.55, 0.0, 0.0])
HALF = 0.035


def card_table(*, yaw=0.0, at=(0.55, 0.02)):
    spec = mujoco.MjSpec()
    spec.visual.headlight.ambient[:], spec.visual.headlight.diffuse[:] = 0.12, 0.25
    spec.visual.headlight.specular[:] = 0.0
    add_symbol_materials(spec)
    world = spec.worldbody
    world.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.6, 0.6, 0.02], pos=[0.5, 0, -0.02],
        rgba=[0.3, 0.4, 0.3, 1],
    )  # fmt: skip
    world.add_light(name="lamp", pos=[0.5, 0, 2], dir=[0, 0, -1], diffuse=[0.3] * 3, ambient=[0.2] * 3)
    world.add_camera(name="scene", fovy=38.0, pos=EYE, quat=look_at_from_far(EYE, TARGET))
    body = world.add_body(name="card", pos=[*at, 0], quat=[np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)])
    add_card(body, name="card")
    return spec


def show(world, symbol):
    world.model.geom_matid[world.model.geom("card").id] = symbol_material(world.model, symbol)


def project(world, points, renderer):
    K, T = camera_calibration(world, "scene", height=renderer.height, width=renderer.width)
    u, v, w = K @ (T[:3, :3].T @ (np.asarray(points).T - T[:3, 3:]))
    return u / w, v / w


def card_point(world, right, up):
    """Point of the card's top at (right, up) in -1…1: right is the body's +y, up its −x."""
    R = world.data.body("card").xmat.reshape(3, 3)
    return world.data.body("card").xpos + R @ (-up * HALF, right * HALF, 0.0016)


def read(world, renderer, *, cells=16):
    """The card's picture seen from straight above, by the calibration, shape (cells, cells, 3)."""
    steps = (np.arange(4 * cells) + 0.5) / (2 * cells) - 1
    points = [card_point(world, right, -down) for down, right in itertools.product(steps, steps)]
    u, v = project(world, points, renderer)
    picture = renderer.rgb("scene")[np.floor(v).astype(int), np.floor(u).astype(int)]
    return picture.reshape(cells, 4, cells, 4, 3).mean(axis=(1, 3))


def reference(symbol, *, cells=16):
    texture = symbol_texture(symbol).astype(float)
    block = len(texture) // cells
    return texture.reshape(cells, block, cells, block, 3).mean(axis=(1, 3))


def alike(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def turned_and_mirrored(picture):
    for flipped in (picture, picture[:, ::-1]):
        for quarter in range(4):
            yield np.rot90(flipped, quarter)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_symbols_differ_even_at_the_size_of_a_card_in_a_picture(symbol):
    """A card covers about 14 px of a 128 px picture, anywhere between the pixels."""

    def small(name, shift):
        padded = np.pad(symbol_texture(name), ((shift, 5 - shift), (shift, 5 - shift), (0, 0)), mode="edge")
        return np.array(Image.fromarray(padded).resize((14, 14), Image.Resampling.BOX)).astype(float)

    seen = small(symbol, 3)
    scores = {name: max(alike(seen, small(name, shift)) for shift in (1, 5)) for name in SYMBOLS}
    best, second = sorted(scores.values(), reverse=True)[:2]
    assert scores[symbol] == best
    assert best - second > 0.05


def test_digits_are_dark_strokes_on_a_light_card():
    for digit in SYMBOLS[:10]:
        dark = (symbol_texture(digit).mean(axis=2) < 70).mean()
        light = (symbol_texture(digit).mean(axis=2) > 220).mean()
        assert 0.10 < dark < 0.40
        assert light > 0.5


def test_an_unknown_symbol_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'moon', expected one of 0, 1, .* heart, star"):
        symbol_texture("moon")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("yaw", [0.0, 0.7])
def test_a_card_shows_its_symbol_upright_and_unmirrored(small_world, renderer_of, kind, yaw):
    world = small_world(card_table(yaw=yaw))
    renderer = renderer_of(world, kind=kind, height=360, width=480)
    for symbol in SYMBOLS:
        show(world, symbol)
        picture, texture = read(world, renderer), reference(symbol)
        assert alike(picture, texture) > 0.93, symbol
        for other in turned_and_mirrored(texture):
            own_symmetry = alike(texture, other)
            if own_symmetry < 0.97:
                assert alike(picture, other) < alike(picture, texture) - 0.5 * (1 - own_symmetry), symbol


def test_from_the_scene_camera_a_card_without_yaw_is_read_upright(small_world, renderer_of):
    world = small_world(card_table())
    renderer = renderer_of(world, kind="ray")
    ends = [card_point(world, *end) for end in ((0, 1), (0, -1), (1, 0), (-1, 0))]
    u, v = project(world, ends, renderer)
    assert v[0] < v[1] - 8
    assert abs(u[0] - u[1]) < 3
    assert u[2] > u[3] + 8
    assert abs(v[2] - v[3]) < 3


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_two_renderers_agree_on_a_card(small_world, renderer_of, symbol):
    world = small_world(card_table(yaw=0.3))
    show(world, symbol)
    by_gl, by_ray = (
        read(world, renderer_of(world, kind=kind, height=360, width=480)) for kind in KINDS
    )  # fmt: skip
    assert np.abs(by_gl / by_gl.mean() - by_ray / by_ray.mean()).mean() < 0.05
    assert alike(by_gl, by_ray) > 0.98


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_picture_still_tells_the_symbols_apart(small_world, renderer_of, kind):
    world = small_world(card_table())
    renderer = renderer_of(world, kind=kind)
    for symbol in SYMBOLS:
        show(world, symbol)
        picture = read(world, renderer)
        assert max(SYMBOLS, key=lambda name: alike(picture, reference(name))) == symbol


@pytest.mark.parametrize("kind", KINDS)
def test_an_alpha_of_zero_hides_a_card_in_colour_and_depth(small_world, renderer_of, kind):
    world = small_world(card_table())
    renderer = renderer_of(world, kind=kind)
    rgb, depth = renderer.rgbd("scene")
    world.model.geom_rgba[world.model.geom("card").id, 3] = 0.0
    hidden_rgb, hidden_depth = renderer.rgbd("scene")
    assert np.abs(depth - hidden_depth).max() > 0.001
    world.model.geom_pos[world.model.geom("card").id] = (0, 0, -1)
    mujoco.mj_forward(world.model, world.data)
    np.testing.assert_array_equal(hidden_rgb, renderer.rgb("scene"))
    np.testing.assert_array_equal(hidden_depth, renderer.depth("scene"))
    assert np.abs(rgb.astype(int) - hidden_rgb).max() > 80


def test_a_card_touches_nothing_and_weighs_nothing(small_world):
    model = small_world(card_table()).model
    card = model.geom("card")
    assert card.contype[0] == card.conaffinity[0] == 0
    assert model.body("card").mass[0] == 0.0
