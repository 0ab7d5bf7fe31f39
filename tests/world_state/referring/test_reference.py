"""A distribution over slots, and what is read off it."""

import math

import pytest

from hybridctl.messages.arrays import MessageError
from world_state.referring.reference import Reference


def test_best_margin_and_entropy_of_a_distribution():
    reference = Reference("it", "it", {"s1": 0.6, "s2": 0.3}, 0.1)
    assert reference.best == "s1"
    assert reference.margin == pytest.approx(0.3)
    assert reference.entropy == pytest.approx(-sum(p * math.log(p) for p in (0.6, 0.3, 0.1)))
    assert str(reference) == "'it', read as 'it': s1 0.60, s2 0.30, none 0.10"


def test_none_may_be_the_best():
    assert Reference("it", "it", {"s1": 0.3}, 0.7).best is None
    nothing = Reference("it", "it", {}, 1.0)
    assert (nothing.best, nothing.margin, nothing.entropy) == (None, 1.0, 0.0)


@pytest.mark.parametrize(("p", "none"), [({"s1": 0.5}, 0.4), ({"s1": -0.1, "s2": 1.1}, 0.0)])
def test_what_is_no_distribution_is_refused(p, none):
    with pytest.raises(MessageError, match="sum of 1"):
        Reference("it", "it", p, none)
