"""Whether a plan is seen through before it is acted on: sound ones, and the first problem of others."""

from itertools import pairwise

import numpy as np
import pytest

from hybridctl.messages.condition import Condition, Predicate
from hybridctl.messages.plan import Plan, Skill, parse_plan
from hybridctl.sim.tasks.chains import sample
from world_state.articulation import Articulation
from world_state.beliefs import Beliefs
from world_state.holding import LIMIT, Touch
from world_state.prediction.content import Slide
from world_state.prediction.foresight import simulate
from world_state.queries import AsOf

EMPTY = Touch(log_odds=-LIMIT)
SIZES = {
    "bowl": (0.15, 0.15, 0.04), "bin": (0.15, 0.15, 0.065), "plate": (0.14, 0.14, 0.008),
    "book": (0.10, 0.14, 0.016), "card": (0.07, 0.07, 0.0016), "cabinet": (0.2, 0.23, 0.095),
}  # fmt: skip
TEN = (
    "open drawer; pick red ball; place_in drawer; pick lemon; place_in bin; pick green block; place_in bowl; "
    "pick blue block; place_on plate; close drawer"
)
THREE = "pick red ball; place_in drawer; close drawer"


def of_scene(put, drawer, scene, *, opening):
    """Beliefs about a sampled scene, as good looks would have left them."""
    beliefs, slides = Beliefs(touch=EMPTY), {}
    for spec in scene.objects:
        beliefs, _ = put(beliefs, spec.phrase, spec.x, spec.y, extent=(spec.size, spec.size, spec.height))
    for fixture in scene.fixtures:
        if fixture.kind not in SIZES:
            continue
        x, y = fixture.x, fixture.y
        if fixture.kind == "cabinet":
            axis = np.array([np.cos(fixture.yaw), np.sin(fixture.yaw), 0.0])
            x, y = np.array([x, y]) + (opening * 0.16 - 0.085) * axis[:2]
            slides["drawer"] = Slide(axis, 0.16)
            beliefs = beliefs.with_articulation(drawer(opening))
        beliefs, _ = put(beliefs, fixture.phrase, x, y, extent=SIZES[fixture.kind])
    return beliefs, slides


@pytest.fixture
def table(put, drawer):
    beliefs = Beliefs(touch=EMPTY)
    places = {"bin": (0.6, 0.2), "bowl": (0.6, -0.2), "plate": (0.35, 0.25), "cabinet": (0.3, -0.2)}
    for kind, (x, y) in places.items():
        beliefs, _ = put(beliefs, "drawer" if kind == "cabinet" else kind, x, y, extent=SIZES[kind])
    for n, phrase in enumerate(("red ball", "lemon", "green block", "blue block")):
        beliefs, _ = put(beliefs, phrase, 0.45, -0.15 + 0.1 * n)
    return beliefs.with_articulation(drawer(0.0))


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("seed", range(6))
def test_the_plans_of_sampled_chains_are_sound_and_end_where_they_should(put, drawer, steps, seed):
    task = sample(seed, steps=steps)
    opening = next((f.opening / 0.16 for f in task.scene.fixtures if f.kind == "cabinet"), 0.0)
    beliefs, slides = of_scene(put, drawer, task.scene, opening=opening)
    seen = simulate(beliefs, task.plan, 1.0, success=1.0, slides=slides)
    assert seen.problem == ""
    assert seen.sound
    asked = AsOf(seen.steps[-1].beliefs, 1.0 + 10.0 * steps)
    for condition in task.goal:
        assert asked.believes(condition).truth is True, str(condition)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("steps", [3, 10])
def test_a_chain_that_lacks_a_pick_has_a_problem_at_the_step_after(put, drawer, steps, seed):
    task = sample(seed, steps=steps)
    picks = [n for n, s in enumerate(task.plan.subgoals) if s.skill.value == "pick"]
    followed = [
        n for n in picks if n + 1 < steps and task.plan.subgoals[n + 1].skill.value.startswith("place")
    ]
    if not followed:
        return  # a chain without anything to put down
    gone = followed[-1]
    opening = next((f.opening / 0.16 for f in task.scene.fixtures if f.kind == "cabinet"), 0.0)
    beliefs, slides = of_scene(put, drawer, task.scene, opening=opening)
    rest = Plan(task.plan.subgoals[:gone] + task.plan.subgoals[gone + 1 :])
    seen = simulate(beliefs, rest, 1.0, slides=slides)
    assert seen.problem.startswith(
        f"step {gone + 1} {rest.subgoals[gone]}: nothing is believed to be in the hand"
    )
    assert not seen.sound


def test_ten_steps_are_sound_and_their_confidence_falls_with_each(table):
    seen = simulate(table, parse_plan(TEN), 1.0)
    assert seen.problem == ""
    assert 0.9**10 * 0.5 < seen.probability <= 0.9**10
    lengths = [simulate(table, Plan(parse_plan(TEN).subgoals[:n]), 1.0).probability for n in range(11)]
    assert lengths[0] == 1.0
    assert all(b < a for a, b in pairwise(lengths))


def test_a_skill_that_rarely_works_makes_its_plan_unlikely(table):
    plan = parse_plan("open drawer; pick red ball")
    seen = simulate(table, plan, 1.0, success={Skill.OPEN: 0.3, Skill.PICK: 1.0})
    assert seen.sound
    assert seen.probability == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (THREE, "step 2 place_in drawer: the drawer is believed closed (p = 1.00)"),
        (TEN.replace("open drawer; ", ""), "step 2 place_in drawer: the drawer is believed closed"),
        (TEN.replace("pick lemon; ", ""), "step 4 place_in bin: nothing is believed to be in the hand"),
        (TEN.replace("place_in drawer; ", ""), "step 3 pick lemon: the hand is believed to hold"),
        ("pick cup", "step 1 pick cup: no cup is known (p = 1.00)"),
        ("pick red ball; place_in box", "step 2 place_in box: no box is known"),
        ("pick red ball; open drawer", "step 2 open drawer: the hand is believed to hold the red ball"),
        ("pick bowl; place_in bowl", "step 2 place_in bowl: the bowl is what the hand holds"),
        ("push lemon toward lemon", "step 1 push lemon toward lemon: the lemon and the lemon are the same"),
        (
            "open drawer; pick red ball; place_in drawer; close drawer; pick red ball",
            "step 5 pick red ball: the red ball is believed to be in the closed drawer",
        ),
        (
            "pick red ball; place_on blue block; pick blue block",
            "step 3 pick blue block: the red ball is believed to stand on the blue block",
        ),
        (
            "pick red ball; place_in bin; pick red ball; place_in bin",
            "step 4 place_in bin: the plan has already done that with the red ball",
        ),
        (
            "pick red ball; place_in bin; push red ball toward bowl",
            "step 3 push red ball toward bowl: the red ball is believed to be in the bin",
        ),
    ],
)  # fmt: skip
def test_the_first_problem_is_found_and_said_in_words(table, plan, problem):
    seen = simulate(table, parse_plan(plan), 1.0)
    assert seen.problem.startswith(problem)
    assert not seen.sound


@pytest.mark.parametrize("removed", range(10))
def test_each_step_that_the_next_needs_is_missed(table, removed):
    subgoals = parse_plan(TEN).subgoals
    seen = simulate(table, Plan(subgoals[:removed] + subgoals[removed + 1 :]), 1.0)
    # Without its last step the plan is as sound as before.
    assert (seen.problem == "") == (removed == 9)


@pytest.mark.parametrize("first", range(8))
def test_steps_in_the_wrong_order_are_noticed(table, first):
    subgoals = list(parse_plan(TEN).subgoals)
    subgoals[first], subgoals[first + 1] = subgoals[first + 1], subgoals[first]
    seen = simulate(table, Plan(tuple(subgoals)), 1.0)
    assert seen.problem.startswith((f"step {first + 1} ", f"step {first + 2} "))


def test_what_is_only_half_believed_is_not_sure(table):
    unknown = table.with_articulation(Articulation.unknown("drawer", stamp=0.0))
    seen = simulate(unknown, parse_plan("pick red ball; place_in drawer"), 1.0)
    assert seen.problem.startswith(
        "step 2 place_in drawer: not sure: the drawer is not known to be open (p = 0.67)"
    )
    assert seen.steps[1].truth is None


def test_looking_first_makes_an_unknown_thing_known(table):
    assert simulate(table, parse_plan("locate cup; pick cup; place_in bin"), 1.0).problem == ""
    assert "needs" not in simulate(table, parse_plan("locate cup"), 1.0).problem


def test_a_container_that_is_too_small_or_full_is_noticed(put, table):
    beliefs, _ = put(table, "melon", 0.5, 0.3, extent=(0.16, 0.16, 0.16))
    seen = simulate(beliefs, parse_plan("pick melon; place_in bowl"), 1.0)
    assert seen.problem.startswith("step 2 place_in bowl: the bowl is too small for the melon")
    plan = ""
    for n in range(8):
        beliefs, _ = put(beliefs, f"peg {n}", 0.7, -0.3 + 0.08 * n, extent=(0.05, 0.05, 0.05))
        plan += f"pick peg {n}; place_in bowl; "
    seen = simulate(beliefs, parse_plan(plan.removesuffix("; ")), 1.0)
    assert "place_in bowl: " in seen.problem
    assert "the bowl is believed full (peg 0" in seen.problem


def test_a_step_whose_end_is_reached_is_needless(table, drawer):
    seen = simulate(table.with_articulation(drawer(0.9)), parse_plan("open drawer; close drawer"), 1.0)
    assert [step.needless for step in seen.steps] == [True, False]


def test_expected_beliefs_keep_what_may_have_failed(table):
    seen = simulate(table, parse_plan("pick red ball; place_in bin"), 1.0)
    inside = Condition(Predicate.IN, "red ball", "bin")
    sure = simulate(table, parse_plan("pick red ball; place_in bin"), 1.0, success=1.0)
    p = AsOf(seen.steps[1].beliefs, 21.0).believes(inside).probability
    assert p < AsOf(sure.steps[1].beliefs, 21.0).believes(inside).probability
    assert 0.6 < p < 0.95
    assert AsOf(seen.steps[0].beliefs, 11.0).believes(
        Condition(Predicate.HOLDING, "red ball")
    ).probability == (pytest.approx(0.9, abs=0.03))


def test_nothing_is_done_to_the_beliefs(table):
    before = table.to_json()
    simulate(table, parse_plan(TEN), 1.0)
    assert table.to_json() == before
