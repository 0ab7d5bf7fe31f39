"""A push brings a thing to its place over the table, and says when it comes no nearer."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hybridctl.data.experts.push import push
from hybridctl.messages.condition import Condition, Predicate
from hybridctl.sim.fixtures import Fixture
from hybridctl.sim.tasks.conditions import TruthOf
from hybridctl.sim.things import ObjectSpec
from hybridctl.sim.world import SimWorld

BLOCK = ObjectSpec("block", "red", 0.044, 0.044, 0.48, -0.08, 0.3, (0.8, 0.1, 0.1))


def test_a_thing_pushed_to_a_card_is_at_it(lay: Callable[..., SimWorld], do) -> None:
    thing = replace(BLOCK, shape="cylinder")
    world = lay(Fixture("card", 0.50, 0.08, symbol="star"), things=(thing,))
    done = do(lambda hands: push(world, hands, thing.phrase, "star"))
    assert done.ok, done.outcome.cause
    truth = TruthOf(world)
    assert truth.holds(Condition(Predicate.AT, thing.phrase, "star"))
    assert truth.thing(thing.phrase).position[2] == pytest.approx(0.022, abs=0.003), "it was not lifted"
    assert truth.thing(thing.phrase).T_base_object[2, 2] > 0.99, "nor tipped over"


def test_a_push_that_brings_it_no_nearer_ends_with_the_reason(lay: Callable[..., SimWorld], do) -> None:
    """A heavy book stands between the thing and the card."""
    world = lay(
        Fixture("card", 0.48, 0.20, symbol="star"), Fixture("book", 0.48, 0.04, np.pi / 2), things=(BLOCK,)
    )
    done = do(lambda hands: push(world, hands, "red block", "star"))
    assert done.outcome.status == "FAILURE", done.outcome.cause
    assert "nearer" in done.outcome.cause
    assert not TruthOf(world).holds(Condition(Predicate.AT, "red block", "star"))
