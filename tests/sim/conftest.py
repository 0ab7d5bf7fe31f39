"""One world, written anew for each test; OpenGL only where the machine has it."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import mujoco
import pytest

from hybridctl.sim.cameras import GlRenderer, Renderer, RenderError, make_renderer
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.scene import SceneSpec
from hybridctl.sim.table_scene import sample_scene
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld


@pytest.fixture(scope="session")
def _world() -> SimWorld:
    return SimWorld(sample_scene(0))


@pytest.fixture
def world(_world: SimWorld) -> SimWorld:
    """The world with scene 0."""
    _world.reset(sample_scene(0))
    return _world


@pytest.fixture(scope="session")
def _gl(_world: SimWorld) -> Iterator[GlRenderer | Exception]:
    try:
        renderer = make_renderer(_world, kind="gl")
    except Exception as error:  # every GL stack fails in its own way
        yield error
        return
    yield renderer
    renderer.close()


@pytest.fixture
def gl(_gl: GlRenderer | Exception, world: SimWorld) -> GlRenderer:
    if isinstance(_gl, Exception):
        pytest.skip(f"no OpenGL on this machine: {_gl}")
    return _gl


@pytest.fixture
def scene_world(_world: SimWorld) -> Callable[[int], SimWorld]:
    def reset(seed: int) -> SimWorld:
        _world.reset(sample_scene(seed))
        return _world

    return reset


@pytest.fixture
def stage(_world: SimWorld) -> Callable[..., SimWorld]:
    """Puts fixtures and things, and nothing else, on the table."""

    def put(*fixtures: Fixture, things: tuple[ObjectSpec, ...] = ()) -> SimWorld:
        _world.reset(SceneSpec(0, things, fixtures, sample_scene(0).look))
        return _world

    return put


@pytest.fixture
def small_world() -> Callable[[mujoco.MjSpec], SimpleNamespace]:
    """Compiles a specification that a test wrote into what renderers and cameras need of a world."""

    def compiled(spec: mujoco.MjSpec) -> SimpleNamespace:
        model = spec.compile()
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        return SimpleNamespace(model=model, data=data, now=lambda: float(data.time))

    return compiled


@pytest.fixture
def renderer_of() -> Iterator[Callable[..., Renderer]]:
    """Makes a renderer of a kind; skips the test where the machine has no OpenGL, and closes it after."""
    made: list[Renderer] = []

    def make(world: SimpleNamespace, *, kind: str, height: int = 128, width: int = 128) -> Renderer:
        try:
            made.append(make_renderer(world, kind=kind, height=height, width=width))
        except RenderError as error:
            pytest.skip(str(error))
        return made[-1]

    yield make
    for renderer in made:
        renderer.close()
