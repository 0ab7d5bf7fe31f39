"""Constrained decoding: whatever the weights say, only what the grammar admits can come out."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import Gemma2Config, LlavaForConditionalGeneration, PreTrainedTokenizerFast

from hybridctl.vla.automaton import Grammar, any_of, choice, compile_grammar, repeated, sequence, text
from hybridctl.vla.decoded import Choice, Decoded
from hybridctl.vla.decoding import Decoder, Question
from hybridctl.vla.grammar import act_grammar, closed_grammar, locate_grammar, plan_texts
from hybridctl.vla.image_prefix import ImagePrefix
from hybridctl.vla.sampling import DecodingError
from hybridctl.vla.trunk import FusedTrunk, ModuleTrunk
from hybridctl.vla.vocabulary import encode, integer_ids

Build = Callable[[int], LlavaForConditionalGeneration]
IMAGE = [3] * 64
QUESTIONS = {
    "plan": "Q: what is the plan to put the red block in the bowl? A: Plan:",
    "act": "Q: what action should the robot take to pick the red block? tool 1 2 3 4 5 6 7 A:",
    "locate": "Q: where is the red block? A:",
}
SMALL = compile_grammar(
    sequence(
        any_of(range(10, 60)), choice(text([61, 62, 63]), text([61, 65])), any_of(range(10, 60)),
        repeated(any_of(range(70, 80)), most=6), any_of([2]),
    )
)  # fmt: skip
"""For the other architectures: free and forced tokens, and answers of different lengths."""
PROMPTS = [[8, 9, 10], [8, 9, 10, 11, 12], [30]]


def pixels(*seeds: int) -> Tensor:
    return torch.stack([torch.rand((3, 128, 128), generator=torch.Generator().manual_seed(s)) for s in seeds])


@pytest.fixture(scope="module")
def grammars(tokenizer: PreTrainedTokenizerFast) -> dict[str, Grammar]:
    integers = integer_ids(tokenizer)
    eos = tokenizer.eos_token_id
    return {
        "plan": closed_grammar([[*encode(tokenizer, text), eos] for text in plan_texts()]),
        "act": act_grammar(integers, encode(tokenizer, "Action:")),
        "locate": locate_grammar(integers),
    }


@pytest.fixture(scope="module")
def prompts(tokenizer: PreTrainedTokenizerFast) -> dict[str, list[int]]:
    return {kind: encode(tokenizer, question) for kind, question in QUESTIONS.items()}


def see(decoder: Decoder, *seeds: int, shared: bool = True) -> list[ImagePrefix]:
    return decoder.see(IMAGE, shared=shared, pixel_values=pixels(*seeds))


def one(decoder: Decoder, seen: ImagePrefix, prompt: Sequence[int], grammar: Grammar) -> Decoded:
    return decoder.answer([Question(seen, prompt, grammar)])[0].greedy


@torch.inference_mode()
def reference(
    model: Any, prefix: list[int], vision: dict[str, Tensor], prompt: list[int], grammar: Grammar
) -> Decoded:
    """Greedy decoding that runs the whole model anew for every token, by transformers' own forward."""
    ids: list[int] = []
    choices, state = [], 0
    while not grammar.done[state]:
        asked = [*prefix, *prompt]
        extra = {}
        if model.config.model_type == "paligemma":  # what is asked sees itself in both directions
            extra["token_type_ids"] = torch.tensor([[0] * len(asked) + [1] * len(ids)])
        logits = model(input_ids=torch.tensor([asked + ids]), use_cache=False, **vision, **extra).logits[
            0, -1
        ]
        allowed = grammar.tokens(state)
        taken = int(allowed[int(logits[allowed].argmax())])
        if allowed.size > 1:
            choices.append(Choice(len(ids), taken, allowed, logits[allowed].numpy()))
        ids.append(taken)
        found = grammar.walk(ids)
        assert found is not None
        state = found
    return Decoded(ids, choices)


def assert_alike(found: Decoded, expected: Decoded, *, atol: float = 1e-4) -> None:
    assert found.ids == expected.ids
    assert [c.position for c in found.choices] == [c.position for c in expected.choices]
    for a, b in zip(found.choices, expected.choices, strict=True):
        np.testing.assert_array_equal(a.allowed, b.allowed)
        np.testing.assert_allclose(a.p, b.p, atol=atol)


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_decoding_equals_the_whole_model_rerun_for_every_token(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]], kind: str, seed: int,
    fused: bool, shared: bool,
) -> None:  # fmt: skip
    model = tiny_model(seed)
    decoder = Decoder(model, fused=fused)
    assert isinstance(decoder._trunk, FusedTrunk if fused else ModuleTrunk)
    seen = see(decoder, seed, shared=shared)[0]
    found = one(decoder, seen, prompts[kind], grammars[kind])
    vision = {"pixel_values": pixels(seed)}
    assert_alike(found, reference(model, IMAGE, vision, prompts[kind], grammars[kind]))


@pytest.mark.parametrize("fused", [True, False])
def test_other_architectures_answer_in_a_batch_as_their_own_forward_does_alone(
    architecture: Any, fused: bool
) -> None:
    decoder = Decoder(architecture.model, fused=fused)
    seen = decoder.see(architecture.prefix, **architecture.see(1, 3))
    answers = decoder.answer([Question(s, p, SMALL) for s, p in zip(seen, PROMPTS, strict=True)])
    for i, (prompt, answer) in enumerate(zip(PROMPTS, answers, strict=True)):
        vision = {key: value[i : i + 1] for key, value in architecture.see(1, 3).items()}
        expected = reference(architecture.model, architecture.prefix, vision, prompt, SMALL)
        assert_alike(answer.greedy, expected)


@pytest.mark.parametrize("kind", QUESTIONS)
def test_what_the_model_would_say_is_outside_the_grammar_and_what_is_decoded_is_not(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]], kind: str
) -> None:
    model, grammar = tiny_model(0), grammars[kind]
    free: list[int] = []
    with torch.inference_mode():
        for _ in range(11):
            asked = torch.tensor([[*IMAGE, *prompts[kind], *free]])
            free.append(int(model(input_ids=asked, pixel_values=pixels(0)).logits[0, -1].argmax()))
    assert grammar.walk(free) is None
    decoder = Decoder(model)
    state = grammar.walk(one(decoder, see(decoder, 0)[0], prompts[kind], grammar).ids)
    assert state is not None
    assert grammar.done[state]


def test_a_batch_of_robots_and_questions_answers_as_each_alone(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]]
) -> None:
    decoder = Decoder(tiny_model(3))
    seen = see(decoder, 1, 2, 3)
    asked = [
        Question(s, prompts[kind], grammars[kind])
        for s in (*seen, seen[0])
        for kind in ("plan", "act", "locate")
    ]
    together = decoder.answer(asked)
    for question, answer in zip(asked, together, strict=True):
        assert_alike(answer.greedy, decoder.answer([question])[0].greedy)


def test_questions_behind_one_prefix_answer_the_same_whatever_was_asked_between(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]]
) -> None:
    decoder = Decoder(tiny_model(3))
    shared = see(decoder, 3)[0]
    for kind in (*QUESTIONS, *QUESTIONS):
        together = one(decoder, shared, prompts[kind], grammars[kind])
        alone = one(decoder, see(decoder, 3)[0], prompts[kind], grammars[kind])
        assert together.ids == alone.ids
        for a, b in zip(together.choices, alone.choices, strict=True):
            np.testing.assert_array_equal(a.logits, b.logits)


def test_samples_are_drawn_again_by_their_seed_beside_the_greedy_answer(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]]
) -> None:
    decoder = Decoder(tiny_model(0))
    seen = see(decoder, 0)[0]

    def drawn(seed: int, temperature: float = 1.0) -> list[list[int]]:
        question = Question(
            seen, prompts["act"], grammars["act"], samples=6, temperature=temperature, seed=seed
        )
        answer = decoder.answer([question])[0]
        assert_alike(answer.greedy, one(decoder, seen, prompts["act"], grammars["act"]))
        assert all(grammars["act"].walk(sample.ids) is not None for sample in answer.samples)
        return [sample.ids for sample in answer.samples]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert len({tuple(ids) for ids in drawn(1)}) == 6
    greedy = one(decoder, seen, prompts["act"], grammars["act"]).ids
    assert all(ids == greedy for ids in drawn(1, temperature=1e-6))


def test_samples_are_the_same_alone_and_in_a_batch(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]]
) -> None:
    decoder = Decoder(tiny_model(0))
    first, second = see(decoder, 0, 1)
    act = Question(first, prompts["act"], grammars["act"], samples=3, seed=5)
    plan = Question(second, prompts["plan"], grammars["plan"], samples=2, seed=6)
    together = decoder.answer([plan, act])[1]
    assert [s.ids for s in together.samples] == [s.ids for s in decoder.answer([act])[0].samples]


def test_a_head_that_shouts_a_forbidden_token_is_not_heard(
    tiny_model: Build, tokenizer: PreTrainedTokenizerFast, grammars: dict[str, Grammar],
    prompts: dict[str, list[int]],
) -> None:  # fmt: skip
    model = tiny_model(0)
    forbidden = tokenizer.convert_tokens_to_ids("please")
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    hidden: list[Tensor] = []
    hook = model.lm_head.register_forward_pre_hook(lambda _, args: hidden.append(args[0][0, -1]))
    asked = torch.tensor([IMAGE + prompts["locate"]])
    with torch.no_grad():
        model(input_ids=asked, pixel_values=pixels(0))
        hook.remove()
        model.lm_head.weight[forbidden] = 100 * hidden[0]
        assert int(model(input_ids=asked, pixel_values=pixels(0)).logits[0, -1].argmax()) == forbidden
    decoder = Decoder(model)
    ids = one(decoder, see(decoder, 0)[0], prompts["locate"], grammars["locate"]).ids
    assert len(ids) == 2
    assert set(ids) <= set(integer_ids(tokenizer))


def test_the_answer_depends_on_the_picture(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]]
) -> None:
    decoder = Decoder(tiny_model(0))
    a, b = (one(decoder, s, prompts["locate"], grammars["locate"]) for s in see(decoder, 0, 1))
    assert np.abs(a.choices[0].p - b.choices[0].p).max() > 1e-6


@pytest.mark.parametrize("shared", [True, False])
def test_a_picture_that_is_not_finite_is_an_error_and_spoils_no_later_answer(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]], shared: bool
) -> None:
    decoder = Decoder(tiny_model(0))
    before = one(decoder, see(decoder, 0)[0], prompts["act"], grammars["act"])
    broken = pixels(0)
    broken[0, 0, 5, 5] = torch.nan
    with pytest.raises(DecodingError, match="image hold NaN"):
        one(
            decoder,
            decoder.see(IMAGE, shared=shared, pixel_values=broken)[0],
            prompts["act"],
            grammars["act"],
        )
    assert_alike(one(decoder, see(decoder, 0)[0], prompts["act"], grammars["act"]), before)


def test_weights_that_are_not_finite_are_an_error(
    tiny_model: Build, grammars: dict[str, Grammar], prompts: dict[str, list[int]]
) -> None:
    model = tiny_model(0)
    with torch.no_grad():
        model.model.language_model.layers[2].mlp.down_proj.weight[0, 0] = torch.nan
    decoder = Decoder(model)
    with pytest.raises(DecodingError, match="weights or its image hold NaN"):
        one(decoder, see(decoder, 0, shared=False)[0], prompts["locate"], grammars["locate"])


def test_a_question_needs_a_prompt(tiny_model: Build, grammars: dict[str, Grammar]) -> None:
    decoder = Decoder(tiny_model(0))
    with pytest.raises(ValueError, match="without a prompt"):
        one(decoder, see(decoder, 0)[0], [], grammars["locate"])


def test_a_decoder_with_sliding_windows_is_refused(tiny_model: Build) -> None:
    model = tiny_model(0)
    model.model.language_model.config = Gemma2Config(num_hidden_layers=2)
    with pytest.raises(ValueError, match=r"sliding_attention.*expected full attention"):
        Decoder(model)
