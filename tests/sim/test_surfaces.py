"""Patterns tile without a seam, have their size on the table, and take the geom's colour."""

import mujoco
import numpy as np
import pytest

from hybridctl.sim.cameras import camera_calibration
from hybridctl.sim.surfaces import (
    SEEN_SURFACES,
    SURFACES,
    UNSEEN_SURFACES,
    add_surface_materials,
    surface_material,
    surface_texture,
)

KINDS = ("gl", "ray")
PATTERNS = [name for name in SURFACES if name != "plain"]


def table():
    spec = mujoco.MjSpec()
    spec.visual.headlight.ambient[:], spec.visual.headlight.diffuse[:] = 0.12, 0.25
    spec.visual.headlight.specular[:] = 0.0
    add_surface_materials(spec)
    world = spec.worldbody
    world.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.4, 0.4, 0.02], pos=[0, 0, -0.02],
        rgba=[0.8, 0.6, 0.4, 1],
    )  # fmt: skip
    world.add_light(name="lamp", pos=[0, 0, 2], dir=[0, 0, -1], diffuse=[0.3] * 3, ambient=[0.2] * 3)
    world.add_camera(name="scene", fovy=40.0, pos=[0, 0, 0.8])
    return spec


def show(world, name):
    world.model.geom_matid[world.model.geom("table").id] = surface_material(world.model, name)


def test_what_is_seen_in_training_is_apart_from_what_is_not():
    assert not set(SEEN_SURFACES) & set(UNSEEN_SURFACES)
    assert SURFACES == SEEN_SURFACES + UNSEEN_SURFACES
    assert "plain" in SEEN_SURFACES


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_tiles_without_a_seam(name):
    texture = surface_texture(name).astype(float)[..., 0]
    for t in (texture, texture.T):
        inside = np.abs(np.diff(t, axis=0)).mean(axis=1)
        seam = np.abs(t[0] - t[-1]).mean()
        assert seam <= 1.05 * inside.max()


def test_patterns_differ_and_are_mostly_light():
    rows = [surface_texture(name).astype(float)[..., 0].ravel() for name in PATTERNS]
    assert all(row.mean() > 140 for row in rows)
    assert all(row.std() > 5 for row in rows)
    together = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(together).max() < 0.6


def test_an_unknown_surface_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'lava', expected one of plain, wood, "):
        surface_texture("lava")


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_changes_its_surface_without_a_new_renderer(small_world, renderer_of, kind):
    world = small_world(table())
    renderer = renderer_of(world, kind=kind)
    plain = renderer.rgb("scene")
    pictures = []
    for name in PATTERNS:
        show(world, name)
        pictures.append(renderer.rgb("scene").mean(axis=2))
    show(world, "plain")
    np.testing.assert_array_equal(renderer.rgb("scene"), plain)
    for i, a in enumerate(pictures):
        assert np.abs(a - plain.mean(axis=2)).mean() > 3
        for b in pictures[:i]:
            assert np.abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.7


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PATTERNS)
def test_the_geoms_colour_tints_the_pattern(small_world, renderer_of, kind, name):
    world = small_world(table())
    renderer = renderer_of(world, kind=kind)
    show(world, name)
    world.model.geom("table").rgba[:3] = 1.0
    white = renderer.rgb("scene").astype(float)
    world.model.geom("table").rgba[:3] = (0.8, 0.4, 0.6)
    tinted = renderer.rgb("scene").astype(float)
    not_saturated = (white > 60) & (white < 250)
    ratio = np.where(not_saturated, tinted / np.maximum(white, 1), np.nan)
    np.testing.assert_allclose(np.nanmedian(ratio, axis=(0, 1)), (0.8, 0.4, 0.6), atol=0.02)


@pytest.mark.parametrize("name", PATTERNS)
def test_the_two_renderers_agree_on_a_pattern(small_world, renderer_of, name):
    world = small_world(table())
    show(world, name)
    by_gl, by_ray = (renderer_of(world, kind=kind).rgb("scene").astype(float) for kind in KINDS)
    detail = [picture - picture.mean(axis=(0, 1)) for picture in (by_gl, by_ray)]
    # GL's lamp fades towards the border, which a faint pattern notices most.
    assert np.corrcoef(detail[0].ravel(), detail[1].ravel())[0, 1] > (0.85 if name in SEEN_SURFACES else 0.95)


@pytest.mark.parametrize("kind", KINDS)
def test_checker_squares_measure_eight_centimetres(small_world, renderer_of, kind):
    world = small_world(table())
    renderer = renderer_of(world, kind=kind)
    show(world, "checker")
    picture = renderer.rgb("scene").mean(axis=2)
    K, T = camera_calibration(world, "scene", height=128, width=128)
    # Counted from the table's corner at (-x, +y).
    row, column = np.meshgrid(np.arange(2, 8), np.arange(2, 8), indexing="ij")
    points = np.stack([-0.4 + 0.08 * (column + 0.5), 0.4 - 0.08 * (row + 0.5), np.zeros(row.shape)])
    u, v, w = K @ (T[:3, :3].T @ (points.reshape(3, -1) - T[:3, 3:]))
    bright = picture[np.floor(v / w).astype(int), np.floor(u / w).astype(int)].reshape(row.shape)
    even = (row + column) % 2 == 0
    assert bright[even].min() > 1.5 * bright[~even].max()
