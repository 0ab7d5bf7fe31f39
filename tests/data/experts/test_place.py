"""What is put down ends where it should, let go, and nothing else is knocked over."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hybridctl.data.experts.grasp import pick
from hybridctl.data.experts.hands import Hands, Motion
from hybridctl.data.experts.place import place
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.fixtures import CABINET_HALF, Fixture
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.things import PEG_DIAMETER, PEG_HEIGHT, ObjectSpec
from hybridctl.sim.world import SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.45, -0.10, 0.0, (0.8, 0.1, 0.1), z=0.25)
PEG = replace(BLOCK, shape="peg", label="peg", size=PEG_DIAMETER, height=PEG_HEIGHT)
P = Predicate
PLACES = {
    "a bowl that holds another thing": (Fixture("bowl", 0.5, 0.1), "bowl", P.IN, BLOCK),
    "an open drawer": (Fixture("cabinet", 0.5, 0.315, -np.pi / 2, opening=0.155), "drawer", P.IN, BLOCK),
    "a hole": (Fixture("socket", 0.5, 0.1, 0.3, label="hole"), "hole", P.INSERTED, PEG),
    "a person's hand": (Fixture("palm", 0.5, 0.31, -1.5), "person", P.WITH, BLOCK),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_thing_put_down_is_where_it_should_be(lay: Callable[..., SimWorld], do, take, name: str) -> None:
    fixture, where, predicate, thing = PLACES[name]
    other = replace(BLOCK, colour="blue", x=0.5, y=0.02, z=None)
    if "bowl" in name:
        other = replace(other, shape="ball", x=0.52, y=0.12, z=0.029)
    if "hole" in name:
        other = replace(other, x=0.6, y=-0.1)
    world = lay(fixture, things=(thing, other))
    take((thing.x, thing.y, 0.255), thing.size + 0.001)
    assert TruthOf(world).holds(Condition(P.HOLDING, thing.phrase))
    done = do(lambda hands: place(world, hands, thing.phrase, where))
    assert done.ok, done.outcome.cause
    truth = TruthOf(world)
    assert truth.holds(Condition(predicate, thing.phrase, where))
    assert truth.holds(Condition(P.HAND_EMPTY))
    moved = np.linalg.norm((truth.thing(other.phrase).position - (other.x, other.y, other.centre_z))[:2])
    assert moved < (0.05 if "bowl" in name else 0.01), "others stay, or roll aside within the bowl"
    assert done.path.places[-1][2] > done.hands.transit - 0.04, "the hand is up again"


def test_what_was_taken_by_a_leaning_hand_is_set_down_as_it_stood(lay: Callable[..., SimWorld], do) -> None:
    block = replace(BLOCK, x=0.42 + CABINET_HALF + 0.026, y=0.28, z=None)
    world = lay(Fixture("cabinet", 0.42, 0.22, -np.pi / 2), Fixture("book", 0.5, -0.1), things=(block,))

    def both(hands: Hands) -> Motion:
        yield from pick(world, hands, block.phrase)
        for _ in place(world, hands, block.phrase, "book"):
            upright.append(float(hands.truth.thing(block.phrase).T_base_object[2, 2]))
            yield

    upright: list[float] = []
    done = do(both)
    assert done.ok, done.outcome.cause
    assert not np.allclose(done.hands.lean, np.eye(3))
    truth = TruthOf(world)
    assert truth.holds(Condition(P.ON, block.phrase, "book"))
    now = truth.thing(block.phrase)
    assert min(upright) > 0.985, "never tilted, neither in the hand nor as it is let go"
    assert np.linalg.norm(now.position[:2] - (0.5, -0.1)) < 0.03


def test_what_is_not_in_the_hand_cannot_be_placed(lay: Callable[..., SimWorld], do) -> None:
    world = lay(Fixture("bowl", 0.5, 0.1), things=(replace(BLOCK, z=None),))
    done = do(lambda hands: place(world, hands, "red block", "bowl"))
    assert (done.outcome.status, done.outcome.cause) == ("FAILURE", "the red block is not in the hand")


def test_where_the_arm_does_not_reach_nothing_is_tried(lay: Callable[..., SimWorld], do, take) -> None:
    world = lay(Fixture("bowl", 0.9, 0.4), things=(BLOCK,))
    take((0.45, -0.10, 0.255), 0.045)
    done = do(lambda hands: place(world, hands, "red block", "bowl"))
    assert (done.outcome.status, done.outcome.cause) == ("FAILURE", "no place for the red block is in reach")
    assert np.ptp(done.path.places, axis=0).max() < 0.005


class Knocker:
    """Puts what is held back on the table, once, when it is on its way."""

    def __init__(self) -> None:
        self.done = False

    def reset(self, world: SimWorld) -> None: ...

    def act(self, world: SimWorld) -> None:
        at = int(world.model.joint("object0").qposadr[0])
        if not self.done and world.data.qpos[at + 1] > -0.03:
            world.data.qpos[at : at + 3] = (0.6, -0.2, 0.022)
            self.done = True


def test_what_is_lost_on_the_way_is_said_to_be(lay: Callable[..., SimWorld], do, take) -> None:
    knocker = Knocker()
    world = lay(Fixture("bowl", 0.5, 0.15), things=(BLOCK,), actors=(knocker,))
    take((0.45, -0.10, 0.255), 0.045)
    done = do(lambda hands: place(world, hands, "red block", "bowl"))
    assert knocker.done
    assert done.outcome.status == "FAILURE"
    assert "red block was lost on the way" in done.outcome.cause
