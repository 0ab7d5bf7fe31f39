"""Answers carry finite pixels and probabilities that can exist."""

import numpy as np
import pytest

from hybridctl.messages.action import Action
from hybridctl.messages.arm import ArmState
from hybridctl.messages.arrays import MessageError
from hybridctl.messages.observation import Observation
from hybridctl.messages.policy import ActAnswer, AskAnswer, Confidence, LocateAnswer

SURE = Confidence(log_probability=0.0, entropy=0.0)
ARM = ArmState(
    q=np.zeros(7), dq=np.zeros(7), tau=np.zeros(7), gripper_width=0.04, gripper_force=0.0, stamp=2.5
)
SEEN = Observation(
    rgb=np.zeros((4, 4, 3), np.uint8), depth=np.ones((4, 4)), K=np.eye(3), T_base_camera=np.eye(4),
    T_base_tool=np.eye(4), arm=ARM, stamp=2.5, camera="c",
)  # fmt: skip
ACTION = Action(terminate=0.0, translation=np.zeros(3), rotation=np.zeros(3), gripper=1.0)


@pytest.mark.parametrize(
    ("log_probability", "entropy"), [(0.1, 0.0), (np.nan, 0.0), (-np.inf, 0.0), (0.0, -0.1), (0.0, np.inf)]
)
def test_a_confidence_that_no_distribution_has_is_refused(log_probability: float, entropy: float) -> None:
    with pytest.raises(MessageError, match=r"Confidence\."):
        Confidence(log_probability=log_probability, entropy=entropy)


@pytest.mark.parametrize("pixel", [[1.0], [np.nan, 0.0], [0.0, np.inf], [1.0, 2.0, 3.0]])
def test_a_pixel_that_is_no_pixel_is_refused(pixel: list[float]) -> None:
    with pytest.raises(MessageError, match=r"ActAnswer\.pixel"):
        ActAnswer(ACTION, (0,) * 8, np.array(pixel), np.eye(4), 0.0, SURE)
    with pytest.raises(MessageError, match=r"LocateAnswer\.pixel "):
        LocateAnswer(np.array(pixel), np.ones(2), SEEN, SURE)
    with pytest.raises(MessageError, match=r"LocateAnswer\.pixel_std"):
        LocateAnswer(np.ones(2), np.array(pixel), SEEN, SURE)


def test_a_location_is_as_old_as_its_observation() -> None:
    assert LocateAnswer(np.ones(2), np.ones(2), SEEN, SURE).stamp == 2.5


@pytest.mark.parametrize("p_right", [-0.1, 1.1, np.nan])
def test_a_probability_of_being_right_lies_between_0_and_1(p_right: float) -> None:
    with pytest.raises(MessageError, match=r"Confidence\.p_right"):
        Confidence(0.0, 0.0, p_right=p_right)


@pytest.mark.parametrize(
    ("question", "answers", "log_likelihoods", "named"),
    [
        (" ", ("yes", "no"), [0.0, -1.0], "question"),
        ("is it open", ("yes",), [0.0], "answers"),
        ("is it open", ("yes", "yes"), [0.0, -1.0], "answers"),
        ("is it open", ("yes", "no"), [0.0], "log_likelihoods"),
        ("is it open", ("yes", "no"), [0.0, np.nan], "log_likelihoods"),
    ],
)
def test_an_answer_that_is_no_evidence_is_refused(
    question: str, answers: tuple[str, ...], log_likelihoods: list[float], named: str
) -> None:
    with pytest.raises(MessageError, match=rf"AskAnswer\.{named}"):
        AskAnswer(question, answers, np.array(log_likelihoods), SEEN, SURE)
