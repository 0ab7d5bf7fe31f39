"""Each family is shown pictures and asked in its own form, and answers as its own forward pass does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hybridctl.messages.observation import Observation
from hybridctl.messages.plan import Skill, Subgoal
from hybridctl.messages.policy import ActRequest, LocateRequest, PlanRequest, PolicyError
from hybridctl.vla.checkpoint import Checkpoint, load_checkpoint
from hybridctl.vla.conversation import ChatConversation
from hybridctl.vla.policy import CheckpointPolicy, load_policy
from hybridctl.vla.prompts import locate_prompt

FAMILIES = ("paligemma", "idefics3", "smolvlm", "llava", "qwen2_5_vl")
Saved = Callable[..., Path]
Observe = Callable[..., Observation]


def talk(checkpoint: Checkpoint, count: int = 1) -> ChatConversation:
    return ChatConversation(
        checkpoint.model, checkpoint.tokenizer, checkpoint.images, checkpoint.processor, count=count, size=32
    )


@torch.inference_mode()
def own_log_probability(checkpoint: Checkpoint, seen: list[Observation], question: str) -> float:
    """Return ln p of the two most likely action tokens, each by the model's own forward over everything."""
    form = talk(checkpoint, len(seen))
    ids = [*form.prefix, *form.question(question)]
    model: Any = checkpoint.model
    assert checkpoint.language is not None
    allowed = torch.tensor(checkpoint.language.action_ids)
    total, asked = 0.0, len(ids)
    for _ in range(2):
        tokens = torch.tensor([ids])
        extra = dict(form.vision([observation.rgb for observation in seen]))
        if model.config.model_type == "paligemma":
            extra["token_type_ids"] = torch.tensor([[0] * asked + [1] * (len(ids) - asked)])
        if model.config.model_type == "qwen2_5_vl":
            extra["mm_token_type_ids"] = (tokens == model.config.image_token_id).int()
        logits = model(input_ids=tokens, use_cache=False, **extra).logits[0, -1, allowed]
        total += float(logits.double().log_softmax(0).max())
        ids.append(int(allowed[int(logits.argmax())]))
    return total


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pictures", [("scene",), ("scene", "wrist", "scene before")], ids=["one", "three"])
def test_a_saved_checkpoint_loads_runs_and_answers_as_its_own_forward_does(
    saved: Saved, observe: Observe, family: str, pictures: tuple[str, ...]
) -> None:
    folder = saved(family, pictures)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5_000_000
    policy = load_policy(folder)
    assert policy.pictures == pictures
    seen = [observe(seed, size=48) for seed in range(len(pictures))]
    first, others = seen[0], tuple(seen[1:])
    located = policy.locate(LocateRequest(first, "red block", others))
    own = own_log_probability(load_checkpoint(folder), seen, locate_prompt("red block"))
    assert located.confidence.log_probability == pytest.approx(own, abs=2e-4)
    assert np.all((located.pixel > 0) & (located.pixel < 48))
    acted = policy.act(ActRequest(first, Subgoal(Skill.PICK, "red block"), others))
    assert len(acted.tokens) == 8
    assert all(0 <= token <= 255 for token in acted.tokens)
    assert len(policy.act(ActRequest(first, Subgoal(Skill.OPEN, "drawer"), others)).tokens) == 8
    planned = policy.plan(PlanRequest(first, "put the red block in the bowl", others))
    assert all(subgoal.skill in policy.skills for subgoal in planned.plan.subgoals)
    assert planned.text == f"Plan: {str(planned.plan).replace(';', ' ;')}"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_picture_reaches_the_model(saved: Saved, observe: Observe, family: str) -> None:
    policy = load_policy(saved(family, ("scene", "wrist", "scene before")))
    seen = [observe(seed, size=48) for seed in range(4)]

    def sure(*which: int) -> float:
        first, *others = (seen[i] for i in which)
        return policy.locate(LocateRequest(first, "red block", tuple(others))).confidence.log_probability

    values = [sure(0, 1, 2), sure(3, 1, 2), sure(0, 3, 2), sure(0, 1, 3), sure(1, 0, 2)]
    assert len({round(value, 7) for value in values}) == len(values)
    assert sure(0, 1, 2) == values[0]


@pytest.mark.parametrize("family", ["paligemma", "idefics3", "llava"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_prompt_put_together_here_is_the_one_that_the_familys_processor_writes(
    saved: Saved, family: str, count: int
) -> None:
    checkpoint = load_checkpoint(saved(family))
    assert checkpoint.processor is not None
    official, ours = talk(checkpoint, count), talk(replace(checkpoint, processor=None), count)
    assert official.prefix == ours.prefix
    whole = checkpoint.processor(
        text=[official._rendered("Q: where is the bowl? A:", official=True)],
        images=official._nested([np.zeros((32, 32, 3), dtype=np.uint8)] * count),
        add_special_tokens=official._adds_special, **official._whole,
    )["input_ids"][0]  # fmt: skip
    assert [*ours.prefix, *ours.question("Q: where is the bowl? A:")] == list(whole)


@pytest.mark.parametrize("family", ["smolvlm", "qwen2_5_vl"])
def test_without_torchvision_the_image_processor_and_the_tokenizer_are_enough(
    saved: Saved, family: str
) -> None:
    checkpoint = load_checkpoint(saved(family))
    assert checkpoint.processor is None
    assert checkpoint.images is not None


def test_with_a_chat_template_the_assistants_turn_begins_with_what_stands_behind_the_question(
    saved: Saved,
) -> None:
    checkpoint = load_checkpoint(saved("qwen2_5_vl"))
    form = talk(checkpoint)
    tail = checkpoint.tokenizer.decode(form.question("Q: what is the plan to wait? A: Plan:"))
    assert tail.endswith("<|im_end|>\n<|im_start|>assistant\n Plan:")
    assert checkpoint.tokenizer.decode(form.prefix).startswith(
        "<|im_start|>user\n<|vision_start|><|image_pad|>"
    )


def test_a_request_with_too_few_pictures_says_which_are_wanted(saved: Saved, observe: Observe) -> None:
    policy = load_policy(saved("llava", ("scene", "wrist", "scene before")))
    with pytest.raises(PolicyError, match=r"3 pictures \(scene, wrist, scene before\), the request has 1"):
        policy.locate(LocateRequest(observe(size=32), "red block"))


def test_a_place_is_told_in_the_pixels_of_the_picture_whatever_its_size(
    saved: Saved, observe: Observe
) -> None:
    policy = load_policy(saved("llava"))
    small = observe(0, size=32)
    wide = replace(
        small, rgb=np.repeat(small.rgb, 2, axis=1), depth=np.ones((32, 64))
    )  # fmt: skip
    answers = [policy.locate(LocateRequest(seen, "red block")) for seen in (small, wide)]
    assert answers[0].pixel[0] < 32
    bins = [answer.pixel / np.array(answer.observation.rgb.shape[1::-1]) * 256 for answer in answers]
    assert all(np.allclose(at % 1, 0.5) for at in bins)


def test_the_policy_of_a_loaded_checkpoint_is_the_policy_of_its_folder(
    saved: Saved, observe: Observe
) -> None:
    folder, request = saved("idefics3"), LocateRequest(observe(size=32), "bowl")
    answers = [
        policy.locate(request) for policy in (load_policy(folder), CheckpointPolicy(load_checkpoint(folder)))
    ]
    assert answers[0].confidence == answers[1].confidence
