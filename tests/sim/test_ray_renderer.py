"""The ray camera measures as mj_ray does and shades by Lambert; a texture changes its own pixels only."""

import mujoco
import numpy as np
import pytest

from hybridctl.sim.cameras import RayRenderer, camera_calibration
from hybridctl.sim.symbols import add_card, add_symbol_materials
from hybridctl.sim.world_model import PARKED_GROUP


def ray(world, direction):
    """Distance, geom and normal that one ray meets."""
    hit, normal = np.zeros(1, np.int32), np.zeros(3)
    eye = np.array(world.data.camera("scene").xpos)
    groups = np.array([1, 1, 1, 1, 1, 0], np.uint8)
    distance = mujoco.mj_ray(world.model, world.data, eye, direction, groups, 1, -1, hit, normal)
    return float(distance), int(hit[0]), normal


def through(K, T, u, v):
    """Unit direction in the base frame of an image point."""
    d = T[:3, :3] @ np.linalg.solve(K, (u, v, 1.0))
    return d / np.linalg.norm(d)


def pixels(count=200):
    return np.random.default_rng(0).integers(0, 128, (count, 2))


def test_ray_distances_are_those_of_mj_ray(world):
    depth = RayRenderer(world, height=128, width=128).depth("scene")
    K, T = camera_calibration(world, "scene", height=128, width=128)
    for v, u in pixels():
        direction = through(K, T, u + 0.5, v + 0.5)
        distance, geom, _ = ray(world, direction)
        expected = distance * float(direction @ T[:3, 2]) if geom >= 0 else 0.0
        assert depth[v, u] == pytest.approx(expected, abs=1e-6)


def test_a_pixel_with_its_depth_is_the_point_it_shows(world):
    depth = RayRenderer(world, height=128, width=128).depth("scene")
    K, T = camera_calibration(world, "scene", height=128, width=128)
    v, u = np.mgrid[0:128, 0:128]
    rays = np.linalg.solve(K, np.stack([u.ravel() + 0.5, v.ravel() + 0.5, np.ones(u.size)]))
    points = (T[:3, :3] @ (rays * depth.ravel())).T + T[:3, 3]
    on_table = np.abs(points[:, 2]) < 1e-6
    assert on_table.mean() > 0.5
    assert points[:, 2].max() < 0.6


def test_untextured_geoms_are_shaded_as_the_shipped_model_has_seen_them(world):
    """Lambert by lamp and headlight, written out for single pixels: the model was trained on these values."""
    rgb = RayRenderer(world, height=128, width=128).rgb("scene")
    K, T = camera_calibration(world, "scene", height=128, width=128)
    model = world.model
    lamp = model.light("lamp")
    untextured = 0
    for v, u in pixels(400):
        direction = through(K, T, u + 0.5, v + 0.5)
        _, geom, normal = ray(world, direction)
        if geom < 0 or model.geom_matid[geom] >= 0:
            continue
        untextured += 1
        facing_lamp, facing_eye = max(0.0, -float(normal @ lamp.dir)), max(0.0, -float(normal @ direction))
        shade = 0.12 + lamp.ambient[0] + 0.25 * facing_eye + lamp.diffuse[0] * facing_lamp
        expected = np.clip(255 * model.geom_rgba[geom, :3] * shade, 0, 255)
        assert np.abs(rgb[v, u] - np.floor(expected)).max() <= 1  # the last bit of the direction's rounding
    assert untextured > 300


def scene_with_card(*, card=True):
    spec = mujoco.MjSpec()
    add_symbol_materials(spec)
    spec.add_material(name="green", rgba=[0.1, 0.7, 0.2, 1])
    world = spec.worldbody
    world.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.3, 0.3, 0.02], rgba=[0.6, 0.5, 0.4, 1]
    )
    world.add_geom(
        name="ball",
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[0.03, 0, 0],
        pos=[0.1, 0, 0.05],
        material="green",
    )
    world.add_light(name="lamp", dir=[0.2, 0, -1], pos=[0, 0, 2], diffuse=[0.4] * 3, ambient=[0.2] * 3)
    world.add_camera(name="scene", fovy=40.0, pos=[0, 0, 0.7])
    body = world.add_body(name="card", pos=[-0.08, 0.05, 0.02])
    if card:
        add_card(body, name="card")
    return spec


def test_a_card_changes_no_pixel_but_its_own(small_world):
    without = RayRenderer(small_world(scene_with_card(card=False)), height=128, width=128)
    with_card = RayRenderer(small_world(scene_with_card()), height=128, width=128)
    (rgb, depth), (rgb_card, depth_card) = without.rgbd("scene"), with_card.rgbd("scene")
    its_own = depth != depth_card
    assert 100 < its_own.sum() < 600
    np.testing.assert_array_equal(rgb[~its_own], rgb_card[~its_own])
    assert (rgb[its_own] != rgb_card[its_own]).any(axis=1).mean() > 0.95


def test_a_geom_without_a_colour_of_its_own_takes_its_materials(small_world, renderer_of):
    world = small_world(scene_with_card())
    u, v = 64 + round(0.1 / 0.65 * 64 / np.tan(np.radians(20))), 64
    for kind in ("gl", "ray"):
        red, green, blue = renderer_of(world, kind=kind).rgb("scene")[v, u].astype(int)
        assert green > 2 * red
        assert green > 2 * blue


def test_a_coloured_lamp_colours_the_picture(small_world):
    world = small_world(scene_with_card(card=False))
    renderer = RayRenderer(world, height=32, width=32)
    before = renderer.rgb("scene").astype(int)
    world.model.light("lamp").diffuse[:] = (0.4, 0.4, 0.1)
    after = renderer.rgb("scene").astype(int)
    np.testing.assert_array_equal(after[..., :2], before[..., :2])
    assert (after[..., 2] < before[..., 2]).mean() > 0.9


@pytest.mark.parametrize("kind", ["gl", "ray"])
def test_cameras_leave_out_what_is_parked(small_world, renderer_of, kind):
    world = small_world(scene_with_card())
    renderer = renderer_of(world, kind=kind)
    before = renderer.depth("scene")
    world.model.geom("ball").group[0] = PARKED_GROUP
    assert np.abs(renderer.depth("scene") - before).max() > 0.02


def test_looking_changes_nothing_in_the_model(small_world):
    world = small_world(scene_with_card())
    world.model.geom_rgba[:, 3] = 0.0
    matid, rgba = world.model.geom_matid.copy(), world.model.geom_rgba.copy()
    RayRenderer(world, height=32, width=32).rgbd("scene")
    np.testing.assert_array_equal(world.model.geom_matid, matid)
    np.testing.assert_array_equal(world.model.geom_rgba, rgba)


def test_one_cast_gives_colour_and_depth(world, monkeypatch):
    renderer = RayRenderer(world, height=64, width=64)
    rgb, depth = renderer.rgb("scene"), renderer.depth("scene")
    casts = []
    cast = mujoco.mj_multiRay
    monkeypatch.setattr(mujoco, "mj_multiRay", lambda *args: (casts.append(1), cast(*args)))
    both = renderer.rgbd("scene")
    assert len(casts) == 1
    np.testing.assert_array_equal(both[0], rgb)
    np.testing.assert_array_equal(both[1], depth)


def test_images_follow_the_world(world):
    renderer = RayRenderer(world, height=128, width=128)
    before = renderer.depth("scene")
    world.data.qpos[world.model.joint("object0").qposadr[0] + 2] += 0.1
    mujoco.mj_forward(world.model, world.data)
    assert np.abs(renderer.depth("scene") - before).max() > 0.05
