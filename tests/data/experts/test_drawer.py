"""A drawer is pulled open and pushed shut by its handle."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from hybridctl.data.experts.drawer import close_drawer, open_drawer
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.truth import drawer_fraction
from hybridctl.sim.world import SimWorld

CABINET = Fixture("cabinet", 0.49, -0.315, math.pi / 2 - 0.1)
CONTENT = ObjectSpec("block", "red", 0.044, 0.044, 0.49, -0.315 - 0.085, 0.0, (0.8, 0.1, 0.1), z=0.047)
P = Predicate


def test_a_shut_drawer_is_open_after_it_was_opened_and_let_go(lay: Callable[..., SimWorld], do) -> None:
    world = lay(CABINET, things=(CONTENT,))
    done = do(lambda hands: open_drawer(world, hands))
    assert done.ok, done.outcome.cause
    truth = TruthOf(world)
    assert truth.holds(Condition(P.OPEN, "drawer"))
    assert truth.holds(Condition(P.IN, "red block", "drawer")), "its content came along"
    assert done.path.widths[-1] > 0.02
    opened = drawer_fraction(world)
    world.sleep_until(world.now() + 0.5)
    assert drawer_fraction(world) == pytest.approx(opened, abs=0.01)


def test_an_open_drawer_is_closed_after_it_was_pushed_shut(lay: Callable[..., SimWorld], do) -> None:
    world = lay(replace(CABINET, opening=0.12))
    done = do(lambda hands: close_drawer(world, hands))
    assert done.ok, done.outcome.cause
    assert TruthOf(world).holds(Condition(P.CLOSED, "drawer"))
    assert done.path.places[-1][2] > done.hands.transit - 0.04


def test_what_is_open_or_shut_already_is_left_alone(lay: Callable[..., SimWorld], do) -> None:
    for opening, motion in ((0.16, open_drawer), (0.0, close_drawer)):
        world = lay(replace(CABINET, opening=opening))
        done = do(lambda hands, world=world, motion=motion: motion(world, hands))
        assert done.ok
        assert done.outcome.duration < 0.5
        assert world.data.joint("drawer").qpos[0] == pytest.approx(opening, abs=1e-3)


def test_a_handle_out_of_reach_is_said_at_once(lay: Callable[..., SimWorld], do) -> None:
    world = lay(replace(CABINET, x=1.1))
    for motion in (open_drawer, close_drawer):
        done = do(lambda hands, motion=motion: motion(world, hands))
        assert (done.outcome.status, done.outcome.cause) == ("FAILURE", "the handle is out of reach")


class Blocker:
    """Holds the drawer shut."""

    def reset(self, world: SimWorld) -> None: ...

    def act(self, world: SimWorld) -> None:
        world.data.joint("drawer").qfrc_applied[0] = -200.0


def test_a_drawer_that_does_not_come_along_is_a_failure(lay: Callable[..., SimWorld], do) -> None:
    world = lay(CABINET, actors=(Blocker(),))
    done = do(lambda hands: open_drawer(world, hands))
    world.data.qfrc_applied[:] = 0.0
    assert done.outcome.status == "FAILURE"
    assert drawer_fraction(world) < 0.3
