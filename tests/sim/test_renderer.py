"""A renderer is made in the size and kind asked for, and the fallback is said aloud."""

import mujoco
import pytest

from hybridctl.sim.renderer import make_renderer
from hybridctl.sim.world import SimWorld


@pytest.mark.parametrize("shape", [(48, 64), (96, 96)])
def test_images_have_the_size_that_was_asked_for(world: SimWorld, shape: tuple[int, int]) -> None:
    renderer = make_renderer(world, kind="ray", height=shape[0], width=shape[1])
    assert (renderer.height, renderer.width) == shape
    assert renderer.rgb("scene").shape == (*shape, 3)
    assert renderer.depth("scene").shape == shape


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
