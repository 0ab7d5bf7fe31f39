"""A table answers as a model would, and says what it holds when it is asked for something else."""

from collections.abc import Callable

import numpy as np
import pytest

from hybridctl.messages.arrays import MessageError
from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Plan, Skill, Subgoal
from hybridctl.messages.policy import (
    ActRequest,
    AskRequest,
    LocateRequest,
    PlanRequest,
    PolicyError,
    QuestionAnswerer,
    VlaPolicy,
)
from hybridctl.vla.backends.scripted import ScriptedPolicy
from hybridctl.vla.statistics import EMBEDDED_STATISTICS

Observe = Callable[..., Observation]
SPEC = EMBEDDED_STATISTICS.action_spec()
PICK = Subgoal(Skill.PICK, "red block")


@pytest.fixture
def policy() -> ScriptedPolicy:
    return ScriptedPolicy(
        SPEC,
        plans={"tidy up": "pick red block; place_in bowl"},
        places={"red block": (12.0, 90.0)},
        actions={"pick red block": [0, 0.1, 0, -0.1, 0, 0, 0.2, 1]},
        answers={"is the drawer open": {"yes": 0.9, "no": 0.1}},
    )


def test_it_keeps_the_protocols(policy: ScriptedPolicy) -> None:
    assert isinstance(policy, VlaPolicy)
    assert isinstance(policy, QuestionAnswerer)


def test_each_question_is_answered_from_its_table(policy: ScriptedPolicy, observe: Observe) -> None:
    seen = observe(stamp=4.5)
    planned = policy.plan(PlanRequest(seen, "tidy up"))
    assert planned.plan == Plan((PICK, Subgoal(Skill.PLACE_IN, "bowl")))
    located = policy.locate(LocateRequest(seen, "red block"))
    np.testing.assert_array_equal(located.pixel, [12.0, 90.0])
    acted = policy.act(ActRequest(seen, PICK))
    assert np.all(np.abs(acted.action.translation - [0.1, 0, -0.1]) <= SPEC.bin_width[1:4] / 2 + 1e-12)
    asked = policy.ask(AskRequest(seen, "is the drawer open"))
    assert asked.answers == ("yes", "no")
    np.testing.assert_allclose(np.exp(asked.log_likelihoods), [0.9, 0.1])
    assert {planned.stamp, located.stamp, acted.stamp, asked.stamp} == {4.5}


def test_a_function_sees_the_request(observe: Observe) -> None:
    policy = ScriptedPolicy(
        SPEC,
        plans=lambda request: Plan((Subgoal(Skill.PICK, request.instruction),)),
        places=lambda request: (len(request.phrase), request.observation.stamp),
    )
    assert str(policy.plan(PlanRequest(observe(), "mug")).plan) == "pick mug"
    located = policy.locate(LocateRequest(observe(stamp=7.0), "mug"))
    np.testing.assert_array_equal(located.pixel, [3.0, 7.0])


def test_what_is_not_in_the_table_is_an_error_that_lists_the_table(
    policy: ScriptedPolicy, observe: Observe
) -> None:
    with pytest.raises(PolicyError, match="no instruction 'sing'; it has 'tidy up'"):
        policy.plan(PlanRequest(observe(), "sing"))
    with pytest.raises(PolicyError, match="no subgoal 'pick mug'; it has 'pick red block'"):
        policy.act(ActRequest(observe(), Subgoal(Skill.PICK, "mug")))
    with pytest.raises(PolicyError, match="no phrase 'red block'; it has none"):
        ScriptedPolicy(SPEC).locate(LocateRequest(observe(), "red block"))


def test_a_plan_that_cannot_be_read_is_an_error(observe: Observe) -> None:
    with pytest.raises(MessageError, match="'fly' is no skill"):
        ScriptedPolicy(SPEC, plans={"go": "fly home"}).plan(PlanRequest(observe(), "go"))
