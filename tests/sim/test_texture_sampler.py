"""Rays see a texture where OpenGL draws it: every face, every way of repeating, near and far."""

import mujoco
import numpy as np
import pytest

from hybridctl.sim.world_model import look_at_upright

BOX, PLANE = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_PLANE
SIZES = {
    "box": (BOX, [0.10, 0.05, 0.07]),
    "plane": (PLANE, [0.10, 0.05, 0.01]),
    "endless plane": (PLANE, [0, 0, 0.01]),
}


def letter_f():
    """A picture without any symmetry, in three colours."""
    texture = np.full((32, 64, 3), 220, np.uint8)
    texture[4:28, 8:18] = (200, 30, 30)
    texture[4:9, 8:56] = (30, 30, 200)
    texture[14:19, 8:40] = (30, 160, 30)
    return texture


def textured(shape, *, repeat=(1.0, 1.0), uniform=False, eye=(0.25, -0.22, 0.28), rgb=(1, 1, 1)):
    spec = mujoco.MjSpec()
    spec.visual.headlight.ambient[:], spec.visual.headlight.diffuse[:] = 0.12, 0.25
    spec.visual.headlight.specular[:] = 0.0
    texture = spec.add_texture(
        name="f", type=mujoco.mjtTexture.mjTEXTURE_2D, width=64, height=32, nchannel=3
    )  # fmt: skip
    texture.data = letter_f().tobytes()
    material = spec.add_material(name="f", texrepeat=list(repeat), texuniform=uniform, specular=0.0)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "f"
    kind, size = SIZES[shape]
    body = spec.worldbody.add_body(name="thing", pos=[0.01, 0.02, 0.0], quat=[0.98, 0.05, 0.1, 0.15])
    body.add_geom(name="thing", type=kind, size=size, material="f", rgba=[*rgb, 1])
    spec.worldbody.add_light(
        name="lamp", dir=[0, 0, -1], pos=[0, 0, 2], diffuse=[0.2] * 3, ambient=[0.45] * 3
    )
    quat = look_at_upright(np.array(eye), np.zeros(3))
    spec.worldbody.add_camera(name="scene", fovy=45.0, pos=eye, quat=quat)
    return spec


def both(small_world, renderer_of, spec, size=160):
    world = small_world(spec)
    pictures = {}
    for kind in ("gl", "ray"):
        renderer = renderer_of(world, kind=kind, height=size, width=size)
        pictures[kind], depth = renderer.rgbd("scene")
    return pictures["gl"].astype(float), pictures["ray"].astype(float), depth > 0


@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("repeat", [(1, 1), (2, 3), (15, 11)])
@pytest.mark.parametrize("shape", SIZES)
def test_rays_and_opengl_lay_a_texture_alike(small_world, renderer_of, shape, repeat, uniform):
    if shape == "endless plane":
        repeat = tuple(4 * r for r in repeat)
    by_gl, by_ray, hit = both(small_world, renderer_of, textured(shape, repeat=repeat, uniform=uniform))
    near = hit & (np.roll(hit, 3, 0) & np.roll(hit, -3, 0) & np.roll(hit, 3, 1) & np.roll(hit, -3, 1))
    assert near.sum() > 1000
    assert np.abs(by_gl - by_ray)[near].mean() < 14
    if np.std(by_gl[near]) > 20:
        assert np.corrcoef(by_gl[near].ravel(), by_ray[near].ravel())[0, 1] > 0.95


@pytest.mark.parametrize(
    "eye", [(0.4, 0, 0.05), (-0.4, 0, 0.05), (0.02, 0.4, 0.05), (0.02, -0.4, 0.05), (0.05, 0.02, -0.4)]
)
def test_every_face_of_a_box_shows_the_texture_as_opengl_does(small_world, renderer_of, eye):
    by_gl, by_ray, hit = both(small_world, renderer_of, textured("box", eye=eye))
    by_gl, by_ray = by_gl[hit], by_ray[hit]
    assert np.corrcoef((by_gl / by_gl.mean()).ravel(), (by_ray / by_ray.mean()).ravel())[0, 1] > 0.95


def test_a_far_texture_is_averaged_instead_of_sparkling(small_world, renderer_of):
    world = small_world(textured("plane", repeat=(90, 90), eye=(0.0, -0.01, 0.6)))
    renderer = renderer_of(world, kind="ray")
    rgb, depth = renderer.rgbd("scene")
    inside = np.zeros_like(depth, bool)
    inside[60:68, 56:72] = True
    assert rgb[inside].std(axis=0).max() < 3


def test_a_texture_near_by_is_smooth_between_its_texels(small_world, renderer_of):
    world = small_world(textured("plane", eye=(0.0, -0.01, 0.05)))
    rgb = renderer_of(world, kind="ray", height=256, width=256).rgb("scene").astype(int)
    assert np.abs(np.diff(rgb, axis=1)).max() < 90  # a hard edge would be 190


def test_the_tint_multiplies_the_texture(small_world, renderer_of):
    white = renderer_of(small_world(textured("box")), kind="ray").rgb("scene").astype(float)
    tinted = renderer_of(small_world(textured("box", rgb=(1, 0.5, 0.25))), kind="ray").rgb("scene")
    picture = (white != 168).all(axis=2) & (white < 250).all(axis=2)
    assert picture.sum() > 1000
    np.testing.assert_allclose(tinted[picture], white[picture] * (1, 0.5, 0.25), atol=1.5)


def test_a_ball_with_a_texture_shows_its_tint_alone(small_world, renderer_of):
    spec = textured("box")
    spec.worldbody.add_geom(
        name="ball", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.05, 0, 0], pos=[0, 0, 0.12], material="f",
        rgba=[0, 1, 0, 1],
    )  # fmt: skip
    rgb = renderer_of(small_world(spec), kind="ray").rgb("scene")
    green = (rgb[..., 0] == 0) & (rgb[..., 2] == 0)
    assert green.sum() > 300
