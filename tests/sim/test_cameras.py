"""The calibration turns points into the pixels that show them; errors are in the report alone."""

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import MessageError
from hybridctl.sim.camera_errors import CameraErrors
from hybridctl.sim.cameras import SimCamera, camera_calibration, make_renderer
from hybridctl.sim.world import HOME_Q, SimWorld

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


def capture(world: SimWorld, *, name: str = "scene", size: int = 64, **errors: float):
    renderer = make_renderer(world, kind="ray", height=size, width=size)
    return SimCamera(world, renderer, name=name, errors=CameraErrors(**errors)).capture(ARM, np.eye(4))


def shift_and_angle(T_a: np.ndarray, T_b: np.ndarray) -> tuple[float, float]:
    R = T_a[:3, :3].T @ T_b[:3, :3]
    return float(np.linalg.norm(T_a[:3, 3] - T_b[:3, 3])), float(
        np.arccos(np.clip((np.trace(R) - 1) / 2, -1, 1))
    )


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


def test_a_capture_is_stamped_calibrated_and_says_who_made_it(world: SimWorld) -> None:
    world.sleep_until(0.25)
    camera = SimCamera(world, make_renderer(world, kind="ray"))
    seen = camera.capture(ARM, np.eye(4))
    K, T = camera_calibration(world, "scene", height=128, width=128)
    np.testing.assert_array_equal(seen.K, K)
    np.testing.assert_array_equal(seen.T_base_camera, T)
    assert seen.stamp == pytest.approx(0.25)
    assert seen.camera == "scene/ray"
    assert camera.renderer == "ray"
    assert seen.rgb.shape == (128, 128, 3)
    assert seen.arm is ARM


def test_a_camera_has_its_renderers_size(world: SimWorld) -> None:
    camera = SimCamera(world, make_renderer(world, kind="ray", height=48, width=64), name="wrist")
    seen = camera.capture(ARM, np.eye(4))
    assert seen.rgb.shape == (48, 64, 3)
    assert seen.depth.shape == (48, 64)
    np.testing.assert_array_equal(seen.K, camera_calibration(world, "wrist", height=48, width=64)[0])
    assert seen.camera == "wrist/ray"


def test_an_unknown_camera_lists_the_known_ones(world: SimWorld) -> None:
    with pytest.raises(ValueError, match=r"no camera 'ceiling', only .*scene"):
        SimCamera(world, make_renderer(world, kind="ray"), name="ceiling")


def test_a_camera_on_the_hand_reports_where_it_is_now(world: SimWorld) -> None:
    """The same mount at every joint angle, and its depth gives points on the table there."""
    mounts, positions = [], []
    for turn in (0.0, 0.35):
        q = np.array(HOME_Q)
        q[0] += turn
        world.set_arm(q, 0.08)
        hand = world.data.body("panda/hand")
        seen = capture(world, name="wrist")
        mounts.append(np.linalg.solve(hand.xmat.reshape(3, 3), seen.T_base_camera[:3, 3] - hand.xpos))
        positions.append(seen.T_base_camera[:3, 3])
        v, u = np.mgrid[0:64, 0:64]
        rays = np.linalg.solve(seen.K, np.stack([u.ravel() + 0.5, v.ravel() + 0.5, np.ones(u.size)]))
        T = seen.T_base_camera
        points = (T[:3, :3] @ (rays * seen.depth.ravel())).T + T[:3, 3]
        assert np.mean(np.abs(points[:, 2]) < 1e-6) > 0.2
    np.testing.assert_allclose(mounts[0], mounts[1], atol=1e-9)
    assert np.linalg.norm(positions[0] - positions[1]) > 0.05


@pytest.mark.parametrize("name", ["scene", "wrist"])
def test_a_calibration_error_has_its_size_and_stays(world: SimWorld, name: str) -> None:
    true = capture(world, name=name)
    wrong = capture(world, name=name, translation=0.004, rotation=0.02, seed=3)
    shift, angle = shift_and_angle(true.T_base_camera, wrong.T_base_camera)
    assert shift == pytest.approx(0.004)
    assert angle == pytest.approx(0.02)
    first = np.linalg.solve(true.T_base_camera, wrong.T_base_camera)
    world.sleep_until(0.1)
    true, wrong = (
        capture(world, name=name),
        capture(world, name=name, translation=0.004, rotation=0.02, seed=3),
    )
    np.testing.assert_allclose(np.linalg.solve(true.T_base_camera, wrong.T_base_camera), first, atol=1e-12)


def test_a_calibration_error_is_in_the_report_and_not_in_the_picture(world: SimWorld) -> None:
    true, wrong = capture(world), capture(world, translation=0.01, rotation=0.05)
    np.testing.assert_array_equal(true.rgb, wrong.rgb)
    np.testing.assert_array_equal(true.depth, wrong.depth)
    np.testing.assert_array_equal(true.K, wrong.K)


def test_seeds_and_cameras_err_in_directions_of_their_own(world: SimWorld) -> None:
    def error(name: str, seed: int) -> np.ndarray:
        true, wrong = (
            capture(world, name=name, size=8),
            capture(world, name=name, size=8, translation=1.0, seed=seed),
        )
        return np.linalg.solve(true.T_base_camera, wrong.T_base_camera)[:3, 3]

    np.testing.assert_array_equal(error("scene", 1), error("scene", 1))
    directions = [error("scene", 1), error("scene", 2), error("wrist", 1)]
    for i in range(3):
        assert np.linalg.norm(directions[i] - directions[i - 1]) > 0.1


def test_depth_noise_repeats_with_the_stamp_and_changes_with_it(world: SimWorld) -> None:
    first = capture(world, depth_noise=0.002, seed=5)
    np.testing.assert_array_equal(capture(world, depth_noise=0.002, seed=5).depth, first.depth)
    assert (capture(world, depth_noise=0.002, seed=6).depth != first.depth).mean() > 0.9
    noise = first.depth - capture(world).depth
    world.data.time = 0.05
    later = capture(world, depth_noise=0.002, seed=5).depth - capture(world).depth
    assert abs(np.corrcoef(noise.ravel(), later.ravel())[0, 1]) < 0.1


def test_depth_noise_grows_with_the_distance_squared(world: SimWorld) -> None:
    true = capture(world, size=128).depth
    noise = capture(world, size=128, depth_noise=0.002).depth - true
    hit = true > 0
    standard = noise[hit] / true[hit] ** 2
    assert standard.std() == pytest.approx(0.002, rel=0.05)
    assert abs(standard.mean()) < 0.0001
    world.model.camera("scene").pos[2] += 1.0
    mujoco.mj_forward(world.model, world.data)
    far = capture(world, size=128).depth
    noise = capture(world, size=128, depth_noise=0.002).depth - far
    assert (noise[far > 0] / far[far > 0] ** 2).std() == pytest.approx(0.002, rel=0.05)


def test_where_nothing_was_hit_depth_noise_keeps_zero(world: SimWorld) -> None:
    world.model.camera("scene").quat[:] = (0.5, 0.5, 0.5, 0.5)  # towards the horizon
    mujoco.mj_forward(world.model, world.data)
    true = capture(world).depth
    noisy = capture(world, depth_noise=0.01).depth
    assert 0.1 < (true == 0).mean() < 0.9
    assert (noisy[true == 0] == 0).all()
    assert (noisy >= 0).all()


@pytest.mark.parametrize("field", ["translation", "rotation", "depth_noise"])
def test_errors_that_cannot_be_are_refused(field: str) -> None:
    with pytest.raises(MessageError, match=f"CameraErrors.{field} is -0.1"):
        CameraErrors(**{field: -0.1})
    with pytest.raises(MessageError, match=f"CameraErrors.{field} is nan"):
        CameraErrors(**{field: float("nan")})
