"""Packed questions are blind to each other: each is answered as if it stood alone behind the image."""

from collections.abc import Callable

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from hybridctl.data.rendered import ImageLabel
from hybridctl.training.batches import KINDS, Batch, pack
from hybridctl.training.losses import TrainingModule
from hybridctl.training.questions import Question, QuestionMaker

Images = list[tuple[np.ndarray, ImageLabel]]


def packed(images: Images, maker: QuestionMaker, count: int = 3) -> tuple[Batch, list[list[Question]]]:
    rng = np.random.default_rng(0)
    questions = [maker.sample(rng, label, locate=2, act=2, plan=1) for _, label in images[:count]]
    batch = pack(
        np.stack([image for image, _ in images[:count]]), [label for _, label in images[:count]], questions,
        patches=64, pad=0,
    )  # fmt: skip
    return batch, questions


def test_packed_logits_are_those_of_each_question_alone(
    images: Images,
    maker: QuestionMaker,
    build_module: Callable[..., TrainingModule],
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    module = build_module().eval()
    batch, questions = packed(images, maker)
    with torch.no_grad():
        module(batch)
    image_token = module.model.config.image_token_id
    row = 0
    for b, asked in enumerate(questions):
        for q in asked:
            ids = [image_token] * 64 + q.prompt + q.answer[:-1]
            with torch.no_grad():
                logits = module.model(
                    input_ids=torch.tensor([ids]), pixel_values=batch.pixels[b : b + 1], use_cache=False
                ).logits[0]
            first = 64 + len(q.prompt) - 1
            for i, token in enumerate(q.answer):
                if q.learn[i]:
                    alone = torch.log_softmax(logits[first + i], dim=0)
                    torch.testing.assert_close(module.last_log_p[row], alone, atol=1e-4, rtol=0)
                    assert int(batch.answer_id[row]) == token
                    assert int(batch.answer_bin[row]) == q.bins[i]
                    assert KINDS[int(batch.answer_kind[row])] == q.kind
                    row += 1
    assert row == len(batch.answer_id)


def test_a_question_sees_the_image_and_its_own_past_and_nothing_else(
    images: Images, maker: QuestionMaker
) -> None:
    batch, questions = packed(images, maker)
    for b, asked in enumerate(questions):
        at = 64
        for q in asked:
            length = len(q.prompt) + len(q.answer) - 1
            for i in (0, length // 2, length - 1):
                seen = set(torch.nonzero(batch.mask[b, 0, at + i])[:, 0].tolist())
                assert seen == {*range(64), *range(at, at + i + 1)}
            assert batch.positions[b, at : at + length].tolist() == list(range(64, 64 + length))
            at += length
        for i in (0, 40, 63):
            assert set(torch.nonzero(batch.mask[b, 0, i])[:, 0].tolist()) == set(range(i + 1))


def test_another_question_behind_the_same_image_changes_no_answer(
    images: Images, maker: QuestionMaker, build_module: Callable[..., TrainingModule]
) -> None:
    module = build_module().eval()
    image, label = images[0]
    first = maker.locate(label, 0)
    found = []
    for others in (
        [],
        [maker.locate(label, 1)],
        [maker.plan(label, "pick the red block", "red block", put=False)],
    ):
        batch = pack(image[None], [label], [[*others, first]], patches=64, pad=0)
        with torch.no_grad():
            module(batch)
        found.append(module.last_log_p[-2:])
    for other in found[1:]:
        torch.testing.assert_close(found[0], other, atol=1e-4, rtol=0)


def test_grounding_points_from_the_last_prompt_token_to_the_named_things_patch(
    images: Images, maker: QuestionMaker
) -> None:
    image, label = images[0]
    thing = next(i for i, t in enumerate(label.things) if t.visible)
    question = maker.locate(label, thing)
    batch = pack(image[None], [label], [[question]], patches=64, pad=0)
    last = 64 + len(question.prompt) - 1
    assert batch.ground_at.tolist() == [[0, last, question.patch], [0, last + 1, question.patch]]


def test_the_things_of_a_batch_are_the_visible_ones(images: Images, maker: QuestionMaker) -> None:
    batch, _ = packed(images, maker)
    for b in range(3):
        label = images[b][1]
        expected = [t for t in label.things if t.visible and all(0 <= x < 128 for x in t.pixel)]
        mine = batch.things[batch.things[:, 0] == b]
        np.testing.assert_allclose(mine[:, 1:3], [t.pixel for t in expected], atol=1e-4)
        for row, thing in zip(mine, expected, strict=True):
            assert int(row[5]) == int(thing.pixel[1] // 16) * 8 + int(thing.pixel[0] // 16)


def test_pixels_are_scaled_as_the_policy_scales_them(images: Images, maker: QuestionMaker) -> None:
    batch, _ = packed(images, maker, 1)
    rgb = torch.from_numpy(images[0][0] * 255).permute(2, 0, 1)
    torch.testing.assert_close(batch.pixels[0], rgb / 127.5 - 1, atol=1e-5, rtol=0)
