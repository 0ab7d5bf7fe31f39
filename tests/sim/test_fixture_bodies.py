"""Fixtures are what they look like: hollow where they are hollow, and a drawer slides as one of wood does."""

from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hybridctl.sim import fixtures as f
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.regions import regions_of
from hybridctl.sim.things import CUP_HEIGHT, CUP_RADIUS, PEG_DIAMETER, PEG_HEIGHT, ObjectSpec
from hybridctl.sim.world import SimWorld

BALL = ObjectSpec("ball", "red", 0.040, 0.040, 0.5, 0.0, 0.0, (0.8, 0.1, 0.1))
CABINET = Fixture("cabinet", 0.5, 0.30, -1.6)
Stage = Callable[..., SimWorld]


def pull(world: SimWorld, force: float, seconds: float) -> float:
    """Pull the drawer by a force [N] for a time [s]; return how far it is open then [m]."""
    drawer, end = world.data.joint("drawer"), world.now() + seconds
    while world.now() < end:
        drawer.qfrc_applied[0] = force
        world.sleep_until(world.now() + 0.01)
    drawer.qfrc_applied[0] = 0.0
    return float(drawer.qpos[0])


def test_the_drawer_goes_from_shut_to_16_cm_and_no_further(stage: Stage) -> None:
    world = stage(CABINET)
    assert pull(world, 6.0, 2.0) == pytest.approx(0.160, abs=0.002)
    assert pull(world, 30.0, 0.3) < 0.165
    assert pull(world, -6.0, 2.0) == pytest.approx(0.0, abs=0.002)
    assert pull(world, -30.0, 0.3) > -0.005


def test_the_drawer_goes_out_of_the_cabinets_front(stage: Stage) -> None:
    world = stage(replace(CABINET, opening=0.1))
    shift = world.data.body("drawer").xpos - world.data.body("cabinet").xpos
    np.testing.assert_allclose(shift, [0.1 * np.cos(-1.6), 0.1 * np.sin(-1.6), 0.0], atol=1e-9)


@pytest.mark.parametrize("opening", [0.0, 0.08, 0.16])
def test_the_drawer_stays_where_it_is_left(stage: Stage, opening: float) -> None:
    world = stage(replace(CABINET, opening=opening))
    world.sleep_until(2.0)
    assert world.data.joint("drawer").qpos[0] == pytest.approx(opening, abs=0.001)
    inward = -1.0 if opening > 0.1 else 1.0
    assert pull(world, inward, 1.0) == pytest.approx(opening, abs=0.005), "friction holds against 1 N"


def test_the_drawer_comes_to_rest_soon_after_it_is_let_go(stage: Stage) -> None:
    world = stage(CABINET)
    opening = pull(world, 4.0, 0.4)
    assert 0.02 < opening < 0.12
    world.sleep_until(world.now() + 1.0)
    assert world.data.joint("drawer").qpos[0] < opening + 0.02
    assert abs(world.data.joint("drawer").qvel[0]) < 1e-3


@pytest.mark.parametrize("shape", ["block", "cylinder"])
def test_a_drawer_pulled_slowly_carries_its_content_along(stage: Stage, shape: str) -> None:
    region = regions_of(stage(CABINET).scene)["drawer"]
    c, s = np.cos(CABINET.yaw), np.sin(CABINET.yaw)
    x, y = 0.5 + c * region.centre[0], 0.30 + s * region.centre[0]
    content = replace(BALL, shape=shape, x=float(x), y=float(y), z=region.floor + 0.020)
    world = stage(CABINET, things=(content,))
    before = world.data.body("object0").xpos - world.data.body("drawer").xpos
    assert pull(world, 2.9, 2.5) > 0.14
    after = world.data.body("object0").xpos - world.data.body("drawer").xpos
    assert np.linalg.norm(after - before) < 0.015


def test_nothing_jams_the_drawer_in_its_cabinet(stage: Stage) -> None:
    for opening in np.linspace(0.0, 0.16, 9):
        world = stage(replace(CABINET, opening=float(opening)))
        bodies = {world.model.body(b).name for b in world.model.geom_bodyid[world.data.contact.geom].ravel()}
        assert "drawer" not in bodies


CONTAINERS = [
    (Fixture("bowl", 0.5, 0.0), "bowl"),
    (Fixture("bin", 0.5, 0.0, 0.4), "bin"),
    (replace(CABINET, opening=0.16), "drawer"),
    (Fixture("tray", 0.5, 0.0, 0.3), "second compartment"),
    (Fixture("palm", 0.5, -0.3, 1.2), "person"),
]


@pytest.mark.parametrize(("fixture", "phrase"), CONTAINERS, ids=[phrase for _, phrase in CONTAINERS])
@pytest.mark.parametrize("direction", [0.0, 1.7, 3.3, 5.0])
def test_what_is_dropped_in_stays_in(stage: Stage, fixture: Fixture, phrase: str, direction: float) -> None:
    """A ball is let go in the middle with a speed to one side, and comes to rest within the walls."""
    region = regions_of(stage(fixture).scene)[phrase]
    slope = 0.10 if phrase != "person" else 0.04  # an open hand has but a low edge
    x0 = region.centre[0] + (fixture.opening + 0.02 if fixture.kind == "cabinet" else 0.0)
    c, s = np.cos(fixture.yaw), np.sin(fixture.yaw)
    x, y = fixture.x + c * x0 - s * region.centre[1], fixture.y + s * x0 + c * region.centre[1]
    ball = replace(BALL, x=float(x), y=float(y), z=region.floor + 0.025)
    world = stage(fixture, things=(ball,))
    dof = int(world.model.joint("object0").dofadr[0])
    world.data.qvel[dof : dof + 2] = slope * np.cos(direction), slope * np.sin(direction)
    world.sleep_until(2.5)
    body = world.data.body(region.body)
    place = body.xmat.reshape(3, 3).T @ (world.data.body("object0").xpos - body.xpos)
    assert region.holds(place[0], place[1], margin=0.010)
    assert place[2] == pytest.approx(region.floor + 0.020, abs=0.003), "it lies on the floor of it"


def test_a_peg_fits_the_hole_and_a_block_does_not(stage: Stage) -> None:
    socket = Fixture("socket", 0.5, 0.0, 0.3)
    peg = replace(BALL, shape="peg", size=PEG_DIAMETER, height=PEG_HEIGHT, z=0.12)
    world = stage(socket, things=(peg,))
    world.sleep_until(1.5)
    assert world.data.body("object0").xpos[2] == pytest.approx(f.SOCKET_FLOOR + PEG_HEIGHT / 2, abs=0.002)
    world = stage(socket, things=(replace(BALL, shape="block", z=0.10),))
    world.sleep_until(1.5)
    assert world.data.body("object0").xpos[2] > f.SOCKET_HEIGHT + 0.015


CUP = ObjectSpec("cup", "blue", 2 * CUP_RADIUS, CUP_HEIGHT, 0.5, 0.0, 0.8, (0.1, 0.2, 0.8), label="cup")


def test_a_cup_is_hollow(stage: Stage) -> None:
    marble = replace(BALL, size=0.026, height=0.026, z=0.11)
    world = stage(things=(CUP, marble))
    world.sleep_until(1.5)
    x, y, z = world.data.body("object0").xpos - world.data.body("cup0").xpos
    assert np.hypot(x, y) < CUP_RADIUS - 0.013
    assert z == pytest.approx(0.005 + 0.013 - CUP_HEIGHT / 2, abs=0.003), "on its floor"


def test_a_cup_keeps_its_content_when_it_is_lifted_and_carried(stage: Stage) -> None:
    world = stage(things=(CUP, replace(BALL, size=0.026, height=0.026, z=0.03)))
    world.sleep_until(0.5)
    cup = world.model.body("cup0").id
    weight = 9.81 * float(world.model.body_mass[cup] + world.model.body("object0").mass[0])
    world.model.dof_damping[world.model.body_dofadr[cup] + 3 : world.model.body_dofadr[cup] + 6] = 0.01
    for _ in range(100):
        world.data.xfrc_applied[cup, 2] = weight + 0.02
        world.sleep_until(world.now() + 0.01)
    world.model.dof_damping[world.model.body_dofadr[cup] + 3 : world.model.body_dofadr[cup] + 6] = 1e-4
    assert world.data.body("cup0").xpos[2] > 0.06
    assert np.linalg.norm(world.data.body("object0").xpos - world.data.body("cup0").xpos) < 0.04


@pytest.mark.parametrize(
    ("fixture", "top"),
    [(Fixture("plate", 0.5, 0.0), f.PLATE_HEIGHT), (Fixture("book", 0.5, 0.0), f.BOOK_HEIGHT)],
)
def test_a_surface_carries_what_is_set_on_it(stage: Stage, fixture: Fixture, top: float) -> None:
    world = stage(fixture, things=(replace(BALL, shape="block", z=top + 0.025),))
    world.sleep_until(1.0)
    assert world.data.body("object0").xpos[2] == pytest.approx(top + 0.020, abs=0.001)


def test_a_card_is_flat_and_no_step_for_what_is_pushed_over_it(stage: Stage) -> None:
    world = stage(Fixture("card", 0.5, 0.0, symbol="star"), things=(replace(BALL, shape="block"),))
    world.sleep_until(0.5)
    assert world.data.body("object0").xpos[2] == pytest.approx(0.020, abs=0.001)


def test_an_obstacle_moves_when_somebody_moves_it_and_pushes_others(stage: Stage) -> None:
    world = stage(Fixture("obstacle", 0.5, -0.1), things=(replace(BALL, shape="block"),))
    mocap = int(world.model.body("obstacle").mocapid[0])
    for k in range(100):
        world.data.mocap_pos[mocap] = (0.5, -0.1 + 0.001 * k, 0.03)
        world.sleep_until(world.now() + 0.01)
    mujoco.mj_forward(world.model, world.data)
    assert world.data.body("object0").xpos[1] > 0.02
