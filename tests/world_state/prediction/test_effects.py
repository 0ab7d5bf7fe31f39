"""What each skill does to the beliefs when it succeeds."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hybridctl.messages.condition import Predicate
from hybridctl.messages.plan import Skill, parse_subgoal
from world_state.beliefs import Beliefs
from world_state.holding import LIMIT, Touch
from world_state.prediction.content import Slide
from world_state.prediction.effects import EFFECTS, LIFT, Setting, succeeded
from world_state.prediction.mixture import mixture
from world_state.queries import AsOf

SETTING = Setting(5.0, slides={"drawer": Slide(np.array([1.0, 0.0, 0.0]), 0.16)})
NOT_BELIEFS = {Predicate.AT_HOME, Predicate.AT_REST, Predicate.KNOWN}
"""How the arm stands is felt, and what it will be answered nobody knows."""


@pytest.fixture(scope="module")
def table(put, drawer):
    beliefs = Beliefs(touch=Touch(log_odds=-LIMIT))
    for phrase, x, y, extent in (
        ("bowl", 0.6, -0.2, (0.15, 0.15, 0.04)), ("plate", 0.35, 0.25, (0.14, 0.14, 0.008)),
        ("drawer", 0.3, -0.2, (0.2, 0.23, 0.095)), ("person", 0.7, 0.2, (0.12, 0.12, 0.115)),
        ("hole", 0.5, 0.3, (0.1, 0.1, 0.045)), ("cup", 0.5, 0.1, (0.08, 0.08, 0.09)),
        ("peg", 0.45, -0.1, (0.03, 0.03, 0.08)),
    ):  # fmt: skip
        beliefs, _ = put(beliefs, phrase, x, y, extent=extent)
    return beliefs.with_articulation(drawer(0.0))


def test_every_skill_has_an_effect():
    assert set(EFFECTS) == set(Skill)


@pytest.mark.parametrize(
    "steps",
    [
        "look bowl", "locate cup", "locate melon", "pick cup", "pick cup by rim", "pick cup by handle",
        "open drawer", "close drawer", "push peg toward bowl", "pick peg; place_in bowl",
        "pick peg; place_on plate", "pick peg; insert hole", "pick peg; hand_over person",
        "open drawer; pick peg; place_in drawer", "home", "wait 2", "done", "ask is the cup full",
    ],
)  # fmt: skip
def test_what_a_skill_promises_is_believed_after_it(table, steps):
    beliefs = table
    for text in steps.split("; "):
        subgoal = parse_subgoal(text)
        held = next((s.phrase for s in beliefs.slots.values() if s.attachment.kind == "held"), "")
        beliefs = succeeded(beliefs, subgoal, SETTING)
        for condition in subgoal.postconditions(held=held):
            if condition.predicate not in NOT_BELIEFS:
                assert AsOf(beliefs, 5.0).believes(condition).truth is True, str(condition)


def test_what_is_picked_is_lifted_and_no_longer_where_it_was(table):
    after = succeeded(table, parse_subgoal("pick peg"), SETTING)
    before, peg = table.slot_named("peg"), after.slot_named("peg")
    assert peg.position[2] == pytest.approx(before.position[2] + LIFT)
    assert (peg.status, peg.attachment.kind, after.hand.grip.slot) == ("held", "held", peg.id)


def test_a_picked_bowl_takes_along_what_was_placed_in_it(table):
    beliefs = table
    for text in ("pick peg", "place_in bowl", "pick bowl", "place_on plate"):
        beliefs = succeeded(beliefs, parse_subgoal(text), SETTING)
    peg, bowl, plate = (beliefs.slot_named(name) for name in ("peg", "bowl", "plate"))
    np.testing.assert_allclose(bowl.position[:2], plate.position[:2], atol=1e-3)
    np.testing.assert_allclose(peg.position[:2], plate.position[:2], atol=5e-3)
    assert peg.position[2] == pytest.approx(bowl.position[2] - 0.02 + 0.006 + 0.04, abs=5e-3)


def test_an_opened_drawer_brings_its_content_and_a_shut_one_takes_it_back(table):
    beliefs = table
    for text in ("open drawer", "pick peg", "place_in drawer"):
        beliefs = succeeded(beliefs, parse_subgoal(text), SETTING)
    inside = beliefs.slot_named("peg").position
    change = beliefs.articulations["drawer"].fraction
    beliefs = succeeded(beliefs, parse_subgoal("close drawer"), SETTING)
    moved = (change - beliefs.articulations["drawer"].fraction) * 0.16
    np.testing.assert_allclose(beliefs.slot_named("peg").position, inside - [moved, 0, 0], atol=1e-12)
    assert 0.13 < moved < 0.155


def test_where_nobody_said_which_way_a_drawer_opens_its_content_is_less_sure(table):
    beliefs = table
    for text in ("open drawer", "pick peg", "place_in drawer"):
        beliefs = succeeded(beliefs, parse_subgoal(text), SETTING)
    before = beliefs.slot_named("peg")
    after = succeeded(beliefs, parse_subgoal("close drawer"), Setting(5.0)).slot_named("peg")
    np.testing.assert_array_equal(after.position, before.position)
    assert np.sqrt(np.diag(after.covariance)[:2]).min() > 0.1


STEPS = st.sampled_from(
    ["pick peg", "pick cup", "pick bowl", "place_in bowl", "place_on plate", "place_in drawer", "open drawer",
     "close drawer", "push cup toward plate", "push peg toward bowl", "insert hole", "hand_over person",
     "locate melon", "look cup", "place_on peg", "pick melon", "home"]
)  # fmt: skip


@settings(max_examples=40, deadline=None, phases=(Phase.generate,))
@given(st.lists(st.tuples(STEPS, st.floats(0.0, 1.0)), max_size=8))
def test_whatever_is_imagined_stays_a_belief_and_leaves_the_rest_alone(table, steps):
    beliefs, before = table, table.to_json()
    for text, success in steps:
        old = beliefs
        beliefs = mixture(old, succeeded(old, parse_subgoal(text), SETTING), success)
        for name, slot in beliefs.slots.items():
            assert np.linalg.eigvalsh(slot.pose.joint)[0] > 0.0
            assert sum(map(np.exp, slot.labels.log_p.values())) == pytest.approx(1.0)
            assert 0.0 < slot.p_exists < 1.0
            if name in old.slots and slot.pose is old.slots[name].pose:
                assert slot.existence == old.slots[name].existence
        for articulation in beliefs.articulations.values():
            assert articulation.weights.sum() == pytest.approx(1.0)
        assert abs(beliefs.touch.log_odds) <= LIMIT + 1e-9
        assert set(old.slots) <= set(beliefs.slots)
    assert table.to_json() == before
    assert Beliefs.from_json(beliefs.to_json()).to_json() == beliefs.to_json()
