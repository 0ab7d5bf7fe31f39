"""Both renderers see the same scene, and the calibration turns points into the pixels that show them."""

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from hybridctl.sim.cameras import GlRenderer, RayRenderer, SimCamera, camera_calibration, make_renderer
from hybridctl.sim.world import SimWorld

ARM = ArmState(np.zeros(7), np.zeros(7), np.zeros(7), 0.08, 0.0, 0.0)


def ray(world: SimWorld, direction: np.ndarray) -> tuple[float, int]:
    hit = np.zeros(1, np.int32)
    eye = np.array(world.data.camera("scene").xpos)
    distance = mujoco.mj_ray(world.model, world.data, eye, direction, None, 1, -1, hit)
    return float(distance), int(hit[0])


def through(K: np.ndarray, T: np.ndarray, u: float, v: float) -> np.ndarray:
    """Unit direction in the base frame of an image point."""
    d = T[:3, :3] @ np.linalg.solve(K, (u, v, 1.0))
    return d / np.linalg.norm(d)


@pytest.mark.parametrize("seed", range(4))
def test_an_objects_centre_projects_to_a_pixel_that_shows_it(
    scene_world: Callable[[int], SimWorld], seed: int
) -> None:
    world = scene_world(seed)
    K, T = camera_calibration(world, "scene", height=128, width=128)
    hits = []
    for i in range(len(world.scene.objects)):
        centre = world.data.body(f"object{i}").xpos
        u, v, w = K @ (T[:3, :3].T @ (centre - T[:3, 3]))
        assert w > 0.3
        _, geom = ray(world, through(K, T, np.floor(u / w) + 0.5, np.floor(v / w) + 0.5))
        hits.append(world.model.geom(geom).name == f"object{i}")
    assert np.mean(hits) >= 0.75, "an object may hide another, not most of them"


def test_the_calibration_is_x_right_y_down_z_forward(world: SimWorld) -> None:
    K, T = camera_calibration(world, "scene", height=128, width=128)
    np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(T[:3, :3]) > 0
    assert T[2, 2] < -0.5  # it looks down at the table
    assert T[2, 1] < -0.3  # and the image's down is the world's down
    assert K[0, 0] == K[1, 1]
    half_height = np.degrees(np.arctan(64 / K[1, 1]))
    assert 2 * half_height == pytest.approx(world.model.camera("scene").fovy[0])


def test_ray_distances_are_those_of_mj_ray(world: SimWorld) -> None:
    renderer = RayRenderer(world, height=128, width=128)
    depth = renderer.depth("scene")
    K, T = camera_calibration(world, "scene", height=128, width=128)
    forward = T[:3, 2]
    rng = np.random.default_rng(0)
    for v, u in rng.integers(0, 128, (200, 2)):
        direction = through(K, T, u + 0.5, v + 0.5)
        distance, geom = ray(world, direction)
        expected = distance * float(direction @ forward) if geom >= 0 else 0.0
        assert depth[v, u] == pytest.approx(expected, abs=1e-6)


def test_a_pixel_with_its_depth_is_the_point_it_shows(world: SimWorld) -> None:
    renderer = RayRenderer(world, height=128, width=128)
    depth = renderer.depth("scene")
    K, T = camera_calibration(world, "scene", height=128, width=128)
    v, u = np.mgrid[0:128, 0:128]
    rays = np.linalg.solve(K, np.stack([u.ravel() + 0.5, v.ravel() + 0.5, np.ones(u.size)]))
    points = (T[:3, :3] @ (rays * depth.ravel())).T + T[:3, 3]
    on_table = np.abs(points[:, 2]) < 1e-6
    assert on_table.mean() > 0.5
    assert points[:, 2].max() < 0.6


@pytest.mark.parametrize("shape", [(48, 64), (96, 96)])
def test_images_have_the_size_that_was_asked_for(world: SimWorld, shape: tuple[int, int]) -> None:
    renderer = make_renderer(world, kind="ray", height=shape[0], width=shape[1])
    assert renderer.rgb("scene").shape == (*shape, 3)
    assert renderer.depth("scene").shape == shape


def test_the_two_renderers_agree_on_depth(gl: GlRenderer, world: SimWorld) -> None:
    by_ray = RayRenderer(world, height=128, width=128).depth("scene")
    by_gl = gl.depth("scene")
    both = by_ray > 0
    difference = np.abs(by_gl - by_ray)[both]
    assert np.median(difference) < 0.001
    assert np.mean(difference < 0.005) > 0.95


def test_the_two_renderers_agree_on_what_is_where(gl: GlRenderer, world: SimWorld) -> None:
    by_ray = RayRenderer(world, height=128, width=128).rgb("scene").astype(float)
    by_gl = gl.rgb("scene").astype(float)
    assert np.median(np.abs(by_gl - by_ray)) < 25
    assert np.corrcoef(by_gl.ravel(), by_ray.ravel())[0, 1] > 0.9


def test_gl_draws_colours_after_it_drew_depth(gl: GlRenderer) -> None:
    before = gl.rgb("scene")
    gl.depth("scene")
    np.testing.assert_array_equal(gl.rgb("scene"), before)


def test_images_follow_the_world(world: SimWorld) -> None:
    renderer = RayRenderer(world, height=128, width=128)
    before = renderer.depth("scene")
    joint = world.model.joint("object0").qposadr[0]
    world.data.qpos[joint + 2] += 0.1
    mujoco.mj_forward(world.model, world.data)
    assert np.abs(renderer.depth("scene") - before).max() > 0.05


def test_an_unknown_renderer_lists_the_known_ones(world: SimWorld) -> None:
    with pytest.raises(ValueError, match=r"'vulkan', expected one of auto, gl, ray"):
        make_renderer(world, kind="vulkan")


def test_without_opengl_auto_casts_rays_and_says_so(world: SimWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such library")

    monkeypatch.setattr(mujoco, "Renderer", broken)
    with pytest.warns(UserWarning, match=r"no OpenGL here \(RuntimeError: no such library\)"):
        renderer = make_renderer(world, kind="auto")
    assert renderer.name == "ray"
    with pytest.raises(RuntimeError, match="no such library"):
        make_renderer(world, kind="gl")


def test_a_capture_is_stamped_calibrated_and_says_who_made_it(world: SimWorld) -> None:
    world.sleep_until(0.25)
    camera = SimCamera(world, make_renderer(world, kind="ray"))
    seen = camera.capture(ARM, np.eye(4))
    K, T = camera_calibration(world, "scene", height=128, width=128)
    np.testing.assert_array_equal(seen.K, K)
    np.testing.assert_allclose(seen.T_base_camera, T)
    assert seen.stamp == pytest.approx(0.25)
    assert seen.camera == "scene/ray"
    assert camera.renderer == "ray"
    assert seen.rgb.shape == (128, 128, 3)
    assert seen.arm is ARM
