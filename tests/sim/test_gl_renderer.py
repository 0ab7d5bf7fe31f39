"""OpenGL and rays see the same scene, and drawing depth leaves colours as they were."""

import numpy as np

from hybridctl.sim.cameras import RayRenderer


def test_the_two_renderers_agree_on_depth(gl, world):
    by_ray = RayRenderer(world, height=128, width=128).depth("scene")
    by_gl = gl.depth("scene")
    both = by_ray > 0
    difference = np.abs(by_gl - by_ray)[both]
    assert np.median(difference) < 0.001
    assert np.mean(difference < 0.005) > 0.95


def test_the_two_renderers_agree_on_what_is_where(gl, world):
    by_ray = RayRenderer(world, height=128, width=128).rgb("scene").astype(float)
    by_gl = gl.rgb("scene").astype(float)
    assert np.median(np.abs(by_gl - by_ray)) < 25
    assert np.corrcoef(by_gl.ravel(), by_ray.ravel())[0, 1] > 0.9


def test_gl_draws_colours_after_it_drew_depth(gl):
    before = gl.rgb("scene")
    gl.depth("scene")
    np.testing.assert_array_equal(gl.rgb("scene"), before)


def test_both_at_once_are_what_each_is_alone(gl):
    rgb, depth = gl.rgbd("scene")
    np.testing.assert_array_equal(rgb, gl.rgb("scene"))
    np.testing.assert_array_equal(depth, gl.depth("scene"))
