"""Each floor destroys its one part of an answer, and no other."""

import numpy as np
import pytest

from hybridctl.bench.floors import PassThrough, RandomLocation, RandomTokens, ShuffledTokens
from hybridctl.data.expert_policy import ExpertPolicy
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.messages.policy import ActRequest, LocateRequest, PlanRequest
from hybridctl.sim.world import SimWorld
from hybridctl.vla.action_tokens import ActionTokenizer

FLOORS = (PassThrough, RandomTokens, ShuffledTokens, RandomLocation)


@pytest.fixture
def act(seen: Observation, world: SimWorld) -> ActRequest:
    return ActRequest(seen, Subgoal(Skill.PICK, world.scene.target.phrase))


@pytest.fixture
def locate(seen: Observation, world: SimWorld) -> LocateRequest:
    return LocateRequest(seen, world.scene.target.phrase)


def test_shuffled_tokens_are_the_policys_own_in_another_order(expert: ExpertPolicy, act: ActRequest) -> None:
    tokens = expert.act(act).tokens
    answers = [ShuffledTokens(expert, seed=seed).act(act).tokens for seed in range(10)]
    assert all(sorted(answer) == sorted(tokens) for answer in answers)
    assert sum(answer != tokens for answer in answers) >= 9
    assert len(set(answers)) > 5


def test_random_tokens_cover_their_range_and_do_not_listen(expert: ExpertPolicy, act: ActRequest) -> None:
    floor = RandomTokens(expert, seed=0)
    drawn = np.array([floor.act(act).tokens for _ in range(300)])
    assert drawn.shape == (300, 8)
    assert drawn.min() >= 0
    assert drawn.max() <= 255
    assert drawn.min() < 10
    assert drawn.max() > 245
    assert np.all(np.abs(drawn.mean(axis=0) - 127.5) < 20)


def test_random_locations_lie_all_over_the_image(expert: ExpertPolicy, locate: LocateRequest) -> None:
    floor = RandomLocation(expert, seed=0)
    drawn = np.array([floor.locate(locate).pixel for _ in range(300)])
    assert np.all((drawn >= 0) & (drawn < 128))
    assert np.all(drawn.min(axis=0) < 8)
    assert np.all(drawn.max(axis=0) > 120)


@pytest.mark.parametrize("floor", [RandomTokens, ShuffledTokens])
def test_the_action_is_what_the_destroyed_tokens_mean(
    expert: ExpertPolicy, act: ActRequest, floor: type[PassThrough]
) -> None:
    answer = floor(expert, seed=1).act(act)
    meant = ActionTokenizer(expert.action_spec).action(answer.tokens)
    np.testing.assert_array_equal(answer.action.translation, meant.translation)
    np.testing.assert_array_equal(answer.action.rotation, meant.rotation)
    assert answer.action.gripper == meant.gripper


@pytest.mark.parametrize("floor", FLOORS)
def test_all_else_passes_through(
    expert: ExpertPolicy, seen: Observation, act: ActRequest, locate: LocateRequest, floor: type[PassThrough]
) -> None:
    made = floor(expert, seed=0)
    request = PlanRequest(seen, f"pick the {locate.phrase}")
    assert made.plan(request) == expert.plan(request)
    assert made.action_spec is expert.action_spec
    np.testing.assert_array_equal(made.act(act).pixel, expert.act(act).pixel)
    assert made.act(act).stamp == act.observation.stamp
    if floor is not RandomLocation:
        np.testing.assert_array_equal(made.locate(locate).pixel, expert.locate(locate).pixel)
    if floor in (PassThrough, RandomLocation):
        assert made.act(act).tokens == expert.act(act).tokens


@pytest.mark.parametrize("floor", FLOORS[1:3])
def test_a_seed_makes_a_floor_repeat(expert: ExpertPolicy, act: ActRequest, floor: type[PassThrough]) -> None:
    assert floor(expert, seed=5).act(act).tokens == floor(expert, seed=5).act(act).tokens
    assert floor(expert, seed=5).act(act).tokens != floor(expert, seed=6).act(act).tokens
